/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "datasets/case_parts.h"

/* what others call our kinds of entity */
static const struct {
    const char *name;
    enum rca_kind kind;
} kind_words[] = {
    {"node", RCA_KIND_HOST},        {"machine", RCA_KIND_HOST},
    {"vm", RCA_KIND_HOST},          {"server", RCA_KIND_HOST},
    {"router", RCA_KIND_HOST},      {"switch", RCA_KIND_HOST},
    {"device", RCA_KIND_HOST},      {"firewall", RCA_KIND_HOST},
    {"interface", RCA_KIND_NIC},    {"port", RCA_KIND_NIC},
    {"link", RCA_KIND_NIC},         {"pod", RCA_KIND_CGROUP},
    {"container", RCA_KIND_CGROUP}, {"instance", RCA_KIND_CGROUP},
    {"database", RCA_KIND_SERVICE}, {"db", RCA_KIND_SERVICE},
    {"queue", RCA_KIND_SERVICE},    {"cache", RCA_KIND_SERVICE},
    {"function", RCA_KIND_SERVICE}, {"lambda", RCA_KIND_SERVICE},
    {"workload", RCA_KIND_SERVICE}, {"deployment", RCA_KIND_SERVICE},
    {"app", RCA_KIND_SERVICE},      {"application", RCA_KIND_SERVICE},
    {"gateway", RCA_KIND_SERVICE},  {"proxy", RCA_KIND_SERVICE},
    {"topic", RCA_KIND_SERVICE},    {"table", RCA_KIND_SERVICE},
    {"volume", RCA_KIND_DISK},      {"os", RCA_KIND_HOST},
    {"hypervisor", RCA_KIND_HOST},  {"docker", RCA_KIND_CGROUP},
    {"replica", RCA_KIND_CGROUP},   {"task", RCA_KIND_CGROUP},
    {"svc", RCA_KIND_SERVICE},      {"microservice", RCA_KIND_SERVICE},
    {"api", RCA_KIND_SERVICE},      {"middleware", RCA_KIND_SERVICE},
    {"broker", RCA_KIND_SERVICE},   {"storage", RCA_KIND_SERVICE},
};

/* and of edge; @turned: from the whole to its member */
static const struct {
    const char *name;
    enum rca_edge_kind kind;
    _Bool turned;
} edge_words[] = {
    {"has_pod", RCA_EDGE_PART_OF, 1},
    {"has_container", RCA_EDGE_PART_OF, 1},
    {"has_instance", RCA_EDGE_PART_OF, 1},
    {"has_member", RCA_EDGE_PART_OF, 1},
    {"contains", RCA_EDGE_PART_OF, 1},
    {"interface_of", RCA_EDGE_PART_OF, 0},
    {"member_of", RCA_EDGE_PART_OF, 0},
    {"call", RCA_EDGE_CALLS, 0},
    {"depends_on", RCA_EDGE_CALLS, 0},
    {"hosted_on", RCA_EDGE_RUNS_ON, 0},
    {"deployed_on", RCA_EDGE_RUNS_ON, 0},
    {"scheduled_on", RCA_EDGE_RUNS_ON, 0},
};

/* struct builder - @entities by id; @said: it has a kind of its own; @called:
 * something but a probe calls it; @tied: it has an edge at all */
struct builder {
    const struct rca_case_parts *parts;
    const char *const *names;
    size_t n;
    struct rca_entity *entities;
    struct rca_edge *edges;
    size_t n_edges, cap;
    _Bool *said, *called, *tied;
};

static void done(struct builder *b)
{
    free(b->entities);
    free(b->edges);
    free(b->said);
    free(b->called);
    free(b->tied);
}

static int by_text(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

/* every name that a part holds is among the names */
static rca_id id_of(const struct builder *b, const char *name)
{
    const char *const *at =
        bsearch(name, b->names, b->n, sizeof(*b->names), by_text);

    assert(at);
    return (rca_id)(at - b->names);
}

static enum rca_kind parse_kind(const char *text)
{
    for (enum rca_kind k = 0; k < RCA_KIND_COUNT; k++) {
        if (!strcasecmp(text, rca_kind_name(k)))
            return k;
    }
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kind_words); i++) {
        if (!strcasecmp(text, kind_words[i].name))
            return kind_words[i].kind;
    }
    return RCA_KIND_OTHER;
}

static enum rca_edge_kind parse_edge(const char *text, _Bool *ret_turned)
{
    *ret_turned = 0;
    for (enum rca_edge_kind k = 0; k < RCA_EDGE_COUNT; k++) {
        if (!strcasecmp(text, rca_edge_name(k)))
            return k;
    }
    for (size_t i = 0; i < RCA_ARRAY_SIZE(edge_words); i++) {
        if (strcasecmp(text, edge_words[i].name) != 0)
            continue;
        *ret_turned = edge_words[i].turned;
        return edge_words[i].kind;
    }
    return RCA_EDGE_LINK;
}

static int add_edge(struct builder *b, rca_id source, rca_id target,
                    enum rca_edge_kind kind)
{
    const struct rca_table *t = &b->parts->table;
    struct rca_edge *grown =
        rca_grow(b->edges, b->n_edges, &b->cap, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    b->edges = grown;
    b->edges[b->n_edges++] = (struct rca_edge){.source = source,
                                               .target = target,
                                               .kind = kind,
                                               .first = t->times[0],
                                               .last = t->times[t->n_rows - 1]};
    b->tied[source] = b->tied[target] = 1;
    if (kind == RCA_EDGE_CALLS && source != target &&
        b->entities[source].kind != RCA_KIND_PROBE)
        b->called[target] = 1;
    return 0;
}

static int init(struct builder *b)
{
    const struct rca_table *t = &b->parts->table;

    b->entities = calloc(b->n + 1, sizeof(*b->entities));
    b->said = calloc(b->n + 1, sizeof(*b->said));
    b->called = calloc(b->n + 1, sizeof(*b->called));
    b->tied = calloc(b->n + 1, sizeof(*b->tied));
    if (!b->entities || !b->said || !b->called || !b->tied)
        return -ENOMEM;
    for (size_t i = 0; i < b->n; i++)
        b->entities[i] = (struct rca_entity){.id = (rca_id)i,
                                             .kind = RCA_KIND_SERVICE,
                                             .name = b->names[i],
                                             .host = "",
                                             .first = t->times[0],
                                             .last = t->times[t->n_rows - 1]};
    return 0;
}

/* when each entity was first and last measured */
static void see(struct builder *b)
{
    const struct rca_table *t = &b->parts->table;

    for (size_t c = 0; c < t->n_columns;) {
        struct rca_entity *e = &b->entities[id_of(b, t->columns[c].entity)];
        size_t first = t->n_rows, last = 0;

        for (; c < t->n_columns && id_of(b, t->columns[c].entity) == e->id;
             c++) {
            const double *x = t->x + c * t->n_rows;
            size_t from = 0, to = t->n_rows;

            while (from < to && x[from] != x[from])
                from++;
            while (to > from && x[to - 1] != x[to - 1])
                to--;
            first = from < first ? from : first;
            last = to > last ? to : last;
        }
        e->first = t->times[first < last ? first : 0];
        e->last = t->times[last ? last - 1 : 0];
    }
}

static void set_kinds(struct builder *b)
{
    const struct rca_csv_records *rows = &b->parts->entities;

    for (size_t i = 0; i < rows->n; i++) {
        const rca_id id = id_of(b, rows->list[i].cell[0]);

        if (b->said[id] || !*rows->list[i].cell[2])
            continue;
        b->entities[id].kind = parse_kind(rows->list[i].cell[2]);
        b->said[id] = 1;
    }
}

/* what an edge tells of an end that has no kind of its own */
static void guess_kind(struct builder *b, rca_id id, enum rca_kind kind)
{
    if (!b->said[id] && b->entities[id].kind == RCA_KIND_SERVICE)
        b->entities[id].kind = kind;
}

static int read_edge(struct builder *b, const struct rca_csv_record *row)
{
    const rca_id source = id_of(b, row->cell[0]);
    const rca_id target = id_of(b, row->cell[1]);
    _Bool turned;
    const enum rca_edge_kind kind = parse_edge(row->cell[2], &turned);

    if (kind == RCA_EDGE_RUNS_ON)
        guess_kind(b, target, RCA_KIND_HOST);
    if (!strcasecmp(row->cell[2], "interface_of")) {
        guess_kind(b, source, RCA_KIND_NIC);
        guess_kind(b, target, RCA_KIND_HOST);
    }
    if (!strcasecmp(row->cell[2], "has_pod"))
        guess_kind(b, target, RCA_KIND_CGROUP);
    return add_edge(b, turned ? target : source, turned ? source : target,
                    kind);
}

/* @service: by id; an entity of another's service is part of it */
static int read_services(struct builder *b, const char **service)
{
    const struct rca_csv_records *rows = &b->parts->entities;
    int err = 0;

    for (size_t i = 0; i < b->n; i++)
        service[i] = b->names[i];
    for (size_t i = 0; i < rows->n && !err; i++) {
        const char *name = rows->list[i].cell[1];
        const rca_id id = id_of(b, rows->list[i].cell[0]);
        const char *const *whole =
            bsearch(name, b->names, b->n, sizeof(*b->names), by_text);

        if (!*name || service[id] != b->names[id])
            continue;
        service[id] = name;
        if (whole && (rca_id)(whole - b->names) != id)
            err = add_edge(b, id, (rca_id)(whole - b->names), RCA_EDGE_PART_OF);
    }
    return err;
}

static _Bool is_root(const struct builder *b, rca_id id)
{
    const enum rca_kind kind = b->entities[id].kind;

    return !b->called[id] &&
           (kind == RCA_KIND_SERVICE || kind == RCA_KIND_CLIENT ||
            kind == RCA_KIND_OTHER);
}

/* a probe that hangs in the air looks at what nobody calls */
static int tie_probes(struct builder *b)
{
    int err = 0;

    for (rca_id p = 0; p < b->n && !err; p++) {
        if (b->entities[p].kind != RCA_KIND_PROBE || b->tied[p])
            continue;
        for (rca_id id = 0; id < b->n && !err; id++) {
            if (is_root(b, id))
                err = add_edge(b, p, id, RCA_EDGE_CALLS);
        }
    }
    return err;
}

int rca_case_graph(const struct rca_case_parts *parts, const char *const *names,
                   size_t n, struct rca_graph **ret_graph,
                   const char **ret_service)
{
    struct builder b RCA_CLEANUP(done) = {
        .parts = parts, .names = names, .n = n};
    int err = init(&b);

    if (err)
        return err;
    see(&b);
    set_kinds(&b);
    for (size_t i = 0; i < parts->edges.n && !err; i++)
        err = read_edge(&b, &parts->edges.list[i]);
    err = err ? err : read_services(&b, ret_service);
    err = err ? err : tie_probes(&b);
    return err ? err
               : rca_graph_new(b.entities, n, b.edges, b.n_edges, ret_graph);
}
