/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "collector/link_dump.h"
#include "collector/source.h"

/*
 * link - the source of NICs and queueing disciplines, by rtnetlink.
 *
 * Several qdiscs of one kind on a NIC (fq_codel below mq, one for each queue)
 * are one entity, their counters added up. Whoever owns an endpoint uses the
 * NIC that has its address, and what is at the other end of a veth, since that
 * carries the same packets; traffic over the loopback uses no NIC.
 */

struct shown_qdisc {
    size_t nic;
    struct rca_qdisc sum;
    rca_id entity;
};

struct link_state {
    struct rca_netlink_set set;
    struct rca_link_map map;
    struct shown_qdisc *qdiscs; /* owned; sorted by (nic, kind) */
    size_t n_qdiscs, cap_qdiscs;
};

/* --- queueing disciplines ------------------------------------------------- */

struct adding {
    struct link_state *state;
    uint64_t netns;
};

static int grow_qdiscs(struct link_state *state)
{
    size_t cap = state->cap_qdiscs ? state->cap_qdiscs * 2 : 16;
    struct shown_qdisc *grown = NULL;

    if (state->n_qdiscs < state->cap_qdiscs)
        return 0;
    grown =
        (struct shown_qdisc *)reallocarray(state->qdiscs, cap, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    state->qdiscs = grown;
    state->cap_qdiscs = cap;
    return 0;
}

static int add_qdisc(void *arg, const struct nlmsghdr *msg)
{
    const struct adding *to = (const struct adding *)arg;
    struct link_state *state = to->state;
    struct shown_qdisc q = {.entity = RCA_ID_NONE};

    if (msg->nlmsg_type != RTM_NEWQDISC || rca_link_parse_qdisc(msg, &q.sum) ||
        strcmp(q.sum.kind, "noqueue") == 0)
        return 0;
    q.nic = rca_link_map_find(&state->map, to->netns, q.sum.index);
    if (q.nic == RCA_LINK_NONE ||
        !rca_link_is_shown(&state->map.nics[q.nic].link))
        return 0;
    if (grow_qdiscs(state))
        return -ENOMEM;
    state->qdiscs[state->n_qdiscs++] = q;
    return 0;
}

static int compare_qdiscs(const void *a, const void *b)
{
    const struct shown_qdisc *x = (const struct shown_qdisc *)a;
    const struct shown_qdisc *y = (const struct shown_qdisc *)b;

    if (x->nic != y->nic)
        return x->nic < y->nic ? -1 : 1;
    return strcmp(x->sum.kind, y->sum.kind);
}

static void add_up(struct rca_qdisc *sum, const struct rca_qdisc *q)
{
    sum->bytes += q->bytes;
    sum->packets += q->packets;
    sum->drops += q->drops;
    sum->overlimits += q->overlimits;
    sum->requeues += q->requeues;
    sum->backlog_bytes += q->backlog_bytes;
}

static void merge_qdiscs(struct link_state *state)
{
    struct shown_qdisc *q = state->qdiscs;
    size_t kept = 0;

    if (state->n_qdiscs)
        qsort(q, state->n_qdiscs, sizeof *q, compare_qdiscs);
    for (size_t i = 0; i < state->n_qdiscs; i++) {
        if (kept && compare_qdiscs(&q[kept - 1], &q[i]) == 0)
            add_up(&q[kept - 1].sum, &q[i].sum);
        else
            q[kept++] = q[i];
    }
    state->n_qdiscs = kept;
}

static int dump_qdiscs(struct link_state *state)
{
    state->n_qdiscs = 0;
    for (size_t i = 0; i < state->set.n; i++) {
        struct rca_netlink_ns *ns = &state->set.ns[i];
        struct adding to = {.state = state, .netns = ns->inode};
        const size_t before = state->n_qdiscs;
        int err = ns->nl ? rca_link_dump_qdiscs(ns, add_qdisc, &to) : 0;

        if (err == -ENOMEM)
            return err;
        if (err) /* half an answer would be too small a sum */
            state->n_qdiscs = before;
    }
    merge_qdiscs(state);
    return 0;
}

/* --- reports -------------------------------------------------------------- */

static void report_nic(struct rca_observer *obs, const struct rca_nic *nic)
{
    const struct rca_link_stats *s = &nic->link.stats;
    const struct {
        const char *series;
        uint64_t value;
    } values[] = {
        {"receive_bytes_total", s->receive_bytes},
        {"transmit_bytes_total", s->transmit_bytes},
        {"receive_packets_total", s->receive_packets},
        {"transmit_packets_total", s->transmit_packets},
        {"receive_drops_total", s->receive_drops},
        {"transmit_drops_total", s->transmit_drops},
        {"receive_errors_total", s->receive_errors},
        {"transmit_errors_total", s->transmit_errors},
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(values); i++)
        rca_observe_value(obs, nic->entity, values[i].series,
                          (double)values[i].value);
}

static void name_qdisc(struct rca_observer *obs, const char *nic,
                       struct shown_qdisc *q)
{
    char name[RCA_LINK_NAME_SIZE + sizeof q->sum.kind + 1];

    snprintf(name, sizeof name, "%s:%s", nic, q->sum.kind);
    q->entity = rca_observe_entity(obs, RCA_KIND_QDISC, name);
}

static void report_qdisc(struct link_state *state, struct rca_observer *obs,
                         struct shown_qdisc *q)
{
    const struct rca_nic *nic = &state->map.nics[q->nic];
    char nic_name[RCA_LINK_NAME_SIZE];
    const struct {
        const char *series;
        uint64_t value;
    } values[] = {
        {"qdisc_bytes_total", q->sum.bytes},
        {"qdisc_packets_total", q->sum.packets},
        {"qdisc_drops_total", q->sum.drops},
        {"qdisc_overlimits_total", q->sum.overlimits},
        {"qdisc_requeues_total", q->sum.requeues},
        {"qdisc_backlog_bytes", q->sum.backlog_bytes},
    };

    rca_link_dump_name(&state->set, nic, nic_name);
    name_qdisc(obs, nic_name, q);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(values); i++)
        rca_observe_value(obs, q->entity, values[i].series,
                          (double)values[i].value);
    rca_observe_edge(obs, nic->entity, q->entity, RCA_EDGE_USES);
}

/* The first qdisc of @nic or of one after it. */
static size_t first_qdisc(const struct link_state *state, size_t nic)
{
    size_t low = 0, high = state->n_qdiscs;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (state->qdiscs[middle].nic < nic)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void report_use(const struct link_state *state, struct rca_observer *obs,
                       rca_id user, size_t nic)
{
    if (nic == RCA_LINK_NONE || state->map.nics[nic].entity == RCA_ID_NONE)
        return;
    rca_observe_edge(obs, user, state->map.nics[nic].entity, RCA_EDGE_USES);
    for (size_t i = first_qdisc(state, nic);
         i < state->n_qdiscs && state->qdiscs[i].nic == nic; i++)
        rca_observe_edge(obs, user, state->qdiscs[i].entity, RCA_EDGE_USES);
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
        report_use(state, obs, ends[i].entity, state->map.nics[nic].peer);
    }
}

/* --- the source ----------------------------------------------------------- */

static void report_features(const struct link_state *state,
                            struct rca_observer *obs)
{
    char how[96];
    int err = 0;
    size_t closed = rca_netlink_set_closed(&state->set, &err);

    rca_observer_feature(obs, "network interfaces", RCA_FEATURE_ON, "rtnetlink",
                         "");
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
    free(s->qdiscs);
    free(s);
    *state = NULL;
}

static int open_link(const struct rca_source_env *env, struct rca_observer *obs,
                     void **ret_state)
{
    void *state RCA_CLEANUP(close_link) = calloc(1, sizeof(struct link_state));
    struct link_state *s = (struct link_state *)state;
    int err = 0;

    (void)env;
    if (!s)
        return -ENOMEM;
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
        err = dump_qdiscs(s);
    if (err)
        return err;
    rca_observer_links_set(obs, &s->map);
    if (version != s->set.version)
        report_features(s, obs);
    rca_link_dump_report(obs, &s->map);
    for (size_t i = 0; i < s->map.n_nics; i++)
        report_nic(obs, &s->map.nics[i]);
    for (size_t i = 0; i < s->n_qdiscs; i++)
        report_qdisc(s, obs, &s->qdiscs[i]);
    report_users(s, obs);
    return 0;
}

const struct rca_source rca_source_link = {
    .name = "link",
    .open = open_link,
    .tick = tick_link,
    .close = close_link,
};
