/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * confine - the collector's start in two steps: before anything is opened, the
 * helper for what must stay privileged is forked (collector/privileged.h); once
 * the sources are open, everything else is given up (collector/privileges.h).
 */

#include "collector/observer.h"
#include "collector/privileged.h"
#include "collector/privileges.h"

/** struct rca_confine_options - borrowed for the call
 * @user:          to run as, or NULL: see rca_user_find()
 * @ovs:           folder of Open vSwitch's sockets
 * @keep:          give up nothing: for debugging
 * @allow_changes: of the kernel's settings */
struct rca_confine_options {
    const char *user;
    const char *ovs;
    _Bool keep;
    _Bool allow_changes;
};

/** struct rca_confine - all-zero is one that gives up nothing
 * @helper: owned; NULL: there is nothing that it could do, or all is kept */
struct rca_confine {
    struct rca_user user;
    struct rca_privileged *helper;
    _Bool keep;
    _Bool allow_changes;
};

/**
 * rca_confine_begin() - find the user, fork the helper
 *
 * Return: 0; RCA_EUNKNOWN, RCA_ENOSUPPORT (changes without privileges) or
 * -errno, with @diag.
 */
RCA_MUST_CHECK int rca_confine_begin(const struct rca_confine_options *options,
                                     struct rca_diag *diag,
                                     struct rca_confine *ret_confine);

/**
 * rca_confine_files() - give the files of database @db that are root's to the
 * user, so that it can write to them at the next start too: "", "-wal", "-shm",
 * "-lock"; and, with @folder, the folder that they are in
 *
 * What is another user's, or has a second name, is left alone; so is
 * everything where we run as the user already. What fails is logged.
 */
void rca_confine_files(const struct rca_confine *confine, const char *db,
                       _Bool folder);

/**
 * rca_confine_enter() - turn on what settings are allowed, then give up
 * everything, and show so as features of @obs
 *
 * Return: 0 or -errno with @diag: what was given up by then stays so.
 */
RCA_MUST_CHECK int rca_confine_enter(const struct rca_confine *confine,
                                     struct rca_observer *obs,
                                     struct rca_diag *diag);
/**
 * rca_confine_bpf() - whether reading maps takes CAP_BPF here, which is then
 * the one capability that is kept
 * @release: of uname(2); @disabled: of sysctl kernel.unprivileged_bpf_disabled
 *
 * Where that setting is on, Linux before 5.19 refuses every bpf(2) of a process
 * without the capability; later ones only making maps and loading programs
 * (commit c8644cd0efe7).
 */
_Bool rca_confine_bpf(const char *release, int disabled);
/** rca_confine_end() - end the helper; it sets back what it changed */
void rca_confine_end(struct rca_confine *confine);
