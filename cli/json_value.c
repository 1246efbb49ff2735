/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json_value.h"

#include <math.h>

#include "graph/base/name.h"

static void put_quoted(struct rca_buf *buf, const char *s)
{
    rca_buf_str(buf, "\"");
    while (*s) {
        unsigned char c = (unsigned char)*s;
        size_t n = rca_name_char(s);

        if (c == '"' || c == '\\')
            rca_buf_fmt(buf, "\\%c", c);
        else if (c < 0x20)
            rca_buf_fmt(buf, "\\u%04x", c);
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
        put_quoted(buf, s);
    else
        rca_buf_str(buf, "null");
}

void rca_json_key(struct rca_buf *buf, const char *key)
{
    put_quoted(buf, key);
    rca_buf_str(buf, ":");
}

void rca_json_number(struct rca_buf *buf, const char *key, double x)
{
    if (isfinite(x))
        rca_buf_fmt(buf, "\"%s\":%.17g", key, x);
    else
        rca_buf_fmt(buf, "\"%s\":null", key);
}
