/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram through the parsers of ctnetlink's statistics. */

#include <stdlib.h>
#include <string.h>

#include "collector/conntrack_msg.h"
#include "collector/netlink.h"
#include "tests/harness/fuzz.h"

static int read_all(void *arg, const struct nlmsghdr *msg)
{
    struct rca_conntrack_use use = {.entries = 1, .limit = 2};

    if (rca_conntrack_parse_use(msg, &use) &&
        (use.entries != 1 || use.limit != 2))
        abort();
    return rca_conntrack_parse_cpu(msg, (struct rca_conntrack_stats *)arg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_conntrack_stats stats = {0};
    void *copy = malloc(size ? size : 1); /* aligned, and exactly as long */

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (rca_netlink_each(copy, size, 1, read_all, &stats) > 1)
        abort();
    free(copy);
    return 0;
}
