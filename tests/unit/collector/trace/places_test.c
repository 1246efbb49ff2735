/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/places.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static const char *const lines[] = {
    "ffffffff81000200 T second\n",
    "ffffffff81000100 t first\n",
    "ffffffff81000180 d some_data\n",
    "ffffffffc0000000 t in_module\t[nf_tables]\n",
    "ffffffffc0000040 t also_there\t[nf_tables]\n",
    "ffffffff81000200 T a_second_name\n",
};

static void fill(struct rca_trace_places *places)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(lines); i++)
        assert_ok(rca_trace_places_add(places, lines[i], strlen(lines[i])));
    rca_trace_places_sort(places);
}

static void an_address_is_in_the_function_before_it(void **state)
{
    RCA_CLEANUP(rca_trace_places_done)
    struct rca_trace_places places = {0};
    char text[RCA_TRACE_PLACE_SIZE];

    (void)state;
    fill(&places);
    assert_int_equal(places.n, 5);
    assert_true(rca_trace_places_find(&places, 0xffffffff81000100, text));
    assert_string_equal(text, "first+0x0");
    assert_true(rca_trace_places_find(&places, 0xffffffff810001ff, text));
    assert_string_equal(text, "first+0xff");
    assert_true(rca_trace_places_find(&places, 0xffffffff8100021f, text));
    assert_string_equal(text, "a_second_name+0x1f");
    assert_true(rca_trace_places_find(&places, 0xffffffffc0000041, text));
    assert_string_equal(text, "also_there+0x1 [nf_tables]");
}

static void what_is_too_far_away_is_nowhere(void **state)
{
    RCA_CLEANUP(rca_trace_places_done)
    struct rca_trace_places places = {0};
    char text[RCA_TRACE_PLACE_SIZE] = "as it was";

    (void)state;
    assert_false(rca_trace_places_find(&places, 1, text));
    fill(&places);
    assert_false(rca_trace_places_find(&places, 0xffffffff810000ff, text));
    assert_false(rca_trace_places_find(&places, 0xffffffff81100200, text));
    assert_true(rca_trace_places_find(&places, 0xffffffff811001ff, text));
    assert_false(rca_trace_places_find(&places, UINT64_MAX, text));
}

static void other_lines_are_passed_over(void **state)
{
    static const char *const others[] = {
        "",
        "\n",
        "0000000000000000 T hidden\n",
        "ffffffff81000200\n",
        "ffffffff81000200 T\n",
        "ffffffff81000200 TT name\n",
        "ffffffff81000200 D data\n",
        "fffffffg81000200 T name\n",
        "1ffffffff81000200 T name\n",
        "T ffffffff81000200 name\n",
    };
    RCA_CLEANUP(rca_trace_places_done)
    struct rca_trace_places places = {0};
    char text[RCA_TRACE_PLACE_SIZE];

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(others); i++)
        assert_ok(rca_trace_places_add(&places, others[i], strlen(others[i])));
    assert_ok(rca_trace_places_add(&places, "12 \0 name", 9));
    assert_ok(rca_trace_places_add(&places, "12 t na\0me", 10));
    rca_trace_places_sort(&places);
    assert_int_equal(places.n, 0);
    assert_false(rca_trace_places_find(&places, 0xffffffff81000200, text));
}

static void a_file_that_is_not_there_is_told(void **state)
{
    RCA_CLEANUP(rca_trace_places_done)
    struct rca_trace_places places = {0};

    (void)state;
    assert_err(rca_trace_places_read("/nonexistent", &places), -ENOENT);
    assert_ok(rca_trace_places_read("/dev/null", &places));
}

static void without_memory_it_stays_whole(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        RCA_CLEANUP(rca_trace_places_done)
        struct rca_trace_places places = {0};
        char text[RCA_TRACE_PLACE_SIZE];
        int r = 0;

        oom_after(n);
        for (size_t i = 0; r == 0 && i < RCA_ARRAY_SIZE(lines); i++)
            r = rca_trace_places_add(&places, lines[i], strlen(lines[i]));
        oom_after(-1);
        rca_trace_places_sort(&places);
        (void)rca_trace_places_find(&places, 0xffffffffc0000041, text);
        if (r == 0)
            break;
        assert_int_equal(r, -ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_in_the_function_before_it),
        cmocka_unit_test(what_is_too_far_away_is_nowhere),
        cmocka_unit_test(other_lines_are_passed_over),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
        cmocka_unit_test(without_memory_it_stays_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
