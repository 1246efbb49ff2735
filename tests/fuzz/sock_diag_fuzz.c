/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram through the parser of inet_diag's listeners. */

#include "collector/sock_diag.h"

#include <stdlib.h>
#include <string.h>

#include "collector/netlink.h"
#include "tests/harness/fuzz.h"

static int read_all(void *arg, const struct nlmsghdr *msg)
{
    struct rca_sock_listener l = {.key.netns = 7, .limit = 9};

    (void)arg;
    if (rca_sock_diag_parse(msg, &l)) {
        if (l.limit != 9)
            abort();
        return 0;
    }
    if (l.key.netns != 7 || (l.drops && !l.told))
        abort();
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
