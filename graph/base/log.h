/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * log - the one global: where lines about the program's own work go.
 *
 * Whoever decides what to do about a failure writes one line: lower case,
 * names in '..', cause after a colon, "and go on" where it is not fatal.
 * Thread safe.
 */

#include "graph/base/base.h"

enum rca_log_level {
    RCA_LOG_ERROR,
    RCA_LOG_WARN,
    RCA_LOG_INFO,
    RCA_LOG_DEBUG,
    RCA_LOG_COUNT,
};

/** rca_log_set() - show lines up to @level (default RCA_LOG_WARN) */
void rca_log_set(enum rca_log_level level);

/** rca_log() - one line on standard error, without its newline in @format */
RCA_PRINTF(2, 3)
void rca_log(enum rca_log_level level, const char *format, ...);
