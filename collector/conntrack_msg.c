/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/conntrack_msg.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "collector/netlink.h"

static void add(const struct nlattr *attr, struct rca_conntrack_stats *s)
{
    const uint32_t value = rca_netlink_be32(attr);

    switch (mnl_attr_get_type(attr)) {
    case CTA_STATS_INVALID:
        s->invalid += value;
        break;
    case CTA_STATS_INSERT_FAILED:
        s->insert_failed += value;
        break;
    case CTA_STATS_DROP:
        s->drop += value;
        break;
    case CTA_STATS_EARLY_DROP:
        s->early_drop += value;
        break;
    case CTA_STATS_ERROR:
        s->error += value;
        break;
    case CTA_STATS_SEARCH_RESTART:
        s->search_restart += value;
        break;
    case CTA_STATS_CHAIN_TOOLONG:
        s->chain_toolong += value;
        break;
    default:
        break;
    }
}

int rca_conntrack_parse_cpu(const struct nlmsghdr *msg,
                            struct rca_conntrack_stats *stats)
{
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;

    if (!rca_netlink_fixed(msg, sizeof(struct nfgenmsg)))
        return RCA_ESYNTAX;
    in = rca_netlink_attrs(msg, sizeof(struct nfgenmsg));
    while ((attr = rca_netlink_next(&in)))
        add(attr, stats);
    return 0;
}

int rca_conntrack_parse_use(const struct nlmsghdr *msg,
                            struct rca_conntrack_use *ret_use)
{
    struct rca_conntrack_use use = {0};
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;
    _Bool found = 0;

    if (!rca_netlink_fixed(msg, sizeof(struct nfgenmsg)))
        return RCA_ESYNTAX;
    in = rca_netlink_attrs(msg, sizeof(struct nfgenmsg));
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
            continue;
        if (mnl_attr_get_type(attr) == CTA_STATS_GLOBAL_ENTRIES) {
            use.entries = rca_netlink_be32(attr);
            found = 1;
        } else if (mnl_attr_get_type(attr) == CTA_STATS_GLOBAL_MAX_ENTRIES) {
            use.limit = rca_netlink_be32(attr);
        }
    }
    if (!found)
        return RCA_ESYNTAX;
    *ret_use = use;
    return 0;
}
