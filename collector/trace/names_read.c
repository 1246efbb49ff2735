/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * names_read - the names of this host: an observer without a store, told of
 * every process's namespace as the task source tells it, gives the namespaces
 * their names; rtnetlink those of devices; the kernel's types those of reasons.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "collector/drop_btf.h"
#include "collector/file.h"
#include "collector/link_dump.h"
#include "collector/task_proc.h"
#include "collector/trace/names_host.h"
#include "graph/base/parse.h"

/* Reasons of subsystems have no names in the kernel's types: these many of each
 * are given one. It has less than 50 in any. */
#define SUBSYSTEM_REASONS 64

void rca_trace_host_free(struct rca_trace_host **host)
{
    struct rca_trace_host *h = *host;

    *host = NULL;
    if (!h)
        return;
    rca_netlink_set_done(&h->links);
    rca_netlink_set_done(&h->diag);
    rca_link_map_done(&h->map);
    rca_map_done(&h->named);
    rca_observer_free(&h->obs);
    free(h->listeners);
    free(h);
}

static int new_host(struct rca_trace_host **ret_host)
{
    struct rca_trace_host *h RCA_CLEANUP(rca_trace_host_free) =
        calloc(1, sizeof(*h));
    int r;

    if (!h)
        return -ENOMEM;
    h->links.bus = NETLINK_ROUTE;
    h->links.free_data = rca_link_dump_free;
    h->diag.bus = NETLINK_SOCK_DIAG;
    r = rca_observer_new(NULL, "host", &h->obs);
    if (r)
        return r;
    *ret_host = RCA_TAKE(h);
    return 0;
}

/* --- processes -------------------------------------------------------------- */

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

int rca_trace_each_process(int (*visit)(void *arg, int proc, uint32_t pid),
                           void *arg)
{
    DIR *dir RCA_CLEANUP(close_dir) = opendir("/proc");
    const struct dirent *d;
    int r = 0;

    while (dir && r >= 0 && (d = readdir(dir))) {
        uint64_t pid;

        if (d->d_name[0] >= '1' && d->d_name[0] <= '9' &&
            !rca_parse_u64(d->d_name, &pid) && pid <= INT32_MAX)
            r = visit(arg, dirfd(dir), (uint32_t)pid);
    }
    return r < 0 ? r : 0;
}

void rca_trace_comm(uint32_t pid, char comm[RCA_COMM_SIZE + 1])
{
    char path[64];
    ssize_t n = -1;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%u/comm", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, comm, RCA_COMM_SIZE);
        (void)close(fd);
    }
    comm[n < 0 ? 0 : n] = '\0';
    comm[strcspn(comm, "\n")] = '\0';
}

/* As the task source names it. */
static void add_unnamed(struct rca_trace_host *h, uint64_t inode, uint32_t pid)
{
    char path[RCA_CGROUP_PATH_MAX] = "";
    char comm[RCA_COMM_SIZE + 1];
    const char *leaf;

    if (rca_task_cgroup_path("/proc", pid, path))
        path[0] = '\0';
    leaf = strrchr(path, '/');
    leaf = leaf ? leaf + 1 : path;
    rca_trace_comm(pid, comm);
    rca_observer_netns_add(h->obs, inode, (int)pid, *leaf ? leaf : comm);
}

static int add_process(void *arg, int proc, uint32_t pid)
{
    struct rca_trace_host *h = (struct rca_trace_host *)arg;
    char path[32];
    struct stat st;
    uint64_t inode;
    uint32_t value;

    (void)snprintf(path, sizeof(path), "%u/ns/net", pid);
    if (fstatat(proc, path, &st, 0))
        return 0;
    inode = st.st_ino;
    if (rca_map_get(&h->named, &inode, sizeof(inode), &value))
        rca_observer_netns_add(h->obs, inode, (int)pid, NULL);
    else
        add_unnamed(h, inode, pid);
    return 0;
}

/* --- namespaces and devices ------------------------------------------------- */

static int put_namespaces(struct rca_trace_names *names,
                          struct rca_trace_host *h)
{
    size_t n;
    const struct rca_netns *ns = rca_observer_netns(h->obs, &n);
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        r = rca_trace_names_put(names, RCA_TRACE_NAME_NETNS, ns[i].inode, 0,
                                ns[i].name[0] ? ns[i].name : "host");
        if (r == 0)
            r = rca_map_set(&h->named, &ns[i].inode, sizeof(ns[i].inode), 1);
    }
    return r;
}

static int put_devices(struct rca_trace_names *names, struct rca_trace_host *h)
{
    int r = rca_netlink_set_refresh(&h->links, h->obs);

    if (r)
        return r == -ENOMEM ? r : 0;
    r = rca_link_dump(&h->links, h->obs, &h->map);
    for (size_t i = 0; r == 0 && i < h->map.n_nics; i++) {
        const struct rca_nic *nic = &h->map.nics[i];

        r = rca_trace_names_put(names, RCA_TRACE_NAME_DEVICE, nic->netns,
                                (uint32_t)nic->link.index, nic->link.name);
    }
    return r;
}

/* --- what never changes ------------------------------------------------------ */

static int put_reason(struct rca_trace_names *names,
                      const struct rca_drop_reasons *reasons, uint32_t reason)
{
    char name[RCA_DROP_NAME_SIZE];

    return rca_trace_names_put(names, RCA_TRACE_NAME_REASON, reason, 0,
                               rca_drop_reason_name(reasons, reason, name));
}

static int put_reasons(struct rca_trace_names *names,
                       const struct rca_drop_reasons *reasons)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < reasons->n; i++) {
        if (reasons->name[i][0])
            r = put_reason(names, reasons, i);
    }
    for (uint32_t s = 1; r == 0 && s < RCA_DROP_SUBSYSTEMS; s++) {
        for (uint32_t i = 0;
             r == 0 && reasons->subsys[s][0] && i < SUBSYSTEM_REASONS; i++)
            r = put_reason(names, reasons, s << 16 | i);
    }
    return r;
}

static int read_reasons(struct rca_trace_names *names)
{
    struct rca_drop_reasons reasons RCA_CLEANUP(rca_drop_reasons_done) = {0};
    struct btf *btf = btf__load_vmlinux_btf();
    int r = 0;

    if (!btf)
        return 0;
    if (rca_drop_args(btf) >= 3)
        r = rca_drop_btf_reasons(btf, &reasons);
    btf__free(btf);
    return r ? r : put_reasons(names, &reasons);
}

static int read_mounts(struct rca_trace_host *h)
{
    struct rca_text text RCA_CLEANUP(rca_text_done) = {0};
    int fd = rca_file_open("/proc/self", "mountinfo");
    int r = fd < 0 ? 0 : rca_file_read(fd, &text);

    if (fd >= 0 && r == 0)
        rca_procfs_cgroup_mounts(text.data, text.len, h->trees);
    rca_file_close(&fd);
    return r == -ENOMEM ? r : 0;
}

static int begin(struct rca_trace_names *names, struct rca_trace_host *h)
{
    int r = h->began ? 0 : read_reasons(names);

    if (r == 0 && !h->began)
        r = read_mounts(h);
    h->began = r == 0;
    return r;
}

static rca_time now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * RCA_SECOND + t.tv_nsec;
}

int rca_trace_names_read(struct rca_trace_names *names)
{
    struct rca_trace_host *h;
    int r = names->host ? 0 : new_host(&names->host);

    h = names->host;
    if (r == 0)
        r = begin(names, h);
    if (r)
        return r;
    rca_observer_begin(h->obs, now());
    r = rca_trace_each_process(add_process, h);
    if (r == 0)
        r = put_namespaces(names, h);
    if (r == 0)
        r = put_devices(names, h);
    if (r == 0)
        r = rca_trace_names_cgroups(names, h);
    if (r == 0)
        r = rca_trace_names_services(names, h);
    if (r == 0)
        r = rca_observer_commit(h->obs);
    return r == -ENOSPC ? 0 : r; /* full: the rest stays a number */
}

const struct rca_netns *rca_trace_names_namespaces(
    const struct rca_trace_names *names, size_t *ret_n)
{
    *ret_n = 0;
    return names->host ? rca_observer_netns(names->host->obs, ret_n) : NULL;
}

struct rca_observer *rca_trace_names_observer(
    const struct rca_trace_names *names)
{
    return names->host ? names->host->obs : NULL;
}
