/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From a story to a case: what else happened to single columns, which rows and
 * columns there are, what is known of the edges, who complains. The case is
 * made of the same parts as one that is read from files, by the same function.
 */

#include "datasets/simulate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "datasets/case_parts.h"
#include "datasets/simulate_effect.h"

#define TRIES 24
#define COLUMNS_MIN 10
#define PROBE "user-journey"

struct making {
    struct rca_sim_stage *stage; /* owned */
    struct rca_sim_story story;
    struct rca_sim_random r;
    struct rca_case_parts parts;
    _Bool *used; /* by entity */
    _Bool *kept; /* by row */
    size_t complaint; /* column, or the number of columns */
    const struct rca_sim_fate *main, *other;
};

static void done(struct making *m)
{
    if (m->stage)
        rca_sim_stage_done(m->stage);
    free(m->stage);
    rca_sim_story_done(&m->story);
    rca_case_parts_done(&m->parts);
    free(m->used);
    free(m->kept);
}

/* one that somebody would have noticed and written down */
static _Bool is_worth_telling(const struct making *m)
{
    return !m->story.weak &&
           (m->stage->plan.o.metrics || m->stage->columns.n >= COLUMNS_MIN);
}

static int draw_one(struct making *m, const struct rca_sim_options *options)
{
    struct rca_sim_plan plan;
    int err = rca_sim_plan_draw(options, &m->r, &plan);

    if (err)
        return err;
    rca_sim_stage_done(m->stage);
    err = rca_sim_stage_make(&plan, &m->r, m->stage);
    if (err)
        return err == -EINVAL ? 1 : err;
    rca_sim_story_done(&m->story);
    err = rca_sim_story_tell(m->stage, &m->story);
    return err ? err : !is_worth_telling(m);
}

/* draw until there is a place where the fault does what it should, or a place
 * at all in the last of the tries */
static int draw(struct making *m, const struct rca_sim_options *options)
{
    struct rca_sim_options chosen = *options;
    int r = 1;

    rca_sim_plan_choose(&chosen, &m->r);
    m->stage = calloc(1, sizeof(*m->stage));
    if (!m->stage)
        return -ENOMEM;
    for (int i = 0; i < TRIES && r > 0; i++) {
        r = draw_one(m, &chosen);
        if (r > 0 && i + 1 >= TRIES / 2 && m->story.x)
            r = 0;
    }
    return r > 0 ? -EINVAL : r;
}

static _Bool is_guilty(const struct making *m, size_t v)
{
    for (size_t i = 0; i < m->stage->n_fates; i++) {
        if (rca_sim_belongs(m->stage, v, m->stage->fates[i].culprit))
            return 1;
    }
    return 0;
}

static double strength(const struct making *m, const struct rca_sim_fate *f)
{
    double best = 0;

    for (size_t v = 0; v < m->stage->columns.n; v++) {
        if (rca_sim_belongs(m->stage, v, f->culprit))
            best = fmax(best, rca_sim_story_effect(m->stage, &m->story, v));
    }
    return best;
}

/* the stronger of two faults is the main one */
static void rank_faults(struct making *m)
{
    const struct rca_sim_fate *f = m->stage->fates;
    const size_t n = m->stage->n_fates;

    m->main = n ? &f[0] : NULL;
    m->other = n > 1 ? &f[1] : NULL;
    if (n > 1 && strength(m, &f[1]) > strength(m, &f[0])) {
        m->main = &f[1];
        m->other = &f[0];
    }
}

static void find_complaint(struct making *m)
{
    double best = -1;

    m->complaint = m->stage->columns.n;
    for (size_t v = 0; v < m->stage->columns.n; v++) {
        const double effect = rca_sim_story_effect(m->stage, &m->story, v);

        if (rca_sim_complains(m->stage, v) && effect > best) {
            best = effect;
            m->complaint = v;
        }
    }
}

static double spread(const double *x, size_t n)
{
    double sum = 0, square = 0, count = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        count++;
        sum += x[i];
        square += x[i] * x[i];
    }
    if (count < 2)
        return 0;
    square = square / count - sum / count * sum / count;
    return square > 0 ? sqrt(square) : 0;
}

/* something happens to this column alone, mostly about when it all happens */
static void disturb(struct making *m, size_t v)
{
    const struct rca_sim_options *o = &m->stage->plan.o;
    double *x = m->story.x + v * m->story.rows;
    const _Bool now = rca_sim_random_chance(&m->r, 0.6);
    const size_t at = rca_sim_random_below(&m->r, m->story.rows);
    const size_t later = rca_sim_random_below(&m->r, 1 + o->incident / 2);
    const size_t from = now ? o->normal + later : at;
    const size_t length = 1 + rca_sim_random_below(&m->r, m->story.rows);
    const double size = rca_sim_random_scale(&m->r, 2, 30);
    const _Bool up = rca_sim_random_chance(&m->r, 0.6);
    const double shift = spread(x, o->normal) * (up ? size : -size);

    for (size_t r = from; r < m->story.rows && r < from + length; r++) {
        const double moved = x[r] + shift;

        x[r] = moved < 0 && x[r] >= 0 ? 0 : moved;
    }
}

static void finish_columns(struct making *m)
{
    const struct rca_sim_columns *all = &m->stage->columns;
    const size_t rows = m->story.rows;

    for (size_t v = 0; v < all->n; v++) {
        const _Bool odd = rca_sim_random_chance(&m->r, m->stage->plan.odd);

        if (odd && !is_guilty(m, v) && all->list[v].kind != RCA_SIM_CONSTANT &&
            all->list[v].entity != m->stage->victim)
            disturb(m, v);
    }
    for (size_t v = 0; v < all->n; v++) {
        if (all->list[v].kind == RCA_SIM_COPY)
            memcpy(m->story.x + v * rows, m->story.x + all->list[v].of * rows,
                   rows * sizeof(*m->story.x));
    }
}

static _Bool is_empty(const struct making *m, size_t v)
{
    const double *x = m->story.x + v * m->story.rows;

    for (size_t r = 0; r < m->story.rows; r++) {
        if (m->kept[r] && !isnan(x[r]))
            return 0;
    }
    return 1;
}

/* rows that nobody recorded: in the middle of what is usual, and of what is
 * not if that is long enough */
static size_t lose_rows(struct making *m)
{
    const struct rca_sim_options *o = &m->stage->plan.o;
    const size_t lost = o->rows_lost;
    const size_t first = o->normal / 2, second = o->normal + o->incident / 3;
    size_t n = 0;

    for (size_t r = 0; r < m->story.rows; r++) {
        const _Bool early = r >= first && r < first + lost && r + 5 < o->normal;
        const _Bool late =
            r >= second && r < second + lost && o->incident > 3 * lost;

        m->kept[r] = !early && !late;
        n += m->kept[r];
    }
    return n;
}

static void fill_times(const struct making *m, struct rca_table *t,
                       rca_time start)
{
    const rca_time step = (rca_time)m->stage->plan.o.step * RCA_SECOND;
    size_t n = 0;

    for (size_t r = 0; r < m->story.rows; r++) {
        if (m->kept[r])
            t->times[n++] = start + (rca_time)r * step;
    }
}

static void fill_column(const struct making *m, struct rca_table *t, size_t v)
{
    const struct rca_sim_column *c = &m->stage->columns.list[v];
    const double *from = m->story.x + v * m->story.rows;
    double *to = t->x + t->n_columns * t->n_rows;

    t->columns[t->n_columns++] = (struct rca_column){
        .entity = m->stage->entities[c->entity].name, .metric = c->name};
    m->used[c->entity] = 1;
    for (size_t r = 0; r < m->story.rows; r++) {
        if (m->kept[r])
            *to++ = from[r];
    }
}

static int fill_table(struct making *m, rca_time start)
{
    struct rca_table *t = &m->parts.table;
    const size_t n = m->stage->columns.n;

    m->kept = calloc(m->story.rows, sizeof(*m->kept));
    if (!m->kept)
        return -ENOMEM;
    t->n_rows = lose_rows(m);
    t->times = calloc(t->n_rows + 1, sizeof(*t->times));
    t->x = calloc(t->n_rows * n + 1, sizeof(*t->x));
    t->columns = calloc(n + 1, sizeof(*t->columns));
    if (!t->times || !t->x || !t->columns)
        return -ENOMEM;
    fill_times(m, t, start);
    for (size_t v = 0; v < n; v++) {
        if (!is_empty(m, v))
            fill_column(m, t, v);
    }
    return 0;
}

static int add_record(struct rca_csv_records *records, const char *first,
                      const char *second, const char *third)
{
    struct rca_csv_record *grown =
        rca_grow(records->list, records->n, &records->cap, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    records->list = grown;
    records->list[records->n++] =
        (struct rca_csv_record){.cell = {first, second, third}};
    return 0;
}

static int fill_edges(struct making *m)
{
    const struct rca_sim_entity *names = m->stage->entities;
    int err = rca_sim_stage_edges(m->stage, &m->r);

    for (size_t i = 0; i < m->stage->n_edges && !err; i++) {
        const struct rca_sim_edge *e = &m->stage->edges[i];

        m->used[e->from] = m->used[e->to] = 1;
        err = add_record(&m->parts.edges, names[e->from].name,
                         names[e->to].name, rca_edge_name(e->kind));
    }
    return err;
}

static int fill_entities(struct making *m)
{
    const struct rca_sim_entity *all = m->stage->entities;
    const enum rca_sim_victim victim = m->stage->plan.o.victim;
    int err = 0;

    for (size_t e = 0; e < m->stage->n_entities && !err; e++) {
        if (m->used[e])
            err =
                add_record(&m->parts.entities, all[e].name,
                           all[all[e].whole].name, rca_kind_name(all[e].kind));
    }
    if (!err && victim == RCA_SIM_VICTIM_PROBE)
        err = add_record(&m->parts.entities, PROBE, PROBE, "probe");
    return err;
}

static int fill_labels(struct making *m, rca_time start)
{
    const struct rca_sim_options *o = &m->stage->plan.o;
    const rca_time step = (rca_time)o->step * RCA_SECOND;
    const struct rca_sim_column *columns = m->stage->columns.list;
    struct rca_labels *l = &m->parts.labels;
    const char *victim = NULL, *metric = NULL;

    l->path = "";
    l->start = start + (rca_time)o->normal * step;
    l->end = start + (rca_time)(m->story.rows - 1) * step;
    if (o->victim == RCA_SIM_VICTIM_PROBE)
        victim = PROBE;
    else if (m->stage->victim != UINT32_MAX)
        victim = m->stage->entities[m->stage->victim].name;
    if (o->victim == RCA_SIM_VICTIM_METRIC &&
        m->complaint < m->stage->columns.n)
        metric = columns[m->complaint].name;
    l->victim = victim ? strdup(victim) : NULL;
    l->metric = metric ? strdup(metric) : NULL;
    return (victim && !l->victim) || (metric && !l->metric) ? -ENOMEM : 0;
}

/* whoever is to blame is known at least by name; clients often are not */
static const char *culprit(const struct making *m, const struct rca_sim_fate *f)
{
    const struct rca_sim_entity *all = m->stage->entities;

    if (!f || f->culprit == UINT32_MAX)
        return NULL;
    if (all[f->culprit].kind == RCA_KIND_CLIENT && !m->used[f->culprit])
        return NULL;
    m->used[f->culprit] = 1;
    return all[f->culprit].name;
}

static int fill(struct making *m)
{
    const rca_time step = (rca_time)m->stage->plan.o.step;
    const rca_time day =
        1600000000 + (rca_time)rca_sim_random_below(&m->r, 150000000);
    const rca_time start = day / step * step * RCA_SECOND;
    int err;

    m->used = calloc(m->stage->n_entities, sizeof(*m->used));
    if (!m->used)
        return -ENOMEM;
    err = fill_table(m, start);
    err = err ? err : fill_edges(m);
    (void)culprit(m, m->main);
    (void)culprit(m, m->other);
    err = err ? err : fill_entities(m);
    return err ? err : fill_labels(m, start);
}

static int copy(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return text && !*ret ? -ENOMEM : 0;
}

/* the culprit's metrics that show it, strongest first, down to a third */
static int list_metrics(const struct making *m, struct rca_sim_truth *truth)
{
    const struct rca_sim_columns *all = &m->stage->columns;
    double last = INFINITY;
    int err = 0;

    for (size_t n = 0; n < RCA_SIM_PREFIXES && !err; n++) {
        double best = 0;
        size_t at = all->n;

        for (size_t v = 0; v < all->n; v++) {
            const double effect =
                rca_sim_belongs(m->stage, v, m->main->culprit)
                    ? rca_sim_story_effect(m->stage, &m->story, v)
                    : 0;

            if (effect > best && effect < last) {
                best = effect;
                at = v;
            }
        }
        if (at == all->n || (n && best < truth->effect / 3))
            break;
        truth->effect = n ? truth->effect : best;
        last = best;
        err = copy(all->list[at].name, &truth->metric[n]);
    }
    return err;
}

static int tell_truth(const struct making *m, struct rca_sim_truth *truth)
{
    const struct rca_sim_entity *all = m->stage->entities;
    const char *name = culprit(m, m->main), *other = culprit(m, m->other);
    int err = 0;

    *truth = (struct rca_sim_truth){.style = m->stage->plan.o.style,
                                    .victim_effect = NAN};
    if (m->complaint < m->stage->columns.n)
        truth->victim_effect =
            rca_sim_story_effect(m->stage, &m->story, m->complaint);
    if (m->main)
        truth->fault = m->stage->plan.o.style == RCA_SIM_STYLE_NET
                           ? m->main->cut.kind
                           : m->main->blow.kind;
    if (m->other)
        truth->second = m->other->blow.kind;
    if (m->main && name) {
        const uint32_t whole = all[m->main->culprit].whole;

        err = copy(name, &truth->entity);
        err = err ? err : copy(all[whole].name, &truth->service);
        err = err ? err : list_metrics(m, truth);
        truth->hidden = truth->metric[0] == NULL;
    }
    if (m->other && other && !err)
        err = copy(all[all[m->other->culprit].whole].name, &truth->other);
    return err;
}

static int name_case(const struct making *m, struct rca_case *c)
{
    const struct rca_sim_options *o = &m->stage->plan.o;
    char name[96];

    (void)snprintf(name, sizeof(name), "%llu-%s", (unsigned long long)o->seed,
                   rca_sim_fault_name(o->fault));
    c->name = strdup(name);
    c->simulated = 1;
    c->dataset = strdup(rca_sim_style_name(o->style));
    return c->name && c->dataset ? 0 : -ENOMEM;
}

int rca_simulate(const struct rca_sim_options *options,
                 struct rca_case **ret_case, struct rca_sim_truth *ret_truth)
{
    struct making m RCA_CLEANUP(done) = {
        .r = rca_sim_random_make(options->seed, 0)};
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct rca_sim_truth truth RCA_CLEANUP(rca_sim_truth_done) = {0};
    int err = draw(&m, options);

    if (err)
        return err;
    rank_faults(&m);
    find_complaint(&m);
    finish_columns(&m);
    err = fill(&m);
    err = err ? err : tell_truth(&m, &truth);
    err = err ? err : rca_case_make(&m.parts, &c, NULL);
    err = err ? err : name_case(&m, c);
    if (err)
        return err;
    *ret_truth = truth;
    truth = (struct rca_sim_truth){0};
    *ret_case = RCA_TAKE(c);
    return 0;
}

void rca_sim_truth_done(struct rca_sim_truth *truth)
{
    free(truth->entity);
    free(truth->service);
    free(truth->other);
    for (size_t i = 0; truth->metric[i]; i++)
        free(truth->metric[i]);
    *truth = (struct rca_sim_truth){0};
}
