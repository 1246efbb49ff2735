/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock_probe - the kernel side of the socket source: loaded, attached and read.
 *
 * Each hook is taken as the first of its programs that this kernel, and the
 * user, allow; what is lost where none is, is registered as a feature, and the
 * others go on. The light profile detaches what a request passes: connections,
 * failures and resets are still counted, requests and bytes are not.
 */

#include "bpf/events_sock.h"
#include "collector/source.h"

struct rca_sock_probe;

/** struct rca_sock_options
 * @max_edges: room in the kernel's map, at least 4; 0: the default (4096) */
struct rca_sock_options {
    const struct rca_source_env *env; /* borrowed for the call */
    uint32_t max_edges;
};

/**
 * rca_sock_probe_open() - load what this kernel allows, attach what the profile
 * has
 *
 * Return: 0; RCA_ENOSUPPORT if requests cannot be seen at all (features tell
 *         why); -ENOMEM.
 */
RCA_MUST_CHECK int rca_sock_probe_open(const struct rca_sock_options *options,
                                       struct rca_observer *obs,
                                       struct rca_sock_probe **ret_probe);
void rca_sock_probe_close(struct rca_sock_probe **probe);

/** rca_sock_probe_profile() - attach or detach what a request passes; needs no
 * privileges from Linux 5.19 on. Return: 0 or -errno: some hooks are off. */
RCA_MUST_CHECK int rca_sock_probe_profile(struct rca_sock_probe *probe,
                                          struct rca_observer *obs,
                                          enum rca_profile profile);

/** rca_sock_probe_programs() - as struct rca_source's @programs */
size_t rca_sock_probe_programs(const struct rca_sock_probe *probe, int *fds,
                               size_t max);

/** rca_sock_probe_epoch() - begin a new epoch for the maxima; returns the
 * number of the one that ends */
uint32_t rca_sock_probe_epoch(struct rca_sock_probe *probe);

/** what a read calls; a non-zero return ends it and is returned by it */
typedef int rca_sock_visit(void *arg, const struct rca_sock_key *key,
                           const struct rca_sock_edge *edge);
typedef int rca_sock_visit_node(void *arg, uint32_t uts, const char *name);

/** rca_sock_probe_read() - visit all edges; O(edges). An edge that is added
 * meanwhile may be missed. Return: 0, what @visit returned, -errno. */
RCA_MUST_CHECK int rca_sock_probe_read(struct rca_sock_probe *probe,
                                       rca_sock_visit *visit, void *arg);
/** rca_sock_probe_nodes() - visit the node names of all UTS namespaces */
RCA_MUST_CHECK int rca_sock_probe_nodes(struct rca_sock_probe *probe,
                                        rca_sock_visit_node *visit, void *arg);

/** rca_sock_probe_listener() - who listens there; false if that is not known */
_Bool rca_sock_probe_listener(const struct rca_sock_probe *probe,
                              const struct rca_sock_listen_key *key,
                              struct rca_sock_owner_id *ret_owner);
/** rca_sock_probe_scan() - find out who listens by looking through the files of
 * all processes; O(files), done once at the opening */
void rca_sock_probe_scan(struct rca_sock_probe *probe);

/** rca_sock_probe_forget() - delete an edge that is idle */
void rca_sock_probe_forget(struct rca_sock_probe *probe,
                           const struct rca_sock_key *key);

/**
 * struct rca_sock_losses - since the start, as of the last complete read
 * @total:   what the processors counted
 * @folded:  of that, on edges that do not tell remotes apart for want of room
 * @missing: of that, on no edge at all
 * @sockets: that found no storage: they are in none of these
 */
struct rca_sock_losses {
    struct rca_sock_sum total, folded, missing;
    uint64_t sockets;
};

struct rca_sock_losses rca_sock_probe_losses(
    const struct rca_sock_probe *probe);
