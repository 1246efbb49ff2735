// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * disk - latency of the requests of block devices, and who makes them.
 *
 * A request carries the time when it was made, so that its completion alone
 * gives its latency. What is known only earlier, who makes it and when it is
 * given to the device, waits in a direct-mapped table: no entry is ever made or
 * freed (a hash of requests costs 0.5 us for that), and two requests that meet
 * in one place cost the older one its division into queue and device. Each
 * hook has two programs with one body: the second is the twin for kernels that
 * refuse BTF tracepoints.
 */

#include "bpf/vmlinux_block.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/cgroup.h"
#include "bpf/events_disk.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */
#define MAX_DISKS 1024 /* times operations */
#define MAX_USERS 4096
#define PLACE_BITS 12 /* 4096 requests under way at once, 32 bytes each */

__u32 epoch; /* of max_ns; the reader counts it up */
__u64 untimed; /* requests without a time of issue */
__u64 lost; /* requests that found no room in disks */
__u64 nobody; /* requests that found no room in users */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, MAX_DISKS);
    __type(key, struct rca_disk_key);
    __type(value, struct rca_disk_io);
} disks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, MAX_USERS);
    __type(key, struct rca_disk_user);
    __type(value, struct rca_disk_use);
} users SEC(".maps");

struct place {
    __u64 rq;
    __u64 made_ns; /* with @rq tells it from a later one */
    __u64 issued_ns;
    __u64 cgroup;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1 << PLACE_BITS);
    __type(key, __u32);
    __type(value, struct place);
} places SEC(".maps");

static const struct rca_disk_io no_io;
static const struct rca_disk_use no_use;

/* --- who ------------------------------------------------------------------- */

/* Cgroup of the running task; 0 for one of the kernel's, and in the root. */
static __always_inline __u64 cgroup_of_task(void)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct cgroup *v2;
    __u64 id;

    if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
        return 0;
    id = rca_cgroup_of(task);
    v2 = BPF_CORE_READ(task, cgroups, dfl_cgrp);
    if (BPF_CORE_READ(v2, level) == 0 && BPF_CORE_READ(v2, kn, id) == id)
        return 0;
    return id;
}

/* Cgroup that the request is charged to; 0 at the root. */
static __always_inline __u64 cgroup_of_bio(struct bio *bio)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct cgroup *cgroup;
    __u64 id;

    if (!bio || !bpf_core_field_exists(bio->bi_blkg))
        return 0;
    cgroup = BPF_CORE_READ(bio, bi_blkg, blkcg, css.cgroup);
    if (!cgroup || BPF_CORE_READ(cgroup, level) <= 0)
        return 0;
    id = BPF_CORE_READ(cgroup, kn, id);
    if (BPF_CORE_READ(cgroup, root) ==
        BPF_CORE_READ(task, cgroups, dfl_cgrp, root))
        return id;
    return RCA_CGROUP_V1_ID(RCA_CGROUP_TREE_BLKIO, id);
}

/* --- from making to issue -------------------------------------------------- */

/* The verifier lets no one reckon with a pointer that it trusts: a copy. */
static __always_inline __u64 number_of(struct request *rq)
{
    __u64 number = 0;

    bpf_probe_read_kernel(&number, sizeof(number), &rq);
    return number;
}

static __always_inline struct place *place_of(__u64 number)
{
    /* multiplicative hashing: Knuth, TAOCP 3, section 6.4 */
    __u32 i = (__u32)(number * 0x9e3779b97f4a7c15ULL >> (64 - PLACE_BITS));

    return bpf_map_lookup_elem(&places, &i);
}

static __always_inline bool holds(const struct place *p, __u64 number,
                                  struct request *rq)
{
    return p->rq == number && p->made_ns == BPF_CORE_READ(rq, start_time_ns);
}

static __always_inline void take_place(struct place *p, __u64 number,
                                       struct request *rq)
{
    __u64 cgroup = cgroup_of_task();

    p->rq = number;
    p->made_ns = BPF_CORE_READ(rq, start_time_ns);
    p->issued_ns = 0;
    p->cgroup = cgroup ? cgroup : cgroup_of_bio(BPF_CORE_READ(rq, bio));
}

static __always_inline int insert(struct request *rq)
{
    __u64 number = number_of(rq);
    struct place *p = place_of(number);

    if (p)
        take_place(p, number, rq);
    return 0;
}

static __always_inline int issue(struct request *rq)
{
    __u64 number = number_of(rq);
    struct place *p = place_of(number);

    if (!p)
        return 0;
    if (!holds(p, number, rq))
        take_place(p, number, rq);
    p->issued_ns = bpf_ktime_get_ns();
    return 0;
}

/* --- completion ------------------------------------------------------------ */

static __always_inline void observe(struct rca_disk_io *io, __u32 what,
                                    __u64 ns)
{
    __u32 now = epoch;
    __u32 slot = now & 1;

    if (io->max_epoch[slot] != now) {
        io->max_epoch[slot] = now;
        __builtin_memset(io->max_ns[slot], 0, sizeof(io->max_ns[slot]));
    }
    if (ns > io->max_ns[slot][what])
        io->max_ns[slot][what] = ns;
    __sync_fetch_and_add(&io->sum_ns[what], ns);
    __sync_fetch_and_add(&io->bucket[what][rca_latency_bucket(ns)], 1);
}

static __always_inline struct rca_disk_io *io_of(__u32 disk, __u32 op)
{
    struct rca_disk_key key = {.disk = disk, .op = op};
    struct rca_disk_io *io = bpf_map_lookup_elem(&disks, &key);

    if (io)
        return io;
    bpf_map_update_elem(&disks, &key, &no_io, BPF_NOEXIST);
    return bpf_map_lookup_elem(&disks, &key);
}

static __always_inline void count_user(__u64 cgroup, __u32 disk, __u32 op,
                                       __u32 bytes, __u64 ns)
{
    struct rca_disk_user key = {.cgroup = cgroup, .disk = disk};
    struct rca_disk_use *use = bpf_map_lookup_elem(&users, &key);
    __u32 way = op == RCA_DISK_READ ? 0 : 1;

    if (!use) {
        bpf_map_update_elem(&users, &key, &no_use, BPF_NOEXIST);
        use = bpf_map_lookup_elem(&users, &key);
    }
    if (!use) {
        __sync_fetch_and_add(&nobody, 1);
        return;
    }
    __sync_fetch_and_add(&use->requests[way], 1);
    __sync_fetch_and_add(&use->bytes[way], bytes);
    __sync_fetch_and_add(&use->sum_ns, ns);
}

/* A write without data is a flush that somebody waits for. The kernel makes
 * one of its own for several of these (REQ_OP_FLUSH), which is not counted. */
static __always_inline __u32 op_of(__u32 req_op, __u32 bytes)
{
    switch (req_op) {
    case REQ_OP_READ:
        return RCA_DISK_READ;
    case REQ_OP_WRITE:
    case REQ_OP_ZONE_APPEND:
        return bytes ? RCA_DISK_WRITE : RCA_DISK_FLUSH;
    default:
        return RCA_DISK_OTHER;
    }
}

static __always_inline __u32 disk_of(struct request *rq)
{
    struct gendisk *disk = BPF_CORE_READ(rq, q, disk);

    if (!disk)
        return 0;
    return RCA_DISK_DEV(BPF_CORE_READ(disk, major),
                        BPF_CORE_READ(disk, first_minor));
}

static __always_inline void count(struct request *rq, __u32 op, bool failed,
                                  __u32 bytes)
{
    __u64 now = bpf_ktime_get_ns();
    __u64 made = BPF_CORE_READ(rq, start_time_ns);
    __u64 number = number_of(rq);
    struct place *p = place_of(number);
    bool held = p && holds(p, number, rq);
    __u64 issued = held ? p->issued_ns : BPF_CORE_READ(rq, io_start_time_ns);
    __u32 disk = disk_of(rq);
    struct rca_disk_io *io = io_of(disk, op);
    __u64 ns;

    if (!io) {
        __sync_fetch_and_add(&lost, 1);
        return;
    }
    ns = made && now > made ? now - made : 0;
    __sync_fetch_and_add(&io->requests, 1);
    if (failed)
        __sync_fetch_and_add(&io->errors, 1);
    observe(io, RCA_DISK_LATENCY, ns);
    if (issued) {
        __sync_fetch_and_add(&io->timed, 1);
        observe(io, RCA_DISK_QUEUE, issued > made ? issued - made : 0);
    } else if (op != RCA_DISK_FLUSH) { /* that never gets to the device */
        __sync_fetch_and_add(&untimed, 1);
    }
    if (held && p->cgroup && op != RCA_DISK_OTHER)
        count_user(p->cgroup, disk, op, bytes, ns);
}

static __always_inline int complete(struct request *rq, bool failed,
                                    __u32 bytes)
{
    __u32 req_op = BPF_CORE_READ(rq, cmd_flags) & REQ_OP_MASK;

    /* the rest of a request that is completed in parts is still to come */
    if (req_op >= REQ_OP_DRV_IN || req_op == REQ_OP_FLUSH ||
        bytes < BPF_CORE_READ(rq, __data_len))
        return 0;
    count(rq, op_of(req_op, bytes), failed, bytes);
    return 0;
}

/* --- the hooks ------------------------------------------------------------- */

SEC("tp_btf/block_rq_insert")
int BPF_PROG(on_insert, struct request *rq)
{
    return insert(rq);
}

SEC("tp_btf/block_rq_issue")
int BPF_PROG(on_issue, struct request *rq)
{
    return issue(rq);
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(on_complete, struct request *rq, int error, unsigned int bytes)
{
    return complete(rq, error != 0, bytes);
}

SEC("raw_tp/block_rq_insert")
int on_insert_raw(struct bpf_raw_tracepoint_args *ctx)
{
    return insert((struct request *)ctx->args[0]);
}

SEC("raw_tp/block_rq_issue")
int on_issue_raw(struct bpf_raw_tracepoint_args *ctx)
{
    return issue((struct request *)ctx->args[0]);
}

SEC("raw_tp/block_rq_complete")
int on_complete_raw(struct bpf_raw_tracepoint_args *ctx)
{
    return complete((struct request *)ctx->args[0], (__u8)ctx->args[1] != 0,
                    (__u32)ctx->args[2]);
}
