/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/nft_msg.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "collector/netlink.h"

/*
 * A rule is a list of expressions. A comparison takes two: one loads a value
 * into a register, the next compares the register with a constant. Only the
 * last load is remembered, which is how nft(8) and iptables-nft write rules.
 */

enum loaded {
    LOADED_NOTHING,
    LOADED_IN_NAME,
    LOADED_OUT_NAME,
    LOADED_IN_INDEX,
    LOADED_OUT_INDEX,
    LOADED_DPORT,
};

struct walk {
    struct rca_nft_rule *rule;
    enum loaded loaded;
    uint32_t reg;
};

/* The last attribute of @type in @in_attr (which may be NULL), or NULL. */
static const struct nlattr *nested(const struct nlattr *in_attr, unsigned type)
{
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;
    const struct nlattr *found = NULL;

    if (!in_attr)
        return NULL;
    in = rca_netlink_nested(in_attr);
    while ((attr = rca_netlink_next(&in)))
        if (mnl_attr_get_type(attr) == type)
            found = attr;
    return found;
}

static uint32_t nested_be32(const struct nlattr *in_attr, unsigned type)
{
    const struct nlattr *attr = nested(in_attr, type);

    return attr ? rca_netlink_be32(attr) : 0;
}

static uint64_t nested_be64(const struct nlattr *in_attr, unsigned type)
{
    const struct nlattr *attr = nested(in_attr, type);

    return attr ? rca_netlink_be64(attr) : 0;
}

/* --- expressions ---------------------------------------------------------- */

static void read_meta(struct walk *w, const struct nlattr *data)
{
    if (!nested(data, NFTA_META_DREG))
        return; /* sets, does not load */
    w->reg = nested_be32(data, NFTA_META_DREG);
    switch (nested_be32(data, NFTA_META_KEY)) {
    case NFT_META_IIFNAME:
        w->loaded = LOADED_IN_NAME;
        break;
    case NFT_META_OIFNAME:
        w->loaded = LOADED_OUT_NAME;
        break;
    case NFT_META_IIF:
        w->loaded = LOADED_IN_INDEX;
        break;
    case NFT_META_OIF:
        w->loaded = LOADED_OUT_INDEX;
        break;
    default:
        w->loaded = LOADED_NOTHING;
    }
}

/* Destination port: bytes 2 and 3 of TCP, UDP, SCTP and DCCP headers. */
static void read_payload(struct walk *w, const struct nlattr *data)
{
    w->reg = nested_be32(data, NFTA_PAYLOAD_DREG);
    w->loaded = LOADED_NOTHING;
    if (nested_be32(data, NFTA_PAYLOAD_BASE) == NFT_PAYLOAD_TRANSPORT_HEADER &&
        nested_be32(data, NFTA_PAYLOAD_OFFSET) == 2 &&
        nested_be32(data, NFTA_PAYLOAD_LEN) == 2)
        w->loaded = LOADED_DPORT;
}

static void set_name(struct rca_nft_iface *iface, const struct nlattr *value)
{
    rca_netlink_string(value, iface->name, sizeof iface->name);
    iface->prefix = mnl_attr_get_payload_len(value) == strlen(iface->name);
}

static void read_cmp(struct walk *w, const struct nlattr *data)
{
    const struct nlattr *value =
        nested(nested(data, NFTA_CMP_DATA), NFTA_DATA_VALUE);
    const unsigned char *bytes = NULL;

    if (!value || nested_be32(data, NFTA_CMP_OP) != NFT_CMP_EQ ||
        nested_be32(data, NFTA_CMP_SREG) != w->reg)
        return;
    bytes = (const unsigned char *)mnl_attr_get_payload(value);
    if (w->loaded == LOADED_IN_NAME)
        set_name(&w->rule->in, value);
    else if (w->loaded == LOADED_OUT_NAME)
        set_name(&w->rule->out, value);
    else if (w->loaded == LOADED_IN_INDEX)
        w->rule->in.index = rca_netlink_u32(value);
    else if (w->loaded == LOADED_OUT_INDEX)
        w->rule->out.index = rca_netlink_u32(value);
    else if (w->loaded == LOADED_DPORT && mnl_attr_get_payload_len(value) == 2)
        w->rule->dport = (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void read_lookup(struct walk *w, const struct nlattr *data)
{
    const struct nlattr *set = nested(data, NFTA_LOOKUP_SET);

    if (!set || w->loaded != LOADED_DPORT ||
        nested_be32(data, NFTA_LOOKUP_SREG) != w->reg ||
        nested_be32(data, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV)
        return;
    rca_netlink_string(set, w->rule->ports, sizeof w->rule->ports);
}

static void read_counter(struct walk *w, const struct nlattr *data)
{
    w->rule->counted = 1;
    w->rule->exact = 1;
    w->rule->packets = nested_be64(data, NFTA_COUNTER_PACKETS);
    w->rule->bytes = nested_be64(data, NFTA_COUNTER_BYTES);
}

static enum rca_nft_verdict verdict_of(int32_t code)
{
    switch (code) {
    case NF_DROP:
        return RCA_NFT_DROP;
    case NF_ACCEPT:
        return RCA_NFT_ACCEPT;
    case NFT_JUMP:
    case NFT_GOTO:
        return RCA_NFT_JUMP;
    default:
        return RCA_NFT_OTHER;
    }
}

static void read_immediate(struct walk *w, const struct nlattr *data)
{
    const struct nlattr *verdict =
        nested(nested(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
    const struct nlattr *chain = nested(verdict, NFTA_VERDICT_CHAIN);

    if (!verdict || !nested(verdict, NFTA_VERDICT_CODE))
        return;
    w->rule->verdict =
        verdict_of((int32_t)nested_be32(verdict, NFTA_VERDICT_CODE));
    if (chain)
        rca_netlink_string(chain, w->rule->jump, sizeof w->rule->jump);
}

static void read_reject(struct walk *w, const struct nlattr *data)
{
    (void)data;
    w->rule->verdict = RCA_NFT_REJECT;
}

/* iptables-nft may leave REJECT to the old module. */
static void read_target(struct walk *w, const struct nlattr *data)
{
    const struct nlattr *attr = nested(data, NFTA_TARGET_NAME);
    char name[32] = "";

    if (attr)
        rca_netlink_string(attr, name, sizeof name);
    w->rule->verdict =
        strcmp(name, "REJECT") == 0 ? RCA_NFT_REJECT : RCA_NFT_OTHER;
}

/* @condition: packets may leave the rule here */
static const struct {
    const char *name;
    void (*read)(struct walk *w, const struct nlattr *data);
    _Bool condition;
} expressions[] = {
    {"cmp", read_cmp, 1},
    {"meta", read_meta, 0},
    {"payload", read_payload, 0},
    {"counter", read_counter, 0},
    {"reject", read_reject, 0},
    {"immediate", read_immediate, 0},
    {"target", read_target, 0},
    {"lookup", read_lookup, 1},
    {"limit", NULL, 1},
    {"quota", NULL, 1},
    {"match", NULL, 1},
    {"range", NULL, 1},
    {"connlimit", NULL, 1},
    {"dynset", NULL, 1},
    {"last", NULL, 0},
};

static void read_expression(struct walk *w, const struct nlattr *expr)
{
    const struct nlattr *name_attr = nested(expr, NFTA_EXPR_NAME);
    const struct nlattr *data = nested(expr, NFTA_EXPR_DATA);
    char name[32];
    size_t i = 0;

    if (!name_attr)
        return;
    rca_netlink_string(name_attr, name, sizeof name);
    while (i < RCA_ARRAY_SIZE(expressions) &&
           strcmp(expressions[i].name, name) != 0)
        i++;
    if (i < RCA_ARRAY_SIZE(expressions) && expressions[i].condition)
        w->rule->exact = 0;
    if (i < RCA_ARRAY_SIZE(expressions) && expressions[i].read)
        expressions[i].read(w, data);
    else
        w->loaded = LOADED_NOTHING; /* may have changed the register */
}

static void read_expressions(struct rca_nft_rule *rule,
                             const struct nlattr *list)
{
    struct walk w = {.rule = rule};
    struct rca_netlink_attrs in = rca_netlink_nested(list);
    const struct nlattr *attr = NULL;

    while ((attr = rca_netlink_next(&in)))
        if (mnl_attr_get_type(attr) == NFTA_LIST_ELEM)
            read_expression(&w, attr);
}

/* --- messages ------------------------------------------------------------- */

int rca_nft_parse_rule(const struct nlmsghdr *msg,
                       struct rca_nft_rule *ret_rule)
{
    const struct nfgenmsg *gen =
        (const struct nfgenmsg *)rca_netlink_fixed(msg, sizeof *gen);
    struct rca_nft_rule rule = {.exact = 0};
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;

    if (!gen)
        return RCA_ESYNTAX;
    rule.family = gen->nfgen_family;
    in = rca_netlink_attrs(msg, sizeof *gen);
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) == NFTA_RULE_TABLE)
            rca_netlink_string(attr, rule.table, sizeof rule.table);
        else if (mnl_attr_get_type(attr) == NFTA_RULE_CHAIN)
            rca_netlink_string(attr, rule.chain, sizeof rule.chain);
        else if (mnl_attr_get_type(attr) == NFTA_RULE_HANDLE)
            rule.handle = rca_netlink_be64(attr);
        else if (mnl_attr_get_type(attr) == NFTA_RULE_EXPRESSIONS)
            read_expressions(&rule, attr);
    }
    if (!rule.table[0] || !rule.chain[0] || !rule.handle)
        return RCA_ESYNTAX;
    *ret_rule = rule;
    return 0;
}

static void read_hook(const struct nlattr *data, struct rca_nft_chain *chain)
{
    const struct nlattr *dev = nested(data, NFTA_HOOK_DEV);

    /* the mask keeps hostile numbers within a set of bits */
    chain->hook = (int)(nested_be32(data, NFTA_HOOK_HOOKNUM) & 15);
    if (dev)
        rca_netlink_string(dev, chain->dev, sizeof chain->dev);
}

static void read_chain_attr(const struct nlattr *attr,
                            struct rca_nft_chain *chain)
{
    switch (mnl_attr_get_type(attr)) {
    case NFTA_CHAIN_TABLE:
        rca_netlink_string(attr, chain->table, sizeof chain->table);
        break;
    case NFTA_CHAIN_NAME:
        rca_netlink_string(attr, chain->name, sizeof chain->name);
        break;
    case NFTA_CHAIN_HOOK:
        read_hook(attr, chain);
        break;
    case NFTA_CHAIN_POLICY:
        chain->drops = mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) &&
                       rca_netlink_be32(attr) == NF_DROP;
        break;
    case NFTA_CHAIN_COUNTERS:
        chain->counted = 1;
        chain->packets = nested_be64(attr, NFTA_COUNTER_PACKETS);
        chain->bytes = nested_be64(attr, NFTA_COUNTER_BYTES);
        break;
    default:
        break;
    }
}

int rca_nft_parse_chain(const struct nlmsghdr *msg,
                        struct rca_nft_chain *ret_chain)
{
    const struct nfgenmsg *gen =
        (const struct nfgenmsg *)rca_netlink_fixed(msg, sizeof *gen);
    struct rca_nft_chain chain = {.hook = -1};
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;

    if (!gen)
        return RCA_ESYNTAX;
    chain.family = gen->nfgen_family;
    in = rca_netlink_attrs(msg, sizeof *gen);
    while ((attr = rca_netlink_next(&in)))
        read_chain_attr(attr, &chain);
    if (!chain.table[0] || !chain.name[0])
        return RCA_ESYNTAX;
    *ret_chain = chain;
    return 0;
}

/* --- sets ----------------------------------------------------------------- */

static void add_port(struct rca_nft_ports *ports, const struct nlattr *elem)
{
    const struct nlattr *value =
        nested(nested(elem, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
    const unsigned char *bytes = NULL;

    if (!value || mnl_attr_get_payload_len(value) != 2 ||
        ports->n == RCA_NFT_PORTS_MAX) {
        ports->beyond = 1;
        return;
    }
    bytes = (const unsigned char *)mnl_attr_get_payload(value);
    ports->at[ports->n] = (uint16_t)(bytes[0] << 8 | bytes[1]);
    ports->ends[ports->n++] =
        nested_be32(elem, NFTA_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END;
}

int rca_nft_parse_ports(const struct nlmsghdr *msg, struct rca_nft_ports *ports)
{
    struct rca_netlink_attrs in = {0}, elems = {0};
    const struct nlattr *attr = NULL, *elem = NULL;

    if (!rca_netlink_fixed(msg, sizeof(struct nfgenmsg)))
        return RCA_ESYNTAX;
    in = rca_netlink_attrs(msg, sizeof(struct nfgenmsg));
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
            continue;
        elems = rca_netlink_nested(attr);
        while ((elem = rca_netlink_next(&elems)))
            add_port(ports, elem);
    }
    return 0;
}

/* In a set of ranges the last element at or before a port decides; nft(8)
 * puts an end at 0 into each, so that one without ends has no ranges. */
_Bool rca_nft_ports_may(const struct rca_nft_ports *ports, uint16_t port)
{
    const uint16_t *at = ports->at;
    unsigned last = RCA_NFT_PORTS_MAX;
    _Bool ranges = 0;

    if (ports->beyond || !ports->n || !port)
        return 1;
    for (unsigned i = 0; i < ports->n; i++) {
        ranges = ranges || ports->ends[i];
        /* where a range begins as another ends, it is in */
        if (at[i] <= port && (last == RCA_NFT_PORTS_MAX || at[i] > at[last] ||
                              (at[i] == at[last] && !ports->ends[i])))
            last = i;
    }
    if (last == RCA_NFT_PORTS_MAX)
        return 0;
    return ranges ? !ports->ends[last] : at[last] == port;
}

int rca_nft_parse_generation(const struct nlmsghdr *msg,
                             uint32_t *ret_generation)
{
    struct rca_netlink_attrs in = {0};
    const struct nlattr *attr = NULL;

    if (!rca_netlink_fixed(msg, sizeof(struct nfgenmsg)))
        return RCA_ESYNTAX;
    in = rca_netlink_attrs(msg, sizeof(struct nfgenmsg));
    while ((attr = rca_netlink_next(&in))) {
        if (mnl_attr_get_type(attr) != NFTA_GEN_ID ||
            mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
            continue;
        *ret_generation = rca_netlink_be32(attr);
        return 0;
    }
    return RCA_ESYNTAX;
}

const char *rca_nft_family_name(int family)
{
    switch (family) {
    case NFPROTO_INET:
        return "inet";
    case NFPROTO_IPV4:
        return "ip";
    case NFPROTO_ARP:
        return "arp";
    case NFPROTO_NETDEV:
        return "netdev";
    case NFPROTO_BRIDGE:
        return "bridge";
    case NFPROTO_IPV6:
        return "ip6";
    default:
        return "other";
    }
}
