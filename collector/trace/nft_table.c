/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_table.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "collector/trace/nft_batch.h"
#include "graph/base/parse.h"

/* Linux 5.12; older headers do not have it. */
#define OWNER 2U
#define TIMEOUT_SECONDS 2
#define ANSWER_BYTES 8192
#define NAME_SIZE 32

_Bool rca_trace_nft_table_is_ours(const char *name)
{
    return strncmp(name, RCA_TRACE_NFT_TABLE, strlen(RCA_TRACE_NFT_TABLE)) == 0;
}

/* --- one batch ------------------------------------------------------------ */

/* The answer to message @seq, or the first failure; -EAGAIN: not in there. */
static int read_answers(const char *buf, size_t n, uint32_t seq)
{
    const struct nlmsghdr *msg = (const void *)buf;
    int left = (int)n;

    for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
        struct nlmsgerr e = {0};

        if (msg->nlmsg_type != NLMSG_ERROR ||
            msg->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
            continue;
        memcpy(&e, mnl_nlmsg_get_payload(msg), sizeof(e));
        if (e.error || msg->nlmsg_seq == seq)
            return e.error > 0 ? -EPROTO : e.error;
    }
    return -EAGAIN;
}

static int send_batch(int fd, const struct rca_trace_nft_batch *batch)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    const struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};
    _Alignas(8) char buf[ANSWER_BYTES];
    int r = -EAGAIN;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
        sendto(fd, batch->bytes, batch->len, 0,
               (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -errno;
    while (r == -EAGAIN) {
        const ssize_t n = recv(fd, buf, sizeof(buf), 0);

        if (n < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        r = read_answers(buf, (size_t)n, batch->last);
    }
    return r;
}

/* A socket of its own: it may own a table, and old answers are nobody's. */
static int do_batch(int netns, const struct rca_trace_nft_batch *batch,
                    int *ret_fd)
{
    const int fd = rca_privileged_netlink(NULL, NETLINK_NETFILTER, netns);
    const int r = fd < 0 ? fd : send_batch(fd, batch);

    if (r == 0)
        *ret_fd = fd;
    else if (fd >= 0)
        (void)close(fd);
    return r;
}

/* --- our table ------------------------------------------------------------ */

static const char *own_name(char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, RCA_TRACE_NFT_TABLE "%d", (int)getpid());
    return name;
}

static int make(int netns, const struct rca_trace_nft_flow *flow,
                struct rca_trace_nft_table *table)
{
    struct rca_trace_nft_batch *batch RCA_CLEANUP(rca_freep) =
        (struct rca_trace_nft_batch *)malloc(sizeof(*batch));
    char name[NAME_SIZE];

    if (!batch)
        return -ENOMEM;
    rca_trace_nft_batch_table(batch, own_name(name), table->family,
                              table->owned ? OWNER : 0, flow);
    return do_batch(netns, batch, &table->fd);
}

int rca_trace_nft_table_open(int netns, int family,
                             const struct rca_trace_nft_flow *flow,
                             struct rca_trace_nft_table *ret_table)
{
    struct rca_trace_nft_table table = {.fd = -1, .family = family, .owned = 1};
    int r = make(netns, flow, &table);

    if (r == -EOPNOTSUPP || r == -EINVAL) {
        table.owned = 0;
        r = make(netns, flow, &table);
    }
    if (r == 0)
        *ret_table = table;
    return r;
}

/* Over @fd, which stays open: only the owner may. */
static void remove_table(int fd, int family, const char *name)
{
    struct rca_trace_nft_batch *batch RCA_CLEANUP(rca_freep) =
        (struct rca_trace_nft_batch *)malloc(sizeof(*batch));

    if (!batch)
        return;
    rca_trace_nft_batch_remove(batch, name, family);
    (void)!send_batch(fd, batch);
}

void rca_trace_nft_table_close(struct rca_trace_nft_table *table)
{
    char name[NAME_SIZE];

    if (table->fd < 0)
        return;
    if (!table->owned)
        remove_table(table->fd, table->family, own_name(name));
    (void)close(table->fd);
    table->fd = -1;
}

/* --- what others left ----------------------------------------------------- */

#define LEFT_MAX 64

/* Tables without an owner whose process is no more. */
struct left {
    struct {
        char name[NAME_SIZE];
        int family;
    } tables[LEFT_MAX];
    size_t n;
};

static _Bool is_left(const char *name)
{
    uint64_t pid = 0;

    return rca_trace_nft_table_is_ours(name) &&
           !rca_parse_u64(name + strlen(RCA_TRACE_NFT_TABLE), &pid) && pid &&
           pid <= INT32_MAX && kill((pid_t)pid, 0) && errno == ESRCH;
}

static int note_table(void *arg, const struct nlmsghdr *msg)
{
    struct left *left = (struct left *)arg;
    const struct nfgenmsg *gen =
        (const struct nfgenmsg *)rca_netlink_fixed(msg, sizeof(*gen));
    struct rca_netlink_attrs in;
    const struct nlattr *attr;
    char name[NAME_SIZE] = "";
    uint32_t flags = 0;

    if (!gen || left->n == LEFT_MAX)
        return 0;
    in = rca_netlink_attrs(msg, sizeof(*gen));
    while ((attr = rca_netlink_next(&in)))
        if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME)
            rca_netlink_string(attr, name, sizeof(name));
        else if (mnl_attr_get_type(attr) == NFTA_TABLE_FLAGS)
            flags = rca_netlink_be32(attr);
    if (flags & OWNER || !is_left(name))
        return 0;
    memcpy(left->tables[left->n].name, name, sizeof(name));
    left->tables[left->n++].family = gen->nfgen_family;
    return 0;
}

int rca_trace_nft_table_sweep(struct rca_netlink *nl, int netns)
{
    _Alignas(8) char buf[64];
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    struct left left = {.n = 0};
    int fd, r;

    msg->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
    memset(mnl_nlmsg_put_extra_header(msg, sizeof(struct nfgenmsg)), 0,
           sizeof(struct nfgenmsg));
    r = rca_netlink_dump(nl, msg, note_table, &left);
    if (r || !left.n)
        return r;
    fd = rca_privileged_netlink(NULL, NETLINK_NETFILTER, netns);
    if (fd < 0)
        return fd;
    for (size_t i = 0; i < left.n; i++)
        remove_table(fd, left.tables[i].family, left.tables[i].name);
    (void)close(fd);
    return 0;
}
