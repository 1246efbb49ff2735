/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * event_json - an event of a capture as one line of JSON; docs/trace.schema.json
 * says what is in it. Numbers of 64 bits that name something (id, place) are
 * strings, as many readers have only doubles.
 */

#include "collector/trace/names.h"
#include "graph/base/buf.h"

/** rca_trace_event_json() - append the line with its end; only what @names has is
 * named */
void rca_trace_event_json(const struct rca_trace_event *event,
                          const struct rca_trace_names *names,
                          struct rca_buf *buf);
