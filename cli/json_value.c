/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json_value.h"

#include <math.h>
#include <stdio.h>

#include "graph/base/name.h"

/* Fifteen digits of a decimal come back as they were, seventeen give every
 * double back (IEEE 754-2008, section 5.12.2). */
enum { LEAST_DIGITS = 15, EXACT_DIGITS = 17 };

void rca_json_text(struct rca_buf *buf, const char *s)
{
    rca_buf_str(buf, "\"");
    while (*s) {
        unsigned char c = (unsigned char)*s;
        size_t n = rca_name_char(s);

        if (c == '"' || c == '\\')
            rca_buf_fmt(buf, "\\%c", c);
        else
            rca_buf_put(buf, n ? s : "?", n ? n : 1);
        s += n ? n : 1;
    }
    rca_buf_str(buf, "\"");
}

void rca_json_string(struct rca_buf *buf, const char *key, const char *s)
{
    rca_buf_fmt(buf, "\"%s\":", key);
    if (s)
        rca_json_text(buf, s);
    else
        rca_buf_str(buf, "null");
}

void rca_json_key(struct rca_buf *buf, const char *key)
{
    rca_json_text(buf, key);
    rca_buf_str(buf, ":");
}

void rca_json_value(struct rca_buf *buf, double x)
{
    char text[40];
    int digits = LEAST_DIGITS;

    if (!isfinite(x)) {
        rca_buf_str(buf, "null");
        return;
    }
    do {
        (void)snprintf(text, sizeof(text), "%.*g", digits, x);
    } while (strtod(text, NULL) != x && ++digits <= EXACT_DIGITS);
    rca_buf_str(buf, text);
}

void rca_json_number(struct rca_buf *buf, const char *key, double x)
{
    rca_buf_fmt(buf, "\"%s\":", key);
    rca_json_value(buf, x);
}
