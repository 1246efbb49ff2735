/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/sink.h"

#include <errno.h>
#include <string.h>

static _Bool is_pcapng(const char *path)
{
    static const char end[] = ".pcapng";
    const size_t n = strlen(path);

    return n >= sizeof(end) && !strcmp(path + n - (sizeof(end) - 1), end);
}

int rca_trace_sink_open(const char *path, const struct rca_trace_about *about,
                        struct rca_trace_sink *sink)
{
    int r = rca_trace_summary_new(0, &sink->summary);

    if (r || !path)
        return r;
    sink->out = fopen(path, "we");
    if (!sink->out)
        r = -errno;
    else if (is_pcapng(path))
        r = rca_pcapng_begin(sink->out, sink->view.names, about,
                             &sink->packets);
    else
        r = rca_trace_write_begin(sink->out, about);
    if (!r)
        r = rca_trace_sink_flush(sink);
    if (r)
        rca_trace_sink_done(sink);
    return r;
}

static int print(struct rca_trace_sink *sink,
                 const struct rca_trace_event *event)
{
    struct rca_buf buf = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int r;

    rca_trace_line(&sink->view, event, &buf);
    r = rca_buf_take(&buf, &text);
    if (r == 0 && fputs(text, stdout) < 0)
        r = -errno;
    return r;
}

/* The names that came since, and then the event that may need them. */
static int write(struct rca_trace_sink *sink,
                 const struct rca_trace_event *event)
{
    const size_t n = rca_trace_names_count(sink->view.names);
    int r = 0;

    if (sink->packets.out)
        return rca_pcapng_put(&sink->packets, event);
    if (n > sink->named) {
        r = rca_trace_write_names(sink->out, sink->view.names, sink->named);
        sink->named = n;
    }
    return r ? r : rca_trace_write_event(sink->out, event);
}

int rca_trace_sink_put(void *arg, const struct rca_trace_event *event)
{
    struct rca_trace_sink *sink = (struct rca_trace_sink *)arg;
    int r;

    if (sink->full)
        return 0;
    r = sink->out ? write(sink, event) : print(sink, event);
    r = r ? r : rca_trace_summary_add(sink->summary, event);
    if (r)
        return r;
    sink->events++;
    sink->full = sink->most && sink->events >= sink->most;
    return 0;
}

int rca_trace_sink_flush(struct rca_trace_sink *sink)
{
    if (fflush(sink->out ? sink->out : stdout) == 0)
        return 0;
    if (sink->out || errno != EPIPE)
        return -errno;
    sink->full = 1; /* as of `| head` */
    return 0;
}

int rca_trace_sink_end(struct rca_trace_sink *sink,
                       const struct rca_trace_stats *stats)
{
    FILE *out = RCA_TAKE(sink->out);
    int r;

    if (!out)
        return rca_trace_sink_flush(sink);
    r = sink->packets.out ? 0 : rca_trace_write_end(out, stats);
    if (fclose(out) && !r)
        r = -errno;
    return r;
}

void rca_trace_sink_done(struct rca_trace_sink *sink)
{
    FILE *out = RCA_TAKE(sink->out);

    if (out)
        (void)fclose(out);
    rca_pcapng_done(&sink->packets);
    rca_trace_summary_free(&sink->summary);
}
