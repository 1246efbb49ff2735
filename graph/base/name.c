/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The decoder takes what RFC 3629 allows and nothing else: no over-long forms,
 * no surrogates, nothing above U+10FFFF.
 */

#include "graph/base/name.h"

#include <string.h>

static _Bool is_printable(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return 0;
    /* line and paragraph separator, embeddings, overrides, isolates */
    if (c >= 0x2028 && c <= 0x202e)
        return 0;
    if (c == 0x200e || c == 0x200f || (c >= 0x2066 && c <= 0x2069))
        return 0;
    /* byte order mark; not characters */
    return c != 0xfeff && (c & 0xfffe) != 0xfffe;
}

/* bytes that follow @lead, or -1 if it leads nothing */
static int count_tail(unsigned char lead)
{
    if (lead < 0x80)
        return 0;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef)
        return 2;
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : -1;
}

size_t rca_name_char(const char *s)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char lead = (unsigned char)*s;
    const int tail = count_tail(lead);
    uint32_t c;

    if (!lead || tail < 0)
        return 0;
    c = tail ? lead & (0x3fU >> tail) : lead;
    for (int i = 1; i <= tail; i++) {
        const unsigned char byte = (unsigned char)s[i];

        if ((byte & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (byte & 0x3fU);
    }
    if (c < least[tail] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    return is_printable(c) ? (size_t)tail + 1 : 0;
}

void rca_name_print(char *s)
{
    while (*s) {
        const size_t n = rca_name_char(s);

        if (!n)
            *s = '?';
        s += n ? n : 1;
    }
}

const char *rca_name_clean(const char *name, char buf[RCA_NAME_MAX + 1])
{
    size_t len = 0;

    while (*name) {
        const size_t n = rca_name_char(name);
        const size_t put = n ? n : 1;

        if (len + put > RCA_NAME_MAX)
            break;
        memcpy(buf + len, n ? name : "?", put);
        len += put;
        name += put;
    }
    if (!len)
        buf[len++] = '?';
    buf[len] = '\0';
    return buf;
}

static int fold(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Optimal string alignment (Boytsov, "Indexing methods for approximate
 * dictionary searching", 2011, section 2.2.1): three rows of the table.
 */
size_t rca_name_distance(const char *a, const char *b)
{
    const size_t na = strnlen(a, RCA_NAME_MAX), nb = strnlen(b, RCA_NAME_MAX);
    size_t rows[3][RCA_NAME_MAX + 1];

    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const int ca = fold(a[i - 1]), cb = fold(b[j - 1]);

            row[j] = least_of(above[j], row[j - 1]) + 1;
            row[j] = least_of(row[j], above[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == fold(b[j - 2]) && fold(a[i - 2]) == cb)
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

static _Bool is_prefix(const char *word, const char *name)
{
    while (*word && fold(*word) == fold(*name))
        word++, name++;
    return *word == '\0';
}

size_t rca_name_nearest(const char *word, const char *const *names, size_t n)
{
    const size_t len = strlen(word);
    size_t best = n, best_edits = len / 3 > 1 ? len / 3 : 1;

    if (!len)
        return n;
    for (size_t i = 0; i < n; i++) {
        size_t edits = rca_name_distance(word, names[i]);

        /* an abbreviation is as near as one wrong letter */
        if (edits && is_prefix(word, names[i]))
            edits = 1;
        if (edits < best_edits || (edits == best_edits && best == n)) {
            best = i;
            best_edits = edits;
        }
    }
    return best;
}
