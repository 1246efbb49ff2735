/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * sock_report - add what the links counted to their entities, and report them.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/sock_book_own.h"

#define NS_PER_S 1e9
#define US_PER_S 1e6

static const char *const prefix[] = {
    [RCA_SOCK_LATENCY] = "request_latency_seconds",
    [RCA_SOCK_SERVICE] = "service_time_seconds",
    [RCA_SOCK_QUEUE] = "queue_time_seconds",
};
static_assert(RCA_ARRAY_SIZE(prefix) == RCA_SOCK_TIMES, "a name for each");

/* --- counting ---------------------------------------------------------------- */

static void add_times(struct rca_sock_tally *t, const struct rca_sock_link *l,
                      uint32_t epoch)
{
    const unsigned slot = epoch & 1;

    for (unsigned what = 0; what < RCA_SOCK_TIMES; what++) {
        t->sum_ns[what] += l->next->sum_ns[what] - l->prev->sum_ns[what];
        for (unsigned b = 0; b < RCA_LATENCY_BUCKETS; b++)
            t->bucket[what][b] +=
                (uint32_t)(l->next->bucket[what][b] - l->prev->bucket[what][b]);
        if (l->next->max_epoch[slot] == epoch &&
            l->next->max_ns[slot][what] > t->max_ns[what])
            t->max_ns[what] = l->next->max_ns[slot][what];
    }
}

static void add_link(struct rca_sock_book *book, uint32_t party,
                     const struct rca_sock_link *l, uint32_t epoch)
{
    const struct rca_sock_edge *now = l->next, *then = l->prev;
    struct rca_sock_tally *t;

    if (party == RCA_SOCK_NONE_YET)
        return;
    t = book->parties[party].tally;
    t->requests += now->sum.requests - then->sum.requests;
    t->sent += now->sum.sent_bytes - then->sum.sent_bytes;
    t->received += now->sum.received_bytes - then->sum.received_bytes;
    t->connections += now->sum.connections - then->sum.connections;
    t->failures += now->sum.failures - then->sum.failures;
    t->resets += now->sum.resets - then->sum.resets;
    t->retransmits += now->sum.retransmits - then->sum.retransmits;
    t->refused += now->refused - then->refused;
    t->timed_out += now->timed_out - then->timed_out;
    t->resets_sent += now->resets_sent - then->resets_sent;
    t->vanished += now->vanished - then->vanished;
    t->errors += (double)(now->sum.errors - then->sum.errors);
    if (now->srtt_us) {
        t->rtt_us += now->srtt_us;
        t->rtt_n++;
    }
    if (now->sum.requests != then->sum.requests)
        add_times(t, l, epoch);
}

/* What a service does as a caller is told by its calls alone. */
static void count_link(struct rca_sock_book *book, struct rca_sock_link *l,
                       uint32_t epoch)
{
    if (l->key.role == RCA_SOCK_SERVER ||
        book->parties[l->self].kind == RCA_KIND_CLIENT)
        add_link(book, l->self, l, epoch);
    add_link(book, l->call, l, epoch);
    add_link(book, l->peer, l, epoch);
}

static void count_links(struct rca_sock_book *book, uint32_t epoch)
{
    for (size_t i = 0; i < book->n_parties; i++) {
        struct rca_sock_tally *t = book->parties[i].tally;

        book->parties[i].active = 0;
        book->parties[i].cgroup = book->parties[i].netns = 0;
        memset(t->max_ns, 0, sizeof(t->max_ns));
        t->rtt_us = 0;
        t->rtt_n = 0;
    }
    for (size_t i = 0; i < book->n_links; i++) {
        struct rca_sock_link *l = &book->links[i];

        if (l->self == RCA_SOCK_NONE_YET || l->age == 0 ||
            memcmp(l->next, l->prev, sizeof(*l->next)) == 0)
            continue;
        count_link(book, l, epoch);
    }
}

/* Shares need all halves of the tick, so what was counted is settled last. */
static void settle_links(struct rca_sock_book *book)
{
    for (size_t i = 0; i < book->n_links; i++) {
        struct rca_sock_link *l = &book->links[i];

        if (l->self == RCA_SOCK_NONE_YET || l->age == 0 ||
            memcmp(l->next, l->prev, sizeof(*l->next)) == 0)
            continue;
        *l->prev = *l->next;
        l->changed = book->now;
    }
}

/* --- reporting ---------------------------------------------------------------- */

static void report_time(struct rca_observer *obs, rca_id id,
                        const struct rca_sock_tally *t, unsigned what)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "%s_sum_total", prefix[what]);
    rca_observe_value(obs, id, name, (double)t->sum_ns[what] / NS_PER_S);
    rca_observe_histogram(obs, id, prefix[what], t->bucket[what]);
    if (!t->max_ns[what])
        return;
    (void)snprintf(name, sizeof(name), "%s_max", prefix[what]);
    rca_observe_value(obs, id, name, (double)t->max_ns[what] / NS_PER_S);
}

/* Why connects fail, from the first that did on; as 0 once, so that the first
 * ones are growth. */
static void report_failures(struct rca_observer *obs,
                            const struct rca_sock_party *p)
{
    struct rca_sock_tally *t = p->tally;
    const double known = t->failures_known ? 1 : 0;

    if (!t->failures || p->kind == RCA_KIND_PEER)
        return;
    rca_observe_value(obs, p->id, "connect_failures_refused_total",
                      known * (double)t->refused);
    rca_observe_value(obs, p->id, "connect_failures_timeout_total",
                      known * (double)t->timed_out);
    rca_observe_value(obs, p->id, "connect_failures_other_total",
                      known *
                          (double)(t->failures - t->refused - t->timed_out));
    t->failures_known = 1;
}

/* Likewise who ended connections. */
static void report_resets(struct rca_observer *obs,
                          const struct rca_sock_party *p)
{
    struct rca_sock_tally *t = p->tally;
    const double known = t->resets_known ? 1 : 0;

    if (!t->resets || p->kind == RCA_KIND_PEER)
        return;
    rca_observe_value(obs, p->id, "connection_resets_sent_total",
                      known * (double)t->resets_sent);
    rca_observe_value(obs, p->id, "connection_resets_timeout_total",
                      known * (double)t->vanished);
    rca_observe_value(obs, p->id, "connection_resets_received_total",
                      known *
                          (double)(t->resets - t->resets_sent - t->vanished));
    t->resets_known = 1;
}

static void report_queue(struct rca_observer *obs,
                         const struct rca_sock_party *p)
{
    struct rca_sock_tally *t = p->tally;
    const double ratio =
        t->queue_limit ? (double)t->queue / (double)t->queue_limit : t->queue;

    if (!t->listens)
        return;
    t->listens = 0;
    rca_observe_value(obs, p->id, "accept_queue", (double)t->queue);
    rca_observe_value(obs, p->id, "accept_queue_limit", (double)t->queue_limit);
    rca_observe_value(obs, p->id, "accept_queue_ratio", ratio < 1 ? ratio : 1);
    rca_observe_value(obs, p->id, "listen_drops_total",
                      (double)t->listen_drops);
}

static void report_values(struct rca_observer *obs,
                          const struct rca_sock_party *p)
{
    const struct rca_sock_tally *t = p->tally;
    const struct {
        const char *series;
        double value;
    } values[] = {
        {"requests_total", (double)t->requests},
        {"request_errors_total", t->errors},
        {"received_bytes_total", (double)t->received},
        {"sent_bytes_total", (double)t->sent},
        {"connections_total", (double)t->connections},
        {"connect_failures_total", (double)t->failures},
        {"connection_resets_total", (double)t->resets},
        {"retransmits_total", (double)t->retransmits},
    };
    const unsigned times =
        p->kind == RCA_KIND_SERVICE ? RCA_SOCK_TIMES : RCA_SOCK_SERVICE;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(values); i++)
        rca_observe_value(obs, p->id, values[i].series, values[i].value);
    if (p->kind == RCA_KIND_CALL)
        rca_observe_value(obs, p->id, "reply_retransmits_total",
                          t->reply_retransmits);
    report_failures(obs, p);
    report_resets(obs, p);
    report_queue(obs, p);
    if (t->rtt_n)
        rca_observe_value(obs, p->id, "rtt_seconds",
                          t->rtt_us / t->rtt_n / US_PER_S);
    /* outside callers are timed by the service that they call */
    for (unsigned what = 0; p->kind != RCA_KIND_PEER && what < times; what++)
        report_time(obs, p->id, t, what);
}

/* Once a tick, by whichever link comes first. */
static rca_id report_party(struct rca_sock_book *book, struct rca_observer *obs,
                           uint32_t at)
{
    struct rca_sock_party *p = &book->parties[at];

    if (p->active)
        return p->id;
    p->active = 1;
    p->last = book->now;
    p->id = rca_observe_entity(obs, p->kind, p->name);
    /* a peer that only answers is told by the calls to it */
    if (p->kind != RCA_KIND_PEER || p->tally->requests || p->tally->connections)
        report_values(obs, p);
    return p->id;
}

static void report_call(struct rca_sock_book *book, struct rca_observer *obs,
                        uint32_t at)
{
    const struct rca_sock_party *call = &book->parties[at];
    rca_id id, from, to;

    if (call->active)
        return;
    id = report_party(book, obs, at);
    if (call->from == RCA_SOCK_NONE_YET)
        return;
    from = report_party(book, obs, call->from);
    to = report_party(book, obs, call->to);
    rca_observe_edge(obs, from, to, RCA_EDGE_CALLS);
    rca_observe_edge(obs, id, from, RCA_EDGE_PART_OF);
    rca_observe_edge(obs, id, to, RCA_EDGE_CALLS);
}

static void report_place(struct rca_observer *obs, struct rca_sock_party *p,
                         const struct rca_sock_key *key)
{
    const struct rca_netns *ns;
    rca_id cgroup;

    if (p->cgroup == key->cgroup && p->netns == key->netns)
        return;
    p->cgroup = key->cgroup;
    p->netns = key->netns;
    ns = rca_observer_netns_find(obs, key->netns);
    if (ns && ns->entity != RCA_ID_NONE)
        rca_observe_edge(obs, p->id, ns->entity, RCA_EDGE_USES);
    if (p->kind == RCA_KIND_CALL)
        return;
    cgroup = rca_observer_cgroup(obs, key->cgroup);
    rca_observe_edge(obs, p->id,
                     cgroup == RCA_ID_NONE ? rca_observe_host(obs) : cgroup,
                     RCA_EDGE_RUNS_ON);
}

/* What a service calls is told by its calls. */
static void report_ends(struct rca_sock_book *book, struct rca_observer *obs,
                        const struct rca_sock_link *l)
{
    const struct rca_sock_key *key = &l->key;
    const struct rca_sock_party *self = &book->parties[l->self];
    struct rca_sock_key server;
    const struct rca_netns *ns;
    rca_id call;

    if (key->role == RCA_SOCK_SERVER || self->kind == RCA_KIND_CLIENT)
        rca_observe_endpoint(obs, self->id, key->netns, key->family, key->local,
                             key->port);
    if (l->call == RCA_SOCK_NONE_YET)
        return;
    call = book->parties[l->call].id;
    rca_observe_endpoint(obs, call, key->netns, key->family, key->local,
                         key->port);
    if (l->service == RCA_SOCK_NONE_YET)
        return;
    server = l->nat == RCA_SOCK_NONE_YET
                 ? *key
                 : rca_sock_nat_server(book, key, l->nat);
    rca_observe_endpoint(obs, call, book->services[l->service].netns,
                         server.family, server.remote, server.port);
    ns = rca_observer_netns_find(obs, book->services[l->service].netns);
    if (ns && ns->entity != RCA_ID_NONE)
        rca_observe_edge(obs, call, ns->entity, RCA_EDGE_USES);
}

static void report_link(struct rca_sock_book *book, struct rca_observer *obs,
                        const struct rca_sock_link *l)
{
    const rca_id self = report_party(book, obs, l->self);

    if (l->key.cgroup) /* its process is known */
        report_place(obs, &book->parties[l->self], &l->key);
    if (l->call != RCA_SOCK_NONE_YET) {
        report_call(book, obs, l->call);
        report_place(obs, &book->parties[l->call], &l->key);
    }
    if (l->peer != RCA_SOCK_NONE_YET)
        rca_observe_edge(obs, report_party(book, obs, l->peer), self,
                         RCA_EDGE_CALLS);
    report_ends(book, obs, l);
}

int rca_sock_book_report(struct rca_sock_book *book, struct rca_observer *obs,
                         uint32_t epoch)
{
    int r;

    book->now = rca_observer_now(obs);
    r = rca_sock_join(book, obs);
    if (r)
        return r;
    for (size_t i = 0; i < book->n_links; i++) {
        struct rca_sock_link *l = &book->links[i];

        if (l->age++ == 0)
            l->changed = book->now;
    }
    r = rca_sock_share(book); /* first, as it may fail */
    if (r)
        return r;
    count_links(book, epoch);
    settle_links(book);
    for (size_t i = 0; i < book->n_links; i++) {
        if (book->links[i].self != RCA_SOCK_NONE_YET)
            report_link(book, obs, &book->links[i]);
    }
    return 0;
}
