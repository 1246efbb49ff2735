/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * privileges - giving them up, for good: user, groups, all sets of
 * capabilities (capabilities(7)), the right to gain any by execve(2), and all
 * system calls that are not needed (seccomp(2)).
 *
 * Applies to the calling thread; the collector has one when it does this.
 */

#include "graph/base/err.h"

/** struct rca_user - whom to run as */
struct rca_user {
    unsigned uid, gid;
    char name[64];
};

/**
 * rca_user_find() - @name, or with NULL "rca" and, where that does not exist,
 * "nobody"; where this process may not change its user, the one it is
 *
 * Return: 0; RCA_EUNKNOWN with @diag if there is no user of that name, or if
 * it is root.
 */
RCA_MUST_CHECK int rca_user_find(const char *name, struct rca_diag *diag,
                                 struct rca_user *ret_user);

/** rca_privileges_has() - whether capability @cap (CAP_*) is effective */
_Bool rca_privileges_has(unsigned cap);

/**
 * rca_privileges_reduce() - become @uid and @gid without other groups, keep
 * only @keep of the capabilities (a mask, 1 << CAP_*, of which those are kept
 * that are there), and let none be gained again
 *
 * Return: 0 or -errno: what was given up by then stays so.
 */
RCA_MUST_CHECK int rca_privileges_reduce(unsigned uid, unsigned gid,
                                         uint64_t keep);

/**
 * rca_privileges_filter_collector(): system calls of the collector's loop. What
 * nobody thought of fails with EPERM; what only an attacker wants (execve,
 * ptrace, mount, bpf(BPF_PROG_LOAD), ...) kills the process.
 * rca_privileges_filter_helper(): of the helper's verbs; all else kills. Files can
 * only be opened for reading unless @may_write.
 *
 * Return: 0; -errno; RCA_ENOSUPPORT without seccomp in this kernel.
 */
RCA_MUST_CHECK int rca_privileges_filter_collector(void);
RCA_MUST_CHECK int rca_privileges_filter_helper(_Bool may_write);
