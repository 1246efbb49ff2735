/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "collector/trace/capture_own.h"

#define HOOKS "netfilter hooks"
#define HOOKS_LOST "where netfilter lets packets pass, and translates them"

void rca_trace_add_feature(struct rca_trace_capture *c,
                           const struct rca_trace_feature *feature)
{
    if (c->n_features < RCA_TRACE_FEATURES)
        c->features[c->n_features++] = *feature;
}

static void add_hooks(struct rca_trace_capture *c)
{
    struct rca_trace_feature f = {.name = HOOKS, .part = RCA_TRACE_PART_SKB};
    const char *why = rca_trace_object_why_no_hook(c->object);
    const size_t n = rca_trace_hooks_attached(&c->hooks);

    f.on = !why[0] && n;
    if (f.on)
        (void)snprintf(f.how, sizeof(f.how),
                       "netfilter links in %zu namespace%s", n,
                       n == 1 ? "" : "s");
    else
        (void)snprintf(f.how, sizeof(f.how), "netfilter: %.80s",
                       why[0] ? why : strerror(-c->hooks.err));
    if (!f.on)
        (void)snprintf(f.lost, sizeof(f.lost), "%s", HOOKS_LOST);
    rca_trace_add_feature(c, &f);
}

static void add_probes(struct rca_trace_capture *c)
{
    size_t n;
    const struct rca_trace_feature *f = rca_trace_probe_features(c->probe, &n);

    for (size_t i = 0; i < n; i++)
        rca_trace_add_feature(c, &f[i]);
}

static void add_names(struct rca_trace_capture *c, enum rca_trace_part part,
                      const char *what, const char *how)
{
    struct rca_trace_feature f = {.part = part, .on = 1};

    (void)snprintf(f.name, sizeof(f.name), "%s", what);
    (void)snprintf(f.how, sizeof(f.how), "%s", how);
    rca_trace_add_feature(c, &f);
}

void rca_trace_tell_features(struct rca_trace_capture *c,
                             const struct rca_trace_options *options)
{
    c->n_features +=
        rca_trace_object_features(c->object, c->features + c->n_features,
                                  RCA_TRACE_FEATURES - c->n_features);
    if (options->wanted >> RCA_TRACE_PART_SKB & 1)
        add_hooks(c);
    add_probes(c);
    if (options->wanted >> RCA_TRACE_PART_DEV & 1)
        add_names(c, RCA_TRACE_PART_DEV, "device names",
                  "the links of each namespace");
    if (options->wanted >> RCA_TRACE_PART_NS & 1)
        add_names(c, RCA_TRACE_PART_NS, "namespace names",
                  "/run/netns, /proc/PID/ns/net");
}

/* A part works if anything of it does; else its first reason is told. */
static const struct rca_trace_feature *find_failed(
    const struct rca_trace_capture *c, enum rca_trace_part part)
{
    const struct rca_trace_feature *failed = NULL;

    for (size_t i = 0; i < c->n_features; i++) {
        const struct rca_trace_feature *f = &c->features[i];

        if (f->part != part)
            continue;
        if (f->on)
            return NULL;
        failed = failed ? failed : f;
    }
    return failed;
}

int rca_trace_check_must(const struct rca_trace_capture *c,
                         const struct rca_trace_options *options,
                         struct rca_diag *diag)
{
    for (unsigned part = 0; part < RCA_TRACE_PART_COUNT; part++) {
        const struct rca_trace_feature *failed =
            find_failed(c, (enum rca_trace_part)part);

        if (options->must >> part & 1 && failed)
            return rca_diag_set(diag, RCA_ENOSUPPORT, NULL, 0,
                                "collector '%s' does not work here: %s: %s",
                                rca_trace_part_name((enum rca_trace_part)part),
                                failed->name, failed->how);
    }
    return 0;
}
