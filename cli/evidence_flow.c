/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/evidence_flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/buf.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"

/* Of a candidate: as much of the symptom's change as makes it worth a look. */
#define GOOD_SHARE 0.2

enum {
    SERVICES = 6, /* told apart in a filter; it is for people, too */
    HOSTS = 8, /* addresses of one port; of more, all */
    ENDPOINTS = 64, /* of one service */
};

/* --- whether ------------------------------------------------------------------*/

static _Bool is_network_kind(enum rca_kind kind)
{
    return kind == RCA_KIND_NETNS || kind == RCA_KIND_NIC ||
           kind == RCA_KIND_QDISC || kind == RCA_KIND_RULE ||
           kind == RCA_KIND_CONNTRACK || kind == RCA_KIND_BRIDGE;
}

static _Bool is_network(const struct rca_card *c)
{
    static const char *const words[] = {
        "retransmit",       "reset",           "drop",
        "connect_failures", "listen_overflow", "accept_queue"};

    if (is_network_kind(c->kind))
        return 1;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(words); i++) {
        if (strstr(c->metric, words[i]))
            return 1;
    }
    return 0;
}

_Bool rca_evidence_is_network(const struct rca_explanation *e)
{
    if (e->verdict == RCA_VERDICT_NORMAL)
        return 0;
    for (size_t i = 0; i < e->n_causes; i++) {
        const struct rca_cause *c = &e->causes[i];

        if ((i == 0 || c->share >= GOOD_SHARE) && is_network(&c->card))
            return 1;
    }
    return 0;
}

/* --- where a service listens ------------------------------------------------- */

/* struct building - @filter: of @n ports so far; @sought: whose they are */
struct building {
    const struct rca_trace_lookup *lookup;
    struct rca_buf filter, what, unseen;
    const char *sought[SERVICES];
    size_t n_sought;
    size_t n;
};

static _Bool is_link_local(const struct rca_trace_endpoint *end)
{
    return end->family == AF_INET6 && end->address[0] == 0xfe &&
           (end->address[1] & 0xc0) == 0x80;
}

static const char *address_of(const struct rca_trace_endpoint *end,
                              char text[INET6_ADDRSTRLEN])
{
    const char *got =
        inet_ntop(end->family, end->address, text, INET6_ADDRSTRLEN);

    return got ? got : "";
}

/* Addresses of @port among @ends, each once. Returns their number. */
static size_t list_hosts(const struct rca_trace_endpoint *ends, size_t n,
                         uint16_t port, char hosts[HOSTS][INET6_ADDRSTRLEN])
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        char text[INET6_ADDRSTRLEN];
        size_t k = 0;

        if (ends[i].port != port || is_link_local(&ends[i]) ||
            !*address_of(&ends[i], text))
            continue;
        while (k < found && k < HOSTS && strcmp(hosts[k], text) != 0)
            k++;
        if (k < found && k < HOSTS)
            continue;
        if (found < HOSTS)
            memcpy(hosts[found], text, sizeof(text));
        found++;
    }
    return found;
}

/* "port 8080 and host 10.0.0.2"; of many addresses "port 8080" */
static void put_port(struct building *b, const struct rca_trace_endpoint *ends,
                     size_t n, uint16_t port)
{
    char hosts[HOSTS][INET6_ADDRSTRLEN];
    const size_t found = list_hosts(ends, n, port, hosts);

    rca_buf_fmt(&b->filter, "%sport %u", b->n ? ") or (" : "", port);
    if (!found || found > HOSTS)
        return;
    rca_buf_str(&b->filter, found > 1 ? " and (" : " and ");
    for (size_t i = 0; i < found; i++)
        rca_buf_fmt(&b->filter, "%shost %s", i ? " or " : "", hosts[i]);
    rca_buf_str(&b->filter, found > 1 ? ")" : "");
}

/* without ":PORT", where it has one */
static int base_of(const char *name)
{
    const char *colon = strrchr(name, ':');

    if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
        return (int)strlen(name);
    return (int)(colon - name);
}

static _Bool was_put(const struct rca_trace_endpoint *ends, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (ends[k].port == ends[i].port)
            return 1;
    }
    return 0;
}

/* Each port of service @name. Returns whether it listens anywhere. */
static _Bool put_service(struct building *b, const char *name)
{
    struct rca_trace_endpoint ends[ENDPOINTS];
    size_t n = b->lookup->service
                   ? b->lookup->service(b->lookup->arg, name, ends, ENDPOINTS)
                   : 0;

    n = n < ENDPOINTS ? n : ENDPOINTS;
    for (size_t i = 0; i < n; i++) {
        if (was_put(ends, i) || b->n == SERVICES)
            continue;
        put_port(b, ends, n, ends[i].port);
        rca_buf_fmt(&b->what, "%s%.*s port %u", b->n ? ", " : "", base_of(name),
                    name, ends[i].port);
        b->n++;
    }
    return n > 0;
}

/* "10.1.2.3:5432", "[fd00::3]:5432", an address alone: who is no service here */
static _Bool put_peer(struct building *b, const char *name)
{
    struct rca_trace_endpoint end = {0};
    const _Bool bracket = name[0] == '[';
    const char *host = name + bracket;
    char text[INET6_ADDRSTRLEN];
    size_t n = strcspn(host, bracket ? "]" : ":");
    uint64_t port = 0;

    if (!bracket && strchr(host, ':') != strrchr(host, ':'))
        n = strlen(host); /* of IPv6, without a port */
    if (n >= sizeof(text) || b->n == SERVICES)
        return 0;
    (void)snprintf(text, sizeof(text), "%.*s", (int)n, host);
    end.family = inet_pton(AF_INET, text, end.address) == 1    ? AF_INET
                 : inet_pton(AF_INET6, text, end.address) == 1 ? AF_INET6
                                                               : 0;
    host += n + (host[n] == ']');
    if (!end.family ||
        (*host &&
         (*host != ':' || rca_parse_u64(host + 1, &port) || port > UINT16_MAX)))
        return 0;
    rca_buf_str(&b->filter, b->n ? ") or (" : "");
    if (port)
        rca_buf_fmt(&b->filter, "port %u and ", (unsigned)port);
    rca_buf_fmt(&b->filter, "host %s", address_of(&end, text));
    rca_buf_fmt(&b->what, "%s%s", b->n++ ? ", " : "", name);
    return 1;
}

/* --- who --------------------------------------------------------------------- */

/* what of @card could listen: the callee of a call; NULL: nothing */
static const char *listener_of(const struct rca_card *card)
{
    const char *callee = strstr(card->name, "->");

    if (card->kind == RCA_KIND_CALL)
        return callee ? callee + 2 : NULL;
    return card->kind == RCA_KIND_SERVICE || card->kind == RCA_KIND_CGROUP ||
                   card->kind == RCA_KIND_PROCESS || card->kind == RCA_KIND_PEER
               ? card->name
               : NULL;
}

static void add(struct building *b, const struct rca_card *card)
{
    const char *name = listener_of(card);
    char clean[RCA_NAME_MAX + 1];

    if (!name || b->n_sought == SERVICES)
        return;
    for (size_t i = 0; i < b->n_sought; i++) {
        if (strcmp(b->sought[i], name) == 0)
            return;
    }
    b->sought[b->n_sought++] = name;
    if (put_service(b, name) || put_peer(b, name) ||
        card->kind == RCA_KIND_CGROUP || card->kind == RCA_KIND_PROCESS)
        return;
    rca_buf_fmt(&b->unseen, "%s%s", b->unseen.len ? ", " : "",
                rca_name_clean(name, clean));
}

/* The symptom, the first cause, and what lies between. */
static void add_services(struct building *b, const struct rca_explanation *e)
{
    add(b, &e->symptom);
    if (e->n_causes)
        add(b, &e->causes[0].card);
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (e->nodes[i].class == RCA_NODE_PATH)
            add(b, &e->nodes[i].card);
    }
}

/* --- where else -------------------------------------------------------------- */

/* struct where - a namespace and a device of it, "" if it has none */
struct where {
    char netns[RCA_NAME_MAX + 1], device[RCA_NAME_MAX + 1];
};

/* "web/eth0", "web/eth0:tbf", "web:filter/input/2", "web:conntrack", "web" */
static void find_where(const struct rca_card *card, struct where *w)
{
    const _Bool device =
        card->kind == RCA_KIND_NIC || card->kind == RCA_KIND_QDISC;
    const _Bool table =
        card->kind == RCA_KIND_RULE || card->kind == RCA_KIND_CONNTRACK;
    const char *end = strchr(card->name, device ? '/' : ':');

    *w = (struct where){.netns = "host"};
    if (card->kind == RCA_KIND_NETNS || card->kind == RCA_KIND_SERVICE)
        (void)snprintf(w->netns, sizeof(w->netns), "%s", card->name);
    else if (end && (device || table))
        (void)snprintf(w->netns, sizeof(w->netns), "%.*s",
                       (int)(end - card->name), card->name);
    if (device) {
        const char *name = end ? end + 1 : card->name;

        (void)snprintf(w->device, sizeof(w->device), "%.*s",
                       card->kind == RCA_KIND_QDISC ? (int)strcspn(name, ":")
                                                    : (int)strlen(name),
                       name);
    }
}

/* Whether a filter takes it as one word. */
static _Bool is_plain(const char *name)
{
    return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789._-")];
}

/* Numbers are what they are, whatever a name holds. */
static _Bool put_where(const struct rca_trace_lookup *lookup,
                       const struct rca_card *card, struct rca_buf *meta,
                       struct rca_buf *what)
{
    struct where w;
    uint64_t inode;

    find_where(card, &w);
    if (!lookup->netns || !lookup->netns(lookup->arg, w.netns, &inode, 1))
        return 0;
    rca_buf_fmt(meta, "netns == %llu", (unsigned long long)inode);
    if (strcmp(w.netns, "host") != 0)
        rca_buf_fmt(what, "namespace %s", w.netns);
    if (is_plain(w.device)) {
        rca_buf_fmt(meta, " && device == %s", w.device);
        rca_buf_fmt(what, "%sdevice %s", what->len ? " " : "", w.device);
    }
    if (!what->len)
        rca_buf_str(what, "this host");
    return 1;
}

static _Bool add_where(const struct rca_explanation *e,
                       const struct rca_trace_lookup *lookup,
                       struct rca_buf *meta, struct rca_buf *what)
{
    const struct rca_card *first = e->n_causes ? &e->causes[0].card : NULL;

    if (first && first->kind != RCA_KIND_BRIDGE &&
        (is_network_kind(first->kind) || first->kind == RCA_KIND_SERVICE) &&
        put_where(lookup, first, meta, what))
        return 1;
    return e->symptom.kind == RCA_KIND_SERVICE &&
           put_where(lookup, &e->symptom, meta, what);
}

/* --- all of it --------------------------------------------------------------- */

void rca_evidence_flow_done(struct rca_evidence_flow *flow)
{
    free(flow->filter);
    free(flow->meta);
    free(flow->what);
    free(flow->unseen);
    *flow = (struct rca_evidence_flow){0};
}

/* "(a) or (b)"; one alone without brackets */
static void put_filter(struct rca_buf *buf, const struct building *b)
{
    const char *filter = b->filter.text ? b->filter.text : "";

    rca_buf_fmt(buf, b->n > 1 ? "(%s)" : "%s", filter);
}

static void put_unseen(struct rca_buf *buf, const struct building *b,
                       _Bool found)
{
    if (b->unseen.len)
        rca_buf_fmt(buf, "%s listens nowhere on this host", b->unseen.text);
    else if (!found)
        rca_buf_str(buf, "nothing of it listens on this host");
}

int rca_evidence_flow(const struct rca_explanation *e,
                      const struct rca_trace_lookup *lookup,
                      struct rca_evidence_flow *ret_flow)
{
    struct rca_evidence_flow flow = {0};
    struct building b = {.lookup = lookup};
    struct rca_buf filter = {0}, meta = {0}, unseen = {0};
    _Bool found;
    int r;

    add_services(&b, e);
    found = b.n > 0 || add_where(e, lookup, &meta, &b.what);
    put_filter(&filter, &b);
    put_unseen(&unseen, &b, found);
    r = b.filter.err ? b.filter.err : b.unseen.err;
    r = r ? r : rca_buf_take(&filter, &flow.filter);
    r = r ? r : rca_buf_take(&meta, &flow.meta);
    r = r ? r : rca_buf_take(&b.what, &flow.what);
    r = r ? r : rca_buf_take(&unseen, &flow.unseen);
    rca_buf_done(&filter);
    rca_buf_done(&meta);
    rca_buf_done(&unseen);
    rca_buf_done(&b.filter);
    rca_buf_done(&b.what);
    rca_buf_done(&b.unseen);
    if (r)
        rca_evidence_flow_done(&flow);
    *ret_flow = flow;
    return r || found ? r : RCA_EUNKNOWN;
}
