/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * dot_fuzz - any bytes quoted: one DOT string from the first quote to the last,
 * with an even number of backslashes before each escape but \" and \n; as
 * HTML-like text: no markup but <BR/>.
 */

#include "graph/dot.h"

#include <string.h>

#include "graph/base/name.h"
#include "tests/harness/fuzz.h"

static void check(_Bool holds)
{
    if (!holds)
        abort();
}

static void check_quoted(const struct rca_buf *buf)
{
    const char *p = buf->text + 1, *end = buf->text + buf->len - 1;

    check(buf->len >= 2 && buf->text[0] == '"' && *end == '"');
    while (p < end) {
        const size_t n = rca_name_char(p);

        check(n >= 1 && *p != '"');
        if (*p == '\\') {
            check(p + 1 < end && strchr("\\\"n", p[1]));
            p++;
        }
        p += n;
    }
    check(p == end);
}

static void check_html(const struct rca_buf *buf)
{
    const char *p = buf->text;

    while (p && *p) {
        if (!strncmp(p, "<BR/>", 5)) {
            p += 5;
            continue;
        }
        check(rca_name_char(p) >= 1 && !strchr("<>\"'", *p));
        if (*p == '&')
            check(strchr(p, ';') != NULL);
        p += rca_name_char(p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_buf quoted RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_buf tooltip RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_buf html RCA_CLEANUP(rca_buf_done) = {0};
    char *text RCA_CLEANUP(rca_freep) = malloc(size + 1);

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    rca_dot_quote(&quoted, text);
    rca_dot_tooltip(&tooltip, text);
    rca_dot_html(&html, text);
    check_quoted(&quoted);
    check_quoted(&tooltip);
    check_html(&html);
    return 0;
}
