/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * capture_feeds - what does not come from the ring. A rule of nftables comes
 * without its packet's id and time: it waits until its packet has been seen
 * (collector/trace/match.h). One whose packet was not seen is judged by the
 * filters here, as no program of ours saw it.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "collector/source.h"
#include "collector/trace/capture_own.h"

static const struct rca_trace_feed *const feeds[] = {&rca_trace_feed_nft,
                                                     &rca_trace_feed_ovs};

static rca_time now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * RCA_SECOND + t.tv_nsec;
}

/* --- opening ---------------------------------------------------------------- */

static int watch(const struct rca_trace_capture *c,
                 const struct rca_trace_source *feed)
{
    struct epoll_event event = {.events = EPOLLIN};
    const int fd = feed->ops->fd(feed->state);

    if (fd < 0)
        return 0;
    return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Turned off by its part's name ("nft", "ovs"). */
static _Bool may(const struct rca_trace_options *options,
                 enum rca_trace_part part, struct rca_trace_feature *feature)
{
    const struct rca_source_env env = {.without = options->without};
    const char *name = rca_trace_part_name(part);

    if (rca_source_may(&env, name))
        return 1;
    (void)snprintf(feature->name, sizeof(feature->name), "%s", name);
    (void)snprintf(feature->how, sizeof(feature->how),
                   "turned off by 'without'");
    return 0;
}

static int open_feed(struct rca_trace_capture *c,
                     const struct rca_trace_feed *ops,
                     const struct rca_trace_options *options,
                     struct rca_diag *diag, struct rca_trace_source *feed)
{
    struct rca_trace_feature feature = {.part = ops->part};
    int r = RCA_ENOSUPPORT;

    feed->ops = ops;
    if (may(options, ops->part, &feature))
        r = ops->open(options, c->names, diag, &feature, &feed->state);
    rca_trace_add_feature(c, &feature);
    if (r == RCA_ENOSUPPORT)
        return 0;
    return r ? r : watch(c, feed);
}

/* The probe tells of every rule that decides, so that none is told twice. */
static _Bool is_probed(const struct rca_trace_capture *c,
                       enum rca_trace_part part)
{
    return part == RCA_TRACE_PART_NFT && rca_trace_probe_has(c->probe, part);
}

int rca_trace_feeds_open(struct rca_trace_capture *c,
                         const struct rca_trace_options *options,
                         struct rca_diag *diag)
{
    int r = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(feeds) && r == 0; i++) {
        if (options->wanted >> feeds[i]->part & 1 &&
            !is_probed(c, feeds[i]->part))
            r = open_feed(c, feeds[i], options, diag, &c->feeds[i]);
        if (r == 0 && c->feeds[i].state && feeds[i]->part == RCA_TRACE_PART_NFT)
            r = rca_trace_match_new(0, &c->match);
    }
    return r;
}

/* --- reading ---------------------------------------------------------------- */

/* Whether what no program judged is asked for. */
static _Bool is_asked(const struct rca_trace_capture *c,
                      const struct rca_trace_event *e)
{
    const enum rca_trace_layer layer =
        e->has & RCA_TRACE_HAS_LINK ? RCA_TRACE_L2 : RCA_TRACE_L3;

    if (e->id || e->point == RCA_TRACE_OVS_COUNTER)
        return 1;
    if (c->filter && !rca_trace_filter_matches(c->filter, layer, e->head,
                                               e->captured, e->length))
        return 0;
    return !c->meta || rca_trace_meta_matches(c->meta, e);
}

static int sort(void *arg, const struct rca_trace_event *event)
{
    struct rca_trace_capture *c = (struct rca_trace_capture *)arg;

    return is_asked(c, event) ? rca_trace_sort_put(c->sort, event) : 0;
}

static int push(void *arg, const struct rca_trace_event *event)
{
    struct rca_trace_capture *c = (struct rca_trace_capture *)arg;
    struct rca_trace_event *copy = &c->event;
    int r;

    if (c->match && event->point == RCA_TRACE_RULE && !event->id) {
        r = rca_trace_match_rule(c->match, event, now());
        c->unmatched += r == -ENOSPC;
        return r == -ENOSPC ? 0 : r;
    }
    if (event->time)
        return sort(c, event);
    memcpy(copy, event, rca_trace_event_size(event));
    copy->time = (uint64_t)now();
    return sort(c, copy);
}

int rca_trace_feeds_read(struct rca_trace_capture *c)
{
    int r = 0;

    c->more = 0;
    for (size_t i = 0; i < RCA_TRACE_FEEDS && r >= 0; i++) {
        if (!c->feeds[i].state)
            continue;
        r = c->feeds[i].ops->read(c->feeds[i].state, push, c);
        c->more = c->more || r > 0;
    }
    return r < 0 ? r : 0;
}

void rca_trace_feeds_stop(struct rca_trace_capture *c)
{
    for (size_t i = 0; i < RCA_TRACE_FEEDS; i++) {
        if (c->feeds[i].state && c->feeds[i].ops->stop)
            c->feeds[i].ops->stop(c->feeds[i].state);
    }
}

int rca_trace_feeds_sort(struct rca_trace_capture *c, rca_time until)
{
    return c->match ? rca_trace_match_due(c->match, until, sort, c) : 0;
}

/* --- the rest --------------------------------------------------------------- */

void rca_trace_feeds_loss(const struct rca_trace_capture *c,
                          struct rca_trace_loss *loss)
{
    loss->netlink += c->unmatched;
    for (size_t i = 0; i < RCA_TRACE_FEEDS; i++) {
        if (c->feeds[i].state)
            c->feeds[i].ops->loss(c->feeds[i].state, loss);
    }
}

void rca_trace_feeds_close(struct rca_trace_capture *c)
{
    for (size_t i = 0; i < RCA_TRACE_FEEDS; i++) {
        if (c->feeds[i].state)
            c->feeds[i].ops->close(&c->feeds[i].state);
    }
    rca_trace_match_free(&c->match);
}
