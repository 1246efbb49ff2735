/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * SERVICE_METRIC has no separator of its own: both may hold '_'. A metric
 * begins with a word that metrics begin with; of several such places the one
 * holds whose metric most services have, and of these the first: of
 * "user_load_balancer_cpu" every service has "cpu" and one "load_balancer_cpu";
 * of "user_latency_p90" all have "latency_p90". A name without any such word is
 * split at its last '_'.
 *
 * That knows the services. A second look then takes a column to a service of a
 * shorter name, if it was a mere guess, or if what was cut off the metric is
 * that: "cart_client_latency" is of "cart", which has more metrics than
 * "cart_client" and no "latency" of its own, when most services have a
 * "client_latency".
 */

#include <errno.h>
#include <stdio.h>
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

/* struct owner - a service by the first look; @name has @length bytes
 * @metrics: its columns */
struct owner {
    const char *name;
    size_t length, metrics;
};

/* struct owners - @list sorted; @n_real: with two metrics or more, and not
 * named like a part of one with more */
struct owners {
    struct owner *list;
    size_t n, n_real;
};

static void done_owners(struct owners *owners)
{
    free(owners->list);
}

static int by_owner(const void *a, const void *b)
{
    const struct owner *x = a, *y = b;
    const size_t n = x->length < y->length ? x->length : y->length;
    const int c = memcmp(x->name, y->name, n);

    return c ? c : (x->length > y->length) - (x->length < y->length);
}

static struct owner owner_of(const struct rca_column *columns,
                             const struct part *p)
{
    const char *name = columns[p->column].name;

    return (struct owner){name, (size_t)(p->metric - name) - 1, 1};
}

/* whether the name of a service with more metrics begins @o's */
static _Bool is_part(const struct owners *owners, const struct owner *o)
{
    for (size_t n = 1; n < o->length; n++) {
        const struct owner key = {o->name, n, 0};
        const struct owner *at = NULL;

        if (o->name[n] == '_')
            at = bsearch(&key, owners->list, owners->n, sizeof(key), by_owner);
        if (at && at->metrics > o->metrics)
            return 1;
    }
    return 0;
}

/* the services of all columns that begin with a metric's word */
static int list_owners(const struct rca_column *columns, size_t n,
                       const struct part *const *best, struct owners *ret)
{
    struct owner *list = malloc(n * sizeof(*list));
    size_t m = 0, kept = 0;

    ret->list = list;
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (best[i] && best[i]->word)
            list[m++] = owner_of(columns, best[i]);
    }
    if (m)
        qsort(list, m, sizeof(*list), by_owner);
    for (size_t i = 0; i < m; i++) {
        if (kept && !by_owner(&list[kept - 1], &list[i]))
            list[kept - 1].metrics++;
        else
            list[kept++] = list[i];
    }
    ret->n = kept;
    for (size_t i = 0; i < kept; i++)
        ret->n_real += list[i].metrics > 1 && !is_part(ret, &list[i]);
    return 0;
}

/* how many metrics the service has that @p would make its column's */
static size_t metrics_of(const struct owners *owners,
                         const struct rca_column *columns, const struct part *p)
{
    const struct owner key = owner_of(columns, p);
    const struct owner *at = NULL;

    if (owners->n)
        at = bsearch(&key, owners->list, owners->n, sizeof(key), by_owner);
    return at ? at->metrics : 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* struct second - the second look; @names: all columns', sorted */
struct second {
    const struct rca_column *columns;
    size_t n;
    const char **names;
    struct owners owners;
};

static void done_second(struct second *s)
{
    free(s->names);
    done_owners(&s->owners);
}

/* whether the service that @p would make has a column of its own for what is
 * @now the metric; -ENOMEM */
static int has_own(const struct second *s, const struct part *p,
                   const struct part *now)
{
    const struct owner o = owner_of(s->columns, p);
    char *name RCA_CLEANUP(rca_freep) = NULL;

    if (asprintf(&name, "%.*s_%s", (int)o.length, o.name, now->metric) < 0)
        return -ENOMEM;
    return bsearch(&name, s->names, s->n, sizeof(*s->names), by_text) != NULL;
}

/* whether @p may replace @now, of the first look: 0, 1 or -ENOMEM */
static int is_truer(const struct second *s, const struct part *p,
                    const struct part *now)
{
    const size_t metrics = metrics_of(&s->owners, s->columns, p);
    int own;

    if (metrics < 2 || p->metric == now->metric)
        return 0;
    if (!now->word)
        return 1;
    if (p->metric > now->metric || 2 * p->support < s->owners.n_real ||
        metrics <= metrics_of(&s->owners, s->columns, now))
        return 0;
    own = has_own(s, p, now);
    return own < 0 ? own : !own;
}

/* @first: by column, of the first look; @ret_best: zeroed; of the second: of
 * the services that may have a column that with the longest name */
static int look_again(const struct rca_column *columns, size_t n,
                      const struct parts *parts,
                      const struct part *const *first,
                      const struct part **ret_best)
{
    struct second s RCA_CLEANUP(done_second) = {.columns = columns, .n = n};
    int err = list_owners(columns, n, first, &s.owners);

    s.names = malloc(n * sizeof(*s.names));
    if (err || !s.names)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        s.names[i] = columns[i].name;
    qsort(s.names, n, sizeof(*s.names), by_text);
    for (size_t i = 0; i < parts->n; i++) {
        const struct part *p = &parts->list[i];
        const struct part **now = &ret_best[p->column];
        const int truer = is_truer(&s, p, first[p->column]);

        if (truer < 0)
            return truer;
        if (truer && (!*now || p->metric > (*now)->metric))
            *now = p;
    }
    for (size_t i = 0; i < n; i++) {
        if (!ret_best[i])
            ret_best[i] = first[i];
    }
    return 0;
}

/* @best: by column, of @parts in any order */
static void look(const struct parts *parts, const struct part **best)
{
    for (size_t i = 0; i < parts->n; i++) {
        const struct part *p = &parts->list[i];

        if (!best[p->column] || is_better(p, best[p->column]))
            best[p->column] = p;
    }
}

int rca_table_split_service(struct rca_csv *csv, struct rca_column *columns,
                            size_t n)
{
    struct parts parts RCA_CLEANUP(done) = {0};
    const struct part **guess RCA_CLEANUP(rca_freep) =
        calloc(n, sizeof(const struct part *));
    const struct part **best RCA_CLEANUP(rca_freep) =
        calloc(n, sizeof(const struct part *));
    int err = list_parts(columns, n, &parts);

    if (err || !guess || !best)
        return -ENOMEM;
    if (!parts.n)
        return rca_csv_fail(csv, "no column is named SERVICE_METRIC");
    qsort(parts.list, parts.n, sizeof(*parts.list), by_metric);
    count_support(&parts);
    look(&parts, guess);
    err = look_again(columns, n, &parts, guess, best);
    for (size_t i = 0; i < n && !err; i++) {
        if (!best[i])
            continue;
        columns[i].entity = columns[i].name;
        columns[i].metric = best[i]->metric;
        columns[i].name[best[i]->metric - columns[i].name - 1] = '\0';
    }
    return err;
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
    *ret_truth = (struct rca_truth){.prefixes = NULL};
    ret_truth->entity = RCA_TAKE(truth.entity);
    ret_truth->service = RCA_TAKE(truth.service);
    ret_truth->fault = RCA_TAKE(truth.fault);
    return 0;
}
