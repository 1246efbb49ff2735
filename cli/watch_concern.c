/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/watch.h"

/* Which groups of findings matter, and by which symptom each is explained. */

/* --- is it large, and does it last? ---------------------------------------------*/

static int read_rows(struct rca_watcher *w, const struct rca_card *card,
                     rca_time length, struct rca_window **ret_window)
{
    struct rca_model_info info;
    struct rca_span span;

    rca_model_info(w->model, &info);
    span = (struct rca_span){.step = info.step,
                             .n_rows = (size_t)(length / info.step)};
    span.n_rows = span.n_rows < 2 ? 2 : span.n_rows;
    span.from = w->last - (rca_time)span.n_rows * span.step;
    return rca_window_read_of(w->store, w->graph, &span, &card->entity, 1,
                              ret_window);
}

/* 1 if the newest rows of the finding are large for most of @length, else 0 */
static int lasts(struct rca_watcher *w, const struct rca_card *card,
                 rca_time length)
{
    struct rca_window *rows RCA_CLEANUP(rca_window_free) = NULL;
    int r = read_rows(w, card, length, &rows);
    size_t v;

    if (r)
        return r == RCA_ETOOFEW ? 0 : r;
    v = rca_window_find(rows, card->entity, card->metric);
    if (v == rows->n_vars)
        return 0;
    return rca_severity_lasts(&w->options->severity, card,
                              rows->x + v * rows->n_rows, rows->n_rows);
}

/* 1 if @f is a symptom that matters, else 0, or an error */
static int matters(struct rca_watcher *w, const struct rca_finding *f)
{
    const rca_time settle = w->options->settle;
    const rca_time age = w->last - f->card.onset;
    int r;

    if (!f->is_symptom || f->change != RCA_CHANGE_SHIFT ||
        !rca_severity_is_felt(&f->card) ||
        !rca_severity_is_large(&w->options->severity, &f->card, f->card.after))
        return 0;
    /* as long as it is younger, by what there is of it */
    r = lasts(w, &f->card,
              f->card.onset != RCA_TIME_NONE && age < settle ? age : settle);
    return r;
}

/* --- which is explained? ----------------------------------------------------------*/

static int weight_of(const struct rca_card *c)
{
    const int kind = c->kind == RCA_KIND_SERVICE  ? 3
                     : c->kind == RCA_KIND_CLIENT ? 2
                                                  : 1;
    /* failed connects and the like are nearer to a cause than to a user */
    const _Bool low = c->role == RCA_ROLE_ERROR && c->unit != RCA_UNIT_RATIO;

    return 2 * kind + !low;
}

/* Whether users would rather be told of @a: a service's symptom before its
 * callers' view of it, and of latencies the one that grew most, which is that
 * of the outermost service: it waits for all the others. */
static _Bool is_better(const struct rca_card *a, const struct rca_card *b)
{
    if (weight_of(a) != weight_of(b))
        return weight_of(a) > weight_of(b);
    if (a->role != b->role || a->unit != b->unit)
        return a->strength > b->strength;
    return a->after - a->before > b->after - b->before;
}

/* --- all groups ---------------------------------------------------------------------*/

static void add_member(struct rca_concern *c, rca_id id)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->members[i] == id)
            return;
    }
    c->members[c->n++] = id;
}

/* @c is empty where nothing of @group matters */
static int gather(struct rca_watcher *w, const struct rca_detection *d,
                  size_t group, struct rca_concern *c)
{
    c->members = calloc(d->groups[group].n_findings + 1, sizeof(*c->members));
    if (!c->members)
        return -ENOMEM;
    for (size_t i = 0; i < d->n_findings; i++) {
        const struct rca_finding *f = &d->findings[i];
        int r;

        if (f->group != group || !f->is_symptom)
            continue;
        add_member(c, f->card.entity);
        r = matters(w, f);
        if (r < 0)
            return r;
        if (r && (!c->finding || is_better(&f->card, &c->finding->card)))
            c->finding = f;
    }
    if (c->finding)
        c->onset = c->finding->card.onset == RCA_TIME_NONE
                       ? d->from
                       : c->finding->card.onset;
    return 0;
}

void rca_watch_concerns_free(struct rca_concern *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i].members);
    free(list);
}

int rca_watch_concerns(struct rca_watcher *w, const struct rca_detection *d,
                       struct rca_concern **ret_list, size_t *ret_n)
{
    struct rca_concern *list = calloc(d->n_groups + 1, sizeof(*list));
    size_t n = 0;
    int r = 0;

    if (!list)
        return -ENOMEM;
    for (size_t g = 0; g < d->n_groups && !r; g++) {
        if (!d->groups[g].n_symptoms)
            continue;
        list[n] = (struct rca_concern){0};
        r = gather(w, d, g, &list[n]);
        if (!r && list[n].finding)
            n++;
        else
            free(list[n].members);
    }
    if (r) {
        rca_watch_concerns_free(list, n);
        return r;
    }
    *ret_list = list;
    *ret_n = n;
    return 0;
}
