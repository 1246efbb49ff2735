/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * SERVICE_METRIC has no separator of its own: both may hold '_'. A metric
 * begins with a word that metrics begin with; of several such places the one
 * holds whose metric most services have, and of these the first: of
 * "user_load_balancer_cpu" every service has "cpu" and one "load_balancer_cpu";
 * of "user_latency_p90" all have "latency_p90". A name without any such word is
 * split at its last '_'.
 */

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "datasets/case_parts.h"

/* first words of metrics */
static const char *const words[] = {
    "cpu",     "mem",          "memory",   "diskio",    "disk",
    "socket",  "sockets",      "net",      "network",   "latency",
    "lat",     "error",        "errors",   "load",      "workload",
    "rps",     "qps",          "fs",       "rx",        "tx",
    "request", "requests",     "duration", "response",  "rt",
    "delay",   "throughput",   "count",    "container", "process",
    "jvm",     "gc",           "thread",   "threads",   "heap",
    "http",    "grpc",         "tcp",      "udp",       "packet",
    "packets", "drop",         "dropped",  "retrans",   "usage",
    "iops",    "availability", "success",  "failure",   "failures",
    "istio",   "go",           "up",       "swap",      "pagefault"};

/* struct part - one way to split a column
 * @support: columns whose names end in the same metric */
struct part {
    size_t column;
    const char *metric;
    size_t support;
    _Bool word;
};

/* struct parts - all ways, of all columns */
struct parts {
    struct part *list;
    size_t n, cap;
};

static void done(struct parts *parts)
{
    free(parts->list);
}

static _Bool is_word(const char *suffix)
{
    const size_t n = strcspn(suffix, "_-");

    for (size_t i = 0; i < RCA_ARRAY_SIZE(words); i++) {
        if (strlen(words[i]) == n && !strncasecmp(suffix, words[i], n))
            return 1;
    }
    return 0;
}

static int list_parts(const struct rca_column *columns, size_t n,
                      struct parts *parts)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = columns[i].name;

        for (const char *p = strchr(name, '_'); p; p = strchr(p + 1, '_')) {
            struct part *grown;

            if (p == name || !p[1])
                continue;
            grown =
                rca_grow(parts->list, parts->n, &parts->cap, sizeof(*grown));
            if (!grown)
                return -ENOMEM;
            parts->list = grown;
            parts->list[parts->n++] = (struct part){
                .column = i, .metric = p + 1, .word = is_word(p + 1)};
        }
    }
    return 0;
}

static int by_metric(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    const int c = strcmp(x->metric, y->metric);

    return c ? c : (x->column > y->column) - (x->column < y->column);
}

static void count_support(struct parts *parts)
{
    for (size_t i = 0, end; i < parts->n; i = end) {
        for (end = i + 1; end < parts->n && !strcmp(parts->list[i].metric,
                                                    parts->list[end].metric);)
            end++;
        for (size_t k = i; k < end; k++)
            parts->list[k].support = end - i;
    }
}

/* whether @a is the better way than @b to split their column */
static _Bool is_better(const struct part *a, const struct part *b)
{
    if (a->word != b->word)
        return a->word;
    if (!a->word) /* nearer to the end */
        return a->metric > b->metric;
    if (a->support != b->support)
        return a->support > b->support;
    return a->metric < b->metric;
}

int rca_table_split_service(struct rca_csv *csv, struct rca_column *columns,
                            size_t n)
{
    struct parts parts RCA_CLEANUP(done) = {0};
    const struct part **best RCA_CLEANUP(rca_freep) =
        calloc(n, sizeof(const struct part *));
    int err = list_parts(columns, n, &parts);

    if (err || !best)
        return -ENOMEM;
    if (!parts.n)
        return rca_csv_fail(csv, "no column is named SERVICE_METRIC");
    qsort(parts.list, parts.n, sizeof(*parts.list), by_metric);
    count_support(&parts);
    for (size_t i = 0; i < parts.n; i++) {
        const struct part *p = &parts.list[i];

        if (!best[p->column] || is_better(p, best[p->column]))
            best[p->column] = p;
    }
    for (size_t i = 0; i < n; i++) {
        if (!best[i])
            continue;
        columns[i].entity = columns[i].name;
        columns[i].metric = best[i]->metric;
        columns[i].name[best[i]->metric - columns[i].name - 1] = '\0';
    }
    return 0;
}

int rca_truth_of_folder(const char *name, struct rca_truth *ret_truth)
{
    struct rca_truth truth RCA_CLEANUP(rca_truth_done) = {0};
    const char *cut = strrchr(name, '_');

    if (cut == name)
        cut = NULL;
    truth.entity = cut ? strndup(name, (size_t)(cut - name)) : strdup(name);
    truth.service = truth.entity ? strdup(truth.entity) : NULL;
    truth.fault = cut ? strdup(cut + 1) : NULL;
    if (!truth.service || (cut && !truth.fault))
        return -ENOMEM;
    *ret_truth = (struct rca_truth){.entity = RCA_TAKE(truth.entity),
                                    .service = RCA_TAKE(truth.service),
                                    .fault = RCA_TAKE(truth.fault)};
    return 0;
}
