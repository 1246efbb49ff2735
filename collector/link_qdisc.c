/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/link_qdisc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "collector/widen.h"

/* struct rca_raw_qdisc - one in the kernel, known by @netns, the interface, its
 * handle and its parent */
struct rca_raw_qdisc {
    uint64_t netns;
    size_t nic;
    struct rca_qdisc now;
    struct rca_wide drops, overlimits, requeues;
};

void rca_qdiscs_done(struct rca_qdiscs *qdiscs)
{
    free(qdiscs->list);
    free(qdiscs->raw);
    free(qdiscs->before);
    *qdiscs = (struct rca_qdiscs){0};
}

/* --- counters of 32 bits --------------------------------------------------- */

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_raw(const void *a, const void *b)
{
    const struct rca_raw_qdisc *x = (const struct rca_raw_qdisc *)a;
    const struct rca_raw_qdisc *y = (const struct rca_raw_qdisc *)b;

    if (x->netns != y->netns)
        return order(x->netns, y->netns);
    if (x->now.index != y->now.index)
        return x->now.index < y->now.index ? -1 : 1;
    if (x->now.parent != y->now.parent)
        return order(x->now.parent, y->now.parent);
    return order(x->now.handle, y->now.handle);
}

static void widen(const struct rca_qdiscs *qdiscs, struct rca_raw_qdisc *q)
{
    const struct rca_raw_qdisc *before = NULL;

    if (qdiscs->n_before)
        before = (const struct rca_raw_qdisc *)bsearch(
            q, qdiscs->before, qdiscs->n_before, sizeof *q, compare_raw);
    if (before) {
        q->drops = before->drops;
        q->overlimits = before->overlimits;
        q->requeues = before->requeues;
    }
    q->now.drops = rca_widen(&q->drops, (uint32_t)q->now.drops);
    q->now.overlimits = rca_widen(&q->overlimits, (uint32_t)q->now.overlimits);
    q->now.requeues = rca_widen(&q->requeues, (uint32_t)q->now.requeues);
}

/* What was read in this tick is what the next one compares with. */
static void keep(struct rca_qdiscs *qdiscs)
{
    struct rca_raw_qdisc *raw = qdiscs->raw;
    const size_t cap = qdiscs->cap_raw;

    if (qdiscs->n_raw)
        qsort(raw, qdiscs->n_raw, sizeof *raw, compare_raw);
    qdiscs->raw = qdiscs->before;
    qdiscs->cap_raw = qdiscs->cap_before;
    qdiscs->before = raw;
    qdiscs->cap_before = cap;
    qdiscs->n_before = qdiscs->n_raw;
    qdiscs->n_raw = 0;
}

/* --- those of one kind ----------------------------------------------------- */

static int compare_shown(const void *a, const void *b)
{
    const struct rca_shown_qdisc *x = (const struct rca_shown_qdisc *)a;
    const struct rca_shown_qdisc *y = (const struct rca_shown_qdisc *)b;

    if (x->nic != y->nic)
        return order(x->nic, y->nic);
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
    sum->backlog_packets += q->backlog_packets;
    if (q->parent == TC_H_ROOT)
        sum->parent = TC_H_ROOT;
}

static _Bool is_one_of(const char *kind, const char *const *kinds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return 1;
    return 0;
}

/* The root has the queue, unless it only deals packets out to the ones of the
 * NIC's own queues: then those below it. */
static void find_waits(struct rca_qdiscs *qdiscs, size_t from, size_t to)
{
    static const char *const dealers[] = {"mq", "mqprio", "taprio"};
    static const char *const no_queues[] = {"clsact", "ingress"};
    struct rca_shown_qdisc *below = NULL;

    for (size_t i = from; i < to; i++) {
        struct rca_shown_qdisc *q = &qdiscs->list[i];

        if (is_one_of(q->sum.kind, no_queues, RCA_ARRAY_SIZE(no_queues)) ||
            is_one_of(q->sum.kind, dealers, RCA_ARRAY_SIZE(dealers)))
            continue;
        if (q->sum.parent == TC_H_ROOT) {
            q->waits = 1;
            return;
        }
        below = below ? below : q;
    }
    if (below)
        below->waits = 1;
}

static void merge(struct rca_qdiscs *qdiscs)
{
    struct rca_shown_qdisc *q = qdiscs->list;
    size_t kept = 0, from = 0;

    if (qdiscs->n)
        qsort(q, qdiscs->n, sizeof *q, compare_shown);
    for (size_t i = 0; i < qdiscs->n; i++) {
        if (kept && compare_shown(&q[kept - 1], &q[i]) == 0)
            add_up(&q[kept - 1].sum, &q[i].sum);
        else
            q[kept++] = q[i];
    }
    qdiscs->n = kept;
    for (size_t i = 1; i <= kept; i++) {
        if (i < kept && q[i].nic == q[from].nic)
            continue;
        find_waits(qdiscs, from, i);
        from = i;
    }
}

int rca_qdiscs_add(struct rca_qdiscs *qdiscs, uint64_t netns, size_t nic,
                   const struct rca_qdisc *qdisc)
{
    struct rca_raw_qdisc *raw = (struct rca_raw_qdisc *)rca_grow(
        qdiscs->raw, qdiscs->n_raw, &qdiscs->cap_raw, sizeof *raw);

    if (!raw)
        return -ENOMEM;
    qdiscs->raw = raw;
    raw += qdiscs->n_raw++;
    memset(raw, 0, sizeof *raw);
    raw->netns = netns;
    raw->nic = nic;
    raw->now = *qdisc;
    return 0;
}

int rca_qdiscs_merge(struct rca_qdiscs *qdiscs)
{
    qdiscs->n = 0;
    for (size_t i = 0; i < qdiscs->n_raw; i++) {
        struct rca_raw_qdisc *raw = &qdiscs->raw[i];
        struct rca_shown_qdisc *list = (struct rca_shown_qdisc *)rca_grow(
            qdiscs->list, qdiscs->n, &qdiscs->cap, sizeof *list);

        if (!list) {
            qdiscs->n = qdiscs->n_raw = 0;
            return -ENOMEM;
        }
        qdiscs->list = list;
        widen(qdiscs, raw);
        list[qdiscs->n++] = (struct rca_shown_qdisc){
            .nic = raw->nic, .sum = raw->now, .entity = RCA_ID_NONE};
    }
    keep(qdiscs);
    merge(qdiscs);
    return 0;
}

/* --- asking ---------------------------------------------------------------- */

struct adding {
    struct rca_qdiscs *qdiscs;
    const struct rca_link_map *map;
    uint64_t netns;
};

static int add_qdisc(void *arg, const struct nlmsghdr *msg)
{
    const struct adding *to = (const struct adding *)arg;
    struct rca_qdisc q = {0};
    size_t nic = RCA_LINK_NONE;

    if (msg->nlmsg_type != RTM_NEWQDISC || rca_link_parse_qdisc(msg, &q) ||
        strcmp(q.kind, "noqueue") == 0)
        return 0;
    nic = rca_link_map_find(to->map, to->netns, q.index);
    if (nic == RCA_LINK_NONE || !rca_link_is_shown(&to->map->nics[nic].link))
        return 0;
    return rca_qdiscs_add(to->qdiscs, to->netns, nic, &q);
}

int rca_qdiscs_refresh(struct rca_qdiscs *qdiscs, struct rca_netlink_set *set,
                       const struct rca_link_map *map)
{
    qdiscs->n_raw = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct rca_netlink_ns *ns = &set->ns[i];
        struct adding to = {qdiscs, map, ns->inode};
        const size_t before = qdiscs->n_raw;
        int err = ns->nl ? rca_link_dump_qdiscs(ns, add_qdisc, &to) : 0;

        if (err == -ENOMEM)
            return err;
        if (err) { /* half an answer would be too small a sum */
            qdiscs->n_raw = before;
            qdiscs->failed++;
        }
    }
    return rca_qdiscs_merge(qdiscs);
}

/* --- reports --------------------------------------------------------------- */

static void name_qdisc(struct rca_observer *obs, const char *nic,
                       struct rca_shown_qdisc *q)
{
    char name[RCA_LINK_NAME_SIZE + sizeof q->sum.kind + 1];

    snprintf(name, sizeof name, "%s:%s", nic, q->sum.kind);
    q->entity = rca_observe_entity(obs, RCA_KIND_QDISC, name);
}

static void report_values(struct rca_observer *obs,
                          const struct rca_shown_qdisc *q)
{
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
        {"qdisc_backlog_packets", q->sum.backlog_packets},
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(values); i++)
        rca_observe_value(obs, q->entity, values[i].series,
                          (double)values[i].value);
}

static uint64_t count_packets(const struct rca_qdiscs *qdiscs)
{
    uint64_t n = 0;

    for (size_t i = 0; i < qdiscs->n; i++)
        n += qdiscs->list[i].waits ? qdiscs->list[i].sum.packets : 0;
    return n;
}

void rca_qdiscs_report(struct rca_qdiscs *qdiscs, struct rca_observer *obs,
                       const struct rca_netlink_set *set,
                       const struct rca_link_map *map,
                       struct rca_sojourn *sojourn)
{
    char nic_name[RCA_LINK_NAME_SIZE];

    if (sojourn)
        rca_sojourn_tick(sojourn, obs, count_packets(qdiscs),
                         rca_observer_now(obs));
    for (size_t i = 0; i < qdiscs->n; i++) {
        struct rca_shown_qdisc *q = &qdiscs->list[i];
        const struct rca_nic *nic = &map->nics[q->nic];

        name_qdisc(obs, rca_link_dump_name(set, nic, nic_name), q);
        report_values(obs, q);
        if (sojourn && q->waits)
            rca_sojourn_report(sojourn, obs, q->entity, nic->netns,
                               nic->link.index);
        rca_observe_edge(obs, nic->entity, q->entity, RCA_EDGE_USES);
    }
}

size_t rca_qdiscs_first(const struct rca_qdiscs *qdiscs, size_t nic)
{
    size_t low = 0, high = qdiscs->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (qdiscs->list[middle].nic < nic)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
