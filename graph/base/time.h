/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * time - points in time and durations, read and written.
 *
 * "Now" is always an argument, so that nothing here depends on the clock but
 * rca_time_now() itself.
 */

#include "graph/base/base.h"

#define RCA_TIME_TEXT_SIZE 40

/** rca_time_now() - CLOCK_REALTIME */
rca_time rca_time_now(void);

/**
 * rca_time_parse() - read a point in time
 * @text: RFC 3339 ("2026-11-22T14:02:30Z", offset or 'Z' optional: local time
 *        then; fraction optional; a blank for the 'T' is allowed), "14:02" or
 *        "14:02:30" (local, the latest such time that is not after @now),
 *        "now", "10 minutes ago", "-10min", "@1700000000" (seconds, fraction
 *        allowed)
 * @now:  what relative words are relative to
 *
 * Return: 0; RCA_ESYNTAX if it is none of these; -ERANGE outside 1970..2200.
 *         @ret_time is unchanged on failure.
 */
RCA_MUST_CHECK int rca_time_parse(const char *text, rca_time now,
                                  rca_time *ret_time);

/**
 * rca_duration_parse() - read "90s", "10min", "24h", "7d", "250ms", "1h30min",
 * "1 hour 30 minutes"; a unit is required (ms s sec min m h d w and the words)
 *
 * Return: 0; RCA_ESYNTAX; -ERANGE if not above 0 or over 100 years.
 */
RCA_MUST_CHECK int rca_duration_parse(const char *text, rca_time *ret_ns);

/** rca_time_utc() - RFC 3339 in UTC, whole seconds, "-" for RCA_TIME_NONE;
 * returns @buf */
const char *rca_time_utc(rca_time t, char buf[RCA_TIME_TEXT_SIZE]);

/** rca_time_epoch() - seconds since the epoch, exact: "1700000000" or
 * "1700000000.250000000"; for times from 1970 on; returns @buf */
const char *rca_time_epoch(rca_time t, char buf[RCA_TIME_TEXT_SIZE]);

/** rca_time_clock() - "14:02:30" in local time, "-" for RCA_TIME_NONE; returns
 * @buf */
const char *rca_time_clock(rca_time t, char buf[RCA_TIME_TEXT_SIZE]);

/** rca_time_local() - "2026-11-22 14:02:30" in local time, "-" for RCA_TIME_NONE;
 * returns @buf */
const char *rca_time_local(rca_time t, char buf[RCA_TIME_TEXT_SIZE]);

/** rca_time_zone() - name of the local zone at @t: "UTC", "CEST", "+03"; "-" for
 * RCA_TIME_NONE; returns @buf */
const char *rca_time_zone(rca_time t, char buf[RCA_TIME_TEXT_SIZE]);

/** rca_duration_text() - "90 s", "10 min", "24 h", "7 d"; at most two units
 * ("1 h 2 min"), rounded to them; returns @buf */
const char *rca_duration_text(rca_time ns, char buf[RCA_TIME_TEXT_SIZE]);
