/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/nat_msg.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/netlink.h"

/** struct tuple - one direction; @known: of the below, one bit each */
struct tuple {
    uint32_t src[4], dst[4];
    uint16_t sport, dport;
    uint8_t proto;
    unsigned known;
};

enum { SRC = 1, DST = 2, SPORT = 4, DPORT = 8, PROTO = 16, ALL = 31 };

static struct nlmsghdr *put_header(void *buf, unsigned type)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    struct nfgenmsg *gen = NULL;

    msg->nlmsg_type = (uint16_t)type;
    gen = (struct nfgenmsg *)mnl_nlmsg_put_extra_header(msg, sizeof(*gen));
    gen->version = NFNETLINK_V0;
    return msg;
}

struct nlmsghdr *rca_nat_request_generation(void *buf)
{
    return put_header(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN);
}

struct nlmsghdr *rca_nat_request_chains(void *buf)
{
    return put_header(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN);
}

/* The kernel can filter by status, but for equality under a mask: translated
 * source, translated target and both would be three dumps. */
struct nlmsghdr *rca_nat_request_entries(void *buf)
{
    return put_header(buf, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET);
}

_Bool rca_nat_is_chain(const struct nlmsghdr *msg)
{
    struct rca_netlink_attrs in;
    const struct nlattr *attr;
    char type[8];

    if (msg->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN) ||
        !rca_netlink_fixed(msg, sizeof(struct nfgenmsg)))
        return 0;
    in = rca_netlink_attrs(msg, sizeof(struct nfgenmsg));
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) == NFTA_CHAIN_TYPE &&
            !strcmp(rca_netlink_string(attr, type, sizeof(type)), "nat"))
            return 1;
    }
    return 0;
}

/* --- entries ---------------------------------------------------------------- */

static void read_address(const struct nlattr *attr, size_t size,
                         uint32_t addr[4], unsigned bit, struct tuple *t)
{
    if (mnl_attr_get_payload_len(attr) != size)
        return;
    memcpy(addr, mnl_attr_get_payload(attr), size);
    t->known |= bit;
}

static void read_ip(const struct nlattr *nest, struct tuple *t)
{
    struct rca_netlink_attrs in = rca_netlink_nested(nest);
    const struct nlattr *attr;

    while ((attr = rca_netlink_next(&in))) {
        switch (mnl_attr_get_type(attr)) {
        case CTA_IP_V4_SRC:
            read_address(attr, 4, t->src, SRC, t);
            break;
        case CTA_IP_V4_DST:
            read_address(attr, 4, t->dst, DST, t);
            break;
        case CTA_IP_V6_SRC:
            read_address(attr, 16, t->src, SRC, t);
            break;
        case CTA_IP_V6_DST:
            read_address(attr, 16, t->dst, DST, t);
            break;
        default:
            break;
        }
    }
}

static void read_port(const struct nlattr *attr, uint16_t *port, unsigned bit,
                      struct tuple *t)
{
    if (mnl_attr_get_payload_len(attr) < sizeof(*port))
        return;
    memcpy(port, mnl_attr_get_payload(attr), sizeof(*port));
    *port = ntohs(*port);
    t->known |= bit;
}

static void read_proto(const struct nlattr *nest, struct tuple *t)
{
    struct rca_netlink_attrs in = rca_netlink_nested(nest);
    const struct nlattr *attr;

    while ((attr = rca_netlink_next(&in))) {
        switch (mnl_attr_get_type(attr)) {
        case CTA_PROTO_NUM:
            if (mnl_attr_get_payload_len(attr) < 1)
                break;
            memcpy(&t->proto, mnl_attr_get_payload(attr), 1);
            t->known |= PROTO;
            break;
        case CTA_PROTO_SRC_PORT:
            read_port(attr, &t->sport, SPORT, t);
            break;
        case CTA_PROTO_DST_PORT:
            read_port(attr, &t->dport, DPORT, t);
            break;
        default:
            break;
        }
    }
}

static void read_tuple(const struct nlattr *nest, struct tuple *t)
{
    struct rca_netlink_attrs in = rca_netlink_nested(nest);
    const struct nlattr *attr;

    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
            read_ip(attr, t);
        else if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO)
            read_proto(attr, t);
    }
}

static void fill(struct rca_nat_key *key, uint8_t family,
                 const struct tuple *orig, const struct tuple *reply)
{
    *key = (struct rca_nat_key){
        .family = family, .virtual_port = orig->dport, .port = reply->sport};
    memcpy(key->client, orig->src, sizeof(key->client));
    memcpy(key->virtual_addr, orig->dst, sizeof(key->virtual_addr));
    memcpy(key->server, reply->src, sizeof(key->server));
    memcpy(key->seen_as, reply->dst, sizeof(key->seen_as));
}

int rca_nat_parse_entry(const struct nlmsghdr *msg, struct rca_nat_key *ret_key)
{
    const struct nfgenmsg *gen;
    struct rca_netlink_attrs in;
    struct tuple orig = {0}, reply = {0};
    const struct nlattr *attr;
    uint32_t status = 0;

    if (msg->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW))
        return RCA_ESYNTAX;
    gen = (const struct nfgenmsg *)rca_netlink_fixed(msg, sizeof(*gen));
    if (!gen)
        return RCA_ESYNTAX;
    in = rca_netlink_attrs(msg, sizeof(*gen));
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
            read_tuple(attr, &orig);
        else if (mnl_attr_get_type(attr) == CTA_TUPLE_REPLY)
            read_tuple(attr, &reply);
        else if (mnl_attr_get_type(attr) == CTA_STATUS)
            status = rca_netlink_be32(attr);
    }
    if (!(status & IPS_NAT_MASK) ||
        (orig.known & PROTO && orig.proto != IPPROTO_TCP))
        return 1;
    if (orig.known != ALL || reply.known != ALL)
        return RCA_ESYNTAX;
    fill(ret_key, gen->nfgen_family, &orig, &reply);
    return 0;
}
