/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "collector/trace/capture_own.h"

int rca_trace_feeds_open(struct rca_trace_capture *c,
                         const struct rca_trace_options *options,
                         struct rca_diag *diag)
{
    (void)c;
    (void)options;
    (void)diag;
    return 0;
}

static int push(void *arg, const struct rca_trace_event *event)
{
    struct rca_trace_capture *c = (struct rca_trace_capture *)arg;

    return rca_trace_sort_put(c->sort, event);
}

int rca_trace_feeds_read(struct rca_trace_capture *c)
{
    int r = 0;

    for (size_t i = 0; i < RCA_TRACE_FEEDS && r == 0; i++) {
        if (c->feeds[i].state)
            r = c->feeds[i].ops->read(c->feeds[i].state, push, c);
    }
    return r;
}

void rca_trace_feeds_loss(const struct rca_trace_capture *c,
                          struct rca_trace_loss *loss)
{
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
}
