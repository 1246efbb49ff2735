/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static _Bool is_pcapng(const char *path)
{
    static const char end[] = ".pcapng";
    const size_t n = strlen(path);

    return n >= sizeof(end) && !strcmp(path + n - (sizeof(end) - 1), end);
}

/* Emptied only once it is known that no other process writes it. */
static int empty(int fd)
{
    struct stat st;

    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return 0; /* a device, a pipe */
    if (flock(fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    return ftruncate(fd, 0) ? -errno : 0;
}

static int open_file(const char *path, FILE **ret_out)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    int r = fd < 0 ? -errno : empty(fd);

    if (!r) {
        *ret_out = fdopen(fd, "w");
        r = *ret_out ? 0 : -ENOMEM;
    }
    if (r && fd >= 0)
        (void)close(fd);
    return r;
}

int rca_trace_sink_open(const char *path, const struct rca_trace_about *about,
                        struct rca_trace_sink *sink)
{
    int r = rca_trace_summary_new(0, &sink->summary);

    if (r || !path)
        return r;
    r = open_file(path, &sink->out);
    if (!r && is_pcapng(path))
        r = rca_pcapng_begin(sink->out, sink->view.names, about,
                             &sink->packets);
    else if (!r)
        r = rca_trace_write_begin(sink->out, about);
    if (!r)
        r = rca_trace_sink_flush(sink);
    if (r)
        rca_trace_sink_done(sink);
    return r;
}

/* Nobody reads standard output any more, as of `| head`: no error, and nothing
 * that the end of the program should try to write again. */
static int lost_reader(struct rca_trace_sink *sink)
{
    __fpurge(stdout);
    sink->full = 1;
    return 0;
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
        r = errno == EPIPE ? lost_reader(sink) : -errno;
    return r;
}

/* The names that came since, and then the event that may need them. */
static int write_out(struct rca_trace_sink *sink,
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
    r = sink->out ? write_out(sink, event) : print(sink, event);
    r = r ? r : rca_trace_summary_add(sink->summary, event);
    if (r)
        return r;
    sink->events++;
    sink->full |= sink->most && sink->events >= sink->most;
    return 0;
}

int rca_trace_sink_flush(struct rca_trace_sink *sink)
{
    if (fflush(sink->out ? sink->out : stdout) == 0)
        return 0;
    return sink->out || errno != EPIPE ? -errno : lost_reader(sink);
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
