/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Network faults in a namespace of the test's own show in the counters of that
 * namespace, and of no other, by exactly as much as was sent.
 */

#include <netinet/in.h>

#include "tests/bpf/net_fixture.h"

static const struct rca_source_env env = {
    .proc = "/proc", .sys = "/sys", .host = "h"};

static int setup(void **state)
{
    return net_setup(state, &rca_source_snmp, &env, NULL);
}

static double value(struct net_fixture *f, const char *netns,
                    const char *series)
{
    return net_value(f->obs, RCA_KIND_NETNS, netns, series);
}

static void datagrams_to_nobody_are_counted_where_they_arrive(void **state)
{
    struct net_fixture *f = net_get(state);
    int tries = 0;

    net_tick(f, 2);
    assert_close(value(f, "s", "udp_no_port_total"), 0, 0);
    net_send("c", "10.9.0.2", 9, 20);
    do
        net_tick(f, 3);
    while (net_again(value(f, "s", "udp_no_port_total"), 20, &tries));
    assert_close(value(f, "s", "udp_no_port_total"), 20, 0);
    assert_close(value(f, "c", "udp_no_port_total"), 0, 0);
    assert_close(value(f, "sw", "udp_no_port_total"), 0, 0);
    /* the kernel limits how many it answers */
    assert_true(value(f, "s", "icmp_unreachable_sent_total") > 0);
    assert_close(value(f, "c", "icmp_unreachable_received_total"),
                 value(f, "s", "icmp_unreachable_sent_total"), 0);
}

static void packets_without_a_route_are_counted_where_they_start(void **state)
{
    struct net_fixture *f = net_get(state);

    net_send("c", "192.0.2.1", 9, 7);
    net_tick(f, 4);
    assert_close(value(f, "c", "ip_no_route_total"), 7, 0);
    assert_close(value(f, "s", "ip_no_route_total"), 0, 0);
}

/* One that listens and never accepts; others connect and leave. */
static int overflow_here(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(80)};
    const int server = socket(AF_INET, SOCK_STREAM, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (server < 0 || bind(server, (struct sockaddr *)&addr, sizeof(addr)) ||
        listen(server, 1))
        return 1;
    for (int i = 0; i < 20; i++) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        (void)connect(fd, (struct sockaddr *)&addr, sizeof(addr));
        (void)usleep(1000);
    }
    return 0;
}

static void a_full_accept_queue_is_counted(void **state)
{
    struct net_fixture *f = net_get(state);
    int status = 0;
    pid_t pid = 0;

    pid = fork();
    if (pid == 0) {
        const int fd = open("/run/netns/s", O_RDONLY | O_CLOEXEC);

        if (fd < 0 || setns(fd, CLONE_NEWNET))
            _exit(1);
        _exit(overflow_here());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    net_tick(f, 5);
    assert_true(value(f, "s", "tcp_listen_overflows_total") >= 1);
    assert_close(value(f, "c", "tcp_listen_overflows_total"), 0, 0);
}

static void what_the_host_counts_is_the_hosts(void **state)
{
    struct net_fixture *f = net_get(state);

    net_tick(f, 6);
    assert_true(net_value(f->obs, RCA_KIND_HOST, "h", "softnet_drops_total") >=
                0);
    assert_true(net_value(f->obs, RCA_KIND_HOST, "h", "tcp_memory_bytes") >= 0);
    assert_nan(value(f, "s", "tcp_memory_bytes"));
    assert_true(value(f, "s", "sockets_in_use") >= 0);
}

/* An open file would keep the namespace, and its interfaces, alive. */
static void a_namespace_that_goes_is_let_go(void **state)
{
    struct net_fixture *f = net_get(state);
    int second = 7;

    net_run("ip netns del s");
    for (; second < 1000; second++) {
        net_tick(f, second);
        if (isnan(value(f, "s", "udp_no_port_total")))
            break;
    }
    assert_nan(value(f, "s", "udp_no_port_total"));
    for (int tries = 0; tries < 100; tries++) {
        net_run("ip -n sw -o link show ps >/run/left 2>&1 || :");
        if (system("grep -q 'does not exist' /run/left") == 0) /* NOLINT */
            return;
        (void)usleep(50000);
    }
    fail_msg("the far end of the namespace's veth is still there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_to_nobody_are_counted_where_they_arrive),
        cmocka_unit_test(packets_without_a_route_are_counted_where_they_start),
        cmocka_unit_test(a_full_accept_queue_is_counted),
        cmocka_unit_test(what_the_host_counts_is_the_hosts),
        cmocka_unit_test(a_namespace_that_goes_is_let_go),
    };

    return cmocka_run_group_tests_name("bpf/snmp", tests, setup, net_teardown);
}
