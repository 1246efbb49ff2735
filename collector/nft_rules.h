/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_rules - the rules of one network namespace that have a counter, and who
 * passes them. In memory only; filled by the nft source.
 *
 * A rule is passed by what its chain's hook sees: the hooks of a chain that
 * others jump to are those of the chains that lead there (a chain reached only
 * through a map of verdicts has none and counts as seen by all).
 */

#include "collector/link_map.h"
#include "collector/nft_msg.h"
#include "collector/observer.h"

/* Most rules kept of a namespace: a dump of 1,000 takes 4 ms. */
#define RCA_NFT_RULES_MAX 500

/** struct rca_nft_entry - one rule that is kept
 * @hooks:    set of 1 << NF_INET_*, 0: not known
 * @dev:      device that its netdev chain is bound to, or ""
 * @ports:    what its set of ports holds; the source's
 * @twin:     another family has a table of the same name
 * @entity:   the source's */
struct rca_nft_entry {
    struct rca_nft_rule rule;
    unsigned hooks;
    char dev[IFNAMSIZ];
    _Bool twin;
    struct rca_nft_ports ports;
    rca_id entity;
};

struct rca_nft_node {
    struct rca_nft_chain chain;
    unsigned hooks;
};

struct rca_nft_jump {
    int family;
    char table[NFT_NAME_MAXLEN];
    char from[NFT_NAME_MAXLEN];
    char to[NFT_NAME_MAXLEN];
};

/** struct rca_nft_rules - all-zero is empty; arrays owned
 * @uncounted: rules without a counter
 * @left_out:  rules with one, over the limit
 * @policies:  base chains whose policy drops, and counts: each is an entry, as
 *             if it were a last rule, of handle 0
 * @silent:    base chains whose policy drops, and does not count */
struct rca_nft_rules {
    struct rca_nft_entry *entries;
    size_t n, cap;
    struct rca_nft_node *chains;
    size_t n_chains, cap_chains;
    struct rca_nft_jump *jumps;
    size_t n_jumps, cap_jumps;
    size_t uncounted;
    size_t left_out;
    size_t policies, silent;
};

void rca_nft_rules_done(struct rca_nft_rules *rules);
void rca_nft_rules_reset(struct rca_nft_rules *rules);

/** rca_nft_rules_add_chain(), rca_nft_rules_add() - copy in, chains first; a
 * rule that drops takes the place of one that does not once the limit is
 * reached; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_nft_rules_add_chain(struct rca_nft_rules *rules,
                                           const struct rca_nft_chain *chain);
RCA_MUST_CHECK int rca_nft_rules_add(struct rca_nft_rules *rules,
                                     const struct rca_nft_rule *rule);
/** rca_nft_rules_link() - once all are added: hooks, devices, twins;
 * O(chains * jumps) */
void rca_nft_rules_link(struct rca_nft_rules *rules);

/** rca_nft_rules_policy() - @chain's policy as a rule */
struct rca_nft_rule rca_nft_rules_policy(const struct rca_nft_chain *chain);

/** rca_nft_rules_find() - the kept rule that @rule is, or NULL
 * @at: where to begin, in the order in which they were added; updated */
struct rca_nft_entry *rca_nft_rules_find(struct rca_nft_rules *rules,
                                         const struct rca_nft_rule *rule,
                                         size_t *at);

#define RCA_NFT_NAME_SIZE (64 + 2 * NFT_NAME_MAXLEN + 32)

/** rca_nft_entry_name() - "[NETNS:][FAMILY/]table/chain/handle", or ".../policy";
 * returns @name
 * @netns: "" for the host's own */
const char *rca_nft_entry_name(const struct rca_nft_entry *entry,
                               const char *netns, char name[RCA_NFT_NAME_SIZE]);

/** rca_nft_entry_drops() - its counter counts dropped or refused packets */
_Bool rca_nft_entry_drops(const struct rca_nft_entry *entry);

/** rca_nft_entry_takes_nic() - whether packets of interface @nic (of @map, in
 * the rule's namespace) may pass: it or its bridge is one that the rule names,
 * or the rule names none */
_Bool rca_nft_entry_takes_nic(const struct rca_nft_entry *entry,
                              const struct rca_link_map *map, size_t nic);

/**
 * rca_nft_entry_takes_end() - whether packets of an endpoint may pass
 * @nic:   interface of the rule's namespace that carries them, or NONE
 * @local: the endpoint is in the rule's namespace, else beyond @nic
 * @port:  the service's, 0 if not known
 */
_Bool rca_nft_entry_takes_end(const struct rca_nft_entry *entry,
                              const struct rca_link_map *map, size_t nic,
                              _Bool local, uint16_t port);
