/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Against a BTF made here: functions with and without packets. */

#include "collector/trace/types.h"

#include <errno.h>
#include <string.h>

#include <bpf/btf.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/** struct ids - of types in the BTF */
struct ids {
    int number, packet, pointer, constant;
};

static int add_function(struct btf *btf, const char *name, int ret,
                        const int *params, size_t n)
{
    const int proto = btf__add_func_proto(btf, ret);

    for (size_t i = 0; i < n; i++)
        assert_ok(btf__add_func_param(btf, "p", params[i]));
    return btf__add_func(btf, name, BTF_FUNC_STATIC, proto);
}

/* ip_rcv(packet, int); ip_output(int, int, const packet);
 * far(int x 5, packet); schedule(); no struct in them but sk_buff. */
static struct btf *make(void)
{
    struct btf *btf = btf__new_empty();
    struct ids t;

    assert_non_null(btf);
    t.number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
    t.packet = btf__add_struct(btf, "sk_buff", 16);
    assert_ok(btf__add_field(btf, "len", t.number, 0, 0));
    assert_ok(btf__add_field(btf, "tag", t.number, 33, 12));
    t.pointer = btf__add_ptr(btf, t.packet);
    t.constant = btf__add_ptr(btf, btf__add_const(btf, t.packet));
    (void)add_function(btf, "ip_rcv", t.number, (int[]){t.pointer, t.number},
                       2);
    (void)add_function(btf, "ip_output", t.number,
                       (int[]){t.number, t.number, t.constant}, 3);
    (void)add_function(
        btf, "far", 0,
        (int[]){t.number, t.number, t.number, t.number, t.number, t.pointer},
        6);
    (void)add_function(btf, "schedule", 0, NULL, 0);
    return btf;
}

static struct rca_trace_types *open_types(void)
{
    struct rca_trace_types *types = NULL;

    assert_ok(rca_trace_types_new(make(), &types));
    return types;
}

static void the_packet_is_found_among_the_arguments(void **state)
{
    struct rca_trace_types *types = open_types();
    unsigned at = 9;

    (void)state;
    assert_true(rca_trace_types_has(types, "ip_rcv"));
    assert_false(rca_trace_types_has(types, "sk_buff"));
    assert_ok(rca_trace_types_packet(types, "ip_rcv", NULL, &at));
    assert_int_equal(at, 0);
    assert_ok(rca_trace_types_packet(types, "ip_output", NULL, &at));
    assert_int_equal(at, 2);
    rca_trace_types_free(&types);
    assert_null(types);
}

static void wrong_names_are_refused_with_the_nearest(void **state)
{
    struct rca_trace_types *types = open_types();
    struct rca_diag diag = {.text = ""};
    unsigned at = 9;

    (void)state;
    assert_err(rca_trace_types_packet(types, "ip_rcw", &diag, &at),
               RCA_EUNKNOWN);
    assert_string_equal(diag.text, "this kernel has no function 'ip_rcw' that "
                                   "can be probed; the nearest: 'ip_rcv'");
    assert_err(rca_trace_types_packet(types, "zzzzzzzz", &diag, &at),
               RCA_EUNKNOWN);
    assert_string_equal(
        diag.text, "this kernel has no function 'zzzzzzzz' that can be probed");
    assert_int_equal(at, 9);
    rca_trace_types_free(&types);
}

static void functions_without_a_packet_show_their_prototype(void **state)
{
    struct rca_trace_types *types = open_types();
    struct rca_diag diag = {.text = ""};
    unsigned at = 9;

    (void)state;
    assert_err(rca_trace_types_packet(types, "schedule", &diag, &at),
               RCA_ESYNTAX);
    assert_non_null(strstr(diag.text, "void schedule("));
    assert_err(rca_trace_types_packet(types, "far", &diag, &at), RCA_ESYNTAX);
    assert_non_null(strstr(diag.text, "struct sk_buff *p)"));
    assert_int_equal(at, 9);
    rca_trace_types_free(&types);
}

static void fields_are_found_by_name(void **state)
{
    struct rca_trace_types *types = open_types();

    (void)state;
    assert_int_equal(rca_trace_types_bit(types, "sk_buff", "len"), 0);
    assert_int_equal(rca_trace_types_bit(types, "sk_buff", "tag"), 33);
    assert_int_equal(rca_trace_types_bit(types, "sk_buff", "none"), -1);
    assert_int_equal(rca_trace_types_bit(types, "none", "len"), -1);
    rca_trace_types_free(&types);
}

static void failed_allocations_are_reported(void **state)
{
    struct rca_trace_types *types = open_types();
    struct rca_diag diag = {.text = ""};
    unsigned at = 9;
    int r = -ENOMEM;

    (void)state;
    for (long n = 0; n < 100 && r == -ENOMEM; n++) {
        oom_after(n);
        r = rca_trace_types_packet(types, "ip_rcw", &diag, &at);
        oom_after(-1);
    }
    assert_int_equal(r, RCA_EUNKNOWN);
    rca_trace_types_free(&types);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packet_is_found_among_the_arguments),
        cmocka_unit_test(wrong_names_are_refused_with_the_nearest),
        cmocka_unit_test(functions_without_a_packet_show_their_prototype),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(failed_allocations_are_reported),
    };

    return cmocka_run_group_tests_name("trace/types", tests, NULL, NULL);
}
