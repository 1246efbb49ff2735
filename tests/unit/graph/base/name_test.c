/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/name.h"

#include <string.h>

#include "tests/harness/test.h"

/* RFC 3629, section 4, and the characters that a terminal obeys */
static void only_printable_utf8_counts_as_a_character(void **state)
{
    (void)state;
    assert_int_equal(rca_name_char("a"), 1);
    assert_int_equal(rca_name_char(" "), 1);
    assert_int_equal(rca_name_char("~"), 1);
    assert_int_equal(rca_name_char("\xc2\xa0"), 2);
    assert_int_equal(rca_name_char("\xc3\xa9"), 2);
    assert_int_equal(rca_name_char("\xe2\x86\x92"), 3);
    assert_int_equal(rca_name_char("\xf0\x9f\x9a\x80"), 4);
    assert_int_equal(rca_name_char("\xef\xbf\xbd"), 3);
    assert_int_equal(rca_name_char(""), 0);
}

static void what_is_not_printable_is_no_character(void **state)
{
    /* in pieces, as compilers warn of the character in one */
    static const char right_to_left[] = {'\xe2', '\x80', '\xae', '\0'};
    static const char *const bad[] = {
        "\n",
        "\033",
        "\x7f",
        "\x80", /* a tail alone */
        "\xc0\xaf", /* over-long '/' */
        "\xe0\x80\xaf",
        "\xf0\x80\x80\xaf",
        "\xed\xa0\x80", /* surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xff",
        "\xe2\x86", /* cut */
        "\xc2\x85", /* next line */
        right_to_left,
        "\xe2\x80\xa8", /* line separator */
        "\xef\xbb\xbf", /* byte order mark */
        "\xef\xbf\xbf", /* U+FFFF */
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++)
        assert_int_equal(rca_name_char(bad[i]), 0);
}

static void clean_names_stay_as_they_are(void **state)
{
    char buf[RCA_NAME_MAX + 1];

    (void)state;
    assert_string_equal(rca_name_clean("svc-\xc3\xa9 x->y", buf),
                        "svc-\xc3\xa9 x->y");
    assert_ptr_equal(rca_name_clean("a", buf), buf);
    assert_string_equal(rca_name_clean("", buf), "?");
    assert_string_equal(rca_name_clean("a\nb\xff", buf), "a?b?");
}

static void long_names_are_cut_between_characters(void **state)
{
    char name[300], buf[RCA_NAME_MAX + 1];

    (void)state;
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(strlen(rca_name_clean(name, buf)), RCA_NAME_MAX);
    /* a character of two bytes that would end one past the last */
    memcpy(name + RCA_NAME_MAX - 1, "\xc3\xa9", 2);
    assert_int_equal(strlen(rca_name_clean(name, buf)), RCA_NAME_MAX - 1);
}

/* distances counted by hand */
static void edits_are_counted_as_people_make_them(void **state)
{
    (void)state;
    assert_int_equal(rca_name_distance("kitten", "sitting"), 3);
    assert_int_equal(rca_name_distance("trian", "train"), 1);
    assert_int_equal(rca_name_distance("ca", "abc"), 3);
    assert_int_equal(rca_name_distance("Abc", "aBC"), 0);
    assert_int_equal(rca_name_distance("", "abc"), 3);
    assert_int_equal(rca_name_distance("abc", ""), 3);
    assert_int_equal(rca_name_distance("", ""), 0);
}

static void edits_are_symmetric_and_obey_the_longest_length(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int i = 0; i < 300; i++) {
        char a[240] = "", b[240] = "";
        const size_t na = (size_t)(test_random(&seed) * 230);
        const size_t nb = (size_t)(test_random(&seed) * 230);
        size_t edits, longest;

        for (size_t k = 0; k < na; k++)
            a[k] = (char)('a' + (int)(test_random(&seed) * 3));
        for (size_t k = 0; k < nb; k++)
            b[k] = (char)('a' + (int)(test_random(&seed) * 3));
        edits = rca_name_distance(a, b);
        longest = na > nb ? na : nb;
        assert_int_equal(edits, rca_name_distance(b, a));
        assert_true(edits <= longest);
        assert_int_equal(rca_name_distance(a, a), 0);
    }
}

static void the_nearest_name_is_found(void **state)
{
    static const char *const names[] = {"collect", "train", "explain", "export",
                                        "store"};
    const size_t n = RCA_ARRAY_SIZE(names);

    (void)state;
    assert_int_equal(rca_name_nearest("trian", names, n), 1);
    assert_int_equal(rca_name_nearest("EXPLAIN", names, n), 2);
    assert_int_equal(rca_name_nearest("exp", names, n), 2);
    assert_int_equal(rca_name_nearest("expo", names, n), 3);
    assert_int_equal(rca_name_nearest("stare", names, n), 4);
    assert_int_equal(rca_name_nearest("zzzzzz", names, n), n);
    assert_int_equal(rca_name_nearest("", names, n), n);
    assert_int_equal(rca_name_nearest("x", names, 0), 0);
}

static void an_abbreviation_is_as_near_as_one_wrong_letter(void **state)
{
    static const char *const names[] = {"abz", "abcdef"};

    (void)state;
    /* both one step away: the first */
    assert_int_equal(rca_name_nearest("abc", names, 2), 0);
    /* the same word in another case is nearer than either */
    assert_int_equal(rca_name_nearest("ABCDEF", names, 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_printable_utf8_counts_as_a_character),
        cmocka_unit_test(what_is_not_printable_is_no_character),
        cmocka_unit_test(clean_names_stay_as_they_are),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(edits_are_counted_as_people_make_them),
        cmocka_unit_test(edits_are_symmetric_and_obey_the_longest_length),
        cmocka_unit_test(the_nearest_name_is_found),
        cmocka_unit_test(an_abbreviation_is_as_near_as_one_wrong_letter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
