/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tidy - an explanation whose strings are fit to be shown, the same for all
 * renderers: names reach it from hosts, files and packets and may hold
 * anything. After this no control character, no escape of a terminal, no mark
 * that turns the direction of writing and no byte that is not UTF-8 is left,
 * and no name is longer than RCA_NAME_MAX. What a format takes for syntax is
 * for its renderer to escape.
 */

#include "model/arena.h"
#include "model/explain.h"

/** struct rca_tidy - @e: lists of its own, but the charts' points are the
 * original's, which must outlive it; rca_tidy_done() frees it */
struct rca_tidy {
    struct rca_explanation e;
    struct rca_arena arena;
};

/** rca_tidy_init() - 0 or -ENOMEM, *@ret_tidy is empty then; O(size of @e) */
RCA_MUST_CHECK int rca_tidy_init(const struct rca_explanation *e,
                                 struct rca_tidy *ret_tidy);
void rca_tidy_done(struct rca_tidy *tidy);
