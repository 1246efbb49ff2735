/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_space.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/nft_msg.h"
#include "collector/trace/nft_list.h"
#include "collector/trace/nft_text.h"

#define DEFAULT_BUFFER (16 << 20)

void rca_trace_nft_space_free(void *data)
{
    struct rca_trace_nft_space *s = (struct rca_trace_nft_space *)data;

    if (!s)
        return;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(s->tables); i++)
        rca_trace_nft_table_close(&s->tables[i]);
    if (s->traces >= 0)
        (void)close(s->traces);
    free(s->chains);
    free(s);
}

void rca_trace_nft_space_stop(const struct rca_trace_nft_space *space)
{
    const int group = NFNLGRP_NFTRACE;

    if (space->traces >= 0)
        (void)setsockopt(space->traces, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP,
                         &group, sizeof(group));
}

static struct rca_trace_nft_space *new_space(void)
{
    struct rca_trace_nft_space *s =
        (struct rca_trace_nft_space *)calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->traces = -1;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(s->tables); i++)
        s->tables[i].fd = -1;
    return s;
}

/* --- what is there -------------------------------------------------------- */

static struct nlmsghdr *put_request(void *buf, unsigned type)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);

    msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
    memset(mnl_nlmsg_put_extra_header(msg, sizeof(struct nfgenmsg)), 0,
           sizeof(struct nfgenmsg));
    return msg;
}

static int read_generation(void *arg, const struct nlmsghdr *msg)
{
    return rca_nft_parse_generation(msg, (uint32_t *)arg);
}

static int ask_generation(struct rca_netlink_ns *ns, uint32_t *ret)
{
    _Alignas(8) char buf[64];

    return rca_netlink_ask(ns->nl, put_request(buf, NFT_MSG_GETGEN),
                           read_generation, ret);
}

/* Only in these families are hooks numbered as the points are. */
static uint32_t point_of(const struct rca_nft_chain *chain)
{
    const _Bool same =
        chain->family == NFPROTO_IPV4 || chain->family == NFPROTO_IPV6 ||
        chain->family == NFPROTO_INET || chain->family == NFPROTO_BRIDGE;

    if (!same || chain->hook < 0 || chain->hook > NF_INET_POST_ROUTING)
        return 0;
    return RCA_TRACE_PREROUTING + (uint32_t)chain->hook;
}

static void copy_name(char to[RCA_TRACE_NAME], const char *from)
{
    const size_t n = strnlen(from, RCA_TRACE_NAME - 1);

    memset(to, 0, RCA_TRACE_NAME);
    memcpy(to, from, n);
}

static _Bool is_nat(const struct nlmsghdr *msg)
{
    struct rca_netlink_attrs in =
        rca_netlink_attrs(msg, sizeof(struct nfgenmsg));
    const struct nlattr *attr;
    char type[16] = "";

    while ((attr = rca_netlink_next(&in)))
        if (mnl_attr_get_type(attr) == NFTA_CHAIN_TYPE)
            rca_netlink_string(attr, type, sizeof(type));
    return strcmp(type, "nat") == 0;
}

static int add_chain(void *arg, const struct nlmsghdr *msg)
{
    struct rca_trace_nft_space *s = (struct rca_trace_nft_space *)arg;
    struct rca_trace_nft_chain *chains;
    struct rca_nft_chain chain;

    if (rca_nft_parse_chain(msg, &chain) || chain.hook < 0 ||
        rca_trace_nft_table_is_ours(chain.table))
        return 0;
    chains = (struct rca_trace_nft_chain *)rca_grow(
        s->chains, s->n_chains, &s->cap_chains, sizeof(*chains));
    if (!chains)
        return -ENOMEM;
    s->chains = chains;
    s->nat = s->nat || is_nat(msg);
    s->bridges = s->bridges || chain.family == NFPROTO_BRIDGE;
    chains += s->n_chains++;
    chains->family = (uint32_t)chain.family;
    chains->point = point_of(&chain);
    copy_name(chains->table, chain.table);
    copy_name(chains->name, chain.name);
    return 0;
}

static int read_chains(struct rca_netlink_ns *ns, struct rca_trace_nft_space *s)
{
    _Alignas(8) char buf[64];

    s->n_chains = 0;
    s->nat = 0;
    s->bridges = 0;
    return rca_netlink_dump(ns->nl, put_request(buf, NFT_MSG_GETCHAIN),
                            add_chain, s);
}

uint32_t rca_trace_nft_space_point(const struct rca_trace_nft_space *space,
                                   const struct rca_trace_rule *rule)
{
    for (size_t i = 0; i < space->n_chains; i++) {
        const struct rca_trace_nft_chain *c = &space->chains[i];

        if (c->family == rule->family &&
            strncmp(c->name, rule->chain, sizeof(c->name)) == 0 &&
            strncmp(c->table, rule->table, sizeof(c->table)) == 0)
            return c->point;
    }
    return 0;
}

/* --- the socket ----------------------------------------------------------- */

/* Messages of our own tables are thrown away in the kernel: there is one or two
 * of them for each traced packet. */
static int leave_out_ours(int fd)
{
    /* where the attribute with the table's name is, 0: nowhere; then its first
     * 8 bytes */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_IMM, NLMSG_HDRLEN + sizeof(struct nfgenmsg)),
        BPF_STMT(BPF_LDX | BPF_IMM, NFTA_TRACE_TABLE),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 (uint32_t)SKF_AD_OFF + SKF_AD_NLATTR),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 6, 0),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_IND, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x7263615f, 0, 3), /* "rca_" */
        BPF_STMT(BPF_LD | BPF_W | BPF_IND, 8),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x74726163, 0, 1), /* "trac" */
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = {.len = RCA_ARRAY_SIZE(code),
                                       .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                      sizeof(program))
               ? -errno
               : 0;
}

/* Beyond the system's limit where that is permitted. */
static void set_buffer(int fd, size_t bytes)
{
    int size = (int)(bytes && bytes <= 1U << 30 ? bytes : DEFAULT_BUFFER);

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static int open_traces(int netns, size_t buffer, int *ret_fd)
{
    const int group = NFNLGRP_NFTRACE;
    const int fd = rca_privileged_netlink(NULL, NETLINK_NETFILTER, netns);
    int r;

    if (fd < 0)
        return fd;
    set_buffer(fd, buffer);
    r = leave_out_ours(fd);
    if (r == 0 && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
                             sizeof(group)))
        r = -errno;
    if (r == 0)
        *ret_fd = fd;
    else
        (void)close(fd);
    return r;
}

/* --- our table ------------------------------------------------------------ */

static int mark(struct rca_netlink_ns *ns, struct rca_trace_nft_space *s,
                const struct rca_trace_nft_wish *wish)
{
    struct rca_trace_nft_flow flow = wish->flow;
    int r = 0;

    if (s->nat)
        rca_trace_nft_flow_no_ends(&flow);
    if (s->tables[0].fd < 0) {
        r = rca_trace_nft_table_sweep(ns->nl, ns->fd);
        if (r == 0)
            r = rca_trace_nft_table_open(ns->fd, NFPROTO_INET, &flow,
                                         &s->tables[0]);
    }
    if (r == 0 && s->bridges && s->tables[1].fd < 0)
        r = rca_trace_nft_table_open(ns->fd, NFPROTO_BRIDGE, &flow,
                                     &s->tables[1]);
    return r;
}

/* --- texts ---------------------------------------------------------------- */

struct texts {
    struct rca_trace_nft_space *space;
    struct rca_trace_names *names;
    uint64_t netns;
};

static int add_text(void *arg, const struct rca_trace_rule *rule,
                    const char *text)
{
    struct texts *t = (struct texts *)arg;
    const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_RULE,
                                           .a = rca_trace_rule_key(rule),
                                           .b = t->netns};
    const char *known = rca_trace_names_get(t->names, &key);
    int r;

    if (rca_trace_nft_table_is_ours(rule->table))
        return 0;
    t->space->marking += strstr(text, "nftrace set 1") != NULL;
    if (known && strcmp(known, text) == 0)
        return 0;
    r = rca_trace_names_set(t->names, &key, text);
    return r == -ENOSPC ? 0 : r;
}

static int read_texts(struct rca_netlink_ns *ns, struct rca_trace_nft_space *s,
                      struct rca_trace_names *names)
{
    struct texts t = {.space = s, .names = names, .netns = ns->inode};
    struct rca_buf buf = {.text = NULL};
    int r = rca_trace_nft_list(ns->fd, &buf);

    s->texts = r == 0         ? RCA_TRACE_NFT_TEXTS_READ
               : r == -ENOENT ? RCA_TRACE_NFT_TEXTS_ABSENT
                              : RCA_TRACE_NFT_TEXTS_FAILED;
    s->marking = 0;
    if (r == 0 && buf.text)
        r = rca_trace_nft_text(buf.text, buf.len, add_text, &t);
    rca_buf_done(&buf);
    return r == -ENOMEM ? r : 0;
}

/* --- all of it ------------------------------------------------------------ */

/* What is known is what there was at @generation, or later. */
static int read_all(struct rca_netlink_ns *ns, struct rca_trace_nft_space *s,
                    uint32_t *ret_generation)
{
    int r = ask_generation(ns, ret_generation);

    if (r == 0 && !(s->known && *ret_generation == s->generation))
        r = read_chains(ns, s);
    return r;
}

static int enter(struct rca_netlink_ns *ns, struct rca_trace_nft_space *s,
                 const struct rca_trace_nft_wish *wish)
{
    int r = 0;

    if (s->traces < 0)
        r = open_traces(ns->fd, wish->buffer, &s->traces);
    if (!r && wish->allow_changes)
        r = mark(ns, s, wish);
    return r;
}

/* A ruleset that was not seen before. Our own table changes it once more. */
static int meet(struct rca_netlink_ns *ns, struct rca_trace_nft_space *s,
                const struct rca_trace_nft_wish *wish,
                struct rca_trace_names *names, uint32_t generation)
{
    int r = 0;

    s->known = 0;
    s->err = 0;
    if (s->n_chains) {
        s->err = enter(ns, s, wish);
        r = read_all(ns, s, &generation);
    }
    if (r == 0 && s->n_chains)
        r = read_texts(ns, s, names);
    s->generation = generation;
    s->known = r == 0;
    return r;
}

static int look(struct rca_netlink_ns *ns, struct rca_trace_nft_space *s,
                const struct rca_trace_nft_wish *wish,
                struct rca_trace_names *names)
{
    const _Bool had = s->traces >= 0;
    uint32_t generation = 0;
    int r = read_all(ns, s, &generation);

    if (r == 0 && !(s->known && generation == s->generation))
        r = meet(ns, s, wish, names, generation);
    if (r)
        s->err = r;
    if (r == -ENOMEM)
        return r;
    return !had && s->traces >= 0;
}

int rca_trace_nft_space_look(struct rca_netlink_ns *ns,
                             const struct rca_trace_nft_wish *wish,
                             struct rca_trace_names *names)
{
    if (!ns->nl)
        return 0;
    if (!ns->data)
        ns->data = new_space();
    if (!ns->data)
        return -ENOMEM;
    return look(ns, (struct rca_trace_nft_space *)ns->data, wish, names);
}
