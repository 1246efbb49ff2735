/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A series as characters: known drawings, gaps, marks, ranges. */

#include "cli/plot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/show.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define ROWS 56 /* two for each cell of 40 columns */

static double x[ROWS];

static struct rca_plot steps(void)
{
    for (size_t i = 0; i < ROWS; i++)
        x[i] = i < ROWS / 2 ? 1 : 3;
    return (struct rca_plot){.x = x,
                             .n = ROWS,
                             .step = RCA_SECOND,
                             .unit = RCA_UNIT_SECONDS,
                             .low = NAN,
                             .high = NAN,
                             .mark_from = RCA_TIME_NONE,
                             .mark_to = RCA_TIME_NONE,
                             .columns = 40};
}

static char *drawn(const struct rca_plot *plot)
{
    struct rca_buf buf = {0};
    char *text = NULL;

    assert_ok(setenv("TZ", "UTC", 1));
    rca_plot(&buf, plot);
    assert_ok(rca_buf_take(&buf, &text));
    return text;
}

/* line @n of @text; static storage */
static const char *line(const char *text, size_t n)
{
    static char copy[512];

    for (; n > 0; n--)
        text = strchr(text, '\n') + 1;
    (void)snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(text, "\n"), text);
    return copy;
}

static void a_step_is_drawn_in_stars(void **state)
{
    const struct rca_plot plot = steps();
    char *text RCA_CLEANUP(rca_freep) = drawn(&plot);
    size_t lines = 0;

    (void)state;
    for (const char *c = text; *c; c++) {
        lines += *c == '\n';
        assert_true((unsigned char)*c < 128);
    }
    assert_int_equal(lines, RCA_PLOT_ROWS);
    assert_string_equal(line(text, 0),
                        "       3 s |              **************");
    assert_string_equal(line(text, 6),
                        "     1.5 s |              *             ");
    assert_string_equal(line(text, 7),
                        "           |***************             ");
    assert_string_equal(line(text, 12),
                        "           +----------------------------");
    assert_string_equal(line(text, 13),
                        "            00:00:00  00:00:28  00:00:56");
}

static void braille_has_eight_dots_a_cell(void **state)
{
    struct rca_plot plot = steps();
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    plot.utf8 = 1;
    text = drawn(&plot);
    /* both upper dots of a cell; a dot column for each row */
    assert_non_null(strstr(line(text, 0), "\u2809\u2809\u2809"));
    assert_null(strstr(text, "*"));
    for (size_t i = 0; i < 13; i++)
        assert_true(rca_show_width(line(text, i)) <= 40);
}

static void a_gap_is_blank_and_joins_nothing(void **state)
{
    struct rca_plot plot = steps();
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    for (size_t i = 24; i < 32; i++)
        x[i] = NAN;
    text = drawn(&plot);
    assert_string_equal(line(text, 0),
                        "       3 s |                ************");
    assert_string_equal(line(text, 6),
                        "     1.5 s |                            ");
    assert_string_equal(line(text, 12),
                        "           +------------    ------------");
}

static void the_usual_and_the_stretch_are_marked(void **state)
{
    struct rca_plot plot = steps();
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    plot.low = 0.9;
    plot.high = 1.1;
    plot.mark_from = 40 * RCA_SECOND;
    plot.mark_to = 50 * RCA_SECOND;
    plot.colour = 1;
    text = drawn(&plot);
    assert_non_null(strstr(text, "\033[32m.\033[0m"));
    assert_non_null(strstr(text, "\033[31m*\033[0m"));
    assert_string_equal(line(text, 12),
                        "           +--------------------======--");
    assert_string_equal(line(text, 14),
                        "            . usual: 900 ms to 1.1 s   "
                        "= asked for   blank: no data");
}

static void a_constant_and_nothing_are_drawn_too(void **state)
{
    struct rca_plot plot = steps();

    (void)state;
    for (int round = 0; round < 2; round++) {
        char *text RCA_CLEANUP(rca_freep) = NULL;

        for (size_t i = 0; i < ROWS; i++)
            x[i] = round ? NAN : 0;
        text = drawn(&plot);
        assert_int_equal(strstr(text, "*") != NULL, !round);
        assert_string_equal(line(text, 0) + 7,
                            "1 s |                            ");
    }
}

static void a_spike_of_one_row_is_seen(void **state)
{
    static double many[100000];
    struct rca_plot plot = steps();
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    many[77777] = 5;
    plot.x = many;
    plot.n = RCA_ARRAY_SIZE(many);
    text = drawn(&plot);
    assert_non_null(strstr(line(text, 0), "*"));
    /* the axis spans more than a day: dates */
    assert_non_null(strstr(line(text, 13), "01-01 00:00"));
}

static void ranges_name_the_unit_once(void **state)
{
    static const struct {
        double low, high;
        const char *want;
    } cases[] = {{0.04, 0.055, "40 to 55 ms"},
                 {0, 0.055, "0 to 55 ms"},
                 {0.5, 2, "500 ms to 2 s"},
                 {0.04, 0.04, "40 ms"},
                 {0, 0, "0 s"}};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(cases); i++) {
        struct rca_buf buf = {0};
        char *text RCA_CLEANUP(rca_freep) = NULL;

        rca_plot_range(&buf, cases[i].low, cases[i].high, RCA_UNIT_SECONDS);
        assert_ok(rca_buf_take(&buf, &text));
        assert_string_equal(text, cases[i].want);
    }
}

static void no_memory_is_told(void **state)
{
    const struct rca_plot plot = steps();
    struct rca_buf buf = {0};
    char *text = NULL;

    (void)state;
    oom_after(0);
    rca_plot(&buf, &plot);
    oom_after(-1);
    assert_err(rca_buf_take(&buf, &text), -ENOMEM);
    assert_null(text);
    rca_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_drawn_in_stars),
        cmocka_unit_test(braille_has_eight_dots_a_cell),
        cmocka_unit_test(a_gap_is_blank_and_joins_nothing),
        cmocka_unit_test(the_usual_and_the_stretch_are_marked),
        cmocka_unit_test(a_constant_and_nothing_are_drawn_too),
        cmocka_unit_test(a_spike_of_one_row_is_seen),
        cmocka_unit_test(ranges_name_the_unit_once),
        cmocka_unit_test(no_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
