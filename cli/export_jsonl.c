/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>

#include "cli/export.h"
#include "cli/json_value.h"
#include "graph/base/time.h"

/*
 * Lines, each an object (docs/EXPORT.md):
 *   {"entity":"web","kind":"service","host":"h","first":T,"last":T}
 *   {"edge":"runs_on","source":{"entity":...,"kind":...,"host":...},
 *    "target":{...},"first":T,"last":T}
 *   {"time":T,"entity":"web","kind":"service","host":"h","values":{"X":1.5}}
 * with T in seconds since the epoch. Entities and edges come first, then the
 * values in order of time.
 */

struct lines {
    const struct rca_slices *want;
    FILE *out;
    struct rca_buf line;
    struct rca_export_count count;
};

static void lines_done(struct lines *l)
{
    rca_buf_done(&l->line);
}

static int flush(struct lines *l)
{
    const int r = l->line.err;

    if (!r && l->line.len)
        (void)fwrite(l->line.text, 1, l->line.len, l->out);
    l->line.len = 0;
    return r ? r : ferror(l->out) ? -EIO : 0;
}

static void put_entity(struct rca_buf *b, const struct rca_entity *e)
{
    rca_json_string(b, "entity", e->name);
    rca_buf_str(b, ",");
    rca_json_string(b, "kind", rca_kind_name(e->kind));
    rca_buf_str(b, ",");
    rca_json_string(b, "host", e->host);
}

/* the part of [first, last] that lies within the range */
static void put_life(struct lines *l, rca_time first, rca_time last)
{
    const struct rca_slices *w = l->want;
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(&l->line, ",\"first\":%s,\"last\":%s}\n",
                rca_time_epoch(first > w->from ? first : w->from, a),
                rca_time_epoch(last < w->to ? last : w->to, b));
}

static int put_graph(struct lines *l)
{
    const struct rca_slices *w = l->want;
    const struct rca_graph *g = w->graph;
    int r = 0;

    for (uint32_t i = 0; i < rca_graph_size(g) && !r; i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        if (!rca_slices_has(w, e->id, e->first, e->last))
            continue;
        rca_buf_str(&l->line, "{");
        put_entity(&l->line, e);
        put_life(l, e->first, e->last);
        r = flush(l);
    }
    for (uint32_t i = 0; i < rca_graph_edges(g) && !r; i++) {
        const struct rca_edge *e = rca_graph_edge(g, i);

        if (!rca_slices_has(w, e->source, e->first, e->last) ||
            !rca_slices_has(w, e->target, e->first, e->last))
            continue;
        rca_buf_fmt(&l->line, "{\"edge\":\"%s\",\"source\":{",
                    rca_edge_name(e->kind));
        put_entity(&l->line, rca_graph_entity(g, rca_graph_node(g, e->source)));
        rca_buf_str(&l->line, "},\"target\":{");
        put_entity(&l->line, rca_graph_entity(g, rca_graph_node(g, e->target)));
        rca_buf_str(&l->line, "}");
        put_life(l, e->first, e->last);
        r = flush(l);
    }
    return r;
}

/* @columns: @n of one entity; nothing where none has a value */
static void put_values(struct lines *l, rca_time time, size_t row,
                       const struct rca_entity *e,
                       const struct rca_slice_column *columns, size_t n)
{
    char text[RCA_TIME_TEXT_SIZE], number[RCA_NUMBER_TEXT_SIZE];
    size_t put = 0;

    for (size_t c = 0; c < n; c++) {
        if (isnan(columns[c].x[row]))
            continue;
        if (!put++) {
            rca_buf_fmt(&l->line, "{\"time\":%s,", rca_time_epoch(time, text));
            put_entity(&l->line, e);
            rca_buf_str(&l->line, ",\"values\":{");
        } else {
            rca_buf_str(&l->line, ",");
        }
        rca_json_key(&l->line, columns[c].name);
        rca_buf_str(&l->line, rca_number_text(columns[c].x[row], number));
    }
    if (!put)
        return;
    rca_buf_str(&l->line, "}}\n");
    l->count.rows++;
    l->count.values += put;
    l->count.last = time;
}

static int put_row(struct lines *l, const struct rca_slice *s, size_t row)
{
    const struct rca_graph *g = l->want->graph;
    int r = 0;

    for (size_t c = 0, end; c < s->n_columns && !r; c = end) {
        const uint32_t node = rca_graph_node(g, s->columns[c].entity);

        for (end = c + 1; end < s->n_columns &&
                          s->columns[end].entity == s->columns[c].entity;)
            end++;
        if (node == UINT32_MAX) /* newer than the graph */
            continue;
        put_values(l, s->times[row], row, rca_graph_entity(g, node),
                   s->columns + c, end - c);
        r = flush(l);
    }
    return r;
}

static int put_slice(void *arg, const struct rca_slice *s)
{
    struct lines *l = arg;
    int r = 0;

    for (size_t row = 0; row < s->n_times && !r; row++)
        r = put_row(l, s, row);
    return r;
}

int rca_export_jsonl(const struct rca_slices *want, FILE *out,
                     struct rca_export_count *ret)
{
    struct lines l RCA_CLEANUP(lines_done) = {
        .want = want, .out = out, .count.last = RCA_TIME_NONE};
    int r = put_graph(&l);

    r = r ? r : rca_slices_read(want, put_slice, &l);
    if (!r)
        *ret = l.count;
    return r;
}
