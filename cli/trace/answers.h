/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * answers - which requests for a connection were not answered.
 *
 * A listening socket whose queue is full frees the SYN that it refuses as if
 * all were well: no drop is seen, but no SYN-ACK either, which else leaves
 * before the SYN is freed. (Without a socket there is a drop, and a reset.)
 */

#include "collector/trace/file.h"
#include "collector/trace/journey.h"

struct rca_trace_answers;

/** rca_trace_answers_new() - of all events of @file, in any order; 0, -ENOMEM;
 * O(n log n) */
RCA_MUST_CHECK int rca_trace_answers_new(
    const struct rca_trace_file *file, struct rca_trace_answers **ret_answers);
void rca_trace_answers_free(struct rca_trace_answers **answers);

/**
 * rca_trace_unanswered() - the step at which a SYN was refused, or NULL: it is
 * none, was answered, died on its way, or nothing of the other side is in the
 * recording, so that an answer would not be there, either
 * @steps: @n of them, of one packet, by time
 */
const struct rca_trace_event *rca_trace_unanswered(
    const struct rca_trace_answers *answers,
    const struct rca_trace_event *const *steps, size_t n);
