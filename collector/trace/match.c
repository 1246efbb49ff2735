/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/match.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "collector/trace/match_key.h"

/*
 * Each packet has one place for each namespace and set of headers that it had,
 * in a ring: the oldest is overwritten. Two indexes lead to it: by packet, for
 * its next event, and by headers in order of arrival, for messages. As chains
 * are in this order, too, the oldest place is the first of both of its chains.
 *
 * A place remembers which rules it was given to. Where many packets have equal
 * headers, a cache says where the last one given to that rule was, so that the
 * search goes on from there.
 */

#define NONE UINT32_MAX
#define HOOKS 5 /* PREROUTING to POSTROUTING */
#define CLAIMS 12
#define CURSORS 4096

struct place {
    uint64_t id, key, number; /* number: of the place, from 1; 0: free */
    uint32_t netns;
    uint32_t next_of[2]; /* in the chains of INDEX_* */
    uint32_t n_claims;
    uint32_t claims[CLAIMS]; /* hashes of rules, the last ones */
    rca_time received, queued, dropped, last, rule; /* 0: not seen */
    rca_time hooks[HOOKS];
};

enum index { INDEX_PACKET, INDEX_HEADERS, INDEXES };

struct chain {
    uint32_t first, last;
};

struct cursor {
    uint64_t hash;
    uint64_t number; /* of the place after which to go on */
    uint32_t at;
};

/** struct miss - what a search for @hash came to that found no packet for sure:
 * the same for all that look for it in that @round */
struct miss {
    uint64_t hash, round;
    uint32_t at;
};

struct waiting {
    struct rca_trace_event *event; /* owned */
    rca_time read;
    uint64_t key;
};

struct rca_trace_match {
    size_t max;
    uint64_t numbers;
    rca_time newest; /* of a packet's event */
    struct place *places; /* owned; of @max */
    struct chain *chains[INDEXES]; /* owned; of @max each */
    struct cursor cursors[CURSORS];
    struct miss misses[CURSORS];
    uint64_t round; /* of rca_trace_match_due(), from 1 */
    struct waiting *waiting; /* owned */
    size_t n_waiting, cap_waiting;
};

/* --- life ----------------------------------------------------------------- */

static struct chain *chains_new(size_t n)
{
    struct chain *chains = (struct chain *)malloc(n * sizeof(*chains));

    for (size_t i = 0; chains && i < n; i++)
        chains[i] = (struct chain){NONE, NONE};
    return chains;
}

int rca_trace_match_new(size_t max, struct rca_trace_match **ret_match)
{
    struct rca_trace_match *match RCA_CLEANUP(rca_trace_match_free) =
        (struct rca_trace_match *)calloc(1, sizeof(*match));

    if (!match)
        return -ENOMEM;
    match->max = max ? max : RCA_TRACE_MATCH_MAX;
    match->places = (struct place *)calloc(match->max, sizeof(*match->places));
    for (int i = 0; i < INDEXES; i++)
        match->chains[i] = chains_new(match->max);
    if (!match->places || !match->chains[INDEX_PACKET] ||
        !match->chains[INDEX_HEADERS])
        return -ENOMEM;
    *ret_match = RCA_TAKE(match);
    return 0;
}

void rca_trace_match_free(struct rca_trace_match **match)
{
    struct rca_trace_match *m = *match;

    if (!m)
        return;
    for (size_t i = 0; i < m->n_waiting; i++)
        free(m->waiting[i].event);
    for (int i = 0; i < INDEXES; i++)
        free(m->chains[i]);
    free(m->waiting);
    free(m->places);
    free(m);
    *match = NULL;
}

size_t rca_trace_match_waiting(const struct rca_trace_match *match)
{
    return match->n_waiting;
}

/* --- places --------------------------------------------------------------- */

/* The finalizer of MurmurHash3 (A. Appleby). */
static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) + b;

    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

static struct chain *chain_of(struct rca_trace_match *m, enum index index,
                              uint64_t key, uint32_t netns, uint64_t id)
{
    const uint64_t hash = mix(key, netns);

    return &m->chains[index]
                     [(index == INDEX_PACKET ? mix(hash, id) : hash) % m->max];
}

static void forget(struct rca_trace_match *m, struct place *p)
{
    for (int i = 0; i < INDEXES; i++) {
        struct chain *c = chain_of(m, (enum index)i, p->key, p->netns, p->id);

        c->first = p->next_of[i];
        if (c->first == NONE)
            c->last = NONE;
    }
}

static void append(struct rca_trace_match *m, enum index index, uint32_t at)
{
    struct place *p = &m->places[at];
    struct chain *c = chain_of(m, index, p->key, p->netns, p->id);

    p->next_of[index] = NONE;
    if (c->last == NONE)
        c->first = at;
    else
        m->places[c->last].next_of[index] = at;
    c->last = at;
}

static struct place *add_place(struct rca_trace_match *m, uint64_t key,
                               uint32_t netns, uint64_t id)
{
    const uint32_t at = (uint32_t)(m->numbers % m->max);
    struct place *p = &m->places[at];

    if (p->number)
        forget(m, p);
    memset(p, 0, sizeof(*p));
    p->number = ++m->numbers;
    p->key = key;
    p->netns = netns;
    p->id = id;
    append(m, INDEX_PACKET, at);
    append(m, INDEX_HEADERS, at);
    return p;
}

static struct place *find_place(struct rca_trace_match *m, uint64_t key,
                                uint32_t netns, uint64_t id)
{
    uint32_t at = chain_of(m, INDEX_PACKET, key, netns, id)->first;

    for (; at != NONE; at = m->places[at].next_of[INDEX_PACKET]) {
        struct place *p = &m->places[at];

        if (p->id == id && p->key == key && p->netns == netns)
            return p;
    }
    return NULL;
}

static void set_once(rca_time *time, rca_time now)
{
    if (!*time || now < *time)
        *time = now;
}

void rca_trace_match_packet(struct rca_trace_match *match,
                            const struct rca_trace_event *event)
{
    const rca_time now = (rca_time)event->time;
    const uint64_t key = event->id ? rca_trace_match_key(event) : 0;
    struct place *p = NULL;

    if (!key || event->point == RCA_TRACE_RULE)
        return;
    p = find_place(match, key, event->netns, event->id);
    if (!p)
        p = add_place(match, key, event->netns, event->id);
    if (event->point >= RCA_TRACE_PREROUTING &&
        event->point <= RCA_TRACE_POSTROUTING)
        set_once(&p->hooks[event->point - RCA_TRACE_PREROUTING], now);
    else if (event->point == RCA_TRACE_RECEIVE)
        set_once(&p->received, now);
    else if (event->point == RCA_TRACE_QUEUE)
        set_once(&p->queued, now);
    else if (event->point == RCA_TRACE_DROP)
        set_once(&p->dropped, now);
    p->last = p->last > now ? p->last : now;
    match->newest = match->newest > now ? match->newest : now;
}

/* --- messages ------------------------------------------------------------- */

static _Bool says_drop(const struct rca_trace_event *e)
{
    return e->detail.rule.verdict == NF_DROP;
}

static uint64_t hash_text(const char *text, uint64_t hash)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* One step of a packet's way: a rule at a hook. */
static uint64_t hash_step(const struct rca_trace_event *e)
{
    const struct rca_trace_rule *r = &e->detail.rule;

    return mix(hash_text(r->chain, hash_text(r->table, r->family)),
               mix(r->handle, e->place));
}

static _Bool is_claimed(const struct place *p, uint32_t claim)
{
    for (uint32_t i = 0; i < p->n_claims && i < CLAIMS; i++)
        if (p->claims[i] == claim)
            return 1;
    return 0;
}

static rca_time hook_of(const struct place *p, unsigned point)
{
    return p->hooks[point - RCA_TRACE_PREROUTING];
}

static rca_time before(rca_time time)
{
    return time ? time - RCA_TRACE_MATCH_ROOM : 0;
}

static rca_time either(rca_time a, rca_time b)
{
    return a ? a : b;
}

/* When the packet passed a hook whose own event was not seen, or had other
 * headers: after it came in, before the next hook, before it goes out. */
static rca_time time_near(const struct place *p, unsigned hook)
{
    const rca_time came = p->received ? p->received + 1 : 0;

    switch (hook) {
    case RCA_TRACE_PREROUTING:
        return either(came, before(either(hook_of(p, RCA_TRACE_INPUT),
                                          hook_of(p, RCA_TRACE_FORWARD))));
    case RCA_TRACE_OUTPUT:
        return before(either(hook_of(p, RCA_TRACE_POSTROUTING), p->queued));
    case RCA_TRACE_POSTROUTING:
        return before(p->queued);
    default:
        return came;
    }
}

/* When the packet passed the hook that the rule is of; 0: not known. */
static rca_time time_of_hook(const struct place *p, uint64_t hook)
{
    rca_time time = 0;

    if (hook < RCA_TRACE_PREROUTING || hook > RCA_TRACE_POSTROUTING)
        return 0;
    time = hook_of(p, (unsigned)hook);
    return time ? time + 1 : time_near(p, (unsigned)hook);
}

static _Bool is_sure(const struct place *p, const struct rca_trace_event *e)
{
    return says_drop(e) ? p->dropped != 0 : time_of_hook(p, e->place) != 0;
}

static rca_time time_of_rule(const struct place *p,
                             const struct rca_trace_event *e)
{
    rca_time time = time_of_hook(p, e->place);

    if (says_drop(e) && p->dropped)
        return p->dropped - 1;
    if (!time && p->dropped)
        time = p->dropped - RCA_TRACE_MATCH_ROOM;
    else if (!time)
        time = p->last + 1;
    if (time <= p->rule)
        time = p->rule + 1;
    return time;
}

static void give(struct place *p, const struct waiting *w, uint32_t claim)
{
    struct rca_trace_event *e = w->event;
    const rca_time time = time_of_rule(p, e);

    p->claims[p->n_claims++ % CLAIMS] = claim;
    p->rule = time > p->rule ? time : p->rule;
    e->id = p->id;
    e->time = (uint64_t)time;
}

/* Where the search for @hash goes on; the chain's first where nothing is known,
 * or where that place is no longer. */
static uint32_t start_of(struct rca_trace_match *m, const struct chain *chain,
                         uint64_t hash)
{
    const struct cursor *c = &m->cursors[hash % CURSORS];

    if (c->hash != hash || !c->number || m->places[c->at].number != c->number)
        return chain->first;
    return m->places[c->at].next_of[INDEX_HEADERS];
}

static _Bool fits(const struct rca_trace_match *m, const struct place *p,
                  const struct waiting *w, _Bool sure)
{
    return p->key == w->key && p->netns == w->event->netns &&
           (!sure || p->last >= m->newest - RCA_TRACE_MATCH_AGE);
}

/* The first packet that this rule was not given to; where there is none, and
 * it is not to be @sure, the last one that fits. */
static uint32_t find_packet(struct rca_trace_match *m, const struct waiting *w,
                            uint64_t step, _Bool sure)
{
    const struct chain *chain =
        chain_of(m, INDEX_HEADERS, w->key, w->event->netns, 0);
    uint32_t at = sure ? start_of(m, chain, mix(step, w->key)) : chain->first;
    uint32_t other = NONE;

    for (; at != NONE; at = m->places[at].next_of[INDEX_HEADERS]) {
        const struct place *p = &m->places[at];

        if (!fits(m, p, w, sure))
            continue;
        if (!is_claimed(p, (uint32_t)step) && is_sure(p, w->event))
            return at;
        other = at;
    }
    return sure ? NONE : other;
}

/* As find_packet(), but many messages that wait for what is not there cost one
 * search: within a round there are no more packets, and those that there are
 * are only ever taken. */
static uint32_t find_once(struct rca_trace_match *m, const struct waiting *w,
                          uint64_t step, _Bool sure)
{
    const uint64_t hash =
        mix(mix(mix(step, w->key), w->event->netns),
            (uint64_t)says_drop(w->event) << 1 | (uint64_t)sure);
    struct miss *miss = &m->misses[hash % CURSORS];
    uint32_t at;

    if (miss->round == m->round && miss->hash == hash)
        return miss->at;
    at = find_packet(m, w, step, sure);
    if (at == NONE || is_claimed(&m->places[at], (uint32_t)step) ||
        !is_sure(&m->places[at], w->event))
        *miss = (struct miss){.hash = hash, .round = m->round, .at = at};
    return at;
}

/* Whether the message has found its packet. */
static _Bool settle(struct rca_trace_match *m, struct waiting *w, _Bool late)
{
    const uint64_t step = hash_step(w->event);
    const uint64_t hash = mix(step, w->key);
    const uint32_t at = w->key ? find_once(m, w, step, (_Bool)!late) : NONE;

    if (at == NONE)
        return 0;
    give(&m->places[at], w, (uint32_t)step);
    m->cursors[hash % CURSORS] =
        (struct cursor){.hash = hash, .number = m->places[at].number, .at = at};
    return 1;
}

int rca_trace_match_rule(struct rca_trace_match *match,
                         const struct rca_trace_event *event, rca_time now)
{
    struct waiting *waiting = NULL;
    struct rca_trace_event *copy = NULL;

    if (match->n_waiting == match->max)
        return -ENOSPC;
    waiting = (struct waiting *)rca_grow(match->waiting, match->n_waiting,
                                         &match->cap_waiting, sizeof(*waiting));
    if (!waiting)
        return -ENOMEM;
    match->waiting = waiting;
    copy = (struct rca_trace_event *)malloc(sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    *copy = *event;
    waiting[match->n_waiting++] = (struct waiting){
        .event = copy, .read = now, .key = rca_trace_match_key(event)};
    return 0;
}

/* Whether it is to be handed out now; fills in what is known. */
static _Bool is_due(struct rca_trace_match *m, struct waiting *w, rca_time now)
{
    const _Bool late =
        now == RCA_TIME_NONE || now - w->read >= RCA_TRACE_MATCH_WAIT;

    if (settle(m, w, 0) || (late && settle(m, w, 1)))
        return 1;
    if (late) {
        w->event->id = 0;
        w->event->time = (uint64_t)w->read;
    }
    return late;
}

int rca_trace_match_due(struct rca_trace_match *match, rca_time now,
                        rca_trace_match_visit *visit, void *arg)
{
    size_t kept = 0;
    int r = 0;

    match->round++;
    for (size_t i = 0; i < match->n_waiting; i++) {
        struct waiting w = match->waiting[i];

        if (r < 0 || !is_due(match, &w, now)) {
            match->waiting[kept++] = w;
            continue;
        }
        r = visit(arg, w.event);
        free(w.event);
    }
    match->n_waiting = kept;
    return r < 0 ? r : 0;
}
