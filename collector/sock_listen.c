/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/sock_listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/sock_book_own.h"
#include "collector/sock_diag.h"

#define FEATURE "accept queues"
#define OTHERS "accept queues of other network namespaces"
#define HOOK "inet_diag"
#define LOST "connections that wait to be accepted, or find no room"
/* Looking through all files of all processes costs about 5 ms for 10,000
 * sockets, and tells of nobody new most of the time. */
#define SCAN_AGAIN (60 * RCA_SECOND)

/** struct rca_sock_known - @drops: as last told to the book */
struct rca_sock_known {
    uint64_t cookie;
    uint32_t drops;
    unsigned round;
};

/** struct dump - one namespace's in progress */
struct dump {
    struct rca_sock_listens *listens;
    struct rca_sock_probe *probe;
    struct rca_sock_book *book;
    struct rca_observer *obs;
    uint32_t netns;
    _Bool idle;
};

/* --- what is known ------------------------------------------------------------ */

/* A listener that is new was not there when it counted its first drop, unless
 * we were not, either. */
static int get_known(struct rca_sock_listens *l,
                     const struct rca_sock_listener *listener,
                     struct rca_sock_known **ret_known)
{
    const uint32_t n = (uint32_t)l->n;
    uint32_t at;

    if (!rca_map_get(&l->by_cookie, &listener->cookie, sizeof(uint64_t), &at)) {
        if (rca_sock_grow(&l->known, &l->cap, n, sizeof(*l->known)) ||
            rca_map_set(&l->by_cookie, &listener->cookie, sizeof(uint64_t), n))
            return -ENOMEM;
        l->known[n] = (struct rca_sock_known){
            .cookie = listener->cookie,
            .drops = l->round > 1 ? 0 : listener->drops};
        at = (uint32_t)l->n++;
    }
    *ret_known = &l->known[at];
    return 0;
}

static void forget_closed(struct rca_sock_listens *l)
{
    for (size_t i = 0; i < l->n;) {
        struct rca_sock_known *k = &l->known[i];

        if (k->round == l->round) {
            i++;
            continue;
        }
        if (i != l->n - 1 &&
            rca_map_set(&l->by_cookie, &l->known[l->n - 1].cookie,
                        sizeof(k->cookie), (uint32_t)i))
            return; /* the next time */
        rca_map_del(&l->by_cookie, &k->cookie, sizeof(k->cookie));
        *k = l->known[--l->n];
    }
}

/* --- one tick ------------------------------------------------------------------ */

static _Bool find_owner(struct dump *d, const struct rca_sock_listen_key *key,
                        struct rca_sock_owner_id *ret_owner)
{
    const rca_time now = rca_observer_now(d->obs);

    if (rca_sock_probe_listener(d->probe, key, ret_owner))
        return 1;
    if (now - d->listens->scanned < SCAN_AGAIN)
        return 0;
    d->listens->scanned = now;
    rca_sock_probe_scan(d->probe);
    return rca_sock_probe_listener(d->probe, key, ret_owner);
}

static int take_listener(struct dump *d, struct rca_sock_listener *listener)
{
    struct rca_sock_known *known = NULL;
    struct rca_sock_owner_id owner;
    const uint32_t drops = listener->drops;
    int r = get_known(d->listens, listener, &known);

    if (r)
        return r;
    known->round = d->listens->round;
    listener->drops = drops - known->drops;
    r = rca_sock_book_listener(d->book, d->obs, listener);
    if (r > 0)
        known->drops = drops;
    if (r == 0 && (d->idle || listener->queue || listener->drops) &&
        find_owner(d, &listener->key, &owner))
        r = rca_sock_book_idle(d->book, &listener->key, &owner);
    return r < 0 ? r : 0;
}

static int visit(void *arg, const struct nlmsghdr *msg)
{
    struct dump *d = (struct dump *)arg;
    struct rca_sock_listener listener = {.key.netns = d->netns};

    if (rca_sock_diag_parse(msg, &listener))
        return 0; /* nothing that we asked for */
    return take_listener(d, &listener);
}

static int ask(struct rca_netlink_ns *ns, struct dump *d)
{
    _Alignas(8) char buf[RCA_SOCK_DIAG_BYTES];
    int r;

    r = rca_netlink_dump(ns->nl, rca_sock_diag_request(buf, AF_INET), visit, d);
    if (r)
        return r;
    r = rca_netlink_dump(ns->nl, rca_sock_diag_request(buf, AF_INET6), visit,
                         d);
    return r == -ENOENT ? 0 : r; /* no IPv6 */
}

static void tell(struct rca_sock_listens *l, struct rca_observer *obs)
{
    char how[96];
    size_t closed;
    int err = 0;

    if (l->told == l->set.version + 1)
        return;
    l->told = l->set.version + 1;
    closed = rca_netlink_set_closed(&l->set, &err);
    (void)snprintf(how, sizeof(how),
                   "%zu not entered: %s (needs CAP_SYS_ADMIN)", closed,
                   rca_strerror(err));
    if (closed)
        rca_observer_feature(obs, OTHERS, RCA_FEATURE_OFF, how,
                             LOST ", in containers");
    else
        rca_observer_feature(obs, OTHERS, RCA_FEATURE_ON,
                             HOOK " after setns(2)", "");
}

int rca_sock_listens_tick(struct rca_sock_listens *listens,
                          struct rca_sock_probe *probe,
                          struct rca_sock_book *book, struct rca_observer *obs,
                          _Bool idle)
{
    struct dump d = {.listens = listens,
                     .probe = probe,
                     .book = book,
                     .obs = obs,
                     .idle = idle};
    int r, failed = 0;

    if (listens->off)
        return 0;
    r = rca_netlink_set_refresh(&listens->set, obs);
    if (r)
        return r;
    tell(listens, obs);
    listens->round++;
    for (size_t i = 0; i < listens->set.n; i++) {
        struct rca_netlink_ns *ns = &listens->set.ns[i];

        if (!ns->nl)
            continue;
        d.netns = (uint32_t)ns->inode;
        r = ask(ns, &d);
        if (r == -ENOMEM)
            return r;
        failed = r ? r : failed;
    }
    if (!failed)
        forget_closed(listens);
    return failed;
}

/* --- opening -------------------------------------------------------------------- */

static int count_one(void *arg, const struct nlmsghdr *msg)
{
    (void)msg;
    ++*(unsigned *)arg;
    return 0;
}

int rca_sock_listens_open(const struct rca_source_env *env,
                          struct rca_observer *obs,
                          struct rca_sock_listens *ret_listens)
{
    _Alignas(8) char buf[RCA_SOCK_DIAG_BYTES];
    struct rca_netlink *nl = NULL;
    const _Bool may = rca_source_may(env, HOOK);
    unsigned n = 0;
    int r = -EPERM;

    *ret_listens = (struct rca_sock_listens){.set.bus = NETLINK_SOCK_DIAG,
                                             .scanned = -SCAN_AGAIN};
    if (may)
        r = rca_netlink_open(rca_observer_privileged(obs), NETLINK_SOCK_DIAG,
                             -1, &nl);
    if (!r)
        r = rca_netlink_dump(nl, rca_sock_diag_request(buf, AF_INET), count_one,
                             &n);
    rca_netlink_close(&nl);
    ret_listens->off = r != 0;
    rca_observer_feature(obs, FEATURE, r ? RCA_FEATURE_OFF : RCA_FEATURE_ON,
                         !may ? "turned off by 'without'"
                         : r  ? "no inet_diag in this kernel"
                              : HOOK,
                         r ? LOST : "");
    return r == -ENOMEM ? r : 0;
}

void rca_sock_listens_done(struct rca_sock_listens *listens)
{
    rca_netlink_set_done(&listens->set);
    rca_map_done(&listens->by_cookie);
    free(listens->known);
    *listens = (struct rca_sock_listens){.off = 1};
}
