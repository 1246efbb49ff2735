/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/privileged_do.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "collector/privileged.h"
#include "collector/privileged_ovs.h"

/*
 * Paths are made here, from numbers and from names without a slash; none comes
 * from outside. Files are opened for reading only, but for the settings.
 */

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* --- namespaces ----------------------------------------------------------- */

static _Bool is_netns(int fd)
{
    struct statfs fs;

    return !fstatfs(fd, &fs) && fs.f_type == NSFS_MAGIC &&
           ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

static int open_netns(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    /* `ip netns add` makes a plain file first and mounts over it */
    if (!is_netns(fd)) {
        (void)close(fd);
        return -EAGAIN;
    }
    return fd;
}

static int netns_of(int pid)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    return open_netns(path);
}

static int netns_named(const char *name, size_t len)
{
    char path[sizeof("/run/netns/") + NAME_MAX];

    (void)snprintf(path, sizeof(path), "/run/netns/%.*s", (int)len, name);
    return open_netns(path);
}

/* Move to the namespace that @fds[@at] is, if it is there. */
static int enter(const struct rca_wire_request *request, const int *fds,
                 size_t at)
{
    if (request->n_fds <= at)
        return 0;
    if (!is_netns(fds[at]))
        return -EINVAL;
    return setns(fds[at], CLONE_NEWNET) ? -errno : 0;
}

/* --- sockets -------------------------------------------------------------- */

static int open_netlink(int bus)
{
    const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
    int err;

    if (fd < 0)
        return -errno;
    if (!bind(fd, (const struct sockaddr *)&any, sizeof(any)))
        return fd;
    err = -errno;
    (void)close(fd);
    return err;
}

static int option_of(int fd, int option)
{
    int value = -1;
    socklen_t len = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

/* To the kernel, wherever the socket may have been connected to. */
static int send_request(int fd, const void *msg, size_t len)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

    if (option_of(fd, SO_DOMAIN) != AF_NETLINK ||
        option_of(fd, SO_PROTOCOL) != NETLINK_NETFILTER)
        return -EINVAL;
    if (sendto(fd, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -errno;
    return 0;
}

/* --- files ---------------------------------------------------------------- */

static const char *const net_files[] = {
    [RCA_NET_FILE_SNMP] = "/proc/thread-self/net/snmp",
    [RCA_NET_FILE_SNMP6] = "/proc/thread-self/net/snmp6",
    [RCA_NET_FILE_NETSTAT] = "/proc/thread-self/net/netstat",
    [RCA_NET_FILE_SOCKSTAT] = "/proc/thread-self/net/sockstat",
    [RCA_NET_FILE_SOCKSTAT6] = "/proc/thread-self/net/sockstat6",
    [RCA_NET_FILE_SOFTNET_STAT] = "/proc/thread-self/net/softnet_stat",
    [RCA_NET_FILE_CONNTRACK_COUNT] =
        "/proc/sys/net/netfilter/nf_conntrack_count",
    [RCA_NET_FILE_CONNTRACK_MAX] = "/proc/sys/net/netfilter/nf_conntrack_max",
};
static_assert(RCA_ARRAY_SIZE(net_files) == RCA_NET_FILE_COUNT, "a path each");

static int open_net_file(int file)
{
    const int fd = open(net_files[file], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

/* --- BPF ------------------------------------------------------------------ */

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
    const long fd = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

    return fd < 0 ? -errno : (int)fd;
}

static int enable_stats(void)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.enable_stats.type = BPF_STATS_RUN_TIME;
    return bpf(BPF_ENABLE_STATS, &attr);
}

/* Linux 6.4 has it, Debian 12's headers do not: enum bpf_attach_type, and the
 * part of union bpf_attr that follows the flags. */
#define ATTACH_NETFILTER 45
struct netfilter_link {
    uint32_t prog, target, attach_type, flags;
    uint32_t family, hook;
    int32_t priority;
    uint32_t nf_flags;
};

static int attach_nf(const struct rca_wire_request *request, int prog)
{
    const struct netfilter_link link = {
        .prog = (uint32_t)prog,
        .attach_type = ATTACH_NETFILTER,
        .family = (uint32_t)request->number,
        .hook = (uint32_t)request->hook,
        .priority = request->priority,
    };
    union bpf_attr attr;

    memset(&attr, 0, sizeof(attr));
    memcpy(&attr, &link, sizeof(link));
    return bpf(BPF_LINK_CREATE, &attr);
}

/* --- settings ------------------------------------------------------------- */

static const char *const settings[] = {
    [RCA_SETTING_DELAYACCT] = "/proc/sys/kernel/task_delayacct",
    [RCA_SETTING_CONNTRACK_ACCT] = "/proc/sys/net/netfilter/nf_conntrack_acct",
};
static_assert(RCA_ARRAY_SIZE(settings) == RCA_SETTING_COUNT, "a path each");
static_assert(RCA_ARRAY_SIZE(((struct rca_privileged_do *)NULL)->was) ==
                  RCA_SETTING_COUNT,
              "room for each");

static int write_setting(int fd, const char *value)
{
    return pwrite(fd, value, strlen(value), 0) < 0 ? -errno : 0;
}

static int turn_on(struct rca_privileged_do *with, int setting)
{
    char *was = with->was[setting];
    int fd RCA_CLEANUP(close_fd) = -1;
    char now[sizeof(with->was[0])] = "";
    int r;

    if (!with->allow_changes)
        return -EPERM;
    fd = open(settings[setting], O_RDWR | O_CLOEXEC);
    if (fd < 0 || pread(fd, now, sizeof(now) - 1, 0) <= 0)
        return -errno;
    if (now[0] != '0') /* it is on */
        return 0;
    r = write_setting(fd, "1\n");
    if (r == 0)
        memcpy(was, now, sizeof(now));
    return r;
}

void rca_privileged_undo(struct rca_privileged_do *with)
{
    for (size_t i = 0; i < RCA_SETTING_COUNT; i++) {
        int fd RCA_CLEANUP(close_fd) = -1;

        if (!with->was[i][0])
            continue;
        fd = open(settings[i], O_RDWR | O_CLOEXEC);
        if (fd >= 0 && write_setting(fd, with->was[i]) == 0)
            with->was[i][0] = '\0';
    }
}

/* -------------------------------------------------------------------------- */

/* Requests that need not move; those that do. */
static int do_here(struct rca_privileged_do *with,
                   const struct rca_wire_request *request, const void *payload,
                   const int *fds)
{
    switch ((enum rca_verb)request->verb) {
    case RCA_VERB_NETNS_OF:
        return netns_of(request->number);
    case RCA_VERB_NETNS_NAMED:
        return netns_named((const char *)payload, request->size);
    case RCA_VERB_SEND:
        return send_request(fds[0], payload, request->size);
    case RCA_VERB_BPF_STATS:
        return enable_stats();
    case RCA_VERB_OVS:
        return with->ovs ? rca_privileged_ovs_ask(
                               with->ovs, (enum rca_ovs_query)request->number)
                         : -ENOENT;
    case RCA_VERB_TURN_ON:
        return turn_on(with, request->number);
    case RCA_VERB_NETLINK:
    case RCA_VERB_NET_FILE:
    case RCA_VERB_ATTACH_NF:
    case RCA_VERB_COUNT:
        break;
    }
    return -EPERM;
}

int rca_privileged_do(struct rca_privileged_do *with,
                      const struct rca_wire_request *request,
                      const void *payload, const int *fds)
{
    const size_t at = request->verb == RCA_VERB_ATTACH_NF;
    int r;

    if (request->verb != RCA_VERB_NETLINK &&
        request->verb != RCA_VERB_NET_FILE &&
        request->verb != RCA_VERB_ATTACH_NF)
        return do_here(with, request, payload, fds);
    r = enter(request, fds, at);
    if (r < 0)
        return r;
    if (request->verb == RCA_VERB_NETLINK)
        return open_netlink(request->number);
    if (request->verb == RCA_VERB_NET_FILE)
        return open_net_file(request->number);
    return attach_nf(request, fds[0]);
}
