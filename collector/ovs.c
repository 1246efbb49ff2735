/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * ovs - the source of Open vSwitch: which ports its bridges have and whether
 * they work, and what the switch could not do. Asks the database and the switch
 * over their sockets (collector/privileged.h), kernel and user-space datapath
 * alike.
 *
 * Bridges are entities of their kind, and the switch, one process for all of
 * them, is another: what it counts it does not count by bridge. A port that the
 * kernel has, too, is that NIC, whose traffic the link source reports; of any
 * other (patch, tunnel, DPDK) the switch tells.
 *
 * A daemon that does not answer is let alone for a while: each time it costs
 * us a second and a half.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/config.h"
#include "collector/file.h"
#include "collector/link_map.h"
#include "collector/map.h"
#include "collector/ovs_msg.h"
#include "collector/privileged.h"
#include "collector/source.h"

#define DATABASE "ovsdb"
#define SWITCH "unixctl"
#define BRIDGES "Open vSwitch bridges"
#define SELF "Open vSwitch itself"
#define NAME "ovs-vswitchd"

/* How long one that hangs, and one that is not there, is not asked. */
#define HANG_NS (30 * RCA_SECOND)
#define ABSENT_NS (10 * RCA_SECOND)

/* struct daemon - @seen: has answered once; @hangs: does not, or is gone */
struct daemon {
    rca_time again; /* not before */
    _Bool may, seen, hangs;
};

struct port {
    struct rca_ovs_port port;
    rca_id entity;
};

struct ovs_state {
    const char *folder; /* borrowed */
    struct rca_privileged *helper; /* borrowed */
    uint64_t own; /* inode of our network namespace */
    struct daemon database, vswitch;
    struct rca_text text;
    struct port *ports; /* owned; of this tick */
    size_t n_ports, cap_ports;
    struct rca_map by_name; /* name of a port to its place */
    const struct rca_link_map *links; /* borrowed; of this tick */
};

/* --- asking --------------------------------------------------------------- */

/* Read the answer to @query into s->text. */
static int ask(struct ovs_state *s, enum rca_ovs_query query)
{
    int fd = rca_privileged_ovs(s->helper, s->folder, query);
    int r = fd;

    if (fd >= 0) {
        r = rca_file_read(fd, &s->text);
        rca_file_close(&fd);
    }
    return r;
}

/* The text of the switch's answer, which the caller frees. */
static int ask_text(struct ovs_state *s, enum rca_ovs_query query,
                    char **ret_text)
{
    const int r = ask(s, query);

    return r < 0 ? r : rca_ovs_parse_text(s->text.data, s->text.len, ret_text);
}

/* What @r, the result of asking, says of @daemon. */
static void judge(struct daemon *daemon, int r, rca_time now)
{
    const _Bool absent = r == -ENOENT || r == -ECONNREFUSED;

    daemon->seen = daemon->seen || r == 0;
    daemon->hangs = r < 0 && daemon->seen;
    daemon->again = now;
    if (r < 0)
        daemon->again += absent ? ABSENT_NS : HANG_NS;
}

static _Bool is_due(const struct daemon *daemon, rca_time now)
{
    /* a clock that was set back must not silence it */
    return daemon->may &&
           (now >= daemon->again || daemon->again - now > HANG_NS);
}

/* --- ports ---------------------------------------------------------------- */

static int add_port(void *arg, const struct rca_ovs_port *port)
{
    struct ovs_state *s = arg;
    struct port *ports =
        rca_grow(s->ports, s->n_ports, &s->cap_ports, sizeof(*ports));

    if (!ports)
        return -ENOMEM;
    s->ports = ports;
    if (rca_map_set(&s->by_name, port->name, strlen(port->name),
                    (uint32_t)s->n_ports))
        return -ENOMEM;
    ports[s->n_ports++] = (struct port){.port = *port, .entity = RCA_ID_NONE};
    return 0;
}

/* The datapath's counters are fresh, the database's some seconds old. */
static void take_stats(void *arg, const char *name,
                       const struct rca_traffic *stats)
{
    struct ovs_state *s = arg;
    uint32_t at;

    if (rca_map_get(&s->by_name, name, strlen(name), &at))
        s->ports[at].port.stats = *stats;
}

static _Bool is_in_kernel(const struct ovs_state *s, const char *name)
{
    for (size_t i = 0; s->links && i < s->links->n_nics; i++) {
        const struct rca_nic *nic = &s->links->nics[i];

        if (nic->netns == s->own && !strcmp(nic->link.name, name))
            return 1;
    }
    return 0;
}

static void report_port(struct ovs_state *s, struct rca_observer *obs,
                        struct port *p, rca_id whole)
{
    const rca_id bridge =
        rca_observe_entity(obs, RCA_KIND_BRIDGE, p->port.bridge);

    p->entity = rca_observe_entity(obs, RCA_KIND_NIC, p->port.name);
    rca_observe_edge(obs, p->entity, bridge, RCA_EDGE_PART_OF);
    rca_observe_edge(obs, bridge, whole, RCA_EDGE_PART_OF);
    /* many leave a bridge's own interface down, and it forwards all the same */
    if (!p->port.local)
        rca_observe_value(obs, p->entity, "ovs_port_down", p->port.down);
    if (!is_in_kernel(s, p->port.name))
        rca_traffic_report(&p->port.stats, obs, p->entity);
}

/* The two ends of a patch, once. */
static void report_patch(struct ovs_state *s, struct rca_observer *obs,
                         size_t i)
{
    const char *peer = s->ports[i].port.peer;
    uint32_t at;

    if (peer[0] && rca_map_get(&s->by_name, peer, strlen(peer), &at) && i < at)
        rca_observe_edge(obs, s->ports[i].entity, s->ports[at].entity,
                         RCA_EDGE_LINK);
}

static void report_ports(struct ovs_state *s, struct rca_observer *obs,
                         rca_id whole)
{
    for (size_t i = 0; i < s->n_ports; i++)
        report_port(s, obs, &s->ports[i], whole);
    for (size_t i = 0; i < s->n_ports; i++)
        report_patch(s, obs, i);
}

static int read_database(struct ovs_state *s, rca_time now)
{
    int r;

    s->n_ports = 0;
    rca_map_done(&s->by_name);
    if (!is_due(&s->database, now))
        return 0;
    r = ask(s, RCA_OVS_DATABASE);
    if (r == 0)
        r = rca_ovs_parse_database(s->text.data, s->text.len, add_port, s);
    judge(&s->database, r, now);
    return r == -ENOMEM ? r : 0;
}

/* --- the switch ----------------------------------------------------------- */

static int read_datapaths(struct ovs_state *s, struct rca_observer *obs,
                          rca_id whole)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct rca_ovs_datapath d;
    int r = ask_text(s, RCA_OVS_DATAPATHS, &text);

    if (r < 0)
        return r;
    r = rca_ovs_read_datapaths(text, &d, take_stats, s);
    if (r < 0)
        return 0; /* no bridge, no datapath */
    rca_observe_value(obs, whole, "ovs_hits_total", (double)d.hit);
    rca_observe_value(obs, whole, "ovs_misses_total", (double)d.missed);
    rca_observe_value(obs, whole, "ovs_lost_total", (double)d.lost);
    return 0;
}

static int read_upcalls(struct ovs_state *s, struct rca_observer *obs,
                        rca_id whole)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct rca_ovs_upcalls u;
    const int r = ask_text(s, RCA_OVS_UPCALLS, &text);

    if (r < 0)
        return r;
    rca_ovs_read_upcalls(text, &u);
    rca_observe_value(obs, whole, "ovs_flows", (double)u.flows);
    if (u.limit)
        rca_observe_value(obs, whole, "ovs_flow_limit_ratio",
                          (double)u.flows / (double)u.limit);
    rca_observe_value(obs, whole, "ovs_dump_seconds", (double)u.dump_ms * 1e-3);
    return 0;
}

static int read_coverage(struct ovs_state *s, struct rca_observer *obs,
                         rca_id whole)
{
    static const char *const series[] = {
        [RCA_OVS_ERRORS] = "ovs_errors_total",
        [RCA_OVS_DROPS] = "ovs_drops_total",
        [RCA_OVS_FLOW_LIMIT] = "ovs_evictions_total",
        [RCA_OVS_MAC_MOVES] = "ovs_mac_moves_total",
        [RCA_OVS_PORT_CHANGES] = "ovs_port_changes_total",
    };
    static_assert(RCA_ARRAY_SIZE(series) == RCA_OVS_EVENTS, "a name each");
    char *text RCA_CLEANUP(rca_freep) = NULL;
    uint64_t events[RCA_OVS_EVENTS];
    const int r = ask_text(s, RCA_OVS_COVERAGE, &text);

    if (r < 0)
        return r;
    rca_ovs_read_coverage(text, events);
    for (unsigned i = 0; i < RCA_OVS_EVENTS; i++)
        rca_observe_value(obs, whole, series[i], (double)events[i]);
    return 0;
}

static int read_switch(struct ovs_state *s, struct rca_observer *obs,
                       rca_id whole)
{
    const rca_time now = rca_observer_now(obs);
    int r;

    if (!is_due(&s->vswitch, now))
        return 0;
    r = read_datapaths(s, obs, whole);
    if (r == 0)
        r = read_upcalls(s, obs, whole);
    if (r == 0)
        r = read_coverage(s, obs, whole);
    judge(&s->vswitch, r, now);
    return r == -ENOMEM ? r : 0;
}

/* --- the source ----------------------------------------------------------- */

static void tell_one(struct rca_observer *obs, const char *feature,
                     const struct daemon *daemon, const char *hook,
                     const char *lost)
{
    if (!daemon->may)
        rca_observer_feature(obs, feature, RCA_FEATURE_OFF,
                             "turned off by 'without'", lost);
    else if (daemon->hangs)
        rca_observer_feature(obs, feature, RCA_FEATURE_OFF,
                             "its daemon does not answer", lost);
    else
        rca_observer_feature(obs, feature, RCA_FEATURE_ON,
                             daemon->seen ? hook : "none runs here", "");
}

static void tell(const struct ovs_state *s, struct rca_observer *obs)
{
    tell_one(obs, BRIDGES, &s->database, DATABASE,
             "ports of bridges and whether they are up");
    tell_one(obs, SELF, &s->vswitch, SWITCH,
             "packets that the switch lost, its flows and errors");
}

static void close_ovs(void **state)
{
    struct ovs_state *s = *state;

    *state = NULL;
    if (!s)
        return;
    rca_text_done(&s->text);
    rca_map_done(&s->by_name);
    free(s->ports);
    free(s);
}

static int open_ovs(const struct rca_source_env *env, struct rca_observer *obs,
                    void **ret_state)
{
    const char *folder = env->config ? env->config->ovs : NULL;
    struct ovs_state *s;

    if (!rca_source_may(env, DATABASE) && !rca_source_may(env, SWITCH)) {
        const struct ovs_state none = {.folder = NULL};

        tell(&none, obs);
        return RCA_ENOSUPPORT;
    }
    s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->folder = folder ? folder : RCA_OVS_FOLDER;
    s->helper = rca_observer_privileged(obs);
    s->database.may = rca_source_may(env, DATABASE);
    s->vswitch.may = rca_source_may(env, SWITCH);
    tell(s, obs);
    *ret_state = s;
    return 0;
}

static _Bool is_changed(const struct daemon *a, const struct daemon *b)
{
    return a->seen != b->seen || a->hangs != b->hangs;
}

static int tick_ovs(void *state, struct rca_observer *obs)
{
    struct ovs_state *s = state;
    const struct daemon database = s->database, vswitch = s->vswitch;
    rca_id whole = RCA_ID_NONE;
    size_t n;
    const struct rca_netns *ns = rca_observer_netns(obs, &n);
    int r = read_database(s, rca_observer_now(obs));

    if (s->database.seen || s->vswitch.seen)
        whole = rca_observe_entity(obs, RCA_KIND_BRIDGE, NAME);
    if (r == 0)
        r = read_switch(s, obs, whole);
    s->own = n ? ns[0].inode : 0;
    s->links = rca_observer_links(obs);
    rca_observe_value(obs, whole, "ovs_unresponsive",
                      s->database.hangs || s->vswitch.hangs);
    rca_observe_edge(obs, whole, rca_observe_host(obs), RCA_EDGE_RUNS_ON);
    report_ports(s, obs, whole);
    if (is_changed(&s->database, &database) ||
        is_changed(&s->vswitch, &vswitch))
        tell(s, obs);
    return r;
}

const struct rca_source rca_source_ovs = {
    .name = "ovs",
    .open = open_ovs,
    .tick = tick_ovs,
    .close = close_ovs,
};
