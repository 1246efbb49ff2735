/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* cgroup_box - a box whose hierarchies of cgroups are folders. */

#include "tests/harness/test.h"
#include "tests/unit/collector/box.h"

static inline int setup(void **state)
{
    const int r = box_setup(state, &rca_source_cgroup);
    struct box *box = *state;

    box->env.sys = box->root;
    return r;
}

/* Mount v2 at u/, and with @v1 also cpu at c/ and memory at m/. */
static inline void mount_trees(struct box *box, _Bool v1)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "1 0 0:1 / %s/u rw - cgroup2 cgroup2 rw\n", box->root);

    tree_write(box->root, "u/cgroup.controllers",
               v1 ? "\n" : "cpu memory pids io\n");
    if (v1) {
        (void)snprintf(text + n, sizeof(text) - (size_t)n,
                       "2 0 0:2 / %s/c rw - cgroup cgroup rw,cpu\n"
                       "3 0 0:3 / %s/m rw - cgroup cgroup rw,memory\n",
                       box->root, box->root);
        tree_write(box->root, "c/cgroup.procs", "1\n");
        tree_write(box->root, "m/cgroup.procs", "1\n");
    }
    tree_write(box->root, "proc/self/mountinfo", text);
}

static inline void open_source(struct box *box)
{
    assert_ok(rca_source_cgroup.open(&box->env, box->obs, &box->source));
}

static inline rca_id group(struct box *box, const char *path)
{
    return rca_observe_entity(box->obs, RCA_KIND_CGROUP, path);
}
