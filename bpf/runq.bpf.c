// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * runq - how long tasks wait for a processor, as a histogram for each cgroup.
 *
 * Near a microsecond for each switch: for the deep profile only. The sum and
 * the mean cost nothing (bpf/task.bpf.c); this shows how they are spread.
 */

#include "bpf/vmlinux_min.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/cgroup.h"
#include "bpf/events_task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_GROUPS 512 /* 0.9 KiB each */
#define PLACES 16384 /* 16 bytes each; a power of two */

__u32 epoch; /* of max_ns; the reader counts it up */
__u64 lost; /* waits that found no room */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, MAX_GROUPS);
    __type(key, __u64);
    __type(value, struct rca_runq);
} groups SEC(".maps");

/* When a task was queued, by the low bits of its number: in the scheduler
 * nothing may be allocated and no lock taken. A task whose place another has
 * taken loses one wait. */
struct place {
    __u32 pid;
    __u32 unused;
    __u64 at;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PLACES);
    __type(key, __u32);
    __type(value, struct place);
} places SEC(".maps");

static const struct rca_runq no_waits;

static __always_inline struct place *place_of(__u32 pid)
{
    __u32 i = pid & (PLACES - 1);

    return bpf_map_lookup_elem(&places, &i);
}

static __always_inline int enqueue(struct task_struct *task)
{
    __u32 pid = (__u32)BPF_CORE_READ(task, pid);
    struct place *p = place_of(pid);

    if (p && pid) { /* 0: the idle task is always there */
        p->pid = pid;
        p->at = bpf_ktime_get_ns();
    }
    return 0;
}

static __always_inline struct rca_runq *group_of(struct task_struct *task)
{
    __u64 id = rca_cgroup_of(task);
    struct rca_runq *runq = bpf_map_lookup_elem(&groups, &id);

    if (runq)
        return runq;
    bpf_map_update_elem(&groups, &id, &no_waits, BPF_NOEXIST);
    return bpf_map_lookup_elem(&groups, &id);
}

static __always_inline void observe(struct rca_runq *runq, __u64 ns)
{
    __u32 now = epoch;
    __u32 slot = now & 1;

    if (runq->max_epoch[slot] != now) {
        runq->max_epoch[slot] = now;
        runq->max_ns[slot] = 0;
    }
    if (ns > runq->max_ns[slot])
        runq->max_ns[slot] = ns;
    __sync_fetch_and_add(&runq->waits, 1);
    __sync_fetch_and_add(&runq->sum_ns, ns);
    __sync_fetch_and_add(&runq->bucket[rca_latency_bucket(ns)], 1);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
    return enqueue(task);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *task)
{
    return enqueue(task);
}

/* A task that is switched from while it could run on waits again. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev,
             struct task_struct *next)
{
    __u32 pid = (__u32)BPF_CORE_READ(next, pid);
    struct place *p = place_of(pid);
    struct rca_runq *runq;
    __u64 ns;

    if (BPF_CORE_READ(prev, __state) == 0)
        enqueue(prev);
    if (!p || p->pid != pid || !p->at)
        return 0;
    ns = bpf_ktime_get_ns() - p->at;
    p->at = 0;
    runq = group_of(next);
    if (runq)
        observe(runq, ns);
    else
        __sync_fetch_and_add(&lost, 1);
    return 0;
}
