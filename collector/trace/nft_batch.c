/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_batch.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

static struct nlmsghdr *put_message(struct rca_trace_nft_batch *batch,
                                    unsigned type, unsigned flags, int family,
                                    unsigned resource)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(batch->bytes + batch->len);
    struct nfgenmsg *gen =
        (struct nfgenmsg *)mnl_nlmsg_put_extra_header(msg, sizeof(*gen));

    msg->nlmsg_type = (uint16_t)type;
    msg->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    msg->nlmsg_seq = ++batch->last;
    gen->nfgen_family = (uint8_t)family;
    gen->version = NFNETLINK_V0;
    gen->res_id = htons((uint16_t)resource);
    return msg;
}

static struct nlmsghdr *put_nft(struct rca_trace_nft_batch *batch,
                                unsigned type, unsigned flags, int family)
{
    return put_message(batch, NFNL_SUBSYS_NFTABLES << 8 | type, flags, family,
                       0);
}

/* Attributes were added to the last message: it is longer now. */
static void end_message(struct rca_trace_nft_batch *batch,
                        const struct nlmsghdr *msg)
{
    batch->len += NLMSG_ALIGN(msg->nlmsg_len);
}

static void put_bound(struct rca_trace_nft_batch *batch, unsigned type)
{
    end_message(batch,
                put_message(batch, type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

static void put_be32(struct nlmsghdr *msg, unsigned type, uint32_t value)
{
    mnl_attr_put_u32(msg, (uint16_t)type, htonl(value));
}

/* --- expressions ---------------------------------------------------------- */

struct expression {
    struct nlattr *elem, *data;
};

static struct expression begin_expr(struct nlmsghdr *msg, const char *name)
{
    struct expression e;

    e.elem = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
    mnl_attr_put_strz(msg, NFTA_EXPR_NAME, name);
    e.data = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
    return e;
}

static void end_expr(struct nlmsghdr *msg, const struct expression *e)
{
    mnl_attr_nest_end(msg, e->data);
    mnl_attr_nest_end(msg, e->elem);
}

static void put_value(struct nlmsghdr *msg, unsigned type, const void *value,
                      size_t n)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, (uint16_t)type);

    mnl_attr_put(msg, NFTA_DATA_VALUE, n, value);
    mnl_attr_nest_end(msg, nest);
}

/* Register 1 equals @value. */
static void put_equals(struct nlmsghdr *msg, const void *value, size_t n)
{
    const struct expression e = begin_expr(msg, "cmp");

    put_be32(msg, NFTA_CMP_SREG, NFT_REG_1);
    put_be32(msg, NFTA_CMP_OP, NFT_CMP_EQ);
    put_value(msg, NFTA_CMP_DATA, value, n);
    end_expr(msg, &e);
}

static void put_meta_is(struct nlmsghdr *msg, uint32_t key, const void *value,
                        size_t n)
{
    const struct expression e = begin_expr(msg, "meta");

    put_be32(msg, NFTA_META_KEY, key);
    put_be32(msg, NFTA_META_DREG, NFT_REG_1);
    end_expr(msg, &e);
    put_equals(msg, value, n);
}

static void put_payload_is(struct nlmsghdr *msg, uint32_t base, uint32_t offset,
                           const void *value, size_t n)
{
    const struct expression e = begin_expr(msg, "payload");

    put_be32(msg, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_be32(msg, NFTA_PAYLOAD_BASE, base);
    put_be32(msg, NFTA_PAYLOAD_OFFSET, offset);
    put_be32(msg, NFTA_PAYLOAD_LEN, (uint32_t)n);
    end_expr(msg, &e);
    put_equals(msg, value, n);
}

/* In a bridge the protocol is that of the Ethernet frame. */
static void put_family_is(struct nlmsghdr *msg, int table, unsigned family)
{
    const uint16_t ether = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
    const uint8_t nfproto = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;

    if (table == NFPROTO_BRIDGE)
        put_meta_is(msg, NFT_META_PROTOCOL, &ether, sizeof(ether));
    else
        put_meta_is(msg, NFT_META_NFPROTO, &nfproto, sizeof(nfproto));
}

static void put_condition(struct nlmsghdr *msg, int table,
                          const struct rca_trace_nft_condition *c,
                          enum rca_trace_nft_way way)
{
    const _Bool source = way == RCA_TRACE_NFT_SOURCE;
    const uint8_t protocol = (uint8_t)c->number;
    const uint16_t port = htons((uint16_t)c->number);

    switch (c->kind) {
    case RCA_TRACE_NFT_FAMILY:
        put_family_is(msg, table, c->number);
        break;
    case RCA_TRACE_NFT_PROTOCOL:
        put_meta_is(msg, NFT_META_L4PROTO, &protocol, sizeof(protocol));
        break;
    case RCA_TRACE_NFT_PORT:
        put_payload_is(msg, NFT_PAYLOAD_TRANSPORT_HEADER, source ? 0 : 2, &port,
                       sizeof(port));
        break;
    case RCA_TRACE_NFT_ADDRESS:
        put_family_is(msg, table, c->number);
        if (c->number == AF_INET)
            put_payload_is(msg, NFT_PAYLOAD_NETWORK_HEADER, source ? 12 : 16,
                           c->bytes, 4);
        else
            put_payload_is(msg, NFT_PAYLOAD_NETWORK_HEADER, source ? 8 : 24,
                           c->bytes, 16);
        break;
    }
}

/* meta nftrace set 1 */
static void put_mark(struct nlmsghdr *msg)
{
    const uint8_t on = 1;
    struct expression e = begin_expr(msg, "immediate");

    put_be32(msg, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    put_value(msg, NFTA_IMMEDIATE_DATA, &on, sizeof(on));
    end_expr(msg, &e);
    e = begin_expr(msg, "meta");
    put_be32(msg, NFTA_META_KEY, NFT_META_NFTRACE);
    put_be32(msg, NFTA_META_SREG, NFT_REG_1);
    end_expr(msg, &e);
}

/* --- table, chains, rules ------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t hook;
} chains[] = {{"prerouting", NF_INET_PRE_ROUTING},
              {"output", NF_INET_LOCAL_OUT}};
static_assert((int)NF_INET_PRE_ROUTING == 0 && (int)NF_INET_LOCAL_OUT == 3,
              "a bridge's hooks have the same numbers");

static void put_table(struct rca_trace_nft_batch *batch, const char *name,
                      int family, uint32_t flags)
{
    struct nlmsghdr *msg =
        put_nft(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, family);

    mnl_attr_put_strz(msg, NFTA_TABLE_NAME, name);
    put_be32(msg, NFTA_TABLE_FLAGS, flags);
    end_message(batch, msg);
}

static void put_chain(struct rca_trace_nft_batch *batch, const char *table,
                      int family, size_t which)
{
    struct nlmsghdr *msg =
        put_nft(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, family);
    struct nlattr *nest;

    mnl_attr_put_strz(msg, NFTA_CHAIN_TABLE, table);
    mnl_attr_put_strz(msg, NFTA_CHAIN_NAME, chains[which].name);
    nest = mnl_attr_nest_start(msg, NFTA_CHAIN_HOOK);
    put_be32(msg, NFTA_HOOK_HOOKNUM, chains[which].hook);
    put_be32(msg, NFTA_HOOK_PRIORITY, (uint32_t)INT_MIN); /* the first */
    mnl_attr_nest_end(msg, nest);
    mnl_attr_put_strz(msg, NFTA_CHAIN_TYPE, "filter");
    end_message(batch, msg);
}

static void put_rule(struct rca_trace_nft_batch *batch, const char *table,
                     int family, size_t which,
                     const struct rca_trace_nft_flow *flow, size_t rule)
{
    struct nlmsghdr *msg =
        put_nft(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family);
    struct nlattr *nest;

    mnl_attr_put_strz(msg, NFTA_RULE_TABLE, table);
    mnl_attr_put_strz(msg, NFTA_RULE_CHAIN, chains[which].name);
    nest = mnl_attr_nest_start(msg, NFTA_RULE_EXPRESSIONS);
    for (size_t i = 0; i < flow->n; i++)
        put_condition(msg, family, &flow->conditions[i],
                      rca_trace_nft_flow_way(flow, i, rule));
    put_mark(msg);
    mnl_attr_nest_end(msg, nest);
    end_message(batch, msg);
}

static void begin(struct rca_trace_nft_batch *batch)
{
    batch->len = 0;
    batch->last = 0;
    put_bound(batch, NFNL_MSG_BATCH_BEGIN);
}

/* The answer to the last message but the end's: when it comes all is done. */
static void end(struct rca_trace_nft_batch *batch, struct nlmsghdr *last)
{
    const uint32_t seq = last->nlmsg_seq;

    last->nlmsg_flags |= NLM_F_ACK;
    put_bound(batch, NFNL_MSG_BATCH_END);
    batch->last = seq;
}

void rca_trace_nft_batch_table(struct rca_trace_nft_batch *batch,
                               const char *name, int family, uint32_t flags,
                               const struct rca_trace_nft_flow *flow)
{
    const struct rca_trace_nft_flow all = {.n = 0};
    size_t at = 0;

    if (rca_trace_nft_flow_ways(flow) > RCA_TRACE_NFT_RULES)
        flow = &all;
    begin(batch);
    put_table(batch, name, family, flags);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(chains); i++)
        put_chain(batch, name, family, i);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(chains); i++)
        for (size_t j = 0; j < rca_trace_nft_flow_ways(flow); j++) {
            at = batch->len;
            put_rule(batch, name, family, i, flow, j);
        }
    end(batch, (void *)(batch->bytes + at));
}

void rca_trace_nft_batch_remove(struct rca_trace_nft_batch *batch,
                                const char *name, int family)
{
    struct nlmsghdr *msg;
    size_t at;

    begin(batch);
    at = batch->len;
    msg = put_nft(batch, NFT_MSG_DELTABLE, 0, family);
    mnl_attr_put_strz(msg, NFTA_TABLE_NAME, name);
    end_message(batch, msg);
    end(batch, (void *)(batch->bytes + at));
}
