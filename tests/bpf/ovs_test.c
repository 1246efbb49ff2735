/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Open vSwitch with its user-space datapath, run by the test in folders and
 * namespaces of its own: a bridge with two ports that are veths, one that does
 * not exist, and a patch to a second bridge.
 */

#include <signal.h>

#include "collector/config.h"
#include "collector/source.h"
#include "tests/bpf/net.h"

#define DIR "/run/ovs"

static char folder[] = DIR;
static const struct rca_config config = {.ovs = folder};
static const struct rca_source_env env = {.proc = "/proc",
                                          .sys = "/sys",
                                          .host = "h",
                                          .config = &config,
                                          .profile = RCA_PROFILE_STANDARD};

struct fixture {
    struct rca_observer *obs;
    void *link, *source;
    int second;
};

#define VSCTL "ovs-vsctl --db=unix:" DIR "/db.sock "

static const char *const daemons =
    "set -e; mkdir " DIR "; cd " DIR ";"
    "export OVS_RUNDIR=" DIR " OVS_DBDIR=" DIR " OVS_LOGDIR=" DIR
    "  OVS_SYSCONFDIR=" DIR ";"
    "{ ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema;"
    "ovsdb-server conf.db --remote=punix:" DIR "/db.sock --detach"
    "  --pidfile=" DIR "/ovsdb-server.pid --unixctl=" DIR "/ovsdb.ctl"
    "  --log-file=" DIR "/db.log;" VSCTL "--no-wait init;"
    "ovs-vswitchd unix:" DIR "/db.sock --detach"
    "  --pidfile=" DIR "/ovs-vswitchd.pid --log-file=" DIR "/switch.log;"
    "} >log 2>&1";

/* No IPv6: nothing is sent that the test does not send. */
static const char *const bridges =
    "set -e; sysctl -qw net.ipv6.conf.default.disable_ipv6=1;"
    "sysctl -qw net.ipv6.conf.all.disable_ipv6=1;"
    "for n in a b; do ip netns add $n; ip netns exec $n"
    "  sysctl -qw net.ipv6.conf.default.disable_ipv6=1;"
    "  ip link add v$n type veth peer name eth0 netns $n;"
    "  ip link set v$n up; ip -n $n link set eth0 up; done;"
    "ip -n a addr add 10.8.0.1/24 dev eth0;"
    "ip -n b addr add 10.8.0.2/24 dev eth0;"
    "ip -n a neigh add 10.8.0.2 lladdr $(ip netns exec b cat"
    "  /sys/class/net/eth0/address) dev eth0;"
    "export OVS_RUNDIR=" DIR ";" VSCTL "add-br br0"
    "  -- set bridge br0 datapath_type=netdev"
    "  -- add-port br0 va -- add-port br0 vb;" VSCTL "add-br br1"
    "  -- set bridge br1 datapath_type=netdev"
    "  -- add-port br0 p0 -- set interface p0 type=patch options:peer=p1"
    "  -- add-port br1 p1 -- set interface p1 type=patch options:peer=p0;" VSCTL
    "add-port br0 nope 2>/dev/null";

static pid_t pid_of(const char *daemon)
{
    char path[64];
    int pid = 0;
    FILE *file = NULL;

    (void)snprintf(path, sizeof(path), DIR "/%s.pid", daemon);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%d", &pid) != 1) /* NOLINT(cert-err34-c) */
        pid = 0;
    (void)fclose(file);
    return pid;
}

static void stop(const char *daemon)
{
    const pid_t pid = pid_of(daemon);

    if (pid <= 1)
        return;
    (void)kill(pid, SIGCONT);
    (void)kill(pid, SIGKILL);
}

static _Bool is_installed(void)
{
    return access("/usr/sbin/ovs-vswitchd", X_OK) == 0 &&
           access("/usr/sbin/ovsdb-server", X_OK) == 0;
}

static void tick(struct fixture *f)
{
    /* past any pause after a failure */
    f->second += 60;
    rca_observer_begin(f->obs, f->second * RCA_SECOND);
    assert_ok(rca_source_link.tick(f->link, f->obs));
    assert_ok(rca_source_ovs.tick(f->source, f->obs));
}

static int setup(void **state)
{
    static struct fixture f;

    if (!is_installed() || !net_enter())
        return 0;
    *state = &f;
    assert_ok(rca_observer_new(NULL, "h", &f.obs));
    rca_observer_begin(f.obs, RCA_SECOND);
    assert_ok(rca_source_link.open(&env, f.obs, &f.link));
    assert_ok(rca_source_ovs.open(&env, f.obs, &f.source));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = (struct fixture *)*state;

    if (!f)
        return 0;
    stop("ovs-vswitchd");
    stop("ovsdb-server");
    rca_source_link.close(&f->link);
    rca_source_ovs.close(&f->source);
    rca_observer_free(&f->obs);
    return 0;
}

static struct fixture *get(void **state)
{
    if (!*state) {
        print_message("needs openvswitch-switch, and CAP_SYS_ADMIN\n");
        skip();
    }
    return (struct fixture *)*state;
}

static double nic(struct fixture *f, const char *name, const char *series)
{
    return net_value(f->obs, RCA_KIND_NIC, name, series);
}

static double whole(struct fixture *f, const char *series)
{
    return net_value(f->obs, RCA_KIND_BRIDGE, "ovs-vswitchd", series);
}

static const struct rca_feature *feature(struct fixture *f)
{
    size_t n = 0;
    const struct rca_feature *features = rca_observer_features(f->obs, &n);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(features[i].name, "Open vSwitch itself"))
            return &features[i];
    fail_msg("no feature");
    return NULL;
}

static void where_none_runs_nothing_is_reported(void **state)
{
    struct fixture *f = get(state);

    tick(f);
    assert_int_equal(f->obs->in_use[RCA_KIND_BRIDGE], 0);
    assert_int_equal(feature(f)->state, RCA_FEATURE_ON);
    assert_string_equal(feature(f)->how, "none runs here");
}

static void ports_are_part_of_their_bridge(void **state)
{
    static const char *const ports[][2] = {
        {"va", "br0"}, {"vb", "br0"}, {"nope", "br0"},
        {"p0", "br0"}, {"p1", "br1"},
    };
    struct fixture *f = get(state);

    net_run(daemons);
    net_run(bridges);
    tick(f);
    tick(f);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(ports); i++)
        assert_int_equal(
            net_edges(f->obs,
                      rca_observe_entity(f->obs, RCA_KIND_NIC, ports[i][0]),
                      rca_observe_entity(f->obs, RCA_KIND_BRIDGE, ports[i][1]),
                      RCA_EDGE_PART_OF),
            1);
    assert_int_equal(
        net_edges(f->obs, rca_observe_entity(f->obs, RCA_KIND_NIC, "p0"),
                  rca_observe_entity(f->obs, RCA_KIND_NIC, "p1"),
                  RCA_EDGE_LINK) +
            net_edges(f->obs, rca_observe_entity(f->obs, RCA_KIND_NIC, "p1"),
                      rca_observe_entity(f->obs, RCA_KIND_NIC, "p0"),
                      RCA_EDGE_LINK),
        1);
    assert_true(
        net_edges(f->obs, rca_observe_entity(f->obs, RCA_KIND_BRIDGE, "br0"),
                  rca_observe_entity(f->obs, RCA_KIND_BRIDGE, "ovs-vswitchd"),
                  RCA_EDGE_PART_OF) >= 1);
    assert_close(nic(f, "va", "ovs_port_down"), 0, 0);
    assert_close(nic(f, "p0", "ovs_port_down"), 0, 0);
    assert_close(nic(f, "nope", "ovs_port_down"), 1, 0); /* is not there */
    assert_nan(nic(f, "br0", "ovs_port_down"));
    assert_close(whole(f, "ovs_unresponsive"), 0, 0);
    assert_string_equal(feature(f)->how, "unixctl");
}

/* "va" is the kernel's: what it carries is counted once, by the link source. */
static void traffic_is_counted_once(void **state)
{
    struct fixture *f = get(state);
    double before = 0;
    int tries = 0;
    unsigned n = 0;
    uint32_t id = 0;

    tick(f);
    before = whole(f, "ovs_hits_total") + whole(f, "ovs_misses_total");
    net_send("a", "10.8.0.2", 9, 25);
    do
        tick(f);
    while (net_again(whole(f, "ovs_hits_total") + whole(f, "ovs_misses_total"),
                     before + 25, &tries));
    assert_true(whole(f, "ovs_hits_total") + whole(f, "ovs_misses_total") >=
                before + 25);
    assert_close(whole(f, "ovs_lost_total"), 0, 0);
    assert_true(whole(f, "ovs_flows") >= 0);
    assert_true(whole(f, "ovs_flow_limit_ratio") >= 0);
    assert_true(nic(f, "va", "receive_packets_total") >= 25);
    assert_true(rca_map_get(&f->obs->series, "receive_packets_total",
                            strlen("receive_packets_total"), &id));
    for (size_t i = 0; i < f->obs->n_samples; i++)
        n += f->obs->samples[i].series == id &&
             f->obs->samples[i].entity ==
                 rca_observe_entity(f->obs, RCA_KIND_NIC, "va");
    assert_int_equal(n, 1);
}

/* By the port itself, and by the switch's own counters. */
static void a_port_that_is_set_down_shows(void **state)
{
    struct fixture *f = get(state);
    double changes = 0;
    int tries = 0, more = 0;

    tick(f);
    changes = whole(f, "ovs_port_changes_total");
    net_run("ip link set va down");
    do
        tick(f);
    while (net_again(nic(f, "va", "ovs_port_down"), 1, &tries));
    assert_close(nic(f, "va", "ovs_port_down"), 1, 0);
    assert_close(nic(f, "vb", "ovs_port_down"), 0, 0);
    /* the switch adds its threads' counters up once a second */
    while (whole(f, "ovs_port_changes_total") <= changes && ++more < 100) {
        (void)usleep(50000);
        tick(f);
    }
    assert_true(whole(f, "ovs_port_changes_total") > changes);
    print_message("seen after %d and %d times 50 ms\n", tries, more);
    net_run("ip link set va up");
}

static void a_switch_that_hangs_is_told(void **state)
{
    struct fixture *f = get(state);

    assert_ok(kill(pid_of("ovs-vswitchd"), SIGSTOP));
    tick(f);
    assert_close(whole(f, "ovs_unresponsive"), 1, 0);
    assert_int_equal(feature(f)->state, RCA_FEATURE_OFF);
    assert_close(nic(f, "vb", "ovs_port_down"), 0, 0); /* the database's */
    assert_ok(kill(pid_of("ovs-vswitchd"), SIGCONT));
    tick(f);
    assert_close(whole(f, "ovs_unresponsive"), 0, 0);
    assert_int_equal(feature(f)->state, RCA_FEATURE_ON);
}

static void daemons_that_end_are_told(void **state)
{
    struct fixture *f = get(state);

    stop("ovs-vswitchd");
    stop("ovsdb-server");
    tick(f);
    assert_close(whole(f, "ovs_unresponsive"), 1, 0);
    assert_nan(nic(f, "vb", "ovs_port_down"));
}

static void hooks_left_out_are_not_used(void **state)
{
    struct fixture *f = get(state);
    struct rca_source_env without = env;
    void *source = NULL;

    without.without = "ovsdb,unixctl";
    assert_err(rca_source_ovs.open(&without, f->obs, &source), RCA_ENOSUPPORT);
    assert_null(source);
    assert_string_equal(feature(f)->how, "turned off by 'without'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_none_runs_nothing_is_reported),
        cmocka_unit_test(ports_are_part_of_their_bridge),
        cmocka_unit_test(traffic_is_counted_once),
        cmocka_unit_test(a_port_that_is_set_down_shows),
        cmocka_unit_test(a_switch_that_hangs_is_told),
        cmocka_unit_test(daemons_that_end_are_told),
        cmocka_unit_test(hooks_left_out_are_not_used),
    };

    return cmocka_run_group_tests_name("bpf/ovs", tests, setup, teardown);
}
