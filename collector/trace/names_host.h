/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * names_host - what is kept between two readings of a host's names, for
 * names_read.c, names_cgroup.c and names_service.c only.
 */

#include "collector/link_map.h"
#include "collector/netlink_set.h"
#include "collector/procfs.h"
#include "collector/sock_diag.h"
#include "collector/sock_name.h"
#include "collector/trace/names_own.h"

/** struct rca_trace_listener - a socket that listens
 * @owner: process that holds it, the last one found; 0: none
 * @name:  of the workload, "" while it is not known; once it is, kept
 * @tried: it was looked for */
struct rca_trace_listener {
    struct rca_sock_listen_key key;
    uint64_t cookie;
    uint32_t inode;
    uint32_t owner;
    unsigned round;
    _Bool tried;
    char name[RCA_SOCK_NAME_SIZE];
};

struct rca_trace_host {
    struct rca_observer *obs; /* owned: who is who */
    struct rca_netlink_set links, diag;
    struct rca_link_map map; /* devices and addresses */
    struct rca_map named; /* namespaces that have their name */
    struct rca_trace_listener *listeners; /* owned */
    size_t n_listeners, cap_listeners;
    unsigned round;
    char trees[RCA_CGROUP_TREES][RCA_MOUNT_PATH];
    _Bool began; /* what never changes was read */
};

/** rca_trace_names_cgroups() - folders of the hierarchies; 0, -ENOMEM */
RCA_MUST_CHECK int rca_trace_names_cgroups(struct rca_trace_names *names,
                                           const struct rca_trace_host *host);

/** rca_trace_names_services() - who listens where: sockets by inet_diag, whose
 * they are by the files of processes, which are looked through only when there
 * is a new one; 0, -ENOMEM */
RCA_MUST_CHECK int rca_trace_names_services(struct rca_trace_names *names,
                                            struct rca_trace_host *host);

/** rca_trace_each_process() - numbers of processes in /proc, with a descriptor
 * of that folder; a negative return of @visit ends it and is returned */
RCA_MUST_CHECK int rca_trace_each_process(int (*visit)(void *arg, int proc,
                                                       uint32_t pid),
                                          void *arg);
/** rca_trace_comm() - command of @pid, "" if it is gone */
void rca_trace_comm(uint32_t pid, char comm[RCA_COMM_SIZE + 1]);
