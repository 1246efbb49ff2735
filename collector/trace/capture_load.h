/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * capture_load - loads bpf/trace.bpf.c with the filters in it and attaches what
 * of it the kernel at hand takes. Only for collector/trace/.
 *
 * Of each tracepoint one of two programs is used, tp_btf or raw_tp. One that the
 * kernel refuses fails its whole object: it is left out then, and the rest is
 * loaded again.
 */

#include "collector/trace/capture.h"
#include "collector/trace/filter.h"

/** struct rca_trace_plan - what to load
 * @packet: the packet filter at each layer; @meta; of no instructions: none
 * @points: set of 1 << enum rca_trace_point; @wanted: of 1 << enum rca_trace_part
 * @buffer: of the ring, bytes, a power of 2 */
struct rca_trace_plan {
    struct rca_trace_code packet[RCA_TRACE_LAYERS];
    struct rca_trace_code meta;
    unsigned points, wanted;
    size_t buffer;
    const char *without;
};

struct bpf_object;
struct rca_trace_object;

/** rca_trace_object_open() - 0; RCA_ENOSUPPORT (no BTF, no privilege); -E2BIG (a
 * filter is too long); -ENOMEM; other -errno; said in @diag */
RCA_MUST_CHECK int rca_trace_object_open(const struct rca_trace_plan *plan,
                                         struct rca_diag *diag,
                                         struct rca_trace_object **ret_object);
/** rca_trace_object_attach() - begin; programs that do not attach are told of
 * among the features */
void rca_trace_object_attach(struct rca_trace_object *object);
/** rca_trace_object_detach() - no events after this */
void rca_trace_object_detach(struct rca_trace_object *object);
void rca_trace_object_free(struct rca_trace_object **object);

/** rca_trace_object_loaded() - libbpf's, for what shares its maps */
const struct bpf_object *rca_trace_object_loaded(
    const struct rca_trace_object *object);

/** descriptors of maps and programs; -1: not there */
int rca_trace_object_ring(const struct rca_trace_object *object);
int rca_trace_object_stacks(const struct rca_trace_object *object);
int rca_trace_object_hook(const struct rca_trace_object *object);

/** rca_trace_object_stats() - counted by the programs so far */
void rca_trace_object_stats(const struct rca_trace_object *object,
                            struct rca_trace_stats *ret_stats);

/** rca_trace_object_features() - of all points and parts that are in @wanted of
 * the plan; writes at most @max, returns how many */
size_t rca_trace_object_features(const struct rca_trace_object *object,
                                 struct rca_trace_feature *features,
                                 size_t max);
/** rca_trace_object_why_no_hook() - "" if netfilter's hooks can be used */
const char *rca_trace_object_why_no_hook(const struct rca_trace_object *object);
