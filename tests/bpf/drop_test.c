/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Drops a known number of packets in a network namespace of its own; skipped
 * where the kernel does not permit it. */

#include "collector/drop.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/time.h"
#include "tests/bpf/net.h"

/** struct drops - a source that runs, and the namespace it is tried in */
struct drops {
    struct rca_observer *obs;
    void *source;
    uint32_t netns;
};

static void drops_done(struct drops *d)
{
    rca_source_drop.close(&d->source);
    rca_observer_free(&d->obs);
}

static void lo_up(void)
{
    struct ifreq req = {.ifr_flags = IFF_UP};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    memcpy(req.ifr_name, "lo", sizeof("lo"));
    assert_true(fd >= 0);
    assert_ok(ioctl(fd, SIOCSIFFLAGS, &req));
    (void)close(fd);
}

/* 0: not permitted here. */
static _Bool start(enum rca_drop_hook hook, struct drops *d)
{
    const struct rca_source_env env = {.proc = "/proc", .sys = "/sys"};
    struct rca_drop_source *source = NULL;
    struct stat st;

    if (unshare(CLONE_NEWNET)) {
        print_message("not permitted to make a network namespace\n");
        return 0;
    }
    lo_up();
    assert_ok(stat("/proc/self/ns/net", &st));
    d->netns = (uint32_t)st.st_ino;
    assert_ok(rca_observer_new(NULL, "host", &d->obs));
    if (rca_drop_open(&env, d->obs, hook, &source)) {
        print_message("not permitted to load BPF programs\n");
        return 0;
    }
    d->source = source;
    return 1;
}

static uint64_t count(const struct drops *d, const char *reason)
{
    return rca_drop_count(d->source, d->netns, reason);
}

/* Softirqs may run late: wait until @want have been counted, or give up. */
static void wait_for(const struct drops *d, const char *reason, uint64_t want)
{
    for (int i = 0; i < 500 && count(d, reason) < want; i++)
        usleep(10000);
    assert_int_equal(count(d, reason), want);
}

/* Wait until nothing has been counted for a while. */
static void settle(const struct drops *d, const char *reason)
{
    uint64_t last;

    do {
        last = count(d, reason);
        usleep(200000);
    } while (count(d, reason) != last);
}

static _Bool has_reasons(const struct drops *d)
{
    size_t n;
    const struct rca_feature *f = rca_observer_features(d->obs, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(f[i].name, "drop reasons"))
            return f[i].state == RCA_FEATURE_ON;
    }
    return 0;
}

static int udp(uint16_t port, struct sockaddr_in *addr)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    *addr =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd;
}

static void send_to(const struct sockaddr_in *addr, unsigned n)
{
    const char data[64] = "";

    for (unsigned i = 0; i < n; i++) {
        /* a new socket each: the error of the last one is not reported */
        const int fd = socket(AF_INET, SOCK_DGRAM, 0);

        assert_true(fd >= 0);
        assert_int_equal(sendto(fd, data, sizeof(data), 0,
                                (const struct sockaddr *)addr, sizeof(*addr)),
                         sizeof(data));
        (void)close(fd);
    }
}

static void drops_are_counted_exactly(enum rca_drop_hook hook)
{
    RCA_CLEANUP(drops_done) struct drops d = {.netns = 0};
    struct sockaddr_in addr;
    int fd;

    if (!start(hook, &d))
        skip();
    fd = udp(9, &addr); /* nobody is bound to it */
    (void)close(fd);
    send_to(&addr, 37);
    wait_for(&d, has_reasons(&d) ? "no_socket" : "unspecified", 37);
}

static void packets_to_nobody_are_counted(void **state)
{
    (void)state;
    drops_are_counted_exactly(RCA_DROP_HOOK_BEST);
}

static void the_twin_counts_the_same(void **state)
{
    (void)state;
    drops_are_counted_exactly(RCA_DROP_HOOK_RAW);
}

static void what_does_not_fit_into_a_socket_is_counted(void **state)
{
    RCA_CLEANUP(drops_done) struct drops d = {.netns = 0};
    const int room = 4096;
    struct sockaddr_in addr;
    unsigned received = 0;
    char data[64];
    int fd;

    (void)state;
    if (!start(RCA_DROP_HOOK_BEST, &d))
        skip();
    if (!has_reasons(&d))
        skip();
    fd = udp(1234, &addr);
    assert_ok(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
    assert_ok(bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
    send_to(&addr, 100);
    settle(&d, "socket_rcvbuff"); /* what is read early makes room for more */
    while (recv(fd, data, sizeof(data), 0) > 0)
        received++;
    (void)close(fd);
    assert_true(received > 0 && received < 100);
    wait_for(&d, "socket_rcvbuff", 100 - received);
}

static void packets_that_arrive_are_no_drops(void **state)
{
    static const char *const any[] = {"skb_consumed", "no_socket",
                                      "not_specified", "unspecified"};
    RCA_CLEANUP(drops_done) struct drops d = {.netns = 0};
    struct pollfd in = {.events = POLLIN};
    struct sockaddr_in addr;
    char data[64];
    int fd;

    (void)state;
    if (!start(RCA_DROP_HOOK_BEST, &d))
        skip();
    fd = in.fd = udp(1234, &addr);
    assert_ok(bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
    for (int i = 0; i < 50; i++) {
        send_to(&addr, 1);
        assert_int_equal(poll(&in, 1, 5000), 1);
        assert_int_equal(recv(fd, data, sizeof(data), 0), sizeof(data));
    }
    (void)close(fd);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(any); i++)
        assert_int_equal(count(&d, any[i]), 0);
}

/* Packets for another host, which the far end of a veth takes and drops: counted
 * for the namespace and for the NIC. */
static void drops_are_counted_on_their_nic(void **state)
{
    RCA_CLEANUP(drops_done) struct drops d = {.netns = 0};
    const struct rca_source_env env = {.proc = "/proc", .sys = "/sys"};
    struct rca_observer *obs = NULL;
    void *link = NULL;
    double n = 0, host = 0;

    (void)state;
    if (!start(RCA_DROP_HOOK_BEST, &d) || !d.obs) {
        skip();
        return; /* for clang-tidy: skip() does not return */
    }
    obs = d.obs;
    net_run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 &&"
            " ip link add d0 type veth peer name d1 &&"
            " ip addr add 10.7.0.1/24 dev d0 && ip link set d0 up &&"
            " ip link set d1 up && ip neigh add 10.7.0.2 dev d0"
            "  lladdr 02:00:00:00:00:01");
    rca_observer_begin(obs, rca_time_now());
    assert_ok(rca_source_link.open(&env, obs, &link));
    assert_ok(rca_source_link.tick(link, obs));
    assert_ok(rca_source_drop.tick(d.source, obs));
    assert_close(net_value(obs, RCA_KIND_NIC, "d1", "drops_total"), 0, 0);
    /* to a station that is not there: d1 takes it and has nobody for it */
    assert_int_equal(net_send_here("10.7.0.2", 9, 30), 0);
    for (int i = 0; i < 100 && n < 30; i++) {
        usleep(20000);
        rca_observer_begin(obs, rca_time_now());
        assert_ok(rca_source_link.tick(link, obs));
        assert_ok(rca_source_drop.tick(d.source, obs));
        n = net_value(obs, RCA_KIND_NIC, "d1",
                      has_reasons(&d) ? "drops_otherhost_total"
                                      : "drops_total");
        n = isnan(n) ? 0 : n;
        host = net_value(obs, RCA_KIND_HOST, "host",
                         has_reasons(&d) ? "drops_otherhost_total"
                                         : "drops_total");
    }
    assert_close(n, 30, 0);
    assert_true(host >= 30);
    rca_source_link.close(&link);
}

static void hooks_left_out_are_not_used(void **state)
{
    const struct rca_source_env env = {.proc = "/proc",
                                       .sys = "/sys",
                                       .without =
                                           "tp_btf/kfree_skb,raw_tp/kfree_skb"};
    struct rca_observer *obs = NULL;
    void *source = NULL;

    (void)state;
    assert_ok(rca_observer_new(NULL, "host", &obs));
    assert_int_equal(rca_source_drop.open(&env, obs, &source), RCA_ENOSUPPORT);
    assert_null(source);
    rca_observer_free(&obs);
}

static void ticks_report_without_complaint(void **state)
{
    RCA_CLEANUP(drops_done) struct drops d = {.netns = 0};

    (void)state;
    if (!start(RCA_DROP_HOOK_BEST, &d))
        skip();
    for (int i = 0; i < 3; i++) {
        rca_observer_begin(d.obs, rca_time_now());
        assert_ok(rca_source_drop.tick(d.source, d.obs));
        assert_ok(rca_observer_commit(d.obs));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_to_nobody_are_counted),
        cmocka_unit_test(the_twin_counts_the_same),
        cmocka_unit_test(what_does_not_fit_into_a_socket_is_counted),
        cmocka_unit_test(packets_that_arrive_are_no_drops),
        cmocka_unit_test(drops_are_counted_on_their_nic),
        cmocka_unit_test(hooks_left_out_are_not_used),
        cmocka_unit_test(ticks_report_without_complaint),
    };

    return cmocka_run_group_tests_name("bpf/drop", tests, NULL, NULL);
}
