/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_flow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "graph/base/parse.h"

#define WORD 64 /* an address has less */

static const struct {
    const char *word;
    enum rca_trace_nft_kind kind;
    unsigned number;
} protocols[] = {
    {"ip", RCA_TRACE_NFT_FAMILY, AF_INET},
    {"ip6", RCA_TRACE_NFT_FAMILY, AF_INET6},
    {"tcp", RCA_TRACE_NFT_PROTOCOL, IPPROTO_TCP},
    {"udp", RCA_TRACE_NFT_PROTOCOL, IPPROTO_UDP},
    {"sctp", RCA_TRACE_NFT_PROTOCOL, IPPROTO_SCTP},
    {"icmp", RCA_TRACE_NFT_PROTOCOL, IPPROTO_ICMP},
    {"icmp6", RCA_TRACE_NFT_PROTOCOL, IPPROTO_ICMPV6},
};

/* The next word; "" at the end, or where it is too long to be one of ours. */
static void next_word(const char **at, char word[WORD])
{
    size_t n;

    *at += strspn(*at, " \t\n");
    n = strcspn(*at, " \t\n");
    word[0] = '\0';
    if (n < WORD) {
        memcpy(word, *at, n);
        word[n] = '\0';
        *at += n;
    }
}

static _Bool add(struct rca_trace_nft_flow *flow,
                 const struct rca_trace_nft_condition *c)
{
    if (flow->n == RCA_TRACE_NFT_CONDITIONS)
        return 0;
    flow->conditions[flow->n++] = *c;
    return 1;
}

/* True if @word names a protocol, which is then a condition. */
static _Bool take_protocol(struct rca_trace_nft_flow *flow, const char *word)
{
    struct rca_trace_nft_condition c = {.number = 0};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(protocols); i++)
        if (strcmp(word, protocols[i].word) == 0) {
            c.kind = protocols[i].kind;
            c.number = protocols[i].number;
            return add(flow, &c);
        }
    return 0;
}

static _Bool take_port(struct rca_trace_nft_flow *flow,
                       enum rca_trace_nft_way way, const char *word)
{
    struct rca_trace_nft_condition c = {.kind = RCA_TRACE_NFT_PORT, .way = way};
    uint64_t port = 0;

    if (rca_parse_u64(word, &port) || port > UINT16_MAX)
        return 0;
    c.number = (unsigned)port;
    return add(flow, &c);
}

static _Bool take_host(struct rca_trace_nft_flow *flow,
                       enum rca_trace_nft_way way, const char *word)
{
    struct rca_trace_nft_condition c = {.kind = RCA_TRACE_NFT_ADDRESS,
                                        .way = way};

    if (inet_pton(AF_INET, word, c.bytes) == 1)
        c.number = AF_INET;
    else if (inet_pton(AF_INET6, word, c.bytes) == 1)
        c.number = AF_INET6;
    else
        return 0;
    return add(flow, &c);
}

static enum rca_trace_nft_way way_of(const char *word)
{
    if (strcmp(word, "src") == 0)
        return RCA_TRACE_NFT_SOURCE;
    if (strcmp(word, "dst") == 0)
        return RCA_TRACE_NFT_DESTINATION;
    return RCA_TRACE_NFT_EITHER;
}

/* "and" comes next, or the end. */
static _Bool is_end(const char *word)
{
    return !word[0] || strcmp(word, "and") == 0 || strcmp(word, "&&") == 0;
}

/* One primitive and what joins it to the next, which @word then is; false: it
 * is none of ours. */
static _Bool take_primitive(struct rca_trace_nft_flow *flow, const char **at,
                            char word[WORD])
{
    const _Bool named = take_protocol(flow, word);
    enum rca_trace_nft_way way;
    _Bool port;

    if (named)
        next_word(at, word);
    if (named && is_end(word))
        return 1;
    way = way_of(word);
    if (way != RCA_TRACE_NFT_EITHER)
        next_word(at, word);
    port = strcmp(word, "port") == 0;
    if (!port && strcmp(word, "host") != 0)
        return 0;
    next_word(at, word);
    if (port ? !take_port(flow, way, word) : !take_host(flow, way, word))
        return 0;
    next_word(at, word);
    return is_end(word);
}

void rca_trace_nft_flow_parse(const char *filter,
                              struct rca_trace_nft_flow *ret_flow)
{
    struct rca_trace_nft_flow flow = {.n = 0};
    const char *at = filter ? filter : "";
    char word[WORD];
    _Bool simple = 1;

    next_word(&at, word);
    while (simple && word[0]) {
        simple = take_primitive(&flow, &at, word);
        if (word[0])
            next_word(&at, word);
    }
    if (!simple || *at)
        flow = (struct rca_trace_nft_flow){.n = 0};
    *ret_flow = flow;
}

void rca_trace_nft_flow_no_ends(struct rca_trace_nft_flow *flow)
{
    size_t kept = 0;

    for (size_t i = 0; i < flow->n; i++)
        if (flow->conditions[i].kind == RCA_TRACE_NFT_FAMILY ||
            flow->conditions[i].kind == RCA_TRACE_NFT_PROTOCOL)
            flow->conditions[kept++] = flow->conditions[i];
    flow->n = kept;
}

static _Bool has_way(const struct rca_trace_nft_condition *c)
{
    return c->kind == RCA_TRACE_NFT_PORT || c->kind == RCA_TRACE_NFT_ADDRESS;
}

static _Bool is_open(const struct rca_trace_nft_condition *c)
{
    return has_way(c) && c->way == RCA_TRACE_NFT_EITHER;
}

size_t rca_trace_nft_flow_ways(const struct rca_trace_nft_flow *flow)
{
    size_t ways = 1;

    for (size_t i = 0; i < flow->n; i++)
        ways *= is_open(&flow->conditions[i]) ? 2 : 1;
    return ways;
}

/* Bit k of @rule is the way of the k-th condition that is open. */
enum rca_trace_nft_way rca_trace_nft_flow_way(
    const struct rca_trace_nft_flow *flow, size_t i, size_t rule)
{
    if (!is_open(&flow->conditions[i]))
        return flow->conditions[i].way;
    for (size_t j = 0; j < i; j++)
        rule >>= is_open(&flow->conditions[j]);
    return rule & 1 ? RCA_TRACE_NFT_DESTINATION : RCA_TRACE_NFT_SOURCE;
}
