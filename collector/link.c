/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/file.h"
#include "collector/link_dump.h"
#include "collector/link_qdisc.h"
#include "collector/map.h"
#include "collector/procfs.h"
#include "collector/sojourn.h"
#include "collector/source.h"

#define HOOK "rtnetlink"

/*
 * link - the source of NICs and queueing disciplines, by rtnetlink.
 *
 * Whoever owns an endpoint uses the NIC that has its address, and what is at the
 * other end of a veth, since that carries the same packets; traffic over the
 * loopback uses no NIC. How fast a NIC is tells only sysfs, which shows the
 * namespace that it was mounted in: the host's.
 */

/* Ticks between two looks at how fast a NIC is. */
#define SPEED_TICKS 30

struct link_state {
    const struct rca_source_env *env; /* borrowed */
    struct rca_netlink_set set;
    struct rca_link_map map;
    struct rca_qdiscs qdiscs;
    struct rca_sojourn *sojourn; /* owned; NULL: not had */
    unsigned ticks;
    struct rca_map speeds; /* of the host's own: name to Mbit/s */
};

/* --- reports -------------------------------------------------------------- */

/* Mbit/s of a NIC of the host's own namespace; 0 where there is no such thing:
 * no carrier, a virtual one. */
static uint32_t read_speed(const struct link_state *state, const char *name)
{
    struct rca_text text RCA_CLEANUP(rca_text_done) = {0};
    char path[sizeof "class/net//speed" + IFNAMSIZ];
    uint64_t speed = 0;
    int fd = -1;

    snprintf(path, sizeof path, "class/net/%s/speed", name);
    fd = rca_file_open(state->env->sys, path);
    if (fd < 0)
        return 0;
    if (rca_file_read(fd, &text) ||
        rca_procfs_number(text.data, text.len, &speed) || speed >= INT32_MAX)
        speed = 0; /* -1, or EINVAL: not known */
    rca_file_close(&fd);
    return (uint32_t)speed;
}

static void report_speed(struct link_state *state, struct rca_observer *obs,
                         const struct rca_nic *nic)
{
    const char *name = nic->link.name;
    uint32_t speed = 0;

    if (nic->netns != state->set.ns[0].inode || nic->link.kind[0] ||
        nic->entity == RCA_ID_NONE)
        return;
    if (state->ticks % SPEED_TICKS == 0 ||
        !rca_map_get(&state->speeds, name, strlen(name), &speed)) {
        speed = read_speed(state, name);
        /* without memory it is read again with the next tick */
        (void)!rca_map_set(&state->speeds, name, strlen(name), speed);
    }
    if (speed)
        rca_observe_value(obs, nic->entity, "link_speed_bytes_per_second",
                          speed * 125e3);
}

/* Set down, or without a carrier. Of a veth of which one end was set down that
 * end is down: the other has lost its carrier by it. */
static _Bool is_down(const struct link_state *state, const struct rca_nic *nic)
{
    if (!rca_link_is_down(&nic->link))
        return 0;
    return !(nic->link.flags & IFF_UP) || nic->peer == RCA_LINK_NONE ||
           state->map.nics[nic->peer].link.flags & IFF_UP;
}

static void report_nic(struct link_state *state, struct rca_observer *obs,
                       const struct rca_nic *nic)
{
    const struct rca_link *link = &nic->link;

    rca_traffic_report(&link->stats, obs, nic->entity);
    rca_observe_value(obs, nic->entity, "carrier_changes_total",
                      link->carrier_changes);
    rca_observe_value(obs, nic->entity, "link_down", is_down(state, nic));
    report_speed(state, obs, nic);
}

static void report_use(const struct link_state *state, struct rca_observer *obs,
                       rca_id user, size_t nic)
{
    if (nic == RCA_LINK_NONE || state->map.nics[nic].entity == RCA_ID_NONE)
        return;
    rca_observe_edge(obs, user, state->map.nics[nic].entity, RCA_EDGE_USES);
    for (size_t i = rca_qdiscs_first(&state->qdiscs, nic);
         i < state->qdiscs.n && state->qdiscs.list[i].nic == nic; i++)
        rca_observe_edge(obs, user, state->qdiscs.list[i].entity,
                         RCA_EDGE_USES);
}

/* Who uses one end of a veth uses the other, and the namespace in which that
 * is: it bridges or routes the packets. */
static void report_peer(const struct link_state *state,
                        struct rca_observer *obs, rca_id user, size_t peer)
{
    report_use(state, obs, user, peer);
    if (peer != RCA_LINK_NONE &&
        state->map.nics[peer].netns != state->set.ns[0].inode)
        rca_observe_edge(obs, user, state->map.nics[peer].whole, RCA_EDGE_USES);
}

static void report_users(const struct link_state *state,
                         struct rca_observer *obs)
{
    size_t n = 0;
    const struct rca_endpoint *ends = rca_observer_endpoints(obs, &n);

    for (size_t i = 0; i < n; i++) {
        size_t nic = rca_link_map_owner(&state->map, ends[i].netns,
                                        ends[i].family, ends[i].addr);

        if (nic == RCA_LINK_NONE ||
            state->map.nics[nic].link.flags & IFF_LOOPBACK)
            continue;
        report_use(state, obs, ends[i].entity, nic);
        report_peer(state, obs, ends[i].entity, state->map.nics[nic].peer);
    }
}

/* --- the source ----------------------------------------------------------- */

static void report_features(const struct link_state *state,
                            struct rca_observer *obs)
{
    char how[96];
    int err = 0;
    size_t closed = rca_netlink_set_closed(&state->set, &err);

    rca_observer_feature(obs, "network interfaces", RCA_FEATURE_ON, HOOK, "");
    if (!closed) {
        rca_observer_feature(obs, "interfaces of other network namespaces",
                             RCA_FEATURE_ON, "rtnetlink after setns(2)", "");
        return;
    }
    snprintf(how, sizeof how, "%zu not entered: %s (needs CAP_SYS_ADMIN)",
             closed, rca_strerror(err));
    rca_observer_feature(obs, "interfaces of other network namespaces",
                         RCA_FEATURE_OFF, how,
                         "NICs, queues and drops inside containers");
}

static void close_link(void **state)
{
    struct link_state *s = (struct link_state *)*state;

    if (!s)
        return;
    rca_netlink_set_done(&s->set);
    rca_link_map_done(&s->map);
    rca_qdiscs_done(&s->qdiscs);
    rca_sojourn_close(&s->sojourn);
    rca_map_done(&s->speeds);
    free(s);
    *state = NULL;
}

static int open_link(const struct rca_source_env *env, struct rca_observer *obs,
                     void **ret_state)
{
    void *state RCA_CLEANUP(close_link) = calloc(1, sizeof(struct link_state));
    struct link_state *s = (struct link_state *)state;
    int err = 0;

    if (!s)
        return -ENOMEM;
    if (!rca_source_may(env, HOOK)) {
        rca_observer_feature(obs, "network interfaces", RCA_FEATURE_OFF,
                             "turned off by 'without'", "NICs and queues");
        return RCA_ENOSUPPORT;
    }
    s->env = env;
    s->set.bus = NETLINK_ROUTE;
    s->set.free_data = rca_link_dump_free;
    err = rca_netlink_set_refresh(&s->set, obs);
    if (err == -ENOMEM)
        return err;
    if (err) {
        rca_observer_feature(obs, "network interfaces", RCA_FEATURE_OFF,
                             rca_strerror(err), "NICs and queues");
        return RCA_ENOSUPPORT;
    }
    report_features(s, obs);
    err = rca_sojourn_open(env, obs, RCA_SOJOURN_HOOK_BEST, &s->sojourn);
    if (err == -ENOMEM)
        return err;
    *ret_state = RCA_TAKE(state);
    return 0;
}

static int tick_link(void *state, struct rca_observer *obs)
{
    struct link_state *s = (struct link_state *)state;
    const unsigned version = s->set.version;
    int err = rca_netlink_set_refresh(&s->set, obs);

    if (!err)
        err = rca_link_dump(&s->set, obs, &s->map);
    if (!err)
        err = rca_qdiscs_refresh(&s->qdiscs, &s->set, &s->map);
    if (err)
        return err;
    rca_observer_links_set(obs, &s->map);
    if (version != s->set.version)
        report_features(s, obs);
    rca_link_dump_report(obs, &s->map);
    for (size_t i = 0; i < s->map.n_nics; i++)
        report_nic(s, obs, &s->map.nics[i]);
    rca_qdiscs_report(&s->qdiscs, obs, &s->set, &s->map, s->sojourn);
    report_users(s, obs);
    rca_observe_loss(obs, "link_dumps", s->map.failed + s->qdiscs.failed);
    s->ticks++;
    return 0;
}

static int set_profile(void *state, struct rca_observer *obs,
                       enum rca_profile profile)
{
    const struct link_state *s = (const struct link_state *)state;

    return s->sojourn ? rca_sojourn_set_profile(s->sojourn, obs, profile) : 0;
}

static size_t list_programs(void *state, int *fds, size_t max)
{
    const struct link_state *s = (const struct link_state *)state;

    return s->sojourn ? rca_sojourn_programs(s->sojourn, fds, max) : 0;
}

const struct rca_source rca_source_link = {
    .name = "link",
    .open = open_link,
    .tick = tick_link,
    .close = close_link,
    .set_profile = set_profile,
    .programs = list_programs,
};
