/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * way - one packet's way through the kernel: a line for the packet and how it
 * ended, and one for each step, with the time since the first, where, and what
 * changed there.
 */

#include "cli/trace/line.h"

/** rca_trace_way() - append the journey; @events: the whole sorted array */
void rca_trace_way(const struct rca_trace_view *view,
                   const struct rca_trace_event *const *events,
                   const struct rca_trace_journey *journey,
                   struct rca_buf *buf);
