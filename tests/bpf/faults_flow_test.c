/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Faults of what packets pass on their way: the connection tracking table of a
 * network namespace, a port of a user-space Open vSwitch. Skipped where
 * namespaces or eBPF are not permitted, or a program is missing.
 */

#include <netinet/ip.h>
#include <netinet/tcp.h>

#include "tests/bpf/faults.h"

static struct faults rig;

/* --- conntrack -------------------------------------------------------------- */

/** More entries than this are not made: 320 bytes of kernel memory each. */
#define ENTRIES_MAX 1000000UL

/* The limit is the machine's, the count each namespace's own. */
static unsigned long limit_of_conntrack(void)
{
    FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_max", "re");
    unsigned long n = 0;

    if (f && fscanf(f, "%lu", &n) != 1) /* NOLINT(cert-err34-c) */
        n = 0;
    if (f)
        (void)fclose(f);
    if (getenv("RCA_TEST_SMALL")) { /* a slow machine that is the test's own */
        net_run("sysctl -qw net.netfilter.nf_conntrack_max=5000");
        n = 5000;
    }
    return n;
}

struct packet {
    struct iphdr ip;
    struct tcphdr tcp;
};

static void send_packet(int fd, uint32_t from, uint32_t to, uint16_t port)
{
    const struct sockaddr_in dest = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(to)};
    const struct packet p = {
        .ip = {.ihl = 5,
               .version = 4,
               .ttl = 64,
               .protocol = IPPROTO_TCP,
               .tot_len = htons(sizeof(p)),
               .saddr = htonl(from),
               .daddr = htonl(to)},
        .tcp = {.source = htons(port),
                .dest = htons(port),
                .seq = htonl(1),
                .ack_seq = htonl(1),
                .doff = 5,
                .ack = 1,
                .window = htons(1000)},
    };

    (void)!sendto(fd, &p, sizeof(p), MSG_DONTWAIT,
                  (const struct sockaddr *)&dest, sizeof(dest));
}

/* Connections that were open before anybody looked: there, back and there again
 * is what makes an entry that may not be evicted for another. Until the table
 * is full and beyond, until killed. */
static void flood(const void *arg)
{
    const unsigned long *limit = arg;
    const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    const uint32_t here = 0x7f000001;

    for (unsigned long i = 0;; i++) {
        const uint32_t to = here + 1 + (uint32_t)(i / 60000);
        const uint16_t port = (uint16_t)(1024 + i % 60000);

        send_packet(fd, here, to, port);
        send_packet(fd, to, here, port);
        send_packet(fd, here, to, port);
        if (i > *limit)
            (void)usleep(10000);
    }
}

static void conntrack_full(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_CONNTRACK, GROWS, 1, "ct:conntrack", "conntrack_drops_total"},
        {RCA_KIND_CONNTRACK, REACHES, 0.98, "ct:conntrack",
         "conntrack_full_ratio"},
    };
    const unsigned long limit = limit_of_conntrack();
    struct fault fault;
    pid_t pid;

    (void)state;
    if (!limit || limit > ENTRIES_MAX) {
        print_message("skip: a conntrack table of %lu entries\n", limit);
        return;
    }
    net_run("set -e; ip netns add ct; ip -n ct link set lo up;"
            "ip netns exec ct nft 'add table ip t;"
            "add chain ip t out { type filter hook output priority 0; };"
            "add chain ip t in { type filter hook input priority 0; };"
            "add rule ip t out ct state new counter accept;"
            "add rule ip t in counter drop';"
            "ip netns exec ct sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1"
            " net.netfilter.nf_conntrack_tcp_be_liberal=1");
    fault = faults_begin("conntrack full");
    pid = faults_child("fault-flood", "ct", flood, &limit);
    faults_wait("ip netns exec ct cat /proc/net/stat/nf_conntrack |"
                "awk 'NR > 1 && $11 != \"00000000\" { seen = 1 }"
                " END { exit !seen }'");
    fault.since = rca_time_now();
    FAULTS_EXPECT(&rig, &fault, signs);
    faults_kill(&pid);
    net_run("ip netns del ct");
}

/* --- Open vSwitch ------------------------------------------------------------ */

/* where the collector looks for its sockets; /run is the test's own */
#define OVS "/run/openvswitch"
#define VSCTL "ovs-vsctl --timeout=20 --db=unix:" OVS "/db.sock "

static const char ovs_start[] =
    "set -e; mkdir " OVS "; cd " OVS ";"
    "export OVS_RUNDIR=" OVS " OVS_DBDIR=" OVS " OVS_LOGDIR=" OVS
    "  OVS_SYSCONFDIR=" OVS ";"
    "{ ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema;"
    "ovsdb-server conf.db --remote=punix:" OVS "/db.sock --detach"
    "  --pidfile=" OVS "/ovsdb-server.pid --log-file=" OVS "/db.log;" VSCTL
    "--no-wait init;"
    "ovs-vswitchd unix:" OVS "/db.sock --detach"
    "  --pidfile=" OVS "/ovs-vswitchd.pid --log-file=" OVS "/switch.log;"
    "ip link add va type veth peer name vb; ip link set va up;"
    "ip link set vb up;" VSCTL "add-br br0"
    "  -- set bridge br0 datapath_type=netdev -- add-port br0 va;"
    "} >log 2>&1";

/* only the daemons of the test have these files */
static const char ovs_stop[] =
    "for f in " OVS "/ovs-vswitchd.pid " OVS "/ovsdb-server.pid; do"
    "  test ! -s $f || kill -9 $(cat $f); done";

static _Bool has_ovs(void)
{
    return access("/usr/sbin/ovs-vswitchd", X_OK) == 0 &&
           access("/usr/sbin/ovsdb-server", X_OK) == 0;
}

static void ovs_port_down(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_NIC, REACHES, 1, "va", "ovs_port_down"},
        {RCA_KIND_BRIDGE, GROWS, 1, "ovs-vswitchd", "ovs_port_changes_total"},
    };
    struct fault fault;

    (void)state;
    if (!has_ovs()) {
        print_message("skip: needs openvswitch-switch\n");
        return;
    }
    faults_known(&rig, RCA_KIND_NIC, "va", "ovs_port_down");
    faults_known(&rig, RCA_KIND_BRIDGE, "ovs-vswitchd",
                 "ovs_port_changes_total");
    fault = faults_begin("OVS port down");
    net_run("ip link set va down");
    FAULTS_EXPECT(&rig, &fault, signs);
}

static int end(void **state)
{
    (void)state;
    faults_end(&rig);
    net_run(ovs_stop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conntrack_full),
        cmocka_unit_test(ovs_port_down),
    };

    if (!net_enter())
        return faults_skip("namespaces are not permitted");
    if (has_ovs())
        net_run(ovs_start);
    if (!faults_start(&rig)) {
        net_run(ovs_stop);
        return faults_skip("the collector does not start");
    }
    return cmocka_run_group_tests_name("bpf/faults_flow", tests, NULL, end);
}
