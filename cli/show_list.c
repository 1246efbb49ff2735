/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/json_value.h"
#include "cli/show.h"
#include "cli/words.h"
#include "graph/base/time.h"

/* Columns are as wide as their widest entry, so that a list has no more blanks
 * than it needs and stays a table. */
struct columns {
    int source, target, host;
};

static void widen(int *columns, const char *text)
{
    const int width = rca_show_width(text);

    *columns = width > *columns ? width : *columns;
}

static const struct rca_entity *end(const struct rca_graph *g, rca_id id)
{
    return rca_graph_entity(g, rca_graph_node(g, id));
}

static void put_seen(struct rca_buf *buf, rca_time first, rca_time last)
{
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, "%s  %s\n", rca_time_local(first, a),
                rca_time_local(last, b));
}

static void put_seen_head(struct rca_buf *buf, const struct rca_show *show)
{
    char zone[RCA_TIME_TEXT_SIZE], first[RCA_TIME_TEXT_SIZE + 16];

    (void)snprintf(first, sizeof(first), "FIRST SEEN (%s)",
                   rca_time_zone(show->open->info.last, zone));
    rca_buf_fmt(buf, "%-19s  LAST SEEN\n", first);
}

static void put_seen_json(struct rca_buf *buf, rca_time first, rca_time last)
{
    rca_buf_str(buf, ",");
    rca_show_json_time(buf, "first", first);
    rca_buf_str(buf, ",");
    rca_show_json_time(buf, "last", last);
    rca_buf_str(buf, "}");
}

/* --- entities ------------------------------------------------------------- */

static const char *host_of(const struct rca_entity *e,
                           char ret[RCA_WORDS_NAME_MAX + 1])
{
    return e->host[0] ? rca_words_name(e->host, ret) : "-";
}

static _Bool has_kind(const struct rca_show *show, const struct rca_entity *e)
{
    return !show->kind || strcmp(show->kind, rca_kind_name(e->kind)) == 0;
}

static void entities_text(struct rca_buf *buf, const struct rca_show *show)
{
    const struct rca_graph *g = show->open->graph;
    char name[RCA_WORDS_NAME_MAX + 1], host[RCA_WORDS_NAME_MAX + 1];
    struct columns c = {.source = 4, .target = 4, .host = 4};

    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        if (!has_kind(show, e))
            continue;
        widen(&c.source, rca_kind_name(e->kind));
        widen(&c.target, rca_words_name(e->name, name));
        widen(&c.host, host_of(e, host));
    }
    rca_show_pad(buf, "KIND", c.source);
    rca_show_pad(buf, "NAME", c.target);
    rca_show_pad(buf, "HOST", c.host);
    put_seen_head(buf, show);
    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        if (!has_kind(show, e))
            continue;
        rca_show_pad(buf, rca_kind_name(e->kind), c.source);
        rca_show_pad(buf, rca_words_name(e->name, name), c.target);
        rca_show_pad(buf, host_of(e, host), c.host);
        put_seen(buf, e->first, e->last);
    }
}

static void entities_json(struct rca_buf *buf, const struct rca_show *show)
{
    const struct rca_graph *g = show->open->graph;
    const char *comma = "";

    rca_buf_str(buf, "{\"schema_version\":1,\"entities\":[");
    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        if (!has_kind(show, e))
            continue;
        rca_buf_str(buf, comma);
        rca_show_json_entity(buf, e);
        put_seen_json(buf, e->first, e->last);
        comma = ",";
    }
    rca_buf_str(buf, "]}\n");
}

int rca_show_entities(const struct rca_show *show)
{
    struct rca_buf buf = {0};

    if (show->format == RCA_SHOW_JSON)
        entities_json(&buf, show);
    else
        entities_text(&buf, show);
    return rca_show_put(&buf);
}

/* --- edges ---------------------------------------------------------------- */

/* the kind of the edge, or of one of its ends */
static _Bool edge_has_kind(const struct rca_show *show,
                           const struct rca_edge *edge)
{
    return !show->kind || strcmp(show->kind, rca_edge_name(edge->kind)) == 0 ||
           has_kind(show, end(show->open->graph, edge->source)) ||
           has_kind(show, end(show->open->graph, edge->target));
}

static void edges_text(struct rca_buf *buf, const struct rca_show *show)
{
    const struct rca_graph *g = show->open->graph;
    char a[RCA_SHOW_NAME_SIZE], b[RCA_SHOW_NAME_SIZE];
    struct columns c = {.source = 6, .target = 10, .host = 4};

    for (uint32_t i = 0; i < rca_graph_edges(g); i++) {
        const struct rca_edge *edge = rca_graph_edge(g, i);

        if (!edge_has_kind(show, edge))
            continue;
        widen(&c.source, rca_show_full_name(end(g, edge->source), a));
        widen(&c.target, rca_show_full_name(end(g, edge->target), b));
        widen(&c.host, rca_edge_name(edge->kind));
    }
    rca_show_pad(buf, "ENTITY", c.source);
    rca_show_pad(buf, "EDGE", c.host);
    rca_show_pad(buf, "DEPENDS ON", c.target);
    put_seen_head(buf, show);
    for (uint32_t i = 0; i < rca_graph_edges(g); i++) {
        const struct rca_edge *edge = rca_graph_edge(g, i);

        if (!edge_has_kind(show, edge))
            continue;
        rca_show_pad(buf, rca_show_full_name(end(g, edge->source), a),
                     c.source);
        rca_show_pad(buf, rca_edge_name(edge->kind), c.host);
        rca_show_pad(buf, rca_show_full_name(end(g, edge->target), b),
                     c.target);
        put_seen(buf, edge->first, edge->last);
    }
}

static void edges_json(struct rca_buf *buf, const struct rca_show *show)
{
    const struct rca_graph *g = show->open->graph;
    const char *comma = "";

    rca_buf_str(buf, "{\"schema_version\":1,\"edges\":[");
    for (uint32_t i = 0; i < rca_graph_edges(g); i++) {
        const struct rca_edge *edge = rca_graph_edge(g, i);

        if (!edge_has_kind(show, edge))
            continue;
        rca_buf_fmt(buf, "%s{\"source\":", comma);
        rca_show_json_entity(buf, end(g, edge->source));
        rca_buf_str(buf, "},\"target\":");
        rca_show_json_entity(buf, end(g, edge->target));
        rca_buf_str(buf, "},");
        rca_json_string(buf, "kind", rca_edge_name(edge->kind));
        put_seen_json(buf, edge->first, edge->last);
        comma = ",";
    }
    rca_buf_str(buf, "]}\n");
}

int rca_show_edges(const struct rca_show *show)
{
    struct rca_buf buf = {0};

    if (show->format == RCA_SHOW_JSON)
        edges_json(&buf, show);
    else
        edges_text(&buf, show);
    return rca_show_put(&buf);
}
