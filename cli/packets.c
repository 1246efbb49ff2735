/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/packets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/words.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

/* Deaths of less than this part of the packets speak against no ranking: some
 * packets die on every host (a reset's answer, a late segment). */
#define MATTERS 0.005

_Bool rca_packets_captured(const struct rca_packets *p)
{
    return p->to > p->from;
}

/* --- words ------------------------------------------------------------------*/

static _Bool is_host(const char *netns)
{
    return !netns || !*netns || strcmp(netns, "host") == 0;
}

/* "web/eth0", "eth0", "web", "" as the collector names a device's entity */
static const char *device_of(const struct rca_packet_death *d, char *text,
                             size_t size)
{
    const char *device = d->device ? d->device : "";
    const char *netns = is_host(d->netns) ? "" : d->netns;

    (void)snprintf(text, size, "%s%s%s", netns, *netns && *device ? "/" : "",
                   device);
    return text;
}

void rca_packets_place(struct rca_buf *buf, const struct rca_packet_death *d)
{
    char brief[RCA_WORDS_NAME_MAX + 1], device[2 * RCA_NAME_MAX];

    if (d->rule) {
        rca_buf_fmt(buf, "rule %s", rca_words_name(d->rule, brief));
        return;
    }
    rca_buf_str(buf, d->reason ? rca_words_name(d->reason, brief)
                               : "no reason that is known");
    (void)device_of(d, device, sizeof(device));
    if (*device)
        rca_buf_fmt(buf, d->device && *d->device ? " at %s" : " in %s",
                    rca_words_name(device, brief));
}

static void put_deaths(struct rca_buf *buf, const struct rca_packets *p,
                       size_t most)
{
    uint64_t others = p->others;
    char n[RCA_WORDS_COUNT_SIZE];

    for (size_t i = most; i < p->n_deaths; i++)
        others += p->deaths[i].packets;
    for (size_t i = 0; i < p->n_deaths && i < most; i++) {
        rca_buf_fmt(buf, "%s%s by ", i ? ", " : ": ",
                    rca_words_count(p->deaths[i].packets, n));
        rca_packets_place(buf, &p->deaths[i]);
    }
    if (others && p->n_deaths && most)
        rca_buf_fmt(buf, ", %s otherwise", rca_words_count(others, n));
}

/* what was lost or not seen, as the rest of a sentence */
static void put_gaps(struct rca_buf *buf, const struct rca_packets *p)
{
    char n[RCA_WORDS_COUNT_SIZE];

    if (p->lost)
        rca_buf_fmt(buf, "; %s %s lost", rca_words_count(p->lost, n),
                    p->lost == 1 ? "event was" : "events were");
    if (p->unseen)
        rca_buf_fmt(buf, "; %s", p->unseen);
}

/* "5 s": a capture takes some milliseconds more than was asked for */
static rca_time rounded(rca_time length)
{
    return length < RCA_SECOND
               ? length
               : (length + RCA_SECOND / 2) / RCA_SECOND * RCA_SECOND;
}

void rca_packets_words(struct rca_buf *buf, const struct rca_packets *p,
                       size_t most)
{
    char died[RCA_WORDS_COUNT_SIZE], all[RCA_WORDS_COUNT_SIZE],
        length[RCA_TIME_TEXT_SIZE], what[RCA_WORDS_NAME_MAX + 1];

    (void)rca_words_name(p->what ? p->what : "the flow", what);
    if (!rca_packets_captured(p)) {
        rca_buf_fmt(buf, "not captured%s%s", p->unseen ? ": " : "",
                    p->unseen ? p->unseen : "");
        return;
    }
    (void)rca_duration_text(rounded(p->to - p->from), length);
    if (!p->packets && !p->died)
        rca_buf_fmt(buf, "none of %s came by in %s", what, length);
    else if (!p->died)
        rca_buf_fmt(buf, "none of %s of %s died here in %s%s",
                    rca_words_count(p->packets, all), what, length,
                    p->lost || p->unseen ? "" : ": not lost on this host");
    else
        rca_buf_fmt(buf, "%s of %s of %s died in %s",
                    rca_words_count(p->died, died),
                    rca_words_count(p->packets, all), what, length);
    put_deaths(buf, p, most);
    put_gaps(buf, p);
}

/* --- to whom ----------------------------------------------------------------*/

/* How well a death fits an entity. */
enum fit { NOT, HOLDS, PASSES, IS };

static _Bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Whether it is the packet's receiver that had no use for it. */
static _Bool is_endpoint(const char *reason)
{
    static const char *const prefixes[] = {
        "no_socket", "socket_", "tcp_", "udp_", "sk_", "proto_mem", "listen"};

    for (size_t i = 0; reason && i < RCA_ARRAY_SIZE(prefixes); i++) {
        if (begins(reason, prefixes[i]))
            return 1;
    }
    return 0;
}

/* after "NETNS:" */
static const char *within(const char *rule)
{
    const char *colon = strchr(rule, ':');

    return colon ? colon + 1 : rule;
}

/* A table that is there in two families has the family in its rules' names:
 * "web:inet/filter/input/2" is "web:filter/input/2". */
static _Bool is_rule(const char *name, const char *rule)
{
    const char *a = within(name), *b = within(rule);
    const size_t n = strlen(a), m = strlen(b);

    if (a - name != b - rule || strncmp(name, rule, (size_t)(a - name)) != 0)
        return 0;
    return strcmp(a, b) == 0 ||
           (n > m && a[n - m - 1] == '/' && strcmp(a + n - m, b) == 0);
}

static enum fit fit_device(const struct rca_packet_death *d,
                           const struct rca_card *c)
{
    char device[2 * RCA_NAME_MAX];
    size_t n;

    if (d->rule || !d->device || !*d->device)
        return NOT;
    n = strlen(device_of(d, device, sizeof(device)));
    if (strncmp(c->name, device, n) != 0)
        return NOT;
    if (c->kind == RCA_KIND_NIC)
        return c->name[n] ? NOT : PASSES;
    if (c->name[n] != ':')
        return NOT;
    return d->reason && begins(d->reason, "qdisc") ? IS : PASSES;
}

static enum fit fit_netns(const struct rca_packet_death *d,
                          const struct rca_card *c)
{
    char name[RCA_NAME_MAX + sizeof(":conntrack")];

    if (c->kind == RCA_KIND_HOST)
        return is_host(d->netns) ? HOLDS : NOT;
    if (c->kind == RCA_KIND_NETNS)
        return d->netns && strcmp(c->name, d->netns) == 0 ? HOLDS : NOT;
    (void)snprintf(name, sizeof(name), "%s%sconntrack",
                   is_host(d->netns) ? "" : d->netns,
                   is_host(d->netns) ? "" : ":");
    /* a full table drops as a rule would, and no rule says so */
    return !d->rule && d->reason && begins(d->reason, "netfilter") &&
                   strcmp(c->name, name) == 0
               ? PASSES
               : NOT;
}

static enum fit fit_service(const struct rca_packet_death *d,
                            const struct rca_card *c)
{
    const char *callee = strstr(c->name, "->");

    if (d->rule || !d->service || !is_endpoint(d->reason))
        return NOT;
    if (c->kind == RCA_KIND_CALL)
        return callee && strcmp(callee + 2, d->service) == 0 ? HOLDS : NOT;
    return strcmp(c->name, d->service) == 0 ? PASSES : NOT;
}

static enum fit fit_rule(const struct rca_packet_death *d,
                         const struct rca_card *c)
{
    return d->rule && is_rule(c->name, d->rule) ? IS : NOT;
}

static enum fit fit_of(const struct rca_packet_death *d,
                       const struct rca_card *c)
{
    static enum fit (*const fits[RCA_KIND_COUNT])(
        const struct rca_packet_death *, const struct rca_card *) = {
        [RCA_KIND_RULE] = fit_rule,       [RCA_KIND_NIC] = fit_device,
        [RCA_KIND_QDISC] = fit_device,    [RCA_KIND_HOST] = fit_netns,
        [RCA_KIND_NETNS] = fit_netns,     [RCA_KIND_CONNTRACK] = fit_netns,
        [RCA_KIND_SERVICE] = fit_service, [RCA_KIND_CALL] = fit_service,
        [RCA_KIND_PROCESS] = fit_service,
    };

    return fits[c->kind] ? fits[c->kind](d, c) : NOT;
}

size_t rca_packets_owner(const struct rca_explanation *e,
                         const struct rca_packet_death *death)
{
    size_t best = e->n_nodes;
    enum fit most = NOT;

    for (size_t i = 0; i < e->n_nodes; i++) {
        const enum fit fit = fit_of(death, &e->nodes[i].card);
        const _Bool first = best < e->n_nodes && !e->nodes[best].rank;

        if (fit > most || (fit && fit == most && e->nodes[i].rank && first)) {
            best = i;
            most = fit;
        }
    }
    return best;
}

void rca_packets_card(struct rca_buf *buf, const struct rca_explanation *e,
                      size_t node)
{
    struct rca_buf reasons RCA_CLEANUP(rca_buf_done) = {0};
    char name[RCA_WORDS_NAME_MAX + 1], n[RCA_WORDS_COUNT_SIZE];
    uint64_t sum = 0;

    for (size_t i = 0; e->packets && i < e->packets->n_deaths; i++) {
        const struct rca_packet_death *d = &e->packets->deaths[i];

        if (rca_packets_owner(e, d) != node)
            continue;
        sum += d->packets;
        rca_words_name(d->reason ? d->reason : "", name);
        if (*name && !(reasons.len && strstr(reasons.text, name)))
            rca_buf_fmt(&reasons, "%s %s", reasons.len ? "," : ":", name);
    }
    if (sum)
        rca_buf_fmt(buf, "%s packet%s died here%s", rca_words_count(sum, n),
                    sum == 1 ? "" : "s", reasons.len ? reasons.text : "");
    buf->err = buf->err ? buf->err : reasons.err;
}

void rca_packets_against(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_packets *p = e->packets;
    const struct rca_packet_death *d;

    if (!p || !p->n_deaths || !e->n_causes)
        return;
    d = &p->deaths[0];
    if ((double)d->packets < MATTERS * (double)p->packets)
        return;
    for (size_t i = 0; i < e->n_causes; i++) {
        if (fit_of(d, &e->causes[i].card))
            return;
    }
    rca_buf_str(buf, "most died by ");
    rca_packets_place(buf, d);
    rca_buf_str(buf, ", which is none of the causes named");
}
