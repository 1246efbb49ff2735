/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/columns.h"

#include <string.h>

struct span {
    unsigned first, last;
};

static const struct span wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},
    {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};
static const struct span flat[] = {
    {0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

static _Bool is_in(const struct span *spans, size_t n, unsigned c)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= spans[i].first && c <= spans[i].last)
            return 1;
    }
    return 0;
}

/* the character at *@p, which is moved beyond it; bytes that begin none count
 * as one */
static unsigned next(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    unsigned c = *s++;
    int more = c >= 0xf0 ? 3 : (c >= 0xe0 ? 2 : (c >= 0xc0 ? 1 : 0));

    if (more)
        c &= 0x3fU >> more;
    for (; more && (*s & 0xc0) == 0x80; more--)
        c = c << 6 | (*s++ & 0x3fU);
    *p = (const char *)s;
    return c;
}

static int take(const char **p)
{
    const unsigned c = next(p);

    if (c < flat[0].first)
        return 1;
    if (is_in(flat, RCA_ARRAY_SIZE(flat), c))
        return 0;
    return is_in(wide, RCA_ARRAY_SIZE(wide), c) ? 2 : 1;
}

int rca_columns(const char *text)
{
    int n = 0;

    while (*text)
        n += take(&text);
    return n;
}

const char *rca_columns_fit(const char *name, int columns,
                            char buf[RCA_NAME_MAX + 1])
{
    static const char dots[] = "…";
    char clean[RCA_NAME_MAX + 1];
    const char *head = clean, *tail = clean, *p;
    int all, left, n;

    all = rca_columns(rca_name_clean(name, clean));
    if (all <= columns) {
        memcpy(buf, clean, strlen(clean) + 1);
        return buf;
    }
    left = (columns - 1) / 3;
    for (p = head, n = take(&p); n <= left; n += take(&p))
        head = p;
    for (left = columns - 1 - left, n = all; n > left;)
        n -= take(&tail);
    n = (int)(head - clean);
    memcpy(buf, clean, (size_t)n);
    memcpy(buf + n, dots, sizeof(dots));
    (void)strncat(buf, tail, RCA_NAME_MAX - strlen(buf));
    return buf;
}

void rca_columns_pad(struct rca_buf *buf, const char *text, int columns)
{
    rca_buf_str(buf, text);
    for (int n = rca_columns(text); n < columns; n++)
        rca_buf_str(buf, " ");
}

/* bytes of the words of @text that fit into @columns, one at least */
static size_t line_of(const char *text, int columns)
{
    size_t fits = strcspn(text, " ");
    int n = 0;

    for (const char *p = text; *p;) {
        if (*p == ' ' && p[1] != '%' && n <= columns)
            fits = (size_t)(p - text);
        n += take(&p);
        if (!*p && n <= columns)
            fits = (size_t)(p - text);
    }
    return fits;
}

void rca_columns_wrap(struct rca_buf *buf, const char *text, int columns,
                      int lines)
{
    for (int i = 1; *text && i <= lines; i++) {
        size_t n = line_of(text, columns);

        if (i == lines && text[n])
            n = line_of(text, columns - 2);
        rca_buf_put(buf, text, n);
        if (i == lines && text[n])
            rca_buf_str(buf, " …");
        rca_buf_str(buf, "\n");
        text += n;
        text += strspn(text, " ");
    }
}
