/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/trace/stats.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

enum {
    FLOW_COLUMNS = 70,
    RULE_COLUMNS = 70,
};

static void put_heading(const struct rca_trace_view *view, const char *text,
                        struct rca_buf *buf)
{
    rca_buf_fmt(buf, "\n%s%s%s\n", view->colour ? BOLD : "", text,
                view->colour ? PLAIN : "");
}

static void put_time(const struct rca_trace_view *view, rca_time t,
                     struct rca_buf *buf)
{
    char text[RCA_TIME_TEXT_SIZE];

    rca_buf_str(buf,
                view->utc ? rca_time_utc(t, text) : rca_time_local(t, text));
}

static void put_text(const char *before, const char *text, struct rca_buf *buf)
{
    if (!text || !text[0])
        return;
    rca_buf_str(buf, before);
    rca_trace_put_name(text, RCA_NAME_MAX, buf);
}

static void put_head(const struct rca_trace_numbers *n,
                     const struct rca_trace_view *view, struct rca_buf *buf)
{
    const struct rca_trace_file *file = n->file;
    const struct rca_trace_about *about = &file->about;
    rca_time first = INT64_MAX, last = 0;

    for (size_t i = 0; i < file->n; i++) {
        const rca_time t = (rca_time)(file->events[i]->time & INT64_MAX);

        first = t < first ? t : first;
        last = t > last ? t : last;
    }
    rca_buf_str(buf, "recorded  ");
    if (file->n) {
        put_time(view, first, buf);
        rca_buf_fmt(buf, " for %.3f s", (double)(last - first) / 1e9);
    } else {
        rca_buf_str(buf, "nothing");
    }
    put_text(" on ", about->host, buf);
    put_text(", Linux ", about->kernel, buf);
    put_text("\nfilter    ", about->filter, buf);
    put_text("\nand       ", about->meta, buf);
    rca_buf_fmt(buf, "\nseen      %zu events of %llu packets; %llu died\n",
                file->n, (unsigned long long)n->packets,
                (unsigned long long)n->died);
    rca_buf_str(buf, "lost      ");
    if (about->complete)
        rca_trace_put_losses(&about->stats.loss, buf);
    else
        rca_buf_str(buf, "not known: the recording has no end");
    rca_buf_str(buf, "\n");
}

static void put_port(const struct rca_trace_death *d, struct rca_buf *buf)
{
    rca_buf_str(buf, "port ");
    rca_trace_put_name(d->ovs.port, 30, buf);
    rca_buf_str(buf, " of ");
    rca_trace_put_name(d->ovs.bridge, 30, buf);
    if (d->ovs.down)
        rca_buf_str(buf, ", link down");
}

/* "     312  netfilter_drop (nf_hook_slow) at web/eth0, 14:02:31 to 14:02:40",
 * the rule below it */
static void put_death(const struct rca_trace_death *d,
                      const struct rca_trace_view *view, struct rca_buf *buf)
{
    struct rca_buf place RCA_CLEANUP(rca_buf_done) = {0};

    rca_buf_fmt(buf, "%9llu  ", (unsigned long long)d->packets);
    if (d->has_ovs)
        put_port(d, buf);
    else if (d->has_rule && !d->has_reason)
        rca_buf_str(buf, "refused");
    else
        rca_trace_put_reason(view, d->has_reason, d->reason, buf);
    if (!d->has_ovs && rca_trace_put_place(view, d->place, &place) == 0 &&
        place.text)
        rca_buf_fmt(buf, " (%s)", place.text);
    if (d->netns) {
        rca_buf_str(buf, " at ");
        rca_trace_put_where(view, d->netns, d->ifindex, 0, buf);
    }
    rca_buf_str(buf, ", ");
    rca_trace_put_time(view, (uint64_t)d->first_time, buf);
    if (d->last_time > d->first_time) {
        rca_buf_str(buf, " to ");
        rca_trace_put_time(view, (uint64_t)d->last_time, buf);
    }
    rca_buf_str(buf, "\n");
    if (!d->has_rule)
        return;
    rca_buf_str(buf, "           ");
    rca_trace_put_rule(view, &d->rule, d->netns, RULE_COLUMNS, buf);
    rca_buf_str(buf, "\n");
}

static void put_tallies(const char *what, const struct rca_trace_tally *list,
                        size_t n, const struct rca_trace_view *view,
                        struct rca_buf *buf)
{
    if (!n)
        return;
    put_heading(view, what, buf);
    rca_buf_str(buf, "  packets     died\n");
    for (size_t i = 0; i < n && i < RCA_TRACE_TOP; i++) {
        rca_buf_fmt(buf, "%9llu%9llu  ", (unsigned long long)list[i].packets,
                    (unsigned long long)list[i].died);
        rca_trace_put_name(list[i].name, FLOW_COLUMNS, buf);
        rca_buf_str(buf, "\n");
    }
    if (n > RCA_TRACE_TOP)
        rca_buf_fmt(buf, "           and %zu more\n", n - RCA_TRACE_TOP);
}

static void put_points(const struct rca_trace_numbers *n,
                       const struct rca_trace_view *view, struct rca_buf *buf)
{
    put_heading(view, "events by point", buf);
    for (unsigned i = 1; i < RCA_TRACE_POINT_COUNT; i++) {
        if (n->points[i])
            rca_buf_fmt(buf, "%9llu  %s\n", (unsigned long long)n->points[i],
                        rca_trace_point_name(i));
    }
}

static void put_unseen(const char *lines, const struct rca_trace_view *view,
                       struct rca_buf *buf)
{
    if (!lines || !lines[0])
        return;
    put_heading(view, "what was off", buf);
    while (*lines) {
        const size_t n = strcspn(lines, "\n");
        char line[RCA_NAME_MAX + 1];

        (void)snprintf(line, sizeof(line), "%.*s", (int)n, lines);
        put_text("  ", line, buf);
        rca_buf_str(buf, "\n");
        lines += n + (lines[n] == '\n');
    }
}

int rca_trace_stats_text(const struct rca_trace_numbers *n,
                         const struct rca_trace_view *view, struct rca_buf *buf)
{
    put_head(n, view, buf);
    put_heading(view, n->n_deaths ? "where packets died" : "no packet died",
                buf);
    for (size_t i = 0; i < n->n_deaths; i++)
        put_death(&n->deaths[i], view, buf);
    put_tallies(
        "connections that a listening socket refused: its queue is full",
        n->refused, n->n_refused, view, buf);
    put_tallies("services", n->services, n->n_services, view, buf);
    put_tallies("flows", n->flows, n->n_flows, view, buf);
    if (n->file->n)
        put_points(n, view, buf);
    put_unseen(n->file->about.unseen, view, buf);
    return buf->err;
}
