/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * net_fixture - one source at work in the network of tests/bpf/net.h, for a
 * group of tests; its state is NULL where that is not permitted.
 */

#include "collector/source.h"
#include "tests/bpf/net.h"

/** struct net_fixture - @source: state of the source @ops */
struct net_fixture {
    const struct rca_source *ops;
    struct rca_observer *obs;
    void *source;
};

/** net_setup() - the switch, then @lines for the shell, and the source opened
 * in second 1; @lines may be NULL */
static inline int net_setup(void **state, const struct rca_source *ops,
                            const struct rca_source_env *env, const char *lines)
{
    static struct net_fixture f;

    if (!net_enter())
        return 0;
    f.ops = ops;
    net_switch();
    if (lines)
        net_run(lines);
    assert_ok(rca_observer_new(NULL, env->host, &f.obs));
    rca_observer_begin(f.obs, RCA_SECOND);
    assert_ok(ops->open(env, f.obs, &f.source));
    *state = &f;
    return 0;
}

static inline int net_teardown(void **state)
{
    struct net_fixture *f = (struct net_fixture *)*state;

    if (!f)
        return 0;
    f->ops->close(&f->source);
    rca_observer_free(&f->obs);
    return 0;
}

/** net_get() - what the setup left; skips the test where it left nothing */
static inline void *net_get(void **state)
{
    if (!*state) {
        print_message("needs CAP_SYS_ADMIN for namespaces\n");
        skip();
    }
    return *state;
}

static inline void net_tick(struct net_fixture *f, int second)
{
    rca_observer_begin(f->obs, second * RCA_SECOND);
    assert_ok(f->ops->tick(f->source, f->obs));
}
