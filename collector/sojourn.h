/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sojourn - how long packets wait in queueing disciplines, by interface, as
 * bpf/qdisc.bpf.c times it. A part of the link source, which knows whose the
 * interfaces are.
 *
 * Costs nothing where nothing queues, 2 us a packet that does; from
 * RCA_SOJOURN_RATE packets a second on, a random sample of them is timed.
 */

#include "collector/source.h"

/* Packets timed a second, about: 2 % of a processor. */
#define RCA_SOJOURN_RATE 10000

enum rca_sojourn_hook {
    RCA_SOJOURN_HOOK_BEST, /* the BTF tracepoints if they can be had */
    RCA_SOJOURN_HOOK_RAW, /* their twins in any case: for tests */
};

struct rca_sojourn;

/**
 * rca_sojourn_open() - load, and attach unless the profile is light; registers
 * the feature "time in queues"
 *
 * Return: 0, -ENOMEM, RCA_ENOSUPPORT after registering why.
 */
RCA_MUST_CHECK int rca_sojourn_open(const struct rca_source_env *env,
                                    struct rca_observer *obs,
                                    enum rca_sojourn_hook hook,
                                    struct rca_sojourn **ret_sojourn);
void rca_sojourn_close(struct rca_sojourn **slot);

/** rca_sojourn_set_profile() - detach for light, attach for the others; 0 or
 * -errno. Totals stay. */
RCA_MUST_CHECK int rca_sojourn_set_profile(struct rca_sojourn *sojourn,
                                           struct rca_observer *obs,
                                           enum rca_profile profile);
/** rca_sojourn_programs() - as struct rca_source.programs */
size_t rca_sojourn_programs(const struct rca_sojourn *sojourn, int *fds,
                            size_t max);

/** rca_sojourn_tick() - before the reports of a tick: ends the epoch of the
 * maxima, and sets how many packets are timed
 * @packets: queued by all disciplines since the start, or a part of them
 * @now:     of the tick */
void rca_sojourn_tick(struct rca_sojourn *sojourn, struct rca_observer *obs,
                      uint64_t packets, rca_time now);
/** rca_sojourn_mask() - one packet of how many is timed, less one, at @rate
 * packets a second */
uint32_t rca_sojourn_mask(double rate);

/** rca_sojourn_report() - series qdisc_sojourn_* of @qdisc, for interface
 * @ifindex of the namespace of inode @netns; zeros before the first packet */
void rca_sojourn_report(const struct rca_sojourn *sojourn,
                        struct rca_observer *obs, rca_id qdisc, uint64_t netns,
                        int ifindex);
