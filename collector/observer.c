/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/observer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collector/observer_state.h"
#include "graph/base/name.h"
#include "graph/histogram.h"

/*
 * The tick in progress is three arrays that keep their memory from tick to
 * tick. Names become numbers through maps, so that a tick in which nothing is
 * new allocates nothing. An entity that nobody reports for IDLE_NS gives its
 * place under the cap back; the store still knows it by its old number.
 */
#define IDLE_NS (600 * RCA_SECOND) /* COLLECTOR 5.3: dead after 10 minutes */
#define SWEEP_NS (60 * RCA_SECOND)
#define SERIES_TEXT 160 /* longest name of a series, bytes with NUL */

static void stick(struct rca_observer *obs, int err)
{
    if (!obs->err)
        obs->err = err;
}

int rca_observer_grow(struct rca_observer *obs, void *items, size_t *cap,
                      size_t n, size_t size)
{
    void **slot = items;
    size_t wide = *cap ? 2 * *cap : 16;
    void *more;

    if (n < *cap)
        return 0;
    more = realloc(*slot, wide * size);
    if (!more) {
        stick(obs, -ENOMEM);
        return -ENOMEM;
    }
    *slot = more;
    *cap = wide;
    return 0;
}

int rca_observer_new(struct rca_store *store, const char *host,
                     struct rca_observer **ret_obs)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) =
        calloc(1, sizeof(*obs));

    if (!obs)
        return -ENOMEM;
    obs->store = store;
    obs->host = RCA_ID_NONE;
    obs->host_name = strdup(host);
    if (!obs->host_name)
        return -ENOMEM;
    rca_observer_netns_begin(obs);
    if (obs->err)
        return obs->err;
    *ret_obs = RCA_TAKE(obs);
    return 0;
}

void rca_observer_free(struct rca_observer **slot)
{
    struct rca_observer *obs = *slot;

    *slot = NULL;
    if (!obs)
        return;
    for (size_t i = 0; i < obs->n_ents; i++)
        free(obs->ents[i].key);
    rca_observer_netns_done(obs);
    rca_observer_cgroup_done(obs);
    rca_map_done(&obs->by_key);
    rca_map_done(&obs->by_id);
    rca_map_done(&obs->series);
    free(obs->ents);
    free(obs->samples);
    free(obs->edges);
    free(obs->endpoints);
    free(obs->seen);
    free(obs->features);
    free(obs->host_name);
    free(obs);
}

void rca_observer_limit(struct rca_observer *obs,
                        const size_t max[RCA_KIND_COUNT])
{
    memcpy(obs->limit, max, sizeof(obs->limit));
}

/* --- entities ------------------------------------------------------------- */

static void forget(struct rca_observer *obs, struct rca_observed *e)
{
    rca_map_del(&obs->by_key, e->key, e->len);
    rca_map_del(&obs->by_id, &e->id, sizeof(e->id));
    rca_freep(&e->key);
    obs->in_use[e->kind]--;
}

static void sweep(struct rca_observer *obs)
{
    const rca_time before = obs->now - IDLE_NS;

    for (size_t i = 0; i < obs->n_ents; i++) {
        struct rca_observed *e = &obs->ents[i];

        if (e->key && e->last < before && e->id != obs->host)
            forget(obs, e);
    }
    rca_observer_cgroup_sweep(obs, before);
    obs->swept = obs->now;
}

static int number_entity(struct rca_observer *obs, enum rca_kind kind,
                         const char *name, rca_id *ret_id)
{
    if (obs->store)
        return rca_store_entity(obs->store, kind, name, obs->host_name, ret_id);
    *ret_id = obs->next_id++;
    return 0;
}

/* A free slot of obs->ents, or -1. */
static ssize_t free_slot(struct rca_observer *obs)
{
    for (size_t i = 0; i < obs->n_ents; i++) {
        if (!obs->ents[i].key)
            return (ssize_t)i;
    }
    if (rca_observer_grow(obs, &obs->ents, &obs->cap_ents, obs->n_ents,
                          sizeof(*obs->ents)))
        return -1;
    obs->ents[obs->n_ents] = (struct rca_observed){0};
    return (ssize_t)obs->n_ents++;
}

/* Enter (key, id) into both maps and a slot: all or nothing. */
static ssize_t enter(struct rca_observer *obs, const char *key, size_t len,
                     rca_id id)
{
    const ssize_t at = free_slot(obs);
    char *copy = at < 0 ? NULL : malloc(len);

    if (!copy || rca_map_set(&obs->by_key, key, len, (uint32_t)at) ||
        rca_map_set(&obs->by_id, &id, sizeof(id), (uint32_t)at)) {
        rca_map_del(&obs->by_key, key, len);
        free(copy);
        stick(obs, -ENOMEM);
        return -1;
    }
    memcpy(copy, key, len);
    obs->ents[at] = (struct rca_observed){.key = copy,
                                          .len = len,
                                          .id = id,
                                          .kind = (enum rca_kind)key[0],
                                          .last = RCA_TIME_NONE};
    obs->in_use[(unsigned char)key[0]]++;
    return at;
}

/* Mark as seen in this tick, once. */
static void touch(struct rca_observer *obs, struct rca_observed *e)
{
    if (e->last == obs->now)
        return;
    e->last = obs->now;
    if (!rca_observer_grow(obs, &obs->seen, &obs->cap_seen, obs->n_seen,
                           sizeof(*obs->seen)))
        obs->seen[obs->n_seen++] = e->id;
}

static void touch_id(struct rca_observer *obs, rca_id id)
{
    uint32_t at;

    if (rca_map_get(&obs->by_id, &id, sizeof(id), &at))
        touch(obs, &obs->ents[at]);
}

/* The key of an entity. Of a path that is too long its end tells more than its
 * beginning, which many share. */
static size_t make_key(enum rca_kind kind, const char *name,
                       char key[1 + RCA_NAME_MAX + 1])
{
    static const char cut[] = "...";
    char tail[RCA_NAME_MAX + 1];
    const size_t len = strlen(name);

    if (kind == RCA_KIND_CGROUP && len > RCA_NAME_MAX) {
        (void)snprintf(tail, sizeof(tail), "%s%s", cut,
                       name + len - (RCA_NAME_MAX - strlen(cut)));
        name = tail;
    }
    key[0] = (char)kind;
    rca_name_clean(name, key + 1);
    return 1 + strlen(key + 1);
}

rca_id rca_observe_entity(struct rca_observer *obs, enum rca_kind kind,
                          const char *name)
{
    char key[1 + RCA_NAME_MAX + 1];
    const size_t len = make_key(kind, name, key);
    uint32_t at;
    ssize_t made;
    rca_id id;
    int r;

    if (rca_map_get(&obs->by_key, key, len, &at)) {
        touch(obs, &obs->ents[at]);
        return obs->ents[at].id;
    }
    if (obs->limit[kind] && obs->in_use[kind] >= obs->limit[kind]) {
        obs->capped++;
        return RCA_ID_NONE;
    }
    r = number_entity(obs, kind, key + 1, &id);
    if (r < 0) {
        stick(obs, r);
        return RCA_ID_NONE;
    }
    made = enter(obs, key, len, id);
    if (made < 0)
        return RCA_ID_NONE;
    touch(obs, &obs->ents[made]);
    return id;
}

rca_id rca_observe_host(struct rca_observer *obs)
{
    if (obs->host == RCA_ID_NONE)
        obs->host = rca_observe_entity(obs, RCA_KIND_HOST, obs->host_name);
    return obs->host;
}

/* --- values and edges ----------------------------------------------------- */

static int number_series(struct rca_observer *obs, const char *series,
                         rca_id *ret_id)
{
    const size_t len = strlen(series);
    rca_id id;
    int r = 0;

    if (rca_map_get(&obs->series, series, len, ret_id))
        return 0;
    if (obs->store)
        r = rca_store_series(obs->store, series, &id);
    else
        id = obs->next_series++;
    if (r >= 0)
        r = rca_map_set(&obs->series, series, len, id);
    if (r >= 0)
        *ret_id = id;
    return r;
}

void rca_observe_value(struct rca_observer *obs, rca_id entity,
                       const char *series, double value)
{
    rca_id id;
    int r;

    if (entity == RCA_ID_NONE || !isfinite(value))
        return;
    r = number_series(obs, series, &id);
    if (r < 0) {
        stick(obs, r);
        return;
    }
    if (rca_observer_grow(obs, &obs->samples, &obs->cap_samples, obs->n_samples,
                          sizeof(*obs->samples)))
        return;
    obs->samples[obs->n_samples++] = (struct rca_sample){entity, id, value};
    touch_id(obs, entity);
}

void rca_observe_edge(struct rca_observer *obs, rca_id source, rca_id target,
                      enum rca_edge_kind kind)
{
    if (source == RCA_ID_NONE || target == RCA_ID_NONE || source == target)
        return;
    if (rca_observer_grow(obs, &obs->edges, &obs->cap_edges, obs->n_edges,
                          sizeof(*obs->edges)))
        return;
    obs->edges[obs->n_edges++] =
        (struct rca_edge){.source = source, .target = target, .kind = kind};
    touch_id(obs, source);
    touch_id(obs, target);
}

void rca_observe_histogram(struct rca_observer *obs, rca_id entity,
                           const char *prefix, const uint64_t *count)
{
    char series[SERIES_TEXT];

    for (unsigned i = 0; i < RCA_HISTOGRAM_BUCKETS; i++) {
        if (!count[i])
            continue;
        (void)snprintf(series, sizeof(series), "%s_bucket_%03u", prefix, i);
        rca_observe_value(obs, entity, series, (double)count[i]);
    }
}

void rca_observe_loss(struct rca_observer *obs, const char *what,
                      uint64_t total)
{
    char series[SERIES_TEXT];

    (void)snprintf(series, sizeof(series), "rca_lost_%s_total", what);
    rca_observe_value(obs, rca_observe_host(obs), series, (double)total);
}

/* --- the tick ------------------------------------------------------------- */

void rca_observer_begin(struct rca_observer *obs, rca_time now)
{
    obs->now = now;
    obs->err = 0;
    obs->n_samples = 0;
    obs->n_edges = 0;
    obs->n_endpoints = 0;
    obs->links = NULL;
    obs->n_seen = 0;
    if (!obs->swept)
        obs->swept = now;
    else if (now - obs->swept >= SWEEP_NS || now < obs->swept)
        sweep(obs);
    rca_observer_netns_begin(obs);
}

rca_time rca_observer_now(const struct rca_observer *obs)
{
    return obs->now;
}

int rca_observer_commit(struct rca_observer *obs)
{
    struct rca_tick tick;

    rca_observer_netns_commit(obs);
    rca_observe_loss(obs, "entities", obs->capped);
    if (obs->err || !obs->store)
        return obs->err;
    tick = (struct rca_tick){
        .time = obs->now,
        .samples = obs->samples,
        .n_samples = obs->n_samples,
        .edges = obs->edges,
        .n_edges = obs->n_edges,
        .seen = obs->seen,
        .n_seen = obs->n_seen,
    };
    return rca_store_append(obs->store, &tick);
}
