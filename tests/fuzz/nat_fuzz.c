/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram through the parsers of chains and of translated connections. */

#include <stdlib.h>
#include <string.h>

#include "collector/nat_msg.h"
#include "collector/netlink.h"
#include "tests/harness/fuzz.h"

static int read_all(void *arg, const struct nlmsghdr *msg)
{
    struct rca_nat_key key = {.port = 7};
    const int r = rca_nat_parse_entry(msg, &key);

    (void)arg;
    if (r && key.port != 7)
        abort();
    if (r == 0 && rca_nat_is_chain(msg))
        abort(); /* one or the other */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *copy = malloc(size ? size : 1); /* aligned, and exactly as long */

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (rca_netlink_each(copy, size, 1, read_all, NULL) > 1)
        abort();
    free(copy);
    return 0;
}
