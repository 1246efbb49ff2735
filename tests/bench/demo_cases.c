/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * demo_cases - stores that `rca demo -o FOLDER` kept, as labelled cases: what
 * the weights of the default method are learned from besides other people's
 * incidents (docs/ACCURACY.md).
 *
 * demo_cases OUT STORE...  writes OUT/demo/FOLDER for each FOLDER/rca.db. All
 * entities that are accepted as the name of the fault are one service there.
 */

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/case_write.h"
#include "graph/base/err.h"
#include "model/arena.h"
#include "model/symptom.h"

#define TRUTHS 4
#define VICTIM "frontend"
#define SERVICE "(injected)"

struct truths {
    char text[1024];
    size_t n;
    enum rca_kind kind[TRUTHS];
    const char *name[TRUTHS];
};

/* the note of the demonstration: what, then "kind name" lines */
static int read_truths(struct rca_store *store, struct truths *t)
{
    void *data RCA_CLEANUP(rca_freep) = NULL;
    char *rest = t->text, *line;
    rca_time when;
    size_t size;
    const int err = rca_store_get(store, "injected", &when, &data, &size);

    if (err || size >= sizeof(t->text))
        return err ? err : RCA_ECORRUPT;
    memcpy(t->text, data, size);
    t->text[size] = '\0';
    (void)strsep(&rest, "\n");
    while ((line = strsep(&rest, "\n")) && t->n < TRUTHS) {
        const char *kind = strsep(&line, " ");

        if (line && rca_kind_parse(kind, &t->kind[t->n]) == 0)
            t->name[t->n++] = line;
    }
    return t->n ? 0 : RCA_ECORRUPT;
}

static _Bool is_truth(const struct truths *t, const struct rca_entity *e)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->kind[i] == e->kind &&
            (e->kind == RCA_KIND_RULE
                 ? strncmp(t->name[i], e->name, strlen(t->name[i])) == 0
                 : strcmp(t->name[i], e->name) == 0))
            return 1;
    }
    return 0;
}

/* A case knows entities by name alone: a netns that is called as its service
 * becomes "netns/NAME". */
static int name_by_kind(struct rca_case *c, struct rca_arena *names)
{
    const size_t n = rca_graph_size(c->graph), m = rca_graph_edges(c->graph);
    struct rca_entity *entities RCA_CLEANUP(rca_freep) =
        calloc(n + 1, sizeof(*entities));
    struct rca_edge *edges RCA_CLEANUP(rca_freep) =
        calloc(m + 1, sizeof(*edges));
    struct rca_graph *g = NULL;
    char name[512];

    if (!entities || !edges)
        return -ENOMEM;
    for (uint32_t i = 0; i < m; i++)
        edges[i] = *rca_graph_edge(c->graph, i);
    for (uint32_t i = 0; i < n; i++) {
        entities[i] = *rca_graph_entity(c->graph, i);
        if (entities[i].kind == RCA_KIND_SERVICE)
            continue;
        (void)snprintf(name, sizeof(name), "%s/%s",
                       rca_kind_name(entities[i].kind), entities[i].name);
        entities[i].name = rca_arena_text(names, name);
        if (!entities[i].name)
            return -ENOMEM;
    }
    if (rca_graph_new(entities, n, edges, m, &g))
        return -ENOMEM;
    rca_graph_free(&c->graph);
    c->graph = g;
    return 0;
}

static int find_incident(struct rca_case *c)
{
    struct rca_target target = {RCA_ID_NONE, NULL};
    struct rca_scene scene;
    uint32_t symptom;
    int err;

    for (uint32_t i = 0; i < rca_graph_size(c->graph); i++) {
        const struct rca_entity *e = rca_graph_entity(c->graph, i);

        if (e->kind == RCA_KIND_SERVICE && strcmp(e->name, VICTIM) == 0)
            target.entity = e->id;
    }
    c->incident = (struct rca_incident){
        .w = c->window, .g = c->graph, .victim = target.entity};
    err = rca_symptom_find_rows(c->window, c->graph, &target, c->window->n_rows,
                                &c->incident.incident);
    c->incident.before.to = c->incident.incident.from;
    err = err ? err
              : rca_scene_init(&scene, c->window, c->graph, c->incident.before,
                               c->incident.incident);
    if (err)
        return err;
    err = rca_symptom_choose(&scene, &target, &symptom);
    rca_scene_done(&scene);
    if (!err)
        c->incident.metric = c->window->vars[symptom].metric.name;
    return err;
}

static int read_store(struct rca_store *store, const struct truths *truths,
                      struct rca_case *c, struct rca_arena *names)
{
    _Bool *guilty RCA_CLEANUP(rca_freep) = NULL;
    struct rca_store_info info;
    size_t n;
    int err = rca_store_info(store, &info);

    if (!err)
        err = rca_window_read(store, info.first - RCA_SECOND, info.last,
                              RCA_SECOND, NULL, 0, &c->window);
    if (!err)
        err = rca_store_graph(store, info.first, info.last, &c->graph);
    if (err)
        return err;
    c->times = calloc(c->window->n_rows, sizeof(*c->times));
    n = rca_graph_size(c->graph);
    c->service = calloc(n + 1, sizeof(*c->service));
    guilty = calloc(n + 1, sizeof(*guilty));
    if (!c->times || !c->service || !guilty)
        return -ENOMEM;
    for (size_t r = 0; r < c->window->n_rows; r++)
        c->times[r] = c->window->from + (rca_time)(r + 1) * RCA_SECOND;
    for (uint32_t i = 0; i < n; i++) {
        const struct rca_entity *e = rca_graph_entity(c->graph, i);

        guilty[i] = is_truth(truths, e);
    }
    err = name_by_kind(c, names);
    for (uint32_t i = 0; i < n && !err; i++)
        c->service[i] =
            guilty[i] ? SERVICE : rca_graph_entity(c->graph, i)->name;
    return err ? err : find_incident(c);
}

static int convert(const char *out, const char *path, struct rca_diag *diag)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_case *c RCA_CLEANUP(rca_case_free) = calloc(1, sizeof(*c));
    const struct rca_case_label label = {.entity = SERVICE, .service = SERVICE};
    char *copy RCA_CLEANUP(rca_freep) = strdup(path);
    char folder[4096];
    struct rca_arena names RCA_CLEANUP(rca_arena_done) = {0};
    struct truths truths = {0};
    int err;

    if (!c || !copy)
        return -ENOMEM;
    c->name = strdup(basename(dirname(copy)));
    c->dataset = strdup("demo");
    if (!c->name || !c->dataset)
        return -ENOMEM;
    (void)snprintf(folder, sizeof(folder), "%s/demo/%s", out, c->name);
    err = rca_store_open(path, RCA_STORE_READ, diag, &store);
    err = err ? err : read_truths(store, &truths);
    err = err ? err : read_store(store, &truths, c, &names);
    return err ? err : rca_case_write(folder, c, &label, diag);
}

int main(int argc, char **argv)
{
    char folder[4096];
    int failed = 0;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: demo_cases OUT STORE...\n");
        return 2;
    }
    (void)snprintf(folder, sizeof(folder), "%s/demo", argv[1]);
    (void)mkdir(argv[1], 0777);
    (void)mkdir(folder, 0777);
    for (int i = 2; i < argc; i++) {
        struct rca_diag diag = {0};
        const int err = convert(argv[1], argv[i], &diag);

        if (err)
            (void)fprintf(stderr, "%s: %s %s\n", argv[i], rca_strerror(err),
                          diag.text);
        failed |= err != 0;
    }
    return failed;
}
