/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/drop_reason.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "SKB_DROP_REASON_"
#define SUBSYS_SHIFT 16 /* SKB_DROP_REASON_SUBSYS_SHIFT */

/*
 * What happens without anybody losing data: duplicates and late segments (the
 * sender's timer was early), ends of connections, frames for others, filters of
 * packet sockets that do not match. Each is still counted under its own name.
 * Sorted.
 */
static const char *const harmless[] = {
    "otherhost", /* promiscuous mode, flooding switches */
    "packet_sock_error", /* no room for a copy to a sniffer */
    "queue_purge", /* an interface goes away */
    "skb_consumed",
    "socket_close", /* unread data at close */
    "socket_filter", /* does not match, say, a DHCP client's filter */
    "tap_filter",
    "tcp_abort_on_data", /* closed without reading everything */
    "tcp_close", /* the last segments of a connection */
    "tcp_fastopen",
    "tcp_flags",
    "tcp_invalid_sequence", /* answered by an acknowledgement */
    "tcp_ofomerge", /* has arrived before */
    "tcp_old_ack",
    "tcp_old_data", /* retransmitted, yet nothing was lost */
    "tcp_old_sequence",
    "tcp_reset", /* the reset itself; counted for its connection */
    "tcp_too_old_ack",
    "unhandled_proto", /* LLDP, spanning tree, ... */
    "unicast_in_l2_multicast",
    "unix_disconnect",
    "unix_skip_oob",
};

/* Of Open vSwitch, from 1 on: net/openvswitch/drop.h. */
static const char *const ovs_reasons[] = {
    "last_action",    "action_error",  "explicit",
    "explicit_error", "meter",         "recursion_limit",
    "deferred_limit", "frag_too_long", "frag_invalid_proto",
    "conntrack",      "ip_ttl",
};

void rca_drop_reasons_done(struct rca_drop_reasons *reasons)
{
    free(reasons->name);
    *reasons = (struct rca_drop_reasons){0};
}

static int make_room(struct rca_drop_reasons *reasons, size_t n)
{
    void *name;

    if (n <= reasons->n)
        return 0;
    name = realloc(reasons->name, n * sizeof(*reasons->name));
    if (!name)
        return -ENOMEM;
    reasons->name = name;
    memset(reasons->name + reasons->n, 0,
           (n - reasons->n) * sizeof(*reasons->name));
    if (!reasons->n)
        reasons->consumed[0] = reasons->consumed[1] = UINT32_MAX;
    reasons->n = n;
    return 0;
}

int rca_drop_reasons_add(struct rca_drop_reasons *reasons, const char *name,
                         uint32_t value)
{
    const _Bool consumed = !strcmp(name, "SKB_CONSUMED");
    const _Bool dropped = !strncmp(name, PREFIX, sizeof(PREFIX) - 1);
    char *to;
    int r;

    if (value >= 1U << SUBSYS_SHIFT || !strcmp(name, PREFIX "MAX"))
        return 0;
    /* values are few and dense: nobody allocates by them */
    if (value > 4096)
        return 0;
    r = make_room(reasons, value + 1);
    if (r < 0)
        return r;
    if (consumed)
        reasons->consumed[0] = value;
    if (!consumed && !dropped) /* SKB_NOT_DROPPED_YET */
        reasons->consumed[1] = value;
    to = reasons->name[value];
    (void)snprintf(to, RCA_DROP_NAME_SIZE, "%s",
                   dropped ? name + sizeof(PREFIX) - 1 : name);
    for (; *to; to++)
        *to = (char)tolower((unsigned char)*to);
    return 0;
}

void rca_drop_reasons_add_subsys(struct rca_drop_reasons *reasons,
                                 const char *name, uint32_t value)
{
    static const char prefix[] = PREFIX "SUBSYS_";
    char *to;

    if (!value || value >= RCA_DROP_SUBSYSTEMS ||
        strncmp(name, prefix, sizeof(prefix) - 1) != 0 ||
        !strcmp(name + sizeof(prefix) - 1, "NUM"))
        return;
    to = reasons->subsys[value];
    (void)snprintf(to, sizeof(reasons->subsys[value]), "%s",
                   name + sizeof(prefix) - 1);
    for (; *to; to++)
        *to = (char)tolower((unsigned char)*to);
}

static void name_subsys(const struct rca_drop_reasons *reasons, uint32_t subsys,
                        uint32_t reason, char buf[RCA_DROP_NAME_SIZE])
{
    const char *name =
        subsys < RCA_DROP_SUBSYSTEMS ? reasons->subsys[subsys] : "";

    if (!name[0])
        (void)snprintf(buf, RCA_DROP_NAME_SIZE, "subsys_%u_%u", subsys, reason);
    else if (!strcmp(name, "openvswitch") && reason &&
             reason <= RCA_ARRAY_SIZE(ovs_reasons))
        (void)snprintf(buf, RCA_DROP_NAME_SIZE, "%s_%s", name,
                       ovs_reasons[reason - 1]);
    else
        (void)snprintf(buf, RCA_DROP_NAME_SIZE, "%s_%u", name, reason);
}

const char *rca_drop_reason_name(const struct rca_drop_reasons *reasons,
                                 uint32_t reason, char buf[RCA_DROP_NAME_SIZE])
{
    if (!reasons->n)
        (void)snprintf(buf, RCA_DROP_NAME_SIZE, "unspecified");
    else if (reason >> SUBSYS_SHIFT)
        name_subsys(reasons, reason >> SUBSYS_SHIFT,
                    reason & ((1U << SUBSYS_SHIFT) - 1), buf);
    else if (reason < reasons->n && reasons->name[reason][0])
        (void)snprintf(buf, RCA_DROP_NAME_SIZE, "%s", reasons->name[reason]);
    else
        (void)snprintf(buf, RCA_DROP_NAME_SIZE, "reason_%u", reason);
    return buf;
}

static int compare(const void *a, const void *b)
{
    return strcmp((const char *)a, *(const char *const *)b);
}

_Bool rca_drop_reason_hurts(const char *name)
{
    return !bsearch(name, harmless, RCA_ARRAY_SIZE(harmless), sizeof(*harmless),
                    compare);
}
