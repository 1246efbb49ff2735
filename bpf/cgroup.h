/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * cgroup - the number of a task's cgroup, see bpf/events.h. Kernel side only.
 */

#include "bpf/vmlinux_min.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/events.h"

/** rca_cgroup_v1() - number in a v1 hierarchy; 0 at its root, or if the
 * controller is not on a v1 hierarchy */
static __always_inline __u64 rca_cgroup_v1(struct css_set *set, __u32 subsys,
                                           __u64 tree)
{
    struct cgroup_subsys_state *css = NULL;
    struct cgroup *cgroup;

    bpf_core_read(&css, sizeof(css), &set->subsys[subsys]);
    if (!css)
        return 0;
    cgroup = BPF_CORE_READ(css, cgroup);
    if (BPF_CORE_READ(cgroup, level) <= 0)
        return 0;
    return RCA_CGROUP_V1_ID(tree, BPF_CORE_READ(cgroup, kn, id));
}

#define RCA_CGROUP_IN(set, controller, tree)                                   \
    (bpf_core_enum_value_exists(enum cgroup_subsys_id, controller)             \
         ? rca_cgroup_v1(                                                      \
               (set),                                                          \
               (__u32)bpf_core_enum_value(enum cgroup_subsys_id, controller),  \
               (tree))                                                         \
         : 0)

static __always_inline __u64 rca_cgroup_of(struct task_struct *task)
{
    struct css_set *set = BPF_CORE_READ(task, cgroups);
    struct cgroup *v2 = BPF_CORE_READ(set, dfl_cgrp);
    __u64 id = 0;

    if (BPF_CORE_READ(v2, level) == 0) {
        id = RCA_CGROUP_IN(set, cpu_cgrp_id, RCA_CGROUP_TREE_CPU);
        if (!id)
            id = RCA_CGROUP_IN(set, cpuacct_cgrp_id, RCA_CGROUP_TREE_CPUACCT);
        if (!id)
            id = RCA_CGROUP_IN(set, memory_cgrp_id, RCA_CGROUP_TREE_MEMORY);
    }
    return id ? id : BPF_CORE_READ(v2, kn, id);
}
