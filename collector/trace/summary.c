/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Deaths are few and kept all; packets are many, and only the newest are
 * remembered, in a ring. What says that a packet died is counted at once, the
 * drop or the rule's verdict, whichever comes first; the other one then moves
 * the count to where both are known.
 */

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "collector/map.h"
#include "collector/trace/journey.h"

#define DEFAULT_MAX 65536

/* struct key - what tells deaths apart; no padding */
struct key {
    uint32_t reason, netns, ifindex, flags;
    struct rca_trace_rule rule;
    char bridge[RCA_TRACE_NAME], port[RCA_TRACE_NAME];
};

/* struct packet - one that is remembered
 * @death: where it was counted last, if @dropped or @judged
 * @dropped: by a DROP event; @judged: by a RULE event; both: they were joined */
struct packet {
    uint64_t id;
    uint32_t death;
    _Bool dropped, judged;
};

struct rca_trace_summary {
    struct rca_trace_death *deaths; /* owned */
    struct rca_trace_death *sorted; /* owned: as many */
    size_t n, cap;
    struct rca_map by_key;
    struct packet *ring; /* owned: @max of them */
    size_t max, used, next;
    struct rca_map by_id; /* to the place in the ring */
    uint64_t packets;
};

int rca_trace_summary_new(size_t max, struct rca_trace_summary **ret_summary)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) =
        calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    s->max = max ? max : DEFAULT_MAX;
    s->ring = calloc(s->max, sizeof(*s->ring));
    if (!s->ring)
        return -ENOMEM;
    *ret_summary = RCA_TAKE(s);
    return 0;
}

void rca_trace_summary_free(struct rca_trace_summary **summary)
{
    struct rca_trace_summary *s = *summary;

    if (!s)
        return;
    rca_map_done(&s->by_key);
    rca_map_done(&s->by_id);
    free(s->deaths);
    free(s->sorted);
    free(s->ring);
    free(s);
    *summary = NULL;
}

/* --- packets -------------------------------------------------------------- */

/* The packet of @id, remembered from now on; NULL: no memory. */
static struct packet *packet_of(struct rca_trace_summary *s, uint64_t id)
{
    const size_t at = s->next;
    uint32_t known;

    if (rca_map_get(&s->by_id, &id, sizeof(id), &known))
        return &s->ring[known];
    if (rca_map_set(&s->by_id, &id, sizeof(id), (uint32_t)at))
        return NULL;
    if (s->used == s->max)
        rca_map_del(&s->by_id, &s->ring[at].id, sizeof(id));
    else
        s->used++;
    s->ring[at] = (struct packet){.id = id};
    s->next = (at + 1) % s->max;
    s->packets++;
    return &s->ring[at];
}

/* --- deaths --------------------------------------------------------------- */

/* Up to its end; what comes after it tells nothing apart. */
static void copy_name(char to[RCA_TRACE_NAME], const char *from)
{
    memcpy(to, from, strnlen(from, RCA_TRACE_NAME - 1));
}

static struct key key_of(const struct rca_trace_death *death)
{
    struct key key;

    memset(&key, 0, sizeof(key));
    key.netns = death->netns;
    key.ifindex = death->ifindex;
    key.flags = death->has_reason | (unsigned)death->has_rule << 1 |
                (unsigned)death->has_ovs << 2;
    if (death->has_reason)
        key.reason = death->reason;
    if (death->has_rule) {
        key.rule.handle = death->rule.handle;
        key.rule.verdict = death->rule.verdict;
        key.rule.family = death->rule.family;
        copy_name(key.rule.table, death->rule.table);
        copy_name(key.rule.chain, death->rule.chain);
    }
    if (death->has_ovs) {
        copy_name(key.bridge, death->ovs.bridge);
        copy_name(key.port, death->ovs.port);
    }
    return key;
}

static int make_room(struct rca_trace_summary *s)
{
    const size_t cap = s->cap ? 2 * s->cap : 16;
    struct rca_trace_death *grown;

    if (s->n < s->cap)
        return 0;
    grown = realloc(s->deaths, cap * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->deaths = grown;
    grown = realloc(s->sorted, cap * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->sorted = grown;
    s->cap = cap;
    return 0;
}

/* Where drops like @like are counted; they are then told by @like's place. */
static int find(struct rca_trace_summary *s, const struct rca_trace_death *like,
                uint32_t *ret_death)
{
    const struct rca_trace_death other = {.first_time = like->first_time};
    const struct rca_trace_death *use = like;
    struct key key = key_of(like);
    int r;

    if (rca_map_get(&s->by_key, &key, sizeof(key), ret_death))
        return 0;
    if (s->n >= RCA_TRACE_DEATHS_MAX - 1) {
        use = &other;
        key = key_of(use);
        if (rca_map_get(&s->by_key, &key, sizeof(key), ret_death))
            return 0;
    }
    r = make_room(s);
    if (!r)
        r = rca_map_set(&s->by_key, &key, sizeof(key), (uint32_t)s->n);
    if (r)
        return r;
    s->deaths[s->n] = *use;
    s->deaths[s->n].packets = 0;
    *ret_death = (uint32_t)s->n++;
    return 0;
}

static int count(struct rca_trace_summary *s,
                 const struct rca_trace_death *like, uint64_t packets,
                 uint32_t *ret_death)
{
    const int r = find(s, like, ret_death);
    struct rca_trace_death *death;

    if (r)
        return r;
    death = &s->deaths[*ret_death];
    death->packets += packets;
    if (like->first_time < death->first_time)
        death->first_time = like->first_time;
    if (like->last_time > death->last_time)
        death->last_time = like->last_time;
    return 0;
}

/* --- events --------------------------------------------------------------- */

static struct rca_trace_death death_of(const struct rca_trace_event *event)
{
    const _Bool drop = event->point == RCA_TRACE_DROP;
    struct rca_trace_death death = {
        .netns = event->netns,
        .ifindex = event->ifindex,
        .reason = event->reason,
        .has_reason = drop && (event->has & RCA_TRACE_HAS_REASON),
        .has_rule = (event->has & RCA_TRACE_HAS_RULE) != 0,
        .place = event->place,
        .flow = event->flow,
        .first_time = (rca_time)event->time,
        .last_time = (rca_time)event->time,
    };

    if (death.has_rule)
        death.rule = event->detail.rule;
    return death;
}

/* The verdict and the drop of one packet are both there: one death. @known is
 * what was counted, @like what came now. */
static int join(struct rca_trace_summary *s, struct packet *packet,
                const struct rca_trace_death *like)
{
    const struct rca_trace_death known = s->deaths[packet->death];
    const struct rca_trace_death *rule = like->has_rule ? like : &known;
    struct rca_trace_death both = like->has_rule ? known : *like;
    uint32_t to;
    int r;

    both.has_rule = 1;
    both.rule = rule->rule;
    both.first_time = both.last_time = like->first_time;
    r = count(s, &both, 1, &to);
    if (r)
        return r;
    s->deaths[packet->death].packets--;
    packet->death = to;
    packet->dropped = packet->judged = 1;
    return 0;
}

static int add_death(struct rca_trace_summary *s, struct packet *packet,
                     const struct rca_trace_event *event)
{
    const struct rca_trace_death like = death_of(event);
    const _Bool drop = event->point == RCA_TRACE_DROP;
    uint32_t death;
    int r;

    if (packet && packet->dropped != packet->judged &&
        packet->dropped != drop && !(drop && like.has_rule) &&
        s->deaths[packet->death].netns == event->netns)
        return join(s, packet, &like);
    r = count(s, &like, 1, &death);
    if (r || !packet)
        return r;
    packet->death = death;
    packet->dropped = drop;
    packet->judged = !drop || like.has_rule;
    return 0;
}

static int add_ovs(struct rca_trace_summary *s,
                   const struct rca_trace_event *event)
{
    const struct rca_trace_ovs *ovs = &event->detail.ovs;
    struct rca_trace_death like = death_of(event);
    uint32_t death;
    int r;

    if (!(event->has & RCA_TRACE_HAS_OVS) || (!ovs->drops && !ovs->down))
        return 0;
    like.has_ovs = 1;
    like.ovs = *ovs;
    r = count(s, &like, ovs->drops, &death);
    if (!r)
        s->deaths[death].ovs.down = ovs->down;
    return r;
}

/* NF_DROP; negative verdicts are those of nftables' own */
static _Bool is_refusal(const struct rca_trace_event *event)
{
    return event->point == RCA_TRACE_RULE && event->id &&
           (event->has & RCA_TRACE_HAS_RULE) &&
           event->detail.rule.verdict >= 0 &&
           (event->detail.rule.verdict & NF_VERDICT_MASK) == NF_DROP;
}

int rca_trace_summary_add(struct rca_trace_summary *summary,
                          const struct rca_trace_event *event)
{
    struct packet *packet = NULL;
    int r = 0;

    if (event->point == RCA_TRACE_OVS_COUNTER)
        return add_ovs(summary, event);
    if (event->id) {
        packet = packet_of(summary, event->id);
        if (!packet)
            return -ENOMEM;
    }
    if (event->point == RCA_TRACE_DROP || is_refusal(event))
        r = add_death(summary, packet, event);
    if (!r && !packet && event->point == RCA_TRACE_DROP)
        summary->packets++;
    return r;
}

/* --- answers -------------------------------------------------------------- */

static int by_packets(const void *a, const void *b)
{
    const struct rca_trace_death *x = (const struct rca_trace_death *)a;
    const struct rca_trace_death *y = (const struct rca_trace_death *)b;

    if (x->packets != y->packets)
        return x->packets > y->packets ? -1 : 1;
    if (x->first_time != y->first_time)
        return x->first_time < y->first_time ? -1 : 1;
    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

const struct rca_trace_death *rca_trace_summary_deaths(
    struct rca_trace_summary *summary, size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < summary->n; i++) {
        const struct rca_trace_death *d = &summary->deaths[i];

        if (d->packets || (d->has_ovs && d->ovs.down))
            summary->sorted[n++] = *d;
    }
    if (n)
        qsort(summary->sorted, n, sizeof(*summary->sorted), by_packets);
    *ret_n = n;
    return summary->sorted;
}

uint64_t rca_trace_summary_packets(const struct rca_trace_summary *summary)
{
    return summary->packets;
}
