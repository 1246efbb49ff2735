/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram through every parser of nf_tables messages, and into a ruleset.
 */

#include <string.h>

#include "collector/netlink.h"
#include "collector/nft_rules.h"
#include "tests/harness/fuzz.h"

static int read_all(void *arg, const struct nlmsghdr *msg)
{
    struct rca_nft_rules *rules = (struct rca_nft_rules *)arg;
    struct rca_nft_chain chain;
    struct rca_nft_rule rule;
    struct rca_nft_ports ports = {.n = 0};
    uint32_t generation = 0;
    int err = 0;

    if (rca_nft_parse_ports(msg, &ports) == 0 && ports.n > RCA_NFT_PORTS_MAX)
        abort();
    (void)rca_nft_ports_may(&ports, 80);

    if (rca_nft_parse_chain(msg, &chain) == 0)
        err = rca_nft_rules_add_chain(rules, &chain);
    if (rca_nft_parse_rule(msg, &rule) == 0 && !err)
        err = rca_nft_rules_add(rules, &rule);
    if (rca_nft_parse_generation(msg, &generation) < 0 && generation)
        abort();
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_nft_rules rules = {0};
    struct rca_link_map map = {0};
    char name[RCA_NFT_NAME_SIZE];
    size_t at = 0;
    void *copy = malloc(size ? size : 1); /* aligned, and exactly as long */

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (rca_netlink_each(copy, size, 1, read_all, &rules) > 1)
        abort();
    rca_nft_rules_link(&rules);
    for (size_t i = 0; i < rules.n; i++) {
        const struct rca_nft_entry *e = &rules.entries[i];

        if (!rca_nft_rules_find(&rules, &e->rule, &at) ||
            strlen(rca_nft_entry_name(e, "ns", name)) + 1 >= sizeof name)
            abort();
        (void)rca_nft_entry_takes_end(e, &map, RCA_LINK_NONE, 1, 80);
    }
    rca_nft_rules_done(&rules);
    free(copy);
    return 0;
}
