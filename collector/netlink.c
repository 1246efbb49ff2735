/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * A dump is read to its end even when the visitor has failed, so that the
 * next one does not find old answers; a sequence number guards against those
 * of an aborted one.
 */

/* The kernel fills up to 32 KiB a message when the reader's buffer is as large
 * (net/netlink/af_netlink.c, netlink_dump()). */
#define BUFFER_BYTES 32768
/* The kernel answers from memory; longer means that something is broken. */
#define TIMEOUT_SECONDS 2

struct rca_netlink {
    struct mnl_socket *socket; /* owned */
    struct rca_privileged *helper; /* that sends; NULL: we do */
    uint32_t seq;
};

static int set_timeout(int fd)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};

    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout)
               ? -errno
               : 0;
}

int rca_netlink_open(struct rca_privileged *helper, int bus, int netns_fd,
                     struct rca_netlink **ret_nl)
{
    struct rca_netlink *nl RCA_CLEANUP(rca_freep) =
        (struct rca_netlink *)calloc(1, sizeof *nl);
    int fd = 0, r = 0;

    if (!nl)
        return -ENOMEM;
    fd = rca_privileged_netlink(helper, bus, netns_fd);
    if (fd < 0)
        return fd;
    r = set_timeout(fd);
    if (r == 0) {
        nl->socket = mnl_socket_fdopen(fd);
        r = nl->socket ? 0 : -errno;
    }
    if (r < 0) {
        (void)close(fd);
        return r;
    }
    if (bus == NETLINK_NETFILTER)
        nl->helper = helper;
    *ret_nl = RCA_TAKE(nl);
    return 0;
}

void rca_netlink_close(struct rca_netlink **nl)
{
    if (!*nl)
        return;
    mnl_socket_close((*nl)->socket);
    free(*nl);
    *nl = NULL;
}

/* The state of one answer over its datagrams. */
struct answer {
    uint32_t seq;
    rca_netlink_visit *visit;
    void *arg;
    int first; /* failure */
    _Bool ended;
};

static void fail(struct answer *a, int err)
{
    if (!a->first)
        a->first = err;
}

static void read_error(struct answer *a, const struct nlmsghdr *msg)
{
    struct nlmsgerr e = {0};

    a->ended = 1;
    if (msg->nlmsg_len < NLMSG_LENGTH(sizeof e)) {
        fail(a, RCA_ESYNTAX);
        return;
    }
    memcpy(&e, mnl_nlmsg_get_payload(msg), sizeof e);
    /* the range keeps strange bytes from looking like our own codes */
    if (e.error > 0 || e.error < -4095)
        fail(a, RCA_ESYNTAX);
    else if (e.error)
        fail(a, e.error);
}

static void read_message(struct answer *a, const struct nlmsghdr *msg)
{
    int r = 0;

    if (msg->nlmsg_seq != a->seq)
        return;
    if (msg->nlmsg_flags & NLM_F_DUMP_INTR && msg->nlmsg_type != NLMSG_ERROR)
        fail(a, -EINTR);
    if (msg->nlmsg_type == NLMSG_ERROR) {
        read_error(a, msg);
    } else if (msg->nlmsg_type == NLMSG_DONE) {
        a->ended = 1;
    } else if (msg->nlmsg_type >= NLMSG_MIN_TYPE && !a->first) {
        r = a->visit(a->arg, msg);
        if (r < 0)
            fail(a, r);
    }
}

/* Not mnl_nlmsg_ok(): to it a length of 2^31 or more is negative, and fits. */
static _Bool is_whole(const struct nlmsghdr *msg, size_t left)
{
    return left >= sizeof *msg && msg->nlmsg_len >= sizeof *msg &&
           msg->nlmsg_len <= left;
}

static void read_datagram(struct answer *a, const void *buf, size_t len)
{
    const char *at = (const char *)buf;
    size_t left = len;

    while (!a->ended && is_whole((const void *)at, left)) {
        const struct nlmsghdr *msg = (const void *)at;
        size_t step = NLMSG_ALIGN((size_t)msg->nlmsg_len);

        if (step > left) /* the last one may lack its padding */
            step = left;
        read_message(a, msg);
        at += step;
        left -= step;
    }
    if (!a->ended && left > 0) {
        a->ended = 1;
        fail(a, RCA_ESYNTAX);
    }
}

int rca_netlink_each(const void *buf, size_t len, uint32_t seq,
                     rca_netlink_visit *visit, void *arg)
{
    struct answer a = {.seq = seq, .visit = visit, .arg = arg};

    read_datagram(&a, buf, len);
    return a.first ? a.first : a.ended;
}

static int send_request(struct rca_netlink *nl, const struct nlmsghdr *request)
{
    const int fd = mnl_socket_get_fd(nl->socket);

    if (nl->helper)
        return rca_privileged_send(nl->helper, fd, request, request->nlmsg_len);
    return mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0
               ? -errno
               : 0;
}

static int send_and_read(struct rca_netlink *nl, struct nlmsghdr *request,
                         rca_netlink_visit *visit, void *arg)
{
    struct answer a = {.seq = ++nl->seq, .visit = visit, .arg = arg};
    _Alignas(8) char buf[BUFFER_BYTES];
    int r = 0;

    request->nlmsg_seq = nl->seq;
    r = send_request(nl, request);
    if (r < 0)
        return r;
    while (!a.ended) {
        ssize_t n = mnl_socket_recvfrom(nl->socket, buf, sizeof buf);

        if (n < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        read_datagram(&a, buf, (size_t)n);
    }
    return a.first;
}

int rca_netlink_dump(struct rca_netlink *nl, struct nlmsghdr *request,
                     rca_netlink_visit *visit, void *arg)
{
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    return send_and_read(nl, request, visit, arg);
}

int rca_netlink_ask(struct rca_netlink *nl, struct nlmsghdr *request,
                    rca_netlink_visit *visit, void *arg)
{
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    return send_and_read(nl, request, visit, arg);
}

const void *rca_netlink_fixed(const struct nlmsghdr *msg, size_t size)
{
    if (msg->nlmsg_len < NLMSG_HDRLEN + NLMSG_ALIGN(size))
        return NULL;
    return mnl_nlmsg_get_payload(msg);
}

struct rca_netlink_attrs rca_netlink_attrs(const struct nlmsghdr *msg,
                                           size_t fixed)
{
    const size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

    return (struct rca_netlink_attrs){
        .at = (const char *)msg + before,
        .left = msg->nlmsg_len - before,
    };
}

struct rca_netlink_attrs rca_netlink_nested(const struct nlattr *attr)
{
    return (struct rca_netlink_attrs){
        .at = (const char *)mnl_attr_get_payload(attr),
        .left = mnl_attr_get_payload_len(attr),
    };
}

/* libmnl's own loops do not build with -Wconversion. */
const struct nlattr *rca_netlink_next(struct rca_netlink_attrs *attrs)
{
    const struct nlattr *attr = (const void *)attrs->at;
    size_t step = 0;

    if (attrs->left < sizeof *attr || attr->nla_len < sizeof *attr ||
        attr->nla_len > attrs->left)
        return NULL;
    step = NLA_ALIGN(attr->nla_len);
    if (step > attrs->left) /* the last one may lack its padding */
        step = attrs->left;
    attrs->at += step;
    attrs->left -= step;
    return attr;
}

const char *rca_netlink_string(const struct nlattr *attr, char *text,
                               size_t size)
{
    size_t n = strnlen((const char *)mnl_attr_get_payload(attr),
                       mnl_attr_get_payload_len(attr));

    if (n > size - 1)
        n = size - 1;
    memcpy(text, mnl_attr_get_payload(attr), n);
    text[n] = '\0';
    return text;
}

uint32_t rca_netlink_u32(const struct nlattr *attr)
{
    uint32_t value = 0;

    if (mnl_attr_get_payload_len(attr) >= sizeof value)
        memcpy(&value, mnl_attr_get_payload(attr), sizeof value);
    return value;
}

uint32_t rca_netlink_be32(const struct nlattr *attr)
{
    return ntohl(rca_netlink_u32(attr));
}

uint64_t rca_netlink_be64(const struct nlattr *attr)
{
    uint64_t value = 0;

    if (mnl_attr_get_payload_len(attr) >= sizeof value)
        memcpy(&value, mnl_attr_get_payload(attr), sizeof value);
    return be64toh(value);
}
