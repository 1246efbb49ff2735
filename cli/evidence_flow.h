/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * evidence_flow - which packets an explanation is about: a filter for those of
 * the symptom, of what lies between it and the first cause, and of that.
 *
 * Services are looked up where they listen on this host; of a call its callee.
 * What listens nowhere is looked for by its network namespace or device. No I/O.
 */

#include "collector/trace/meta.h"
#include "model/explain.h"

/** struct rca_evidence_flow - all owned; "" where there is nothing
 * @filter: pcap-filter(7); @meta: of collector/trace/meta.h
 * @what:   in words: "web port 8080"; @unseen: what was looked for in vain */
struct rca_evidence_flow {
    char *filter, *meta, *what, *unseen;
};

void rca_evidence_flow_done(struct rca_evidence_flow *flow);

/**
 * rca_evidence_flow() - of @e, with names looked up by @lookup
 *
 * O(nodes). Return: 0; RCA_EUNKNOWN: nothing of it is known on this host, and
 *         only @ret_flow->unseen is set; -ENOMEM: @ret_flow is empty.
 */
RCA_MUST_CHECK int rca_evidence_flow(const struct rca_explanation *e,
                                     const struct rca_trace_lookup *lookup,
                                     struct rca_evidence_flow *ret_flow);

/** rca_evidence_is_network() - whether the answer points at the network: its
 * first cause, or one with a share of 20 % or more, is a device, queue, rule,
 * table or namespace, or has packets that were lost as its metric */
_Bool rca_evidence_is_network(const struct rca_explanation *e);
