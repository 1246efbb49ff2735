/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * vmlinux_types - the kernel's basic types and constants, for vmlinux_min.h.
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
#define true 1
#define false 0

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
    BPF_MAP_TYPE_STACK_TRACE = 7,
    BPF_MAP_TYPE_LRU_HASH = 9,
    BPF_MAP_TYPE_SK_STORAGE = 24,
    BPF_MAP_TYPE_RINGBUF = 27,
    BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
    BPF_F_NO_PREALLOC = 1,
    BPF_SK_STORAGE_GET_F_CREATE = 1,
    BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
    BPF_RB_NO_WAKEUP = 1,
    BPF_RB_FORCE_WAKEUP = 2,
    BPF_RB_AVAIL_DATA = 0,
};

/* include/linux/socket.h, include/uapi/linux/in.h */
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

/* include/linux/blk_types.h */
#define REQ_OP_MASK 0xff
#define REQ_OP_DRV_IN 34 /* this and above: commands of drivers, no data */
enum {
    REQ_OP_READ = 0,
    REQ_OP_WRITE = 1,
    REQ_OP_FLUSH = 2,
    REQ_OP_ZONE_APPEND = 7,
};

/* include/uapi/linux/netfilter.h, nf_conntrack_common.h */
#define NF_ACCEPT 1
#define IP_CT_NEW 2
#define IPS_SRC_NAT (1 << 4)
#define IPS_DST_NAT (1 << 5)

/* include/net/sock.h, enum sock_flags */
#define SOCK_DONE 1 /* the other side has sent its last byte */

/* include/uapi/asm-generic/errno.h */
#define ECONNRESET 104
#define ETIMEDOUT 110
#define ECONNREFUSED 111

/* include/net/tcp_states.h */
enum {
    TCP_ESTABLISHED = 1,
    TCP_SYN_SENT = 2,
    TCP_SYN_RECV = 3,
    TCP_FIN_WAIT1 = 4,
    TCP_CLOSE = 7,
    TCP_CLOSE_WAIT = 8,
    TCP_LAST_ACK = 9,
    TCP_LISTEN = 10,
};

/* numbers depend on the kernel's configuration: bpf_core_enum_value() */
enum cgroup_subsys_id {
    cpu_cgrp_id = 1,
    cpuacct_cgrp_id = 2,
    memory_cgrp_id = 4,
};
