/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * diff - an increasing list of numbers, told by what changed against another:
 *
 *   varint edits; each: varint numbers that stay, varint that go, varint that
 *   come; each of these: varint, above the one before it in the new list
 *
 * What is left of the old list after the last edit stays.
 */

#include "collector/store/varint.h"
#include "collector/store/vec.h"

/** rca_diff_put() - @now against @old, both increasing; O(n_old + n_now) */
void rca_diff_put(const struct rca_vec_key *old, const struct rca_vec_key *now,
                  struct rca_buf *out);

/** rca_diff_get() - replace @ret, which is not @old. Return: 0, -ENOMEM,
 * RCA_ECORRUPT (it does not increase, or not against @old); then @ret holds
 * anything. */
RCA_MUST_CHECK int rca_diff_get(struct rca_reader *r,
                                const struct rca_vec_key *old,
                                struct rca_vec_key *ret);
