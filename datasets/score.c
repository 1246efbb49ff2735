/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Tables are made by sorting the outcomes by the line they belong to; each line
 * is then a stretch of that order, summed once as it is and once for each draw.
 */

#include "datasets/score.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* One draw's figures. */
enum { TOP1, TOP3, FIGURES };

void rca_outcome_done(struct rca_outcome *outcome)
{
    free(outcome->list);
    rca_arena_done(&outcome->strings);
    *outcome = (struct rca_outcome){0};
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t distinct(const char **names, size_t n)
{
    size_t count = n > 0;

    if (n)
        qsort((void *)names, n, sizeof(*names), by_text);
    for (size_t i = 1; i < n; i++)
        count += strcmp(names[i - 1], names[i]) != 0;
    return count;
}

int rca_score_rank(const struct rca_named *list, size_t n, const char *truth,
                   size_t *ret_rank)
{
    const char **before RCA_CLEANUP(rca_freep) = NULL;
    size_t at = 0;

    while (at < n && strcmp(list[at].service, truth) != 0)
        at++;
    if (at == n) {
        *ret_rank = 0;
        return 0;
    }
    before = (const char **)calloc(at + 1, sizeof(*before));
    if (!before)
        return -ENOMEM;
    for (size_t i = 0; i < at; i++)
        before[i] = list[i].service;
    *ret_rank = distinct(before, at) + 1;
    return 0;
}

/* --- tables --------------------------------------------------------------- */

struct line {
    const char *name;
    const struct rca_outcome *outcome;
};

struct work {
    struct line *lines; /* sorted; owned */
    size_t *ranks; /* of the scored; owned */
    double (*draws)[RCA_BOOTSTRAP_DRAWS]; /* FIGURES of them; owned */
    double (*macro)[RCA_BOOTSTRAP_DRAWS]; /* sums over lines; owned */
};

static void work_done(struct work *w)
{
    free(w->lines);
    free(w->ranks);
    free(w->draws);
    free(w->macro);
}

static int by_line(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order
                 : (x->outcome > y->outcome) - (x->outcome < y->outcome);
}

static int work_init(struct work *w, const struct rca_outcome *outcomes,
                     size_t n, enum rca_score_by by)
{
    w->lines = calloc(n + 1, sizeof(*w->lines));
    w->ranks = calloc(n + 1, sizeof(*w->ranks));
    w->draws = calloc(FIGURES, sizeof(*w->draws));
    w->macro = calloc(FIGURES, sizeof(*w->macro));
    if (!w->lines || !w->ranks || !w->draws || !w->macro)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        w->lines[i] = (struct line){
            by == RCA_SCORE_BY_FAULT ? outcomes[i].fault : outcomes[i].dataset,
            &outcomes[i]};
    if (n)
        qsort(w->lines, n, sizeof(*w->lines), by_line);
    return 0;
}

static double top(const size_t *ranks, size_t n, size_t k)
{
    size_t hits = 0;

    for (size_t i = 0; i < n; i++)
        hits += ranks[i] > 0 && ranks[i] <= k;
    return n ? (double)hits / (double)n : NAN;
}

static double average(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

/* Fill w->draws from w->ranks. Lines must be drawn independently. */
static void draw(struct work *w, size_t n, uint64_t seed)
{
    uint64_t state = seed;

    for (size_t d = 0; d < RCA_BOOTSTRAP_DRAWS; d++) {
        size_t first = 0, third = 0;

        for (size_t i = 0; i < n; i++) {
            size_t rank = w->ranks[rca_bootstrap_pick(&state, n)];

            first += rank == 1;
            third += rank > 0 && rank <= 3;
        }
        w->draws[TOP1][d] = n ? (double)first / (double)n : NAN;
        w->draws[TOP3][d] = n ? (double)third / (double)n : NAN;
    }
}

/* The line of w->lines[from..to); leaves its draws in w->draws. */
static void sum_up(struct work *w, size_t from, size_t to, struct rca_score *s)
{
    *s = (struct rca_score){.n = to - from};
    for (size_t i = from; i < to; i++) {
        const struct rca_outcome *o = w->lines[i].outcome;

        s->seconds += o->seconds;
        s->causes += o->verdict == RCA_VERDICT_CAUSE;
        if (o->known)
            w->ranks[s->scored++] = o->rank;
    }
    for (size_t k = 0; k < RCA_SCORE_TOP; k++)
        s->top[k] = top(w->ranks, s->scored, k + 1);
    s->avg5 = average(s->top, RCA_SCORE_TOP);
    draw(w, s->scored, from);
}

static void set_ranges(struct rca_score *s,
                       double (*draws)[RCA_BOOTSTRAP_DRAWS])
{
    s->top1 = rca_bootstrap_range(draws[TOP1], RCA_BOOTSTRAP_DRAWS);
    s->top3 = rca_bootstrap_range(draws[TOP3], RCA_BOOTSTRAP_DRAWS);
}

/* Add one line to the macro sums; set_ranges() would sort the draws away. */
static void add_macro(struct work *w, const struct rca_score *s,
                      struct rca_score *macro, size_t *scored)
{
    if (!s->scored)
        return;
    ++*scored;
    for (size_t k = 0; k < RCA_SCORE_TOP; k++)
        macro->top[k] += s->top[k];
    for (size_t d = 0; d < RCA_BOOTSTRAP_DRAWS; d++) {
        w->macro[TOP1][d] += w->draws[TOP1][d];
        w->macro[TOP3][d] += w->draws[TOP3][d];
    }
}

static void finish_macro(struct work *w, size_t scored,
                         struct rca_score_table *t)
{
    const double n = scored ? (double)scored : NAN;
    struct rca_score *m = &t->macro;

    m->n = t->all.n;
    m->scored = t->all.scored;
    m->causes = t->all.causes;
    m->seconds = t->all.seconds;
    for (size_t k = 0; k < RCA_SCORE_TOP; k++)
        m->top[k] /= n;
    m->avg5 = average(m->top, RCA_SCORE_TOP);
    for (size_t d = 0; d < RCA_BOOTSTRAP_DRAWS; d++) {
        w->macro[TOP1][d] /= n;
        w->macro[TOP3][d] /= n;
    }
    set_ranges(m, w->macro);
}

static size_t end_of_line(const struct work *w, size_t n, size_t from)
{
    size_t to = from;

    while (to < n && strcmp(w->lines[to].name, w->lines[from].name) == 0)
        to++;
    return to;
}

int rca_score_tabulate(const struct rca_outcome *outcomes, size_t n,
                       enum rca_score_by by, struct rca_score_table *ret_table)
{
    struct rca_score_table t RCA_CLEANUP(rca_score_table_done) = {0};
    struct work w RCA_CLEANUP(work_done) = {0};
    size_t scored = 0;

    t.rows = calloc(n + 1, sizeof(*t.rows));
    if (!t.rows || work_init(&w, outcomes, n, by))
        return -ENOMEM;
    for (size_t from = 0, to; from < n; from = to) {
        struct rca_score *s = &t.rows[t.n++];

        to = end_of_line(&w, n, from);
        sum_up(&w, from, to, s);
        s->name = w.lines[from].name;
        add_macro(&w, s, &t.macro, &scored);
        set_ranges(s, w.draws);
    }
    sum_up(&w, 0, n, &t.all);
    set_ranges(&t.all, w.draws);
    finish_macro(&w, scored, &t);
    *ret_table = t;
    t.rows = NULL; /* handed over */
    return 0;
}

void rca_score_table_done(struct rca_score_table *table)
{
    free(table->rows);
    *table = (struct rca_score_table){0};
}
