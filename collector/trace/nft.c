/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "collector/trace/feed.h"
#include "collector/trace/nft_space.h"

/*
 * nft - the feed of nftables' traces, from every network namespace that has
 * rules.
 *
 * Only there a table of ours is made, too, where changes are allowed: in a
 * namespace without rules none can decide, and a table would only turn
 * netfilter on for nothing. Namespaces and rulesets that appear later are
 * looked for every 2 s.
 */

#define HOOK "nftrace"
#define LOST "which nftables rule decided"
#define LOOK (2 * RCA_SECOND)
/* Messages have some 200 bytes, and at most two names of 256. */
#define MESSAGE_BYTES 2048
#define MESSAGES 32
/* Most that are read of a namespace before others have their turn. */
#define ROUNDS 256
#define READY 16 /* namespaces that have a turn at once */

struct feed {
    struct rca_netlink_set set;
    struct rca_trace_names *names;
    struct rca_trace_nft_wish wish;
    int epoll;
    uint64_t overruns;
    rca_time looked;
    struct mmsghdr headers[MESSAGES];
    struct iovec parts[MESSAGES];
    struct sockaddr_nl senders[MESSAGES];
    _Alignas(8) char bytes[MESSAGES][MESSAGE_BYTES];
};

static rca_time now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * RCA_SECOND + t.tv_nsec;
}

/* --- namespaces ----------------------------------------------------------- */

static int watch(struct feed *f, const struct rca_netlink_ns *ns)
{
    const struct rca_trace_nft_space *s =
        (const struct rca_trace_nft_space *)ns->data;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = ns->inode};

    return epoll_ctl(f->epoll, EPOLL_CTL_ADD, s->traces, &event) ? -errno : 0;
}

static int look(struct feed *f)
{
    struct rca_observer *obs = rca_trace_names_observer(f->names);
    int r = obs ? rca_netlink_set_refresh(&f->set, obs) : 0;

    f->looked = now();
    for (size_t i = 0; r == 0 && i < f->set.n; i++) {
        r = rca_trace_nft_space_look(&f->set.ns[i], &f->wish, f->names);
        if (r > 0)
            r = watch(f, &f->set.ns[i]);
    }
    return r;
}

/* --- what can be seen ----------------------------------------------------- */

struct summary {
    size_t spaces, tables, marking, failed, untold;
    int err;
};

static void add_space(struct summary *sum, const struct rca_trace_nft_space *s)
{
    if (!s->n_chains && !s->err)
        return;
    sum->spaces += s->n_chains > 0;
    sum->tables += s->tables[0].fd >= 0;
    sum->marking += s->marking;
    sum->untold += s->texts == RCA_TRACE_NFT_TEXTS_ABSENT;
    sum->failed += s->err != 0;
    sum->err = s->err ? s->err : sum->err;
}

static struct summary sum_up(const struct feed *f)
{
    struct summary sum = {.spaces = 0};

    for (size_t i = 0; i < f->set.n; i++) {
        const struct rca_netlink_ns *ns = &f->set.ns[i];

        if (ns->data)
            add_space(&sum, (const struct rca_trace_nft_space *)ns->data);
        else if (ns->err) {
            sum.failed++;
            sum.err = ns->err;
        }
    }
    return sum;
}

static void tell_how(const struct feed *f, const struct summary *sum,
                     struct rca_trace_feature *feature)
{
    const char *texts = sum->untold ? "; no `nft`, no texts" : "";
    char *how = feature->how;
    const size_t size = sizeof(feature->how);

    if (sum->tables)
        (void)snprintf(how, size, HOOK ", our rules in %u of %u namespaces%s",
                       (unsigned)sum->tables, (unsigned)sum->spaces, texts);
    else if (sum->marking)
        (void)snprintf(how, size, HOOK ", by %u rules that set it%s",
                       (unsigned)sum->marking, texts);
    else if (f->wish.allow_changes && !sum->failed)
        (void)snprintf(how, size, HOOK "; there are no rules yet");
    else if (f->wish.allow_changes)
        (void)snprintf(how, size, "no rule could be added: %s",
                       rca_strerror(sum->err));
    else
        (void)snprintf(how, size,
                       "no rule sets nftrace: --allow-system-changes adds one");
}

static void tell(const struct feed *f, struct rca_trace_feature *feature)
{
    const struct summary sum = sum_up(f);

    feature->on =
        sum.tables || sum.marking || (f->wish.allow_changes && !sum.failed);
    tell_how(f, &sum, feature);
    feature->lost[0] = '\0';
    if (!feature->on)
        (void)snprintf(feature->lost, sizeof(feature->lost), LOST);
    else if (sum.failed)
        (void)snprintf(feature->lost, sizeof(feature->lost),
                       "rules of %zu namespaces: %s", sum.failed,
                       rca_strerror(sum.err));
}

/* --- the feed ------------------------------------------------------------- */

static void close_feed(void **state)
{
    struct feed *f = (struct feed *)*state;

    if (!f)
        return;
    rca_netlink_set_done(&f->set);
    if (f->epoll >= 0)
        (void)close(f->epoll);
    free(f);
    *state = NULL;
}

static int refuse(struct rca_trace_feature *feature, int err)
{
    feature->on = 0;
    (void)snprintf(feature->how, sizeof(feature->how), "%s",
                   err == -EPERM             ? "needs CAP_NET_ADMIN"
                   : err == -EPROTONOSUPPORT ? "no nf_tables in this kernel"
                                             : rca_strerror(err));
    (void)snprintf(feature->lost, sizeof(feature->lost), LOST);
    return RCA_ENOSUPPORT;
}

static int start(struct feed *f, struct rca_trace_feature *feature)
{
    const struct rca_trace_nft_space *own;
    int r = 0;

    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (f->epoll < 0)
        return -errno;
    for (size_t i = 0; i < MESSAGES; i++) {
        f->parts[i] = (struct iovec){f->bytes[i], MESSAGE_BYTES};
        f->headers[i].msg_hdr.msg_iov = &f->parts[i];
        f->headers[i].msg_hdr.msg_iovlen = 1;
        f->headers[i].msg_hdr.msg_name = &f->senders[i];
        f->headers[i].msg_hdr.msg_namelen = sizeof(f->senders[i]);
    }
    if (!rca_trace_names_observer(f->names))
        r = rca_trace_names_read(f->names);
    if (r == 0)
        r = look(f);
    if (r)
        return r == -ENOMEM ? r : refuse(feature, r);
    if (!f->set.n)
        return RCA_ENOSUPPORT;
    own = (const struct rca_trace_nft_space *)f->set.ns[0].data;
    if (own && !own->known && own->err)
        return refuse(feature,
                      own->err == -EPERM ? own->err : -EPROTONOSUPPORT);
    tell(f, feature);
    return 0;
}

static int open_feed(const struct rca_trace_options *options,
                     struct rca_trace_names *names, struct rca_diag *diag,
                     struct rca_trace_feature *ret_feature, void **ret_state)
{
    struct rca_trace_feature feature = {.name = "nftables rules",
                                        .part = RCA_TRACE_PART_NFT};
    void *state RCA_CLEANUP(close_feed) = NULL;
    struct feed *f;
    int r;

    (void)diag;
    f = (struct feed *)calloc(1, sizeof(*f));
    if (!f)
        return -ENOMEM;
    state = f;
    f->set.bus = NETLINK_NETFILTER;
    f->set.free_data = rca_trace_nft_space_free;
    f->names = names;
    f->wish.buffer = options->buffer;
    f->wish.allow_changes = options->allow_changes;
    rca_trace_nft_flow_parse(options->filter, &f->wish.flow);
    f->epoll = -1;
    r = start(f, &feature);
    if (r && r != RCA_ENOSUPPORT)
        return r;
    *ret_feature = feature;
    if (r == 0)
        *ret_state = RCA_TAKE(state);
    return r;
}

static int fd_of(const void *state)
{
    return ((const struct feed *)state)->epoll;
}

static _Bool is_end_of_chain(const struct rca_trace_rule *rule)
{
    return rule->verdict == NFT_RETURN && !rule->handle;
}

static int take(struct rca_netlink_ns *ns, const struct nlmsghdr *header,
                rca_trace_visit *push, void *arg)
{
    struct rca_trace_nft_space *s = (struct rca_trace_nft_space *)ns->data;
    struct rca_trace_nft_msg msg;
    struct rca_trace_event event;

    if (rca_trace_nft_parse(header, &msg))
        return 0;
    if (msg.first)
        msg.packet.point = rca_trace_nft_space_point(s, &msg.rule);
    rca_trace_nft_join(&s->join, &msg);
    if (is_end_of_chain(&msg.rule))
        return 0;
    rca_trace_nft_event(&msg, (uint32_t)ns->inode, &event);
    return push(arg, &event);
}

struct taking {
    struct rca_netlink_ns *ns;
    rca_trace_visit *push;
    void *arg;
};

static int take_message(void *arg, const struct nlmsghdr *header)
{
    const struct taking *t = (const struct taking *)arg;

    return take(t->ns, header, t->push, t->arg);
}

/* The @i-th datagram. Who may administer a namespace may send there, too: only
 * the kernel, which is number 0, is listened to. */
static int read_one(struct feed *f, unsigned i, struct taking *t)
{
    int r;

    if (f->senders[i].nl_pid)
        return 0;
    r = rca_netlink_each(f->bytes[i], f->headers[i].msg_len, 0, take_message,
                         t);
    if (r != RCA_ESYNTAX)
        return r;
    f->overruns++; /* cut: longer than there is room for */
    return 0;
}

/* What came at once; 0: no more is there. */
static int read_some(struct feed *f, struct taking *t)
{
    struct rca_trace_nft_space *s = (struct rca_trace_nft_space *)t->ns->data;
    const int n = recvmmsg(s->traces, f->headers, MESSAGES, MSG_DONTWAIT, NULL);
    int r = 0;

    if (n < 0 && errno == ENOBUFS) {
        f->overruns++;
        return 1;
    }
    for (int i = 0; r >= 0 && i < n; i++)
        r = read_one(f, (unsigned)i, t);
    return r < 0 ? r : n == MESSAGES;
}

/* 1: there may be more. */
static int read_space(struct feed *f, uint64_t inode, rca_trace_visit *push,
                      void *arg)
{
    struct taking t = {.push = push, .arg = arg};
    int r = 1;

    for (size_t i = 0; !t.ns && i < f->set.n; i++)
        if (f->set.ns[i].inode == inode && f->set.ns[i].data)
            t.ns = &f->set.ns[i];
    if (!t.ns)
        return 0;
    for (int i = 0; r > 0 && i < ROUNDS; i++)
        r = read_some(f, &t);
    return r;
}

/* What cannot be looked at now may be later: meanwhile messages are lost. */
static int look_again(struct feed *f)
{
    const int r = now() - f->looked >= LOOK ? look(f) : 0;

    f->overruns += r < 0 && r != -ENOMEM;
    return r == -ENOMEM ? r : 0;
}

static int read_feed(void *state, rca_trace_visit *push, void *arg)
{
    struct feed *f = (struct feed *)state;
    struct epoll_event ready[READY];
    _Bool more = 0;
    int r = look_again(f);
    const int n = epoll_wait(f->epoll, ready, READY, 0);
    for (int i = 0; r >= 0 && i < n; i++) {
        r = read_space(f, ready[i].data.u64, push, arg);
        more = more || r > 0;
    }
    return r < 0 ? r : more || n == READY;
}

static void stop_feed(void *state)
{
    const struct feed *f = (const struct feed *)state;

    for (size_t i = 0; i < f->set.n; i++)
        if (f->set.ns[i].data)
            rca_trace_nft_space_stop(
                (const struct rca_trace_nft_space *)f->set.ns[i].data);
}

static void add_loss(const void *state, struct rca_trace_loss *loss)
{
    loss->netlink += ((const struct feed *)state)->overruns;
}

const struct rca_trace_feed rca_trace_feed_nft = {
    .part = RCA_TRACE_PART_NFT,
    .open = open_feed,
    .fd = fd_of,
    .read = read_feed,
    .stop = stop_feed,
    .loss = add_loss,
    .close = close_feed,
};
