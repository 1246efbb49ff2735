// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * task - processor time and run-queue wait of every thread.
 *
 * The scheduler keeps both sums anyway: the iterator copies them out once a
 * tick, which costs nothing in between (hooks on sched_switch and sched_wakeup
 * cost near a microsecond for each switch). A thread
 * that ends between two ticks leaves its sums in a ring when it is freed: at
 * sched_process_exit the last slice is not in them yet.
 */

#include "bpf/vmlinux_min.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/cgroup.h"
#include "bpf/events.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

/* Room for 7,000 threads that end between two ticks (72 bytes each). */
#define ENDED_RING_BYTES (512 * 1024)

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, ENDED_RING_BYTES);
} ended SEC(".maps");

__u64 lost; /* ends that did not fit into the ring */

/* A wait in progress counts: a starving thread must show while it starves. The
 * clock of sched_info is that of the thread's run queue. */
static __always_inline __u64 wait_of(struct task_struct *task)
{
    __u64 wait = BPF_CORE_READ(task, sched_info.run_delay);
    __u64 queued = BPF_CORE_READ(task, sched_info.last_queued);
    __u64 clock;

    if (!queued || !bpf_core_field_exists(task->se.cfs_rq))
        return wait;
    clock = BPF_CORE_READ(task, se.cfs_rq, rq, clock);
    return clock > queued ? wait + (clock - queued) : wait;
}

static __always_inline void fill(struct rca_task *rec, struct task_struct *task)
{
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);

    rec->pid = (__u32)BPF_CORE_READ(task, pid);
    rec->tgid = (__u32)BPF_CORE_READ(task, tgid);
    rec->start_ns = BPF_CORE_READ(task, start_time);
    rec->cgroup = rca_cgroup_of(task);
    rec->netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
    rec->cpu_ns = BPF_CORE_READ(task, se.sum_exec_runtime);
    rec->kernel = (BPF_CORE_READ(task, flags) & PF_KTHREAD) != 0;
    bpf_core_read_str(rec->comm, sizeof(rec->comm), &leader->comm);
}

SEC("iter/task")
int dump_tasks(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    struct rca_task rec = {};

    if (!task)
        return 0;
    fill(&rec, task);
    rec.wait_ns = wait_of(task);
    bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
    return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct *task)
{
    struct rca_task *rec = bpf_ringbuf_reserve(&ended, sizeof(*rec), 0);

    if (!rec) {
        __sync_fetch_and_add(&lost, 1);
        return 0;
    }
    __builtin_memset(rec, 0, sizeof(*rec));
    fill(rec, task);
    rec->wait_ns = BPF_CORE_READ(task, sched_info.run_delay);
    rec->ended = 1;
    bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
    return 0;
}
