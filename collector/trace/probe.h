/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * probe - what `rca trace` sees only where the kernel has kprobes or fentry: the
 * rule of nftables that decided, without a rule that marks the packet; Open
 * vSwitch's datapath; any function that takes a packet.
 *
 * Each family is an object of its own: what cannot load or attach is told as a
 * feature that is off, and the rest goes on. Nothing of the system is changed.
 * Modules that are loaded later than the probe are not seen.
 */

#include "collector/trace/capture.h"

struct bpf_object;
struct rca_trace_plan;
struct rca_trace_probe;

/** struct rca_trace_probe_with - the capture that it is part of
 * @object: loaded: its maps (ring, ids, ...) and settings are used
 * @plan:   its filters are used; NULL: none */
struct rca_trace_probe_with {
    const struct bpf_object *object;
    const struct rca_trace_plan *plan;
};

/**
 * rca_trace_probe_open() - load and attach what was asked for: RCA_TRACE_PART_NFT,
 * RCA_TRACE_PART_OVS, functions
 * @with: NULL: it has maps of its own, and takes every packet (tests)
 *
 * Return: 0, also if all is off; RCA_EUNKNOWN, RCA_ESYNTAX (a function: see
 *         rca_trace_kernel_packet()); RCA_ENOSUPPORT (functions were asked for
 *         and cannot be probed: @diag); -ENOMEM. On failure nothing is left.
 */
RCA_MUST_CHECK int rca_trace_probe_open(const struct rca_trace_options *options,
                                        const struct rca_trace_probe_with *with,
                                        struct rca_diag *diag,
                                        struct rca_trace_probe **ret_probe);
void rca_trace_probe_close(struct rca_trace_probe **probe);

/** rca_trace_probe_detach() - no events after this; NULL: nothing to do */
void rca_trace_probe_detach(struct rca_trace_probe *probe);

/** rca_trace_probe_features() - one for each family that was asked for */
const struct rca_trace_feature *rca_trace_probe_features(
    const struct rca_trace_probe *probe, size_t *ret_n);

/** rca_trace_probe_has() - whether a part is on, so that a feed is not needed */
_Bool rca_trace_probe_has(const struct rca_trace_probe *probe,
                          enum rca_trace_part part);

/** rca_trace_probe_unnamed() - runs that a rule decided which was not found */
uint64_t rca_trace_probe_unnamed(const struct rca_trace_probe *probe);

/** rca_trace_probe_map() - descriptor of a family's map; -1: none (tests) */
int rca_trace_probe_map(const struct rca_trace_probe *probe, const char *name);
