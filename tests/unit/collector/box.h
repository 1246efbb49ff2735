/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* box - a host made of files, and a source that reads them. */

#include "collector/source.h"
#include "tests/unit/collector/samples.h"
#include "tests/unit/collector/tree.h"

#define BOX_T0 (INT64_C(1700000000) * RCA_SECOND)

/** struct box - @ops: of the source, @source: its state, NULL until a test opens
 * it; @env: @root/proc and @root/sys, in the profile that needs no kernel */
struct box {
    char root[64], proc[80], sys[80];
    struct rca_source_env env;
    const struct rca_source *ops;
    struct rca_observer *obs;
    void *source;
};

static inline int box_setup(void **state, const struct rca_source *ops)
{
    static struct box box;

    box = (struct box){.ops = ops};
    tree_make(box.root);
    (void)snprintf(box.proc, sizeof(box.proc), "%s/proc", box.root);
    (void)snprintf(box.sys, sizeof(box.sys), "%s/sys", box.root);
    box.env = (struct rca_source_env){.proc = box.proc,
                                      .sys = box.sys,
                                      .host = "box",
                                      .profile = RCA_PROFILE_LIGHT};
    *state = &box;
    return rca_observer_new(NULL, "box", &box.obs);
}

static inline int box_teardown(void **state)
{
    struct box *box = *state;

    box->ops->close(&box->source);
    rca_observer_free(&box->obs);
    tree_remove(box->root);
    return 0;
}

static inline void box_begin(struct box *box, int seconds)
{
    rca_observer_begin(box->obs, BOX_T0 + seconds * RCA_SECOND);
}

static inline void box_tick(struct box *box, int seconds)
{
    box_begin(box, seconds);
    assert_ok(box->ops->tick(box->source, box->obs));
}

/** with_box() - a test of the file whose setup() calls box_setup() */
#define with_box(test)                                                         \
    cmocka_unit_test_setup_teardown(test, setup, box_teardown)
