/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock - a namespace of its own whose loopback is all that is counted, a
 * server, a client, and what the probe says of them.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/observer_state.h"
#include "collector/sock_probe.h"
#include "collector/source.h"
#include "tests/harness/test.h"

#define REQUEST 64
#define REPLY 512
#define MS 1000000ULL

static uint32_t netns; /* of this test */
static uint16_t next_port = 20000;
static int family = AF_INET;

/* --- the two ends -------------------------------------------------------------- */

static inline socklen_t address(uint16_t port, struct sockaddr_storage *ret_at)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port),
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};

    if (family == AF_INET)
        memcpy(ret_at, &v4, sizeof(v4));
    else
        memcpy(ret_at, &v6, sizeof(v6));
    return family == AF_INET ? sizeof(v4) : sizeof(v6);
}

static inline int dial(uint16_t port)
{
    struct sockaddr_storage to;
    const socklen_t len = address(port, &to);
    const int fd = socket(family, SOCK_STREAM, 0);

    if (connect(fd, (const struct sockaddr *)&to, len) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static inline int listen_on(uint16_t port)
{
    struct sockaddr_storage at;
    const socklen_t len = address(port, &at);
    const int on = 1;
    const int fd = socket(family, SOCK_STREAM, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_ok(bind(fd, (const struct sockaddr *)&at, len));
    assert_ok(listen(fd, 64));
    return fd;
}

/* Answers every request until the other side closes; each @bad-th with an
 * error. */
static inline void serve(int fd, unsigned bad)
{
    char buf[REPLY];
    unsigned served = 0;

    while (recv(fd, buf, REQUEST, MSG_WAITALL) == REQUEST) {
        const int status = bad && ++served % bad == 0 ? 503 : 200;

        memset(buf, '.', sizeof(buf));
        (void)snprintf(buf, sizeof(buf), "HTTP/1.1 %d ", status);
        if (send(fd, buf, REPLY, 0) != REPLY)
            break;
    }
}

/* A child that serves @n connections, one after the other, and ends. */
static inline pid_t start_server(uint16_t port, unsigned n, unsigned bad)
{
    const int listener = listen_on(port);
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0) {
        (void)close(listener);
        return pid;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "testserver");
    while (n--) {
        const int fd = accept(listener, NULL, NULL);

        serve(fd, bad);
        (void)close(fd);
    }
    _exit(0);
}

static inline void ask(int fd, unsigned n)
{
    char buf[REPLY];

    memset(buf, 'x', sizeof(buf));
    while (n--) {
        assert_int_equal(send(fd, buf, REQUEST, 0), REQUEST);
        assert_int_equal(recv(fd, buf, REPLY, MSG_WAITALL), REPLY);
    }
}

static inline void end_server(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* --- what was counted ------------------------------------------------------------ */

struct wanted {
    uint16_t port;
    uint8_t role;
    unsigned found;
    struct rca_sock_key key;
    struct rca_sock_edge edge;
};

static inline int pick(void *arg, const struct rca_sock_key *key,
                       const struct rca_sock_edge *edge)
{
    struct wanted *w = (struct wanted *)arg;

    if (key->netns != netns || key->port != w->port || key->role != w->role)
        return 0;
    w->found++;
    w->key = *key;
    w->edge = *edge;
    return 0;
}

static inline struct rca_sock_edge counted(struct rca_sock_probe *probe,
                                           uint16_t port, uint8_t role)
{
    struct wanted w = {.port = port, .role = role};

    assert_ok(rca_sock_probe_read(probe, pick, &w));
    assert_int_equal(w.found, 1);
    assert_int_equal(w.key.family, family);
    assert_int_equal(w.key.local[family == AF_INET ? 0 : 3],
                     htonl(family == AF_INET ? INADDR_LOOPBACK : 1));
    assert_memory_equal(w.key.local, w.key.remote, sizeof(w.key.local));
    return w.edge;
}

static uint64_t in_buckets(const struct rca_sock_edge *e, unsigned what)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < RCA_LATENCY_BUCKETS; i++)
        n += e->bucket[what][i];
    return n;
}

static inline void close_observer(struct rca_observer **obs)
{
    rca_observer_free(obs);
}

/* @without: hooks, or NULL; NULL if requests cannot be seen without them */
static inline struct rca_sock_probe *open_probe_without(const char *without,
                                                        uint32_t max_edges)
{
    const struct rca_source_env env = {.profile = RCA_PROFILE_STANDARD,
                                       .without = without};
    const struct rca_sock_options options = {.env = &env,
                                             .max_edges = max_edges};
    struct rca_observer *obs RCA_CLEANUP(close_observer) = NULL;
    struct rca_sock_probe *probe = NULL;
    int r;

    assert_ok(rca_observer_new(NULL, "testhost", &obs));
    r = rca_sock_probe_open(&options, obs, &probe);
    if (r == RCA_ENOSUPPORT && !netns) {
        print_message("not permitted here\n");
        skip();
    }
    if (r == RCA_ENOSUPPORT && without)
        return NULL;
    assert_ok(r);
    return probe;
}

static inline struct rca_sock_probe *open_probe(void)
{
    return open_probe_without(NULL, 0);
}

static inline void assert_nothing_lost(const struct rca_sock_probe *probe)
{
    const struct rca_sock_losses l = rca_sock_probe_losses(probe);
    const struct rca_sock_sum none = {0};

    assert_memory_equal(&l.missing, &none, sizeof(none));
    assert_memory_equal(&l.folded, &none, sizeof(none));
    assert_int_equal(l.sockets, 0);
}

/* Both halves tell the same story. */
static inline void assert_halves(struct rca_sock_probe *probe, uint16_t port,
                                 uint64_t requests, uint64_t connections)
{
    const struct rca_sock_edge s = counted(probe, port, RCA_SOCK_SERVER);
    const struct rca_sock_edge c = counted(probe, port, RCA_SOCK_CLIENT);

    assert_int_equal(s.sum.requests, requests);
    assert_int_equal(c.sum.requests, requests);
    assert_int_equal(s.sum.connections, connections);
    assert_int_equal(c.sum.connections, connections);
    assert_int_equal(s.sum.received_bytes, requests * REQUEST);
    assert_int_equal(c.sum.sent_bytes, requests * REQUEST);
    assert_int_equal(s.sum.sent_bytes, requests * REPLY);
    assert_int_equal(c.sum.received_bytes, requests * REPLY);
    assert_int_equal(
        s.sum.failures + c.sum.failures + s.sum.resets + c.sum.resets, 0);
    for (unsigned what = 0; what < RCA_SOCK_TIMES; what++)
        assert_int_equal(in_buckets(&s, what), requests);
    assert_int_equal(in_buckets(&c, RCA_SOCK_LATENCY), requests);
    assert_int_equal(s.sum_ns[RCA_SOCK_LATENCY],
                     s.sum_ns[RCA_SOCK_SERVICE] + s.sum_ns[RCA_SOCK_QUEUE]);
    assert_true(c.sum_ns[RCA_SOCK_LATENCY] > s.sum_ns[RCA_SOCK_SERVICE]);
}

/* An emulated machine is a hundred times slower: RCA_TEST_SMALL is set there. */
static inline unsigned count(unsigned all)
{
    return getenv("RCA_TEST_SMALL") ? all / 50 : all;
}

static inline int enter_namespace(void **state)
{
    struct ifreq lo = {.ifr_name = "lo"};
    struct stat st;
    int fd;

    (void)state;
    if (unshare(CLONE_NEWNET))
        return 0; /* the tests skip themselves */
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo))
        return -1;
    lo.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &lo) || stat("/proc/self/ns/net", &st))
        return -1;
    (void)close(fd);
    netns = (uint32_t)st.st_ino;
    return 0;
}
