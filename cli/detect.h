/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * detect - what is abnormal, as text and as JSON; appended to @buf. They depend
 * on nothing else but the time zone. Return of both: 0 or -ENOMEM.
 */

#include "graph/base/buf.h"
#include "model/detect.h"

/** struct rca_detect_view
 * @all: every finding under its incident, too
 * @now: times of a day before this one are told so that a command understands
 *       them */
struct rca_detect_view {
    _Bool all, colour;
    rca_time now;
};

/** rca_detect_text() - at most 80 columns: a headline, a line an incident, and
 * the command that explains each of the first three */
RCA_MUST_CHECK int rca_detect_text(const struct rca_detection *d,
                                   const struct rca_detect_view *view,
                                   struct rca_buf *buf);

/** rca_detect_json() - all that is known */
RCA_MUST_CHECK int rca_detect_json(const struct rca_detection *d,
                                   struct rca_buf *buf);
