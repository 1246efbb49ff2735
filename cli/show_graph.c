/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/show.h"
#include "graph/dot.h"

/*
 * Okabe and Ito's colours, paled for paper: what serves is blue, what runs is
 * orange, what carries packets is green, what stores is grey; within a group
 * the shape tells.
 */
static const struct style {
    const char *shape, *fill;
} styles[] = {
    [RCA_KIND_HOST] = {"box3d", "#E8E8E8"},
    [RCA_KIND_SERVICE] = {"box", "#CFE6F5"},
    [RCA_KIND_CLIENT] = {"house", "#CFE6F5"},
    [RCA_KIND_CALL] = {"cds", "#EFF7FC"},
    [RCA_KIND_CGROUP] = {"component", "#FCE8C5"},
    [RCA_KIND_PROCESS] = {"ellipse", "#FCE8C5"},
    [RCA_KIND_NETNS] = {"tab", "#CDEBDF"},
    [RCA_KIND_NIC] = {"hexagon", "#CDEBDF"},
    [RCA_KIND_QDISC] = {"trapezium", "#CDEBDF"},
    [RCA_KIND_DISK] = {"cylinder", "#E8E8E8"},
    [RCA_KIND_FILESYSTEM] = {"folder", "#E8E8E8"},
    [RCA_KIND_RULE] = {"octagon", "#F9D9C2"},
    [RCA_KIND_CONNTRACK] = {"note", "#F9D9C2"},
    [RCA_KIND_BRIDGE] = {"parallelogram", "#CDEBDF"},
    [RCA_KIND_PEER] = {"invhouse", "#FFFFFF"},
    [RCA_KIND_OTHER] = {"box", "#FFFFFF"},
    [RCA_KIND_PROBE] = {"diamond", "#FFFFFF"},
};
static_assert(RCA_ARRAY_SIZE(styles) == RCA_KIND_COUNT, "one each");

/* struct part - the nodes that are drawn; @in by node; both owned */
struct part {
    _Bool *in;
    uint32_t *nodes;
    size_t n;
};

static void part_done(struct part *p)
{
    free(p->in);
    free(p->nodes);
}

static int choose(const struct rca_show *show, const struct rca_entity *centre,
                  struct part *p)
{
    const struct rca_graph *g = show->open->graph;
    const size_t size = rca_graph_size(g);
    int n = 0;

    p->in = calloc(size + 1, sizeof(*p->in));
    p->nodes = malloc((size + 1) * sizeof(*p->nodes));
    if (!p->in || !p->nodes)
        return -ENOMEM;
    for (uint32_t i = 0; i < size && !centre; i++)
        p->nodes[n++] = i;
    if (centre)
        n = rca_graph_walk(g, rca_graph_node(g, centre->id), show->hops, size,
                           p->nodes, NULL);
    if (n < 0)
        return n;
    for (int i = 0; i < n; i++) {
        const enum rca_kind kind = rca_graph_entity(g, p->nodes[i])->kind;

        if (show->kind && strcmp(show->kind, rca_kind_name(kind)) != 0)
            continue;
        p->in[p->nodes[i]] = 1;
        p->nodes[p->n++] = p->nodes[i];
    }
    return 0;
}

static void put_node(struct rca_buf *buf, const struct rca_graph *g,
                     uint32_t node, const struct rca_entity *centre)
{
    const struct rca_entity *e = rca_graph_entity(g, node);
    char full[RCA_SHOW_NAME_SIZE];

    rca_buf_fmt(buf, "    n%u [shape=%s, fillcolor=\"%s\", ", (unsigned)node,
                styles[e->kind].shape, styles[e->kind].fill);
    if (e == centre)
        rca_buf_str(buf, "penwidth=3, ");
    rca_buf_str(buf, "label=");
    rca_dot_quote(buf, strchr(rca_show_full_name(e, full), '/') + 1);
    rca_buf_str(buf, ", tooltip=");
    rca_dot_quote(buf, full);
    rca_buf_str(buf, "];\n");
}

static const char *host_at(const struct rca_graph *g, uint32_t node)
{
    return rca_graph_entity(g, node)->host;
}

static _Bool has_several_hosts(const struct rca_graph *g, const struct part *p)
{
    for (size_t i = 1; i < p->n; i++) {
        if (strcmp(host_at(g, p->nodes[i]), host_at(g, p->nodes[0])) != 0)
            return 1;
    }
    return 0;
}

static int by_host(const void *pa, const void *pb, void *arg)
{
    const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
    const int order = strcmp(host_at(arg, a), host_at(arg, b));

    return order ? order : (a > b) - (a < b);
}

static void open_host(struct rca_buf *buf, size_t number, const char *host)
{
    rca_buf_fmt(buf, "  subgraph cluster_host%zu {\n    label=", number);
    rca_dot_quote(buf, host[0] ? host : "host unknown");
    rca_buf_str(buf, "; style=\"rounded,filled\"; fillcolor=\"#F6F8FA\"; "
                     "color=\"#D0D7DE\"; margin=12;\n");
}

/* nodes in order of their host, a frame around each host's */
static void put_nodes(struct rca_buf *buf, struct rca_graph *g, struct part *p,
                      const struct rca_entity *centre)
{
    const _Bool framed = has_several_hosts(g, p);

    if (framed)
        qsort_r(p->nodes, p->n, sizeof(*p->nodes), by_host, g);
    for (size_t i = 0; i < p->n; i++) {
        const char *host = host_at(g, p->nodes[i]);
        const _Bool ends =
            i + 1 == p->n || strcmp(host, host_at(g, p->nodes[i + 1])) != 0;

        if (framed &&
            (i == 0 || strcmp(host, host_at(g, p->nodes[i - 1])) != 0))
            open_host(buf, i, host);
        put_node(buf, g, p->nodes[i], centre);
        if (framed && ends)
            rca_buf_str(buf, "  }\n");
    }
}

static void put_edges(struct rca_buf *buf, const struct rca_graph *g,
                      const struct part *p)
{
    for (uint32_t i = 0; i < rca_graph_edges(g); i++) {
        const struct rca_edge *edge = rca_graph_edge(g, i);
        const uint32_t a = rca_graph_node(g, edge->source);
        const uint32_t b = rca_graph_node(g, edge->target);

        if (p->in[a] && p->in[b])
            rca_buf_fmt(buf, "  n%u -> n%u [label=\"%s\"%s];\n", (unsigned)a,
                        (unsigned)b, rca_edge_name(edge->kind),
                        edge->kind == RCA_EDGE_LINK ? ", dir=none" : "");
    }
}

/* the kinds that are drawn, as they are drawn */
static void put_legend(struct rca_buf *buf, const struct rca_graph *g,
                       const struct part *p)
{
    _Bool has[RCA_KIND_COUNT] = {0};

    for (size_t i = 0; i < p->n; i++)
        has[rca_graph_entity(g, p->nodes[i])->kind] = 1;
    rca_buf_str(buf, "  subgraph cluster_legend {\n    label=\"An arrow points "
                     "to what is depended on\"; color=\"#D0D7DE\";\n");
    for (unsigned k = 0; k < RCA_KIND_COUNT; k++) {
        const char *kind = rca_kind_name((enum rca_kind)k);

        if (has[k])
            rca_buf_fmt(buf,
                        "    legend_%s [shape=%s, fillcolor=\"%s\", "
                        "label=\"%s\"];\n",
                        kind, styles[k].shape, styles[k].fill, kind);
    }
    rca_buf_str(buf, "  }\n");
}

static void put_head(struct rca_buf *buf, size_t n)
{
    rca_buf_str(buf, "digraph entities {\n");
    if (n > RCA_SHOW_LAYERED)
        rca_buf_str(buf, "  layout=sfdp; overlap=prism; splines=line;\n");
    rca_buf_str(buf, "  rankdir=LR; bgcolor=\"white\"; labeljust=l; "
                     "fontname=\"DejaVu Sans\"; fontsize=11;\n"
                     "  node [shape=box, style=filled, color=\"#57606A\", "
                     "fontname=\"DejaVu Sans\", fontsize=11];\n"
                     "  edge [fontname=\"DejaVu Sans\", fontsize=9, "
                     "color=\"#57606A\", fontcolor=\"#57606A\"];\n");
}

int rca_show_graph(const struct rca_show *show)
{
    const struct rca_entity *centre = NULL;
    struct part p RCA_CLEANUP(part_done) = {0};
    struct rca_buf buf = {0};
    int r = show->name ? rca_open_entity(show->open, show->name, &centre) : -1;

    if (r >= 0)
        return r;
    r = choose(show, centre, &p);
    if (r)
        return rca_say("show", NULL, r);
    put_head(&buf, p.n);
    put_nodes(&buf, show->open->graph, &p, centre);
    put_edges(&buf, show->open->graph, &p);
    put_legend(&buf, show->open->graph, &p);
    rca_buf_str(&buf, "}\n");
    return rca_show_put(&buf);
}
