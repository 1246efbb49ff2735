/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What needs kprobes or fentry, in a network namespace of its own: rules of
 * nftables without a trace rule, Open vSwitch's datapath, functions. Skipped
 * where the kernel has neither; `make check-kernels` runs it in one that has. */

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "collector/trace/probe.h"
#include "collector/trace/types.h"
#include "tests/bpf/net.h"

#define MAX_EVENTS 512
#define KPROBES "/sys/bus/event_source/devices/kprobe"

/** struct watch - a probe and what came out of it */
struct watch {
    struct rca_trace_probe *probe;
    struct ring_buffer *ring;
    struct rca_trace_event events[MAX_EVENTS];
    size_t n;
};

static int take(void *arg, void *data, size_t size)
{
    struct watch *w = arg;

    if (w->n < MAX_EVENTS && size <= sizeof(w->events[0]))
        memcpy(&w->events[w->n++], data, size);
    return 0;
}

static void watch_done(struct watch *w)
{
    ring_buffer__free(w->ring);
    rca_trace_probe_close(&w->probe);
}

static void watch_start(const struct rca_trace_options *options,
                        struct watch *w)
{
    struct rca_diag diag = {.text = ""};
    int fd;

    if (rca_trace_probe_open(options, NULL, &diag, &w->probe))
        fail_msg("%s", diag.text);
    fd = rca_trace_probe_map(w->probe, "ring");
    if (fd < 0) {
        size_t n;

        fail_msg("off: %s", rca_trace_probe_features(w->probe, &n)[0].how);
    }
    w->ring = ring_buffer__new(fd, take, w, NULL);
    assert_non_null(w->ring);
}

/* Until there are @want events, or a second has passed. */
static void watch_read(struct watch *w, size_t want)
{
    for (int i = 0; i < 20 && w->n < want; i++) {
        assert_true(ring_buffer__consume(w->ring) >= 0);
        usleep(50000);
    }
    assert_true(ring_buffer__consume(w->ring) >= 0);
}

static _Bool may(void)
{
    if (access(KPROBES, F_OK)) {
        print_message("this kernel has no kprobes\n");
        return 0;
    }
    if (!net_enter()) {
        print_message("not permitted to make a network namespace\n");
        return 0;
    }
    net_run("ip link set lo up");
    return 1;
}

static uint16_t port_of(const struct rca_trace_event *ev)
{
    const unsigned char *at = ev->head; /* IPv4 without options, UDP */

    if (ev->captured < 28)
        return 0;
    if (ev->has & RCA_TRACE_HAS_LINK)
        at += 14;
    return (uint16_t)(at[22] << 8 | at[23]);
}

/* --- rules of nftables ------------------------------------------------------- */

/* The number after "# handle " in the line of the ruleset that has @text. */
static uint64_t handle_of(const char *text)
{
    char line[512];
    uint64_t handle = 0;
    FILE *f = popen("nft -a list ruleset", "r"); /* NOLINT(cert-env33-c) */

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        const char *at = strstr(line, "# handle ");

        if (at && strstr(line, text))
            handle = strtoull(at + 9, NULL, 10);
    }
    (void)pclose(f);
    assert_true(handle > 0);
    return handle;
}

/** struct verdict - what becomes of a packet to @port */
struct verdict {
    uint16_t port;
    const char *rule; /* as `nft` shows it; NULL: the chain's policy */
    const char *chain;
    int verdict;
};

#define RULESET                                                                \
    "table inet t {"                                                           \
    " chain last { udp dport 1005 counter drop; udp dport 1006 accept; };"     \
    " chain deep { udp dport 1004 counter meta mark set 7 drop; jump last;"    \
    "   udp dport 1007 return; goto end; };"                                   \
    " chain end { udp dport 1008 drop; };"                                     \
    " chain mapped { udp dport 1011 drop; };"                                  \
    " chain in { type filter hook input priority 0; policy accept;"            \
    "   meta mark set 3; udp dport 1001 drop;"                                 \
    "   udp dport { 1002, 1003 } counter accept;"                              \
    "   udp dport vmap { 1009 : drop, 1010 : accept, 1011 : jump mapped };"    \
    "   udp dport 1012 reject;"                                                \
    "   udp dport 1004-1008 jump deep;"                                        \
    "   udp dport 1007 drop; };"                                               \
    " chain out { type filter hook output priority 0; policy drop;"            \
    "   udp dport 1000-1099 udp dport != 1020 accept;"                         \
    "   meta l4proto icmp accept; };"                                          \
    "}"

static const struct verdict verdicts[] = {
    {1001, "udp dport 1001 drop", "in", NF_DROP},
    {1002, "udp dport { 1002, 1003 }", "in", NF_ACCEPT},
    {1004, "udp dport 1004 counter", "deep", NF_DROP},
    {1005, "udp dport 1005 counter", "last", NF_DROP},
    {1006, "udp dport 1006 accept", "last", NF_ACCEPT},
    {1007, "udp dport 1007 drop", "in", NF_DROP},
    {1008, "udp dport 1008 drop", "end", NF_DROP},
    {1009, "vmap", "in", NF_DROP},
    {1010, "vmap", "in", NF_ACCEPT},
    {1011, "udp dport 1011 drop", "mapped", NF_DROP},
    {1012, "udp dport 1012 reject", "in", NF_DROP},
    {1013, NULL, "in", NF_ACCEPT},
    {1020, NULL, "out", NF_DROP},
};

/* The event of @port in a chain; a packet has one in `out` and one in `in`. */
static const struct rca_trace_rule *rule_event(const struct watch *w,
                                               uint16_t port, const char *chain)
{
    const struct rca_trace_rule *found = NULL;

    for (size_t i = 0; i < w->n; i++) {
        const struct rca_trace_event *ev = &w->events[i];

        if (port_of(ev) != port || strcmp(ev->detail.rule.chain, chain) != 0)
            continue;
        assert_int_equal(ev->point, RCA_TRACE_RULE);
        assert_int_equal(ev->netns, net_inode(""));
        assert_true(ev->has & RCA_TRACE_HAS_RULE);
        assert_null(found); /* once */
        found = &ev->detail.rule;
    }
    return found;
}

static void check_verdict(const struct watch *w, const struct verdict *v)
{
    const struct rca_trace_rule *rule = rule_event(w, v->port, v->chain);

    if (!rule) {
        fail_msg("no event of port %u in chain %s", v->port, v->chain);
        return; /* for clang-tidy */
    }
    assert_string_equal(rule->table, "t");
    assert_int_equal(rule->family, NFPROTO_INET);
    assert_int_equal(rule->verdict, v->verdict);
    assert_int_equal(rule->handle, v->rule ? handle_of(v->rule) : 0);
}

static void the_rule_that_decides_is_named(void **state)
{
    RCA_CLEANUP(watch_done) struct watch w = {.n = 0};
    const struct rca_trace_options options = {.wanted = 1U
                                                        << RCA_TRACE_PART_NFT};

    (void)state;
    if (!may())
        skip();
    net_run("nft '" RULESET "'");
    watch_start(&options, &w);
    assert_true(rca_trace_probe_has(w.probe, RCA_TRACE_PART_NFT));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(verdicts); i++)
        assert_ok(net_send_here("127.0.0.1", verdicts[i].port, 1));
    /* all but the last pass `out` and decide in `in` */
    watch_read(&w, 2 * RCA_ARRAY_SIZE(verdicts) - 1);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(verdicts); i++)
        check_verdict(&w, &verdicts[i]);
    assert_int_equal(rca_trace_probe_unnamed(w.probe), 0);
}

/* --- in a capture ------------------------------------------------------------ */

/** struct kept - events of a capture */
struct kept {
    struct rca_trace_event events[MAX_EVENTS];
    size_t n;
};

static int keep(void *arg, const struct rca_trace_event *event)
{
    struct kept *k = arg;

    if (k->n < MAX_EVENTS)
        memcpy(&k->events[k->n++], event,
               offsetof(struct rca_trace_event, head) + event->captured);
    return 0;
}

static size_t count_kept(const struct kept *k, enum rca_trace_point point)
{
    size_t n = 0;

    for (size_t i = 0; i < k->n; i++)
        n += k->events[i].point == point;
    return n;
}

/* Each drop comes after the event of the rule, of the same packet. */
static void check_drops(const struct kept *k, uint64_t handle)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct rca_trace_event *drop = &k->events[i];
        size_t n = 0;

        assert_int_equal(drop->flow.destination_port, 1001);
        if (drop->point != RCA_TRACE_DROP)
            continue;
        for (size_t j = 0; j < i; j++) {
            const struct rca_trace_event *rule = &k->events[j];

            if (rule->point == RCA_TRACE_RULE && rule->id == drop->id &&
                rule->detail.rule.handle == handle) {
                assert_int_equal(rule->detail.rule.verdict, NF_DROP);
                n++;
            }
        }
        assert_int_equal(n, 1);
    }
}

static void a_capture_filters_and_tracks_them(void **state)
{
    const struct rca_trace_options options = {
        .wanted = 1U << RCA_TRACE_PART_SKB | 1U << RCA_TRACE_PART_TRACKING |
                  1U << RCA_TRACE_PART_DROP | 1U << RCA_TRACE_PART_NFT,
        .must = 1U << RCA_TRACE_PART_NFT,
        .functions = {"ip_rcv"},
        .n_functions = 1,
        .filter = "udp and dst port 1001"};
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct rca_trace_capture *capture RCA_CLEANUP(rca_trace_close) = NULL;
    struct rca_diag diag = {.text = ""};
    struct kept kept = {.n = 0};

    (void)state;
    if (!may())
        skip();
    net_run("nft '" RULESET "'");
    assert_ok(rca_trace_names_new(&names));
    if (rca_trace_open(&options, names, &diag, &capture))
        fail_msg("%s", diag.text);
    assert_ok(net_send_here("127.0.0.1", 1001, 5));
    assert_ok(net_send_here("127.0.0.1", 1002, 5));
    for (int i = 0; i < 100 && count_kept(&kept, RCA_TRACE_DROP) < 5; i++)
        assert_true(rca_trace_poll(capture, 50, keep, &kept) >= 0);
    assert_true(rca_trace_finish(capture, keep, &kept) >= 0);
    assert_int_equal(count_kept(&kept, RCA_TRACE_DROP), 5);
    assert_int_equal(count_kept(&kept, RCA_TRACE_FUNCTION), 5);
    assert_int_equal(count_kept(&kept, RCA_TRACE_RULE), 10); /* and `out` */
    check_drops(&kept, handle_of("udp dport 1001 drop"));
}

/* --- Open vSwitch ------------------------------------------------------------ */

static size_t count_ovs(const struct watch *w, uint32_t point, uint16_t port,
                        uint32_t action, const struct rca_trace_ovs **ret_ovs)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct rca_trace_event *ev = &w->events[i];

        if (ev->point != point || port_of(ev) != port ||
            ev->detail.ovs.action != action)
            continue;
        assert_true(ev->has & RCA_TRACE_HAS_OVS);
        *ret_ovs = &ev->detail.ovs;
        n++;
    }
    return n;
}

/* Two hosts on a datapath whose flows are set by hand: nothing listens for
 * what has no flow. Port 1 is a, 2 is b. */
#define DATAPATH                                                               \
    "set -e; sysctl -qw net.ipv6.conf.default.disable_ipv6=1;"                 \
    "for n in a b; do ip netns add $n; ip netns exec $n"                       \
    "  sysctl -qw net.ipv6.conf.default.disable_ipv6=1;"                       \
    "  ip link add eth0 netns $n type veth peer name p$n;"                     \
    "  ip link set p$n up; done;"                                              \
    "ip -n a link set eth0 address 02:00:00:00:00:01 up;"                      \
    "ip -n b link set eth0 address 02:00:00:00:00:02 up;"                      \
    "ip -n a addr add 10.5.0.1/24 dev eth0;"                                   \
    "ip -n b addr add 10.5.0.2/24 dev eth0;"                                   \
    "ip -n a neigh add 10.5.0.2 lladdr 02:00:00:00:00:02 dev eth0;"            \
    "ovs-dpctl add-dp dp0; ovs-dpctl add-if dp0 pa; ovs-dpctl add-if dp0 pb;"  \
    "F='in_port(1),eth(),eth_type(0x0800),ipv4(proto=17)';"                    \
    "ovs-dpctl add-flow dp0 \"$F,udp(dst=2001)\" 2;"                           \
    "ovs-dpctl add-flow dp0 \"$F,udp(dst=2002)\" ''"

#define OVS_OUTPUT 1
#define OVS_DROP 24

static void check_ovs(const struct watch *w)
{
    const struct rca_trace_ovs *ovs = NULL;

    assert_int_equal(count_ovs(w, RCA_TRACE_OVS_ACTION, 2001, OVS_OUTPUT, &ovs),
                     5);
    assert_int_equal(ovs->in_port, 1);
    assert_int_equal(ovs->out_port, 2);
    assert_string_equal(ovs->bridge, "dp0");
    assert_string_equal(ovs->port, "pb");
    assert_int_equal(count_ovs(w, RCA_TRACE_OVS_ACTION, 2002, OVS_DROP, &ovs),
                     4);
    assert_string_equal(ovs->port, "pa");
    /* of no flow, and nobody is there to ask */
    assert_int_equal(count_ovs(w, RCA_TRACE_OVS_UPCALL, 2003, 1, &ovs), 3);
    assert_int_equal(ovs->in_port, 1);
    assert_int_equal(ovs->result, ENOTCONN);
    assert_int_equal(count_ovs(w, RCA_TRACE_OVS_ACTION, 2003, OVS_OUTPUT, &ovs),
                     0);
}

static void the_datapath_tells_what_it_does(void **state)
{
    RCA_CLEANUP(watch_done) struct watch w = {.n = 0};
    const struct rca_trace_options options = {.wanted = 1U
                                                        << RCA_TRACE_PART_OVS};

    (void)state;
    if (access("/usr/bin/ovs-dpctl", X_OK) ||
        access("/sys/module/openvswitch", F_OK)) {
        print_message("there is no Open vSwitch in this kernel\n");
        skip();
    }
    if (!may())
        skip();
    net_run(DATAPATH);
    watch_start(&options, &w);
    assert_true(rca_trace_probe_has(w.probe, RCA_TRACE_PART_OVS));
    net_send("a", "10.5.0.2", 2001, 5);
    net_send("a", "10.5.0.2", 2002, 4);
    net_send("a", "10.5.0.2", 2003, 3);
    watch_read(&w, 12);
    net_run("ovs-dpctl del-dp dp0");
    check_ovs(&w);
}

/* --- functions --------------------------------------------------------------- */

static void functions_are_seen(void **state)
{
    RCA_CLEANUP(watch_done) struct watch w = {.n = 0};
    /* the packet is the first argument, and the third */
    const struct rca_trace_options options = {
        .functions = {"ip_rcv", "ip_output"}, .n_functions = 2};
    uint64_t places[2] = {0, 0};
    size_t n[2] = {0, 0};

    (void)state;
    if (!may())
        skip();
    watch_start(&options, &w);
    assert_ok(net_send_here("127.0.0.1", 3001, 4));
    watch_read(&w, 8);
    for (size_t i = 0; i < w.n; i++) {
        if (port_of(&w.events[i]) != 3001)
            continue;
        assert_int_equal(w.events[i].point, RCA_TRACE_FUNCTION);
        for (size_t j = 0; j < 2; j++) {
            if (places[j] == 0)
                places[j] = w.events[i].place;
            if (places[j] != w.events[i].place)
                continue;
            n[j]++;
            break;
        }
    }
    assert_int_equal(n[0], 4);
    assert_int_equal(n[1], 4);
    assert_true(places[0] > 0 && places[1] > 0);
}

static void functions_that_cannot_be_are_refused(void **state)
{
    struct rca_trace_options options = {.functions = {"ip_rcw"},
                                        .n_functions = 1};
    struct rca_trace_probe *probe = NULL;
    struct rca_diag diag = {.text = ""};

    (void)state;
    if (!may())
        skip();
    assert_err(rca_trace_probe_open(&options, NULL, &diag, &probe),
               RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "'ip_rcv'"));
    options.functions[0] = "schedule";
    assert_err(rca_trace_probe_open(&options, NULL, &diag, &probe),
               RCA_ESYNTAX);
    assert_non_null(strstr(diag.text, "void schedule()"));
    assert_null(probe);
}

/* --- what is off ------------------------------------------------------------- */

#define ALL (1U << RCA_TRACE_PART_NFT | 1U << RCA_TRACE_PART_OVS)

static void parts_that_are_off_say_why(void **state)
{
    const struct rca_trace_options options = {
        .wanted = ALL,
        .without = "fexit/nft_do_chain,fexit/ovs_dp_upcall,"
                   "raw_tp/ovs_dp_upcall"};
    struct rca_trace_probe *probe = NULL;
    const struct rca_trace_feature *f;
    size_t n;

    (void)state;
    assert_ok(rca_trace_probe_open(&options, NULL, NULL, &probe));
    f = rca_trace_probe_features(probe, &n);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        assert_false(f[i].on);
        assert_string_equal(f[i].how, "turned off by 'without'");
        assert_true(f[i].lost[0]);
    }
    assert_false(rca_trace_probe_has(probe, RCA_TRACE_PART_NFT));
    assert_int_equal(rca_trace_probe_map(probe, "ring"), -1);
    rca_trace_probe_close(&probe);
}

static void kernels_without_say_so(void **state)
{
    const struct rca_trace_options functions = {.functions = {"ip_rcv"},
                                                .n_functions = 1};
    const struct rca_trace_options options = {.wanted = ALL};
    struct rca_trace_probe *probe = NULL;
    struct rca_diag diag = {.text = ""};
    const struct rca_trace_feature *f;
    size_t n;

    (void)state;
    if (access(KPROBES, F_OK) == 0) {
        print_message("this kernel has kprobes\n");
        skip();
    }
    assert_ok(rca_trace_probe_open(&options, NULL, &diag, &probe));
    f = rca_trace_probe_features(probe, &n);
    for (size_t i = 0; i < n; i++) {
        assert_false(f[i].on);
    }
    assert_string_equal(f[0].how,
                        "needs kprobes or fentry: this kernel has neither");
    rca_trace_probe_close(&probe);
    assert_err(rca_trace_probe_open(&functions, NULL, &diag, &probe),
               RCA_ENOSUPPORT);
    assert_non_null(strstr(diag.text, "this kernel has neither"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_that_decides_is_named),
        cmocka_unit_test(a_capture_filters_and_tracks_them),
        cmocka_unit_test(the_datapath_tells_what_it_does),
        cmocka_unit_test(functions_are_seen),
        cmocka_unit_test(functions_that_cannot_be_are_refused),
        cmocka_unit_test(parts_that_are_off_say_why),
        cmocka_unit_test(kernels_without_say_so),
    };

    return cmocka_run_group_tests_name("bpf/trace_probe", tests, NULL, NULL);
}
