/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * trace_world - a capture in the network of tests/bpf/net.h and what it handed
 * out, and another network with a router that translates:
 *
 *   cli 10.83.1.1 -- rtr -- 10.83.2.1 srv; 10.83.9.1:80 is srv:8080, and srv
 *   sees the router as the one who calls
 */

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include "collector/trace/capture.h"
#include "tests/bpf/net.h"

#define ALL ((1U << RCA_TRACE_PART_COUNT) - 1)
#define EVENTS 60000
#define VIRTUAL "10.83.9.1"

#define PLACES 6

/** struct world - @events: those in @netns, our own namespaces; @total: all that
 * were handed out, also those of the rest of the host */
struct world {
    struct rca_trace_names *names;
    struct rca_trace_capture *capture;
    struct rca_trace_event *events;
    size_t n, total;
    uint32_t netns[PLACES];
};

static inline _Bool world_own(const struct world *w, uint32_t netns)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (w->netns[i] == netns)
            return 1;
    }
    return 0;
}

static inline int world_keep(void *arg, const struct rca_trace_event *event)
{
    struct world *w = (struct world *)arg;

    w->total++;
    if (!world_own(w, event->netns))
        return 0;
    assert_true(w->n < EVENTS);
    memcpy(&w->events[w->n++], event,
           offsetof(struct rca_trace_event, head) + event->captured);
    return 0;
}

static inline void world_done(struct world *w)
{
    rca_trace_close(&w->capture);
    rca_trace_names_free(&w->names);
    free(w->events);
}

/** world_try() - the result of opening; @state as the group's setup left it */
static inline int world_try(void **state,
                            const struct rca_trace_options *options,
                            struct rca_diag *diag, struct world *ret_world)
{
    static const char *const places[PLACES] = {"c",   "sw",  "s",
                                               "cli", "rtr", "srv"};

    if (!*state) {
        print_message("needs CAP_SYS_ADMIN for namespaces, and CAP_BPF\n");
        skip();
    }
    *ret_world =
        (struct world){.events = calloc(EVENTS, sizeof(*ret_world->events))};
    assert_non_null(ret_world->events);
    for (size_t i = 0; i < PLACES; i++)
        ret_world->netns[i] = (uint32_t)net_inode(places[i]);
    assert_ok(rca_trace_names_new(&ret_world->names));
    return rca_trace_open(options, ret_world->names, diag, &ret_world->capture);
}

static inline struct world world_start(void **state,
                                       const struct rca_trace_options *options)
{
    struct rca_diag diag = {0};
    struct world w = {0};
    const int r = world_try(state, options, &diag, &w);

    if (r)
        print_message("%s\n", diag.text);
    assert_ok(r);
    return w;
}

static inline void world_finish(struct world *w)
{
    assert_true(rca_trace_finish(w->capture, world_keep, w) >= 0);
}

/** world_print() - for whoever looks why a test fails */
static inline void world_print(const struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct rca_trace_event *e = &w->events[i];
        const char *netns = rca_trace_name_netns(w->names, e->netns);
        const char *dev = rca_trace_name_device(w->names, e->netns, e->ifindex);

        print_message("%llx %s %s %s protocol %u %u > %u length %u reason %u\n",
                      (unsigned long long)e->id, rca_trace_point_name(e->point),
                      netns ? netns : "-", dev ? dev : "-", e->flow.protocol,
                      e->flow.source_port, e->flow.destination_port, e->length,
                      e->reason);
    }
}

static inline _Bool world_is(const struct rca_trace_event *e,
                             enum rca_trace_point point, uint32_t netns,
                             uint16_t port)
{
    return e->point == (uint32_t)point && e->netns == netns &&
           e->flow.protocol == IPPROTO_UDP && e->flow.destination_port == port;
}

/** world_count() - events at @point in namespace @netns of datagrams to @port */
static inline unsigned world_count(const struct world *w,
                                   enum rca_trace_point point,
                                   const char *netns, uint16_t port)
{
    const uint32_t inode = (uint32_t)net_inode(netns);
    unsigned n = 0;

    for (size_t i = 0; i < w->n; i++)
        n += world_is(&w->events[i], point, inode, port);
    return n;
}

/** world_find() - the first of these, or NULL */
static inline const struct rca_trace_event *world_find(
    const struct world *w, enum rca_trace_point point, const char *netns,
    uint16_t port)
{
    const uint32_t inode = (uint32_t)net_inode(netns);

    for (size_t i = 0; i < w->n; i++) {
        if (world_is(&w->events[i], point, inode, port))
            return &w->events[i];
    }
    return NULL;
}

/** world_await() - until there are @want such events, or 10 s have passed:
 * softirqs may run late */
static inline void world_await(struct world *w, enum rca_trace_point point,
                               const char *netns, uint16_t port, unsigned want)
{
    for (int i = 0; i < 200 && world_count(w, point, netns, port) < want; i++)
        assert_true(rca_trace_poll(w->capture, 50, world_keep, w) >= 0);
}

/** world_feature() - state of the one called @name, or NULL */
static inline const struct rca_trace_feature *world_feature(
    const struct world *w, const char *name)
{
    size_t n;
    const struct rca_trace_feature *f = rca_trace_features(w->capture, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(f[i].name, name))
            return &f[i];
    }
    return NULL;
}

static inline void world_stats(const struct world *w,
                               struct rca_trace_stats *stats)
{
    rca_trace_stats(w->capture, stats);
}

/* --- the other network ------------------------------------------------------ */

static inline void world_router(void)
{
    net_run(
        "set -e; for n in cli rtr srv; do ip netns add $n;"
        "  ip -n $n link set lo up; done;"
        "for n in cli rtr srv; do ip netns exec $n"
        "  sysctl -qw net.ipv6.conf.default.disable_ipv6=1; done;"
        "ip link add eth0 netns cli type veth peer name rc netns rtr;"
        "ip link add eth0 netns srv type veth peer name rs netns rtr;"
        "ip -n cli addr add 10.83.1.1/24 dev eth0;"
        "ip -n srv addr add 10.83.2.1/24 dev eth0;"
        "ip -n rtr addr add 10.83.1.254/24 dev rc;"
        "ip -n rtr addr add 10.83.2.254/24 dev rs;"
        "ip -n cli link set eth0 up; ip -n srv link set eth0 up;"
        "ip -n rtr link set rc up; ip -n rtr link set rs up;"
        "ip -n cli route add default via 10.83.1.254;"
        "ip -n srv route add default via 10.83.2.254;"
        "ip netns exec rtr sysctl -qw net.ipv4.ip_forward=1;"
        "echo 'table ip n {"
        "  chain pre { type nat hook prerouting priority -100;"
        "    ip daddr 10.83.9.1 udp dport 80 dnat to 10.83.2.1:8080;"
        "    ip daddr 10.83.9.1 tcp dport 80 dnat to 10.83.2.1:8080; };"
        "  chain post { type nat hook postrouting priority 100;"
        "    oifname \"rs\" masquerade; }; }' | ip netns exec rtr nft -f -;");
}

static inline void world_enter(const char *netns)
{
    char path[64];
    int fd;

    (void)snprintf(path, sizeof(path), "/run/netns/%s", netns);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        _exit(1);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/** world_receiver() - a process in srv that reads @n datagrams of port 8080 and
 * ends; it listens when this returns */
static inline pid_t world_receiver(int n)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_port = htons(8080)};
    int ready[2];
    pid_t pid;
    char c = 0;

    assert_ok(pipe(ready));
    pid = fork();
    if (pid == 0) {
        int fd;

        world_enter("srv");
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) ||
            write(ready[1], "", 1) != 1)
            _exit(1);
        for (int i = 0; i < n; i++) {
            struct pollfd in = {.fd = fd, .events = POLLIN};

            if (poll(&in, 1, 10000) != 1 || recv(fd, &c, 1, 0) < 0)
                _exit(2);
        }
        _exit(0);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return pid;
}

static inline void world_ended(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/** world_send_tagged() - @n datagrams to port 9 from c, to all stations, with the
 * tag of VLAN 5 in their bytes */
static inline void world_send_tagged(int n)
{
    static const unsigned char frame[] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0,  0,
        0,    9,    0x81, 0,    0,    5,    8,  0, /* Ethernet, 802.1Q */
        0x45, 0,    0,    29,   0,    7,    0,  0, 64, 17,
        0,    0,    10,   9,    0,    1,    10, 9, 0,  2, /* IPv4 */
        0x10, 0,    0,    9,    0,    9,    0,  0, 'x'}; /* UDP */
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_8021Q)};
    const pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        int fd;

        world_enter("c");
        fd = socket(AF_PACKET, SOCK_RAW, 0);
        at.sll_ifindex = (int)if_nametoindex("eth0");
        for (int i = 0; i < n; i++) {
            if (sendto(fd, frame, sizeof(frame), 0,
                       (const struct sockaddr *)&at,
                       sizeof(at)) != sizeof(frame))
                _exit(1);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static inline void world_call(const char *to)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(8080)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (inet_pton(AF_INET, to, &at.sin_addr) == 1)
        (void)connect(fd, (const struct sockaddr *)&at, sizeof(at));
}

/** world_unanswered() - a process in cli that calls where nobody is, so that its
 * first packet is sent again after a second */
static inline pid_t world_unanswered(void)
{
    const pid_t pid = fork();

    if (pid)
        return pid;
    net_run("ip -n rtr neigh replace 10.83.2.77 lladdr 02:00:00:00:00:77 dev "
            "rs");
    world_enter("cli");
    world_call("10.83.2.77");
    for (;;)
        (void)pause();
}
