/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * observer - collects what the sources report in one tick, and shares what one
 * source knows with the others (who is who).
 *
 * Values of counters are given raw: absolute and monotonic where the kernel's
 * are. Reporting a value marks its entity as seen. Failures to allocate stick
 * and are returned by rca_observer_commit(), so sources need not check.
 */

#include "collector/store/store.h"

struct rca_observer;
struct rca_privileged;

/** rca_observer_new() - @store is borrowed, or NULL to only count (doctor) */
RCA_MUST_CHECK int rca_observer_new(struct rca_store *store, const char *host,
                                    struct rca_observer **ret_obs);
void rca_observer_free(struct rca_observer **slot);

/** rca_observer_limit() - at most @max[kind] entities of each kind in use at
 * once (reported within 10 minutes); 0: no limit, the default. What is refused
 * is lost, see rca_observe_loss(): "entities" */
void rca_observer_limit(struct rca_observer *obs,
                        const size_t max[RCA_KIND_COUNT]);

/** rca_observer_set_privileged() - the helper for what needs privileges, which
 * lives longer than the observer; rca_observer_privileged(): it, or NULL: do it
 * with one's own (every function of collector/privileged.h takes NULL) */
void rca_observer_set_privileged(struct rca_observer *obs,
                                 struct rca_privileged *helper);
struct rca_privileged *rca_observer_privileged(const struct rca_observer *obs);

/** rca_observer_begin() - start a tick; rca_observer_commit() - append it to
 * the store: 0, or what stuck, or rca_store_append()'s */
void rca_observer_begin(struct rca_observer *obs, rca_time now);
RCA_MUST_CHECK int rca_observer_commit(struct rca_observer *obs);
/** rca_observer_now() - time of the tick in progress */
rca_time rca_observer_now(const struct rca_observer *obs);

/** rca_observe_entity() - its id; RCA_ID_NONE if it cannot be had (cap of its
 * kind reached, or no memory): every call below then does nothing with it.
 * A cgroup's path that is too long for a name is cut at its beginning. */
rca_id rca_observe_entity(struct rca_observer *obs, enum rca_kind kind,
                          const char *name);
/** rca_observe_host() - the entity of this host */
rca_id rca_observe_host(struct rca_observer *obs);

void rca_observe_value(struct rca_observer *obs, rca_id entity,
                       const char *series, double value);
void rca_observe_edge(struct rca_observer *obs, rca_id source, rca_id target,
                      enum rca_edge_kind kind);

/** rca_observe_histogram() - non-zero buckets as "PREFIX_bucket_NNN" */
void rca_observe_histogram(struct rca_observer *obs, rca_id entity,
                           const char *prefix, const uint64_t *count);

/** rca_observe_loss() - what was lost since the start, @total events, in all
 * that overflows or comes late: a map, a ring, a socket's buffer, a limit.
 * @what: lower_snake, "sock_reports"; the host's series "rca_lost_WHAT_total",
 * which `rca status` lists and answers mention. Reported with each tick, as 0
 * where nothing was lost. */
void rca_observe_loss(struct rca_observer *obs, const char *what,
                      uint64_t total);

/* --- who is who: filled by the task source, read by the others ------------ */

/**
 * struct rca_netns - one network namespace in use: the host's own (first),
 * those of processes that the task source sees, and those in /run/netns
 * @inode: of nsfs, the kernel's own number for it
 * @fd:    open on it, for setns(2), owned by the observer; -1 if not allowed
 * @name:  "" for the host's own, else the name in /run/netns, else the one
 *         workload in it, else "netns-INODE"; a second of the same name gets
 *         ".2". Settled when first read, and kept.
 * @entity: part_of the host, reported with every tick that it is in use
 */
struct rca_netns {
    uint64_t inode;
    int fd;
    char name[64];
    rca_id entity; /* RCA_ID_NONE for the host's own */
};

/** rca_observer_netns() - all of them; rca_observer_netns_find() - one, or
 * NULL. Good until the next _netns_add() or tick. */
const struct rca_netns *rca_observer_netns(struct rca_observer *obs,
                                           size_t *ret_n);
const struct rca_netns *rca_observer_netns_find(struct rca_observer *obs,
                                                uint64_t inode);
/** for the task source: add or refresh; @pid is a process that lives in it */
void rca_observer_netns_add(struct rca_observer *obs, uint64_t inode, int pid,
                            const char *workload);

/** enum rca_cgroup_v1 - hierarchies whose directories have synthetic ids */
enum rca_cgroup_v1 {
    RCA_CGROUP_V1_CPU,
    RCA_CGROUP_V1_CPUACCT,
    RCA_CGROUP_V1_MEMORY,
    RCA_CGROUP_V1_BLKIO,
    RCA_CGROUP_V1_PIDS,
    RCA_CGROUP_V1_COUNT,
};

/** rca_cgroup_v1_id() - synthetic id of a directory of a v1 hierarchy, from
 * its inode number (kernfs id, as seen by stat(2) and by BPF); every cgroup of
 * a v1 tree is known by the ids of all hierarchies that have it, and by its v2
 * id where the v2 tree has the same path */
static inline uint64_t rca_cgroup_v1_id(enum rca_cgroup_v1 tree, uint64_t inode)
{
    return UINT64_C(1) << 63 | (uint64_t)tree << 60 |
           (inode & ((UINT64_C(1) << 60) - 1));
}

/** rca_observer_cgroup() - entity of the cgroup whose v2 id (or, on v1-only
 * hosts, synthetic id) is @cgroup; RCA_ID_NONE if unknown or the root */
rca_id rca_observer_cgroup(const struct rca_observer *obs, uint64_t cgroup);
/** for the cgroup source: @path without the leading '/'; again with each tick,
 * what is not refreshed for 10 minutes is forgotten */
void rca_observer_cgroup_add(struct rca_observer *obs, uint64_t cgroup,
                             const char *path, rca_id entity);
/** rca_observer_cgroup_path() - "" for the root, NULL if unknown */
const char *rca_observer_cgroup_path(const struct rca_observer *obs,
                                     uint64_t cgroup);

/** rca_observer_disk_users() - whether the disk source counts what cgroups do on
 * disks: the cgroup source reads it from files where it does not */
_Bool rca_observer_disk_users(const struct rca_observer *obs);
void rca_observer_disk_users_set(struct rca_observer *obs, _Bool counted);

/**
 * struct rca_endpoint - one end of what a service, client or call does
 * @netns:  inode of the namespace that it is in
 * @family: AF_INET (4 bytes of @addr, the rest 0) or AF_INET6
 * @addr:   local address in network order; all 0 where none is known
 * @port:   of the service: what a service listens on, what a call or client
 *          calls; the same at both ends. 0 where it is not known
 */
struct rca_endpoint {
    rca_id entity;
    uint64_t netns;
    int family;
    uint16_t port;
    unsigned char addr[16];
};

/** rca_observe_endpoint() - for the socket source: with every tick, both ends
 * of a call; @addr has the size of @family. Duplicates are harmless.
 * rca_observer_endpoints() - those of this tick, sorted and distinct; good
 * until the next _observe_endpoint() or tick; O(n log n) the first time */
void rca_observe_endpoint(struct rca_observer *obs, rca_id entity,
                          uint64_t netns, int family, const void *addr,
                          uint16_t port);
const struct rca_endpoint *rca_observer_endpoints(struct rca_observer *obs,
                                                  size_t *ret_n);

/** rca_observer_links_set() - for the link source, with every tick: its map of
 * interfaces, good until it is set again; rca_observer_links() - the map as set
 * in this tick, or NULL where no link source runs (collector/link_map.h) */
struct rca_link_map;
void rca_observer_links_set(struct rca_observer *obs,
                            const struct rca_link_map *map);
const struct rca_link_map *rca_observer_links(const struct rca_observer *obs);

/* --- features: what works, what does not, what is lost --------------------- */

enum rca_feature_state {
    RCA_FEATURE_ON,
    RCA_FEATURE_TWIN, /* on, by the second choice of hook */
    RCA_FEATURE_OFF,
};

struct rca_feature {
    char name[48]; /* "socket requests" */
    enum rca_feature_state state;
    char how[96]; /* hook or file in use, or why not */
    char lost[160]; /* what is not seen without it; "" when on */
};

/** rca_observer_feature() - register or replace by name; an off feature is
 * logged once (INFO) */
void rca_observer_feature(struct rca_observer *obs, const char *name,
                          enum rca_feature_state state, const char *how,
                          const char *lost);
const struct rca_feature *rca_observer_features(const struct rca_observer *obs,
                                                size_t *ret_n);
/** rca_observer_features_changes() - grows whenever a feature changes */
unsigned rca_observer_features_changes(const struct rca_observer *obs);
/** rca_observer_features_text() - "name\tstate\thow\tlost\n" lines, as kept in
 * the store under "features"; the caller frees it */
RCA_MUST_CHECK int rca_observer_features_text(const struct rca_observer *obs,
                                              char **ret_text);
