/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * net - a private network for a test: its own network namespace in the host's
 * place, its own /run for named ones, gone with the process.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/observer_state.h"
#include "tests/harness/test.h"

/** net_enter() - false where it is not permitted */
static inline _Bool net_enter(void)
{
    return unshare(CLONE_NEWNS | CLONE_NEWNET) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/run", "tmpfs", 0, NULL) == 0;
}

/** net_run() - a line for the shell; stops the test if it fails */
static inline void net_run(const char *line)
{
    if (system(line) != 0) /* NOLINT(cert-env33-c): constant lines of tests */
        fail_msg("failed: %s", line);
}

/** net_switch() - namespace sw with a bridge br0 of ports pc and ps; behind
 * them c (eth0, 10.9.0.1) and s (eth0, 10.9.0.2); no IPv6, no ARP: nothing
 * is sent that a test does not send */
static inline void net_switch(void)
{
    net_run(
        "set -e; sysctl -qw net.ipv6.conf.default.disable_ipv6=1;"
        "for n in sw c s; do ip netns add $n; ip -n $n link set lo up; done;"
        "for n in sw c s; do ip netns exec $n"
        "  sysctl -qw net.ipv6.conf.default.disable_ipv6=1; done;"
        "ip -n sw link add br0 type bridge; ip -n sw link set br0 up;"
        "ip link add eth0 netns c type veth peer name pc netns sw;"
        "ip link add eth0 netns s type veth peer name ps netns sw;"
        "for p in pc ps; do ip -n sw link set $p master br0 up; done;"
        "ip -n c addr add 10.9.0.1/24 dev eth0; ip -n c link set eth0 up;"
        "ip -n s addr add 10.9.0.2/24 dev eth0; ip -n s link set eth0 up;"
        "ip -n s neigh add 10.9.0.1 lladdr $(ip netns exec c cat"
        "  /sys/class/net/eth0/address) dev eth0;"
        "ip -n c neigh add 10.9.0.2 lladdr $(ip netns exec s cat"
        "  /sys/class/net/eth0/address) dev eth0;");
}

/** net_inode() - of the namespace called @name; "" is the test's own */
static inline uint64_t net_inode(const char *name)
{
    char path[64] = "/proc/self/ns/net";
    struct stat st = {0};

    if (name[0])
        (void)snprintf(path, sizeof(path), "/run/netns/%s", name);
    assert_ok(stat(path, &st));
    return st.st_ino;
}

static inline int net_send_here(const char *to, uint16_t port, int n)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || inet_pton(AF_INET, to, &addr.sin_addr) != 1)
        return 1;
    for (int i = 0; i < n; i++) /* a rule may refuse: not a failure */
        (void)sendto(fd, "x", 1, 0, (struct sockaddr *)&addr, sizeof(addr));
    return 0;
}

/** net_send() - @n datagrams of 1 byte (29 as IPv4) from namespace @from */
static inline void net_send(const char *from, const char *to, uint16_t port,
                            int n)
{
    char path[64];
    int status = 0;
    pid_t pid = 0;

    (void)snprintf(path, sizeof(path), "/run/netns/%s", from);
    pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || setns(fd, CLONE_NEWNET))
            _exit(1);
        _exit(net_send_here(to, port, n));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/** net_value() - what was reported in this tick, NAN if nothing was */
static inline double net_value(struct rca_observer *obs, enum rca_kind kind,
                               const char *name, const char *series)
{
    rca_id entity = rca_observe_entity(obs, kind, name);
    uint32_t id = 0;

    if (!rca_map_get(&obs->series, series, strlen(series), &id))
        return NAN;
    for (size_t i = 0; i < obs->n_samples; i++)
        if (obs->samples[i].entity == entity && obs->samples[i].series == id)
            return obs->samples[i].value;
    return NAN;
}

/** net_edges() - how often that edge was reported in this tick */
static inline unsigned net_edges(const struct rca_observer *obs, rca_id source,
                                 rca_id target, enum rca_edge_kind kind)
{
    unsigned n = 0;

    for (size_t i = 0; i < obs->n_edges; i++)
        if (obs->edges[i].source == source && obs->edges[i].target == target &&
            obs->edges[i].kind == kind)
            n++;
    return n;
}

/** net_endpoint() - as the socket source would report it */
static inline void net_endpoint(struct rca_observer *obs, rca_id entity,
                                const char *netns, const char *addr,
                                uint16_t port)
{
    unsigned char bytes[4];

    assert_int_equal(inet_pton(AF_INET, addr, bytes), 1);
    rca_observe_endpoint(obs, entity, net_inode(netns), AF_INET, bytes, port);
}

/** net_again() - whether to look once more for a value that is not yet @want:
 * packets may wait for a busy processor; waits 50 ms, at most 100 times */
static inline _Bool net_again(double value, double want, int *tries)
{
    if (fabs(value - want) < 0.5 || ++*tries > 100)
        return 0;
    (void)usleep(50000);
    return 1;
}
