/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock - the kernel side of the socket source: loaded, attached and read.
 *
 * Each hook is taken as its tracepoint where the kernel has it, else as its
 * twin on the function that does the work, else it is off; what is lost is
 * registered as a feature and the others go on.
 */

#include "bpf/events.h"
#include "collector/observer.h"

struct rca_sock_probe;

/** enum rca_sock_hook - which of a hook's programs may be used */
enum rca_sock_choice {
    RCA_SOCK_BEST,
    RCA_SOCK_TWINS, /* as if no tracepoint of a hook with a twin were there */
};

/**
 * rca_sock_probe_open() - load and attach what this kernel allows
 *
 * Return: 0; RCA_ENOSUPPORT if requests cannot be seen at all (features tell
 *         why); -ENOMEM.
 */
RCA_MUST_CHECK int rca_sock_probe_open(struct rca_observer *obs,
                                       enum rca_sock_choice choice,
                                       struct rca_sock_probe **ret_probe);
void rca_sock_probe_close(struct rca_sock_probe **probe);

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

/** rca_sock_probe_forget() - delete an edge that is idle */
void rca_sock_probe_forget(struct rca_sock_probe *probe,
                           const struct rca_sock_key *key);

/** struct rca_sock_losses - reports since the start that went to a coarser
 * edge for want of room, and that went nowhere */
struct rca_sock_losses {
    uint64_t folded, lost;
};

struct rca_sock_losses rca_sock_probe_losses(
    const struct rca_sock_probe *probe);
