/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * parse - numbers from text: the whole text or failure. C locale always.
 *
 * Return of all: 0; RCA_ESYNTAX if @text is not such a number from its first
 * to its last byte; -ERANGE if it does not fit. Nothing is stored on failure.
 */

#include "graph/base/base.h"

RCA_MUST_CHECK int rca_parse_i64(const char *text, int64_t *ret);
RCA_MUST_CHECK int rca_parse_u64(const char *text, uint64_t *ret);
/** Decimal or scientific; "nan" and "inf" are refused with RCA_ESYNTAX. */
RCA_MUST_CHECK int rca_parse_f64(const char *text, double *ret);
