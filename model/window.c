/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/window.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "model/arena.h"
#include "model/derive.h"

/*
 * Entities are read in batches, so that the raw series (a hundred histogram
 * buckets for one latency) of a large window never lie in memory all at once;
 * what stays is the metrics.
 */
#define BATCH_ROWS 200000 /* of all entities of a batch */
#define BATCH_LEAST 64
#define BATCH_MOST 1024
/* Two of these lie in memory at once. */
#define STREAM_ENTITIES 32
/* More rows than this are refused rather than allocated (a year at 1 min). */
#define MAX_ROWS 600000

/* what a series by itself is as a metric; the same for every entity */
struct guess {
    _Bool operand; /* nothing by itself */
    char name[96];
    struct rca_metric metric;
};

struct reader {
    struct rca_store *store;
    rca_time from, step;
    size_t n_rows;
    _Bool context;
    struct rca_raw_entity *batch; /* sorted by entity; owned */
    size_t n_batch;
    struct rca_raw_pool pool;
    struct guess *guesses; /* owned; one a series that was met */
    size_t n_guesses, cap_guesses;
    uint32_t *guess_of; /* by series id: 1 + index, 0: none yet; owned */
    size_t n_guess_of;
    _Bool *covered; /* rows in which anything at all was sampled; owned */
    uint32_t *slots; /* of the block at hand; owned */
    size_t cap_slots;
    struct rca_window *w; /* under construction; owned */
    size_t cap_vars;
    struct rca_arena arena;
};

static int by_entity(const void *a, const void *b)
{
    const struct rca_raw_entity *x = a, *y = b;

    return (x->entity > y->entity) - (x->entity < y->entity);
}

/* slot of time @t: 0 = up to the window's start, then a slot a row; one past
 * the last where it is later than that */
static uint32_t slot_of(const struct reader *rd, rca_time t)
{
    rca_time slot;

    if (t <= rd->from)
        return 0;
    slot = (t - rd->from + rd->step - 1) / rd->step;
    return (uint32_t)(slot > (rca_time)rd->n_rows ? (rca_time)rd->n_rows + 1
                                                  : slot);
}

/* the slots of the block's times */
static int find_slots(struct reader *rd, const struct rca_block *b)
{
    if (b->n_times > rd->cap_slots) {
        uint32_t *grown = realloc(rd->slots, b->n_times * sizeof(*rd->slots));

        if (!grown)
            return -ENOMEM;
        rd->slots = grown;
        rd->cap_slots = b->n_times;
    }
    for (size_t t = 0; t < b->n_times; t++) {
        const uint32_t slot = rd->slots[t] = slot_of(rd, b->times[t]);

        if (slot > 0 && slot <= rd->n_rows)
            rd->covered[slot - 1] = 1;
    }
    return 0;
}

static int take_block(void *arg, const struct rca_block *b)
{
    struct reader *rd = arg;
    const struct rca_raw_entity key = {.entity = b->entity};
    struct rca_raw_entity *e =
        bsearch(&key, rd->batch, rd->n_batch, sizeof(*rd->batch), by_entity);
    int err = find_slots(rd, b);

    for (size_t c = 0; e && c < b->n_series && !err; c++) {
        const struct rca_raw_samples s = {
            .id = b->series[c],
            .name = rca_store_series_name(rd->store, b->series[c]),
            .n = b->n_times,
            .times = b->times,
            .slots = rd->slots,
            .values = b->values + c * b->n_times};

        if (s.name)
            err = rca_raw_add(e, &s);
    }
    return err;
}

static int make_room(struct reader *rd, size_t cap)
{
    struct rca_window *w = rd->w;
    struct rca_variable *vars = realloc(w->vars, cap * sizeof(*vars));
    double *x;

    if (!vars)
        return -ENOMEM;
    w->vars = vars;
    x = realloc(w->x, cap * rd->n_rows * sizeof(*x));
    if (!x)
        return -ENOMEM;
    w->x = x;
    rd->cap_vars = cap;
    return 0;
}

static int add_variable(struct reader *rd, rca_id entity,
                        const struct rca_metric *metric, double **ret_x)
{
    struct rca_window *w = rd->w;
    struct rca_variable *v;

    if (w->n_vars == rd->cap_vars &&
        make_room(rd, rd->cap_vars ? 2 * rd->cap_vars : 64))
        return -ENOMEM;
    v = &w->vars[w->n_vars];
    *v = (struct rca_variable){.entity = entity, .metric = *metric};
    v->metric.name = rca_arena_text(&rd->arena, metric->name);
    v->metric.label = rca_arena_text(&rd->arena, metric->label);
    /* what it is made of is of no use above the window */
    v->metric.of = NULL;
    v->metric.per = NULL;
    if (!v->metric.name || !v->metric.label)
        return -ENOMEM;
    *ret_x = w->x + w->n_vars++ * rd->n_rows;
    return 0;
}

/* what did not exist had no load, no usage, no saturation and no errors */
static void fill_before_birth(const struct reader *rd, rca_time first,
                              enum rca_role role, double *x)
{
    if (role == RCA_ROLE_LATENCY || role == RCA_ROLE_OTHER)
        return;
    for (size_t r = 0; r < rd->n_rows; r++) {
        const rca_time end = rd->from + (rca_time)(r + 1) * rd->step;

        if (end >= first)
            return;
        if (rd->covered[r] && isnan(x[r]))
            x[r] = 0;
    }
}

static int add_metric(struct reader *rd, const struct rca_raw_entity *e,
                      const struct rca_metric *metric)
{
    _Bool any = 0;
    double *x;
    int err;

    if (!rd->context && rca_metric_is_context(metric))
        return 0;
    err = add_variable(rd, e->entity, metric, &x);
    if (err)
        return err;
    rca_derive(e, metric, x);
    for (size_t r = 0; r < rd->n_rows && !any; r++)
        any = !isnan(x[r]);
    if (!any) {
        rd->w->n_vars--;
        return 0;
    }
    fill_before_birth(rd, e->first, metric->role, x);
    return 0;
}

static int make_guess(struct reader *rd, const struct rca_raw *raw)
{
    struct guess *g = rca_grow(rd->guesses, rd->n_guesses, &rd->cap_guesses,
                               sizeof(*rd->guesses));

    if (!g)
        return -ENOMEM;
    rd->guesses = g;
    if (raw->id >= rd->n_guess_of) {
        const size_t n = 2 * (size_t)raw->id + 64;
        uint32_t *grown = realloc(rd->guess_of, n * sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        memset(grown + rd->n_guess_of, 0,
               (n - rd->n_guess_of) * sizeof(*grown));
        rd->guess_of = grown;
        rd->n_guess_of = n;
    }
    g = &rd->guesses[rd->n_guesses++];
    g->operand =
        raw->type == RCA_SERIES_BUCKET || rca_series_is_operand(raw->name);
    if (!g->operand)
        rca_metric_guess(raw->name, g->name, &g->metric);
    rd->guess_of[raw->id] = (uint32_t)rd->n_guesses;
    return 0;
}

/* @raw as a metric of its own, if it is one */
static int add_guessed(struct reader *rd, const struct rca_raw_entity *e,
                       const struct rca_raw *raw)
{
    const _Bool is_new =
        raw->id >= rd->n_guess_of || rd->guess_of[raw->id] == 0;
    const int err = is_new ? make_guess(rd, raw) : 0;
    const struct guess *g;
    struct rca_metric m;

    if (err)
        return err;
    g = &rd->guesses[rd->guess_of[raw->id] - 1];
    if (g->operand)
        return 0;
    m = g->metric;
    m.name = m.label = g->name;
    return add_metric(rd, e, &m);
}

static int derive_entity(struct reader *rd, struct rca_raw_entity *e)
{
    const struct rca_metric *table;
    size_t n;
    int err = rca_raw_ready(e);

    table = rca_metric_table(&n);
    for (size_t i = 0; i < n && !err; i++) {
        if (rca_raw_has(e, &table[i]))
            err = add_metric(rd, e, &table[i]);
    }
    for (size_t i = 0; i < e->n_raw && !err; i++)
        err = add_guessed(rd, e, &e->raw[i]);
    return err;
}

static void drop_batch(struct reader *rd)
{
    for (size_t i = 0; i < rd->n_batch; i++)
        rca_raw_done(&rd->batch[i]);
    free(rd->batch);
    rd->batch = NULL;
    rd->n_batch = 0;
}

static int open_batch(struct reader *rd, const struct rca_entity *const *list,
                      size_t n)
{
    const size_t slots = rd->n_rows + 1;

    rd->batch = calloc(n, sizeof(*rd->batch));
    if (!rd->batch)
        return -ENOMEM;
    for (rd->n_batch = 0; rd->n_batch < n; rd->n_batch++) {
        struct rca_raw_entity *e = &rd->batch[rd->n_batch];

        e->entity = list[rd->n_batch]->id;
        e->first = list[rd->n_batch]->first;
        e->slots = slots;
        e->pool = &rd->pool;
        e->time = malloc(slots * sizeof(*e->time));
        if (!e->time)
            return -ENOMEM;
        for (size_t s = 0; s < slots; s++)
            e->time[s] = RCA_TIME_NONE;
    }
    return 0;
}

static int scan_batch(struct reader *rd, const struct rca_entity *const *list,
                      size_t n)
{
    const rca_time to = rd->from + (rca_time)rd->n_rows * rd->step;
    rca_id ids[BATCH_MOST];
    int err;

    for (size_t i = 0; i < n; i++)
        ids[i] = list[i]->id;
    err = open_batch(rd, list, n);
    if (!err) /* a step more: the counters' state when the first row begins */
        err = rca_store_scan(rd->store, rd->from - rd->step + 1, to, ids, n,
                             take_block, rd);
    return err;
}

/* room for as many metrics as there are series, in one go */
static int expect_variables(struct reader *rd)
{
    size_t n = rd->w->n_vars;

    for (size_t i = 0; i < rd->n_batch; i++) {
        for (size_t k = 0; k < rd->batch[i].n_raw; k++)
            n += rd->batch[i].raw[k].type != RCA_SERIES_BUCKET;
    }
    return n > rd->cap_vars ? make_room(rd, n) : 0;
}

static int derive_batch(struct reader *rd)
{
    int err = expect_variables(rd);

    for (size_t i = 0; i < rd->n_batch && !err; i++)
        err = derive_entity(rd, &rd->batch[i]);
    drop_batch(rd);
    return err;
}

/* entities to read, in order of their ids; both owned */
struct listing {
    struct rca_graph *g;
    const struct rca_entity **list;
    size_t n;
};

static void listing_done(struct listing *l)
{
    rca_graph_free(&l->g);
    free(l->list);
}

static int by_id(const void *a, const void *b)
{
    const struct rca_entity *x = *(const struct rca_entity *const *)a;
    const struct rca_entity *y = *(const struct rca_entity *const *)b;

    return (x->id > y->id) - (x->id < y->id);
}

/* the entities wanted, sorted by id, each once; @ret_list has room for all */
static size_t list_entities(const struct rca_graph *g, const rca_id *entities,
                            size_t n, const struct rca_entity **ret_list)
{
    size_t m = 0;

    if (!entities) {
        for (m = 0; m < rca_graph_size(g); m++)
            ret_list[m] = rca_graph_entity(g, (uint32_t)m);
    }
    for (size_t i = 0; entities && i < n; i++) {
        const uint32_t node = rca_graph_node(g, entities[i]);

        if (node != UINT32_MAX)
            ret_list[m++] = rca_graph_entity(g, node);
    }
    if (m)
        qsort(ret_list, m, sizeof(const struct rca_entity *), by_id);
    n = 0;
    for (size_t i = 0; i < m; i++) {
        if (i == 0 || ret_list[i]->id != ret_list[i - 1]->id)
            ret_list[n++] = ret_list[i];
    }
    return n;
}

/* the columns are complete: put them in order */
static int finish(struct reader *rd)
{
    rd->w->strings = rca_arena_release(&rd->arena);
    if (rd->cap_vars > rd->w->n_vars)
        rd->cap_vars = rd->w->n_vars; /* a sorted copy has no room to spare */
    return rca_window_sort(rd->w);
}

static void reader_done(struct reader *rd)
{
    drop_batch(rd);
    rca_raw_pool_done(&rd->pool);
    free(rd->covered);
    free(rd->slots);
    free(rd->guesses);
    free(rd->guess_of);
    rca_window_free(&rd->w);
    rca_arena_done(&rd->arena);
    *rd = (struct reader){0};
}

static int reader_init(struct reader *rd, struct rca_store *store,
                       const struct rca_span *span)
{
    *rd = (struct reader){.store = store,
                          .from = span->from,
                          .step = span->step,
                          .n_rows = span->n_rows,
                          .context = span->context};
    rd->covered = calloc(span->n_rows, sizeof(*rd->covered));
    rd->w = calloc(1, sizeof(*rd->w));
    if (!rd->covered || !rd->w) {
        reader_done(rd);
        return -ENOMEM;
    }
    *rd->w = (struct rca_window){
        .from = span->from, .step = span->step, .n_rows = span->n_rows};
    return 0;
}

/* the entities to read: all of those in @g, or @entities */
static int choose_entities(const struct rca_graph *g, const rca_id *entities,
                           size_t n, struct listing *ret)
{
    ret->list =
        malloc((rca_graph_size(g) + n + 1) * sizeof(const struct rca_entity *));
    if (!ret->list)
        return -ENOMEM;
    ret->n = list_entities(g, entities, n, ret->list);
    return 0;
}

static int read_graph(struct rca_store *store, const struct rca_span *span,
                      struct listing *ret)
{
    const rca_time to = span->from + (rca_time)span->n_rows * span->step;

    return rca_store_graph(store, span->from, to, &ret->g);
}

static size_t batch_of(size_t n_rows)
{
    const size_t n = BATCH_ROWS / n_rows;

    return n < BATCH_LEAST ? BATCH_LEAST : n > BATCH_MOST ? BATCH_MOST : n;
}

int rca_window_read_of(struct rca_store *store, const struct rca_graph *g,
                       const struct rca_span *span, const rca_id *entities,
                       size_t n, struct rca_window **ret_window)
{
    struct listing l RCA_CLEANUP(listing_done) = {0};
    struct reader rd RCA_CLEANUP(reader_done) = {0};
    size_t batch;
    int err;

    if (span->step <= 0 || span->n_rows == 0 || span->n_rows > MAX_ROWS)
        return RCA_ETOOFEW;
    err = reader_init(&rd, store, span);
    if (!err)
        err = choose_entities(g, entities, n, &l);
    batch = batch_of(span->n_rows);
    for (size_t at = 0; at < l.n && !err; at += batch) {
        err = scan_batch(&rd, l.list + at, l.n - at < batch ? l.n - at : batch);
        if (!err)
            err = derive_batch(&rd);
    }
    if (!err && rd.w->n_vars == 0)
        err = RCA_ETOOFEW;
    if (!err)
        err = finish(&rd);
    if (err)
        return err;
    *ret_window = RCA_TAKE(rd.w);
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): the interface asks for seven */
int rca_window_read(struct rca_store *store, rca_time from, rca_time to,
                    rca_time step, const rca_id *entities, size_t n,
                    struct rca_window **ret_window)
{
    struct rca_span span = {.from = from, .step = step, .context = 1};
    struct listing l RCA_CLEANUP(listing_done) = {0};
    int err;

    if (step <= 0 || to - from < step || (to - from) / step > MAX_ROWS)
        return RCA_ETOOFEW;
    span.n_rows = (size_t)((to - from) / step);
    err = read_graph(store, &span, &l);
    return err ? err
               : rca_window_read_of(store, l.g, &span, entities, n, ret_window);
}

/* --- in portions ---------------------------------------------------------- */

/* a portion that was scanned and is now made into metrics and taken */
struct portion {
    struct reader rd;
    rca_window_take *take;
    void *arg;
    int err;
    pthread_t thread;
    _Bool running;
};

static void *process(void *arg)
{
    struct portion *p = arg;

    p->err = derive_batch(&p->rd);
    if (!p->err)
        p->err = finish(&p->rd);
    if (!p->err && p->rd.w->n_vars)
        p->err = p->take(p->arg, p->rd.w);
    /* the memory is used again */
    p->rd.w->n_vars = 0;
    rca_arena_drop(p->rd.w->strings);
    p->rd.w->strings = NULL;
    return NULL;
}

/* wait for it, and what came of it */
static int portion_end(struct portion *p)
{
    if (p->running)
        (void)pthread_join(p->thread, NULL);
    p->running = 0;
    return p->err;
}

static void portion_done(struct portion *p)
{
    (void)portion_end(p);
    reader_done(&p->rd);
}

/* Two portions in turn: while one is processed the other is scanned. */
int rca_window_stream(struct rca_store *store, const struct rca_span *span,
                      unsigned jobs, rca_window_take *take, void *arg)
{
    struct listing l RCA_CLEANUP(listing_done) = {0};
    struct portion a RCA_CLEANUP(portion_done) = {.take = take, .arg = arg};
    struct portion b RCA_CLEANUP(portion_done) = {.take = take, .arg = arg};
    struct portion *now = &a, *last = &b;
    int err;

    if (span->step <= 0 || span->n_rows == 0 || span->n_rows > MAX_ROWS)
        return RCA_ETOOFEW;
    err = read_graph(store, span, &l);
    if (!err)
        err = choose_entities(l.g, NULL, 0, &l);
    if (!err)
        err = reader_init(&a.rd, store, span);
    if (!err)
        err = reader_init(&b.rd, store, span);
    for (size_t at = 0; at < l.n && !err; at += STREAM_ENTITIES) {
        struct portion *const turn = last;

        memcpy(now->rd.covered, last->rd.covered, span->n_rows);
        err =
            scan_batch(&now->rd, l.list + at,
                       l.n - at < STREAM_ENTITIES ? l.n - at : STREAM_ENTITIES);
        if (!err)
            err = portion_end(last);
        if (err)
            break;
        now->running =
            jobs > 1 && pthread_create(&now->thread, NULL, process, now) == 0;
        if (!now->running)
            (void)process(now);
        last = now;
        now = turn;
    }
    return err ? err : portion_end(last);
}
