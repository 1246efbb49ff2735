/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/time.h"

#include <errno.h>
#include <time.h>

#include "graph/base/err.h"
#include "tests/harness/test.h"

/* 2026-11-22T14:30:00Z; `date -u -d @1795357800` */
#define NOW (INT64_C(1795357800) * RCA_SECOND)
#define MINUTE (60 * RCA_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static int set_zone(const char *zone)
{
    if (setenv("TZ", zone, 1))
        return -1;
    tzset();
    return 0;
}

static rca_time parsed(const char *text)
{
    rca_time t = RCA_TIME_NONE;

    if (rca_time_parse(text, NOW, &t))
        print_error("'%s' was refused\n", text);
    return t;
}

static void absolute_times_are_rfc_3339(void **state)
{
    (void)state;
    assert_ok(set_zone("UTC"));
    assert_true(parsed("2026-11-22T14:30:00Z") == NOW);
    assert_true(parsed("2026-11-22t14:30:00z") == NOW);
    assert_true(parsed("2026-11-22 14:30Z") == NOW);
    assert_true(parsed("2026-11-22T16:00:00+01:30") == NOW);
    assert_true(parsed("2026-11-22T09:30:00-05:00") == NOW);
    assert_true(parsed("2026-11-22T14:30:00.000000001Z") == NOW + 1);
    assert_true(parsed("2026-11-22T14:30:00.5Z") == NOW + RCA_SECOND / 2);
    assert_true(parsed("1970-01-01T00:00:00Z") == 0);
    assert_true(parsed("2024-02-29T00:00:00Z") ==
                INT64_C(1709164800) * RCA_SECOND);
    /* RFC 3339, section 5.8: a leap second */
    assert_true(parsed("1990-12-31T23:59:60Z") ==
                INT64_C(662688000) * RCA_SECOND);
}

static void times_without_a_zone_are_local(void **state)
{
    (void)state;
    assert_ok(set_zone("XXX-2")); /* two hours east */
    assert_true(parsed("2026-11-22T16:30:00") == NOW);
    assert_true(parsed("2026-11-22 16:30") == NOW);
    assert_true(parsed("2026-11-22T14:30:00Z") == NOW);
    assert_ok(set_zone("UTC"));
}

static void a_time_of_day_is_the_latest_such(void **state)
{
    (void)state;
    assert_ok(set_zone("UTC"));
    assert_true(parsed("14:30") == NOW);
    assert_true(parsed("14:02") == NOW - 28 * MINUTE);
    assert_true(parsed("14:02:30") == NOW - 28 * MINUTE + 30 * RCA_SECOND);
    assert_true(parsed("14:31") == NOW + MINUTE - DAY);
    assert_true(parsed("23:59:60") == NOW - 14 * HOUR - 30 * MINUTE);
    assert_true(parsed("00:00") == NOW - 14 * HOUR - 30 * MINUTE);
    assert_ok(set_zone("XXX-2"));
    assert_true(parsed("16:30") == NOW);
    assert_true(parsed("16:31") == NOW + MINUTE - DAY);
    assert_ok(set_zone("UTC"));
}

static void relative_times_count_back_from_now(void **state)
{
    (void)state;
    assert_true(parsed("now") == NOW);
    assert_true(parsed("10 minutes ago") == NOW - 10 * MINUTE);
    assert_true(parsed("1 hour ago") == NOW - HOUR);
    assert_true(parsed("-10min") == NOW - 10 * MINUTE);
    assert_true(parsed("-1h30min") == NOW - 90 * MINUTE);
    assert_true(parsed("90s ago") == NOW - 90 * RCA_SECOND);
    assert_true(parsed("@1795357800") == NOW);
    assert_true(parsed("@1795357800.25") == NOW + RCA_SECOND / 4);
    assert_true(parsed("@0") == 0);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "x",
        "10min",
        "10",
        "ago",
        "10 minutes",
        "minutes ago",
        "2026-13-01T00:00Z",
        "2026-00-01T00:00Z",
        "2026-02-29T00:00Z",
        "2026-04-31T00:00Z",
        "2026-01-01",
        "2026-01-01T24:00Z",
        "2026-01-01T00:60Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00+1",
        "2026-01-01T00:00+24:00",
        "2026-01-01T00:00ZZ",
        "26-01-01T00:00Z",
        "14:2",
        "14:02:3",
        "24:00",
        "14:02:30x",
        "@",
        "@x",
        "@1.",
        "@1 ",
        "now ",
        "NOW",
        "-",
        "-10",
        "--10min",
        "-10min ago",
        "1 fortnight ago",
        "10 minutes  agoo",
    };
    rca_time t = 5;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++) {
        if (rca_time_parse(bad[i], NOW, &t) != RCA_ESYNTAX)
            print_error("'%s'\n", bad[i]);
        assert_err(rca_time_parse(bad[i], NOW, &t), RCA_ESYNTAX);
    }
    assert_true(t == 5);
}

static void times_out_of_the_epoch_are_out_of_range(void **state)
{
    static const char *const far[] = {
        "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "9999-01-01T00:00Z",
        "@7258118400",
        "@-1",
        "-3000w",
        "@99999999999999999999999999",
        "3025-11-22T14:02:30Z",
    };
    rca_time t = 5;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(far); i++)
        assert_err(rca_time_parse(far[i], NOW, &t), -ERANGE);
    assert_err(rca_time_parse("60 years ago", NOW, &t), RCA_ESYNTAX);
    assert_err(rca_time_parse("3000 weeks ago", NOW, &t), -ERANGE);
    assert_err(rca_time_parse("-99999999999999999999d", NOW, &t), -ERANGE);
    assert_err(rca_time_parse("0s ago", NOW, &t), -ERANGE);
    assert_true(t == 5);
    assert_ok(rca_time_parse("2199-12-31T23:59:59Z", NOW, &t));
}

static void durations_add_up_their_parts(void **state)
{
    static const struct {
        const char *text;
        rca_time want;
    } good[] = {
        {"90s", 90 * RCA_SECOND},
        {"10min", 10 * MINUTE},
        {"10m", 10 * MINUTE},
        {"24h", DAY},
        {"7d", 7 * DAY},
        {"2w", 14 * DAY},
        {"250ms", RCA_SECOND / 4},
        {"1h30min", 90 * MINUTE},
        {"1 hour 30 minutes", 90 * MINUTE},
        {"1.5h", 90 * MINUTE},
        {"0.5s", RCA_SECOND / 2},
        {" 1 day ", DAY},
        {"36525d", 36525 * DAY},
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(good); i++) {
        rca_time ns = 0;

        assert_ok(rca_duration_parse(good[i].text, &ns));
        assert_true(ns == good[i].want);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const bad[] = {"",     "5",     "s",    "-5s",   "1y",
                                      "1.s",  ".5s",   "1 2s", "5s x",  "5 S",
                                      "1h30", "5sec5", "1e3s", "5s ago"};
    rca_time ns = 5;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++)
        assert_err(rca_duration_parse(bad[i], &ns), RCA_ESYNTAX);
    assert_err(rca_duration_parse("0s", &ns), -ERANGE);
    assert_err(rca_duration_parse("0.0000000001s", &ns), -ERANGE);
    assert_err(rca_duration_parse("36525d 1ms", &ns), -ERANGE);
    assert_err(rca_duration_parse("9999999999999999999999w", &ns), -ERANGE);
    assert_err(rca_duration_parse("36525d36525d36525d36525d", &ns), -ERANGE);
    assert_true(ns == 5);
}

static void times_are_written_as_they_are_read(void **state)
{
    char buf[RCA_TIME_TEXT_SIZE];
    uint64_t seed = test_seed();

    (void)state;
    assert_ok(set_zone("XXX-2"));
    assert_string_equal(rca_time_utc(NOW, buf), "2026-11-22T14:30:00Z");
    assert_string_equal(rca_time_clock(NOW, buf), "16:30:00");
    assert_string_equal(rca_time_local(NOW, buf), "2026-11-22 16:30:00");
    assert_string_equal(rca_time_zone(NOW, buf), "XXX");
    assert_string_equal(rca_time_local(RCA_TIME_NONE, buf), "-");
    assert_string_equal(rca_time_zone(RCA_TIME_NONE, buf), "-");
    assert_string_equal(rca_time_utc(-1, buf), "1969-12-31T23:59:59Z");
    assert_string_equal(rca_time_utc(RCA_TIME_NONE, buf), "-");
    assert_string_equal(rca_time_clock(RCA_TIME_NONE, buf), "-");
    assert_ok(set_zone("UTC"));
    for (int i = 0; i < 1000; i++) {
        const rca_time t =
            (rca_time)(test_random(&seed) * 7258118399.0) * RCA_SECOND;

        assert_true(parsed(rca_time_utc(t, buf)) == t);
    }
}

static void durations_are_written_in_one_or_two_units(void **state)
{
    static const struct {
        rca_time ns;
        const char *want;
    } good[] = {
        {0, "0 s"},
        {RCA_SECOND / 4, "250 ms"},
        {RCA_SECOND - 1, "1 s"},
        {90 * RCA_SECOND, "90 s"},
        {-90 * RCA_SECOND, "-90 s"},
        {RCA_SECOND * 3 / 2, "1.5 s"},
        {10 * MINUTE, "10 min"},
        {MINUTE, "1 min"},
        {125 * RCA_SECOND, "2 min 5 s"},
        {HOUR, "1 h"},
        {150 * MINUTE, "2 h 30 min"},
        {24 * HOUR, "24 h"},
        {47 * HOUR + 3599 * RCA_SECOND, "48 h"},
        {7 * DAY, "7 d"},
        {60 * HOUR, "2 d 12 h"},
    };
    char buf[RCA_TIME_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(good); i++)
        assert_string_equal(rca_duration_text(good[i].ns, buf), good[i].want);
    assert_non_null(rca_duration_text(INT64_MAX, buf));
    assert_non_null(rca_duration_text(INT64_MIN, buf));
}

static void now_is_after_this_was_written(void **state)
{
    (void)state;
    assert_true(rca_time_now() > INT64_C(1700000000) * RCA_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absolute_times_are_rfc_3339),
        cmocka_unit_test(times_without_a_zone_are_local),
        cmocka_unit_test(a_time_of_day_is_the_latest_such),
        cmocka_unit_test(relative_times_count_back_from_now),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(times_out_of_the_epoch_are_out_of_range),
        cmocka_unit_test(durations_add_up_their_parts),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(times_are_written_as_they_are_read),
        cmocka_unit_test(durations_are_written_in_one_or_two_units),
        cmocka_unit_test(now_is_after_this_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
