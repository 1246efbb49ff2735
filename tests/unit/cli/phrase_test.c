/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is said of each built-in metric that rose, fell, appeared or vanished,
 * as cause and as symptom, and on each arrow: golden files, to be read as an
 * on-call engineer would (RCA_GOLDEN=write makes them anew). */

#include "cli/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/columns.h"
#include "cli/words.h"
#include "graph/influence.h"
#include "graph/metric.h"
#include "tests/harness/test.h"

static void assert_golden(const char *text, const char *path)
{
    const char *how = getenv("RCA_GOLDEN");
    FILE *f = fopen(path, how ? "w" : "r");
    char *want;
    size_t n;

    assert_non_null(f);
    if (how) {
        (void)fputs(text, f);
        (void)fclose(f);
        return;
    }
    want = calloc(1, strlen(text) + 2);
    assert_non_null(want);
    n = fread(want, 1, strlen(text) + 1, f);
    (void)fclose(f);
    assert_int_equal(n, strlen(text));
    assert_string_equal(text, want);
    free(want);
}

struct values {
    double before, after;
};

static struct values usual(enum rca_unit unit)
{
    switch (unit) {
    case RCA_UNIT_SECONDS:
        return (struct values){0.046, 0.189};
    case RCA_UNIT_BYTES:
        return (struct values){100e6, 3e9};
    case RCA_UNIT_CORES:
        return (struct values){0.5, 3.2};
    case RCA_UNIT_RATIO:
        return (struct values){0.12, 0.83};
    case RCA_UNIT_PER_SECOND:
        return (struct values){12, 310};
    case RCA_UNIT_BYTES_PER_SECOND:
        return (struct values){2e6, 90e6};
    case RCA_UNIT_NONE:
    case RCA_UNIT_COUNT:
        break;
    }
    return (struct values){20, 340};
}

/* of the entity that has such a metric, by how its name begins */
static enum rca_kind kind_of(const char *metric)
{
    static const struct {
        const char *prefix;
        enum rca_kind kind;
    } kinds[] = {
        {"request", RCA_KIND_SERVICE},
        {"service_time", RCA_KIND_SERVICE},
        {"queue_time", RCA_KIND_SERVICE},
        {"accept_queue", RCA_KIND_SERVICE},
        {"conn", RCA_KIND_SERVICE},
        {"qdisc", RCA_KIND_QDISC},
        {"rule", RCA_KIND_RULE},
        {"filesystem", RCA_KIND_FILESYSTEM},
        {"disk", RCA_KIND_DISK},
        {"io_", RCA_KIND_DISK},
        {"receive_", RCA_KIND_NIC},
        {"transmit_", RCA_KIND_NIC},
        {"link", RCA_KIND_NIC},
        {"carrier", RCA_KIND_NIC},
        {"ovs", RCA_KIND_BRIDGE},
        {"tcp", RCA_KIND_NETNS},
        {"udp", RCA_KIND_NETNS},
        {"ip_", RCA_KIND_NETNS},
        {"icmp", RCA_KIND_NETNS},
        {"neighbour", RCA_KIND_NETNS},
        {"softnet", RCA_KIND_HOST},
        {"retransmits", RCA_KIND_CALL},
        {"rtt", RCA_KIND_CALL},
        {"swap", RCA_KIND_HOST},
        {"cpu_steal", RCA_KIND_HOST},
        {"cpu_busiest", RCA_KIND_HOST},
        {"memory_available", RCA_KIND_HOST},
    };

    if (strncmp(metric, "conntrack", 9) == 0)
        return RCA_KIND_CONNTRACK;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kinds); i++) {
        if (strncmp(metric, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return kinds[i].kind;
    }
    return RCA_KIND_CGROUP;
}

static struct rca_card card_of(const struct rca_metric *m, double before,
                               double after)
{
    return (struct rca_card){.kind = kind_of(m->name),
                             .name = "x7",
                             .host = "h",
                             .metric = m->name,
                             .label = m->label,
                             .role = m->role,
                             .unit = m->unit,
                             .before = before,
                             .after = after,
                             .factor = NAN,
                             .onset = 1700000000 * RCA_SECOND};
}

static void tell(struct rca_buf *buf, const struct rca_metric *m,
                 const char *how, double before, double after)
{
    struct rca_cause cause = {.card = card_of(m, before, after)};
    struct rca_explanation e = {.verdict = RCA_VERDICT_CAUSE,
                                .symptom = cause.card,
                                .n_causes = 1,
                                .causes = &cause};
    size_t begin;

    cause.card.host = "another";
    rca_buf_fmt(buf, "  %s: ", how);
    rca_words_answer(buf, &e);
    rca_buf_str(buf, "\n    ");
    begin = buf->len;
    rca_words_headline(buf, &e, 80);
    assert_true(rca_columns(buf->text + begin) <= 80);
    rca_buf_str(buf, "\n    ");
    rca_words_title(buf, &e);
    rca_buf_str(buf, "\n");
    assert_null(strstr(buf->text, "  :"));
    assert_null(strstr(buf->text, " ,"));
    assert_null(strstr(buf->text + begin, "nan"));
}

static void every_metric_has_its_sentences(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    size_t n;
    const struct rca_metric *table = rca_metric_table(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        const struct rca_metric *m = &table[i];
        const struct values v = usual(m->unit);

        rca_buf_fmt(&buf, "%s (%s)\n", m->name, rca_role_name(m->role));
        tell(&buf, m, "rose", v.before, v.after);
        tell(&buf, m, "fell", v.after, v.before);
        tell(&buf, m, "from 0", 0, v.after);
        tell(&buf, m, "to 0", v.after, 0);
    }
    assert_golden(buf.text, "tests/golden/sentences.txt");
}

/* every sentence with a number in it, of which both ends look the same */
static void values_that_look_the_same_get_more_digits(void **state)
{
    size_t n;
    const struct rca_metric *table = rca_metric_table(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
        const struct rca_card c = card_of(&table[i], 4.6001, 4.6004);
        const char *mid;

        rca_words_change(&text, &c);
        mid = strstr(text.text, " → ");
        assert_non_null(mid);
        assert_true(strncmp(text.text, mid + strlen(" → "),
                            (size_t)(mid - text.text)) != 0);
        rca_buf_str(&text, " ");
        rca_words_factor(&text, &c);
        assert_null(strstr(text.text, "1.0×"));
    }
}

static void odd_values_are_told_as_they_are(void **state)
{
    static const struct {
        double before, after;
        const char *sentence;
    } rows[] = {
        {NAN, 3, ": strange appeared, 3"},
        {3, NAN, ": strange vanished (it was 3)"},
        {NAN, NAN, ": no data of strange"},
        {3, 3, ": strange stayed at 3"},
        {-5, 3, ": strange rose from -5 to 3"},
        {-5, -10, ": strange fell from -5 to -10"},
        {1e300, 3, ": strange fell from > 1000000000 M to 3"},
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(rows); i++) {
        struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
        const struct rca_card c = {.metric = "strange",
                                   .label = "strange",
                                   .role = RCA_ROLE_OTHER,
                                   .before = rows[i].before,
                                   .after = rows[i].after};

        rca_phrase(&text, &c);
        assert_string_equal(text.text, rows[i].sentence);
        assert_string_equal(rca_phrase_state(&c)->statement, "has changed");
    }
}

static void imported_metrics_are_told_by_their_labels(void **state)
{
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
    const struct rca_card c = {.kind = RCA_KIND_SERVICE,
                               .metric = "cpu_usage_percent",
                               .label = "cpu usage percent",
                               .role = RCA_ROLE_USAGE,
                               .before = 10,
                               .after = 90};

    (void)state;
    rca_phrase(&text, &c);
    assert_string_equal(text.text, ": cpu usage percent rose from 10 to 90");
}

static void every_arrow_has_its_verb(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    for (unsigned k = 0; k < RCA_KIND_COUNT; k++) {
        for (unsigned from = 0; from < RCA_ROLE_COUNT; from++) {
            rca_buf_fmt(&buf, "%s %s:", rca_kind_name((enum rca_kind)k),
                        rca_role_name((enum rca_role)from));
            for (unsigned to = 0; to < RCA_ROLE_COUNT; to++)
                rca_buf_fmt(
                    &buf, " %s %s,",
                    rca_influence_verb(
                        (struct rca_end){(enum rca_kind)k, (enum rca_role)from},
                        from == RCA_ROLE_USAGE ? RCA_UNIT_CORES : RCA_UNIT_NONE,
                        (struct rca_end){RCA_KIND_SERVICE, (enum rca_role)to}),
                    rca_role_name((enum rca_role)to));
            rca_buf_str(&buf, "\n");
        }
    }
    assert_golden(buf.text, "tests/golden/verbs.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_has_its_sentences),
        cmocka_unit_test(values_that_look_the_same_get_more_digits),
        cmocka_unit_test(odd_values_are_told_as_they_are),
        cmocka_unit_test(imported_metrics_are_told_by_their_labels),
        cmocka_unit_test(every_arrow_has_its_verb),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/phrase", tests, NULL, NULL);
}
