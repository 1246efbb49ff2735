/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram as a request to the privileged helper: what is taken is within
 * the verb's bounds. The first byte is the number of descriptors beside it. */

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "collector/privileged.h"
#include "collector/privileged_wire.h"
#include "tests/harness/fuzz.h"

static void check(const struct rca_wire_request *r, const char *payload)
{
    if (!r->verb || r->verb >= RCA_VERB_COUNT || r->number < 0 ||
        r->size > RCA_WIRE_PAYLOAD || r->n_fds > RCA_WIRE_FDS)
        abort();
    if (r->verb == RCA_VERB_NETNS_NAMED &&
        (memchr(payload, '/', r->size) || memchr(payload, 0, r->size) ||
         payload[0] == '.'))
        abort();
    if (r->verb == RCA_VERB_SEND && !rca_wire_may_send(payload, r->size))
        abort();
    if ((r->verb == RCA_VERB_NET_FILE && r->number >= RCA_NET_FILE_COUNT) ||
        (r->verb == RCA_VERB_TURN_ON && r->number >= RCA_SETTING_COUNT) ||
        (r->verb == RCA_VERB_OVS && r->number >= RCA_OVS_QUERY_COUNT))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_wire_request request;
    const void *payload = NULL;
    char *copy;

    if (!size)
        return 0;
    copy = malloc(size > 1 ? size - 1 : 1); /* exactly as long */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    if (rca_wire_parse_request(copy, size - 1, data[0] & 3, &request,
                               &payload) == 0)
        check(&request, payload);
    free(copy);
    return 0;
}
