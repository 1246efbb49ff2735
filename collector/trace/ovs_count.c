/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/ovs_count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/map.h"

/* struct look - the last one at a port */
struct look {
    uint64_t lost;
    _Bool down;
};

struct rca_trace_ovs_counts {
    struct look *looks; /* owned */
    size_t n, cap;
    struct rca_map by_name;
};

int rca_trace_ovs_counts_new(struct rca_trace_ovs_counts **ret_counts)
{
    *ret_counts = calloc(1, sizeof(**ret_counts));
    return *ret_counts ? 0 : -ENOMEM;
}

void rca_trace_ovs_counts_free(struct rca_trace_ovs_counts **counts)
{
    if (!*counts)
        return;
    rca_map_done(&(*counts)->by_name);
    free((*counts)->looks);
    free(*counts);
    *counts = NULL;
}

static uint64_t lost_of(const struct rca_traffic *t)
{
    return t->receive_drops + t->transmit_drops + t->receive_errors +
           t->transmit_errors;
}

/* The last look at the port; where there was none, it is this one. */
static int find(struct rca_trace_ovs_counts *counts,
                const struct rca_ovs_port *port, struct look now,
                struct look **ret_look)
{
    char key[2 * RCA_OVS_NAME_SIZE + 1];
    const size_t length =
        (size_t)snprintf(key, sizeof(key), "%s/%s", port->bridge, port->name);
    struct look *grown;
    uint32_t at = (uint32_t)counts->n;

    if (!rca_map_get(&counts->by_name, key, length, &at)) {
        grown =
            rca_grow(counts->looks, counts->n, &counts->cap, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        counts->looks = grown;
        if (rca_map_set(&counts->by_name, key, length, at))
            return -ENOMEM;
        counts->looks[counts->n++] = now;
    }
    *ret_look = &counts->looks[at];
    return 0;
}

int rca_trace_ovs_count(struct rca_trace_ovs_counts *counts,
                        const struct rca_ovs_port *port,
                        struct rca_trace_event *ret_event)
{
    const struct look now = {.lost = lost_of(&port->stats),
                             .down = port->down && !port->local};
    struct look *last, was;
    int r = find(counts, port, now, &last);

    if (r)
        return r;
    was = *last;
    *last = now;
    if ((now.lost <= was.lost && !now.down && !was.down) ||
        (port->local && port->down))
        return 0;
    memset(ret_event, 0, offsetof(struct rca_trace_event, head));
    ret_event->point = RCA_TRACE_OVS_COUNTER;
    ret_event->has = RCA_TRACE_HAS_OVS;
    ret_event->stack = -1;
    ret_event->detail.ovs.drops = now.lost > was.lost ? now.lost - was.lost : 0;
    ret_event->detail.ovs.down = now.down;
    (void)snprintf(ret_event->detail.ovs.bridge, RCA_TRACE_NAME, "%s",
                   port->bridge);
    (void)snprintf(ret_event->detail.ovs.port, RCA_TRACE_NAME, "%s",
                   port->name);
    return 1;
}
