/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "collector/nft_rules.h"
#include "collector/passer.h"
#include "collector/source.h"

/*
 * nft - the source of nftables' rule counters, by nfnetlink.
 *
 * Each ruleset has a generation number. While it stays, only counters are
 * read from a dump (the kernel cannot give them alone); when it changes, names,
 * chains and verdicts are read anew. A namespace without a counted rule costs
 * one question a tick.
 */

/* Most filtered_by edges of a tick: rules times users grows fast, and a graph
 * in which everybody is filtered by everything says nothing. Rules that drop
 * come first. */
#define EDGES_MAX 5000

#define REQUEST_BYTES 64
/* Most sets of ports that are read of a namespace, when its rules change. */
#define SETS_MAX 100
#define HOOK "nfnetlink"
#define LOST "packets dropped or matched by firewall rules"

/* What the features say. */
struct told {
    size_t rules, uncounted, left_out, silent;
};

struct nft_state {
    struct rca_netlink_set set;
    struct rca_passers passers; /* of the namespace at hand */
    size_t edges_left;
    struct told told; /* as last told */
    uint64_t failed; /* answers that did not come whole */
};

/* What is kept about a namespace. */
struct ruleset {
    struct rca_nft_rules rules;
    uint32_t generation;
    _Bool known;
};

static void free_ruleset(void *data)
{
    struct ruleset *ruleset = (struct ruleset *)data;

    rca_nft_rules_done(&ruleset->rules);
    free(ruleset);
}

/* --- asking --------------------------------------------------------------- */

static struct nlmsghdr *put_request(void *buf, unsigned type)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    struct nfgenmsg *gen = NULL;

    msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
    gen = (struct nfgenmsg *)mnl_nlmsg_put_extra_header(msg, sizeof *gen);
    gen->nfgen_family = NFPROTO_UNSPEC;
    gen->version = NFNETLINK_V0;
    return msg;
}

static int dump(struct rca_netlink_ns *ns, unsigned type,
                rca_netlink_visit *visit, void *arg)
{
    _Alignas(8) char buf[REQUEST_BYTES];

    return rca_netlink_dump(ns->nl, put_request(buf, type), visit, arg);
}

static int read_generation(void *arg, const struct nlmsghdr *msg)
{
    return rca_nft_parse_generation(msg, (uint32_t *)arg);
}

static int ask_generation(struct rca_netlink_ns *ns, uint32_t *ret)
{
    _Alignas(8) char buf[REQUEST_BYTES];

    return rca_netlink_ask(ns->nl, put_request(buf, NFT_MSG_GETGEN),
                           read_generation, ret);
}

/* Messages that do not parse are passed over. */
static int add_chain(void *arg, const struct nlmsghdr *msg)
{
    struct rca_nft_chain chain;

    if (rca_nft_parse_chain(msg, &chain))
        return 0;
    return rca_nft_rules_add_chain((struct rca_nft_rules *)arg, &chain);
}

static int add_rule(void *arg, const struct nlmsghdr *msg)
{
    struct rca_nft_rule rule;

    if (rca_nft_parse_rule(msg, &rule))
        return 0;
    return rca_nft_rules_add((struct rca_nft_rules *)arg, &rule);
}

struct updating {
    struct rca_nft_rules *rules;
    size_t at;
};

static void update(struct updating *u, const struct rca_nft_rule *rule)
{
    struct rca_nft_entry *entry = rca_nft_rules_find(u->rules, rule, &u->at);

    if (!entry)
        return;
    entry->rule.packets = rule->packets;
    entry->rule.bytes = rule->bytes;
}

static int update_rule(void *arg, const struct nlmsghdr *msg)
{
    struct rca_nft_rule rule;

    if (rca_nft_parse_rule(msg, &rule) == 0 && rule.counted)
        update((struct updating *)arg, &rule);
    return 0;
}

static int update_policy(void *arg, const struct nlmsghdr *msg)
{
    struct rca_nft_chain chain;
    struct rca_nft_rule rule;

    if (rca_nft_parse_chain(msg, &chain) || !chain.drops || !chain.counted)
        return 0;
    rule = rca_nft_rules_policy(&chain);
    update((struct updating *)arg, &rule);
    return 0;
}

static void name_rules(struct rca_netlink_ns *ns, struct rca_observer *obs,
                       struct rca_nft_rules *rules)
{
    char name[RCA_NFT_NAME_SIZE];

    for (size_t i = 0; i < rules->n; i++)
        rules->entries[i].entity = rca_observe_entity(
            obs, RCA_KIND_RULE,
            rca_nft_entry_name(&rules->entries[i], ns->name, name));
}

static int add_ports(void *arg, const struct nlmsghdr *msg)
{
    /* what does not parse is passed over */
    (void)!rca_nft_parse_ports(msg, (struct rca_nft_ports *)arg);
    return 0;
}

/* What is in the sets of ports that rules look into: most have a few, of no
 * name. A set that does not come says nothing. */
static int read_sets(struct rca_netlink_ns *ns, struct rca_nft_rules *rules)
{
    _Alignas(8) char buf[REQUEST_BYTES + 2 * (NFT_NAME_MAXLEN + 8)];
    size_t asked = 0;
    int err = 0;

    for (size_t i = 0; err != -ENOMEM && i < rules->n; i++) {
        struct rca_nft_entry *e = &rules->entries[i];
        struct nlmsghdr *msg = NULL;

        if (!e->rule.ports[0] || asked == SETS_MAX)
            continue;
        asked++;
        msg = put_request(buf, NFT_MSG_GETSETELEM);
        ((struct nfgenmsg *)mnl_nlmsg_get_payload(msg))->nfgen_family =
            (uint8_t)e->rule.family;
        mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, e->rule.table);
        mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, e->rule.ports);
        err = rca_netlink_dump(ns->nl, msg, add_ports, &e->ports);
        e->ports.beyond = e->ports.beyond || err;
    }
    return err == -ENOMEM ? err : 0;
}

static int read_ruleset(struct rca_netlink_ns *ns, struct ruleset *ruleset,
                        uint32_t generation)
{
    int err = 0;

    ruleset->known = 0;
    rca_nft_rules_reset(&ruleset->rules);
    err = dump(ns, NFT_MSG_GETCHAIN, add_chain, &ruleset->rules);
    if (!err)
        err = dump(ns, NFT_MSG_GETRULE, add_rule, &ruleset->rules);
    if (!err)
        err = read_sets(ns, &ruleset->rules);
    if (err)
        return err;
    rca_nft_rules_link(&ruleset->rules);
    ruleset->generation = generation;
    ruleset->known = 1;
    return 0;
}

/* An error means that nothing is known of this namespace in this tick: the
 * next one tries again. */
static int refresh(struct rca_netlink_ns *ns)
{
    struct ruleset *ruleset = (struct ruleset *)ns->data;
    struct updating u = {0};
    uint32_t generation = 0;
    int err = 0;

    if (!ruleset) {
        ruleset = (struct ruleset *)calloc(1, sizeof *ruleset);
        if (!ruleset)
            return -ENOMEM;
        ns->data = ruleset;
    }
    err = ask_generation(ns, &generation);
    if (!err && (!ruleset->known || generation != ruleset->generation))
        return read_ruleset(ns, ruleset, generation);
    u.rules = &ruleset->rules;
    if (!err && ruleset->rules.policies)
        err = dump(ns, NFT_MSG_GETCHAIN, update_policy, &u);
    if (!err && ruleset->rules.n > ruleset->rules.policies)
        err = dump(ns, NFT_MSG_GETRULE, update_rule, &u);
    if (err)
        ruleset->known = 0;
    return err;
}

/* The rules of @ns if they are known in this tick, else NULL. */
static struct rca_nft_rules *rules_of(const struct rca_netlink_ns *ns)
{
    struct ruleset *ruleset = (struct ruleset *)ns->data;

    return ruleset && ruleset->known ? &ruleset->rules : NULL;
}

/* --- who passes ----------------------------------------------------------- */

static void report_edge(struct nft_state *state, struct rca_observer *obs,
                        rca_id user, rca_id rule)
{
    if (!state->edges_left || user == RCA_ID_NONE)
        return;
    state->edges_left--;
    rca_observe_edge(obs, user, rule, RCA_EDGE_FILTERED_BY);
}

static void report_passers(struct nft_state *state, struct rca_observer *obs,
                           const struct rca_nft_entry *entry, uint64_t netns)
{
    const struct rca_link_map *map = state->passers.map;
    rca_id last = RCA_ID_NONE;

    for (size_t i = 0; i < map->n_nics; i++)
        if (map->nics[i].netns == netns &&
            rca_nft_entry_takes_nic(entry, map, i))
            report_edge(state, obs, map->nics[i].entity, entry->entity);
    for (size_t i = 0; i < state->passers.n; i++) {
        const struct rca_passer *p = &state->passers.list[i];

        if (p->entity == last ||
            !rca_nft_entry_takes_end(entry, map, p->nic, p->local, p->port))
            continue;
        last = p->entity;
        report_edge(state, obs, p->entity, entry->entity);
    }
}

static int report_edges(struct nft_state *state, struct rca_observer *obs,
                        _Bool dropping)
{
    for (size_t i = 0; i < state->set.n; i++) {
        const struct rca_netlink_ns *ns = &state->set.ns[i];
        const struct rca_nft_rules *rules = rules_of(ns);
        int err = 0;

        if (!rules || !rules->n)
            continue;
        err = rca_passers_find(&state->passers, obs, ns->inode);
        if (err)
            return err;
        for (size_t j = 0; j < rules->n && state->edges_left; j++)
            if (rca_nft_entry_drops(&rules->entries[j]) == dropping)
                report_passers(state, obs, &rules->entries[j], ns->inode);
    }
    return 0;
}

/* --- reports -------------------------------------------------------------- */

static void report_rule(struct rca_observer *obs,
                        const struct rca_nft_entry *entry)
{
    const double packets = (double)entry->rule.packets;

    if (rca_nft_entry_drops(entry)) { /* all of its packets: said once */
        rca_observe_value(obs, entry->entity, "rule_drops_total", packets);
        return;
    }
    rca_observe_value(obs, entry->entity, "rule_packets_total", packets);
    rca_observe_value(obs, entry->entity, "rule_bytes_total",
                      (double)entry->rule.bytes);
}

/* @what: printed with @n where that is not 0 */
static void tell_lack(struct rca_observer *obs, const char *feature, size_t n,
                      const char *what, const char *lost)
{
    char how[96];

    snprintf(how, sizeof how, "%zu %s", n, what);
    rca_observer_feature(obs, feature, n ? RCA_FEATURE_OFF : RCA_FEATURE_ON,
                         n ? how : "there are none", n ? lost : "");
}

static void report_counts(struct rca_observer *obs, const struct told *t)
{
    char how[96];

    snprintf(how, sizeof how, "nfnetlink: %zu rules with a counter", t->rules);
    rca_observer_feature(obs, "nftables rules", RCA_FEATURE_ON, how, "");
    tell_lack(obs, "nftables rules without a counter", t->uncounted,
              "rules have no `counter`", "packets that they match or drop");
    tell_lack(obs, "nftables policies without a counter", t->silent,
              "chains drop what no rule accepts and do not count",
              "which of them drops: the namespace's drops_netfilter_drop_total"
              " has the sum");
    tell_lack(obs, "nftables rules over the limit", t->left_out,
              "rules over 500 in one namespace",
              "their packets; those that drop are kept");
}
static_assert(RCA_NFT_RULES_MAX == 500, "what the text says");

static void tell_counts(struct nft_state *state, struct rca_observer *obs)
{
    struct told t = {0};

    for (size_t i = 0; i < state->set.n; i++) {
        const struct rca_nft_rules *r = rules_of(&state->set.ns[i]);

        t.rules += r ? r->n : 0;
        t.uncounted += r ? r->uncounted : 0;
        t.left_out += r ? r->left_out : 0;
        t.silent += r ? r->silent : 0;
    }
    if (memcmp(&t, &state->told, sizeof t) == 0)
        return;
    state->told = t;
    report_counts(obs, &t);
}

static void tell_namespaces(const struct nft_state *state,
                            struct rca_observer *obs)
{
    static const char *const feature = "nftables of other network namespaces";
    char how[96];
    int err = 0;
    size_t closed = rca_netlink_set_closed(&state->set, &err);

    snprintf(how, sizeof how, "%zu not entered: %s (needs CAP_SYS_ADMIN)",
             closed, rca_strerror(err));
    if (closed)
        rca_observer_feature(obs, feature, RCA_FEATURE_OFF, how,
                             "firewall rules inside containers");
    else
        rca_observer_feature(obs, feature, RCA_FEATURE_ON,
                             "nfnetlink after setns(2)", "");
}

/* --- the source ----------------------------------------------------------- */

static void close_nft(void **state)
{
    struct nft_state *s = (struct nft_state *)*state;

    if (!s)
        return;
    rca_netlink_set_done(&s->set);
    rca_passers_done(&s->passers);
    free(s);
    *state = NULL;
}

static int probe(struct nft_state *s, struct rca_observer *obs)
{
    uint32_t generation = 0;
    int err = rca_netlink_set_refresh(&s->set, obs);

    if (!err)
        err = ask_generation(&s->set.ns[0], &generation);
    if (!err || err == -ENOMEM)
        return err;
    rca_observer_feature(obs, "nftables rules", RCA_FEATURE_OFF,
                         err == -EPERM ? "needs CAP_NET_ADMIN"
                                       : "no nf_tables in this kernel",
                         LOST);
    return RCA_ENOSUPPORT;
}

static int open_nft(const struct rca_source_env *env, struct rca_observer *obs,
                    void **ret_state)
{
    void *state RCA_CLEANUP(close_nft) = calloc(1, sizeof(struct nft_state));
    struct nft_state *s = (struct nft_state *)state;
    int err = 0;

    if (!s)
        return -ENOMEM;
    if (!rca_source_may(env, HOOK)) {
        rca_observer_feature(obs, "nftables rules", RCA_FEATURE_OFF,
                             "turned off by 'without'", LOST);
        return RCA_ENOSUPPORT;
    }
    s->set.bus = NETLINK_NETFILTER;
    s->set.free_data = free_ruleset;
    err = probe(s, obs);
    if (err)
        return err;
    report_counts(obs, &s->told);
    tell_namespaces(s, obs);
    *ret_state = RCA_TAKE(state);
    return 0;
}

static int report_rules(struct nft_state *s, struct rca_observer *obs)
{
    int err = rca_passers_refresh(&s->passers, obs);

    for (size_t i = 0; !err && i < s->set.n; i++) {
        struct rca_nft_rules *rules = rules_of(&s->set.ns[i]);

        if (!rules)
            continue;
        name_rules(&s->set.ns[i], obs, rules);
        for (size_t j = 0; j < rules->n; j++)
            report_rule(obs, &rules->entries[j]);
    }
    s->edges_left = EDGES_MAX;
    if (!err)
        err = report_edges(s, obs, 1);
    if (!err)
        err = report_edges(s, obs, 0);
    return err;
}

static int tick_nft(void *state, struct rca_observer *obs)
{
    struct nft_state *s = (struct nft_state *)state;
    const unsigned version = s->set.version;
    int err = rca_netlink_set_refresh(&s->set, obs);

    for (size_t i = 0; !err && i < s->set.n; i++) {
        const int r = s->set.ns[i].nl ? refresh(&s->set.ns[i]) : 0;

        err = r == -ENOMEM ? r : 0;
        s->failed += r != 0;
    }
    if (err)
        return err;
    rca_observe_loss(obs, "nft_dumps", s->failed);
    if (version != s->set.version)
        tell_namespaces(s, obs);
    tell_counts(s, obs);
    return s->told.rules ? report_rules(s, obs) : 0;
}

const struct rca_source rca_source_nft = {
    .name = "nft",
    .open = open_nft,
    .tick = tick_nft,
    .close = close_nft,
};
