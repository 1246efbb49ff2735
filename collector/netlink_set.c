/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/netlink_set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Namespaces are few (tens): searches are linear. */

static void close_ns(struct rca_netlink_set *set, struct rca_netlink_ns *ns)
{
    rca_netlink_close(&ns->nl);
    if (ns->data && set->free_data)
        set->free_data(ns->data);
}

static struct rca_netlink_ns *find_ns(struct rca_netlink_set *set,
                                      uint64_t inode)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->ns[i].inode == inode)
            return &set->ns[i];
    return NULL;
}

static int add_ns(struct rca_netlink_set *set, uint64_t inode,
                  struct rca_netlink_ns **ret_ns)
{
    struct rca_netlink_ns *grown = (struct rca_netlink_ns *)reallocarray(
        set->ns, set->n + 1, sizeof *grown);

    if (!grown)
        return -ENOMEM;
    set->ns = grown;
    set->version++;
    *ret_ns = &set->ns[set->n++];
    memset(*ret_ns, 0, sizeof **ret_ns);
    (*ret_ns)->inode = inode;
    (*ret_ns)->entity = RCA_ID_NONE;
    (*ret_ns)->fd = -1;
    return 0;
}

/* A namespace that was refused once is not tried again: the reason, missing
 * privileges, does not change while we run. */
static int follow_own(struct rca_netlink_set *set,
                      struct rca_privileged *helper)
{
    struct rca_netlink_ns *ns = set->n ? &set->ns[0] : NULL;
    struct stat st;
    int err = 0;

    if (!ns) {
        if (stat("/proc/thread-self/ns/net", &st))
            return -errno;
        err = add_ns(set, st.st_ino, &ns);
        if (err)
            return err;
        ns->err = rca_netlink_open(helper, set->bus, -1, &ns->nl);
    }
    ns->seen = 1;
    return ns->err;
}

static int follow(struct rca_netlink_set *set, struct rca_privileged *helper,
                  const struct rca_netns *seen)
{
    struct rca_netlink_ns *ns = find_ns(set, seen->inode);
    int err = 0;

    if (!ns) {
        err = add_ns(set, seen->inode, &ns);
        if (err)
            return err;
        if (seen->fd < 0)
            ns->err = -EACCES;
        else
            ns->err = rca_netlink_open(helper, set->bus, seen->fd, &ns->nl);
    }
    ns->seen = 1;
    ns->fd = seen->fd;
    ns->entity = seen->entity;
    snprintf(ns->name, sizeof ns->name, "%s", seen->name);
    return 0;
}

static void drop_unseen(struct rca_netlink_set *set)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->n; i++) {
        if (set->ns[i].seen)
            set->ns[kept++] = set->ns[i];
        else
            close_ns(set, &set->ns[i]);
    }
    if (kept < set->n)
        set->version++;
    set->n = kept;
}

int rca_netlink_set_refresh(struct rca_netlink_set *set,
                            struct rca_observer *obs)
{
    size_t n = 0;
    const struct rca_netns *seen = rca_observer_netns(obs, &n);
    struct rca_privileged *helper = rca_observer_privileged(obs);
    int err = 0;

    for (size_t i = 0; i < set->n; i++) {
        set->ns[i].seen = 0;
        set->ns[i].fd = -1;
    }
    err = follow_own(set, helper);
    for (size_t i = 0; !err && i < n; i++)
        err = follow(set, helper, &seen[i]);
    if (!err)
        drop_unseen(set);
    return err;
}

void rca_netlink_set_done(struct rca_netlink_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        close_ns(set, &set->ns[i]);
    free(set->ns);
    set->ns = NULL;
    set->n = 0;
}

size_t rca_netlink_set_closed(const struct rca_netlink_set *set, int *ret_err)
{
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++) {
        if (set->ns[i].nl)
            continue;
        n++;
        *ret_err = set->ns[i].err;
    }
    return n;
}
