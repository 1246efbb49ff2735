/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * observer_state - what an observer is made of, for the observer's own files
 * only: observer.c (the tick), observer_who.c (namespaces, cgroups) and
 * observer_features.c.
 */

#include "collector/map.h"
#include "collector/observer.h"

/** struct rca_observed - an entity in use; a free slot has no key
 * @key:  owned; the kind as a byte, then the name's @len - 1 bytes
 * @last: tick in which it was last reported */
struct rca_observed {
    char *key;
    size_t len;
    rca_id id;
    enum rca_kind kind;
    rca_time last;
};

/** struct rca_netns_use - beside each struct rca_netns
 * @age:      ticks since a process or /run/netns showed it
 * @settled:  it has its name, for good
 * @many:     more than one workload was seen before that
 * @pinned:   has a name in /run/netns
 * @workload: the first one seen */
struct rca_netns_use {
    unsigned age;
    _Bool settled, many, pinned;
    char workload[64];
};

/** struct rca_cgroup_use - a cgroup that has an id; @path owned */
struct rca_cgroup_use {
    uint64_t cgroup;
    char *path;
    rca_id entity;
    rca_time last;
};

struct rca_observer {
    struct rca_store *store; /* borrowed; NULL: only count */
    struct rca_privileged *helper; /* borrowed; NULL: there is none */
    _Bool helper_missed; /* it was said that it is gone */
    char *host_name; /* owned */
    rca_id host; /* RCA_ID_NONE until asked for */
    _Bool disk_users; /* see rca_observer_disk_users() */
    rca_time now, swept;
    int err; /* first failure of the tick */

    struct rca_observed *ents; /* owned */
    size_t n_ents, cap_ents;
    struct rca_map by_key, by_id, series;
    rca_id next_id, next_series; /* without a store */
    size_t limit[RCA_KIND_COUNT], in_use[RCA_KIND_COUNT];
    uint64_t capped; /* look-ups refused since the start */

    struct rca_sample *samples; /* owned */
    size_t n_samples, cap_samples;
    struct rca_edge *edges; /* owned */
    size_t n_edges, cap_edges;
    rca_id *seen; /* owned */
    size_t n_seen, cap_seen;

    struct rca_netns *netns; /* owned; [0] is the host's own */
    struct rca_netns_use *netns_use; /* owned */
    size_t n_netns, cap_netns, cap_netns_use;
    int64_t netns_dir_mtime; /* of /run/netns when last read, ns */

    struct rca_cgroup_use *cgroups; /* owned */
    size_t n_cgroups, cap_cgroups;
    struct rca_map by_cgroup;

    struct rca_endpoint *endpoints; /* owned; of this tick */
    size_t n_endpoints, cap_endpoints;
    _Bool endpoints_sorted;

    const struct rca_link_map *links; /* borrowed; of this tick, or NULL */

    struct rca_feature *features; /* owned */
    size_t n_features, cap_features;
    unsigned features_changes;
};

/** rca_observer_grow() - room for one more of @n items of @size bytes in
 * *@items, whose capacity is *@cap; 0 or -ENOMEM, which also sticks */
RCA_MUST_CHECK int rca_observer_grow(struct rca_observer *obs, void *items,
                                     size_t *cap, size_t n, size_t size);

/** at the start of a tick: forget namespaces that nobody lives in any more,
 * read /run/netns; and at its end: report those in use */
void rca_observer_netns_begin(struct rca_observer *obs);
void rca_observer_netns_commit(struct rca_observer *obs);
void rca_observer_netns_done(struct rca_observer *obs);

/** once a minute: forget cgroups not refreshed since @before */
void rca_observer_cgroup_sweep(struct rca_observer *obs, rca_time before);
void rca_observer_cgroup_done(struct rca_observer *obs);
