/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/buf.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void an_empty_buffer_gives_an_empty_text(void **state)
{
    struct rca_buf buf = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    assert_ok(rca_buf_take(&buf, &text));
    assert_string_equal(text, "");
    assert_null(buf.text);
}

static void pieces_are_joined(void **state)
{
    struct rca_buf buf = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    rca_buf_str(&buf, "ab");
    rca_buf_put(&buf, "cde", 2);
    rca_buf_fmt(&buf, "-%03d-%s", 7, "x");
    assert_int_equal(buf.len, 10);
    assert_ok(rca_buf_take(&buf, &text));
    assert_string_equal(text, "abcd-007-x");
}

static void zero_bytes_are_kept(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rca_buf_put(&buf, "a\0b", 3);
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.text, "a\0b", 4);
}

static void it_grows_past_any_first_size(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    for (int i = 0; i < 5000; i++) {
        if (i % 2)
            rca_buf_str(&buf, "x");
        else
            rca_buf_fmt(&buf, "%c", 'y');
        assert_int_equal(strlen(buf.text), buf.len);
    }
    assert_int_equal(buf.len, 5000);
    assert_int_equal(buf.err, 0);
}

static void a_size_beyond_memory_is_refused(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rca_buf_str(&buf, "abc");
    rca_buf_put(&buf, "x", SIZE_MAX - 1);
    assert_err(buf.err, -ENOMEM);
    assert_int_equal(buf.len, 3);
}

static void a_failure_sticks_until_taken(void **state)
{
    struct rca_buf buf = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    oom_after(0);
    rca_buf_str(&buf, "lost");
    oom_after(-1);
    rca_buf_str(&buf, "also lost");
    rca_buf_fmt(&buf, "%d", 1);
    assert_int_equal(buf.len, 0);
    assert_err(rca_buf_take(&buf, &text), -ENOMEM);
    assert_null(text);
    rca_buf_str(&buf, "anew");
    assert_ok(rca_buf_take(&buf, &text));
    assert_string_equal(text, "anew");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_gives_an_empty_text),
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(zero_bytes_are_kept),
        cmocka_unit_test(it_grows_past_any_first_size),
        cmocka_unit_test(a_size_beyond_memory_is_refused),
        cmocka_unit_test(a_failure_sticks_until_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
