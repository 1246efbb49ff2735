/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/export.h"
#include "collector/store/vec.h"
#include "graph/base/name.h"
#include "graph/histogram.h"

/*
 * Prometheus' text exposition format 0.0.4: the samples of one name stand
 * together below its HELP and TYPE, so all of them are gathered and sorted
 * first; that is one value a column, whatever the range. A raw histogram
 * becomes one of theirs: cumulative buckets, sum and count. There are no time
 * stamps, as most that read this format refuse them.
 */

#define PREFIX "rca_"

enum type { GAUGE, COUNTER, HISTOGRAM };
enum { SUM = -1 }; /* part of a histogram that is no bucket */

/* struct sample - newest value of a column; @name owned, as it is shown */
struct sample {
    char *name;
    enum type type;
    rca_id entity;
    int part; /* of a histogram: bucket or SUM */
    size_t order; /* the later one of the same place holds */
    double value;
    enum rca_role role;
};

struct page {
    const struct rca_slices *want;
    FILE *out;
    struct {
        struct sample *at;
        size_t n, cap;
    } samples;
    struct rca_export_count count;
};

static void page_done(struct page *p)
{
    for (size_t i = 0; i < p->samples.n; i++)
        free(p->samples.at[i].name);
    free(p->samples.at);
}

/* @n bytes of @name as a metric's name */
static char *shown_name(const char *name, size_t n)
{
    const _Bool has = strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0;
    char *text = NULL;

    if (asprintf(&text, "%s%.*s", has ? "" : PREFIX, (int)n, name) < 0)
        return NULL;
    for (char *p = text; *p; p++) {
        const _Bool plain = (*p >= 'a' && *p <= 'z') ||
                            (*p >= 'A' && *p <= 'Z') ||
                            (*p >= '0' && *p <= '9') || *p == '_' || *p == ':';

        if (!plain)
            *p = '_';
    }
    return text;
}

/* whether quantiles are made of the buckets of the @n bytes at @name */
static _Bool is_histogram(const char *name, size_t n)
{
    size_t metrics;
    const struct rca_metric *table = rca_metric_table(&metrics);

    for (size_t i = 0; i < metrics; i++) {
        if (table[i].make == RCA_MAKE_QUANTILE && table[i].of &&
            strlen(table[i].of) == n && !strncmp(table[i].of, name, n))
            return 1;
    }
    return 0;
}

/* what a raw series is; @ret_n: bytes of its name that are the family's */
static enum type type_of(const char *series, int *ret_part, size_t *ret_n)
{
    static const char sum[] = "_sum_total";
    const size_t n = strlen(series), cut = sizeof(sum) - 1;
    unsigned bucket;

    *ret_n = n;
    switch (rca_series_type(series, &bucket)) {
    case RCA_SERIES_BUCKET:
        *ret_part = (int)bucket;
        *ret_n = n - strlen("_bucket_NNN");
        return HISTOGRAM;
    case RCA_SERIES_COUNTER:
        if (n <= cut || strcmp(series + n - cut, sum) != 0 ||
            !is_histogram(series, n - cut))
            return COUNTER;
        *ret_part = SUM;
        *ret_n = n - cut;
        return HISTOGRAM;
    case RCA_SERIES_GAUGE:
        break;
    }
    return GAUGE;
}

static int take_column(struct page *p, const struct rca_slice_column *c,
                       double value)
{
    struct sample s = {
        .entity = c->entity,
        .value = value,
        .order = p->samples.n,
        .role = c->metric ? c->metric->role : RCA_ROLE_OTHER,
    };
    size_t n = strlen(c->name);

    if (!c->metric)
        s.type = type_of(c->name, &s.part, &n);
    s.name = shown_name(c->name, n);
    if (!s.name)
        return -ENOMEM;
    if (!rca_vec_push(&p->samples, s))
        return 0;
    free(s.name);
    return -ENOMEM;
}

static int take_slice(void *arg, const struct rca_slice *s)
{
    struct page *p = arg;
    int r = 0;

    for (size_t i = 0; i < s->n_columns && !r; i++) {
        size_t t = s->n_times;

        while (t > 0 && isnan(s->columns[i].x[t - 1]))
            t--;
        if (t == 0)
            continue;
        r = take_column(p, &s->columns[i], s->columns[i].x[t - 1]);
        if (s->times[t - 1] > p->count.last)
            p->count.last = s->times[t - 1];
    }
    return r;
}

static int by_place(const struct sample *a, const struct sample *b)
{
    const int way = strcmp(a->name, b->name);

    if (way)
        return way;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->entity != b->entity)
        return a->entity < b->entity ? -1 : 1;
    return (a->part > b->part) - (a->part < b->part);
}

static int by_place_and_order(const void *pa, const void *pb)
{
    const struct sample *a = pa, *b = pb;
    const int way = by_place(a, b);

    return way ? way : (a->order > b->order) - (a->order < b->order);
}

/* The later ones of a place hold, and of a name that means several types the
 * first type. */
static void settle(struct page *p)
{
    struct sample *at = p->samples.at;
    size_t kept = 0;

    if (p->samples.n)
        qsort(at, p->samples.n, sizeof(*at), by_place_and_order);
    for (size_t i = 0; i < p->samples.n; i++) {
        const struct sample s = at[i];
        const _Bool same = kept && strcmp(at[kept - 1].name, s.name) == 0;

        if (same && at[kept - 1].type != s.type) {
            free(s.name);
            continue;
        }
        if (same && by_place(&at[kept - 1], &s) == 0) {
            free(at[kept - 1].name);
            kept--;
        }
        at[kept++] = s;
    }
    p->samples.n = kept;
}

static void put_label(FILE *f, const char *name, const char *text)
{
    (void)fprintf(f, "%s=\"", name);
    while (*text) {
        const size_t n = rca_name_char(text);

        if (*text == '"' || *text == '\\')
            (void)fprintf(f, "\\%c", *text);
        else if (*text == '\n')
            (void)fputs("\\n", f);
        else if (n)
            (void)fwrite(text, 1, n, f);
        else
            (void)fputc('?', f);
        text += n ? n : 1;
    }
    (void)fputc('"', f);
}

/* one line; @suffix of the name, @bound of a bucket or NULL */
static void put_line(const struct page *p, const struct sample *s,
                     const char *suffix, const char *bound, double value)
{
    const struct rca_graph *g = p->want->graph;
    const uint32_t node = rca_graph_node(g, s->entity);
    const struct rca_entity *e = rca_graph_entity(g, node);
    char number[RCA_NUMBER_TEXT_SIZE];

    (void)fprintf(p->out, "%s%s{", s->name, suffix);
    put_label(p->out, "entity", e->name);
    (void)fputc(',', p->out);
    put_label(p->out, "host", e->host);
    (void)fputc(',', p->out);
    put_label(p->out, "kind", rca_kind_name(e->kind));
    if (bound)
        (void)fprintf(p->out, ",le=\"%s\"", bound);
    (void)fprintf(p->out, "} %s\n", rca_number_text(value, number));
}

/* @s: the parts of one histogram; the first is the sum or a bucket */
static void put_histogram(const struct page *p, const struct sample *s,
                          size_t n)
{
    char bound[RCA_NUMBER_TEXT_SIZE];
    double total = 0, sum = 0;
    size_t next = 0;

    while (next < n && s[next].part == SUM)
        sum = s[next++].value;
    for (int i = 0; i < RCA_HISTOGRAM_BUCKETS; i++) {
        while (next < n && s[next].part == i)
            total += s[next++].value;
        if (i + 1 < RCA_HISTOGRAM_BUCKETS)
            put_line(
                p, s, "_bucket",
                rca_number_text(rca_histogram_lower((unsigned)i + 1), bound),
                total);
    }
    put_line(p, s, "_bucket", "+Inf", total);
    put_line(p, s, "_sum", NULL, sum);
    put_line(p, s, "_count", NULL, total);
}

static void put_head(const struct page *p, const struct sample *s)
{
    static const char *const types[] = {"gauge", "counter", "histogram"};
    static const char *const before[] = {"", "total of ", "distribution of "};
    const char *plain = s->name + sizeof(PREFIX) - 1;
    const struct rca_metric *m = rca_metric_find(plain);

    (void)fprintf(p->out, "# HELP %s %s%s", s->name, before[s->type],
                  m && m->label ? m->label : plain);
    if (s->type == GAUGE && s->role != RCA_ROLE_OTHER)
        (void)fprintf(p->out, " (%s)", rca_role_name(s->role));
    (void)fprintf(p->out, "\n# TYPE %s %s\n", s->name, types[s->type]);
}

static void put_page(struct page *p)
{
    const struct sample *at = p->samples.at;

    for (size_t i = 0, end; i < p->samples.n; i = end) {
        end = i + 1;
        if (i == 0 || strcmp(at[i - 1].name, at[i].name) != 0)
            put_head(p, &at[i]);
        if (at[i].type != HISTOGRAM) {
            put_line(p, &at[i], "", NULL, at[i].value);
        } else {
            while (end < p->samples.n && at[end].entity == at[i].entity &&
                   strcmp(at[end].name, at[i].name) == 0)
                end++;
            put_histogram(p, &at[i], end - i);
        }
        p->count.values++;
    }
}

/* what is newer than the graph has no labels */
static void drop_unknown(struct page *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->samples.n; i++) {
        if (rca_graph_node(p->want->graph, p->samples.at[i].entity) !=
            UINT32_MAX)
            p->samples.at[kept++] = p->samples.at[i];
        else
            free(p->samples.at[i].name);
    }
    p->samples.n = kept;
}

int rca_export_prometheus(const struct rca_slices *want, FILE *out,
                          struct rca_export_count *ret)
{
    struct page p RCA_CLEANUP(page_done) = {
        .want = want, .out = out, .count.last = RCA_TIME_NONE};
    const int r = rca_slices_read(want, take_slice, &p);

    if (r)
        return r;
    drop_unknown(&p);
    settle(&p);
    put_page(&p);
    p.count.rows = p.samples.n > 0;
    *ret = p.count;
    return ferror(out) ? -EIO : 0;
}
