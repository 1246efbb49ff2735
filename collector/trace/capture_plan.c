/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "collector/trace/capture_own.h"

#define SMALLEST 4096 /* a page */
#define LARGEST (1U << 30)

int rca_trace_plan_check(const struct rca_trace_options *options,
                         struct rca_diag *diag)
{
    const size_t buffer = options->buffer;

    if (!buffer)
        return 0; /* ours */
    if (buffer >= SMALLEST && !(buffer & (buffer - 1)) && buffer <= LARGEST)
        return 0;
    return rca_diag_set(diag, RCA_ESYNTAX, NULL, 0,
                        "a buffer of %zu bytes: want a power of 2 from 4 KiB "
                        "to 1 GiB",
                        buffer);
}

static int plan_filter(struct rca_trace_capture *c, const char *expression,
                       struct rca_diag *diag, struct rca_trace_plan *plan)
{
    int r;

    if (!expression || !*expression)
        return 0;
    r = rca_trace_filter_new(expression, diag, &c->filter);
    for (unsigned i = 0; r == 0 && i < RCA_TRACE_LAYERS; i++)
        r = rca_trace_filter_translate(c->filter, (enum rca_trace_layer)i,
                                       RCA_TRACE_SNAP, diag, &plan->packet[i]);
    return r;
}

static int plan_meta(struct rca_trace_capture *c, const char *expression,
                     struct rca_diag *diag, struct rca_trace_plan *plan)
{
    struct rca_trace_lookup lookup = rca_trace_names_lookup(c->names);
    int r;

    if (!expression || !*expression)
        return 0;
    r = rca_trace_meta_new(expression, &lookup, diag, &c->meta);
    return r ? r : rca_trace_meta_translate(c->meta, &plan->meta);
}

static void plan_done(struct rca_trace_plan *plan)
{
    for (size_t i = 0; i < RCA_TRACE_LAYERS; i++)
        rca_trace_code_done(&plan->packet[i]);
    rca_trace_code_done(&plan->meta);
}

/* First the object whose maps the probes share. */
static int load(struct rca_trace_capture *c,
                const struct rca_trace_options *options,
                const struct rca_trace_plan *plan, struct rca_diag *diag)
{
    struct rca_trace_probe_with with = {.plan = plan};
    const int r = rca_trace_object_open(plan, diag, &c->object);

    if (r)
        return r;
    with.object = rca_trace_object_loaded(c->object);
    return rca_trace_probe_open(options, &with, diag, &c->probe);
}

int rca_trace_plan_open(struct rca_trace_capture *c,
                        const struct rca_trace_options *options,
                        struct rca_diag *diag)
{
    RCA_CLEANUP(plan_done)
    struct rca_trace_plan plan = {
        .points = options->points ? options->points : ~0U,
        .wanted = options->wanted,
        .buffer = options->buffer ? options->buffer : RCA_TRACE_BUFFER,
        .without = options->without,
    };
    int r = plan_filter(c, options->filter, diag, &plan);
    if (r == 0)
        r = plan_meta(c, options->meta, diag, &plan);
    return r ? r : load(c, options, &plan, diag);
}
