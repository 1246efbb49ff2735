/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The socket source: reads what the kernel side counted (sock_probe.c), and
 * lets the book make services, clients and calls of it (sock_book.h).
 */

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "collector/nat.h"
#include "collector/sock_book.h"
#include "collector/sock_listen.h"
#include "collector/sock_probe.h"
#include "collector/source.h"

static_assert(RCA_CGROUP_TREE_CPU == (int)RCA_CGROUP_V1_CPU &&
                  RCA_CGROUP_TREE_CPUACCT == (int)RCA_CGROUP_V1_CPUACCT &&
                  RCA_CGROUP_TREE_MEMORY == (int)RCA_CGROUP_V1_MEMORY,
              "cgroups are numbered as the observer does");

struct source {
    struct rca_sock_probe *probe; /* owned */
    struct rca_sock_book book;
    struct rca_sock_listens listens;
    struct rca_nat *nat; /* owned */
    enum rca_profile profile;
};

static void source_close(void **state)
{
    struct source *s = (struct source *)*state;

    if (!s)
        return;
    rca_sock_probe_close(&s->probe);
    rca_sock_listens_done(&s->listens);
    rca_nat_close(&s->nat);
    rca_sock_book_done(&s->book);
    free(s);
    *state = NULL;
}

static uint32_t own_uts(const char *proc)
{
    char path[256];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/self/ns/uts", proc);
    return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

static int source_open(const struct rca_source_env *env,
                       struct rca_observer *obs, void **ret_state)
{
    void *state RCA_CLEANUP(source_close) = NULL;
    struct source *s;
    int r;

    s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    state = s;
    rca_sock_book_init(&s->book, env->config, own_uts(env->proc));
    r = rca_sock_probe_open(&(struct rca_sock_options){.env = env}, obs,
                            &s->probe);
    if (!r)
        r = rca_sock_listens_open(env, obs, &s->listens);
    if (!r)
        r = rca_nat_open(env, obs, &s->nat);
    if (r)
        return r;
    s->profile = env->profile;
    *ret_state = RCA_TAKE(state);
    return 0;
}

static int feed(void *arg, const struct rca_sock_key *key,
                const struct rca_sock_edge *edge)
{
    return rca_sock_book_feed((struct rca_sock_book *)arg, key, edge);
}

static int name_node(void *arg, uint32_t uts, const char *name)
{
    return rca_sock_book_node((struct rca_sock_book *)arg, uts, name);
}

static void report_losses(const struct source *s, struct rca_observer *obs)
{
    const struct rca_sock_losses l = rca_sock_probe_losses(s->probe);

    rca_observe_loss(obs, "sock_detail", l.folded.requests);
    rca_observe_loss(obs, "sock_requests", l.missing.requests);
    rca_observe_loss(obs, "sock_bytes",
                     l.missing.sent_bytes + l.missing.received_bytes);
    rca_observe_loss(obs, "sock_connections",
                     l.missing.connections + l.missing.failures);
    rca_observe_loss(obs, "sock_sockets", l.sockets);
    rca_observe_loss(obs, "sock_translations", s->book.nats_dropped);
}

static int keep_nat(void *arg, const struct rca_nat_key *key)
{
    return rca_sock_book_nat((struct rca_sock_book *)arg, key);
}

/* What other sources of the kernel say of sockets. Each namespace may refuse:
 * what the others say still counts, and the failure is told when all is done.
 */
static int ask_around(struct source *s, struct rca_observer *obs,
                      int *ret_failed)
{
    const _Bool light = s->profile == RCA_PROFILE_LIGHT;
    int r = rca_nat_tick(s->nat, obs, !light, keep_nat, &s->book);

    if (r == -ENOMEM)
        return r;
    *ret_failed = r;
    r = rca_sock_listens_tick(&s->listens, s->probe, &s->book, obs, light);
    if (r == -ENOMEM)
        return r;
    *ret_failed = r ? r : *ret_failed;
    return 0;
}

static int source_tick(void *state, struct rca_observer *obs)
{
    struct source *s = (struct source *)state;
    const uint32_t epoch = rca_sock_probe_epoch(s->probe);
    struct rca_sock_key key;
    int r, failed = 0;

    r = ask_around(s, obs, &failed);
    if (!r)
        r = rca_sock_probe_nodes(s->probe, name_node, &s->book);
    if (!r)
        r = rca_sock_probe_read(s->probe, feed, &s->book);
    if (!r)
        r = rca_sock_book_report(&s->book, obs, epoch);
    if (r)
        return r;
    while (rca_sock_book_expire(&s->book, rca_observer_now(obs) - RCA_SOCK_IDLE,
                                &key))
        rca_sock_probe_forget(s->probe, &key);
    report_losses(s, obs);
    return failed;
}

static int source_set_profile(void *state, struct rca_observer *obs,
                              enum rca_profile profile)
{
    struct source *s = (struct source *)state;

    s->profile = profile;
    return rca_sock_probe_profile(s->probe, obs, profile);
}

static size_t source_programs(void *state, int *fds, size_t max)
{
    const struct source *s = (struct source *)state;

    const size_t n = rca_sock_probe_programs(s->probe, fds, max);

    return n + rca_nat_programs(s->nat, fds + n, max - n);
}

const struct rca_source rca_source_sock = {
    .name = "sock",
    .open = source_open,
    .tick = source_tick,
    .close = source_close,
    .set_profile = source_set_profile,
    .programs = source_programs,
};
