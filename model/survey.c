/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/buf.h"
#include "graph/base/time.h"
#include "model/answer.h"

/* Entities further away than this are nobody's business. */
#define SURVEY_HOPS 6
#define SURVEY_NODES 1000
/* A neighbour without data in this part of the incident was not seen. */
#define UNSEEN_PART 0.3

struct survey {
    struct rca_answer *answer;
    const char *features;
    uint32_t *nodes; /* nearest first */
    size_t n_nodes;
};

static const char *role_word(enum rca_role role)
{
    switch (role) {
    case RCA_ROLE_LOAD:
        return "load";
    case RCA_ROLE_USAGE:
        return "usage";
    case RCA_ROLE_SATURATION:
        return "saturation";
    case RCA_ROLE_LATENCY:
        return "latency";
    case RCA_ROLE_ERROR:
        return "errors";
    case RCA_ROLE_OTHER:
    case RCA_ROLE_COUNT:
        break;
    }
    return "other";
}

/* variables [first, first + n) of entity @id */
static size_t find_vars(const struct rca_window *w, rca_id id, size_t *ret_n)
{
    const size_t first = rca_window_first(w, id);
    size_t end = first;

    while (end < w->n_vars && w->vars[end].entity == id)
        end++;
    *ret_n = end - first;
    return first;
}

/* "name: latency, errors", what of it is known; NULL: out of memory */
static const char *describe(const struct survey *s, const char *name,
                            size_t first, size_t n)
{
    static const enum rca_role order[] = {RCA_ROLE_LATENCY, RCA_ROLE_ERROR,
                                          RCA_ROLE_LOAD,    RCA_ROLE_SATURATION,
                                          RCA_ROLE_USAGE,   RCA_ROLE_OTHER};
    const struct rca_scene *scene = s->answer->scene;
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
    const char *mark = ": ";

    rca_buf_str(&text, name);
    for (size_t k = 0; k < RCA_ARRAY_SIZE(order); k++) {
        _Bool has = 0;

        for (size_t v = first; v < first + n && !has; v++)
            has = scene->traits[v].known &&
                  scene->w->vars[v].metric.role == order[k];
        if (has)
            rca_buf_fmt(&text, "%s%s", mark, role_word(order[k]));
        if (has)
            mark = ", ";
    }
    return text.err ? NULL : rca_arena_text(&s->answer->arena, text.text);
}

static int list_checked(struct survey *s)
{
    const struct rca_scene *scene = s->answer->scene;
    struct rca_explanation *e = s->answer->e;

    e->checked = calloc(RCA_ANSWER_LISTED, sizeof(*e->checked));
    if (!e->checked)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_nodes; i++) {
        const struct rca_entity *entity =
            rca_graph_entity(scene->g, s->nodes[i]);
        size_t n, known = 0, abnormal = 0;
        const size_t first = find_vars(scene->w, entity->id, &n);

        for (size_t v = first; v < first + n; v++) {
            known += scene->traits[v].known;
            abnormal += scene->traits[v].abnormal;
        }
        if (known == 0 || abnormal > 0)
            continue;
        e->checked_entities++;
        e->checked_metrics += known;
        if (e->n_checked == RCA_ANSWER_LISTED)
            continue;
        e->checked[e->n_checked] = describe(s, entity->name, first, n);
        if (!e->checked[e->n_checked++])
            return -ENOMEM;
    }
    return 0;
}

/* rows of the incident in which nothing of the entity is known */
static struct rca_rows find_gap(const struct rca_scene *s, size_t first,
                                size_t n, size_t *ret_rows)
{
    struct rca_rows gap = {0, 0};

    *ret_rows = 0;
    for (size_t r = s->incident.from; r < s->incident.to; r++) {
        _Bool any = 0;

        for (size_t v = first; v < first + n && !any; v++)
            any = !isnan(s->w->x[v * s->w->n_rows + r]);
        if (any)
            continue;
        if ((*ret_rows)++ == 0)
            gap.from = r;
        gap.to = r + 1;
    }
    return gap;
}

static int add_unseen(struct survey *s, const char *text)
{
    struct rca_explanation *e = s->answer->e;

    e->unseen[e->n_unseen] = rca_arena_text(&s->answer->arena, text);
    return e->unseen[e->n_unseen++] ? 0 : -ENOMEM;
}

/* Jobs come and go on every host: only a gap in what serves requests, or in
 * what these run on and pass through, is worth a line. */
static _Bool serves(const struct rca_graph *g, uint32_t node)
{
    const enum rca_kind kind = rca_graph_entity(g, node)->kind;
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(g, node, &n);

    if (kind == RCA_KIND_SERVICE || kind == RCA_KIND_CALL ||
        kind == RCA_KIND_CLIENT)
        return 1;
    for (size_t i = 0; i < n && kind != RCA_KIND_PROCESS; i++) {
        const enum rca_kind user = rca_graph_entity(g, arcs[i].node)->kind;

        if (user == RCA_KIND_SERVICE || user == RCA_KIND_CALL ||
            user == RCA_KIND_CLIENT)
            return 1;
    }
    return 0;
}

static int note_gap(struct survey *s, const struct rca_entity *entity)
{
    const struct rca_scene *scene = s->answer->scene;
    const struct rca_window *w = scene->w;
    char text[RCA_TIME_TEXT_SIZE * 2 + 256];
    char from[RCA_TIME_TEXT_SIZE], to[RCA_TIME_TEXT_SIZE];
    size_t n, rows;
    const size_t first = find_vars(w, entity->id, &n);
    const struct rca_rows gap = find_gap(scene, first, n, &rows);
    const double all = (double)(scene->incident.to - scene->incident.from);

    if (n == 0 || (double)rows <= UNSEEN_PART * all)
        return 0;
    (void)rca_time_clock(w->from + (rca_time)gap.from * w->step, from);
    (void)rca_time_clock(w->from + (rca_time)gap.to * w->step, to);
    if (gap.to == scene->incident.to)
        (void)snprintf(text, sizeof(text), "%s: no data since %s", entity->name,
                       from);
    else
        (void)snprintf(text, sizeof(text), "%s: no data %s to %s", entity->name,
                       from, to);
    return add_unseen(s, text);
}

/* the fourth field of the lines whose second is "off" */
static int note_features(struct survey *s)
{
    const char *line = s->features;

    while (line && *line && s->answer->e->n_unseen < RCA_ANSWER_LISTED) {
        const size_t len = strcspn(line, "\n");
        const char *field = line;
        const char *end = line + len;
        char lost[256];
        int err = 0;

        for (int k = 0; k < 3 && field; k++) {
            field = memchr(field, '\t', (size_t)(end - field));
            field = field ? field + 1 : NULL;
            if (k == 0 && field && strncmp(field, "off\t", 4) != 0)
                field = NULL;
        }
        if (field && field < end) {
            (void)snprintf(lost, sizeof(lost), "%.*s", (int)(end - field),
                           field);
            err = add_unseen(s, lost);
        }
        if (err)
            return err;
        line = *end ? end + 1 : NULL;
    }
    return 0;
}

static int list_unseen(struct survey *s)
{
    struct rca_explanation *e = s->answer->e;
    int err = 0;

    e->unseen = calloc(RCA_ANSWER_LISTED, sizeof(*e->unseen));
    if (!e->unseen)
        return -ENOMEM;
    for (size_t i = 0;
         i < s->n_nodes && e->n_unseen < RCA_ANSWER_LISTED && !err; i++) {
        const struct rca_graph *g = s->answer->scene->g;

        if (serves(g, s->nodes[i]))
            err = note_gap(s, rca_graph_entity(g, s->nodes[i]));
    }
    return err ? err : note_features(s);
}

int rca_answer_survey(struct rca_answer *answer, const char *features)
{
    const struct rca_graph *g = answer->scene->g;
    const uint32_t start =
        rca_graph_node(g, answer->scene->w->vars[answer->symptom].entity);
    uint32_t *nodes RCA_CLEANUP(rca_freep) =
        malloc(SURVEY_NODES * sizeof(*nodes));
    struct survey s = {.answer = answer, .features = features, .nodes = nodes};
    int n, err;

    if (!nodes)
        return -ENOMEM;
    if (start != UINT32_MAX) {
        n = rca_graph_walk(g, start, SURVEY_HOPS, SURVEY_NODES, nodes, NULL);
        if (n < 0)
            return n;
        s.n_nodes = (size_t)n;
    }
    err = list_checked(&s);
    return err ? err : list_unseen(&s);
}
