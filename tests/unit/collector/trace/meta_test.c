/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/meta.h"

#include <errno.h>

#include "tests/harness/ebpf.h"
#include "tests/harness/metas.h"
#include "tests/harness/oom.h"

/* --- known answers ----------------------------------------------------------------- */

static int run_code(const struct rca_trace_code *code,
                    const struct rca_trace_event *e)
{
    const struct ebpf_packet p = {(const unsigned char *)e, sizeof(*e),
                                  sizeof(*e), sizeof(*e)};
    const char *why = NULL;
    const int r = ebpf_run(code->insns, code->n, &p, &why);

    if (r < 0)
        fail_msg("the code %s", why);
    return r;
}

/* What both decide. */
static _Bool takes(const char *expression, const struct rca_trace_event *e)
{
    struct rca_trace_meta *meta RCA_CLEANUP(rca_trace_meta_free) = NULL;
    struct rca_trace_code code = {0};
    struct rca_diag diag = {0};
    _Bool is;

    if (rca_trace_meta_new(expression, &meta_lookup, &diag, &meta))
        fail_msg("%s: %s", expression, diag.text);
    is = rca_trace_meta_matches(meta, e);
    assert_ok(rca_trace_meta_translate(meta, &code));
    assert_int_equal(run_code(&code, e), is);
    free(code.insns);
    return is;
}

static struct rca_trace_event web_request(void)
{
    struct rca_trace_event e = {.point = RCA_TRACE_DROP,
                                .has = RCA_TRACE_HAS_REASON,
                                .reason = 3,
                                .netns = 7,
                                .ifindex = 2,
                                .mark = 0x107,
                                .length = 60,
                                .cgroup = 20,
                                .pid = 4711,
                                .cpu = 1,
                                .vlan = 0x10000 | 5 << 13 | 42,
                                .command = "nginx"};

    e.flow.family = AF_INET;
    e.flow.protocol = 6;
    e.flow.source_port = 40000;
    e.flow.destination_port = 80;
    assert_int_equal(inet_pton(AF_INET, "10.0.0.9", e.flow.source), 1);
    assert_int_equal(inet_pton(AF_INET, "10.0.0.1", e.flow.destination), 1);
    return e;
}

/* What takes web_request(), and what does not. */
static const char *const yes[] = {
    "",
    " \t\n",
    "netns == web",
    "netns == 7",
    "netns != many",
    "netns in {many, web}",
    "device == eth0",
    "device == 2",
    "device == 0x2",
    "device != lo",
    "mark == 263",
    "mark & 0xff == 7",
    "mark&0xff==7",
    "mark > 262 && mark < 264 && mark >= 263 && mark <= 263",
    "length in {59, 60}",
    "port == 80",
    "port == 40000",
    "port < 81",
    "port > 80",
    "port & 0xf == 0",
    "vlan == 42",
    "vlan & 0xf000 == 0",
    "pid == 4711",
    "cpu == 1",
    "cgroup == a/b",
    "cgroup == \"a/b\"",
    "reason == no_socket",
    "reason != twice",
    "point == drop",
    "protocol == tcp",
    "protocol == 6",
    "service == cart",
    "service != db",
    "command == nginx",
    "command == \"nginx\"",
    "command in {apache, nginx}",
    "reason == no_socket && netns == web",
    "service == db || mark & 0xff == 7",
    "!(netns == many)",
    "!!(netns == web)",
    "netns == many || netns == web && point == drop",
    "(netns == web || netns == many) && point == drop",
    "!netns == many",
};

static const char *const no[] = {
    "netns == many",
    "netns == 8",
    "netns != web",
    "device == lo",
    "device == 3",
    "mark != 263",
    "mark < 263",
    "mark & 0xff == 8",
    "mark & 0 == 1",
    "port == 81",
    "port != 80",
    "port < 80",
    "port > 40000",
    "vlan == 43",
    "vlan == 41",
    "cgroup == c.slice",
    "reason == twice",
    "reason != no_socket",
    "point == read",
    "point in {receive, read}",
    "protocol == udp",
    "protocol != tcp",
    "service == db",
    "service != cart",
    "command == ngin",
    "command == nginx2",
    "command == \"\"",
    "netns == web && netns == many",
    "(netns == web || netns == many) && point == read",
    "!(netns == web)",
    "netns == many || netns == many && netns == web",
    "netns == web && netns == many || point == read",
};

static void each_field_compares(void **state)
{
    const struct rca_trace_event e = web_request();

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(yes); i++) {
        if (!takes(yes[i], &e))
            fail_msg("does not take it: %s", yes[i]);
    }
    for (size_t i = 0; i < RCA_ARRAY_SIZE(no); i++) {
        if (takes(no[i], &e))
            fail_msg("takes it: %s", no[i]);
    }
}

static void a_reason_is_a_drop_s_that_has_one(void **state)
{
    struct rca_trace_event e = web_request();

    (void)state;
    e.point = RCA_TRACE_CONSUME;
    assert_false(takes("reason == no_socket", &e));
    assert_true(takes("reason != no_socket", &e));
    e.point = RCA_TRACE_DROP;
    e.has = (unsigned)~RCA_TRACE_HAS_REASON;
    assert_false(takes("reason == no_socket", &e));
}

static void a_port_is_of_what_has_ports(void **state)
{
    struct rca_trace_event e = web_request();

    (void)state;
    e.flow.protocol = 1;
    assert_false(takes("port == 40000", &e)); /* an echo's number */
    assert_false(takes("port < 65535", &e));
    assert_true(takes("port != 40000", &e));
    e.flow.protocol = 17;
    assert_true(takes("port == 40000", &e));
    e.flow.fragment = 1;
    assert_false(takes("port == 40000", &e));
    e.flow.fragment = 0;
    e.flow.family = 0;
    assert_false(takes("port == 40000", &e));
    assert_false(takes("protocol == udp", &e));
    assert_false(takes("service == cart", &e));
}

static void a_vlan_is_of_what_has_a_tag(void **state)
{
    struct rca_trace_event e = web_request();

    (void)state;
    e.vlan = 0;
    assert_false(takes("vlan == 0", &e));
    assert_false(takes("vlan < 4095", &e));
    assert_true(takes("vlan != 0", &e));
    e.vlan = 0x10000;
    assert_true(takes("vlan == 0", &e));
}

static void a_service_is_at_either_end(void **state)
{
    struct rca_trace_event e = web_request();
    unsigned char swap[16];

    (void)state;
    memcpy(swap, e.flow.source, 16);
    memcpy(e.flow.source, e.flow.destination, 16);
    memcpy(e.flow.destination, swap, 16);
    assert_false(takes("service == cart", &e)); /* its address, not its port */
    e.flow.source_port = 80;
    assert_true(takes("service == cart", &e));
    /* a loopback address: only in its namespace */
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", e.flow.source), 1);
    assert_true(takes("service == cart", &e));
    e.netns = 8;
    assert_false(takes("service == cart", &e));
    e.flow.family = AF_INET6;
    assert_int_equal(inet_pton(AF_INET6, "fd00::1", e.flow.source), 1);
    assert_true(takes("service == cart", &e));
    e.flow.source[15] = 2;
    assert_false(takes("service == cart", &e));
}

static void a_command_ends_where_the_kernel_ends_it(void **state)
{
    struct rca_trace_event e = web_request();

    (void)state;
    memset(e.command, 'x', sizeof(e.command));
    memcpy(e.command, "fifteen-letters", 16);
    assert_true(takes("command == fifteen-letters", &e));
    assert_true(takes("command == fifteen-letters-and-more", &e));
    assert_false(takes("command == fifteen-letter", &e));
    memcpy(e.command, "abc", 4); /* what is after the end does not count */
    assert_true(takes("command == abc", &e));
    e.command[0] = '\0';
    assert_true(takes("command == \"\"", &e));
}

/* --- what is refused ------------------------------------------------------------- */

static const struct refusal {
    const char *expression;
    int err;
    unsigned column;
    const char *text;
} refusals[] = {
    {"netns < web", RCA_ESYNTAX, 7, "netns compares with == and != only"},
    {"netns & 3 == 7", RCA_ESYNTAX, 7,
     "netns is no plain number: it takes no mask"},
    {"device == eht0", RCA_EUNKNOWN, 11,
     "no device is called 'eht0' (there are eth0, lo)"},
    {"netsn == web", RCA_EUNKNOWN, 1,
     "no field is called 'netsn': did you mean 'netns'?"},
    {"colour == red", RCA_EUNKNOWN, 1,
     "no field is called 'colour' (there are"},
    {"\"netns\" == web", RCA_EUNKNOWN, 1, "no field is called 'netns'"},
    {"netns == wbe", RCA_EUNKNOWN, 10,
     "no network namespace is called 'wbe' (there are web, many)"},
    {"netns == \"7\"", RCA_EUNKNOWN, 10, "no network namespace is called '7'"},
    {"mark == 1 && reason == no_sokcet", RCA_EUNKNOWN, 24,
     "no drop reason is called 'no_sokcet' (there are no_socket, twice)"},
    {"reason == 3", RCA_EUNKNOWN, 11, "no drop reason is called '3'"},
    {"cgroup == nowhere", RCA_EUNKNOWN, 11,
     "no cgroup is called 'nowhere' (there are a/b, c.slice)"},
    {"service == crat", RCA_EUNKNOWN, 12,
     "no service that listens is called 'crat' (there are cart, db)"},
    {"point == dorp", RCA_EUNKNOWN, 10,
     "no point is called 'dorp': did you mean 'drop'?"},
    {"point == xyzzyx", RCA_EUNKNOWN, 10, "receive, loop, queue, enqueue"},
    {"protocol == tpc", RCA_EUNKNOWN, 13, "(there are tcp, udp, icmp"},
    {"protocol == 256", RCA_ESYNTAX, 13, "protocol is at most 255"},
    {"mark == red", RCA_ESYNTAX, 9,
     "mark compares with a number, and 'red' is none"},
    {"mark == \"7\"", RCA_ESYNTAX, 9, "mark compares with a number"},
    {"mark == 0x", RCA_ESYNTAX, 9, "mark compares with a number"},
    {"mark == -1", RCA_ESYNTAX, 9, "mark compares with a number"},
    {"mark == 0x100000000", RCA_ESYNTAX, 9, "mark is at most 4294967295"},
    {"mark == 99999999999999999999", RCA_ESYNTAX, 9,
     "mark compares with a number"},
    {"mark == 0x11111111111111111", RCA_ESYNTAX, 9,
     "mark compares with a number"},
    {"port == 65536", RCA_ESYNTAX, 9, "port is at most 65535"},
    {"vlan == 4096", RCA_ESYNTAX, 9, "vlan is at most 4095"},
    {"mark & red == 1", RCA_ESYNTAX, 8, "a mask is a number"},
    {"mark & == 1", RCA_ESYNTAX, 8, "a mask is a number"},
    {"mark = 1", RCA_ESYNTAX, 6, "did you mean '=='?"},
    {"mark == 1 | mark == 2", RCA_ESYNTAX, 11, "did you mean '||'?"},
    {"mark == 1 & mark == 2", RCA_ESYNTAX, 11, "'&&' or '||' belongs here"},
    {"mark", RCA_ESYNTAX, 5, "a comparison belongs here"},
    {"mark 7", RCA_ESYNTAX, 6, "a comparison belongs here"},
    {"mark ==", RCA_ESYNTAX, 8, "a value is missing here"},
    {"mark == ==", RCA_ESYNTAX, 9, "a value is missing here"},
    {"== 7", RCA_ESYNTAX, 1, "a comparison begins with a field"},
    {"mark == 7 &&", RCA_ESYNTAX, 13, "a comparison is missing here"},
    {"mark == 7 mark == 8", RCA_ESYNTAX, 11, "'&&' or '||' belongs here"},
    {"(mark == 7", RCA_ESYNTAX, 11, "')' belongs here"},
    {"mark == 7)", RCA_ESYNTAX, 10, "'&&' or '||' belongs here"},
    {"()", RCA_ESYNTAX, 2, "a comparison begins with a field"},
    {"!", RCA_ESYNTAX, 2, "a comparison is missing here"},
    {"mark in 7", RCA_ESYNTAX, 9, "'{' and a list of values belong here"},
    {"mark in {7", RCA_ESYNTAX, 11, "',' or '}' belongs here"},
    {"mark in {}", RCA_ESYNTAX, 10, "a value is missing here"},
    {"mark in {7,}", RCA_ESYNTAX, 12, "a value is missing here"},
    {"mark & 3 in {7}", RCA_ESYNTAX, 10, "a comparison belongs here"},
    {"command == \"nginx", RCA_ESYNTAX, 12, "this quote has no end"},
    {"mark == 7 ; 8", RCA_ESYNTAX, 11, "this character means nothing here"},
    {"mark == \x01", RCA_ESYNTAX, 9, "this character means nothing here"},
};

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(refusals); i++) {
        const struct refusal *w = &refusals[i];
        struct rca_trace_meta *meta = NULL;
        struct rca_diag diag = {0};
        const int r =
            rca_trace_meta_new(w->expression, &meta_lookup, &diag, &meta);

        assert_null(meta);
        if (r != w->err || diag.column != w->column ||
            !strstr(diag.text, w->text))
            fail_msg("%s: %d, column %u: %s", w->expression, r, diag.column,
                     diag.text);
        assert_err(rca_trace_meta_new(w->expression, &meta_lookup, NULL, &meta),
                   w->err);
    }
}

static void a_refusal_says_which_filter_it_is_of(void **state)
{
    struct rca_trace_meta *meta = NULL;
    struct rca_diag diag = {0};

    (void)state;
    assert_err(rca_trace_meta_new("netns < web", &meta_lookup, &diag, &meta),
               RCA_ESYNTAX);
    assert_string_equal(
        diag.text, "meta filter, column 7: netns compares with == and != only");
}

static void without_names_there_are_none(void **state)
{
    struct rca_trace_meta *meta = NULL;
    struct rca_diag diag = {0};

    (void)state;
    assert_err(rca_trace_meta_new("device == eth0", NULL, &diag, &meta),
               RCA_EUNKNOWN);
    assert_non_null(
        strstr(diag.text, "no device is called 'eth0', and none is known"));
    assert_ok(
        rca_trace_meta_new("device == 3 && netns == 7", NULL, &diag, &meta));
    rca_trace_meta_free(&meta);
    rca_trace_meta_free(&meta);
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    struct rca_trace_meta *meta = NULL;
    struct rca_diag diag = {0};
    char text[700] = "cgroup == ";

    (void)state;
    memset(text + strlen(text), 'x', 600);
    assert_err(rca_trace_meta_new(text, &meta_lookup, &diag, &meta),
               RCA_ESYNTAX);
    assert_non_null(strstr(diag.text, "this name is too long"));
}

static void nesting_has_a_limit(void **state)
{
    struct rca_trace_meta *meta = NULL;
    struct rca_diag diag = {0};
    char text[256];

    (void)state;
    for (unsigned n = 64; n < 66; n++) {
        memset(text, n & 1 ? '!' : '(', n);
        (void)snprintf(text + n, sizeof(text) - n, "mark == 1");
        if (!(n & 1))
            memset(strchr(text, '\0'), ')', n + 1);
        if (!(n & 1))
            text[2 * n + 9] = '\0';
        assert_err(rca_trace_meta_new(text, NULL, &diag, &meta),
                   n > 64 ? RCA_ESYNTAX : 0);
        rca_trace_meta_free(&meta);
    }
    assert_non_null(strstr(diag.text, "this is nested too deeply"));
    assert_int_equal(diag.column, 65);
}

static void sixty_four_comparisons_are_taken(void **state)
{
    struct rca_trace_meta *meta = NULL;
    struct rca_diag diag = {0};
    char text[1024] = "mark == 1";

    (void)state;
    for (int i = 1; i < 64; i++)
        (void)strcat(text, "||pid == 1");
    assert_ok(rca_trace_meta_new(text, NULL, &diag, &meta));
    rca_trace_meta_free(&meta);
    (void)strcat(text, "||pid == 1");
    assert_err(rca_trace_meta_new(text, NULL, &diag, &meta), -E2BIG);
    assert_non_null(strstr(diag.text, "over 64 comparisons"));
}

/* --- names of many numbers -------------------------------------------------------- */

static size_t n_numbers;

static size_t many(void *arg, const char *name, uint64_t *ret, size_t max)
{
    const size_t n = n_numbers < max ? n_numbers : max;

    (void)arg;
    (void)name;
    for (size_t i = 0; i < n; i++)
        ret[i] = UINT64_C(1) << 40 | (i + 1);
    return n;
}

static void what_does_not_fit_is_told(void **state)
{
    const struct rca_trace_lookup lookup = {
        .netns = many, .cgroup = many, .device = many};
    struct rca_trace_event e = {.netns = 400};
    struct rca_trace_meta *meta = NULL;
    struct rca_trace_code code = {0};
    struct rca_diag diag = {0};

    (void)state;
    n_numbers = 500; /* a load, and a jump for each */
    assert_ok(rca_trace_meta_new("netns == x", &lookup, &diag, &meta));
    assert_ok(rca_trace_meta_translate(meta, &code));
    assert_true(code.n <= RCA_TRACE_META_CODE);
    assert_int_equal(run_code(&code, &e), 1);
    e.netns = 501;
    assert_int_equal(run_code(&code, &e), 0);
    free(code.insns);
    rca_trace_meta_free(&meta);
    code = (struct rca_trace_code){0};

    assert_ok(rca_trace_meta_new("cgroup == x", &lookup, &diag, &meta));
    e.cgroup = UINT64_C(1) << 40 | 400;
    assert_true(rca_trace_meta_matches(meta, &e));
    assert_err(rca_trace_meta_translate(meta, &code), -E2BIG);
    assert_null(code.insns);
    rca_trace_meta_free(&meta);

    n_numbers = 512;
    assert_err(rca_trace_meta_new("netns == x", &lookup, &diag, &meta), -E2BIG);
    assert_non_null(strstr(diag.text, "this name stands for over 512 numbers"));
    n_numbers = 500;
    {
        char text[512] = "device in {x";

        for (int i = 1; i < 64; i++)
            (void)strcat(text, ",x");
        (void)strcat(text, "}");
        assert_err(rca_trace_meta_new(text, &lookup, &diag, &meta), -E2BIG);
        assert_non_null(
            strstr(diag.text, "the names stand for too many numbers at once"));
    }
}

/* --- by chance ---------------------------------------------------------------------- */

static void random_expressions_decide_alike_everywhere(void **state)
{
    uint64_t seed = test_seed();
    const int rounds = test_rounds(4000);
    unsigned taken = 0, longest = 0;

    (void)state;
    for (int i = 0; i < rounds; i++) {
        struct rca_trace_meta *meta RCA_CLEANUP(rca_trace_meta_free) = NULL;
        struct rca_trace_code code = {0};
        struct rca_diag diag = {0};
        const uint64_t expression = seed + 1;
        struct rca_trace_event e;
        char text[META_TEXT];

        meta_event(&seed, &e);
        (void)meta_expression(expression, &e, text);
        if (rca_trace_meta_new(text, &meta_lookup, &diag, &meta))
            fail_msg("%s: column %u: %s", text, diag.column, diag.text);
        assert_ok(rca_trace_meta_translate(meta, &code));
        for (int k = 0; k < 10; k++) {
            const _Bool want = meta_expression(expression, &e, text);

            if (rca_trace_meta_matches(meta, &e) != want ||
                run_code(&code, &e) != want)
                fail_msg("should be %d, is %d and %d: %s", want,
                         rca_trace_meta_matches(meta, &e), run_code(&code, &e),
                         text);
            taken += want;
            meta_event(&seed, &e);
        }
        longest = code.n > longest ? (unsigned)code.n : longest;
        free(code.insns);
    }
    print_message("%d pairs, %u taken; the longest has %u instructions\n",
                  10 * rounds, taken, longest);
    assert_true(taken > (unsigned)rounds && taken < 9 * (unsigned)rounds);
}

static void without_memory_nothing_is_left_behind(void **state)
{
    static const char text[] =
        "(netns == many || device == eth0 || service == cart) && "
        "reason in {no_socket, twice} && !(command == nginx) && "
        "cgroup == a/b && port & 3 < 2 && vlan == 3 && protocol == tcp";

    (void)state;
    for (long n = 0;; n++) {
        struct rca_trace_meta *meta = NULL;
        struct rca_trace_code code = {0};
        int r;

        oom_after(n);
        r = rca_trace_meta_new(text, &meta_lookup, NULL, &meta);
        if (r == 0)
            r = rca_trace_meta_translate(meta, &code);
        oom_after(-1);
        rca_trace_meta_free(&meta);
        free(code.insns);
        if (r == 0)
            break;
        assert_int_equal(r, -ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_compares),
        cmocka_unit_test(a_reason_is_a_drop_s_that_has_one),
        cmocka_unit_test(a_port_is_of_what_has_ports),
        cmocka_unit_test(a_vlan_is_of_what_has_a_tag),
        cmocka_unit_test(a_service_is_at_either_end),
        cmocka_unit_test(a_command_ends_where_the_kernel_ends_it),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(a_refusal_says_which_filter_it_is_of),
        cmocka_unit_test(without_names_there_are_none),
        cmocka_unit_test(a_name_that_is_too_long_is_refused),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(sixty_four_comparisons_are_taken),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(random_expressions_decide_alike_everywhere),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
