/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/sock_diag.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "collector/netlink.h"

struct nlmsghdr *rca_sock_diag_request(void *buf, int family)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    struct inet_diag_req_v2 *req = NULL;

    msg->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    req = (struct inet_diag_req_v2 *)mnl_nlmsg_put_extra_header(msg,
                                                                sizeof(*req));
    req->sdiag_family = (uint8_t)family;
    req->sdiag_protocol = IPPROTO_TCP;
    req->idiag_ext = 1U << (INET_DIAG_SKMEMINFO - 1);
    req->idiag_states = 1U << TCP_LISTEN;
    return msg;
}

static void read_drops(const struct nlattr *attr, struct rca_sock_listener *l)
{
    uint32_t info[SK_MEMINFO_DROPS + 1];

    if (mnl_attr_get_payload_len(attr) < sizeof(info))
        return; /* an older kernel's */
    memcpy(info, mnl_attr_get_payload(attr), sizeof(info));
    l->drops = info[SK_MEMINFO_DROPS];
    l->told = 1;
}

int rca_sock_diag_parse(const struct nlmsghdr *msg,
                        struct rca_sock_listener *ret_listener)
{
    const struct inet_diag_msg *d = NULL;
    struct rca_sock_listener l = {.key.netns = ret_listener->key.netns};
    struct rca_netlink_attrs attrs;
    const struct nlattr *attr;

    if (msg->nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return RCA_ESYNTAX;
    d = (const struct inet_diag_msg *)rca_netlink_fixed(msg, sizeof(*d));
    if (!d || d->idiag_state != TCP_LISTEN)
        return RCA_ESYNTAX;
    l.key.family = d->idiag_family;
    l.key.port = ntohs(d->id.idiag_sport);
    memcpy(l.key.local, d->id.idiag_src, sizeof(l.key.local));
    l.cookie = (uint64_t)d->id.idiag_cookie[1] << 32 | d->id.idiag_cookie[0];
    l.inode = d->idiag_inode;
    l.queue = d->idiag_rqueue;
    l.limit = d->idiag_wqueue;
    attrs = rca_netlink_attrs(msg, sizeof(*d));
    while ((attr = rca_netlink_next(&attrs)))
        if (mnl_attr_get_type(attr) == INET_DIAG_SKMEMINFO)
            read_drops(attr, &l);
    *ret_listener = l;
    return 0;
}
