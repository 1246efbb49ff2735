/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* vmlinux_block - as vmlinux_min.h: requests of block devices. */

#include "bpf/vmlinux_min.h"

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
                             apply_to = record)

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

#pragma clang attribute pop
