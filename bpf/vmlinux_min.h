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

/* --- sockets and packets --------------------------------------------------- */

struct in6_addr {
    union {
        __be32 u6_addr32[4];
    } in6_u;
};

struct sock_common {
    union {
        struct {
            __be32 skc_daddr;
            __be32 skc_rcv_saddr;
        };
    };
    union {
        struct {
            __be16 skc_dport;
            __u16 skc_num;
        };
    };
    unsigned short skc_family;
    volatile unsigned char skc_state;
    possible_net_t skc_net;
    unsigned long skc_flags;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
};

typedef struct {
    int owned;
} socket_lock_t;

struct sock {
    struct sock_common __sk_common;
    socket_lock_t sk_lock;
    int sk_err;
    __u32 sk_max_ack_backlog;
    __u16 sk_protocol;
};

struct file;

struct socket {
    struct sock *sk;
};

struct inet_connection_sock {
    struct {
        __u32 lrcvtime; /* when data came last, in jiffies */
    } icsk_ack;
};

struct tcp_sock {
    struct inet_connection_sock inet_conn;
    __u32 copied_seq; /* read by the process up to here */
    __u32 write_seq; /* and sent */
    __u32 rcv_nxt;
    __u32 srtt_us; /* times 8 */
    __u32 total_retrans;
    __u64 tcp_mstamp; /* when a packet came or left last, microseconds */
};

struct net_device {
    possible_net_t nd_net;
    int ifindex;
};

struct netdev_queue {
    struct net_device *dev;
};

struct sk_buff {
    struct sk_buff *next;
    struct net_device *dev;
    struct sock *sk;
    unsigned long _nfct; /* its entry, and its part in 3 bits */
    int skb_iif;
};

/* --- requests of block devices --------------------------------------------- */

struct gendisk {
    int major;
    int first_minor;
};

struct request_queue {
    struct gendisk *disk; /* from 5.15 on */
};

struct blkcg {
    struct cgroup_subsys_state css;
};

struct blkcg_gq {
    struct blkcg *blkcg;
};

struct bio {
    struct blkcg_gq *bi_blkg; /* with CONFIG_BLK_CGROUP */
};

struct request {
    struct request_queue *q;
    __u32 cmd_flags;
    __u32 __data_len;
    struct bio *bio;
    __u64 start_time_ns;
    __u64 io_start_time_ns;
};

/* --- connection tracking --------------------------------------------------- */

union nf_inet_addr {
    __u32 all[4];
};

union nf_conntrack_man_proto {
    __be16 all;
};

struct nf_conntrack_man {
    union nf_inet_addr u3;
    union nf_conntrack_man_proto u;
    __u16 l3num;
};

struct nf_conntrack_tuple {
    struct nf_conntrack_man src;
    struct {
        union nf_inet_addr u3;
        union {
            __be16 all;
        } u;
        __u8 protonum;
    } dst;
};

struct nf_conntrack_tuple_hash {
    struct nf_conntrack_tuple tuple;
};

struct nf_conn {
    struct nf_conntrack_tuple_hash tuplehash[2];
    unsigned long status;
};

struct bpf_nf_ctx {
    struct sk_buff *skb;
};

/* --- what a process gives to send() ---------------------------------------- */

enum iter_type {
    ITER_IOVEC,
    ITER_UBUF,
};

struct iovec {
    void *iov_base;
    size_t iov_len;
};

struct iov_iter {
    __u8 iter_type;
    size_t iov_offset;
    size_t count;
    const struct iovec *__iov; /* from 6.4 on */
    void *ubuf; /* from 6.0 on; a union with __iov */
};

struct iov_iter___iov { /* up to 6.3 */
    const struct iovec *iov;
};

struct msghdr {
    struct iov_iter msg_iter;
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
