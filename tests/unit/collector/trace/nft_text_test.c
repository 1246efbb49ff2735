/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_text.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/test.h"

/* What was visited. */
struct out {
    size_t n;
    struct rca_trace_rule rules[16];
    char texts[16][RCA_TRACE_NFT_TEXT];
};

static int keep(void *arg, const struct rca_trace_rule *rule, const char *text)
{
    struct out *out = (struct out *)arg;

    assert_true(out->n < RCA_ARRAY_SIZE(out->rules));
    out->rules[out->n] = *rule;
    assert_true(strlen(text) < RCA_TRACE_NFT_TEXT);
    memcpy(out->texts[out->n++], text, strlen(text) + 1);
    return 0;
}

static struct out read_text(const char *text)
{
    struct out out = {.n = 0};

    assert_ok(rca_trace_nft_text(text, strlen(text), keep, &out));
    return out;
}

static void assert_rule(const struct out *out, size_t i, unsigned family,
                        const char *where, uint64_t handle, const char *text)
{
    char at[2 * RCA_TRACE_NAME + 1];

    assert_true(i < out->n);
    (void)snprintf(at, sizeof(at), "%s/%s", out->rules[i].table,
                   out->rules[i].chain);
    assert_int_equal(out->rules[i].family, family);
    assert_string_equal(at, where);
    assert_int_equal(out->rules[i].handle, handle);
    assert_string_equal(out->texts[i], text);
}

/* As nft 1.0.6 prints it. */
static const char ruleset[] =
    "table inet fw { # handle 1\n"
    "\tset ports { # handle 4\n"
    "\t\ttype inet_service\n"
    "\t\telements = { 80,\n"
    "\t\t\t     81 }\n"
    "\t}\n"
    "\n"
    "\tchain in { # handle 1\n"
    "\t\tcomment \"what comes in\"\n"
    "\t\ttype filter hook input priority filter; policy drop;\n"
    "\t\tudp dport 9 counter packets 0 bytes 0 drop # handle 2\n"
    "\t\tip saddr { 10.0.0.1, 10.0.0.2,\n"
    "\t\t\t     10.0.0.3 } drop # handle 5\n"
    "\t\ttcp dport 80 drop comment \"not # handle 9\" # handle 6\n"
    "\t}\n"
    "\n"
    "\tchain more { # handle 7\n"
    "\t\ttcp dport @ports accept # handle 8\n"
    "\t}\n"
    "}\n"
    "table ip6 t { # handle 2\n"
    "\tchain out { # handle 1\n"
    "\t\ttype filter hook output priority filter; policy accept;\n"
    "\t}\n"
    "}\n"
    "table bridge b { # handle 3\n"
    "\tchain c { # handle 1\n"
    "\t\tdrop # handle 2\n"
    "\t}\n"
    "}\n";

static void rules_and_policies_have_their_texts(void **state)
{
    const struct out out = read_text(ruleset);

    (void)state;
    assert_int_equal(out.n, 7);
    assert_rule(&out, 0, NFPROTO_INET, "fw/in", 0, "policy drop");
    assert_rule(&out, 1, NFPROTO_INET, "fw/in", 2,
                "udp dport 9 counter packets 0 bytes 0 drop");
    assert_rule(&out, 2, NFPROTO_INET, "fw/in", 5,
                "ip saddr { 10.0.0.1, 10.0.0.2, 10.0.0.3 } drop");
    assert_rule(&out, 3, NFPROTO_INET, "fw/in", 6,
                "tcp dport 80 drop comment \"not # handle 9\"");
    assert_rule(&out, 4, NFPROTO_INET, "fw/more", 8, "tcp dport @ports accept");
    assert_rule(&out, 5, NFPROTO_IPV6, "t/out", 0, "policy accept");
    assert_rule(&out, 6, NFPROTO_BRIDGE, "b/c", 2, "drop");
}

static void long_rules_are_cut(void **state)
{
    char text[4096] = "table ip t {\nchain c {\n";
    struct out out;

    (void)state;
    for (int i = 0; i < 400; i++)
        strcat(text, "1234567 ");
    strcat(text, "drop # handle 1234567\n");
    out = read_text(text);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.rules[0].handle, 1234567);
    assert_int_equal(strlen(out.texts[0]), RCA_TRACE_NFT_TEXT - 1);
    assert_string_equal(out.texts[0] + RCA_TRACE_NFT_TEXT - 4, "...");
}

static void long_names_are_cut(void **state)
{
    char text[512] = "table ip ";
    struct out out;

    (void)state;
    memset(text + 9, 'x', 200);
    strcat(text, " {\nchain c {\ndrop # handle 1\n");
    out = read_text(text);
    assert_int_equal(out.n, 1);
    assert_int_equal(strlen(out.rules[0].table), RCA_TRACE_NAME - 1);
}

static void what_is_no_ruleset_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(read_text("").n, 0);
    assert_int_equal(read_text("\n\n}\n").n, 0);
    assert_int_equal(read_text("drop # handle 1\n").n, 0);
    assert_int_equal(read_text("table\nchain\n# handle 3").n, 0);
    assert_int_equal(read_text("table ip t {\nchain c {\ndrop\n}\n").n, 0);
    assert_int_equal(
        read_text("table ip t {\nchain c {\ndrop # handle x\n}\n").n, 0);
    /* cut in the middle */
    for (size_t n = 0; n < sizeof(ruleset); n++) {
        struct out out = {.n = 0};

        assert_ok(rca_trace_nft_text(ruleset, n, keep, &out));
    }
}

static int refuse(void *arg, const struct rca_trace_rule *rule,
                  const char *text)
{
    (void)rule;
    (void)text;
    ++*(int *)arg;
    return -EIO;
}

static void a_failing_visit_ends_it(void **state)
{
    int calls = 0;

    (void)state;
    assert_err(rca_trace_nft_text(ruleset, sizeof(ruleset) - 1, refuse, &calls),
               -EIO);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_and_policies_have_their_texts),
        cmocka_unit_test(long_rules_are_cut),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(what_is_no_ruleset_is_passed_over),
        cmocka_unit_test(a_failing_visit_ends_it),
    };

    return cmocka_run_group_tests_name("trace/nft_text", tests, NULL, NULL);
}
