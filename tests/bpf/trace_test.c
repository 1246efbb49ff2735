/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Known numbers of packets, seen by a capture: from c to s through a switch, and
 * from cli to srv through a router that translates both ways.
 */

#include "tests/bpf/trace_world.h"

/* --- exact numbers ----------------------------------------------------------- */

/* At every point between them, and dropped where nobody listens. */
static void every_packet_is_seen_at_every_point(void **state)
{
    static const struct {
        enum rca_trace_point point;
        const char *netns;
    } expected[] = {
        {RCA_TRACE_QUEUE, "c"},  {RCA_TRACE_TRANSMIT, "c"},
        {RCA_TRACE_LOOP, "sw"},  {RCA_TRACE_RECEIVE, "sw"},
        {RCA_TRACE_QUEUE, "sw"}, {RCA_TRACE_TRANSMIT, "sw"},
        {RCA_TRACE_LOOP, "s"},   {RCA_TRACE_RECEIVE, "s"},
        {RCA_TRACE_DROP, "s"},
    };
    const struct rca_trace_options options = {.wanted = ALL};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);

    net_send("c", "10.9.0.2", 9, 100);
    world_await(&w, RCA_TRACE_DROP, "s", 9, 100);
    world_finish(&w);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(expected); i++)
        assert_int_equal(
            world_count(&w, expected[i].point, expected[i].netns, 9), 100);
}

static void a_drop_says_why_and_where(void **state)
{
    const struct rca_trace_options options = {.wanted = 1U
                                                        << RCA_TRACE_PART_DROP};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    const struct rca_trace_event *e;

    net_send("c", "10.9.0.2", 9, 1);
    world_await(&w, RCA_TRACE_DROP, "s", 9, 1);
    world_finish(&w);
    e = world_find(&w, RCA_TRACE_DROP, "s", 9);
    assert_non_null(e);
    assert_string_equal(rca_trace_name_netns(w.names, e->netns), "s");
    assert_string_equal(rca_trace_name_device(w.names, e->netns, e->ifindex),
                        "eth0");
    assert_int_equal(e->length, 14 + 29);
    assert_int_equal(e->captured, 14 + 29);
    assert_true(e->place != 0);
    if (e->has & RCA_TRACE_HAS_REASON)
        assert_string_equal(rca_trace_name_reason(w.names, e->reason),
                            "no_socket");
    else
        print_message("this kernel gives no reasons\n");
}

static void a_drop_has_its_stack(void **state)
{
    const struct rca_trace_options options = {
        .wanted = 1U << RCA_TRACE_PART_DROP | 1U << RCA_TRACE_PART_STACK};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_STACK};
    const struct rca_trace_event *e;
    const char *text;

    net_send("c", "10.9.0.2", 9, 1);
    world_await(&w, RCA_TRACE_DROP, "s", 9, 1);
    world_finish(&w);
    e = world_find(&w, RCA_TRACE_DROP, "s", 9);
    assert_non_null(e);
    assert_true(e->stack >= 0);
    key.a = (uint64_t)e->stack;
    text = rca_trace_names_get(w.names, &key);
    assert_non_null(text);
    assert_non_null(strstr(text, "\n"));
    if (strstr(text, "+0x"))
        assert_non_null(strstr(text, "udp"));
}

/* --- filters ------------------------------------------------------------------- */

static void the_filter_is_in_the_kernel(void **state)
{
    const struct rca_trace_options options = {
        .wanted = ALL, .filter = "udp dst port 9 and dst host 10.9.0.2"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    struct rca_trace_stats stats;

    net_send("c", "10.9.0.2", 9, 50);
    net_send("c", "10.9.0.2", 10, 50);
    world_await(&w, RCA_TRACE_DROP, "s", 9, 50);
    world_finish(&w);
    assert_int_equal(world_count(&w, RCA_TRACE_DROP, "s", 9), 50);
    assert_int_equal(world_count(&w, RCA_TRACE_QUEUE, "c", 9), 50);
    for (size_t i = 0; i < w.n; i++)
        assert_int_equal(w.events[i].flow.destination_port, 9);
    world_stats(&w, &stats);
    assert_int_equal(stats.matched, w.total);
    assert_true(stats.seen >= 2 * stats.matched);
    assert_int_equal(stats.loss.ring, 0);
    assert_int_equal(stats.loss.untracked, 0);
}

static void a_bad_filter_is_refused(void **state)
{
    const struct rca_trace_options options = {.wanted = ALL,
                                              .filter = "udp port oops !"};
    RCA_CLEANUP(world_done) struct world w = {0};
    struct rca_diag diag = {0};

    assert_int_equal(world_try(state, &options, &diag, &w), RCA_ESYNTAX);
    assert_true(diag.text[0]);
    assert_null(w.capture);
}

static void a_meta_filter_is_in_the_kernel(void **state)
{
    const struct rca_trace_options options = {
        .wanted = ALL, .meta = "netns == s && point == receive && port == 9"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    struct rca_trace_stats stats;

    net_send("c", "10.9.0.2", 10, 20);
    net_send("c", "10.9.0.2", 9, 20);
    world_await(&w, RCA_TRACE_RECEIVE, "s", 9, 20);
    world_finish(&w);
    world_stats(&w, &stats);
    assert_int_equal(w.n, 20);
    assert_int_equal(stats.matched, 20);
    assert_true(stats.seen > 20);
}

/* On the way in the kernel takes the tag off the bytes; the bridge passes it on
 * beside them. */
static void a_tag_is_put_back(void **state)
{
    const struct rca_trace_options options = {
        .wanted = 1U << RCA_TRACE_PART_SKB, .filter = "vlan 5 and udp port 9"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    static const unsigned char tag[] = {0x81, 0, 0, 5, 8, 0};
    const struct rca_trace_event *e;

    world_send_tagged(10);
    world_await(&w, RCA_TRACE_RECEIVE, "s", 9, 10);
    world_finish(&w);
    assert_int_equal(world_count(&w, RCA_TRACE_RECEIVE, "s", 9), 10);
    for (int i = 0; i < 2; i++) {
        e = world_find(&w, RCA_TRACE_RECEIVE, i ? "s" : "sw", 9);
        assert_int_equal(e->vlan, i ? 0x10005 : 0);
        assert_int_equal(e->length, 14 + 4 + 29);
        assert_memory_equal(e->head + 12, tag, sizeof(tag));
    }
}

/* --- one id ---------------------------------------------------------------------- */

/* Where a datagram's arrival is seen by this kernel: 6.1 has no sk_data_ready,
 * from 6.18 on what is read in one piece is not seen any more. */
static enum rca_trace_point find_arrival(const struct world *w)
{
    return world_feature(w, "socket")->on ? RCA_TRACE_SOCKET : RCA_TRACE_READ;
}

/* The points of a packet on its way from cli to srv. */
static void assert_whole_way(const struct world *w, uint64_t id,
                             enum rca_trace_point arrival)
{
    const uint32_t cli = (uint32_t)net_inode("cli");
    const uint32_t rtr = (uint32_t)net_inode("rtr");
    const uint32_t srv = (uint32_t)net_inode("srv");
    _Bool sent = 0, routed = 0, read = 0, before = 0, after = 0;
    uint64_t time = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct rca_trace_event *e = &w->events[i];

        if (e->id != id)
            continue;
        assert_true(e->time >= time);
        time = e->time;
        sent |= e->netns == cli && e->point == RCA_TRACE_TRANSMIT;
        before |= e->netns == rtr && e->flow.destination_port == 80;
        after |= e->netns == rtr && e->flow.destination_port == 8080;
        routed |= e->netns == rtr && e->point == RCA_TRACE_TRANSMIT;
        read |= e->netns == srv && e->point == (uint32_t)arrival;
    }
    assert_true(sent && before && after && routed && read);
}

static void one_id_through_translation(void **state, const char *filter)
{
    const struct rca_trace_options options = {.wanted = ALL, .filter = filter};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    const uint32_t cli = (uint32_t)net_inode("cli");
    const enum rca_trace_point arrival = find_arrival(&w);
    uint64_t ids[20];
    unsigned n = 0;
    pid_t pid = world_receiver(20);

    net_send("cli", VIRTUAL, 80, 20);
    world_ended(pid);
    world_await(&w, arrival, "srv", 8080, 20);
    world_finish(&w);
    for (size_t i = 0; i < w.n; i++) {
        if (!world_is(&w.events[i], RCA_TRACE_TRANSMIT, cli, 80))
            continue;
        assert_true(n < 20);
        ids[n] = w.events[i].id;
        for (unsigned k = 0; k < n; k++)
            assert_true(ids[k] != ids[n]);
        assert_whole_way(&w, ids[n++], arrival);
    }
    assert_int_equal(n, 20);
}

static void a_packet_keeps_its_id_from_device_to_socket(void **state)
{
    one_id_through_translation(state, NULL);
}

/* Behind the router nothing of the packet is what the filter asks for. */
static void a_filter_follows_a_packet_through_nat(void **state)
{
    one_id_through_translation(state, "udp and dst host " VIRTUAL);
}

static void connection_tracking_is_told(void **state)
{
    const struct rca_trace_options options = {.wanted = ALL,
                                              .filter = "udp and not port 53"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    const struct rca_trace_conntrack *ct;
    const struct rca_trace_event *e;
    pid_t pid = world_receiver(1);
    uint32_t address;

    if (!world_feature(&w, "conntrack")->on) {
        print_message("%s\n", world_feature(&w, "conntrack")->how);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        skip();
    }
    net_send("cli", VIRTUAL, 80, 1);
    world_ended(pid);
    world_await(&w, find_arrival(&w), "srv", 8080, 1);
    world_finish(&w);
    e = world_find(&w, RCA_TRACE_TRANSMIT, "rtr", 8080);
    assert_non_null(e);
    assert_true(e->has & RCA_TRACE_HAS_CONNTRACK);
    ct = &e->conntrack;
    assert_int_equal(ct->state, 2); /* IP_CT_NEW */
    assert_int_equal(ct->status & 0x30, 0x30); /* both are translated */
    assert_int_equal(ct->way[0].destination_port, 80);
    assert_int_equal(ct->way[1].source_port, 8080);
    assert_int_equal(inet_pton(AF_INET, VIRTUAL, &address), 1);
    assert_memory_equal(ct->way[0].destination, &address, 4);
    assert_int_equal(inet_pton(AF_INET, "10.83.2.254", &address), 1);
    assert_memory_equal(ct->way[1].destination, &address, 4);
}

/* --- TCP ----------------------------------------------------------------------------- */

/* What is sent again has the id of what was sent first, and its headers. */
static void what_tcp_sends_again_is_known(void **state)
{
    const struct rca_trace_options options = {.wanted = ALL,
                                              .filter = "tcp port 8080"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    const struct rca_trace_event *again = NULL;
    const pid_t pid = world_unanswered();
    unsigned before = 0;

    for (int i = 0; i < 200 && !again; i++) {
        assert_true(rca_trace_poll(w.capture, 50, world_keep, &w) >= 0);
        for (size_t k = 0; k < w.n && !again; k++) {
            if (w.events[k].point == RCA_TRACE_RETRANSMIT)
                again = &w.events[k];
        }
    }
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_non_null(again);
    assert_int_equal(again->netns, (uint32_t)net_inode("cli"));
    assert_int_equal(again->flow.destination_port, 8080);
    assert_int_equal(again->flow.tcp_flags & 2, 2);
    assert_true(again->has & RCA_TRACE_HAS_TCP);
    for (size_t k = 0; k < w.n && &w.events[k] < again; k++)
        before += w.events[k].id == again->id &&
                  w.events[k].point == RCA_TRACE_OUTPUT;
    if (world_feature(&w, "netfilter hooks")->on)
        assert_true(before >= 1);
}

/* An open connection whose way back is taken from it. Ends with 0. */
static void lose_the_route(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8099)};
    int listener, fd;

    world_enter("s");
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&to, sizeof(to)) ||
        listen(listener, 1))
        _exit(1);
    world_enter("c");
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, "10.9.0.2", &to.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&to, sizeof(to)))
        _exit(2);
    net_run("ip -n c route del 10.9.0.0/24 dev eth0");
    (void)!write(fd, "x", 1);
    net_run("ip -n c route add 10.9.0.0/24 dev eth0");
    _exit(0);
}

static void a_segment_without_a_route_is_a_drop(void **state)
{
    const struct rca_trace_options options = {.wanted = ALL,
                                              .filter = "tcp port 8099"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    const struct rca_trace_event *e = NULL;
    const pid_t pid = fork();

    if (pid == 0)
        lose_the_route();
    world_ended(pid);
    world_finish(&w);
    for (size_t i = 0; i < w.n && !e; i++) {
        if (w.events[i].point == RCA_TRACE_DROP)
            e = &w.events[i];
    }
    assert_non_null(e);
    assert_int_equal(e->netns, (uint32_t)net_inode("c"));
    assert_int_equal(e->flow.destination_port, 8099);
    assert_int_equal(e->flow.tcp_flags & 0x18, 0x18); /* data, acknowledged */
    assert_int_equal(e->length, 20 + 32 + 1); /* TCP with time stamps */
    assert_true(e->has & RCA_TRACE_HAS_REASON);
    assert_string_equal(rca_trace_name_reason(w.names, e->reason),
                        "ip_outnoroutes");
}

/* --- order, losses ------------------------------------------------------------------ */

static void events_come_in_order(void **state)
{
    const struct rca_trace_options options = {.wanted = ALL,
                                              .filter = "udp port 9 or icmp"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    struct rca_trace_stats stats;
    size_t early = 0;

    for (int i = 0; i < 10; i++)
        net_send(i % 2 ? "c" : "s", i % 2 ? "10.9.0.2" : "10.9.0.1", 9, 100);
    world_await(&w, RCA_TRACE_DROP, "s", 9, 500);
    world_await(&w, RCA_TRACE_DROP, "c", 9, 500);
    world_finish(&w);
    world_stats(&w, &stats);
    assert_int_equal(stats.loss.nested, 0);
    for (size_t i = 1; i < w.n; i++)
        early += w.events[i - 1].time > w.events[i].time;
    assert_true(early <= stats.loss.late); /* a processor may stand still */
}

static void what_the_ring_cannot_hold_is_counted(void **state)
{
    const struct rca_trace_options options = {
        .wanted = ALL, .filter = "udp port 9", .buffer = 16384};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
    struct rca_trace_stats stats;

    net_send("c", "10.9.0.2", 9, 200); /* and nobody reads */
    for (int i = 0; i < 100; i++) {
        world_stats(&w, &stats);
        if (stats.matched >= 1800)
            break;
        (void)usleep(50000);
    }
    world_finish(&w);
    world_stats(&w, &stats);
    assert_true(stats.loss.ring > 0);
    assert_true(w.n > 0);
    assert_int_equal(stats.matched, w.total + stats.loss.ring);
}

static void bad_sizes_of_the_buffer_are_refused(void **state)
{
    static const size_t bad[] = {1, 2048, 5000, 12288, (size_t)1 << 31};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++) {
        const struct rca_trace_options options = {.wanted = ALL,
                                                  .buffer = bad[i]};
        RCA_CLEANUP(world_done) struct world w = {0};
        struct rca_diag diag = {0};

        assert_int_equal(world_try(state, &options, &diag, &w), RCA_ESYNTAX);
        assert_non_null(strstr(diag.text, "power of 2"));
    }
}

/* --- hooks ---------------------------------------------------------------------------- */

static void each_hook_can_be_left_out(void **state)
{
    static const struct {
        const char *without, *feature, *how;
        _Bool on;
    } tries[] = {
        {"tp_btf/kfree_skb", "drop", "raw_tp/kfree_skb", 1},
        {"tp_btf/kfree_skb,raw_tp/kfree_skb", "drop",
         "kfree_skb: turned off by 'without'", 0},
        {"tp_btf/netif_rx", "loop", "raw_tp/netif_rx", 1},
        {"tp_btf/netif_rx,raw_tp/netif_rx", "loop",
         "netif_rx: turned off by 'without'", 0},
        {"netfilter", "netfilter hooks", "netfilter: turned off by 'without'",
         0},
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(tries); i++) {
        const struct rca_trace_options options = {
            .wanted = 1U << RCA_TRACE_PART_SKB | 1U << RCA_TRACE_PART_DROP,
            .points = 1U << RCA_TRACE_DROP | 1U << RCA_TRACE_LOOP |
                      1U << RCA_TRACE_PREROUTING,
            .without = tries[i].without};
        RCA_CLEANUP(world_done) struct world w = world_start(state, &options);
        const struct rca_trace_feature *f = world_feature(&w, tries[i].feature);

        assert_non_null(f);
        assert_int_equal(f->on, tries[i].on);
        assert_string_equal(f->how, tries[i].how);
        assert_int_equal(f->lost[0] != '\0', !tries[i].on);
    }
}

static void the_twins_see_the_same(void **state)
{
    const struct rca_trace_options options = {
        .wanted = ALL,
        .filter = "udp port 9",
        .without = "tp_btf/netif_receive_skb,tp_btf/netif_rx,"
                   "tp_btf/net_dev_queue,tp_btf/net_dev_start_xmit,"
                   "tp_btf/kfree_skb,tp_btf/consume_skb,tp_btf/qdisc_enqueue,"
                   "tp_btf/qdisc_dequeue,tp_btf/tcp_probe,"
                   "tp_btf/tcp_retransmit_skb,tp_btf/skb_copy_datagram_iovec"};
    RCA_CLEANUP(world_done) struct world w = world_start(state, &options);

    net_send("c", "10.9.0.2", 9, 30);
    world_await(&w, RCA_TRACE_DROP, "s", 9, 30);
    world_finish(&w);
    assert_string_equal(world_feature(&w, "receive")->how,
                        "raw_tp/netif_receive_skb");
    assert_int_equal(world_count(&w, RCA_TRACE_QUEUE, "c", 9), 30);
    assert_int_equal(world_count(&w, RCA_TRACE_RECEIVE, "s", 9), 30);
    assert_int_equal(world_count(&w, RCA_TRACE_DROP, "s", 9), 30);
}

static void a_part_that_must_work_fails_the_start(void **state)
{
    const struct rca_trace_options options = {
        .wanted = ALL,
        .must = 1U << RCA_TRACE_PART_DROP,
        .without = "tp_btf/kfree_skb,raw_tp/kfree_skb"};
    RCA_CLEANUP(world_done) struct world w = {0};
    struct rca_diag diag = {0};

    assert_int_equal(world_try(state, &options, &diag, &w), RCA_ENOSUPPORT);
    assert_string_equal(diag.text,
                        "collector 'drop' does not work here: drop: kfree_skb: "
                        "turned off by 'without'");
}

static int setup(void **state)
{
    static int permitted;

    if (!net_enter())
        return 0;
    net_switch();
    world_router();
    permitted = 1;
    *state = &permitted;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_is_seen_at_every_point),
        cmocka_unit_test(a_drop_says_why_and_where),
        cmocka_unit_test(a_drop_has_its_stack),
        cmocka_unit_test(the_filter_is_in_the_kernel),
        cmocka_unit_test(a_meta_filter_is_in_the_kernel),
        cmocka_unit_test(a_tag_is_put_back),
        cmocka_unit_test(a_bad_filter_is_refused),
        cmocka_unit_test(a_packet_keeps_its_id_from_device_to_socket),
        cmocka_unit_test(a_filter_follows_a_packet_through_nat),
        cmocka_unit_test(connection_tracking_is_told),
        cmocka_unit_test(what_tcp_sends_again_is_known),
        cmocka_unit_test(a_segment_without_a_route_is_a_drop),
        cmocka_unit_test(events_come_in_order),
        cmocka_unit_test(what_the_ring_cannot_hold_is_counted),
        cmocka_unit_test(bad_sizes_of_the_buffer_are_refused),
        cmocka_unit_test(each_hook_can_be_left_out),
        cmocka_unit_test(the_twins_see_the_same),
        cmocka_unit_test(a_part_that_must_work_fails_the_start),
    };

    return cmocka_run_group_tests_name("bpf/trace", tests, setup, NULL);
}
