/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * nftables' traces from the kernel, in network namespaces of the test's own; it
 * has its own processes, too, so that nothing of the host is looked into.
 */

/* netinet's headers go before linux's */
/* clang-format off */
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
/* clang-format on */
#include <poll.h>
#include <seccomp.h>
#include <signal.h>

#include "collector/trace/feed.h"
#include "collector/trace/journey.h"
#include "collector/trace/names.h"
#include "tests/bpf/net.h"

#define PORT 9

static const struct rca_trace_feed *const feed = &rca_trace_feed_nft;

/* What was handed out. */
struct seen {
    size_t n, drops, policies, continued;
    uint64_t handle; /* of the last drop */
    struct rca_trace_event last_drop, last;
};

struct world {
    struct rca_trace_names *names;
    struct rca_trace_feature feature;
    void *state;
    struct seen seen;
};

static int setup(void **state)
{
    struct world *w = (struct world *)test_calloc(1, sizeof(*w));

    assert_ok(rca_trace_names_new(&w->names));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = (struct world *)*state;

    if (w->state)
        feed->close(&w->state);
    rca_trace_names_free(&w->names);
    test_free(w);
    net_run("nft flush ruleset; ip -all netns del");
    return 0;
}

static int begin(struct world *w, const char *filter, _Bool allow_changes)
{
    const struct rca_trace_options options = {.filter = filter,
                                              .allow_changes = allow_changes};
    struct rca_diag diag = {.line = 0};

    return feed->open(&options, w->names, &diag, &w->feature, &w->state);
}

static int take(void *arg, const struct rca_trace_event *event)
{
    struct seen *s = (struct seen *)arg;

    assert_int_equal(event->point, RCA_TRACE_RULE);
    assert_int_equal(event->id, 0);
    assert_int_equal(event->time, 0);
    s->n++;
    s->last = *event;
    if (event->detail.rule.verdict == NF_DROP) {
        s->drops++;
        s->handle = event->detail.rule.handle;
        s->last_drop = *event;
    }
    if (!event->detail.rule.handle)
        s->policies++;
    return 0;
}

/* Until @n were handed out; what does not come within 5 s does not come. */
static void wait_for(struct world *w, size_t n)
{
    struct pollfd p = {.fd = feed->fd(w->state), .events = POLLIN};

    while (w->seen.n < n && poll(&p, 1, 5000) == 1)
        assert_true(feed->read(w->state, take, &w->seen) >= 0);
    assert_int_equal(w->seen.n, n);
}

static uint64_t lost(const struct world *w)
{
    struct rca_trace_loss loss = {.ring = 0};

    feed->loss(w->state, &loss);
    return loss.netlink;
}

static const char *text_of(const struct world *w,
                           const struct rca_trace_event *e)
{
    const struct rca_trace_name_key key = {
        .kind = RCA_TRACE_NAME_RULE,
        .a = rca_trace_rule_key(&e->detail.rule),
        .b = e->netns};

    return rca_trace_names_get(w->names, &key);
}

/* A socket that takes what is sent there: else each is answered by ICMP. */
static int listen_here(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_port = htons(PORT)};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_ok(bind(fd, (const struct sockaddr *)&any, sizeof(any)));
    return fd;
}

static void assert_nothing_left(void)
{
    net_run("! nft list tables | grep rca_trace");
}

/* Acceptance b of the issue: exactly as many drops as the rule makes. */
static void every_50th_of_100000_datagrams_is_told(void **state)
{
    const size_t packets = getenv("RCA_TEST_SMALL") ? 5000 : 100000;
    const size_t chunk = 500;
    struct world *w = (struct world *)*state;
    int fd;

    net_run("printf '%s' 'table inet fw { chain in { type filter hook input "
            "priority 0; udp dport 9 numgen inc mod 50 == 0 counter drop; }; "
            "}' | nft -f -");
    assert_ok(begin(w, "udp port 9", 1));
    assert_true(w->feature.on);
    fd = listen_here();
    for (size_t sent = 0; sent < packets; sent += chunk) {
        assert_ok(net_send_here("127.0.0.1", PORT, (int)chunk));
        wait_for(w, sent + chunk);
    }
    (void)close(fd);
    assert_int_equal(w->seen.drops, packets / 50);
    assert_int_equal(w->seen.policies, packets - packets / 50);
    assert_int_equal(lost(w), 0);
    assert_int_equal(w->seen.handle, 2);
    assert_int_equal(w->seen.last_drop.netns, net_inode(""));
    assert_int_equal(w->seen.last_drop.place, RCA_TRACE_INPUT);
    assert_int_equal(w->seen.last_drop.flow.destination_port, PORT);
    assert_int_equal(w->seen.last_drop.flow.family, AF_INET);
    assert_int_equal(w->seen.last_drop.length, 14 + 29);
    assert_string_equal(w->seen.last_drop.detail.rule.table, "fw");
    assert_string_equal(w->seen.last_drop.detail.rule.chain, "in");
    assert_non_null(strstr(text_of(w, &w->seen.last_drop),
                           "udp dport 9 numgen inc mod 50 0 counter"));
    assert_string_equal(text_of(w, &w->seen.last), "policy accept");
}

static void what_the_filter_leaves_out_is_not_traced(void **state)
{
    struct world *w = (struct world *)*state;

    net_run("printf '%s' 'table ip fw { chain in { type filter hook input "
            "priority 0; udp dport 1-20 drop; }; }' | nft -f -");
    assert_ok(begin(w, "udp and dst port 9", 1));
    assert_ok(net_send_here("127.0.0.1", 8, 3));
    assert_ok(net_send_here("127.0.0.1", 9, 2));
    assert_ok(net_send_here("127.0.0.1", 10, 3));
    wait_for(w, 2);
    assert_int_equal(w->seen.drops, 2);
    assert_ok(feed->read(w->state, take, &w->seen));
    assert_int_equal(w->seen.n, 2);
}

static void full_buffers_are_counted(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_trace_options options = {.allow_changes = 1,
                                              .buffer = 4096};
    struct rca_diag diag = {.line = 0};

    net_run("printf '%s' 'table inet fw { chain in { type filter hook input "
            "priority 0; udp dport 9 drop; }; }' | nft -f -");
    assert_ok(feed->open(&options, w->names, &diag, &w->feature, &w->state));
    assert_ok(net_send_here("127.0.0.1", PORT, 1000));
    for (int i = 0; i < 10; i++)
        assert_ok(feed->read(w->state, take, &w->seen));
    assert_true(w->seen.n > 0 && w->seen.n < 1000);
    assert_int_equal(lost(w), 1);
}

static void nothing_is_left_behind(void **state)
{
    struct world *w = (struct world *)*state;

    net_run(
        "nft add table inet fw;"
        "nft add chain inet fw in '{ type filter hook input priority 0; }'");
    assert_ok(begin(w, NULL, 1));
    net_run("nft list tables | grep -q rca_trace_");
    feed->close(&w->state);
    assert_nothing_left();
}

/* In a namespace without rules nothing is made. */
static void without_rules_nothing_is_changed(void **state)
{
    struct world *w = (struct world *)*state;

    assert_ok(begin(w, NULL, 1));
    assert_true(w->feature.on);
    assert_nothing_left();
}

static void not_without_being_allowed(void **state)
{
    struct world *w = (struct world *)*state;

    net_run(
        "nft add table inet fw;"
        "nft add chain inet fw in '{ type filter hook input priority 0; }'");
    assert_ok(begin(w, NULL, 0));
    assert_false(w->feature.on);
    assert_non_null(strstr(w->feature.how, "--allow-system-changes"));
    assert_nothing_left();
}

/* The name is taken, so that the open cannot do all of it. */
static void a_failed_open_leaves_nothing(void **state)
{
    struct world *w = (struct world *)*state;
    char line[128];

    net_run(
        "nft add table inet fw;"
        "nft add chain inet fw in '{ type filter hook input priority 0; }'");
    (void)snprintf(line, sizeof(line), "nft add table inet rca_trace_%d",
                   (int)getpid());
    net_run(line);
    assert_ok(begin(w, NULL, 1));
    assert_false(w->feature.on);
    assert_non_null(strstr(w->feature.how, "File exists"));
    feed->close(&w->state);
    (void)snprintf(line, sizeof(line), "nft delete table inet rca_trace_%d",
                   (int)getpid());
    net_run(line); /* not ours to remove */
    assert_nothing_left();
}

static void a_killed_process_leaves_nothing(void **state)
{
    struct world *w = (struct world *)*state;
    int ends[2], status = 0;
    char byte = 0;
    pid_t pid;

    net_run(
        "nft add table inet fw;"
        "nft add chain inet fw in '{ type filter hook input priority 0; }'");
    assert_ok(pipe(ends));
    pid = fork();
    if (pid == 0) {
        if (begin(w, NULL, 1) || write(ends[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    net_run("nft list tables | grep -q rca_trace_");
    assert_ok(kill(pid, SIGKILL));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_nothing_left();
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* As a kernel without owners of tables would leave it. */
static void what_a_dead_process_left_is_removed(void **state)
{
    struct world *w = (struct world *)*state;
    int status = 0;
    const pid_t pid = fork();
    char line[128];

    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    net_run(
        "nft add table inet fw;"
        "nft add chain inet fw in '{ type filter hook input priority 0; }'");
    (void)snprintf(line, sizeof(line), "nft add table inet rca_trace_%d",
                   (int)pid);
    net_run(line);
    (void)snprintf(line, sizeof(line), "! nft list tables | grep rca_trace_%d",
                   (int)pid);
    assert_ok(begin(w, NULL, 1));
    net_run(line);
}

static void a_users_own_trace_rule_is_enough(void **state)
{
    struct world *w = (struct world *)*state;

    net_run("printf '%s' 'table inet fw { chain more { udp dport 9 return; };"
            "chain in { type filter hook input priority 0; policy drop;"
            "udp dport 9 meta nftrace set 1; jump more; }; }' | nft -f -");
    assert_ok(begin(w, NULL, 0));
    assert_true(w->feature.on);
    assert_ok(net_send_here("127.0.0.1", PORT, 1));
    wait_for(w, 4); /* the rule that marks, jump, return, policy */
    assert_int_equal(w->seen.drops, 1);
    assert_int_equal(w->seen.handle, 0);
    assert_string_equal(text_of(w, &w->seen.last_drop), "policy drop");
    /* headers came with the first message, and belong to all */
    assert_int_equal(w->seen.last_drop.flow.destination_port, PORT);
    assert_int_equal(w->seen.last_drop.place, RCA_TRACE_INPUT);
}

static void bridges_and_other_namespaces_are_seen(void **state)
{
    struct world *w = (struct world *)*state;

    net_switch();
    net_run("printf '%s' 'table bridge sw { chain thru { type filter hook "
            "forward priority 0; udp dport 11 drop; }; }' |"
            "ip netns exec sw nft -f -;"
            "printf '%s' 'table ip fw { chain in { type filter hook input "
            "priority 0; udp dport 9 drop; }; }' | ip netns exec s nft -f -");
    assert_ok(begin(w, "host 10.9.0.2 and udp", 1));
    net_send("c", "10.9.0.2", 11, 1);
    wait_for(w, 1);
    assert_int_equal(w->seen.last_drop.netns, net_inode("sw"));
    assert_int_equal(w->seen.last_drop.detail.rule.family, NFPROTO_BRIDGE);
    assert_int_equal(w->seen.last_drop.flow.destination_port, 11);
    assert_string_equal(text_of(w, &w->seen.last_drop), "udp dport 11 drop");
    net_send("c", "10.9.0.2", 9, 1);
    wait_for(w, 3); /* the bridge's policy lets it pass */
    assert_int_equal(w->seen.last_drop.netns, net_inode("s"));
    assert_int_equal(w->seen.drops, 2);
    feed->close(&w->state);
    net_run("for n in sw s c; do"
            "  ! ip netns exec $n nft list tables | grep rca_trace; done");
}

static void a_ruleset_that_appears_is_found(void **state)
{
    struct world *w = (struct world *)*state;
    int tries = 0;

    net_switch();
    assert_ok(begin(w, NULL, 1));
    net_run("printf '%s' 'table ip fw { chain in { type filter hook input "
            "priority 0; udp dport 9 drop; }; }' | ip netns exec s nft -f -");
    while (!w->seen.drops && tries++ < 100) {
        net_send("c", "10.9.0.2", PORT, 1);
        (void)usleep(100000);
        assert_ok(feed->read(w->state, take, &w->seen));
    }
    assert_true(w->seen.drops > 0);
    assert_string_equal(text_of(w, &w->seen.last_drop), "udp dport 9 drop");
}

/* As where nfnetlink is no part of the kernel. */
static _Bool refuse_netfilter(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

    return ctx &&
           !seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPROTONOSUPPORT),
                             SCMP_SYS(socket), 1,
                             SCMP_A2(SCMP_CMP_EQ, NETLINK_NETFILTER)) &&
           !seccomp_load(ctx);
}

static void without_nfnetlink_it_is_off(void **state)
{
    struct world *w = (struct world *)*state;
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        if (!refuse_netfilter())
            _exit(1);
        if (begin(w, NULL, 0) != RCA_ENOSUPPORT || w->feature.on)
            _exit(2);
        _exit(strstr(w->feature.how, "no nf_tables") && w->feature.lost[0] ? 0
                                                                           : 3);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Sends @n bytes to each netlink socket of this process from another one. */
static void forge(const void *bytes, size_t n)
{
    const int from =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    size_t sent = 0;

    for (int fd = 0; fd < from; fd++) {
        struct sockaddr_nl to = {0};
        socklen_t size = sizeof(to);

        if (getsockname(fd, (struct sockaddr *)&to, &size) == 0 &&
            to.nl_family == AF_NETLINK && to.nl_pid && to.nl_groups)
            sent += sendto(from, bytes, n, 0, (const struct sockaddr *)&to,
                           sizeof(to)) == (ssize_t)n;
    }
    (void)close(from);
    assert_int_equal(sent, 1);
}

/* Who may administer a namespace may send to our socket in it. */
static void only_the_kernel_is_believed(void **state)
{
    static const char junk[] = "neither one nor the other";
    struct world *w = (struct world *)*state;

    net_run("printf '%s' 'table inet fw { chain in { type filter hook input "
            "priority 0; udp dport 9 drop; }; }' | nft -f -");
    assert_ok(begin(w, "udp port 9", 1));
    forge(junk, sizeof(junk));
    assert_ok(net_send_here("127.0.0.1", PORT, 10));
    wait_for(w, 10);
    assert_int_equal(w->seen.drops, 10);
    assert_int_equal(lost(w), 0);
}

/* --- the whole capture ---------------------------------------------------- */

struct whole {
    struct rca_trace_summary *summary;
    size_t rules, drops, unknown; /* unknown: rules without their packet */
};

static int take_whole(void *arg, const struct rca_trace_event *event)
{
    struct whole *t = (struct whole *)arg;

    if (event->point == RCA_TRACE_RULE) {
        t->rules++;
        t->drops += event->detail.rule.verdict == NF_DROP;
        t->unknown += !event->id;
    }
    return rca_trace_summary_add(t->summary, event);
}

static size_t deaths_by_rule(struct whole *t)
{
    size_t n = 0, packets = 0;
    const struct rca_trace_death *deaths =
        rca_trace_summary_deaths(t->summary, &n);

    for (size_t i = 0; i < n; i++) {
        if (!deaths[i].has_rule)
            continue;
        assert_int_equal(deaths[i].rule.handle, 2);
        assert_true(deaths[i].has_reason);
        packets += deaths[i].packets;
    }
    return packets;
}

/* The same with the drops that the kernel tells of: each is put to its rule. */
static void each_drop_is_put_to_its_rule(void **state)
{
    const int packets = getenv("RCA_TEST_SMALL") ? 5000 : 100000;
    const int chunk = getenv("RCA_TEST_SMALL") ? 5000 : 10000;
    const struct rca_trace_options options = {
        .filter = "udp port 9",
        .wanted = 1U << RCA_TRACE_PART_SKB | 1U << RCA_TRACE_PART_TRACKING |
                  1U << RCA_TRACE_PART_DROP | 1U << RCA_TRACE_PART_NFT,
        .points = 1U << RCA_TRACE_RECEIVE | 1U << RCA_TRACE_DROP |
                  1U << RCA_TRACE_RULE,
        .buffer = 32 << 20,
        .allow_changes = 1};
    struct world *w = (struct world *)*state;
    struct rca_trace_capture *capture = NULL;
    struct rca_trace_stats stats;
    struct rca_diag diag = {.line = 0};
    struct whole t = {.rules = 0};
    int fd, tries = 0;

    net_run("printf '%s' 'table inet fw { chain in { type filter hook input "
            "priority 0; udp dport 9 numgen inc mod 50 == 0 counter drop; }; "
            "}' | nft -f -");
    assert_ok(rca_trace_summary_new(0, &t.summary));
    if (rca_trace_open(&options, w->names, &diag, &capture)) {
        print_message("%s\n", diag.text);
        rca_trace_summary_free(&t.summary);
        skip();
    }
    fd = listen_here();
    for (int sent = chunk; sent <= packets; sent += chunk) {
        assert_ok(net_send_here("127.0.0.1", PORT, chunk));
        for (tries = 0; t.rules < (size_t)sent && tries < 100; tries++)
            assert_true(rca_trace_poll(capture, 50, take_whole, &t) >= 0);
    }
    assert_true(rca_trace_finish(capture, take_whole, &t) >= 0);
    rca_trace_stats(capture, &stats);
    rca_trace_close(&capture);
    (void)close(fd);
    assert_int_equal(t.rules, packets);
    assert_int_equal(t.drops, packets / 50);
    assert_int_equal(t.unknown, 0);
    assert_int_equal(deaths_by_rule(&t), packets / 50);
    assert_int_equal(stats.loss.ring, 0);
    assert_int_equal(stats.loss.netlink, 0);
    rca_trace_summary_free(&t.summary);
    assert_nothing_left();
}

/* More than is read at once waits when the end comes. */
static void nothing_is_left_unread_at_the_end(void **state)
{
    const int packets = 12000;
    const struct rca_trace_options options = {
        .filter = "udp port 9",
        .wanted = 1U << RCA_TRACE_PART_SKB | 1U << RCA_TRACE_PART_TRACKING |
                  1U << RCA_TRACE_PART_DROP | 1U << RCA_TRACE_PART_NFT,
        .points = 1U << RCA_TRACE_DROP | 1U << RCA_TRACE_RULE,
        .buffer = 64 << 20,
        .allow_changes = 1};
    struct world *w = (struct world *)*state;
    struct rca_trace_capture *capture = NULL;
    struct rca_trace_stats stats;
    struct rca_diag diag = {.line = 0};
    struct whole t = {.rules = 0};

    net_run("printf '%s' 'table inet fw { chain in { type filter hook input "
            "priority 0; udp dport 9 drop; }; }' | nft -f -");
    assert_ok(rca_trace_summary_new(0, &t.summary));
    if (rca_trace_open(&options, w->names, &diag, &capture)) {
        print_message("%s\n", diag.text);
        rca_trace_summary_free(&t.summary);
        skip();
    }
    assert_ok(net_send_here("127.0.0.1", PORT, packets));
    assert_true(rca_trace_finish(capture, take_whole, &t) >= 0);
    rca_trace_stats(capture, &stats);
    rca_trace_close(&capture);
    assert_int_equal(t.drops, packets);
    assert_int_equal(t.unknown, 0);
    assert_int_equal(deaths_by_rule(&t), packets);
    assert_int_equal(stats.loss.netlink, 0);
    assert_int_equal(stats.loss.late, 0);
    rca_trace_summary_free(&t.summary);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(every_50th_of_100000_datagrams_is_told),
        IN_WORLD(each_drop_is_put_to_its_rule),
        IN_WORLD(what_the_filter_leaves_out_is_not_traced),
        IN_WORLD(full_buffers_are_counted),
        IN_WORLD(nothing_is_left_behind),
        IN_WORLD(without_rules_nothing_is_changed),
        IN_WORLD(not_without_being_allowed),
        IN_WORLD(a_failed_open_leaves_nothing),
        IN_WORLD(a_killed_process_leaves_nothing),
        IN_WORLD(what_a_dead_process_left_is_removed),
        IN_WORLD(a_users_own_trace_rule_is_enough),
        IN_WORLD(bridges_and_other_namespaces_are_seen),
        IN_WORLD(a_ruleset_that_appears_is_found),
        IN_WORLD(without_nfnetlink_it_is_off),
        IN_WORLD(only_the_kernel_is_believed),
        IN_WORLD(nothing_is_left_unread_at_the_end),
    };

    return cmocka_run_group_tests_name("trace_nft", tests, NULL, NULL);
}

/* In a namespace of processes, too: others' network namespaces are not seen. */
int main(void)
{
    int status = 0;
    pid_t pid;

    if (system("nft --version > /dev/null 2>&1")) { /* NOLINT(cert-env33-c) */
        print_message("trace_nft: skipped: there is no nft\n");
        return 0;
    }
    if (!net_enter() || unshare(CLONE_NEWPID)) {
        print_message("trace_nft: skipped: needs root\n");
        return 0;
    }
    pid = fork();
    if (pid == 0) {
        if (mount("proc", "/proc", "proc", 0, NULL))
            _exit(1);
        net_run("ip link set lo up");
        exit(run_all());
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
