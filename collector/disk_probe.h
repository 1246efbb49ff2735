/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * disk_probe - the kernel side of disks (bpf/disk.bpf.c): loading, attaching,
 * reading its maps. Knows nothing of entities.
 */

#include "bpf/events_disk.h"
#include "collector/source.h"

#define RCA_DISK_HOOK "tp_btf/block_rq_complete"
#define RCA_DISK_HOOK_RAW "raw_tp/block_rq_complete"

enum rca_disk_hook {
    RCA_DISK_HOOK_TP_BTF,
    RCA_DISK_HOOK_RAW_TP, /* its twin */
};

struct rca_disk_probe;

/** rca_disk_probe_open() - load and attach. -EPERM where not permitted,
 * -ENOMEM, or what libbpf says */
RCA_MUST_CHECK int rca_disk_probe_open(enum rca_disk_hook hook,
                                       struct rca_disk_probe **ret_probe);
/** rca_disk_probe_attach() - attach what was loaded, or detach it; needs no
 * privileges. What libbpf says if that fails */
RCA_MUST_CHECK int rca_disk_probe_attach(struct rca_disk_probe *probe,
                                         _Bool on);
void rca_disk_probe_close(struct rca_disk_probe **probe);

/** rca_disk_probe_epoch() - end an epoch: the maxima of the one whose number is
 * returned change no more */
uint32_t rca_disk_probe_epoch(struct rca_disk_probe *probe);

/** called for each entry, borrowed; what is not 0 ends the reading */
typedef int rca_disk_visit_io(void *arg, const struct rca_disk_key *key,
                              const struct rca_disk_io *io);
typedef int rca_disk_visit_use(void *arg, const struct rca_disk_user *user,
                               const struct rca_disk_use *use);

/** rca_disk_probe_read() - each disk and operation; rca_disk_probe_users() -
 * each cgroup and disk. Return: 0, the visitor's, or -errno */
RCA_MUST_CHECK int rca_disk_probe_read(struct rca_disk_probe *probe,
                                       rca_disk_visit_io *visit, void *arg);
RCA_MUST_CHECK int rca_disk_probe_users(struct rca_disk_probe *probe,
                                        rca_disk_visit_use *visit, void *arg);
/** rca_disk_probe_forget() - drop the entry of a cgroup that is gone */
void rca_disk_probe_forget(struct rca_disk_probe *probe,
                           const struct rca_disk_user *user);

/** struct rca_disk_losses - requests since the start that were counted less
 * finely. @disks: not at all; @users: under no cgroup; @untimed: without their
 * time in the queue, and under no cgroup */
struct rca_disk_losses {
    uint64_t disks;
    uint64_t users;
    uint64_t untimed;
};
struct rca_disk_losses rca_disk_probe_losses(
    const struct rca_disk_probe *probe);

/** rca_disk_probe_programs() - as struct rca_source.programs */
size_t rca_disk_probe_programs(const struct rca_disk_probe *probe, int *fds,
                               size_t max);
