/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The renderers against golden files, byte for byte (RCA_GOLDEN=write makes
 * them anew: look at the difference before it is committed). */

#include "cli/render.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/words.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define AT(s) ((1700000000 + (s)) * RCA_SECOND)

static struct rca_card card_of(enum rca_kind kind, const char *name,
                               const char *metric, const char *label)
{
    struct rca_card c = {.kind = kind,
                         .name = name,
                         .host = "host-3",
                         .metric = metric,
                         .label = label,
                         .onset = AT(0)};

    for (size_t i = 0; i < RCA_SPARK; i++)
        c.spark[i] = i < 7 ? 0.1 : 1 + (double)i;
    return c;
}

static void set(struct rca_card *c, enum rca_role role, enum rca_unit unit,
                double before, double after)
{
    c->role = role;
    c->unit = unit;
    c->before = before;
    c->after = after;
    c->factor = before > 0 ? after / before : NAN;
    c->strength = 20;
}

/** struct story - a hand-made explanation and the room for its lists */
struct story {
    struct rca_explanation e;
    struct rca_cause causes[2];
    struct rca_node nodes[4];
    struct rca_flow flows[3];
    const char *checked[2];
    const char *unseen[1];
};

static void tell(struct story *s, const char *culprit)
{
    struct rca_card batch =
        card_of(RCA_KIND_CGROUP, culprit, "cpu_usage_cores", "CPU used");
    struct rca_card host =
        card_of(RCA_KIND_HOST, "host-3", "run_queue_wait_ratio", "CPU wait");
    struct rca_card web = card_of(RCA_KIND_SERVICE, "web",
                                  "request_latency_p99_seconds", "latency p99");
    struct rca_card load = card_of(RCA_KIND_CLIENT, "clients",
                                   "request_rate_per_second", "requests");

    memset(s, 0, sizeof(*s));
    set(&batch, RCA_ROLE_USAGE, RCA_UNIT_CORES, 0.1, 7.4);
    set(&host, RCA_ROLE_SATURATION, RCA_UNIT_RATIO, 0.004, 0.31);
    set(&web, RCA_ROLE_LATENCY, RCA_UNIT_SECONDS, 0.046, 0.189);
    set(&load, RCA_ROLE_LOAD, RCA_UNIT_PER_SECOND, 310, 372);
    host.onset = AT(5);
    web.onset = AT(20);
    load.onset = RCA_TIME_NONE;
    s->causes[0] = (struct rca_cause){batch, 0.87, 0.92, 0.065, 0.058, 0.071};
    s->causes[1] = (struct rca_cause){load, 0.07, 0.03, 0.179, NAN, NAN};
    s->nodes[0] = (struct rca_node){batch, RCA_NODE_CAUSE, 1};
    s->nodes[1] = (struct rca_node){host, RCA_NODE_PATH, 0};
    s->nodes[2] = (struct rca_node){web, RCA_NODE_SYMPTOM, 0};
    s->nodes[3] = (struct rca_node){load, RCA_NODE_OTHER, 2};
    s->flows[0] = (struct rca_flow){0, 1, 0.96, "takes CPU", 1};
    s->flows[1] = (struct rca_flow){1, 2, 0.91, "delays", 1};
    s->flows[2] = (struct rca_flow){3, 2, 0.07, "loads", 0};
    s->checked[0] = "db: latency, errors";
    s->checked[1] = "disk vda: busy";
    s->unseen[0] = "web->db: no data 14:03 to 14:04";
    s->e = (struct rca_explanation){
        .verdict = RCA_VERDICT_CAUSE,
        .symptom = web,
        .from = AT(0),
        .to = AT(120),
        .spark_from = AT(-300),
        .spark_to = AT(120),
        .n_causes = 2,
        .causes = s->causes,
        .n_nodes = 4,
        .nodes = s->nodes,
        .n_flows = 3,
        .flows = s->flows,
        .n_checked = 2,
        .checked = s->checked,
        .checked_metrics = 1204,
        .checked_entities = 43,
        .n_unseen = 1,
        .unseen = s->unseen,
        .unexplained = 0.06,
    };
}

static void compare(const char *text, const char *path)
{
    const char *how = getenv("RCA_GOLDEN");
    char want[32768];
    size_t n;
    FILE *f = fopen(path, how ? "w" : "r");

    assert_non_null(f);
    if (how) {
        (void)fputs(text, f);
        (void)fclose(f);
        return;
    }
    n = fread(want, 1, sizeof(want) - 1, f);
    (void)fclose(f);
    want[n] = '\0';
    assert_string_equal(text, want);
}

static void golden(const struct rca_explanation *e, enum rca_format format,
                   const char *path)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;

    assert_ok(rca_render(e, format, 0, &text));
    compare(text, path);
}

static void a_cause_is_told_in_all_formats(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "batch-job");
    golden(&s.e, RCA_FORMAT_TEXT, "tests/golden/cause.txt");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/cause.dot");
    golden(&s.e, RCA_FORMAT_JSON, "tests/golden/cause.json");
}

static void an_unclear_answer_lists_candidates(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "batch-job");
    s.e.verdict = RCA_VERDICT_UNCLEAR;
    s.causes[0].confidence = 0.31;
    golden(&s.e, RCA_FORMAT_TEXT, "tests/golden/unclear.txt");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/unclear.dot");
}

static void a_normal_entity_is_a_valid_graph_too(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "batch-job");
    s.e.verdict = RCA_VERDICT_NORMAL;
    s.e.n_causes = 0;
    s.e.n_nodes = 1;
    s.nodes[0] = s.nodes[2];
    s.e.n_flows = 0;
    golden(&s.e, RCA_FORMAT_TEXT, "tests/golden/normal.txt");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/normal.dot");
}

static void hostile_names_stay_characters(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "a\"b\\N<i>&\n\xff];}");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/hostile.dot");
    golden(&s.e, RCA_FORMAT_JSON, "tests/golden/hostile.json");
}

static void cards_of_one_of_several_hosts_share_a_frame(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "batch-job");
    s.nodes[2].card.host = "host-4";
    s.nodes[3].card.host = "";
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/hosts.dot");
}

static void every_allocation_may_fail(void **state)
{
    static const enum rca_format formats[] = {RCA_FORMAT_TEXT, RCA_FORMAT_DOT,
                                              RCA_FORMAT_JSON};
    struct story s;

    (void)state;
    tell(&s, "batch-job");
    for (size_t f = 0; f < RCA_ARRAY_SIZE(formats); f++) {
        int r = -1;

        for (long n = 0; r != 0 && n < 1000; n++) {
            char *text RCA_CLEANUP(rca_freep) = NULL;

            oom_after(n);
            r = rca_render(&s.e, formats[f], 0, &text);
            oom_after(-1);
            assert_true(r == 0 || text == NULL);
        }
        assert_ok(r);
    }
}

static void verdicts_have_their_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(rca_exit_of(RCA_VERDICT_CAUSE), 0);
    assert_int_equal(rca_exit_of(RCA_VERDICT_NORMAL), 3);
    assert_int_equal(rca_exit_of(RCA_VERDICT_UNCLEAR), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cause_is_told_in_all_formats),
        cmocka_unit_test(an_unclear_answer_lists_candidates),
        cmocka_unit_test(a_normal_entity_is_a_valid_graph_too),
        cmocka_unit_test(hostile_names_stay_characters),
        cmocka_unit_test(cards_of_one_of_several_hosts_share_a_frame),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(verdicts_have_their_exit_codes),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/render", tests, NULL, NULL);
}
