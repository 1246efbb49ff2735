/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nat - finds out which addresses are translated into which.
 *
 * In each network namespace that has a nat chain a BPF program looks at the
 * first packet of each connection (Linux 6.4 and later); what is there already,
 * and everything on older kernels, is dumped by ctnetlink, seldom.
 */

#include "bpf/events_sock.h"
#include "collector/netlink_set.h"
#include "collector/source.h"

struct rca_nat;

/** rca_nat_open() - registers whether it works as a feature. Return: 0 or
 * -ENOMEM */
RCA_MUST_CHECK int rca_nat_open(const struct rca_source_env *env,
                                struct rca_observer *obs,
                                struct rca_nat **ret_nat);
void rca_nat_close(struct rca_nat **nat);

/** what a tick calls for each translation that is new, or was not told for a
 * while; a negative return ends it and is returned by it */
typedef int rca_nat_visit(void *arg, const struct rca_nat_key *key);

/** rca_nat_tick() - follow the namespaces and visit what is new
 * @packets: whether the program may look at packets (not in the light profile)
 *
 * Return: 0, what @visit returned, -ENOMEM; -errno of a namespace that could
 * not be asked: the others were. */
RCA_MUST_CHECK int rca_nat_tick(struct rca_nat *nat, struct rca_observer *obs,
                                _Bool packets, rca_nat_visit *visit, void *arg);

/** rca_nat_programs() - as struct rca_source's @programs */
size_t rca_nat_programs(const struct rca_nat *nat, int *fds, size_t max);
