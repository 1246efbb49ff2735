/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * conntrack_fill - fills the connection tracking table of a namespace with
 * entries made over ctnetlink, as established connections, which are not
 * evicted. The limit itself is the host's and is not touched.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/** more would take too much memory: half a kilobyte each */
#define CONNTRACK_FILL_MOST 300000

static inline void conntrack_put_tuple(struct nlmsghdr *msg, uint16_t type,
                                       uint32_t src, uint32_t dst,
                                       uint16_t sport, uint16_t dport)
{
    struct nlattr *tuple = mnl_attr_nest_start(msg, type);
    struct nlattr *part = mnl_attr_nest_start(msg, CTA_TUPLE_IP);

    mnl_attr_put_u32(msg, CTA_IP_V4_SRC, htonl(src));
    mnl_attr_put_u32(msg, CTA_IP_V4_DST, htonl(dst));
    mnl_attr_nest_end(msg, part);
    part = mnl_attr_nest_start(msg, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(msg, CTA_PROTO_NUM, IPPROTO_UDP);
    mnl_attr_put_u16(msg, CTA_PROTO_SRC_PORT, htons(sport));
    mnl_attr_put_u16(msg, CTA_PROTO_DST_PORT, htons(dport));
    mnl_attr_nest_end(msg, part);
    mnl_attr_nest_end(msg, tuple);
}

static inline struct nlmsghdr *conntrack_put_entry(char *at, uint32_t i)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(at);
    struct nfgenmsg *gen = NULL;
    const uint32_t src = 0x0a640000 + (i >> 14);
    const uint16_t port = (uint16_t)(1024 + (i & 0x3fff));

    msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
    msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
    msg->nlmsg_seq = i + 1;
    gen = mnl_nlmsg_put_extra_header(msg, sizeof(*gen));
    gen->nfgen_family = AF_INET;
    conntrack_put_tuple(msg, CTA_TUPLE_ORIG, src, 0x0a090002, port, 53);
    conntrack_put_tuple(msg, CTA_TUPLE_REPLY, 0x0a090002, src, 53, port);
    mnl_attr_put_u32(msg, CTA_TIMEOUT, htonl(3600));
    mnl_attr_put_u32(msg, CTA_STATUS,
                     htonl(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
    return msg;
}

/* Until the kernel refuses one; answers come for refusals only. */
static inline int conntrack_fill_here(uint32_t most)
{
    static _Alignas(8) char buf[32768], answer[4096];
    struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
    uint32_t i = 0;

    if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
        return 1;
    while (i < most) {
        size_t len = 0;

        for (int k = 0; k < 128; k++)
            len += conntrack_put_entry(buf + len, i++)->nlmsg_len;
        if (mnl_socket_sendto(nl, buf, len) < 0)
            return 1;
        if (recv(mnl_socket_get_fd(nl), answer, sizeof(answer), MSG_DONTWAIT) >
            0)
            return 0;
    }
    return 1;
}

/** conntrack_fill() - fill the table of namespace @netns with @most entries, or
 * until nothing more goes in: 0; else it never got full, or cannot be had */
static inline int conntrack_fill(const char *netns, uint32_t most)
{
    char path[80];
    int status = 1;
    const pid_t pid = fork();

    (void)snprintf(path, sizeof(path), "/run/netns/%s", netns);
    if (pid == 0) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || setns(fd, CLONE_NEWNET))
            _exit(1);
        _exit(conntrack_fill_here(most));
    }
    return waitpid(pid, &status, 0) == pid ? status : 1;
}
