/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The snmp source over a /proc of the test's own. */

#include <errno.h>

#include "collector/source.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/samples.h"
#include "tests/unit/collector/tree.h"

static void make_proc(char root[64])
{
    tree_make(root);
    tree_write(root, "net/snmp", "Udp: NoPorts\nUdp: 5\n");
    tree_write(root, "net/netstat", "TcpExt: ListenOverflows\nTcpExt: 3\n");
    tree_write(root, "net/sockstat",
               "sockets: used 7\nTCP: orphan 1 tw 2 mem 3\n");
    tree_write(root, "net/softnet_stat", "00000001 00000002 00000003\n");
    tree_write(root, "net/stat/arp_cache",
               "res_failed table_fulls\n00000004 00000005\n");
}

static const struct rca_feature *feature(struct rca_observer *obs,
                                         const char *name)
{
    size_t n;
    const struct rca_feature *f = rca_observer_features(obs, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(f[i].name, name))
            return &f[i];
    }
    fail_msg("no feature '%s'", name);
    return NULL;
}

static void counters_of_the_host_are_reported(void **state)
{
    char root[64];
    const struct rca_source_env env = {.proc = root};
    struct rca_observer *obs = NULL;
    void *s = NULL;
    rca_id host;

    (void)state;
    make_proc(root);
    assert_ok(rca_observer_new(NULL, "h", &obs));
    assert_ok(rca_source_snmp.open(&env, obs, &s));
    rca_observer_begin(obs, RCA_SECOND);
    assert_ok(rca_source_snmp.tick(s, obs));
    host = rca_observe_host(obs);
    assert_close(sample_of(obs, host, "udp_no_port_total"), 5, 0);
    assert_close(sample_of(obs, host, "tcp_listen_overflows_total"), 3, 0);
    assert_close(sample_of(obs, host, "sockets_in_use"), 7, 0);
    assert_close(sample_of(obs, host, "tcp_time_wait_sockets"), 2, 0);
    assert_close(sample_of(obs, host, "tcp_orphan_sockets"), 1, 0);
    assert_close(sample_of(obs, host, "tcp_memory_bytes"),
                 3.0 * (double)sysconf(_SC_PAGESIZE), 0);
    assert_close(sample_of(obs, host, "softnet_drops_total"), 2, 0);
    assert_close(sample_of(obs, host, "softnet_squeezes_total"), 3, 0);
    assert_close(sample_of(obs, host, "neighbour_failures_total"), 4, 0);
    assert_close(sample_of(obs, host, "neighbour_table_full_total"), 5, 0);
    assert_nan(sample_of(obs, host, "tcp_retransmits_total")); /* not there */
    assert_int_equal(feature(obs, "neighbours, IPv4")->state, RCA_FEATURE_ON);
    assert_int_equal(feature(obs, "neighbours, IPv6")->state, RCA_FEATURE_OFF);
    assert_int_equal(feature(obs, "network counters, snmp6")->state,
                     RCA_FEATURE_OFF);
    /* the descriptors stay: what is written now is read next */
    tree_write(root, "net/snmp", "Udp: NoPorts\nUdp: 6\n");
    rca_observer_begin(obs, 2 * RCA_SECOND);
    assert_ok(rca_source_snmp.tick(s, obs));
    assert_close(sample_of(obs, host, "udp_no_port_total"), 6, 0);
    rca_source_snmp.close(&s);
    assert_null(s);
    rca_observer_free(&obs);
    tree_remove(root);
}

static void a_hook_left_out_is_told_and_not_read(void **state)
{
    char root[64];
    const struct rca_source_env env = {
        .proc = root, .without = "/proc/net/snmp,/proc/net/softnet_stat"};
    struct rca_observer *obs = NULL;
    void *s = NULL;

    (void)state;
    make_proc(root);
    assert_ok(rca_observer_new(NULL, "h", &obs));
    assert_ok(rca_source_snmp.open(&env, obs, &s));
    rca_observer_begin(obs, RCA_SECOND);
    assert_ok(rca_source_snmp.tick(s, obs));
    assert_nan(sample_of(obs, rca_observe_host(obs), "udp_no_port_total"));
    assert_nan(sample_of(obs, rca_observe_host(obs), "softnet_drops_total"));
    assert_close(sample_of(obs, rca_observe_host(obs), "sockets_in_use"), 7, 0);
    assert_string_equal(feature(obs, "network counters, snmp")->how,
                        "turned off by 'without'");
    assert_string_equal(feature(obs, "packet backlog of processors")->how,
                        "turned off by 'without'");
    rca_source_snmp.close(&s);
    rca_observer_free(&obs);
    tree_remove(root);
}

static void every_failed_allocation_is_survived(void **state)
{
    char root[64];
    const struct rca_source_env env = {.proc = root};

    (void)state;
    make_proc(root);
    for (long n = 0;; n++) {
        struct rca_observer *obs = NULL;
        void *s = NULL;
        _Bool hit = 0;
        int r = 0;

        assert_ok(rca_observer_new(NULL, "h", &obs));
        oom_after(n);
        r = rca_source_snmp.open(&env, obs, &s);
        if (r == 0) {
            rca_observer_begin(obs, RCA_SECOND);
            r = rca_source_snmp.tick(s, obs);
        }
        r = r ? r : rca_observer_commit(obs);
        hit = oom_hit();
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        rca_source_snmp.close(&s);
        rca_observer_free(&obs);
        if (!hit)
            break;
    }
    tree_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_of_the_host_are_reported),
        cmocka_unit_test(a_hook_left_out_is_told_and_not_read),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests_name("snmp", tests, NULL, NULL);
}
