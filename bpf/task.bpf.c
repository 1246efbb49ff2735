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
#include "bpf/events_task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_NOLOAD 0x400

/* include/linux/mm_types_task.h; 2 counts what is in swap */
#define MM_FILEPAGES 0
#define MM_ANONPAGES 1
#define MM_SHMEMPAGES 3

#define RLIMIT_NOFILE 7 /* include/uapi/asm-generic/resource.h */

/* Room for 4,000 threads that end between two ticks (128 bytes each). */
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

/* Near enough: the kernel keeps part of these counts for each processor. */
static __always_inline __s64 pages(struct mm_struct *mm, __u32 what)
{
    __s64 n = 0;

    if (bpf_core_type_exists(struct mm_rss_stat)) {
        struct mm_struct___old *old = (void *)mm;

        switch (what) {
        case MM_FILEPAGES:
            n = BPF_CORE_READ(old, rss_stat.count[MM_FILEPAGES].counter);
            break;
        case MM_ANONPAGES:
            n = BPF_CORE_READ(old, rss_stat.count[MM_ANONPAGES].counter);
            break;
        default:
            n = BPF_CORE_READ(old, rss_stat.count[MM_SHMEMPAGES].counter);
            break;
        }
    } else {
        switch (what) {
        case MM_FILEPAGES:
            n = BPF_CORE_READ(mm, rss_stat[MM_FILEPAGES].count);
            break;
        case MM_ANONPAGES:
            n = BPF_CORE_READ(mm, rss_stat[MM_ANONPAGES].count);
            break;
        default:
            n = BPF_CORE_READ(mm, rss_stat[MM_SHMEMPAGES].count);
            break;
        }
    }
    return n > 0 ? n : 0;
}

static __always_inline void fill_process(struct rca_task *rec,
                                         struct task_struct *task)
{
    struct mm_struct *mm = BPF_CORE_READ(task, mm);
    __u64 limit = BPF_CORE_READ(task, signal, rlim[RLIMIT_NOFILE].rlim_cur);

    if (mm)
        rec->rss_pages = pages(mm, MM_FILEPAGES) + pages(mm, MM_ANONPAGES) +
                         pages(mm, MM_SHMEMPAGES);
    rec->files = BPF_CORE_READ(task, files, next_fd);
    rec->file_limit = limit >> 31 ? 0 : (__u32)limit;
}

static __always_inline void fill_use(struct rca_task *rec,
                                     struct task_struct *task)
{
    rec->major_faults = BPF_CORE_READ(task, maj_flt);
    rec->switches = BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
    if (bpf_core_field_exists(task->ioac.read_bytes)) {
        rec->read_bytes = BPF_CORE_READ(task, ioac.read_bytes);
        rec->written_bytes = BPF_CORE_READ(task, ioac.write_bytes);
    }
}

static __always_inline bool is_blocked(struct task_struct *task)
{
    __u32 state;

    if (!bpf_core_field_exists(task->__state))
        return false;
    state = BPF_CORE_READ(task, __state);
    return (state & TASK_UNINTERRUPTIBLE) && !(state & TASK_NOLOAD);
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
    fill_use(rec, task);
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
    rec.blocked = is_blocked(task);
    if (rec.pid == rec.tgid && !rec.kernel)
        fill_process(&rec, task);
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
    rec->exit_code = (__u32)BPF_CORE_READ(task, exit_code);
    rec->oom = BPF_CORE_READ(task, signal, oom_mm) != NULL;
    bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
    return 0;
}
