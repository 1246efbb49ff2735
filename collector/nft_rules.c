/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/nft_rules.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#define HOOK(hook) (1U << (hook))
/* what a packet that is not for this namespace passes */
#define HOOKS_THROUGH                                                          \
    (HOOK(NF_INET_PRE_ROUTING) | HOOK(NF_INET_FORWARD) |                       \
     HOOK(NF_INET_POST_ROUTING) | HOOK(NF_INET_INGRESS))

/* Deepest nesting of jumps that the kernel allows (NFT_JUMP_STACK_SIZE). */
#define JUMPS_MAX 16

void rca_nft_rules_done(struct rca_nft_rules *rules)
{
    free(rules->entries);
    free(rules->chains);
    free(rules->jumps);
    *rules = (struct rca_nft_rules){0};
}

void rca_nft_rules_reset(struct rca_nft_rules *rules)
{
    rules->n = 0;
    rules->n_chains = 0;
    rules->n_jumps = 0;
    rules->uncounted = 0;
    rules->left_out = 0;
    rules->policies = 0;
    rules->silent = 0;
}

static int add_jump(struct rca_nft_rules *rules,
                    const struct rca_nft_rule *rule)
{
    struct rca_nft_jump *jumps = (struct rca_nft_jump *)rca_grow(
        rules->jumps, rules->n_jumps, &rules->cap_jumps, sizeof *jumps);
    struct rca_nft_jump *jump = NULL;

    if (!jumps)
        return -ENOMEM;
    rules->jumps = jumps;
    jump = &jumps[rules->n_jumps++];
    jump->family = rule->family;
    memcpy(jump->table, rule->table, sizeof jump->table);
    memcpy(jump->from, rule->chain, sizeof jump->from);
    memcpy(jump->to, rule->jump, sizeof jump->to);
    return 0;
}

static _Bool drops(const struct rca_nft_rule *rule)
{
    return rule->verdict == RCA_NFT_DROP || rule->verdict == RCA_NFT_REJECT;
}

/* Where to put one more rule once the limit is reached; NULL: nowhere. */
static struct rca_nft_entry *replace(struct rca_nft_rules *rules,
                                     const struct rca_nft_rule *rule)
{
    rules->left_out++;
    for (size_t i = rules->n; drops(rule) && i > 0; i--)
        if (!drops(&rules->entries[i - 1].rule))
            return &rules->entries[i - 1];
    return NULL;
}

static int add_entry(struct rca_nft_rules *rules,
                     const struct rca_nft_rule *rule)
{
    struct rca_nft_entry *entries = NULL;
    struct rca_nft_entry *entry = NULL;

    if (rules->n == RCA_NFT_RULES_MAX) {
        entry = replace(rules, rule);
        if (!entry)
            return 0;
    } else {
        entries = (struct rca_nft_entry *)rca_grow(
            rules->entries, rules->n, &rules->cap, sizeof *entries);
        if (!entries)
            return -ENOMEM;
        rules->entries = entries;
        entry = &entries[rules->n++];
    }
    memset(entry, 0, sizeof *entry);
    entry->rule = *rule;
    entry->entity = RCA_ID_NONE;
    return 0;
}

struct rca_nft_rule rca_nft_rules_policy(const struct rca_nft_chain *chain)
{
    struct rca_nft_rule rule = {.family = chain->family,
                                .verdict = RCA_NFT_DROP,
                                .counted = 1,
                                .exact = 1,
                                .packets = chain->packets,
                                .bytes = chain->bytes};

    memcpy(rule.table, chain->table, sizeof rule.table);
    memcpy(rule.chain, chain->name, sizeof rule.chain);
    return rule;
}

static int add_policy(struct rca_nft_rules *rules,
                      const struct rca_nft_chain *chain)
{
    const struct rca_nft_rule rule = rca_nft_rules_policy(chain);

    if (chain->hook < 0 || !chain->drops)
        return 0;
    if (!chain->counted) {
        rules->silent++;
        return 0;
    }
    rules->policies++;
    return add_entry(rules, &rule);
}

int rca_nft_rules_add_chain(struct rca_nft_rules *rules,
                            const struct rca_nft_chain *chain)
{
    struct rca_nft_node *chains = (struct rca_nft_node *)rca_grow(
        rules->chains, rules->n_chains, &rules->cap_chains, sizeof *chains);

    if (!chains)
        return -ENOMEM;
    rules->chains = chains;
    chains[rules->n_chains++] = (struct rca_nft_node){
        .chain = *chain,
        .hooks = chain->hook < 0 ? 0 : HOOK(chain->hook),
    };
    return add_policy(rules, chain);
}

int rca_nft_rules_add(struct rca_nft_rules *rules,
                      const struct rca_nft_rule *rule)
{
    int err = 0;

    if (rule->verdict == RCA_NFT_JUMP)
        err = add_jump(rules, rule);
    if (!rule->counted)
        rules->uncounted++;
    else if (!err)
        err = add_entry(rules, rule);
    return err;
}

/* --- links between chains ------------------------------------------------- */

static struct rca_nft_node *find_chain(const struct rca_nft_rules *rules,
                                       int family, const char *table,
                                       const char *name)
{
    for (size_t i = 0; i < rules->n_chains; i++) {
        struct rca_nft_node *node = &rules->chains[i];

        if (node->chain.family == family &&
            strcmp(node->chain.name, name) == 0 &&
            strcmp(node->chain.table, table) == 0)
            return node;
    }
    return NULL;
}

static void spread_hooks(const struct rca_nft_rules *rules)
{
    _Bool changed = 1;

    for (int round = 0; changed && round < JUMPS_MAX; round++) {
        changed = 0;
        for (size_t i = 0; i < rules->n_jumps; i++) {
            const struct rca_nft_jump *j = &rules->jumps[i];
            const struct rca_nft_node *from =
                find_chain(rules, j->family, j->table, j->from);
            struct rca_nft_node *to =
                find_chain(rules, j->family, j->table, j->to);

            if (!from || !to || (to->hooks | from->hooks) == to->hooks)
                continue;
            to->hooks |= from->hooks;
            changed = 1;
        }
    }
}

static _Bool has_twin(const struct rca_nft_rules *rules,
                      const struct rca_nft_rule *rule)
{
    for (size_t i = 0; i < rules->n_chains; i++)
        if (rules->chains[i].chain.family != rule->family &&
            strcmp(rules->chains[i].chain.table, rule->table) == 0)
            return 1;
    return 0;
}

void rca_nft_rules_link(struct rca_nft_rules *rules)
{
    spread_hooks(rules);
    for (size_t i = 0; i < rules->n; i++) {
        struct rca_nft_entry *e = &rules->entries[i];
        const struct rca_nft_node *node =
            find_chain(rules, e->rule.family, e->rule.table, e->rule.chain);

        e->twin = has_twin(rules, &e->rule);
        e->hooks = node ? node->hooks : 0;
        if (node)
            memcpy(e->dev, node->chain.dev, sizeof e->dev);
    }
}

static _Bool is_same(const struct rca_nft_rule *a, const struct rca_nft_rule *b)
{
    return a->handle == b->handle && a->family == b->family &&
           strcmp(a->table, b->table) == 0 && strcmp(a->chain, b->chain) == 0;
}

struct rca_nft_entry *rca_nft_rules_find(struct rca_nft_rules *rules,
                                         const struct rca_nft_rule *rule,
                                         size_t *at)
{
    for (size_t i = 0; i < rules->n; i++) {
        size_t j = (*at + i) % rules->n;

        if (is_same(&rules->entries[j].rule, rule)) {
            *at = j + 1;
            return &rules->entries[j];
        }
    }
    return NULL;
}

/* --- one rule ------------------------------------------------------------- */

const char *rca_nft_entry_name(const struct rca_nft_entry *entry,
                               const char *netns, char name[RCA_NFT_NAME_SIZE])
{
    const struct rca_nft_rule *rule = &entry->rule;

    char last[24] = "policy";

    if (rule->handle)
        snprintf(last, sizeof last, "%llu", (unsigned long long)rule->handle);
    snprintf(name, RCA_NFT_NAME_SIZE, "%s%s%s%s%s/%s/%s", netns,
             netns[0] ? ":" : "",
             entry->twin ? rca_nft_family_name(rule->family) : "",
             entry->twin ? "/" : "", rule->table, rule->chain, last);
    return name;
}

_Bool rca_nft_entry_drops(const struct rca_nft_entry *entry)
{
    return drops(&entry->rule) && entry->rule.exact;
}

static _Bool is_named(const struct rca_nft_iface *iface)
{
    return iface->name[0] || iface->index;
}

static _Bool fits(const struct rca_nft_iface *iface,
                  const struct rca_link *link)
{
    if (iface->index)
        return (int)iface->index == link->index;
    if (!iface->name[0])
        return 0;
    if (iface->prefix)
        return strncmp(iface->name, link->name, strlen(iface->name)) == 0;
    return strcmp(iface->name, link->name) == 0;
}

static _Bool fits_one(const struct rca_nft_entry *entry,
                      const struct rca_link *link)
{
    return fits(&entry->rule.in, link) || fits(&entry->rule.out, link) ||
           (entry->dev[0] && strcmp(entry->dev, link->name) == 0);
}

_Bool rca_nft_entry_takes_nic(const struct rca_nft_entry *entry,
                              const struct rca_link_map *map, size_t nic)
{
    const struct rca_nic *n = NULL;

    if (!is_named(&entry->rule.in) && !is_named(&entry->rule.out) &&
        !entry->dev[0])
        return 1;
    if (nic == RCA_LINK_NONE)
        return 0;
    n = &map->nics[nic];
    return fits_one(entry, &n->link) ||
           (n->master != RCA_LINK_NONE &&
            fits_one(entry, &map->nics[n->master].link));
}

_Bool rca_nft_entry_takes_end(const struct rca_nft_entry *entry,
                              const struct rca_link_map *map, size_t nic,
                              _Bool local, uint16_t port)
{
    const unsigned hooks = entry->hooks ? entry->hooks : ~0U;

    if (entry->rule.dport && port && entry->rule.dport != port)
        return 0;
    if (!rca_nft_ports_may(&entry->ports, port))
        return 0;
    /* bound to a device: the numbers of its hooks mean something else */
    if (!entry->dev[0] && local && (hooks & ~HOOK(NF_INET_FORWARD)) == 0)
        return 0;
    if (!entry->dev[0] && !local && (hooks & HOOKS_THROUGH) == 0)
        return 0;
    return rca_nft_entry_takes_nic(entry, map, nic);
}
