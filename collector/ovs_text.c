/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The switch's texts, which are for people; see collector/ovs_msg.h. */

#include <stdio.h>
#include <string.h>

#include "collector/ovs_msg.h"

/* Of "coverage/show"; a name that ends in '*' is a beginning. */
static const struct {
    const char *name;
    enum rca_ovs_event event;
} events[] = {
    {"datapath_drop_*", RCA_OVS_DROPS},
    {"drop_action_*", RCA_OVS_DROPS},
    {"dpif_execute_error", RCA_OVS_ERRORS},
    {"dpif_execute_with_help_error", RCA_OVS_ERRORS},
    {"dpif_flow_put_error", RCA_OVS_ERRORS},
    {"dpif_port_add_error", RCA_OVS_ERRORS},
    {"netlink_overflow", RCA_OVS_ERRORS},
    {"txn_error", RCA_OVS_ERRORS},
    {"xlate_actions_oversize", RCA_OVS_ERRORS},
    {"xlate_actions_too_many_output", RCA_OVS_ERRORS},
    {"mac_learning_moved", RCA_OVS_MAC_MOVES},
    {"mac_learning_evicted", RCA_OVS_FLOW_LIMIT},
    {"upcall_flow_limit_*", RCA_OVS_FLOW_LIMIT},
    {"ofproto_update_port", RCA_OVS_PORT_CHANGES},
    {"rev_port_toggled", RCA_OVS_PORT_CHANGES},
};

/* The end of the line that begins at @at. */
static const char *line_end(const char *at)
{
    return at + strcspn(at, "\n");
}

static const char *next_line(const char *at)
{
    const char *end = line_end(at);

    return *end ? end + 1 : end;
}

/* The number after @key within the line at @at; false if there is none, or one
 * that does not fit. */
static _Bool number_after(const char *at, const char *key, uint64_t *ret)
{
    const char *found =
        memmem(at, (size_t)(line_end(at) - at), key, strlen(key));
    uint64_t sum = 0;
    _Bool any = 0;

    if (!found)
        return 0;
    for (found += strlen(key); *found == ' '; found++)
        ;
    for (; *found >= '0' && *found <= '9'; found++) {
        const unsigned digit = (unsigned)(*found - '0');

        if (sum > (UINT64_MAX - digit) / 10)
            return 0;
        sum = sum * 10 + digit;
        any = 1;
    }
    if (any)
        *ret = sum;
    return any;
}

static _Bool starts(const char *at, const char *with)
{
    return !strncmp(at, with, strlen(with));
}

/* Without the blanks before it. */
static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* --- dpctl/show -s --------------------------------------------------------- */

/* "port 3: va", "port 0: ovs-netdev (tap)" */
static void read_name(const char *line, char name[RCA_OVS_NAME_SIZE])
{
    const size_t before = strcspn(line, ":\n");
    const char *at = line + before;

    at = skip_blanks(at + (*at == ':'));
    (void)snprintf(name, RCA_OVS_NAME_SIZE, "%.*s", (int)strcspn(at, " (\n"),
                   at);
}

/* The fields of one of the lines below a port. */
static void read_counters(const char *line, struct rca_traffic *s)
{
    if (starts(line, "RX packets:")) {
        (void)number_after(line, "packets:", &s->receive_packets);
        (void)number_after(line, "errors:", &s->receive_errors);
        (void)number_after(line, "dropped:", &s->receive_drops);
    } else if (starts(line, "TX packets:")) {
        (void)number_after(line, "packets:", &s->transmit_packets);
        (void)number_after(line, "errors:", &s->transmit_errors);
        (void)number_after(line, "dropped:", &s->transmit_drops);
    } else if (starts(line, "RX bytes:")) {
        (void)number_after(line, "RX bytes:", &s->receive_bytes);
        (void)number_after(line, "TX bytes:", &s->transmit_bytes);
    }
}

static void read_lookups(const char *line, struct rca_ovs_datapath *d)
{
    uint64_t hit = 0, missed = 0, lost = 0;

    (void)number_after(line, "hit:", &hit);
    (void)number_after(line, "missed:", &missed);
    (void)number_after(line, "lost:", &lost);
    d->hit += hit;
    d->missed += missed;
    d->lost += lost;
}

int rca_ovs_read_datapaths(const char *text, struct rca_ovs_datapath *ret,
                           rca_ovs_visit_stats *visit, void *arg)
{
    struct rca_ovs_datapath sum = {0};
    struct rca_traffic stats = {0};
    char port[RCA_OVS_NAME_SIZE] = "";
    _Bool any = 0;

    for (const char *at = text; *at; at = next_line(at)) {
        const char *line = skip_blanks(at);
        uint64_t flows = 0;

        if (starts(line, "lookups:")) {
            read_lookups(line, &sum);
            any = 1;
        } else if (number_after(line, "flows:", &flows)) {
            sum.flows += flows;
        } else if (starts(line, "port ")) {
            if (port[0])
                visit(arg, port, &stats);
            stats = (struct rca_traffic){0};
            read_name(line, port);
        } else {
            read_counters(line, &stats);
        }
    }
    if (port[0])
        visit(arg, port, &stats);
    if (any)
        *ret = sum;
    return any ? 0 : RCA_ESYNTAX;
}

/* --- upcall/show, coverage/show ------------------------------------------- */

void rca_ovs_read_upcalls(const char *text, struct rca_ovs_upcalls *ret)
{
    struct rca_ovs_upcalls worst = {0};

    for (const char *at = text; *at; at = next_line(at)) {
        const char *line = skip_blanks(at);
        uint64_t n = 0;

        if (starts(line, "flows ")) {
            if (number_after(line, "(current ", &n))
                worst.flows += n;
            if (number_after(line, "(limit ", &n) &&
                (!worst.limit || n < worst.limit))
                worst.limit = n;
        } else if (number_after(line, "dump duration :", &n) &&
                   n > worst.dump_ms) {
            worst.dump_ms = n;
        }
    }
    *ret = worst;
}

static _Bool is_event(const char *line, const char *name)
{
    const size_t len = strcspn(name, "*");

    if (strncmp(line, name, len) != 0)
        return 0;
    return name[len] == '*' || line[len] == ' ';
}

void rca_ovs_read_coverage(const char *text, uint64_t ret[RCA_OVS_EVENTS])
{
    memset(ret, 0, RCA_OVS_EVENTS * sizeof(*ret));
    for (const char *at = text; *at; at = next_line(at)) {
        uint64_t n = 0;
        size_t i = 0;

        while (i < RCA_ARRAY_SIZE(events) && !is_event(at, events[i].name))
            i++;
        if (i < RCA_ARRAY_SIZE(events) && number_after(at, "total:", &n))
            ret[events[i].event] += n;
    }
}
