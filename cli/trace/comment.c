/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/comment.h"

#include <string.h>

#include "collector/nft_msg.h"
#include "collector/trace/point.h"
#include "graph/base/name.h"

void rca_trace_text_tidy(struct rca_buf *buf, size_t max)
{
    if (!buf->text)
        return;
    rca_name_print(buf->text);
    buf->len = strlen(buf->text);
    if (buf->len <= max)
        return;
    while (((unsigned char)buf->text[max] & 0xc0) == 0x80)
        max--;
    buf->text[max] = '\0';
    buf->len = max;
}

void rca_trace_id_text(uint64_t id, struct rca_buf *buf)
{
    const unsigned long long low = id & ((UINT64_C(1) << 40) - 1);

    if (id >> 40)
        rca_buf_fmt(buf, "%llu.", (unsigned long long)(id >> 40));
    rca_buf_fmt(buf, "%llu", low);
}

static void put_netns(struct rca_buf *buf, const struct rca_trace_names *names,
                      uint32_t netns)
{
    const char *name = rca_trace_name_netns(names, netns);

    if (name)
        rca_buf_str(buf, name);
    else
        rca_buf_fmt(buf, "%u", netns);
}

static void put_device(struct rca_buf *buf, const struct rca_trace_names *names,
                       uint32_t netns, uint32_t ifindex)
{
    const char *name = rca_trace_name_device(names, netns, ifindex);

    if (name)
        rca_buf_str(buf, name);
    else
        rca_buf_fmt(buf, "if%u", ifindex);
}

void rca_trace_interface(const struct rca_trace_event *event,
                         const struct rca_trace_names *names,
                         struct rca_buf *buf)
{
    buf->len = 0;
    put_netns(buf, names, event->netns);
    rca_buf_str(buf, "/");
    if (event->ifindex)
        put_device(buf, names, event->netns, event->ifindex);
    else
        rca_buf_str(buf, "-");
    rca_trace_text_tidy(buf, RCA_TRACE_COMMENT_MAX);
}

static void put_reason(struct rca_buf *buf, const struct rca_trace_event *e,
                       const struct rca_trace_names *names)
{
    const char *name = rca_trace_name_reason(names, e->reason);

    if (!(e->has & RCA_TRACE_HAS_REASON))
        return;
    if (name)
        rca_buf_fmt(buf, ": %s", name);
    else
        rca_buf_fmt(buf, ": reason %u", e->reason);
}

static void put_place(struct rca_buf *buf, const struct rca_trace_event *e,
                      const struct rca_trace_names *names)
{
    const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_PLACE,
                                           .a = e->place};
    const char *name = rca_trace_names_get(names, &key);

    if (name && (e->point == RCA_TRACE_DROP || e->point == RCA_TRACE_FUNCTION))
        rca_buf_fmt(buf, " in %.*s", (int)strcspn(name, "+"), name);
}

static void put_rule(struct rca_buf *buf, const struct rca_trace_rule *rule,
                     const struct rca_trace_names *names, uint32_t netns)
{
    const struct rca_trace_name_key key = {
        .kind = RCA_TRACE_NAME_RULE, .a = rca_trace_rule_key(rule), .b = netns};
    const char *text = rca_trace_names_get(names, &key);

    rca_buf_fmt(buf, ", rule %s %.*s %.*s ",
                rca_nft_family_name((uint8_t)rule->family), RCA_TRACE_NAME,
                rule->table, RCA_TRACE_NAME, rule->chain);
    if (rule->handle)
        rca_buf_fmt(buf, "handle %llu", (unsigned long long)rule->handle);
    else
        rca_buf_str(buf, "policy");
    if (text)
        rca_buf_fmt(buf, " '%s'", text);
    else
        rca_buf_fmt(buf, " verdict %s", rca_trace_verdict_name(rule->verdict));
}

static void put_ovs(struct rca_buf *buf, const struct rca_trace_ovs *ovs)
{
    rca_buf_fmt(buf, ", ovs %.*s port %.*s", RCA_TRACE_NAME, ovs->bridge,
                RCA_TRACE_NAME, ovs->port);
    if (ovs->drops)
        rca_buf_fmt(buf, ", %llu dropped", (unsigned long long)ovs->drops);
    if (ovs->down)
        rca_buf_str(buf, ", link down");
}

static void put_detail(struct rca_buf *buf, const struct rca_trace_event *e,
                       const struct rca_trace_rule *rule,
                       const struct rca_trace_names *names)
{
    if (e->has & RCA_TRACE_HAS_RULE)
        rule = &e->detail.rule;
    if (rule)
        put_rule(buf, rule, names, e->netns);
    if (e->has & RCA_TRACE_HAS_OVS)
        put_ovs(buf, &e->detail.ovs);
    if (e->has & RCA_TRACE_HAS_TCP)
        rca_buf_fmt(buf, ", tcp %s",
                    rca_trace_tcp_state_name(e->detail.tcp.state));
}

void rca_trace_comment(const struct rca_trace_event *event,
                       const struct rca_trace_rule *rule,
                       const struct rca_trace_names *names, struct rca_buf *buf)
{
    const char *service = rca_trace_name_service(names, event);

    buf->len = 0;
    rca_buf_str(buf, rca_trace_point_name(event->point));
    put_reason(buf, event, names);
    put_place(buf, event, names);
    rca_buf_str(buf, ", ns ");
    put_netns(buf, names, event->netns);
    if (event->ifindex) {
        rca_buf_str(buf, ", ");
        put_device(buf, names, event->netns, event->ifindex);
    }
    put_detail(buf, event, rule, names);
    if (event->id) {
        rca_buf_str(buf, ", id ");
        rca_trace_id_text(event->id, buf);
    }
    if (event->mark)
        rca_buf_fmt(buf, ", mark 0x%x", event->mark);
    if (event->has & RCA_TRACE_HAS_CONNTRACK)
        rca_buf_fmt(buf, ", ct %s",
                    rca_trace_conntrack_name(event->conntrack.state));
    if (service)
        rca_buf_fmt(buf, ", service %s", service);
    rca_trace_text_tidy(buf, RCA_TRACE_COMMENT_MAX);
}
