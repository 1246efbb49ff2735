/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The sentences, one row each: what is measured and what is said of it. */

#include "cli/words.h"

#include <string.h>

#include "tests/harness/test.h"

struct row {
    enum rca_kind kind;
    const char *name;
    const char *metric;
    enum rca_role role;
    enum rca_unit unit;
    double before, after;
    const char *sentence;
};

#define USE RCA_ROLE_USAGE
#define SAT RCA_ROLE_SATURATION
#define LAT RCA_ROLE_LATENCY
#define ERR RCA_ROLE_ERROR
#define LOAD RCA_ROLE_LOAD
#define PER_S RCA_UNIT_PER_SECOND

static const struct row rows[] = {
    {RCA_KIND_CGROUP, "batch", "cpu_usage_cores", USE, RCA_UNIT_CORES, 0.02,
     1.9, "batch began to use 1.9 CPU cores (it was 0.02 cores)"},
    {RCA_KIND_CGROUP, "batch", "cpu_usage_cores", USE, RCA_UNIT_CORES, 1, 2,
     "batch uses 2 CPU cores (it was 1 core)"},
    {RCA_KIND_RULE, "t/in/4", "rule_drops_per_second", ERR, PER_S, 0, 12,
     "rule t/in/4 began to drop 12 packets/s (none before)"},
    {RCA_KIND_QDISC, "veth0:tbf", "qdisc_backlog_bytes", SAT, RCA_UNIT_BYTES,
     40960, 65536, "qdisc veth0:tbf queues 64 KiB (it was 40 KiB)"},
    {RCA_KIND_SERVICE, "cart", "service_time_p99_seconds", LAT,
     RCA_UNIT_SECONDS, 0.002, 0.3, "cart became slower: LABEL 2 → 300 ms"},
    {RCA_KIND_SERVICE, "cart", "request_error_ratio", ERR, RCA_UNIT_RATIO, 0.01,
     0.3, "cart fails 30 % of its requests (it was 1 %)"},
    {RCA_KIND_CLIENT, "gen", "request_rate_per_second", LOAD, PER_S, 100, 310,
     "client gen sends 310 requests/s (it was 100 /s)"},
    {RCA_KIND_SERVICE, "cart", "queue_time_max_seconds", SAT, RCA_UNIT_SECONDS,
     0.001, 0.9,
     "cart began to let requests wait for up to 900 ms (it was 1 ms)"},
    {RCA_KIND_CALL, "a->b", "request_latency_mean_seconds", LAT,
     RCA_UNIT_SECONDS, 0.01, 0.1, "call a->b became slower: LABEL 10 → 100 ms"},
    {RCA_KIND_CGROUP, "db", "major_faults_per_second", SAT, PER_S, 10, 90,
     "db waits for 90 pages/s from disk (it was 10 /s)"},
    {RCA_KIND_HOST, "h", "run_queue_wait_ratio", SAT, RCA_UNIT_RATIO, 1, 3.1,
     "host h waits for a CPU 3.1 s a second (it was 1 s)"},
    {RCA_KIND_DISK, "vda", "strange_thing", RCA_ROLE_OTHER, RCA_UNIT_NONE, 1, 3,
     "disk vda: LABEL rose from 1 to 3"},
    {RCA_KIND_CLIENT, "gen", "request_rate_per_second", LOAD, PER_S, 310, 100,
     "client gen sends only 100 requests/s (it was 310 /s)"},
};

static struct rca_card card_of(const struct row *row)
{
    return (struct rca_card){.kind = row->kind,
                             .name = row->name,
                             .host = "h",
                             .metric = row->metric,
                             .label = "LABEL",
                             .role = row->role,
                             .unit = row->unit,
                             .before = row->before,
                             .after = row->after,
                             .factor = row->after / row->before,
                             .onset = RCA_TIME_NONE};
}

static void a_cause_is_said_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(rows); i++) {
        struct rca_cause cause = {.card = card_of(&rows[i])};
        struct rca_explanation e = {.verdict = RCA_VERDICT_CAUSE,
                                    .symptom = cause.card,
                                    .n_causes = 1,
                                    .causes = &cause};
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

        e.symptom.name = "another";
        rca_words_answer(&buf, &e);
        assert_string_equal(buf.text, rows[i].sentence);
    }
}

static void assert_factor(double before, double after, const char *want)
{
    struct rca_card c = {.before = before,
                         .after = after,
                         .factor = before > 0 ? after / before : NAN};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    rca_words_factor(&buf, &c);
    assert_string_equal(buf.text, want);
}

static void factors_have_no_exponents(void **state)
{
    (void)state;
    assert_factor(1, 4.11, "▲ 4.1×");
    assert_factor(1, 9.96, "▲ 10×");
    assert_factor(1, 310, "▲ 310×");
    assert_factor(0, 3, "▲ new");
    assert_factor(1, 5000, "▲ >1000×");
    assert_factor(3, 3, "as usual");
    assert_factor(NAN, 3, "▲ new");
    assert_factor(3, NAN, "▼ gone");
    assert_factor(NAN, NAN, "no data");
    assert_factor(46, 47, "▲ 1.02×");
    assert_factor(-5, 3, "▲");
    assert_factor(10, 4, "▼ 2.5×");
    assert_factor(10, 0, "▼ gone");
}

static void an_answer_without_causes_is_said_too(void **state)
{
    struct rca_explanation e = {.verdict = RCA_VERDICT_UNCLEAR,
                                .symptom = card_of(&rows[4])};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rca_words_title(&buf, &e);
    rca_buf_str(&buf, " ");
    rca_words_answer(&buf, &e);
    rca_words_what_if(&buf, &e);
    assert_string_equal(buf.text, "Why is cart slow? No clear cause");
}

static void long_names_keep_both_ends(void **state)
{
    char name[120], text[RCA_WORDS_NAME_MAX + 1];

    (void)state;
    memset(name, 'x', sizeof(name));
    for (size_t i = 0; i < 5; i++)
        name[i] = "begin"[i];
    memcpy(name + sizeof(name) - 4, "end", 4);
    (void)rca_words_name(name, text);
    assert_int_equal(strlen(text), RCA_WORDS_NAME_MAX);
    assert_memory_equal(text, "begin", 5);
    assert_non_null(strstr(text, "x…x"));
    assert_string_equal(text + strlen(text) - 3, "end");
    for (size_t i = 0; i + 2 < sizeof(name); i += 2)
        memcpy(name + i, "ü", 3);
    (void)rca_words_name(name, text);
    assert_null(strchr(text, '?'));
    assert_string_equal(rca_words_name("web\n", text), "web?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cause_is_said_in_words),
        cmocka_unit_test(factors_have_no_exponents),
        cmocka_unit_test(an_answer_without_causes_is_said_too),
        cmocka_unit_test(long_names_keep_both_ends),
    };

    return cmocka_run_group_tests_name("cli/words", tests, NULL, NULL);
}
