/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/csv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void open_text(struct rca_csv *csv, char *text, struct rca_diag *diag)
{
    assert_ok(rca_csv_open(csv, text, strlen(text), "x.csv", diag));
}

static void cells_are_cut_as_rfc_4180_says(void **state)
{
    char text[] = "\xef\xbb\xbf"
                  "a , \"b,\"\"c\"\"\n\" ,,d\r\n\r\n \n\"\"\nlast";
    static const char *const want[] = {"a", "b,\"c\"\n", "", "d", "", "last"};
    static const int more[] = {1, 1, 1, 0, 0, 0};
    static const unsigned line[] = {1, 1, 1, 1, 5, 6};
    struct rca_csv csv;

    (void)state;
    open_text(&csv, text, NULL);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(want); i++) {
        char *cell;

        if (i == 0 || !more[i - 1])
            assert_true(rca_csv_row(&csv));
        assert_int_equal(rca_csv_cell(&csv, &cell), more[i]);
        assert_string_equal(cell, want[i]);
        assert_int_equal(csv.line, line[i]);
    }
    assert_false(rca_csv_row(&csv));
    assert_false(rca_csv_row(&csv));
}

static void an_empty_last_cell_is_a_cell(void **state)
{
    char text[] = "a,";
    struct rca_csv csv;
    char *cell;

    (void)state;
    open_text(&csv, text, NULL);
    assert_true(rca_csv_row(&csv));
    assert_int_equal(rca_csv_cell(&csv, &cell), 1);
    assert_int_equal(rca_csv_cell(&csv, &cell), 0);
    assert_string_equal(cell, "");
}

static void words_for_nothing_are_missing(void **state)
{
    static const char *const missing[] = {
        "",         "nan",  "NaN",  "NAN",   "inf",    "-Inf",         "+inf",
        "Infinity", "null", "-",    "NA",    "n/a",    "#N/A",         "<NA>",
        "None",     "nil",  "-nan", "1e999", "-1e999", "1e99999999999"};
    static const char *const wrong[] = {"x", "1x",  "0x10",  "1e",  "e5",
                                        ".", "--1", "1.2.3", "1,5", "1 2",
                                        "+", "1e+", "nane",  "yes", "1_000"};
    double got = 7;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(missing); i++) {
        got = 7;
        assert_ok(rca_csv_number(missing[i], &got));
        assert_nan(got);
    }
    got = 7;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(wrong); i++)
        assert_err(rca_csv_number(wrong[i], &got), RCA_ESYNTAX);
    assert_close(got, 7, 0);
}

static void same(const char *text)
{
    double got = 7;
    const double want = strtod(text, NULL);

    if (rca_csv_number(text, &got) || got != want ||
        signbit(got) != signbit(want))
        fail_msg("'%s' is %.17g, want %.17g", text, got, want);
}

static void numbers_are_strtods_bit_for_bit(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0",
        "1",
        "+1.5",
        ".5",
        "5.",
        "0.1",
        "1e22",
        "1e23",
        "123456789012345678",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993e-5",
        "18446744073709551615",
        "18446744073709551616",
        "123456789012345678901234567890.5",
        "0.000000000000000000000000000001234567",
        "4.9e-324",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "1E5",
        "1e-400",
        "0000000000000000000000000000000001",
    };
    uint64_t seed = test_seed();

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(texts); i++)
        same(texts[i]);
    for (int i = 0; i < 100000; i++) {
        const int digits = 1 + (int)(test_random(&seed) * 19);
        const double scale = pow(10, test_random(&seed) * 60 - 30);
        char text[64];

        (void)snprintf(text, sizeof(text), i % 2 ? "%.*g" : "%.*e", digits,
                       (test_random(&seed) - 0.3) * scale);
        same(text);
    }
}

static void records_are_found_by_the_headers_names(void **state)
{
    static const char *const wanted[] = {"source|from", "target", "kind"};
    char text[] = "Target,other,from\nb,1,a\n\nd,\"2,3\",c\n";
    struct rca_csv_records r RCA_CLEANUP(rca_csv_records_done) = {0};
    struct rca_csv csv;

    (void)state;
    open_text(&csv, text, NULL);
    assert_ok(rca_csv_records(&csv, wanted, 2, &r));
    assert_int_equal(r.n, 2);
    assert_string_equal(r.list[1].cell[0], "c");
    assert_string_equal(r.list[1].cell[1], "d");
    assert_string_equal(r.list[1].cell[2], "");
    assert_int_equal(r.list[1].line, 4);
}

static void a_mistake_is_told_with_row_and_column(void **state)
{
    char text[] = "a,b\n\"1\n2\",\"3";
    struct rca_diag diag = {0};
    struct rca_csv csv;
    char *cell;

    (void)state;
    open_text(&csv, text, &diag);
    assert_true(rca_csv_row(&csv));
    assert_int_equal(rca_csv_cell(&csv, &cell), 1);
    assert_int_equal(rca_csv_cell(&csv, &cell), 0);
    assert_true(rca_csv_row(&csv));
    assert_int_equal(rca_csv_cell(&csv, &cell), 1);
    assert_err(rca_csv_cell(&csv, &cell), RCA_ESYNTAX);
    assert_string_equal(diag.file, "x.csv");
    assert_int_equal(diag.line, 2);
    assert_int_equal(diag.column, 2);
}

static void a_nul_byte_is_told_with_its_line(void **state)
{
    char text[] = "a\nb\nc\0d";
    struct rca_diag diag = {0};
    struct rca_csv csv;

    (void)state;
    assert_err(rca_csv_open(&csv, text, sizeof(text) - 1, "x.csv", &diag),
               RCA_ESYNTAX);
    assert_int_equal(diag.line, 3);
}

static void no_memory_is_an_error(void **state)
{
    static const char *const wanted[] = {"a", "b", "c"};
    char text[] = "a\n1\n";
    struct rca_csv_records r = {0};
    struct rca_csv csv;

    (void)state;
    open_text(&csv, text, NULL);
    oom_after(0);
    assert_err(rca_csv_records(&csv, wanted, 1, &r), -ENOMEM);
    oom_after(-1);
    assert_null(r.list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_cut_as_rfc_4180_says),
        cmocka_unit_test(an_empty_last_cell_is_a_cell),
        cmocka_unit_test(words_for_nothing_are_missing),
        cmocka_unit_test(numbers_are_strtods_bit_for_bit),
        cmocka_unit_test(records_are_found_by_the_headers_names),
        cmocka_unit_test(a_mistake_is_told_with_row_and_column),
        cmocka_unit_test(a_nul_byte_is_told_with_its_line),
        cmocka_unit_test(no_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
