/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * html_bench - processor time and size of the largest page that there may be: 15
 * cards of 240 points each.
 *
 * With a file, writes that page there instead (with its picture, if dot is
 * there); "hostile FILE": with names that would be markup, or run. For
 * tests/cli/html_test.sh.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

enum { NODES = 15, CAUSES = 5, RUNS = 21 };
#define START (INT64_C(1700000000) * RCA_SECOND)

struct largest {
    struct rca_explanation e;
    struct rca_node nodes[NODES];
    struct rca_cause causes[CAUSES];
    struct rca_flow flows[NODES];
    struct rca_part parts[CAUSES + 2];
    double points[NODES][RCA_CHART_POINTS];
    char names[NODES][160];
    const char *lines[5];
};

static const char hostile[] =
    "<script>document.title='hijacked';window.hijacked=1</script>"
    "<img src=x onerror=\"hijacked=1\">'\"&lt;\\\n]]>-->";

static void set_card(struct largest *l, size_t i, const char *name)
{
    struct rca_card *c = &l->nodes[i].card;

    (void)snprintf(l->names[i], sizeof(l->names[i]), "%s%zu", name, i);
    *c = (struct rca_card){
        .kind = i % 3 ? RCA_KIND_SERVICE : RCA_KIND_CGROUP,
        .name = l->names[i],
        .host = i % 2 ? "host-1" : "host-2",
        .metric = "request_latency_p99_seconds",
        .label = "latency p99",
        .role = RCA_ROLE_LATENCY,
        .unit = RCA_UNIT_SECONDS,
        .before = 0.040 + 0.001 * (double)i,
        .after = 0.190 + 0.010 * (double)i,
        .factor = 4,
        .strength = 20,
        .onset = START + 170 * RCA_SECOND,
    };
    for (size_t k = 0; k < RCA_SPARK; k++)
        c->spark[k] = k < 8 ? c->before : c->after;
}

static void set_chart(struct largest *l, size_t i)
{
    const struct rca_card *c = &l->nodes[i].card;

    for (size_t k = 0; k < RCA_CHART_POINTS; k++)
        l->points[i][k] = (k < 170 ? c->before : c->after) *
                          (1 + 0.1 * sin((double)(k * (i + 3))));
    l->nodes[i].chart = (struct rca_chart){.from = START,
                                           .step = RCA_SECOND,
                                           .n = RCA_CHART_POINTS,
                                           .x = l->points[i],
                                           .low = 0.9 * c->before,
                                           .high = 1.1 * c->before,
                                           .instead = 1.2 * c->before};
}

/* A path of 11 cards, and four candidates beside its end. */
static void set_graph(struct largest *l)
{
    for (size_t i = 0; i < NODES; i++) {
        l->nodes[i].class = i == 0                ? RCA_NODE_CAUSE
                            : i == NODES - CAUSES ? RCA_NODE_SYMPTOM
                            : i > NODES - CAUSES  ? RCA_NODE_OTHER
                                                  : RCA_NODE_PATH;
        l->nodes[i].rank = i == 0 ? 1
                           : i > NODES - CAUSES
                               ? (unsigned)(i - (NODES - CAUSES) + 1)
                               : 0;
    }
    for (size_t i = 0; i + 1 < NODES; i++)
        l->flows[i] =
            i < NODES - CAUSES
                ? (struct rca_flow){i, i + 1, 0.9, "slows", 1}
                : (struct rca_flow){i + 1, NODES - CAUSES, 0.05, "slows", 0};
}

static void set_causes(struct largest *l)
{
    for (size_t i = 0; i < CAUSES; i++) {
        const size_t node = i ? NODES - CAUSES + i : 0;

        l->causes[i] = (struct rca_cause){
            .card = l->nodes[node].card,
            .share = i ? 0.02 : 0.9,
            .confidence = i ? 0.01 : 0.93,
            .value = 0.06,
            .low = 0.05,
            .high = 0.07,
            .reasons = {"unexplained latency", "moves with the symptom"}};
        l->parts[i] = (struct rca_part){RCA_PART_CAUSE, i, i ? 0.005 : 0.220};
    }
    l->parts[CAUSES] = (struct rca_part){RCA_PART_UNEXPLAINED, 0, 0.004};
    l->parts[CAUSES + 1] = (struct rca_part){RCA_PART_FEEDBACK, 0, -0.004};
}

static void make(struct largest *l, const char *name)
{
    memset(l, 0, sizeof(*l));
    for (size_t i = 0; i < NODES; i++) {
        set_card(l, i, name);
        set_chart(l, i);
    }
    set_graph(l);
    set_causes(l);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(l->lines); i++)
        l->lines[i] = l->names[i];
    l->e = (struct rca_explanation){
        .verdict = RCA_VERDICT_CAUSE,
        .symptom = l->nodes[NODES - CAUSES].card,
        .from = START + 170 * RCA_SECOND,
        .to = START + 240 * RCA_SECOND,
        .spark_from = START,
        .spark_to = START + 240 * RCA_SECOND,
        .trained_from = START - 3600 * RCA_SECOND,
        .trained_to = START,
        .n_causes = CAUSES,
        .causes = l->causes,
        .n_nodes = NODES,
        .n_left_out = 112,
        .nodes = l->nodes,
        .n_flows = NODES - 1,
        .flows = l->flows,
        .n_checked = RCA_ARRAY_SIZE(l->lines),
        .checked = l->lines,
        .checked_metrics = 20000,
        .checked_entities = 1000,
        .n_unseen = RCA_ARRAY_SIZE(l->lines),
        .unseen = l->lines,
        .unexplained = 0.02,
        .n_parts = CAUSES + 2,
        .parts = l->parts,
        .quality = {RCA_SECOND, 3600, 70, 0.01},
    };
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double cpu_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int measure(const struct rca_explanation *e)
{
    double ms[RUNS];
    size_t bytes = 0;

    for (size_t k = 0; k < RUNS; k++) {
        char *page RCA_CLEANUP(rca_freep) = NULL;
        const double start = cpu_ms();

        if (rca_render(e, RCA_FORMAT_HTML, 0, &page))
            return 1;
        ms[k] = cpu_ms() - start;
        bytes = strlen(page);
    }
    qsort(ms, RUNS, sizeof(*ms), by_value);
    printf("html\tcards\t%d\tpoints\t%d\tkB\t%.0f\tcpu_ms\t%.2f\n", NODES,
           RCA_CHART_POINTS, 1e-3 * (double)bytes, ms[RUNS / 2]);
    return 0;
}

int main(int argc, char **argv)
{
    static struct largest l;
    const _Bool evil = argc == 3 && strcmp(argv[1], "hostile") == 0;

    make(&l, evil ? hostile : "a-service-with-quite-a-long-name-");
    if (argc < 2)
        return measure(&l.e);
    return rca_output(&l.e, RCA_FORMAT_HTML, argv[argc - 1], 0) ? 1 : 0;
}
