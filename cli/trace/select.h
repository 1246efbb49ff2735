/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * select - which events of a recording are wanted: those of packets that a
 * filter takes, and that a meta filter takes.
 *
 * An event without bytes (a rule's verdict, a counter) is of a packet that the
 * filter takes if an event of the same id is.
 */

#include "collector/trace/file.h"
#include "collector/trace/filter.h"

/**
 * rca_trace_select() - leave only the events that are wanted in @file
 * @filter: pcap-filter(7), @meta: collector/trace/meta.h; NULL: all
 *
 * Return: 0; RCA_ESYNTAX, RCA_EUNKNOWN, -E2BIG, said in @diag; -ENOMEM. @file is
 *         unchanged then. O(events).
 */
RCA_MUST_CHECK int rca_trace_select(struct rca_trace_file *file,
                                    const char *filter, const char *meta,
                                    struct rca_diag *diag);
