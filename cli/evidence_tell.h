/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * evidence_tell - what was counted in a capture, with the names of this host.
 */

#include "collector/trace/journey.h"
#include "collector/trace/suspect.h"
#include "model/explain.h"

/**
 * rca_evidence_tell() - put it into @e
 * @summary: where packets died; @names: of the numbers in it, others are looked
 *           up and kept
 * @suspects: counters of rules, before and after: whose rule dropped what no
 *           verdict was seen of; may be NULL
 * @about:   filter, times, losses; the rest is filled in
 *
 * O(deaths). Return: 0; -ENOMEM: @e is unchanged.
 */
RCA_MUST_CHECK int rca_evidence_tell(struct rca_trace_summary *summary,
                                     struct rca_trace_names *names,
                                     const struct rca_trace_suspects *suspects,
                                     const struct rca_packets *about,
                                     struct rca_explanation *e);
