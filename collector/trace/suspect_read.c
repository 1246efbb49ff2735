/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * suspect_read - the counters of rules and policies that drop, by nfnetlink, in
 * each network namespace that the table of names knows.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "collector/netlink_set.h"
#include "collector/nft_msg.h"
#include "collector/trace/names_host.h"
#include "collector/trace/suspect.h"

#define REQUEST_BYTES 64

struct reading {
    struct rca_trace_suspects *suspects;
    uint32_t netns;
};

static void set_rule(struct rca_trace_rule *to, int family, const char *table,
                     const char *chain, uint64_t handle)
{
    *to = (struct rca_trace_rule){
        .handle = handle, .family = (uint32_t)family, .verdict = NF_DROP};
    (void)snprintf(to->table, sizeof(to->table), "%.*s", RCA_TRACE_NAME - 1,
                   table);
    (void)snprintf(to->chain, sizeof(to->chain), "%.*s", RCA_TRACE_NAME - 1,
                   chain);
}

static int note_rule(void *arg, const struct nlmsghdr *msg)
{
    const struct reading *r = (const struct reading *)arg;
    struct rca_nft_rule rule;
    struct rca_trace_rule to;

    if (rca_nft_parse_rule(msg, &rule) ||
        (rule.verdict != RCA_NFT_DROP && rule.verdict != RCA_NFT_REJECT))
        return 0;
    if (!rule.counted || !rule.exact)
        return rca_trace_suspects_silent(r->suspects, r->netns);
    set_rule(&to, rule.family, rule.table, rule.chain, rule.handle);
    return rca_trace_suspects_note(r->suspects, r->netns, &to, rule.packets);
}

static int note_policy(void *arg, const struct nlmsghdr *msg)
{
    const struct reading *r = (const struct reading *)arg;
    struct rca_nft_chain chain;
    struct rca_trace_rule to;

    if (rca_nft_parse_chain(msg, &chain) || !chain.drops)
        return 0;
    if (!chain.counted)
        return rca_trace_suspects_silent(r->suspects, r->netns);
    set_rule(&to, chain.family, chain.table, chain.name, 0);
    return rca_trace_suspects_note(r->suspects, r->netns, &to, chain.packets);
}

static int dump(const struct rca_netlink_ns *ns, unsigned type,
                rca_netlink_visit *visit, struct reading *r)
{
    _Alignas(8) char buf[REQUEST_BYTES];
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    struct nfgenmsg *gen;

    msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
    gen = mnl_nlmsg_put_extra_header(msg, sizeof(*gen));
    gen->nfgen_family = NFPROTO_UNSPEC;
    gen->version = NFNETLINK_V0;
    return rca_netlink_dump(ns->nl, msg, visit, r);
}

/* What does not answer says nothing. */
static int read_all(struct rca_trace_suspects *s,
                    const struct rca_netlink_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct rca_netlink_ns *ns = &set->ns[i];
        struct reading r = {s, (uint32_t)ns->inode};
        int err;

        if (!ns->nl)
            continue;
        err = dump(ns, NFT_MSG_GETCHAIN, note_policy, &r);
        if (err != -ENOMEM)
            err = dump(ns, NFT_MSG_GETRULE, note_rule, &r);
        if (err == -ENOMEM)
            return err;
    }
    return 0;
}

int rca_trace_suspects_look(struct rca_trace_suspects *suspects,
                            struct rca_trace_names *names)
{
    struct rca_netlink_set set RCA_CLEANUP(rca_netlink_set_done) = {
        .bus = NETLINK_NETFILTER};
    int r;

    suspects->looks++;
    suspects->at = 0;
    for (size_t i = 0; i < suspects->n; i++)
        suspects->list[i].there = 0;
    if (!names->host)
        return 0;
    r = rca_netlink_set_refresh(&set, names->host->obs);
    if (r)
        return r == -ENOMEM ? r : 0;
    return read_all(suspects, &set);
}
