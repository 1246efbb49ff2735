/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * probe_share - makes an object of eBPF programs part of a capture whose main
 * object is loaded already: same maps, same settings, same filters. Only for
 * collector/trace/.
 */

#include "collector/trace/capture_load.h"

struct bpf_object;

/** rca_trace_share_filters() - a copy of @elf (@size bytes) with the plan's
 * filters in it, freed by the caller; NULL @plan: none. What has no place for
 * filters stays as it is. 0; -E2BIG, -ENOMEM */
RCA_MUST_CHECK int rca_trace_share_filters(const void *elf, size_t size,
                                           const struct rca_trace_plan *plan,
                                           void **ret_elf);

/** rca_trace_share() - before @object is loaded: use the maps of @with that have
 * the names of its own, and set its constants to those of the same name and size
 * 0, -errno */
RCA_MUST_CHECK int rca_trace_share(struct bpf_object *object,
                                   const struct bpf_object *with);
