/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/trace/stats.h"
#include "graph/base/time.h"

static void put_count(struct rca_buf *buf, const char *key, uint64_t n)
{
    rca_json_key(buf, key);
    rca_buf_fmt(buf, "%llu", (unsigned long long)n);
}

/* What @put made, as a string; nothing is null. */
static void put_buf(struct rca_buf *buf, const char *key,
                    const struct rca_buf *value)
{
    rca_json_string(buf, key, value->len ? value->text : NULL);
}

/* RFC 3339 with microseconds */
static void put_time(struct rca_buf *buf, const char *key, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    rca_json_key(buf, key);
    rca_buf_fmt(buf, "\"%.19s.%06uZ\"", rca_time_utc(t, text),
                (unsigned)(t % RCA_SECOND / 1000));
}

static void put_about(const struct rca_trace_numbers *n, struct rca_buf *buf)
{
    const struct rca_trace_file *file = n->file;
    const struct rca_trace_about *about = &file->about;

    if (file->n) {
        rca_time first = INT64_MAX, last = 0;

        for (size_t i = 0; i < file->n; i++) {
            const rca_time t = (rca_time)(file->events[i]->time & INT64_MAX);

            first = t < first ? t : first;
            last = t > last ? t : last;
        }
        put_time(buf, "from", first);
        rca_buf_str(buf, ",");
        put_time(buf, "to", last);
    } else {
        rca_buf_str(buf, "\"from\":null,\"to\":null");
    }
    rca_buf_str(buf, ",");
    rca_json_string(buf, "host", about->host);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "kernel", about->kernel);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "filter", about->filter);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "meta", about->meta);
}

static void put_lost(const struct rca_trace_about *about, struct rca_buf *buf)
{
    const struct rca_trace_loss *loss = &about->stats.loss;

    rca_buf_fmt(
        buf, ",\"complete\":%s,\"lost\":", about->complete ? "true" : "false");
    if (!about->complete) {
        rca_buf_str(buf, "null");
        return;
    }
    rca_buf_str(buf, "{");
    put_count(buf, "ring", loss->ring);
    rca_buf_str(buf, ",");
    put_count(buf, "nested", loss->nested);
    rca_buf_str(buf, ",");
    put_count(buf, "netlink", loss->netlink);
    rca_buf_str(buf, ",");
    put_count(buf, "late", loss->late);
    rca_buf_str(buf, ",");
    put_count(buf, "untracked", loss->untracked);
    rca_buf_str(buf, "}");
}

static void put_rule(const struct rca_trace_death *d,
                     const struct rca_trace_view *view, struct rca_buf *buf)
{
    const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_RULE,
                                           .a = rca_trace_rule_key(&d->rule),
                                           .b = d->netns};

    rca_buf_str(buf, ",\"rule\":{");
    rca_json_string(buf, "family", rca_trace_family_name(d->rule.family));
    rca_buf_str(buf, ",");
    rca_json_string(buf, "table", d->rule.table);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "chain", d->rule.chain);
    rca_buf_str(buf, ",");
    put_count(buf, "handle", d->rule.handle);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "text", rca_trace_names_get(view->names, &key));
    rca_buf_str(buf, "}");
}

static void put_port(const struct rca_trace_death *d, struct rca_buf *buf)
{
    rca_buf_str(buf, ",\"port\":{");
    rca_json_string(buf, "bridge", d->ovs.bridge);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "name", d->ovs.port);
    rca_buf_fmt(buf, ",\"down\":%s}", d->ovs.down ? "true" : "false");
}

static void put_where(const struct rca_trace_death *d,
                      const struct rca_trace_view *view, struct rca_buf *buf)
{
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};

    if (d->has_reason)
        rca_trace_put_reason(view, 1, d->reason, &text);
    put_buf(buf, "reason", &text);
    rca_buf_done(&text);
    if (d->netns)
        rca_trace_put_where(view, d->netns, 0, 0, &text);
    rca_buf_str(buf, ",");
    put_buf(buf, "namespace", &text);
    rca_buf_done(&text);
    if (d->ifindex)
        rca_trace_put_device(view, d->netns, d->ifindex, &text);
    rca_buf_str(buf, ",");
    put_buf(buf, "device", &text);
    rca_buf_done(&text);
    (void)rca_trace_put_place(view, d->place, &text);
    rca_buf_str(buf, ",");
    put_buf(buf, "place", &text);
}

static void put_death(const struct rca_trace_death *d,
                      const struct rca_trace_view *view, struct rca_buf *buf)
{
    rca_buf_str(buf, "{");
    put_count(buf, "packets", d->packets);
    rca_buf_str(buf, ",");
    put_where(d, view, buf);
    if (d->has_rule)
        put_rule(d, view, buf);
    else
        rca_buf_str(buf, ",\"rule\":null");
    if (d->has_ovs)
        put_port(d, buf);
    else
        rca_buf_str(buf, ",\"port\":null");
    rca_buf_str(buf, ",");
    put_time(buf, "first", d->first_time);
    rca_buf_str(buf, ",");
    put_time(buf, "last", d->last_time);
    rca_buf_str(buf, "}");
}

static void put_tallies(const char *key, const struct rca_trace_tally *list,
                        size_t n, struct rca_buf *buf)
{
    rca_buf_fmt(buf, ",\"%s\":[", key);
    for (size_t i = 0; i < n && i < RCA_TRACE_TOP; i++) {
        rca_buf_str(buf, i ? ",{" : "{");
        rca_json_string(buf, "name", list[i].name);
        rca_buf_str(buf, ",");
        put_count(buf, "packets", list[i].packets);
        rca_buf_str(buf, ",");
        put_count(buf, "died", list[i].died);
        rca_buf_str(buf, "}");
    }
    rca_buf_str(buf, "]");
}

static void put_points(const struct rca_trace_numbers *n, struct rca_buf *buf)
{
    _Bool any = 0;

    rca_buf_str(buf, ",\"points\":{");
    for (unsigned i = 1; i < RCA_TRACE_POINT_COUNT; i++) {
        if (!n->points[i])
            continue;
        if (any)
            rca_buf_str(buf, ",");
        put_count(buf, rca_trace_point_name(i), n->points[i]);
        any = 1;
    }
    rca_buf_str(buf, "}");
}

static void put_unseen(const char *lines, struct rca_buf *buf)
{
    _Bool any = 0;

    rca_buf_str(buf, ",\"unseen\":[");
    while (lines && *lines) {
        const size_t n = strcspn(lines, "\n");
        char line[512];

        (void)snprintf(line, sizeof(line), "%.*s", (int)n, lines);
        if (any)
            rca_buf_str(buf, ",");
        rca_json_text(buf, line);
        any = 1;
        lines += n + (lines[n] == '\n');
    }
    rca_buf_str(buf, "]");
}

int rca_trace_stats_json(const struct rca_trace_numbers *n,
                         const struct rca_trace_view *view, struct rca_buf *buf)
{
    rca_buf_str(buf, "{\"schema_version\":1,");
    put_about(n, buf);
    put_lost(&n->file->about, buf);
    rca_buf_fmt(buf, ",\"events\":%zu,", n->file->n);
    put_count(buf, "packets", n->packets);
    rca_buf_str(buf, ",");
    put_count(buf, "died", n->died);
    rca_buf_str(buf, ",\"deaths\":[");
    for (size_t i = 0; i < n->n_deaths; i++) {
        rca_buf_str(buf, i ? "," : "");
        put_death(&n->deaths[i], view, buf);
    }
    rca_buf_str(buf, "]");
    put_tallies("flows", n->flows, n->n_flows, buf);
    put_tallies("services", n->services, n->n_services, buf);
    put_tallies("refused", n->refused, n->n_refused, buf);
    put_points(n, buf);
    put_unseen(n->file->about.unseen, buf);
    rca_buf_str(buf, "}\n");
    return buf->err;
}
