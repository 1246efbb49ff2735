/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/kind.h"

#include "graph/base/err.h"
#include "tests/harness/test.h"

static void every_name_reads_back(void **state)
{
    (void)state;
    for (int i = 0; i < RCA_KIND_COUNT; i++) {
        enum rca_kind kind = RCA_KIND_COUNT;

        assert_ok(rca_kind_parse(rca_kind_name((enum rca_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    for (int i = 0; i < RCA_ROLE_COUNT; i++) {
        enum rca_role role = RCA_ROLE_COUNT;

        assert_ok(rca_role_parse(rca_role_name((enum rca_role)i), &role));
        assert_int_equal(role, i);
    }
    for (int i = 0; i < RCA_EDGE_COUNT; i++) {
        enum rca_edge_kind kind = RCA_EDGE_COUNT;

        assert_ok(rca_edge_parse(rca_edge_name((enum rca_edge_kind)i), &kind));
        assert_int_equal(kind, i);
    }
}

static void unknown_names_change_nothing(void **state)
{
    enum rca_kind kind = RCA_KIND_NIC;
    enum rca_role role = RCA_ROLE_ERROR;
    enum rca_edge_kind edge = RCA_EDGE_LINK;

    (void)state;
    assert_err(rca_kind_parse("Service", &kind), RCA_EUNKNOWN);
    assert_err(rca_kind_parse("", &kind), RCA_EUNKNOWN);
    assert_err(rca_role_parse("loads", &role), RCA_EUNKNOWN);
    assert_err(rca_edge_parse("runs on", &edge), RCA_EUNKNOWN);
    assert_int_equal(kind, RCA_KIND_NIC);
    assert_int_equal(role, RCA_ROLE_ERROR);
    assert_int_equal(edge, RCA_EDGE_LINK);
}

static void units_have_suffixes(void **state)
{
    (void)state;
    for (int i = 0; i < RCA_UNIT_COUNT; i++)
        assert_non_null(rca_unit_suffix((enum rca_unit)i));
    assert_string_equal(rca_unit_suffix(RCA_UNIT_NONE), "");
    assert_string_equal(rca_unit_suffix(RCA_UNIT_SECONDS), "s");
    assert_string_equal(rca_unit_suffix(RCA_UNIT_BYTES_PER_SECOND), "B/s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_reads_back),
        cmocka_unit_test(unknown_names_change_nothing),
        cmocka_unit_test(units_have_suffixes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
