/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/capture_hooks.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>
#include <unistd.h>

#include "collector/observer.h"
#include "collector/privileged.h"

/* After all translation, before the entry is confirmed (INT_MAX), and none of
 * those that collector/nat.c takes: no two programs may have the same. */
#define PRIORITY 1900000
#define PRIORITIES 8

static const int families[] = {NFPROTO_IPV4, NFPROTO_IPV6};
#define N_LINKS (RCA_ARRAY_SIZE(families) * NF_INET_NUMHOOKS)

/** struct rca_trace_hooks_at - a namespace; @links: descriptors, -1: none */
struct rca_trace_hooks_at {
    uint64_t inode;
    _Bool seen;
    _Bool attached; /* IPv4; IPv6 may be off */
    int links[N_LINKS];
};

static struct rca_trace_hooks_at *find(const struct rca_trace_hooks *h,
                                       uint64_t inode)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->at[i].inode == inode)
            return &h->at[i];
    }
    return NULL;
}

static void detach(struct rca_trace_hooks_at *at)
{
    for (size_t i = 0; i < N_LINKS; i++) {
        if (at->links[i] >= 0)
            (void)close(at->links[i]);
    }
}

static int attach_one(const struct rca_trace_hooks *h, int netns, int family,
                      int hook)
{
    int fd = -EBUSY;

    for (int p = 0; p < PRIORITIES && (fd == -EBUSY || fd == -EINVAL); p++)
        fd = rca_privileged_attach_nf(NULL, h->program, netns, family, hook,
                                      PRIORITY + p);
    return fd;
}

static void attach(struct rca_trace_hooks *h, const struct rca_netns *ns,
                   struct rca_trace_hooks_at *at)
{
    memset(at->links, -1, sizeof(at->links));
    at->attached = 1;
    for (size_t i = 0; i < N_LINKS; i++) {
        const size_t hook = i % NF_INET_NUMHOOKS;
        int fd;

        if (!(h->points >> (RCA_TRACE_PREROUTING + hook) & 1))
            continue;
        fd = attach_one(h, ns->fd, families[i / NF_INET_NUMHOOKS], (int)hook);
        at->links[i] = fd < 0 ? -1 : fd;
        if (fd < 0 && i < NF_INET_NUMHOOKS) {
            at->attached = 0;
            h->err = fd;
        }
    }
}

static int follow(struct rca_trace_hooks *h, const struct rca_netns *ns)
{
    struct rca_trace_hooks_at *at = find(h, ns->inode);

    if (at) {
        at->seen = 1;
        return 0;
    }
    at = (struct rca_trace_hooks_at *)rca_grow(h->at, h->n, &h->cap,
                                               sizeof(*h->at));
    if (!at)
        return -ENOMEM;
    h->at = at;
    at += h->n++;
    *at = (struct rca_trace_hooks_at){.inode = ns->inode, .seen = 1};
    attach(h, ns, at);
    return 0;
}

/* Of a namespace that is gone the kernel has taken the links off already. */
static void drop_unseen(struct rca_trace_hooks *h)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->n; i++) {
        if (h->at[i].seen)
            h->at[kept++] = h->at[i];
        else
            detach(&h->at[i]);
    }
    h->n = kept;
}

int rca_trace_hooks_refresh(struct rca_trace_hooks *h,
                            const struct rca_trace_names *names)
{
    size_t n;
    const struct rca_netns *ns = rca_trace_names_namespaces(names, &n);
    int r = 0;

    if (h->program < 0)
        return 0;
    for (size_t i = 0; i < h->n; i++)
        h->at[i].seen = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        if (ns[i].fd >= 0)
            r = follow(h, &ns[i]);
    }
    if (r == 0)
        drop_unseen(h);
    return r;
}

size_t rca_trace_hooks_attached(const struct rca_trace_hooks *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->n; i++)
        n += h->at[i].attached;
    return n;
}

void rca_trace_hooks_done(struct rca_trace_hooks *h)
{
    for (size_t i = 0; i < h->n; i++)
        detach(&h->at[i]);
    free(h->at);
    h->at = NULL;
    h->n = h->cap = 0;
}
