/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/test.h"

static void every_code_has_a_message_of_its_own(void **state)
{
    (void)state;
    for (int a = RCA_ERR_FIRST - 1; a > RCA_ERR_LAST; a--) {
        assert_non_null(rca_strerror(a));
        assert_string_not_equal(rca_strerror(a), "unknown error");
        for (int b = RCA_ERR_FIRST - 1; b > a; b--)
            assert_string_not_equal(rca_strerror(a), rca_strerror(b));
    }
    assert_string_equal(rca_strerror(-ENOENT), "No such file or directory");
    assert_string_equal(rca_strerror(0), "success");
}

static void other_numbers_are_unknown_errors(void **state)
{
    static const int odd[] = {1,    RCA_ERR_FIRST, RCA_ERR_LAST,
                              -999, INT32_MIN,     INT32_MAX};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(odd); i++)
        assert_string_equal(rca_strerror(odd[i]), "unknown error");
}

static void a_diag_says_where_and_what(void **state)
{
    struct rca_diag diag = {.column = 7};

    (void)state;
    assert_err(rca_diag_set(&diag, RCA_ESYNTAX, "f.csv", 3, "want %d", 5),
               RCA_ESYNTAX);
    assert_string_equal(diag.file, "f.csv");
    assert_int_equal(diag.line, 3);
    assert_int_equal(diag.column, 0);
    assert_string_equal(diag.text, "want 5");
}

static void a_diag_may_be_absent(void **state)
{
    (void)state;
    assert_err(rca_diag_set(NULL, -EIO, "f", 1, "x"), -EIO);
}

static void a_diag_cuts_and_cleans_what_comes_from_outside(void **state)
{
    struct rca_diag diag;
    char wide[2000];

    (void)state;
    memset(wide, 'x', sizeof(wide));
    wide[sizeof(wide) - 1] = '\0';
    wide[0] = '\033';
    assert_err(rca_diag_set(&diag, -EIO, NULL, 0, "%s", wide), -EIO);
    assert_string_equal(diag.file, "");
    assert_int_equal(strlen(diag.text), sizeof(diag.text) - 1);
    assert_int_equal(diag.text[0], '?');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_message_of_its_own),
        cmocka_unit_test(other_numbers_are_unknown_errors),
        cmocka_unit_test(a_diag_says_where_and_what),
        cmocka_unit_test(a_diag_may_be_absent),
        cmocka_unit_test(a_diag_cuts_and_cleans_what_comes_from_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
