/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is told of long work, with a clock of the test's own. */

#include "cli/progress.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/harness/test.h"

#define BEGIN (1000 * RCA_SECOND)
#define MS (RCA_SECOND / 1000)

static struct rca_progress_line line_of(_Bool terminal)
{
    return (struct rca_progress_line){
        .what = "train", .began = BEGIN, .terminal = terminal, .passes = 1};
}

/* @text NULL: nothing is told */
static void expect(struct rca_progress_line *line, rca_time after, double part,
                   const char *text)
{
    char buf[RCA_PROGRESS_TEXT_SIZE] = "";
    const _Bool told = rca_progress_text(line, BEGIN + after, part, buf);

    assert_int_equal(told, text != NULL);
    assert_string_equal(buf, text ? text : "");
}

static void short_work_is_silent(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    expect(&line, 0, 0, NULL);
    expect(&line, 500 * MS, 0.4, NULL);
    expect(&line, 999 * MS, 0.99, NULL);
}

static void the_time_left_goes_on_as_before(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    /* 8.2 s for 41 %: 11.8 s for the other 59 % */
    expect(&line, 8200 * MS, 0.41, "rca: train: 41 %, 12 s left");
    expect(&line, 10000 * MS, 0.5, "rca: train: 50 %, 10 s left");
    expect(&line, 20000 * MS, 1, "rca: train: 100 %, 0 s left");
}

static void minutes_and_hours_are_named(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    expect(&line, 60 * RCA_SECOND, 0.5, "rca: train: 50 %, 1 min left");
    expect(&line, 120 * RCA_SECOND, 0.02, "rca: train: 2 %, 98 min left");
}

static void nothing_is_guessed_at_the_begin(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    expect(&line, 2 * RCA_SECOND, 0, "rca: train: 0 %");
    expect(&line, 3 * RCA_SECOND, 0.009, "rca: train: 1 %");
}

static void a_terminal_is_told_five_times_a_second(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    expect(&line, 1000 * MS, 0.5, "rca: train: 50 %, 1 s left");
    expect(&line, 1199 * MS, 0.6, NULL);
    expect(&line, 1200 * MS, 0.6, "rca: train: 60 %, 1 s left");
}

static void a_log_is_told_each_ten_seconds(void **state)
{
    struct rca_progress_line line = line_of(0);

    (void)state;
    expect(&line, 1 * RCA_SECOND, 0.1, "rca: train: 10 %, 9 s left");
    expect(&line, 10 * RCA_SECOND, 0.2, NULL);
    expect(&line, 11 * RCA_SECOND, 0.5, "rca: train: 50 %, 11 s left");
}

static void passes_follow_each_other(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    line.passes = 2;
    expect(&line, 2 * RCA_SECOND, 0.5, "rca: train: 25 %, 6 s left");
    expect(&line, 4 * RCA_SECOND, 1, "rca: train: 50 %, 4 s left");
    expect(&line, 6 * RCA_SECOND, 0.5, "rca: train: 75 %, 2 s left");
    /* there is no third one */
    expect(&line, 8 * RCA_SECOND, 0.2, "rca: train: 60 %, 6 s left");
}

static void parts_outside_are_cut(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    expect(&line, 2 * RCA_SECOND, -3, "rca: train: 0 %");
    expect(&line, 4 * RCA_SECOND, 7, "rca: train: 100 %, 0 s left");
}

static void what_is_off_is_silent(void **state)
{
    struct rca_progress_line line = line_of(1);

    (void)state;
    line.off = 1;
    expect(&line, 20 * RCA_SECOND, 0.5, NULL);
}

static void without_a_terminal_it_is_asked_for(void **state)
{
    struct rca_cli cli = {.verbosity = 0};
    struct rca_progress_line line;
    const int kept = dup(STDERR_FILENO);
    const int none = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_true(kept >= 0 && none >= 0);
    assert_true(dup2(none, STDERR_FILENO) >= 0);
    line = rca_progress_begin(&cli, "train");
    assert_true(line.off);
    assert_false(line.terminal);
    cli.verbosity = 1;
    line = rca_progress_begin(&cli, "train");
    assert_false(line.off);
    rca_progress_end(&line);
    assert_true(line.off);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)close(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_work_is_silent),
        cmocka_unit_test(the_time_left_goes_on_as_before),
        cmocka_unit_test(minutes_and_hours_are_named),
        cmocka_unit_test(nothing_is_guessed_at_the_begin),
        cmocka_unit_test(a_terminal_is_told_five_times_a_second),
        cmocka_unit_test(a_log_is_told_each_ten_seconds),
        cmocka_unit_test(passes_follow_each_other),
        cmocka_unit_test(parts_outside_are_cut),
        cmocka_unit_test(what_is_off_is_silent),
        cmocka_unit_test(without_a_terminal_it_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
