/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_msg.h"

#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/netlink.h"

/* --- messages ------------------------------------------------------------- */

/* What of a message is not kept as it is. */
struct reading {
    struct rca_trace_nft_msg *msg;
    uint32_t type; /* NFT_TRACETYPE_* */
    int32_t verdict, policy;
};

static size_t copy(const struct nlattr *attr, uint8_t *bytes, size_t size)
{
    size_t n = mnl_attr_get_payload_len(attr);

    n = n < size ? n : size;
    memcpy(bytes, mnl_attr_get_payload(attr), n);
    return n;
}

static uint16_t be16(const struct nlattr *attr)
{
    uint8_t b[2] = {0};

    (void)copy(attr, b, sizeof(b));
    return (uint16_t)(b[0] << 8 | b[1]);
}

static void read_verdict(struct reading *r, const struct nlattr *nest)
{
    struct rca_netlink_attrs in = rca_netlink_nested(nest);
    const struct nlattr *attr = NULL;

    while ((attr = rca_netlink_next(&in)))
        if (mnl_attr_get_type(attr) == NFTA_VERDICT_CODE)
            r->verdict = (int32_t)rca_netlink_be32(attr);
}

static void read_packet(struct rca_trace_nft_packet *p,
                        const struct nlattr *attr)
{
    switch (mnl_attr_get_type(attr)) {
    case NFTA_TRACE_LL_HEADER:
        p->n_link = copy(attr, p->link, sizeof(p->link));
        break;
    case NFTA_TRACE_NETWORK_HEADER:
        p->n_network = copy(attr, p->network, sizeof(p->network));
        break;
    case NFTA_TRACE_TRANSPORT_HEADER:
        p->n_transport = copy(attr, p->transport, sizeof(p->transport));
        break;
    case NFTA_TRACE_IIF:
        p->iif = rca_netlink_be32(attr);
        break;
    case NFTA_TRACE_OIF:
        p->oif = rca_netlink_be32(attr);
        break;
    case NFTA_TRACE_IIFTYPE:
        p->type = be16(attr);
        break;
    case NFTA_TRACE_OIFTYPE:
        p->type = p->iif ? p->type : be16(attr);
        break;
    case NFTA_TRACE_NFPROTO:
        p->protocol = rca_netlink_be32(attr);
        break;
    default:
        break;
    }
}

static void read_attr(struct reading *r, const struct nlattr *attr)
{
    struct rca_trace_rule *rule = &r->msg->rule;

    switch (mnl_attr_get_type(attr)) {
    case NFTA_TRACE_TABLE:
        rca_netlink_string(attr, rule->table, sizeof(rule->table));
        break;
    case NFTA_TRACE_CHAIN:
        rca_netlink_string(attr, rule->chain, sizeof(rule->chain));
        break;
    case NFTA_TRACE_RULE_HANDLE:
        rule->handle = rca_netlink_be64(attr);
        break;
    case NFTA_TRACE_TYPE:
        r->type = rca_netlink_be32(attr);
        break;
    case NFTA_TRACE_VERDICT:
        read_verdict(r, attr);
        break;
    case NFTA_TRACE_POLICY:
        r->policy = (int32_t)rca_netlink_be32(attr);
        break;
    case NFTA_TRACE_ID:
        r->msg->id = rca_netlink_be32(attr);
        break;
    case NFTA_TRACE_MARK:
        r->msg->mark = rca_netlink_be32(attr);
        break;
    default:
        read_packet(&r->msg->packet, attr);
    }
}

/* The end of a chain without a verdict has no rule and says "continue"; its type
 * is that of a rule in newer kernels (6.18), "return" in older ones. */
static void decide(struct reading *r)
{
    struct rca_trace_rule *rule = &r->msg->rule;

    rule->verdict = r->verdict;
    if (r->type == NFT_TRACETYPE_POLICY) {
        rule->verdict = r->policy;
        rule->handle = 0;
    } else if (!rule->handle && r->verdict == NFT_CONTINUE) {
        rule->verdict = NFT_RETURN;
    }
}

int rca_trace_nft_parse(const struct nlmsghdr *msg,
                        struct rca_trace_nft_msg *ret_msg)
{
    const struct nfgenmsg *gen =
        (const struct nfgenmsg *)rca_netlink_fixed(msg, sizeof(*gen));
    struct rca_trace_nft_msg out = {.id = 0};
    struct reading r = {.msg = &out, .verdict = NFT_CONTINUE};
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;

    if (!gen || msg->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE))
        return RCA_ESYNTAX;
    out.rule.family = gen->nfgen_family;
    in = rca_netlink_attrs(msg, sizeof(*gen));
    while ((attr = rca_netlink_next(&in)))
        read_attr(&r, attr);
    if (!out.rule.table[0] || !out.rule.chain[0])
        return RCA_ESYNTAX;
    decide(&r);
    out.first = out.packet.n_network > 0;
    *ret_msg = out;
    return 0;
}

void rca_trace_nft_join(struct rca_trace_nft_join *join,
                        struct rca_trace_nft_msg *msg)
{
    const size_t at = msg->id % RCA_TRACE_NFT_JOIN;

    if (msg->first) {
        join->slots[at].id = msg->id;
        join->slots[at].known = 1;
        join->slots[at].packet = msg->packet;
    } else if (join->slots[at].known && join->slots[at].id == msg->id) {
        msg->packet = join->slots[at].packet;
    }
}

/* --- events --------------------------------------------------------------- */

static uint16_t u16_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put(struct rca_trace_event *e, const uint8_t *bytes, size_t n)
{
    memcpy(e->head + e->captured, bytes, n);
    e->captured += (uint32_t)n;
}

/* An Ethernet header, with a tag or without; that of a loopback is all zero. */
static void put_link(struct rca_trace_event *e,
                     const struct rca_trace_nft_packet *p)
{
    if ((p->n_link != ETH_HLEN && p->n_link != ETH_HLEN + 4) ||
        (p->type != ARPHRD_ETHER && p->type != ARPHRD_LOOPBACK))
        return;
    e->has |= RCA_TRACE_HAS_LINK;
    put(e, p->link, p->n_link);
    if (p->n_link > ETH_HLEN)
        e->vlan = 0x10000U | u16_at(p->link + 14);
}

static void put_ports(struct rca_trace_event *e,
                      const struct rca_trace_nft_packet *p)
{
    const uint8_t *t = p->transport;

    switch (e->flow.protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
    case IPPROTO_UDPLITE:
    case IPPROTO_DCCP:
        e->flow.source_port = p->n_transport >= 4 ? u16_at(t) : 0;
        e->flow.destination_port = p->n_transport >= 4 ? u16_at(t + 2) : 0;
        break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        e->flow.source_port = p->n_transport >= 6 ? u16_at(t + 4) : 0;
        break;
    default:
        break;
    }
    if (e->flow.protocol == IPPROTO_TCP && p->n_transport >= 14)
        e->flow.tcp_flags = t[13];
}

/* Options beyond what the kernel sends are zero: the transport header stands
 * where it should. */
static void put_ipv4(struct rca_trace_event *e,
                     const struct rca_trace_nft_packet *p)
{
    static const uint8_t zero[60] = {0};
    const size_t whole = (size_t)(p->network[0] & 15) * 4;

    e->flow.family = AF_INET;
    e->flow.protocol = p->network[9];
    memcpy(e->flow.source, p->network + 12, 4);
    memcpy(e->flow.destination, p->network + 16, 4);
    e->length = e->captured + u16_at(p->network + 2);
    e->flow.fragment = (u16_at(p->network + 6) & 0x1fff) != 0;
    put(e, p->network, p->n_network);
    if (whole > p->n_network)
        put(e, zero, whole - p->n_network);
    if (e->flow.fragment || whole < p->n_network)
        return;
    put(e, p->transport, p->n_transport);
    put_ports(e, p);
}

static void put_ipv6(struct rca_trace_event *e,
                     const struct rca_trace_nft_packet *p)
{
    e->flow.family = AF_INET6;
    e->flow.protocol = p->network[6];
    memcpy(e->flow.source, p->network + 8, 16);
    memcpy(e->flow.destination, p->network + 24, 16);
    e->length = e->captured + u16_at(p->network + 4) + 40U;
    put(e, p->network, p->n_network);
    switch (e->flow.protocol) {
    case IPPROTO_HOPOPTS: /* headers between, which the kernel does not send */
    case IPPROTO_ROUTING:
    case IPPROTO_FRAGMENT:
    case IPPROTO_DSTOPTS:
    case IPPROTO_AH:
        return;
    default:
        put(e, p->transport, p->n_transport);
        put_ports(e, p);
    }
}

static void put_network(struct rca_trace_event *e,
                        const struct rca_trace_nft_packet *p)
{
    const unsigned version = p->n_network ? p->network[0] >> 4 : 0;

    if (p->protocol != NFPROTO_ARP && version == 4 && p->n_network >= 20)
        put_ipv4(e, p);
    else if (p->protocol != NFPROTO_ARP && version == 6 && p->n_network >= 40)
        put_ipv6(e, p);
    else
        put(e, p->network, p->n_network);
    if (e->length < e->captured)
        e->length = e->captured;
}

void rca_trace_nft_event(const struct rca_trace_nft_msg *msg, uint32_t netns,
                         struct rca_trace_event *ret_event)
{
    struct rca_trace_event *e = ret_event;
    const struct rca_trace_nft_packet *p = &msg->packet;

    memset(e, 0, sizeof(*e));
    e->point = RCA_TRACE_RULE;
    e->has = RCA_TRACE_HAS_RULE;
    e->netns = netns;
    e->place = p->point;
    e->iif = p->iif;
    e->ifindex = p->oif ? p->oif : p->iif;
    e->mark = msg->mark;
    e->stack = -1;
    e->detail.rule = msg->rule;
    put_link(e, p);
    put_network(e, p);
}
static_assert(RCA_TRACE_NFT_LINK + 60 + RCA_TRACE_NFT_TRANSPORT <=
                  RCA_TRACE_SNAP,
              "all headers fit");
