/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/columns.h"
#include "collector/trace/packet.h"
#include "collector/trace/point.h"
#include "graph/base/time.h"

enum {
    WHERE_COLUMNS = 14,
    POINT_COLUMNS = 11,
    NETNS_COLUMNS = 16, /* where there are columns */
    NAME_COLUMNS = 40,
    RULE_COLUMNS = 48,
};

#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

void rca_trace_put_name(const char *name, int columns, struct rca_buf *buf)
{
    char fit[RCA_NAME_MAX + 1];

    rca_buf_str(buf, rca_columns_fit(name, columns, fit));
}

/* What @buf got since @from is padded to @columns. */
static void pad(struct rca_buf *buf, size_t from, int columns)
{
    const int used =
        buf->text && from < buf->len ? rca_columns(buf->text + from) : 0;

    if (!buf->err)
        rca_buf_fmt(buf, "%*s", used < columns ? columns - used : 0, "");
}

static const char *get(const struct rca_trace_view *view,
                       enum rca_trace_name_kind kind, uint64_t a, uint64_t b)
{
    const struct rca_trace_name_key key = {.kind = kind, .a = a, .b = b};

    return rca_trace_names_get(view->names, &key);
}

/* --- parts ---------------------------------------------------------------- */

void rca_trace_put_time(const struct rca_trace_view *view, uint64_t time,
                        struct rca_buf *buf)
{
    const rca_time t = (rca_time)(time & INT64_MAX);
    char text[RCA_TIME_TEXT_SIZE];

    if (view->utc) /* 2026-11-22T14:02:31Z */
        rca_buf_put(buf, rca_time_utc(t, text) + 11, 8);
    else
        rca_buf_str(buf, rca_time_clock(t, text));
    rca_buf_fmt(buf, ".%06u", (unsigned)(t % RCA_SECOND / 1000));
}

static void put_netns(const struct rca_trace_view *view, uint32_t netns,
                      int columns, struct rca_buf *buf)
{
    const char *name = rca_trace_name_netns(view->names, netns);

    if (name)
        rca_trace_put_name(name, columns, buf);
    else if (netns)
        rca_buf_fmt(buf, "net:%u", netns);
    else
        rca_buf_str(buf, "-");
}

void rca_trace_put_device(const struct rca_trace_view *view, uint32_t netns,
                          uint32_t ifindex, struct rca_buf *buf)
{
    const char *device = rca_trace_name_device(view->names, netns, ifindex);

    if (device)
        rca_trace_put_name(device, NAME_COLUMNS, buf);
    else
        rca_buf_fmt(buf, "%u", ifindex);
}

void rca_trace_put_where(const struct rca_trace_view *view, uint32_t netns,
                         uint32_t ifindex, int columns, struct rca_buf *buf)
{
    const size_t from = buf->len;

    put_netns(view, netns, columns ? NETNS_COLUMNS : RCA_NAME_MAX, buf);
    if (ifindex) {
        rca_buf_str(buf, "/");
        rca_trace_put_device(view, netns, ifindex, buf);
    }
    pad(buf, from, columns);
}

static const char *point_colour(const struct rca_trace_event *event)
{
    if (event->point == RCA_TRACE_DROP)
        return RED;
    return event->point == RCA_TRACE_RULE ||
                   event->point == RCA_TRACE_RETRANSMIT
               ? YELLOW
               : "";
}

void rca_trace_put_point(const struct rca_trace_view *view,
                         const struct rca_trace_event *event, int columns,
                         struct rca_buf *buf)
{
    const char *name = rca_trace_point_name(event->point);
    const char *colour = view->colour ? point_colour(event) : "";

    rca_buf_fmt(
        buf, "%s%s%s%*s", colour, name, *colour ? PLAIN : "",
        columns - (int)strlen(name) > 0 ? columns - (int)strlen(name) : 0, "");
}

void rca_trace_put_packet(const struct rca_trace_event *event,
                          struct rca_buf *buf)
{
    struct rca_packet packet;
    const size_t from = buf->len;

    if (event->captured) {
        rca_packet_parse(event->head, event->captured,
                         (event->has & RCA_TRACE_HAS_LINK) != 0, &packet);
        rca_packet_brief(&packet, buf);
        /* cut by us, not on its way */
        if (packet.cut && event->captured < event->length && buf->len > 6 &&
            buf->len - from > 6 &&
            strcmp(buf->text + buf->len - 6, " (cut)") == 0)
            buf->text[buf->len -= 6] = '\0';
    }
    if (buf->len == from)
        rca_packet_flow_text(&event->flow, buf);
}

void rca_trace_put_id(uint64_t id, struct rca_buf *buf)
{
    const uint64_t low = id & ((UINT64_C(1) << 40) - 1);

    if (id >> 40)
        rca_buf_fmt(buf, "#%llu.%llu", (unsigned long long)(id >> 40),
                    (unsigned long long)low);
    else
        rca_buf_fmt(buf, "#%llu", (unsigned long long)id);
}

/* --- what each point says -------------------------------------------------- */

void rca_trace_put_reason(const struct rca_trace_view *view, _Bool has_reason,
                          uint32_t reason, struct rca_buf *buf)
{
    const char *name = rca_trace_name_reason(view->names, reason);

    if (!has_reason)
        rca_buf_str(buf, "no reason given");
    else if (name)
        rca_trace_put_name(name, NAME_COLUMNS, buf);
    else
        rca_buf_fmt(buf, "reason %u", reason);
}

int rca_trace_put_place(const struct rca_trace_view *view, uint64_t place,
                        struct rca_buf *buf)
{
    const char *name = place ? get(view, RCA_TRACE_NAME_PLACE, place, 0) : NULL;
    char function[RCA_NAME_MAX + 1];

    if (!name)
        return -ENOENT;
    (void)snprintf(function, sizeof(function), "%.*s", (int)strcspn(name, "+"),
                   name);
    rca_trace_put_name(function, NAME_COLUMNS, buf);
    return 0;
}

const char *rca_trace_family_name(uint32_t family)
{
    static const char *const names[] = {
        [1] = "inet",   [2] = "ip",     [3] = "arp",
        [5] = "netdev", [7] = "bridge", [10] = "ip6",
    };

    return family < RCA_ARRAY_SIZE(names) && names[family] ? names[family]
                                                           : "?";
}

void rca_trace_put_rule(const struct rca_trace_view *view,
                        const struct rca_trace_rule *rule, uint32_t netns,
                        int columns, struct rca_buf *buf)
{
    const char *text =
        get(view, RCA_TRACE_NAME_RULE, rca_trace_rule_key(rule), netns);

    rca_buf_fmt(buf, "%s %s ", rule->handle ? "rule" : "policy of",
                rca_trace_family_name(rule->family));
    rca_trace_put_name(rule->table, NAME_COLUMNS, buf);
    rca_buf_str(buf, " ");
    rca_trace_put_name(rule->chain, NAME_COLUMNS, buf);
    if (rule->handle)
        rca_buf_fmt(buf, " %llu", (unsigned long long)rule->handle);
    if (!text)
        return;
    rca_buf_str(buf, " \"");
    rca_trace_put_name(text, columns, buf);
    rca_buf_str(buf, "\"");
}

static void put_drop(const struct rca_trace_view *view,
                     const struct rca_trace_event *event, struct rca_buf *buf)
{
    struct rca_buf place RCA_CLEANUP(rca_buf_done) = {0};

    rca_buf_str(buf, "  ");
    rca_trace_put_reason(view, (event->has & RCA_TRACE_HAS_REASON) != 0,
                         event->reason, buf);
    if (rca_trace_put_place(view, event->place, &place) == 0 && place.text)
        rca_buf_fmt(buf, " (%s)", place.text);
    if (event->has & RCA_TRACE_HAS_RULE) {
        rca_buf_str(buf, "  ");
        rca_trace_put_rule(view, &event->detail.rule, event->netns,
                           RULE_COLUMNS, buf);
    }
}

static void put_rule(const struct rca_trace_view *view,
                     const struct rca_trace_event *event, struct rca_buf *buf)
{
    if (!(event->has & RCA_TRACE_HAS_RULE))
        return;
    rca_buf_fmt(buf, "  %s by ",
                rca_trace_verdict_name(event->detail.rule.verdict));
    rca_trace_put_rule(view, &event->detail.rule, event->netns, RULE_COLUMNS,
                       buf);
}

static void put_tcp(const struct rca_trace_view *view,
                    const struct rca_trace_event *event, struct rca_buf *buf)
{
    const struct rca_trace_tcp *tcp = &event->detail.tcp;
    const char *service = rca_trace_name_service(view->names, event);

    if (service) {
        rca_buf_str(buf, "  service ");
        rca_trace_put_name(service, NAME_COLUMNS, buf);
    }
    if (!(event->has & RCA_TRACE_HAS_TCP))
        return;
    rca_buf_fmt(buf, "  %s", rca_trace_tcp_state_name(tcp->state));
    if (tcp->backlog_max)
        rca_buf_fmt(buf, " backlog %u of %u", tcp->backlog, tcp->backlog_max);
    if (tcp->cwnd)
        rca_buf_fmt(buf, " cwnd %u srtt %.1f ms", tcp->cwnd,
                    tcp->srtt_us / 1000.0);
    if (tcp->retransmits)
        rca_buf_fmt(buf, " sent again %u", tcp->retransmits);
}

static void put_read(const struct rca_trace_view *view,
                     const struct rca_trace_event *event, struct rca_buf *buf)
{
    put_tcp(view, event, buf);
    if (!event->pid)
        return;
    rca_buf_str(buf, "  by ");
    rca_trace_put_name(event->command, NAME_COLUMNS, buf);
    rca_buf_fmt(buf, " (%u)", event->pid);
}

static void put_function(const struct rca_trace_view *view,
                         const struct rca_trace_event *event,
                         struct rca_buf *buf)
{
    rca_buf_str(buf, "  ");
    if (rca_trace_put_place(view, event->place, buf))
        rca_buf_fmt(buf, "0x%llx", (unsigned long long)event->place);
}

/* OVS_ACTION_ATTR_* of linux/openvswitch.h */
static const char *action_name(uint32_t action)
{
    static const char *const names[] = {
        [1] = "output",
        [2] = "userspace",
        [3] = "set",
        [4] = "push_vlan",
        [5] = "pop_vlan",
        [6] = "sample",
        [7] = "recirc",
        [8] = "hash",
        [11] = "set_masked",
        [12] = "ct",
        [13] = "trunc",
        [16] = "ct_clear",
        [21] = "check_pkt_len",
        [23] = "dec_ttl",
        [24] = "drop",
    };

    return action < RCA_ARRAY_SIZE(names) && names[action] ? names[action]
                                                           : "action";
}

static void put_ovs(const struct rca_trace_view *view,
                    const struct rca_trace_event *event, struct rca_buf *buf)
{
    const struct rca_trace_ovs *ovs = &event->detail.ovs;

    (void)view;
    if (!(event->has & RCA_TRACE_HAS_OVS))
        return;
    rca_buf_str(buf, "  ");
    if (event->point == RCA_TRACE_OVS_COUNTER) {
        rca_buf_str(buf, "port ");
        rca_trace_put_name(ovs->port, NAME_COLUMNS, buf);
        rca_buf_str(buf, " of ");
        rca_trace_put_name(ovs->bridge, NAME_COLUMNS, buf);
        rca_buf_fmt(buf, ": %llu dropped%s", (unsigned long long)ovs->drops,
                    ovs->down ? ", link down" : "");
        return;
    }
    if (event->point == RCA_TRACE_OVS_ACTION)
        rca_buf_fmt(buf, "%s ", action_name(ovs->action));
    rca_buf_fmt(buf, "in port %u", ovs->in_port);
    if (ovs->out_port)
        rca_buf_fmt(buf, " out port %u", ovs->out_port);
    if (ovs->recirculation)
        rca_buf_fmt(buf, " recirc %u", ovs->recirculation);
}

void rca_trace_put_what(const struct rca_trace_view *view,
                        const struct rca_trace_event *event,
                        struct rca_buf *buf)
{
    switch (event->point) {
    case RCA_TRACE_DROP:
        put_drop(view, event, buf);
        break;
    case RCA_TRACE_RULE:
        put_rule(view, event, buf);
        break;
    case RCA_TRACE_TCP:
    case RCA_TRACE_RETRANSMIT:
    case RCA_TRACE_SOCKET:
        put_tcp(view, event, buf);
        break;
    case RCA_TRACE_READ:
        put_read(view, event, buf);
        break;
    case RCA_TRACE_FUNCTION:
        put_function(view, event, buf);
        break;
    default:
        put_ovs(view, event, buf);
        break;
    }
    if (event->has & RCA_TRACE_HAS_CONNTRACK)
        rca_buf_fmt(buf, "  ct %s",
                    rca_trace_conntrack_name(event->conntrack.state));
    if (event->mark)
        rca_buf_fmt(buf, "  mark 0x%x", event->mark);
}

void rca_trace_put_losses(const struct rca_trace_loss *loss,
                          struct rca_buf *buf)
{
    const struct {
        uint64_t n;
        const char *what;
    } rows[] = {
        {loss->ring, "events (ring full, see --buffer)"},
        {loss->nested, "events (no buffer left)"},
        {loss->netlink, "overruns of netlink"},
        {loss->late, "events out of order"},
        {loss->untracked, "events without an id"},
    };
    _Bool any = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(rows); i++) {
        if (rows[i].n)
            rca_buf_fmt(buf, "%s%llu %s", any ? ", " : "",
                        (unsigned long long)rows[i].n, rows[i].what);
        any = any || rows[i].n;
    }
    if (!any)
        rca_buf_str(buf, "nothing");
}

/* --- the line --------------------------------------------------------------- */

static void put_stack(const struct rca_trace_view *view,
                      const struct rca_trace_event *event, struct rca_buf *buf)
{
    const char *at = event->stack >= 0 ? get(view, RCA_TRACE_NAME_STACK,
                                             (uint64_t)event->stack, 0)
                                       : NULL;

    while (at && *at) {
        const size_t n = strcspn(at, "\n");
        char place[RCA_NAME_MAX + 1];

        (void)snprintf(place, sizeof(place), "%.*s", (int)n, at);
        rca_buf_str(buf, "                  ");
        rca_trace_put_name(place, 80, buf);
        rca_buf_str(buf, "\n");
        at += n + (at[n] == '\n');
    }
}

void rca_trace_line(const struct rca_trace_view *view,
                    const struct rca_trace_event *event, struct rca_buf *buf)
{
    rca_trace_put_time(view, event->time, buf);
    rca_buf_str(buf, " ");
    rca_trace_put_where(view, event->netns, event->ifindex, WHERE_COLUMNS, buf);
    rca_buf_str(buf, " ");
    rca_trace_put_point(view, event, POINT_COLUMNS, buf);
    rca_buf_str(buf, " ");
    rca_trace_put_packet(event, buf);
    rca_trace_put_what(view, event, buf);
    if (event->id) {
        rca_buf_str(buf, view->colour ? "  " DIM : "  ");
        rca_trace_put_id(event->id, buf);
        if (view->colour)
            rca_buf_str(buf, PLAIN);
    }
    rca_buf_str(buf, "\n");
    if (view->stack)
        put_stack(view, event, buf);
}
