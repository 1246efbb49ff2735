/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Faults of the network between a client and a server, each in a network
 * namespace of its own behind a bridge: what the collector stores of them.
 * Skipped where namespaces or eBPF are not permitted.
 */

#include <netinet/tcp.h>

#include "tests/bpf/faults.h"

#define PORT 8080
#define CLOSED_PORT 81
#define LISTEN_PORT 82
#define RESET_PORT 83
enum { REQUEST = 64, REPLY = 16384 };

static struct faults rig;
static pid_t server, client;

static struct sockaddr_in address(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(0x0a090002)};
}

static int dial(uint16_t port, int flags)
{
    const struct sockaddr_in to = address(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    if (fd >= 0 &&
        (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ||
         errno == EINPROGRESS))
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int listen_on(uint16_t port, int backlog)
{
    const struct sockaddr_in at = address(port);
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) ||
        listen(fd, backlog))
        _exit(3);
    return fd;
}

/* one connection after the other, a reply to each request */
static void serve(const void *arg)
{
    static char buf[REPLY];
    const int listener = listen_on(PORT, 16);

    (void)arg;
    for (;;) {
        const int fd = accept(listener, NULL, NULL);

        while (recv(fd, buf, REQUEST, MSG_WAITALL) == REQUEST &&
               send(fd, buf, sizeof(buf), MSG_NOSIGNAL) == REPLY)
            ;
        (void)close(fd);
    }
}

static void call(const void *arg)
{
    static char buf[REPLY];

    (void)arg;
    for (;;) {
        const int fd = dial(PORT, 0);

        while (fd >= 0 && send(fd, buf, REQUEST, MSG_NOSIGNAL) == REQUEST &&
               recv(fd, buf, REPLY, MSG_WAITALL) == REPLY)
            (void)usleep(5000);
        if (fd >= 0)
            (void)close(fd);
        (void)usleep(5000);
    }
}

static void loss(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_SERVICE, GROWS, 1, "s*", "retransmits_total"},
        {RCA_KIND_NETNS, GROWS, 1, "c", "drops_netfilter_drop_total"},
        {RCA_KIND_RULE, GROWS, 1, "c:*", "rule_drops_total"},
    };
    struct fault fault;

    (void)state;
    fault = faults_begin("loss");
    net_run("ip netns exec c nft 'add table ip t; add chain ip t in { type "
            "filter hook input priority 0; }; add rule ip t in meta l4proto "
            "tcp numgen inc mod 5 == 0 counter drop'");
    faults_wait("ip netns exec c nft list table ip t |"
                "grep -q 'packets [1-9]'");
    fault.since = rca_time_now();
    FAULTS_EXPECT(&rig, &fault, signs);
    net_run("ip netns exec c nft delete table ip t");
}

static void rate_limit(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_QDISC, GROWS, 1, "s/eth0:tbf", "qdisc_overlimits_total"},
        {RCA_KIND_SERVICE, REACHES, 0.01, "s*", "rtt_seconds"},
    };
    struct fault fault;

    (void)state;
    net_run("ip netns exec s tc qdisc add dev eth0 root tbf rate 4mbit burst "
            "3000 limit 60000");
    fault = faults_begin("rate limit");
    FAULTS_EXPECT(&rig, &fault, signs);
    net_run("ip netns exec s tc qdisc del dev eth0 root");
}

static void knock(const void *arg)
{
    (void)arg;
    if (dial(CLOSED_PORT, 0) >= 0)
        _exit(1);
    (void)usleep(500000); /* who it was must be known for a tick */
}

static void refused(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_CLIENT, GROWS, 1, "c*", "connect_failures_total"},
        {RCA_KIND_CALL, GROWS, 1, "c->10.9.0.2:81", "connect_failures_total"},
        {RCA_KIND_NETNS, GROWS, 1, "c", "tcp_connect_failures_total"},
    };
    const struct fault fault = faults_begin("refused");
    pid_t pid = faults_child("fault-knock", "c", knock, NULL);

    (void)state;
    FAULTS_EXPECT(&rig, &fault, signs);
    faults_kill(&pid);
}

/* closes with a reset, whoever comes */
static void slam(const void *arg)
{
    const struct linger now = {.l_onoff = 1};
    const int listener = listen_on(RESET_PORT, 16);

    (void)arg;
    for (;;) {
        char buf[REQUEST];
        const int fd = accept(listener, NULL, NULL);

        (void)!recv(fd, buf, sizeof(buf), 0);
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        (void)close(fd);
    }
}

static void be_slammed(const void *arg)
{
    char buf[REQUEST] = "";

    (void)arg;
    for (;;) {
        const int fd = dial(RESET_PORT, 0);

        if (fd >= 0) {
            (void)!send(fd, buf, sizeof(buf), MSG_NOSIGNAL);
            (void)!recv(fd, buf, sizeof(buf), 0);
            (void)close(fd);
        }
        (void)usleep(50000);
    }
}

static void reset(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_SERVICE, GROWS, 1, "s*", "connection_resets_total"},
        {RCA_KIND_CLIENT, GROWS, 1, "c*", "connection_resets_total"},
        {RCA_KIND_NETNS, GROWS, 1, "s", "tcp_resets_sent_total"},
    };
    pid_t bad = faults_child("fault-slam", "s", slam, NULL), victim;
    struct fault fault;

    (void)state;
    (void)usleep(100000); /* it listens */
    fault = faults_begin("reset");
    victim = faults_child("fault-slammed", "c", be_slammed, NULL);
    FAULTS_EXPECT(&rig, &fault, signs);
    faults_kill(&victim);
    faults_kill(&bad);
}

/* serves one, and then takes nobody */
static void ignore(const void *arg)
{
    static char buf[REPLY];
    const int listener = listen_on(LISTEN_PORT, 1);
    const int fd = accept(listener, NULL, NULL);

    (void)arg;
    if (recv(fd, buf, REQUEST, MSG_WAITALL) != REQUEST ||
        send(fd, buf, REPLY, MSG_NOSIGNAL) != REPLY)
        _exit(7);
    for (;;)
        (void)pause();
}

static void be_first(const void *arg)
{
    static char buf[REPLY];
    int fd = -1;

    (void)arg;
    for (int i = 0; i < 100 && fd < 0; i++) {
        (void)usleep(50000);
        fd = dial(LISTEN_PORT, 0);
    }
    (void)!send(fd, buf, REQUEST, MSG_NOSIGNAL);
    (void)!recv(fd, buf, REPLY, MSG_WAITALL);
    for (;;)
        (void)pause();
}

static void crowd(const void *arg)
{
    (void)arg;
    for (int i = 0; i < 8; i++)
        (void)dial(LISTEN_PORT, SOCK_NONBLOCK);
    for (;;)
        (void)pause();
}

static void listen_overflow(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_NETNS, GROWS, 1, "s", "tcp_listen_overflows_total"},
        {RCA_KIND_SERVICE, GROWS, 1, "s*", "listen_drops_total"},
        {RCA_KIND_SERVICE, REACHES, 1, "s*", "accept_queue_ratio"},
    };
    pid_t full = faults_child("fault-full", "s", ignore, NULL);
    pid_t first = faults_child("fault-first", "c", be_first, NULL), many;
    struct fault fault;

    (void)state;
    faults_known(&rig, RCA_KIND_SERVICE, "s*:82", "accept_queue");
    fault = faults_begin("listen overflow");
    many = faults_child("fault-crowd", "c", crowd, NULL);
    FAULTS_EXPECT(&rig, &fault, signs);
    faults_kill(&many);
    faults_kill(&first);
    faults_kill(&full);
}

static void stopped_process(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_SERVICE, REACHES, 0.2, "s*", "queue_time_seconds_max"},
    };
    struct fault fault;
    char idle[64];

    (void)state;
    /* stopped between two requests: the next one waits in its queue */
    assert_ok(kill(client, SIGSTOP));
    (void)usleep(100000);
    (void)snprintf(idle, sizeof(idle), "grep -q '^State:.S' /proc/%d/status",
                   (int)server);
    faults_wait(idle);
    assert_ok(kill(server, SIGSTOP));
    assert_ok(kill(client, SIGCONT));
    (void)usleep(500000);
    /* how long they waited shows when it goes on */
    fault = faults_begin("SIGSTOP");
    assert_ok(kill(server, SIGCONT));
    FAULTS_EXPECT(&rig, &fault, signs);
}

static int begin(void **state)
{
    (void)state;
    net_switch();
    server = faults_child("fault-server", "s", serve, NULL);
    (void)usleep(200000);
    client = faults_child("fault-client", "c", call, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    faults_end(&rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss),
        cmocka_unit_test(rate_limit),
        cmocka_unit_test(refused),
        cmocka_unit_test(reset),
        cmocka_unit_test(listen_overflow),
        cmocka_unit_test(stopped_process),
    };

    if (!net_enter())
        return faults_skip("namespaces are not permitted");
    if (!faults_start(&rig))
        return faults_skip("the collector does not start");
    return cmocka_run_group_tests_name("bpf/faults_net", tests, begin, end);
}
