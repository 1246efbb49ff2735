/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/way.h"

#include <string.h>

#include "cli/trace/answers.h"
#include "collector/trace/packet.h"
#include "collector/trace/point.h"

enum {
    WHERE_COLUMNS = 16,
    POINT_COLUMNS = 12,
    RULE_COLUMNS = 60,
};

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

/* --- how it ended --------------------------------------------------------- */

/* The verdict that the drop was, if a rule's is among the steps before it. */
static const struct rca_trace_event *find_rule(
    const struct rca_trace_event *const *steps, size_t last)
{
    for (size_t i = last; i-- > 0;) {
        if (steps[i]->point == RCA_TRACE_RULE &&
            (steps[i]->has & RCA_TRACE_HAS_RULE) &&
            steps[i]->netns == steps[last]->netns)
            return strcmp(rca_trace_verdict_name(steps[i]->detail.rule.verdict),
                          "drop") == 0
                       ? steps[i]
                       : NULL;
    }
    return NULL;
}

static void put_drop(const struct rca_trace_view *view,
                     const struct rca_trace_event *const *steps, size_t last,
                     struct rca_buf *buf)
{
    const struct rca_trace_event *e = steps[last];
    const struct rca_trace_event *rule = find_rule(steps, last);
    struct rca_buf place RCA_CLEANUP(rca_buf_done) = {0};

    rca_buf_str(buf,
                e->has & RCA_TRACE_HAS_REASON ? "dropped by " : "dropped, ");
    rca_trace_put_reason(view, (e->has & RCA_TRACE_HAS_REASON) != 0, e->reason,
                         buf);
    if (rca_trace_put_place(view, e->place, &place) == 0 && place.text)
        rca_buf_fmt(buf, " (%s)", place.text);
    rca_buf_str(buf, " at ");
    rca_trace_put_where(view, e->netns, e->ifindex, 0, buf);
    if (e->has & RCA_TRACE_HAS_RULE)
        rule = e;
    if (!rule)
        return;
    rca_buf_str(buf, ", ");
    rca_trace_put_rule(view, &rule->detail.rule, rule->netns, RULE_COLUMNS,
                       buf);
}

/* "read by web": the service, else the process at hand */
static void put_reader(const struct rca_trace_view *view,
                       const struct rca_trace_event *e, struct rca_buf *buf)
{
    const char *service = rca_trace_name_service(view->names, e);

    rca_buf_str(buf, e->point == RCA_TRACE_READ  ? "read by "
                     : e->point == RCA_TRACE_TCP ? "taken by a connection of "
                                                 : "waits in a socket of ");
    if (service)
        rca_trace_put_name(service, 40, buf);
    else if (e->point == RCA_TRACE_READ && e->command[0])
        rca_trace_put_name(e->command, 40, buf);
    else
        rca_trace_put_where(view, e->netns, 0, 0, buf);
}

/* A request for a connection that nobody answered. */
static _Bool put_unanswered(const struct rca_trace_view *view,
                            const struct rca_trace_event *const *steps,
                            size_t n, struct rca_buf *buf)
{
    const struct rca_trace_event *e =
        view->answers ? rca_trace_unanswered(view->answers, steps, n) : NULL;

    if (!e)
        return 0;
    rca_buf_str(buf, "not answered at ");
    rca_trace_put_where(view, e->netns, e->ifindex, 0, buf);
    rca_buf_str(buf, ": the listening socket refused it, its queue is full");
    return 1;
}

static void put_end(const struct rca_trace_view *view,
                    const struct rca_trace_event *const *steps,
                    const struct rca_trace_journey *journey,
                    struct rca_buf *buf)
{
    const struct rca_trace_event *e = steps[journey->last];

    if (put_unanswered(view, steps, journey->n, buf))
        return;
    switch (e->point) {
    case RCA_TRACE_DROP:
        put_drop(view, steps, journey->last, buf);
        return;
    case RCA_TRACE_READ:
    case RCA_TRACE_TCP:
    case RCA_TRACE_SOCKET:
        put_reader(view, e, buf);
        return;
    case RCA_TRACE_TRANSMIT:
        rca_buf_str(buf, "left by ");
        break;
    default:
        rca_buf_fmt(buf, "last seen at %s of ", rca_trace_point_name(e->point));
        break;
    }
    rca_trace_put_where(view, e->netns, e->ifindex, 0, buf);
}

/* --- steps ---------------------------------------------------------------- */

static void put_changed(const char *what, const struct rca_trace_flow *before,
                        const struct rca_trace_flow *after, _Bool source,
                        struct rca_buf *buf)
{
    struct rca_buf was RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_buf is RCA_CLEANUP(rca_buf_done) = {0};

    rca_packet_address_text(before, source, &was);
    rca_packet_address_text(after, source, &is);
    if (was.text && is.text && strcmp(was.text, is.text) != 0)
        rca_buf_fmt(buf, "  %s %s -> %s", what, was.text, is.text);
}

static void put_step(const struct rca_trace_view *view,
                     const struct rca_trace_event *first,
                     const struct rca_trace_event *before,
                     const struct rca_trace_event *e, struct rca_buf *buf)
{
    const size_t from = buf->len;

    rca_buf_fmt(buf, "  %+12.3f ms  ", (double)(e->time - first->time) / 1e6);
    rca_trace_put_where(view, e->netns, e->ifindex, WHERE_COLUMNS, buf);
    rca_buf_str(buf, " ");
    rca_trace_put_point(view, e, POINT_COLUMNS, buf);
    if (before && before->flow.protocol == e->flow.protocol) {
        put_changed("from", &before->flow, &e->flow, 1, buf);
        put_changed("to", &before->flow, &e->flow, 0, buf);
    }
    rca_trace_put_what(view, e, buf);
    while (buf->len > from && buf->text[buf->len - 1] == ' ')
        buf->text[--buf->len] = '\0';
    rca_buf_str(buf, "\n");
}

/* The first step that has a packet to show. */
static const struct rca_trace_event *first_packet(
    const struct rca_trace_event *const *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (steps[i]->captured || steps[i]->flow.family)
            return steps[i];
    }
    return steps[0];
}

void rca_trace_way(const struct rca_trace_view *view,
                   const struct rca_trace_event *const *events,
                   const struct rca_trace_journey *journey, struct rca_buf *buf)
{
    const struct rca_trace_event *const *steps = events + journey->first;
    const struct rca_trace_event *before = NULL;
    struct rca_buf packet RCA_CLEANUP(rca_buf_done) = {0};
    const double ms =
        (double)(steps[journey->n - 1]->time - steps[0]->time) / 1e6;

    if (view->colour)
        rca_buf_str(buf, BOLD);
    if (journey->id)
        rca_trace_put_id(journey->id, buf);
    rca_buf_str(buf, journey->id ? " " : "");
    rca_trace_put_time(view, steps[0]->time, buf);
    rca_trace_put_packet(first_packet(steps, journey->n), &packet);
    if (packet.len)
        rca_buf_fmt(buf, " %s", packet.text);
    rca_buf_str(buf, view->colour ? PLAIN "\n  " : "\n  ");
    put_end(view, steps, journey, buf);
    rca_buf_fmt(buf, ", %zu step%s in %.3f ms\n", journey->n,
                journey->n == 1 ? "" : "s", ms);
    for (size_t i = 0; i < journey->n; i++) {
        put_step(view, steps[0], before, steps[i], buf);
        if (steps[i]->flow.family)
            before = steps[i];
    }
}
