/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/privileged_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
    struct cmsghdr header; /* aligns it */
    char bytes[CMSG_SPACE(RCA_WIRE_FDS * sizeof(int))];
};

int rca_privileged_write(int socket, void *buf, size_t len, const int *fds,
                         size_t n_fds)
{
    struct iovec iov = {.iov_base = buf, .iov_len = len};
    union control control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *c = &control.header;
    ssize_t n;

    assert(n_fds <= RCA_WIRE_FDS);
    if (n_fds) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
    }
    do {
        n = sendmsg(socket, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

/* Descriptors of a message; those beyond RCA_WIRE_FDS were never received:
 * there was no room for them. */
static size_t take_fds(struct msghdr *msg, int fds[RCA_WIRE_FDS])
{
    size_t n = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    }
    return n;
}

ssize_t rca_privileged_read(int socket, void *buf, size_t size,
                            int ret_fds[RCA_WIRE_FDS], size_t *ret_n_fds)
{
    struct iovec iov = {.iov_base = buf, .iov_len = size};
    union control control = {0};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    ssize_t n;

    *ret_n_fds = 0;
    do {
        n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    *ret_n_fds = take_fds(&msg, ret_fds);
    if (!(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return n;
    for (size_t i = 0; i < *ret_n_fds; i++)
        (void)close(ret_fds[i]);
    *ret_n_fds = 0;
    return -EMSGSIZE;
}
