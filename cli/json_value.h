/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * json_value - "key":value, appended; whoever writes the object puts commas.
 */

#include "graph/base/buf.h"

/** rca_json_text() - a string: what is not printable UTF-8 becomes '?' */
void rca_json_text(struct rca_buf *buf, const char *s);

/** rca_json_string() - the same with its key; NULL is null */
void rca_json_string(struct rca_buf *buf, const char *key, const char *s);

/** rca_json_value() - as short as it can be read back exactly; what is not
 * finite is null */
void rca_json_value(struct rca_buf *buf, double x);

/** rca_json_number() - the same with its key */
void rca_json_number(struct rca_buf *buf, const char *key, double x);

/** rca_json_key() - "key": of any text, for what follows */
void rca_json_key(struct rca_buf *buf, const char *key);
