/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/evidence_tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/drop_reason.h"
#include "graph/base/name.h"
#include "model/arena.h"

/* struct telling - names may move when one is added: they are copied */
struct telling {
    struct rca_trace_names *names;
    const struct rca_trace_suspects *suspects;
    const struct rca_trace_death *deaths;
    size_t n;
    struct rca_arena arena;
    int err;
};

/* a copy, or NULL where there is nothing */
static const char *kept(struct telling *t, const char *text)
{
    const char *copy = text && *text ? rca_arena_text(&t->arena, text) : NULL;

    if (text && *text && !copy)
        t->err = -ENOMEM;
    return copy;
}

/* "web:filter/input/2" */
static const char *rule_name(struct telling *t,
                             const struct rca_trace_rule *rule,
                             const char *netns)
{
    const _Bool host = !netns || strcmp(netns, "host") == 0;
    char name[2 * RCA_TRACE_NAME + RCA_NAME_MAX + 32], last[24] = "policy";

    if (rule->handle)
        (void)snprintf(last, sizeof(last), "%llu",
                       (unsigned long long)rule->handle);
    (void)snprintf(name, sizeof(name), "%.*s%s%.*s/%.*s/%s", RCA_NAME_MAX,
                   host ? "" : netns, host ? "" : ":", RCA_TRACE_NAME,
                   rule->table, RCA_TRACE_NAME, rule->chain, last);
    return kept(t, name);
}

static const char *rule_text(struct telling *t,
                             const struct rca_trace_rule *rule, uint32_t netns)
{
    const struct rca_trace_name_key key = {
        .kind = RCA_TRACE_NAME_RULE, .a = rca_trace_rule_key(rule), .b = netns};

    return kept(t, rca_trace_names_get(t->names, &key));
}

/* "tcp_v4_rcv" of "tcp_v4_rcv+0x1f" */
static const char *place_name(struct telling *t, uint64_t address)
{
    const char *place =
        address ? rca_trace_name_place(t->names, address) : NULL;
    char name[RCA_NAME_MAX + 1];

    if (!place)
        return NULL;
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(place, "+"), place);
    return kept(t, name);
}

static const char *service_name(struct telling *t,
                                const struct rca_trace_death *from)
{
    const struct rca_trace_event event = {.netns = from->netns,
                                          .flow = from->flow};

    return kept(t, rca_trace_name_service(t->names, &event));
}

static const char *reason_name(struct telling *t,
                               const struct rca_trace_death *from)
{
    const char *name =
        from->has_reason ? rca_trace_name_reason(t->names, from->reason) : NULL;
    char number[32];

    if (from->has_ovs)
        return from->ovs.down ? "port_down" : "ovs_drop";
    if (name || !from->has_reason)
        return kept(t, name);
    (void)snprintf(number, sizeof(number), "reason %u", from->reason);
    return kept(t, number);
}

/* Whether it is netfilter's, and nobody said which rule's. */
static _Bool is_unclaimed(const struct telling *t,
                          const struct rca_trace_death *d)
{
    const char *name =
        d->has_reason ? rca_trace_name_reason(t->names, d->reason) : NULL;

    return !d->has_rule && !d->has_ovs && name &&
           strcmp(name, "netfilter_drop") == 0;
}

/* The rule that dropped them, by what it counted: those of all devices, else
 * these alone. NULL: not known. */
static const struct rca_trace_rule *rule_of(const struct telling *t,
                                            const struct rca_trace_death *d)
{
    const struct rca_trace_suspect *found;
    uint64_t all = 0;

    if (d->has_rule)
        return &d->rule;
    if (!t->suspects || !is_unclaimed(t, d))
        return NULL;
    for (size_t i = 0; i < t->n; i++) {
        if (t->deaths[i].netns == d->netns && is_unclaimed(t, &t->deaths[i]))
            all += t->deaths[i].packets;
    }
    found = rca_trace_suspects_find(t->suspects, d->netns, all);
    if (!found)
        found = rca_trace_suspects_find(t->suspects, d->netns, d->packets);
    return found ? &found->rule : NULL;
}

/* Freed as a drop, and nobody missed it: what a connection had left when it was
 * closed, data that came twice, frames for others. Without any fault, too. */
static _Bool is_harmless(const struct telling *t,
                         const struct rca_trace_death *d)
{
    const char *name =
        d->has_reason ? rca_trace_name_reason(t->names, d->reason) : NULL;

    return name && !rca_drop_reason_hurts(name) && !d->has_rule && !d->has_ovs;
}

static void put_death(struct telling *t, const struct rca_trace_death *from,
                      struct rca_packet_death *to)
{
    const struct rca_trace_rule *rule = rule_of(t, from);

    *to = (struct rca_packet_death){.packets = from->packets};
    to->reason = reason_name(t, from);
    to->netns = kept(t, rca_trace_name_netns(t->names, from->netns));
    to->device = from->has_ovs
                     ? kept(t, from->ovs.port)
                     : kept(t, rca_trace_name_device(t->names, from->netns,
                                                     from->ifindex));
    to->service = service_name(t, from);
    to->place = place_name(t, from->place);
    if (!rule)
        return;
    to->rule = rule_name(t, rule, to->netns);
    to->text = rule_text(t, rule, from->netns);
}

int rca_evidence_tell(struct rca_trace_summary *summary,
                      struct rca_trace_names *names,
                      const struct rca_trace_suspects *suspects,
                      const struct rca_packets *about,
                      struct rca_explanation *e)
{
    struct rca_packets p = *about;
    size_t n;
    const struct rca_trace_death *deaths =
        rca_trace_summary_deaths(summary, &n);
    struct telling t = {
        .names = names, .suspects = suspects, .deaths = deaths, .n = n};
    int r;

    p.packets = rca_trace_summary_packets(summary);
    p.died = p.others = p.n_deaths = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_harmless(&t, &deaths[i]))
            continue;
        p.died += deaths[i].packets;
        if (p.n_deaths < RCA_DEATHS_MAX)
            put_death(&t, &deaths[i], &p.deaths[p.n_deaths++]);
        else
            p.others += deaths[i].packets;
    }
    if (p.packets < p.died)
        p.packets = p.died;
    r = t.err ? t.err : rca_explanation_set_packets(e, &p);
    rca_arena_done(&t.arena);
    return r;
}
