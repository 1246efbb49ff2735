/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_text - the text of each rule in what `nft -a list ruleset` prints. Pure;
 * any bytes.
 */

#include "bpf/events_trace.h"
#include "graph/base/err.h"

/* Longer texts are cut. */
#define RCA_TRACE_NFT_TEXT 256

/** rca_trace_nft_text_visit - @rule: family, table, chain, handle; handle 0: the
 * policy of a base chain, "policy drop". A negative return ends it. */
typedef int rca_trace_nft_text_visit(void *arg,
                                     const struct rca_trace_rule *rule,
                                     const char *text);

/** rca_trace_nft_text() - visit the rules in @text of @n bytes, NUL-free; what
 * does not look like a ruleset is passed over. O(n). Returns 0 or what @visit
 * returned. */
RCA_MUST_CHECK int rca_trace_nft_text(const char *text, size_t n,
                                      rca_trace_nft_text_visit *visit,
                                      void *arg);
