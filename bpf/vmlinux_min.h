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

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef signed short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef unsigned long size_t;
typedef _Bool bool;

#ifndef NULL
#define NULL ((void *)0)
#endif

enum {
    BPF_ANY = 0,
    BPF_NOEXIST = 1,
};

enum bpf_map_type {
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_SK_STORAGE = 24,
    BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
    BPF_F_NO_PREALLOC = 1,
    BPF_SK_STORAGE_GET_F_CREATE = 1,
    BPF_RB_NO_WAKEUP = 1,
};

/* include/linux/socket.h, include/uapi/linux/in.h */
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

/* include/net/tcp_states.h */
enum {
    TCP_ESTABLISHED = 1,
    TCP_SYN_SENT = 2,
    TCP_SYN_RECV = 3,
    TCP_FIN_WAIT1 = 4,
    TCP_CLOSE = 7,
    TCP_LAST_ACK = 9,
    TCP_LISTEN = 10,
};

/* numbers depend on the kernel's configuration: bpf_core_enum_value() */
enum cgroup_subsys_id {
    cpu_cgrp_id = 1,
    cpuacct_cgrp_id = 2,
    memory_cgrp_id = 4,
};

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
                             apply_to = record)

/* --- tasks, cgroups, namespaces -------------------------------------------- */

struct kernfs_node {
    __u64 id;
};

struct cgroup {
    int level;
    struct kernfs_node *kn;
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

struct task_struct {
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
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
    struct sock_common __sk_common;
    __u32 sk_max_ack_backlog;
    __u16 sk_protocol;
};

struct tcp_sock {
    __u32 srtt_us; /* times 8 */
    __u32 total_retrans;
};

struct net_device {
    possible_net_t nd_net;
};

struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
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

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
};

#pragma clang attribute pop
