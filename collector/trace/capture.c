/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * capture - the one loop of a capture: what the ring and the feeds have is put
 * in order and held for a while, so that netlink, which is later, finds its
 * place among the packets; what has been held long enough is handed out.
 *
 * Programs wake us only when the ring fills; else it is looked at again and
 * again, which costs the packets' own path nothing.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "collector/file.h"
#include "collector/trace/capture_own.h"

#define LOOK_AGAIN_MS 20
#define REFRESH (2 * RCA_SECOND)
#define AT_ONCE 65536 /* events that are read before some are handed out */
/* A clock that was set, not one that is slewed: both clocks are. */
#define CLOCK_STEP (RCA_SECOND / 1000)
#define STACK_DEPTH 64 /* bpf/trace_see.h */

/* --- time --------------------------------------------------------------------- */

static rca_time read_clock(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return t.tv_sec * RCA_SECOND + t.tv_nsec;
}

static rca_time mono(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Between two readings of the one clock, the other: the shortest of a few. */
static rca_time read_offset(void)
{
    rca_time best = INT64_MAX, offset = 0;

    for (int i = 0; i < 5; i++) {
        const rca_time before = mono();
        const rca_time wall = read_clock(CLOCK_REALTIME);
        const rca_time took = mono() - before;

        if (took < best) {
            best = took;
            offset = wall - (before + took / 2);
        }
    }
    return offset;
}

static void follow_clock(struct rca_trace_capture *c)
{
    const rca_time offset = read_offset();

    if (offset > c->offset + CLOCK_STEP || offset < c->offset - CLOCK_STEP)
        c->offset = offset;
}

/* --- what comes from the ring -------------------------------------------------- */

static int name_stack(struct rca_trace_capture *c, int32_t stack)
{
    const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_STACK,
                                           .a = (uint64_t)stack};
    char *lines RCA_CLEANUP(rca_freep) = NULL;
    struct rca_buf text = {0};
    uint64_t places[STACK_DEPTH] = {0};
    const uint32_t id = (uint32_t)stack;
    int r;

    if (rca_trace_names_get(c->names, &key) ||
        bpf_map_lookup_elem(rca_trace_object_stacks(c->object), &id, places))
        return 0;
    for (size_t i = 0; i < STACK_DEPTH && places[i]; i++) {
        const char *place = rca_trace_name_place(c->names, places[i]);

        rca_buf_fmt(&text, "%s%s", i ? "\n" : "", place ? place : "?");
    }
    r = rca_buf_take(&text, &lines);
    if (r == 0)
        r = rca_trace_names_set(c->names, &key, lines);
    return r == -ENOSPC ? 0 : r;
}

static int name_event(struct rca_trace_capture *c,
                      const struct rca_trace_event *event)
{
    if (event->place && event->place != c->last_place)
        (void)rca_trace_name_place(c->names, event->place);
    c->last_place = event->place;
    return event->stack >= 0 ? name_stack(c, event->stack) : 0;
}

/* Bytes of the kernel's, but checked all the same: they are copied by size. */
static int on_event(void *arg, void *data, size_t size)
{
    struct rca_trace_capture *c = (struct rca_trace_capture *)arg;
    struct rca_trace_event *e = &c->event;
    const size_t fixed = offsetof(struct rca_trace_event, head);
    int r;

    if (size < fixed || size > sizeof(*e))
        return 0;
    memcpy(e, data, size);
    if (e->captured > size - fixed)
        e->captured = (uint32_t)(size - fixed);
    e->time += (uint64_t)c->offset;
    r = name_event(c, e);
    if (r == 0)
        r = rca_trace_sort_put(c->sort, e);
    if (r)
        return r;
    if (c->match)
        rca_trace_match_packet(c->match, e);
    return ++c->read < AT_ONCE ? 0 : -ECANCELED;
}

static int read_ring(struct rca_trace_capture *c)
{
    int r;

    c->read = 0;
    r = ring_buffer__consume(c->ring);
    return r == -ECANCELED || r > 0 ? 0 : r;
}

/* --- one look --------------------------------------------------------------------- */

static int refresh(struct rca_trace_capture *c)
{
    const rca_time now = mono();
    int r;

    if (now - c->refreshed < REFRESH)
        return 0;
    follow_clock(c);
    r = rca_trace_names_read(c->names);
    if (r == 0)
        r = rca_trace_hooks_refresh(&c->hooks, c->names);
    c->refreshed = mono();
    return r;
}

/* Feeds first: the packets of what they tell of are in the ring by then. */
static int gather(struct rca_trace_capture *c)
{
    const rca_time now = mono() + c->offset;
    int r;

    c->gathered = now;
    r = rca_trace_feeds_read(c);

    if (r == 0)
        r = read_ring(c);
    if (r == 0 && c->read < AT_ONCE)
        r = rca_trace_feeds_sort(c, now);
    return r;
}

/* As of when the feeds were read: what has come since, while this process may
 * have been kept waiting, has its messages still to come. Where the feeds have
 * more than was read, only what there is no room for. */
static int hand_out(struct rca_trace_capture *c, rca_trace_visit *visit,
                    void *arg)
{
    return rca_trace_sort_take(
        c->sort, c->more ? 0 : c->gathered - RCA_TRACE_HOLD, visit, arg);
}

/* 0, also when a signal ended it, which @ret_signal says. */
static int wait_for_more(struct rca_trace_capture *c, rca_time left,
                         _Bool *ret_signal)
{
    struct epoll_event events[4];
    const rca_time ms = (left + 999999) / 1000000;

    if (epoll_wait(c->epoll, events, RCA_ARRAY_SIZE(events),
                   ms > LOOK_AGAIN_MS ? LOOK_AGAIN_MS : (int)ms) >= 0)
        return 0;
    *ret_signal = errno == EINTR;
    return errno == EINTR ? 0 : -errno;
}

int rca_trace_poll(struct rca_trace_capture *c, int timeout_ms,
                   rca_trace_visit *visit, void *arg)
{
    const rca_time until = mono() + timeout_ms * (RCA_SECOND / 1000);
    _Bool ended = 0;
    int r;

    do {
        rca_time left = until - mono();

        if (timeout_ms < 0)
            left = RCA_SECOND;
        r = wait_for_more(c, left > 0 ? left : 0, &ended);
        if (r == 0)
            r = refresh(c);
        if (r == 0)
            r = gather(c);
        if (r == 0)
            r = hand_out(c, visit, arg);
    } while (r == 0 && !ended && (timeout_ms < 0 || mono() < until));
    return r;
}

/* What was on its way when the programs went is in the ring by now. */
int rca_trace_finish(struct rca_trace_capture *c, rca_trace_visit *visit,
                     void *arg)
{
    _Bool more;
    int r, n = 0;

    rca_trace_hooks_done(&c->hooks);
    rca_trace_object_detach(c->object);
    rca_trace_probe_detach(c->probe);
    rca_trace_feeds_stop(c);
    do {
        r = gather(c);
        more = c->more || c->read == AT_ONCE;
        if (r == 0 && more)
            r = hand_out(c, visit, arg);
        n += r > 0 ? r : 0;
    } while (r >= 0 && more);
    if (r >= 0)
        r = rca_trace_feeds_sort(c, RCA_TIME_NONE);
    if (r < 0)
        return r;
    r = rca_trace_sort_take(c->sort, INT64_MAX, visit, arg);
    return r < 0 ? r : n + r;
}

/* --- what it says of itself ------------------------------------------------------- */

const struct rca_trace_feature *rca_trace_features(
    const struct rca_trace_capture *c, size_t *ret_n)
{
    *ret_n = c->n_features;
    return c->features;
}

void rca_trace_stats(const struct rca_trace_capture *c,
                     struct rca_trace_stats *ret_stats)
{
    rca_trace_object_stats(c->object, ret_stats);
    ret_stats->loss.untracked += rca_trace_probe_unnamed(c->probe);
    ret_stats->loss.late = rca_trace_sort_late(c->sort);
    rca_trace_feeds_loss(c, &ret_stats->loss);
}

/* --- beginning and end -------------------------------------------------------------- */

void rca_trace_close(struct rca_trace_capture **capture)
{
    struct rca_trace_capture *c = *capture;

    if (!c)
        return;
    rca_trace_feeds_close(c);
    rca_trace_hooks_done(&c->hooks);
    if (c->ring)
        ring_buffer__free(c->ring);
    rca_trace_probe_close(&c->probe);
    rca_trace_object_free(&c->object);
    rca_trace_sort_free(&c->sort);
    rca_trace_filter_free(&c->filter);
    rca_trace_meta_free(&c->meta);
    if (c->epoll >= 0)
        (void)close(c->epoll);
    free(c);
    *capture = NULL;
}

static int watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_ring(struct rca_trace_capture *c)
{
    const int fd = rca_trace_object_ring(c->object);

    c->ring = ring_buffer__new(fd, on_event, c, NULL);
    if (!c->ring)
        return errno ? -errno : -ENOMEM;
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (c->epoll < 0)
        return -errno;
    return watch(c->epoll, ring_buffer__epoll_fd(c->ring));
}

static int start(struct rca_trace_capture *c,
                 const struct rca_trace_options *options, struct rca_diag *diag)
{
    int r = open_ring(c);

    if (r == 0)
        r = rca_trace_sort_new(RCA_TRACE_HOLD_BYTES, &c->sort);
    if (r == 0)
        r = rca_trace_hooks_refresh(&c->hooks, c->names);
    if (r == 0)
        rca_trace_object_attach(c->object);
    if (r == 0)
        r = rca_trace_feeds_open(c, options, diag);
    if (r == 0)
        rca_trace_tell_features(c, options);
    c->refreshed = mono();
    return r ? r : rca_trace_check_must(c, options, diag);
}

int rca_trace_open(const struct rca_trace_options *options,
                   struct rca_trace_names *names, struct rca_diag *diag,
                   struct rca_trace_capture **ret_capture)
{
    struct rca_trace_capture *c RCA_CLEANUP(rca_trace_close) =
        calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    (void)rca_file_most(); /* up to 15 for each namespace */
    c->names = names;
    c->epoll = c->hooks.program = -1;
    c->offset = read_offset();
    r = rca_trace_plan_check(options, diag);
    if (r == 0)
        r = rca_trace_names_read(names);
    if (r == 0)
        r = rca_trace_plan_open(c, options, diag);
    if (r)
        return r;
    c->hooks.program = rca_trace_object_hook(c->object);
    c->hooks.points = options->points ? options->points : ~0U;
    r = start(c, options, diag);
    if (r)
        return r;
    *ret_capture = RCA_TAKE(c);
    return 0;
}
