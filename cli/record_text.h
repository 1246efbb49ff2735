/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * record_text - kept incidents for people. Appended to @buf, whose error says
 * whether all went well.
 */

#include "cli/record_store.h"
#include "graph/base/buf.h"

/** rca_record_line() - "2026-11-22-1402-web  5 min   web latency p99 ..." */
void rca_record_line(struct rca_buf *buf, const struct rca_record *record);

/** rca_record_show() - one of them: when, the answer as it was given, what was
 * said of it */
void rca_record_show(struct rca_buf *buf, const struct rca_record *record);

/** rca_record_compare() - two side by side, and whether it is the same cause */
void rca_record_compare(struct rca_buf *buf, const struct rca_record *a,
                        const struct rca_record *b);

/** rca_record_same_cause() - both name a cause, and the same one */
_Bool rca_record_same_cause(const struct rca_record *a,
                            const struct rca_record *b);

/** rca_record_summary() - one as a JSON object, without the explanation */
void rca_record_summary(struct rca_buf *buf, const struct rca_record *record);
