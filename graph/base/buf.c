/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAP = 64 };

void rca_buf_done(struct rca_buf *buf)
{
    free(buf->text);
    *buf = (struct rca_buf){0};
}

/* room for @n more bytes and the NUL; doubling, so O(1) amortized a byte */
static _Bool reserve(struct rca_buf *buf, size_t n)
{
    size_t cap = buf->cap ? buf->cap : FIRST_CAP;
    char *text;

    if (buf->err)
        return 0;
    if (n >= SIZE_MAX / 2 - buf->len) {
        buf->err = -ENOMEM;
        return 0;
    }
    while (cap < buf->len + n + 1)
        cap *= 2;
    if (cap == buf->cap)
        return 1;
    text = realloc(buf->text, cap);
    if (!text) {
        buf->err = -ENOMEM;
        return 0;
    }
    buf->text = text;
    buf->cap = cap;
    return 1;
}

void rca_buf_put(struct rca_buf *buf, const char *bytes, size_t n)
{
    if (!reserve(buf, n))
        return;
    if (n)
        memcpy(buf->text + buf->len, bytes, n);
    buf->len += n;
    buf->text[buf->len] = '\0';
}

void rca_buf_str(struct rca_buf *buf, const char *s)
{
    rca_buf_put(buf, s, strlen(s));
}

void rca_buf_fmt(struct rca_buf *buf, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) {
        buf->err = buf->err ? buf->err : -ENOMEM;
        return;
    }
    if (!reserve(buf, (size_t)n))
        return;
    va_start(args, format);
    (void)vsnprintf(buf->text + buf->len, (size_t)n + 1, format, args);
    va_end(args);
    buf->len += (size_t)n;
}

int rca_buf_take(struct rca_buf *buf, char **ret_text)
{
    int err;

    rca_buf_put(buf, "", 0);
    err = buf->err;
    if (!err)
        *ret_text = RCA_TAKE(buf->text);
    rca_buf_done(buf);
    return err;
}
