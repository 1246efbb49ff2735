/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A slow queue on the client's interface (tests/bpf/net.h): each packet that
 * waits is timed, and for as long as the rate says. Run with both kinds of
 * hook.
 */

#include "collector/sojourn.h"

#include <bpf/bpf.h>

#include "graph/histogram.h"
#include "tests/bpf/net_fixture.h"

static const struct rca_source_env env = {.proc = "/proc",
                                          .sys = "/sys",
                                          .host = "h",
                                          .profile = RCA_PROFILE_STANDARD};

struct fixture {
    struct rca_observer *obs;
    int ifindex;
};

static int setup(void **state)
{
    static struct fixture f;
    FILE *file = NULL;

    if (!net_enter())
        return 0;
    net_switch();
    net_run("ip netns exec c cat /sys/class/net/eth0/ifindex > /run/ifindex");
    file = fopen("/run/ifindex", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &f.ifindex), 1); /* NOLINT */
    (void)fclose(file);
    assert_ok(rca_observer_new(NULL, "h", &f.obs));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = (struct fixture *)*state;

    if (f)
        rca_observer_free(&f->obs);
    return 0;
}

/* NULL: not permitted here. */
static struct rca_sojourn *start(struct fixture *f, enum rca_sojourn_hook hook)
{
    struct rca_sojourn *s = NULL;

    rca_observer_begin(f->obs, RCA_SECOND);
    if (rca_sojourn_open(&env, f->obs, hook, &s))
        print_message("not permitted to load BPF programs\n");
    return s;
}

static double report(struct fixture *f, struct rca_sojourn *s, int second,
                     const char *series)
{
    rca_observer_begin(f->obs, second * RCA_SECOND);
    rca_sojourn_tick(s, f->obs, 0, second * RCA_SECOND);
    rca_sojourn_report(s, f->obs,
                       rca_observe_entity(f->obs, RCA_KIND_QDISC, "c/eth0:tbf"),
                       net_inode("c"), f->ifindex);
    return net_value(f->obs, RCA_KIND_QDISC, "c/eth0:tbf", series);
}

/* At 80 bit/s a packet of 43 bytes leaves in 4.3 s, once two have left with the
 * burst; then all leave at once. Whatever waits, waits HELD_US at least. */
#define HOLD                                                                   \
    "tc -n c qdisc replace dev eth0 root tbf rate 80bit burst 100 limit "      \
    "100000"
#define RELEASE                                                                \
    "tc -n c qdisc change dev eth0 root tbf rate 1gbit burst 100000 limit "    \
    "100000"
#define HELD_US 50000
#define N 12

/* @n packets: all but the last wait a while; it wakes the queue */
static void hold_and_release(int n)
{
    net_run(HOLD);
    net_send("c", "10.9.0.2", 9, n - 1);
    (void)usleep(HELD_US);
    net_run(RELEASE);
    net_send("c", "10.9.0.2", 9, 1);
}

static void packets_are_timed(struct fixture *f, enum rca_sojourn_hook hook)
{
    struct rca_sojourn *s = start(f, hook);
    double before = 0, sum = 0;
    int tries = 0;

    if (!s)
        skip();
    before = report(f, s, 2, "qdisc_sojourn_packets_total");
    assert_close(before, 0, 0);
    hold_and_release(N);
    while (net_again(report(f, s, 3, "qdisc_sojourn_packets_total"), N, &tries))
        ;
    assert_close(report(f, s, 4, "qdisc_sojourn_packets_total"), N, 0);
    sum = report(f, s, 5, "qdisc_sojourn_seconds_sum_total");
    assert_true(sum >= HELD_US * 1e-6 * (N - 5));
    net_run("tc -n c qdisc del dev eth0 root");
    rca_sojourn_close(&s);
    assert_null(s);
}

static void every_packet_that_waits_is_timed(void **state)
{
    packets_are_timed(net_get(state), RCA_SOJOURN_HOOK_BEST);
}

static void the_twin_times_the_same(void **state)
{
    packets_are_timed(net_get(state), RCA_SOJOURN_HOOK_RAW);
}

static void the_longest_wait_is_that_of_its_tick(void **state)
{
    struct fixture *f = net_get(state);
    struct rca_sojourn *s = start(f, RCA_SOJOURN_HOOK_BEST);
    double longest = 0, buckets = 0;
    char series[64];

    if (!s)
        skip();
    hold_and_release(N);
    for (int i = 0; i < 100; i++) {
        const double max = report(f, s, 6 + i, "qdisc_sojourn_seconds_max");

        longest = fmax(longest, max);
        if (net_value(f->obs, RCA_KIND_QDISC, "c/eth0:tbf",
                      "qdisc_sojourn_packets_total") >= N)
            break;
        (void)usleep(50000);
    }
    assert_true(longest >= HELD_US * 1e-6);
    for (unsigned i = 0; i < RCA_HISTOGRAM_BUCKETS; i++) {
        double n = 0;

        (void)snprintf(series, sizeof(series),
                       "qdisc_sojourn_seconds_bucket_%03u", i);
        n = net_value(f->obs, RCA_KIND_QDISC, "c/eth0:tbf", series);
        buckets += isnan(n) ? 0 : n;
    }
    assert_close(buckets, N, 0);
    (void)report(f, s, 200, "qdisc_sojourn_seconds_max");
    assert_close(report(f, s, 201, "qdisc_sojourn_seconds_max"), 0, 0);
    net_run("tc -n c qdisc del dev eth0 root");
    rca_sojourn_close(&s);
}

static void profile_light_detaches(void **state)
{
    struct fixture *f = net_get(state);
    struct rca_sojourn *s = start(f, RCA_SOJOURN_HOOK_BEST);
    int tries = 0, fds[4];

    if (!s)
        skip();
    assert_int_equal(rca_sojourn_programs(s, fds, 4), 2);
    assert_int_equal(rca_sojourn_programs(s, fds, 1), 1);
    assert_ok(rca_sojourn_set_profile(s, f->obs, RCA_PROFILE_LIGHT));
    hold_and_release(4);
    net_run("tc -n c qdisc del dev eth0 root");
    assert_close(report(f, s, 300, "qdisc_sojourn_packets_total"), 0, 0);
    assert_ok(rca_sojourn_set_profile(s, f->obs, RCA_PROFILE_STANDARD));
    hold_and_release(4);
    while (
        net_again(report(f, s, 301, "qdisc_sojourn_packets_total"), 4, &tries))
        ;
    assert_close(report(f, s, 302, "qdisc_sojourn_packets_total"), 4, 0);
    net_run("tc -n c qdisc del dev eth0 root");
    rca_sojourn_close(&s);
}

static void hooks_left_out_are_not_used(void **state)
{
    struct rca_source_env without = env;
    struct fixture *f = net_get(state);
    struct rca_sojourn *s = NULL;

    without.without = "tp_btf/qdisc_enqueue,raw_tp/qdisc_enqueue";
    assert_err(rca_sojourn_open(&without, f->obs, RCA_SOJOURN_HOOK_BEST, &s),
               RCA_ENOSUPPORT);
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_that_waits_is_timed),
        cmocka_unit_test(the_twin_times_the_same),
        cmocka_unit_test(the_longest_wait_is_that_of_its_tick),
        cmocka_unit_test(profile_light_detaches),
        cmocka_unit_test(hooks_left_out_are_not_used),
    };

    return cmocka_run_group_tests_name("bpf/sojourn", tests, setup, teardown);
}
