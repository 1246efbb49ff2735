/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram through every parser of rtnetlink messages, and into a map. */

#include <string.h>

#include "collector/link_map.h"
#include "collector/netlink.h"
#include "tests/harness/fuzz.h"

static int read_all(void *arg, const struct nlmsghdr *msg)
{
    struct rca_link_map *map = (struct rca_link_map *)arg;
    struct rca_nic nic = {.netns = msg->nlmsg_pid % 3};
    struct rca_qdisc qdisc = {0};
    struct rca_link_addr addr = {0};
    int nsid = 0;
    int err = 0;

    if (rca_link_parse(msg, &nic.link) == 0)
        err = rca_link_map_add(map, &nic);
    if (rca_link_parse_addr(msg, &addr) == 0 && !err)
        err = rca_link_map_add_addr(map, nic.netns, &addr);
    if (rca_link_parse_qdisc(msg, &qdisc) == 0 && !qdisc.kind[0])
        abort();
    if (rca_link_parse_nsid(msg, &nsid) < 0 && nsid)
        abort();
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_link_map map = {0};
    void *copy = malloc(size ? size : 1); /* aligned, and exactly as long */

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (rca_netlink_each(copy, size, 1, read_all, &map) > 1)
        abort();
    rca_link_map_pair(&map);
    for (size_t i = 0; i < map.n_nics; i++)
        if (map.nics[i].peer != RCA_LINK_NONE && map.nics[i].peer >= map.n_nics)
            abort();
    rca_link_map_done(&map);
    free(copy);
    return 0;
}
