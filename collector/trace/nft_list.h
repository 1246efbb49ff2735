/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_list - what `nft -a -s -t list ruleset` prints in a network namespace. The
 * program is run without a shell, from a fixed list of paths, with an empty
 * environment; what it prints and how long it takes is bounded.
 */

#include "graph/base/buf.h"

#define RCA_TRACE_NFT_LIST_MS 2000
#define RCA_TRACE_NFT_LIST_BYTES (4 << 20)

/** rca_trace_nft_list() - append it to @text
 * @netns: descriptor of the namespace; -1: our own
 *
 * Return: 0; -ENOENT (no such program); -EPERM (may not enter); -ETIMEDOUT;
 * -EFBIG; -ENOMEM; RCA_ENOSUPPORT (it failed). What was read until then stays
 * in @text.
 */
RCA_MUST_CHECK int rca_trace_nft_list(int netns, struct rca_buf *text);
