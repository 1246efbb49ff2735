/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/link_msg.h"

#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/netlink.h"

/*
 * Structures are copied out of attributes as far as both sides know them: an
 * older kernel's is shorter, a newer one's longer.
 */
static void copy_struct(const struct nlattr *attr, void *to, size_t size)
{
    size_t n = mnl_attr_get_payload_len(attr);

    memcpy(to, mnl_attr_get_payload(attr), n < size ? n : size);
}

static void read_stats(const struct nlattr *attr, struct rca_traffic *ret)
{
    struct rtnl_link_stats64 s = {0};

    copy_struct(attr, &s, sizeof s);
    ret->receive_packets = s.rx_packets;
    ret->transmit_packets = s.tx_packets;
    ret->receive_bytes = s.rx_bytes;
    ret->transmit_bytes = s.tx_bytes;
    ret->receive_errors = s.rx_errors;
    ret->transmit_errors = s.tx_errors;
    /* apart in the kernel, one in /proc/net/dev and to who looks for losses */
    ret->receive_drops = s.rx_dropped + s.rx_missed_errors;
    ret->transmit_drops = s.tx_dropped;
}

static void read_kind(const struct nlattr *info, struct rca_link *link)
{
    struct rca_netlink_attrs in = rca_netlink_nested(info);
    const struct nlattr *attr = NULL;

    while ((attr = rca_netlink_next(&in)))
        if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
            rca_netlink_string(attr, link->kind, sizeof link->kind);
}

static void read_link_attr(const struct nlattr *attr, struct rca_link *link)
{
    switch (mnl_attr_get_type(attr)) {
    case IFLA_IFNAME:
        rca_netlink_string(attr, link->name, sizeof link->name);
        break;
    case IFLA_LINK:
        link->peer = (int)rca_netlink_u32(attr);
        break;
    case IFLA_LINK_NETNSID:
        link->nsid = (int)rca_netlink_u32(attr);
        break;
    case IFLA_MASTER:
        link->master = (int)rca_netlink_u32(attr);
        break;
    case IFLA_STATS64:
        read_stats(attr, &link->stats);
        break;
    case IFLA_CARRIER_CHANGES:
        link->carrier_changes = rca_netlink_u32(attr);
        break;
    case IFLA_LINKINFO:
        read_kind(attr, link);
        break;
    default:
        break;
    }
}

int rca_link_parse(const struct nlmsghdr *msg, struct rca_link *ret_link)
{
    const struct ifinfomsg *info =
        (const struct ifinfomsg *)rca_netlink_fixed(msg, sizeof *info);
    struct rca_link link = {.nsid = -1};
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;

    if (!info || info->ifi_index <= 0)
        return RCA_ESYNTAX;
    link.index = info->ifi_index;
    link.flags = info->ifi_flags;
    in = rca_netlink_attrs(msg, sizeof *info);
    while ((attr = rca_netlink_next(&in)))
        read_link_attr(attr, &link);
    if (!link.name[0])
        return RCA_ESYNTAX;
    *ret_link = link;
    return 0;
}

static void read_queue(const struct nlattr *attr, struct rca_qdisc *qdisc)
{
    struct gnet_stats_queue q = {0};

    copy_struct(attr, &q, sizeof q);
    qdisc->drops = q.drops;
    qdisc->overlimits = q.overlimits;
    qdisc->requeues = q.requeues;
    qdisc->backlog_bytes = q.backlog;
    qdisc->backlog_packets = q.qlen;
}

static void read_stats2(const struct nlattr *stats, struct rca_qdisc *qdisc)
{
    struct rca_netlink_attrs in = rca_netlink_nested(stats);
    const struct nlattr *attr = NULL;
    struct gnet_stats_basic basic = {0};
    uint64_t packets = 0;

    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) == TCA_STATS_BASIC)
            copy_struct(attr, &basic, sizeof basic);
        else if (mnl_attr_get_type(attr) == TCA_STATS_PKT64)
            copy_struct(attr, &packets, sizeof packets);
        else if (mnl_attr_get_type(attr) == TCA_STATS_QUEUE)
            read_queue(attr, qdisc);
    }
    qdisc->bytes = basic.bytes;
    /* sent only once 32 bits do not hold it */
    qdisc->packets = packets ? packets : basic.packets;
}

int rca_link_parse_qdisc(const struct nlmsghdr *msg,
                         struct rca_qdisc *ret_qdisc)
{
    const struct tcmsg *tc =
        (const struct tcmsg *)rca_netlink_fixed(msg, sizeof *tc);
    struct rca_qdisc qdisc = {0};
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;

    if (!tc || tc->tcm_ifindex <= 0)
        return RCA_ESYNTAX;
    qdisc.index = tc->tcm_ifindex;
    qdisc.handle = tc->tcm_handle;
    qdisc.parent = tc->tcm_parent;
    in = rca_netlink_attrs(msg, sizeof *tc);
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) == TCA_KIND)
            rca_netlink_string(attr, qdisc.kind, sizeof qdisc.kind);
        else if (mnl_attr_get_type(attr) == TCA_STATS2)
            read_stats2(attr, &qdisc);
    }
    if (!qdisc.kind[0])
        return RCA_ESYNTAX;
    *ret_qdisc = qdisc;
    return 0;
}

/* IFA_LOCAL is the interface's own end, IFA_ADDRESS the other one of a
 * point-to-point link, and the same elsewhere; IPv6 has only the latter. */
int rca_link_parse_addr(const struct nlmsghdr *msg,
                        struct rca_link_addr *ret_addr)
{
    const struct ifaddrmsg *ifa =
        (const struct ifaddrmsg *)rca_netlink_fixed(msg, sizeof *ifa);
    struct rca_link_addr addr = {0};
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;
    const struct nlattr *own = NULL;

    if (!ifa || (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
        return RCA_ESYNTAX;
    in = rca_netlink_attrs(msg, sizeof *ifa);
    while ((attr = rca_netlink_next(&in))) {
        const unsigned type = mnl_attr_get_type(attr);

        if (type == IFA_LOCAL || (type == IFA_ADDRESS && !own))
            own = attr;
    }
    if (!own ||
        mnl_attr_get_payload_len(own) != (ifa->ifa_family == AF_INET ? 4 : 16))
        return RCA_ESYNTAX;
    addr.index = (int)ifa->ifa_index;
    addr.family = ifa->ifa_family;
    copy_struct(own, addr.addr, sizeof addr.addr);
    *ret_addr = addr;
    return 0;
}

int rca_link_parse_nsid(const struct nlmsghdr *msg, int *ret_nsid)
{
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;
    const struct rtgenmsg *fixed =
        (const struct rtgenmsg *)rca_netlink_fixed(msg, sizeof *fixed);

    if (!fixed)
        return RCA_ESYNTAX;
    in = rca_netlink_attrs(msg, sizeof *fixed);
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) != NETNSA_NSID)
            continue;
        if (mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
            return RCA_ESYNTAX;
        *ret_nsid = (int)rca_netlink_u32(attr);
        return 0;
    }
    return RCA_ESYNTAX;
}

_Bool rca_link_is_down(const struct rca_link *link)
{
    return (link->flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING);
}

_Bool rca_link_is_shown(const struct rca_link *link)
{
    const struct rca_traffic *s = &link->stats;

    if (link->flags & IFF_LOOPBACK)
        return s->receive_drops + s->transmit_drops > 0;
    return link->flags & IFF_UP || s->receive_packets + s->transmit_packets > 0;
}
