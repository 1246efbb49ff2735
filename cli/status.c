/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/status.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/slice.h"
#include "collector/store/vec.h"

#define HOUR (3600 * RCA_SECOND)
#define LOST "rca_lost_"
#define TOTAL "_total"

/* struct track - one series over the hour */
struct track {
    rca_id entity;
    const char *name; /* the store's */
    double last, growth, max;
    rca_time since, until;
    struct {
        double *at;
        size_t n, cap;
    } values; /* of rca_tick_seconds only */
};

struct tracks {
    struct track *at;
    size_t n, cap;
};

static void tracks_done(struct tracks *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->at[i].values.at);
    free(t->at);
}

static struct track *find(const struct tracks *t, rca_id entity,
                          const char *name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->at[i].entity == entity && strcmp(t->at[i].name, name) == 0)
            return &t->at[i];
    }
    return NULL;
}

/* a counter that went down began again */
static int add(struct track *t, rca_time time, double value)
{
    if (t->since == RCA_TIME_NONE)
        t->since = time;
    else
        t->growth += value >= t->last ? value - t->last : value;
    t->until = time;
    t->last = value;
    t->max = value > t->max ? value : t->max;
    return strcmp(t->name, "rca_tick_seconds") == 0
               ? rca_vec_push(&t->values, value)
               : 0;
}

static int take_slice(void *arg, const struct rca_slice *s)
{
    struct tracks *all = arg;
    int r = 0;

    for (size_t c = 0; c < s->n_columns; c++) {
        const struct rca_slice_column *column = &s->columns[c];
        const struct track fresh = {.entity = column->entity,
                                    .name = column->name,
                                    .max = -INFINITY,
                                    .since = RCA_TIME_NONE};
        struct track *t = find(all, column->entity, column->name);

        if (!t && rca_vec_push(all, fresh))
            return -ENOMEM;
        t = t ? t : &all->at[all->n - 1];
        for (size_t i = 0; i < s->n_times && !r; i++)
            r = isnan(column->x[i]) ? 0 : add(t, s->times[i], column->x[i]);
    }
    return r;
}

static int by_value(const void *pa, const void *pb)
{
    const double *a = pa, *b = pb;

    return (*a > *b) - (*a < *b);
}

static double median(const struct track *t)
{
    if (!t || t->values.n == 0)
        return NAN;
    qsort(t->values.at, t->values.n, sizeof(double), by_value);
    return t->values.at[t->values.n / 2];
}

static double last_of(const struct track *t)
{
    return t ? t->last : NAN;
}

static double rate_of(const struct track *t)
{
    return t && t->until > t->since
               ? t->growth / ((double)(t->until - t->since) / RCA_SECOND)
               : NAN;
}

static int add_host(struct rca_status *s, const struct rca_entity *e,
                    const struct tracks *t)
{
    const struct track *tick = find(t, e->id, "rca_tick_seconds");
    struct rca_status_self *grown;

    if (!tick)
        return 0; /* imported */
    grown = rca_grow(s->hosts, s->n_hosts, &s->cap_hosts, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->hosts = grown;
    s->hosts[s->n_hosts++] = (struct rca_status_self){
        .host = e->name,
        .cpu_cores = rate_of(find(t, e->id, "rca_cpu_seconds_total")),
        .bpf_cores = last_of(find(t, e->id, "rca_bpf_cpu_ratio")),
        .resident_bytes = last_of(find(t, e->id, "rca_resident_bytes")),
        .profile = last_of(find(t, e->id, "rca_profile")),
        .tick_max_seconds = tick->max,
        .ticks = tick->values.n,
        .tick_median_seconds = median(tick),
    };
    return 0;
}

static int add_loss(struct rca_status *s, const struct rca_entity *e,
                    const struct track *t)
{
    const size_t n = strlen(t->name), cut = strlen(LOST) + strlen(TOTAL);
    struct rca_status_loss *grown;

    if (t->entity != e->id || n <= cut ||
        strncmp(t->name, LOST, strlen(LOST)) != 0 ||
        strcmp(t->name + n - strlen(TOTAL), TOTAL) != 0)
        return 0;
    grown = rca_grow(s->losses, s->n_losses, &s->cap_losses, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->losses = grown;
    s->losses[s->n_losses] =
        (struct rca_status_loss){.host = e->name,
                                 .what = strdup(t->name + strlen(LOST)),
                                 .total = t->last,
                                 .hour = t->growth};
    if (!s->losses[s->n_losses].what)
        return -ENOMEM;
    s->losses[s->n_losses++].what[n - cut] = '\0';
    return 0;
}

static int read_series(struct rca_status *s)
{
    const struct rca_graph *g = s->open->graph;
    const struct rca_slices want = {.store = s->open->store,
                                    .graph = g,
                                    .from = s->open->info.last - HOUR,
                                    .to = s->open->info.last,
                                    .metric = "rca_*",
                                    .raw = 1};
    struct tracks t RCA_CLEANUP(tracks_done) = {0};
    int r = 0;

    for (uint32_t i = 0; i < rca_graph_size(g) && !r; i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);
        struct rca_slices one = want;

        if (e->kind != RCA_KIND_HOST)
            continue;
        one.entities = &e->id;
        one.n = 1;
        r = rca_slices_read(&one, take_slice, &t);
        r = r ? r : add_host(s, e, &t);
        for (size_t k = 0; k < t.n && !r; k++)
            r = add_loss(s, e, &t.at[k]);
    }
    return r;
}

/* --- the model, and what could not be watched ------------------------------ */

static int read_model(struct rca_status *s)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    void *data RCA_CLEANUP(rca_freep) = NULL;
    rca_time when;
    const int r =
        rca_store_get(s->open->store, "model", &when, &data, &s->model_bytes);

    if (r)
        return r > 0 ? 0 : r;
    s->model_state = RCA_STATUS_MODEL_DAMAGED;
    if (rca_model_decode(data, s->model_bytes, &model))
        return 0;
    s->model_state = RCA_STATUS_MODEL_OK;
    rca_model_info(model, &s->model);
    return 0;
}

static int add_feature(struct rca_status *s, char *line)
{
    const struct rca_status_feature f = {.name = strsep(&line, "\t"),
                                         .state = strsep(&line, "\t"),
                                         .how = strsep(&line, "\t"),
                                         .lost = line};
    struct rca_status_feature *grown;

    if (!f.lost)
        return 0;
    grown =
        rca_grow(s->features, s->n_features, &s->cap_features, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->features = grown;
    s->features[s->n_features++] = f;
    return 0;
}

static int read_features(struct rca_status *s)
{
    void *data RCA_CLEANUP(rca_freep) = NULL;
    char *rest, *line;
    rca_time when;
    size_t size;
    int r = rca_store_get(s->open->store, "features", &when, &data, &size);

    if (r)
        return r > 0 ? 0 : r;
    s->features_text = malloc(size + 1);
    if (!s->features_text)
        return -ENOMEM;
    memcpy(s->features_text, data, size);
    s->features_text[size] = '\0';
    for (rest = s->features_text; !r && (line = strsep(&rest, "\n"));)
        r = add_feature(s, line);
    return r;
}

int rca_status_read(const struct rca_open *open, const char *db, rca_time now,
                    struct rca_status *ret_status)
{
    struct rca_status s RCA_CLEANUP(rca_status_done) = {
        .open = open, .db = db, .now = now};
    int r = read_model(&s);

    r = r ? r : read_features(&s);
    r = r ? r : read_series(&s);
    r = r ? r : rca_store_verdicts(open->store, &s.verdicts);
    if (r)
        return r;
    *ret_status = s;
    s = (struct rca_status){0};
    return 0;
}

void rca_status_done(struct rca_status *status)
{
    for (size_t i = 0; i < status->n_losses; i++)
        free(status->losses[i].what);
    free(status->losses);
    free(status->hosts);
    free(status->features);
    free(status->features_text);
    *status = (struct rca_status){0};
}
