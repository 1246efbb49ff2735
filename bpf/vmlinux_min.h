/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * vmlinux_min - the few kernel types and fields that our programs read.
 *
 * Offsets are relocated at load time (CO-RE), so a field is declared by name
 * only; one that a kernel lacks is tested with bpf_core_field_exists(). Used
 * instead of a generated vmlinux.h: a page to review rather than 100,000
 * lines, and the same on every build host. `type___flavour` is `type` as some
 * kernels have it (libbpf drops what follows the three underscores).
 */

#include "bpf/vmlinux_types.h"

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
                             apply_to = record)

/* --- tasks, cgroups, namespaces -------------------------------------------- */

struct kernfs_node {
    __u64 id;
};

struct cgroup_root;

struct cgroup {
    int level;
    struct kernfs_node *kn;
    struct cgroup_root *root;
};

struct cgroup_subsys_state {
    struct cgroup *cgroup;
};

struct css_set {
    struct cgroup_subsys_state *subsys[1];
    struct cgroup *dfl_cgrp;
};

struct ns_common {
    unsigned int inum;
};

struct net {
    struct ns_common ns;
};

typedef struct {
    struct net *net;
} possible_net_t;

struct new_utsname {
    char nodename[65];
};

struct uts_namespace {
    struct new_utsname name;
    struct ns_common ns;
};

struct nsproxy {
    struct uts_namespace *uts_ns;
    struct net *net_ns;
};

struct sched_info {
    unsigned long long run_delay;
    unsigned long long last_queued;
};

struct rq {
    __u64 clock;
};

struct cfs_rq {
    struct rq *rq;
};

struct sched_entity {
    __u64 sum_exec_runtime;
    struct cfs_rq *cfs_rq; /* with CONFIG_FAIR_GROUP_SCHED */
};

/* --- memory, files and end of a process --- */

struct percpu_counter {
    __s64 count;
};

struct mm_struct {
    struct percpu_counter rss_stat[4]; /* from 6.2 on */
};

struct atomic_long___rca {
    __s64 counter;
};

struct mm_rss_stat { /* up to 6.1 */
    struct atomic_long___rca count[4];
};

struct mm_struct___old {
    struct mm_rss_stat rss_stat;
};

struct files_struct {
    unsigned int next_fd;
};

struct rlimit {
    unsigned long rlim_cur;
};

struct signal_struct {
    struct mm_struct *oom_mm;
    struct rlimit rlim[16];
};

struct task_io_accounting { /* with CONFIG_TASK_IO_ACCOUNTING */
    __u64 read_bytes;
    __u64 write_bytes;
};

struct task_struct {
    unsigned int __state; /* from 5.14 on */
    int exit_code;
    unsigned long nvcsw;
    unsigned long nivcsw;
    unsigned long maj_flt;
    struct mm_struct *mm;
    struct files_struct *files;
    struct signal_struct *signal;
    struct task_io_accounting ioac;
    unsigned int flags;
    int pid;
    int tgid;
    __u64 start_time;
    struct task_struct *group_leader;
    struct sched_entity se;
    struct sched_info sched_info;
    struct css_set *cgroups;
    struct nsproxy *nsproxy;
    char comm[16];
};

/* --- iterators, raw tracepoints -------------------------------------------- */

struct bpf_raw_tracepoint_args {
    __u64 args[0];
};

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
};

struct bpf_iter__task_file {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
    __u32 fd;
    struct file *file;
};

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
};

#pragma clang attribute pop
