/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * json_value - "key":value, appended; whoever writes the object puts commas.
 */

#include "graph/base/buf.h"

/** rca_json_string() - @s holds anything: what is not UTF-8 becomes '?'; NULL is
 * null */
void rca_json_string(struct rca_buf *buf, const char *key, const char *s);

/** rca_json_number() - 17 digits; what is not finite is null */
void rca_json_number(struct rca_buf *buf, const char *key, double x);

/** rca_json_key() - "key": of any text, for what follows */
void rca_json_key(struct rca_buf *buf, const char *key);
