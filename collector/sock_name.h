/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock_name - what the workload behind a socket is called.
 *
 * In this order: what the configuration says, the container or pod (UTS node
 * name that is not the host's), the systemd unit, the leaf of the cgroup, the
 * named network namespace, the command. Numbers and hashes are no names: a
 * workload keeps its entity when it is restarted under a new one.
 */

#include "collector/config.h"

#define RCA_SOCK_NAME_SIZE 88 /* two, ports and "->" fit into RCA_NAME_MAX */

/**
 * struct rca_sock_owner - all that may name a workload; strings borrowed,
 * "" or NULL where there is none
 * @cgroup: path without the leading '/'
 * @node:   UTS node name, only if it is not the host's
 * @netns:  name of its network namespace
 * @port:   that it listens on; 0 for a caller
 */
struct rca_sock_owner {
    const char *cgroup;
    const char *node;
    const char *netns;
    const char *comm;
    unsigned port;
};

/** rca_sock_name() - the name, cut to fit; never empty. @config may be NULL. */
const char *rca_sock_name(const struct rca_config *config,
                          const struct rca_sock_owner *owner,
                          char buf[RCA_SOCK_NAME_SIZE]);
