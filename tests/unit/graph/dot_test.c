/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/dot.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void expect(void (*fn)(struct rca_buf *, const char *), const char *s,
                   const char *want)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    fn(&buf, s);
    assert_int_equal(buf.err, 0);
    assert_string_equal(buf.text ? buf.text : "", want);
}

/* seen with dot -Tsvg: these draw as the characters that were given */
static void quoted_text_cannot_leave_its_quotes(void **state)
{
    (void)state;
    expect(rca_dot_quote, "svc-a", "\"svc-a\"");
    expect(rca_dot_quote, "", "\"\"");
    expect(rca_dot_quote, "a\"b", "\"a\\\"b\"");
    expect(rca_dot_quote, "\\N\\", "\"\\\\N\\\\\"");
    expect(rca_dot_quote, "a\nb\tc", "\"a\\nb?c\"");
    expect(rca_dot_quote, "a&lt;b", "\"a&amp;lt;b\"");
    expect(rca_dot_quote, "\xc3\xa9\xff", "\"\xc3\xa9?\"");
}

static void tooltips_double_the_backslash_again(void **state)
{
    (void)state;
    expect(rca_dot_tooltip, "a\\N", "\"a\\\\\\\\N\"");
    expect(rca_dot_tooltip, "a\"&", "\"a\\\"&amp;\"");
}

static void html_text_cannot_become_markup(void **state)
{
    (void)state;
    expect(rca_dot_html, "<B>&'\"", "&lt;B&gt;&amp;&#39;&quot;");
    expect(rca_dot_html, "a\nb", "a<BR/>b");
    expect(rca_dot_html, "\\N", "\\\\N");
    expect(rca_dot_html, "\033[1m", "?[1m");
    expect(rca_dot_html, "", "");
}

static void no_memory_is_an_error_of_the_buffer(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    oom_after(0);
    rca_dot_quote(&buf, "x");
    rca_dot_html(&buf, "x");
    oom_after(-1);
    assert_err(buf.err, -ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quoted_text_cannot_leave_its_quotes),
        cmocka_unit_test(tooltips_double_the_backslash_again),
        cmocka_unit_test(html_text_cannot_become_markup),
        cmocka_unit_test(no_memory_is_an_error_of_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
