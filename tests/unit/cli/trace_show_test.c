/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events, packets' ways and numbers of a recording as text, against golden
 * files, byte for byte (RCA_GOLDEN=write makes them anew, and the recording that
 * tests/cli/trace_test.sh and the fuzzer begin with: look at the difference
 * before it is committed). */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/trace/answers.h"
#include "cli/trace/stats.h"
#include "cli/trace/way.h"
#include "collector/trace/file.h"
#include "graph/base/name.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define BEGIN (UINT64_C(1795183351123456789)) /* 2026-11-20T14:02:31Z */
#define HOSTILE "dns\033[31m\n\xff\xe2\x80\xa8!"

enum { WEB = 4026532001, HOST = 4026531840, OTHER = 4026532999 };

/* struct story - the events, in the order in which they came */
struct story {
    struct rca_trace_event events[32];
    size_t n;
    struct rca_trace_names *names;
};

static void name(struct story *s, uint32_t kind, uint64_t a, uint64_t b,
                 const char *text)
{
    const struct rca_trace_name_key key = {.kind = kind, .a = a, .b = b};

    assert_ok(rca_trace_names_set(s->names, &key, text));
}

/* A segment to @destination, as it is at this point. */
static void put_packet(struct rca_trace_event *e, const char *source,
                       uint16_t source_port, const char *destination,
                       uint16_t port, unsigned protocol)
{
    unsigned char *ip = e->head;

    e->flow.family = AF_INET;
    e->flow.protocol = (uint8_t)protocol;
    e->flow.source_port = source_port;
    e->flow.destination_port = port;
    assert_int_equal(inet_pton(AF_INET, source, e->flow.source), 1);
    assert_int_equal(inet_pton(AF_INET, destination, e->flow.destination), 1);
    ip[0] = 0x45;
    ip[3] = protocol == 6 ? 40 : 28 + 5;
    ip[8] = 64;
    ip[9] = (unsigned char)protocol;
    memcpy(ip + 12, e->flow.source, 4);
    memcpy(ip + 16, e->flow.destination, 4);
    ip[20] = (unsigned char)(source_port >> 8);
    ip[21] = (unsigned char)source_port;
    ip[22] = (unsigned char)(port >> 8);
    ip[23] = (unsigned char)port;
    if (protocol == 6) {
        ip[32] = 0x50;
        ip[33] = 2;
        e->flow.tcp_flags = 2;
    } else {
        ip[25] = 13;
    }
    e->captured = protocol == 6 ? 40 : 33;
    e->length = e->captured;
}

static struct rca_trace_event *add(struct story *s, uint64_t us, uint64_t id,
                                   enum rca_trace_point point, uint32_t netns,
                                   uint32_t ifindex)
{
    struct rca_trace_event *e = &s->events[s->n++];

    memset(e, 0, sizeof(*e));
    e->time = BEGIN + us * 1000;
    e->id = id;
    e->point = point;
    e->netns = netns;
    e->ifindex = ifindex;
    e->stack = -1;
    return e;
}

static struct rca_trace_event *add_syn(struct story *s, uint64_t us,
                                       enum rca_trace_point point,
                                       uint32_t netns, uint32_t ifindex,
                                       _Bool translated)
{
    struct rca_trace_event *e = add(s, us, 12, point, netns, ifindex);

    put_packet(e, "10.0.0.1", 5000, translated ? "10.0.0.2" : "10.9.0.9",
               translated ? 8080 : 80, 6);
    return e;
}

static void put_rule(struct rca_trace_event *e, uint64_t handle, int verdict)
{
    e->has |= RCA_TRACE_HAS_RULE;
    e->detail.rule.family = 1;
    e->detail.rule.handle = handle;
    e->detail.rule.verdict = verdict;
    (void)snprintf(e->detail.rule.table, RCA_TRACE_NAME, "filter");
    (void)snprintf(e->detail.rule.chain, RCA_TRACE_NAME, "input");
}

/* From the host through address translation and a veth, and refused by a rule */
static void tell_refused(struct story *s)
{
    struct rca_trace_event *e;

    (void)add_syn(s, 0, RCA_TRACE_OUTPUT, HOST, 0, 0);
    e = add_syn(s, 12, RCA_TRACE_POSTROUTING, HOST, 7, 1);
    e->has |= RCA_TRACE_HAS_CONNTRACK;
    e->conntrack.state = 2;
    (void)add_syn(s, 20, RCA_TRACE_TRANSMIT, HOST, 7, 1);
    (void)add_syn(s, 25, RCA_TRACE_RECEIVE, WEB, 2, 1);
    put_rule(add_syn(s, 40, RCA_TRACE_RULE, WEB, 2, 1), 7, 0);
    e = add_syn(s, 41, RCA_TRACE_DROP, WEB, 2, 1);
    e->has |= RCA_TRACE_HAS_REASON;
    e->reason = 14;
    e->place = 0xffffffff81000000;
    e->mark = 7;
    e->stack = 3;
}

/* To a service and process with names that would take over a terminal. */
static void tell_read(struct story *s)
{
    const uint64_t id = UINT64_C(3) << 40 | 5;
    struct rca_trace_event *e = add(s, 100, id, RCA_TRACE_RECEIVE, OTHER, 9);

    put_packet(e, "10.0.0.1", 4000, "10.0.0.3", 53, 17);
    e = add(s, 130, id, RCA_TRACE_READ, OTHER, 9);
    put_packet(e, "10.0.0.1", 4000, "10.0.0.3", 53, 17);
    e->pid = 77;
    (void)snprintf(e->command, sizeof(e->command), "%s", HOSTILE);
}

static void tell_rest(struct story *s)
{
    struct rca_trace_event *e = add(s, 200, 13, RCA_TRACE_RETRANSMIT, WEB, 0);

    put_packet(e, "10.0.0.2", 8080, "10.0.0.1", 5001, 6);
    e->has = RCA_TRACE_HAS_TCP;
    e->detail.tcp = (struct rca_trace_tcp){
        .state = 1, .cwnd = 10, .srtt_us = 1500, .retransmits = 2};
    e = add(s, 210, 13, RCA_TRACE_TRANSMIT, WEB, 2);
    put_packet(e, "10.0.0.2", 8080, "10.0.0.1", 5001, 6);
    (void)add(s, 211, 13, RCA_TRACE_CONSUME, WEB, 2);
    e = add(s, 300, 0, RCA_TRACE_OVS_COUNTER, 0, 0);
    e->has = RCA_TRACE_HAS_OVS;
    e->detail.ovs.drops = 15;
    e->detail.ovs.down = 1;
    (void)snprintf(e->detail.ovs.bridge, RCA_TRACE_NAME, "br0");
    (void)snprintf(e->detail.ovs.port, RCA_TRACE_NAME, "p2");
    e = add(s, 310, 14, RCA_TRACE_OVS_ACTION, HOST, 7);
    e->has = RCA_TRACE_HAS_OVS;
    e->detail.ovs.action = 1;
    e->detail.ovs.in_port = 1;
    e->detail.ovs.out_port = 2;
    (void)add(s, 320, 15, RCA_TRACE_FUNCTION, HOST, 7);
    e = add(s, 330, 16, RCA_TRACE_DROP, 0, 0); /* nothing is known of it */
    e->has = RCA_TRACE_HAS_LINK;
    e->captured = 5;
    e->length = 5;
}

/* Two requests for a connection, of which only the first is answered. */
static void tell_requests(struct story *s)
{
    struct rca_trace_event *e;

    for (uint16_t i = 0; i < 2; i++) {
        const uint64_t us = 400 + 100 * (uint64_t)i, id = 20 + (uint64_t)i;

        e = add(s, us, id, RCA_TRACE_RECEIVE, WEB, 2);
        put_packet(e, "10.0.0.1", (uint16_t)(6000 + i), "10.0.0.2", 8081, 6);
        if (i == 0) {
            e = add(s, us + 5, 30, RCA_TRACE_OUTPUT, WEB, 0);
            put_packet(e, "10.0.0.2", 8081, "10.0.0.1", 6000, 6);
            e->flow.tcp_flags = e->head[33] = 0x12;
        }
        (void)add(s, us + 10, id, RCA_TRACE_CONSUME, 0, 0);
    }
}

static void begin(struct story *s)
{
    const struct rca_trace_rule rule = {
        .family = 1, .handle = 7, .table = "filter", .chain = "input"};

    memset(s, 0, sizeof(*s));
    assert_ok(rca_trace_names_new(&s->names));
    name(s, RCA_TRACE_NAME_NETNS, HOST, 0, "host");
    name(s, RCA_TRACE_NAME_NETNS, WEB, 0, "web");
    name(s, RCA_TRACE_NAME_NETNS, OTHER, 0, HOSTILE);
    name(s, RCA_TRACE_NAME_DEVICE, HOST, 7, "veth-web");
    name(s, RCA_TRACE_NAME_DEVICE, WEB, 2, "eth0");
    name(s, RCA_TRACE_NAME_REASON, 14, 0, "netfilter_drop");
    name(s, RCA_TRACE_NAME_PLACE, 0xffffffff81000000, 0, "nf_hook_slow+0xb1");
    name(s, RCA_TRACE_NAME_STACK, 3, 0, "nf_hook_slow+0xb1\nip_rcv+0x2\033");
    name(s, RCA_TRACE_NAME_RULE, rca_trace_rule_key(&rule), WEB,
         "tcp dport 8080 numgen inc mod 50 == 0 counter packets 3 drop");
    tell_refused(s);
    tell_read(s);
    tell_rest(s);
    tell_requests(s);
}

static void done(struct story *s)
{
    rca_trace_names_free(&s->names);
}

/* --- golden files --------------------------------------------------------- */

static void check(struct rca_buf *buf, const char *path)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    char *want RCA_CLEANUP(rca_freep) = calloc(1, 1 << 16);
    FILE *f = getenv("RCA_GOLDEN") ? fopen(path, "w") : NULL;

    assert_ok(rca_buf_take(buf, &text));
    for (const char *p = text; *p; p += *p == '\n' ? 1 : rca_name_char(p))
        assert_true(*p == '\n' || rca_name_char(p));
    if (f) {
        (void)fputs(text, f);
        (void)fclose(f);
    }
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(want);
    assert_true(fread(want, 1, (1 << 16) - 1, f) > 0);
    (void)fclose(f);
    assert_string_equal(text, want);
}

/* The same as a recording, by way of a file. */
static void record(const struct story *s, struct rca_trace_file *ret)
{
    const struct rca_trace_about about = {
        .filter = "host 10.0.0.1",
        .host = "vm\033[2J",
        .kernel = "6.1.0",
        .unseen = "stack: not asked for\nnft: \033]0;x; not seen: rules",
    };
    const struct rca_trace_stats stats = {.loss = {.ring = 5, .netlink = 1}};
    const char *path = "tests/fuzz/corpus/trace_file/story";
    FILE *f = getenv("RCA_GOLDEN") ? fopen(path, "w+") : tmpfile();

    assert_non_null(f);
    assert_ok(rca_trace_write_begin(f, &about));
    assert_ok(rca_trace_write_names(f, s->names, 0));
    for (size_t i = 0; i < s->n; i++)
        assert_ok(rca_trace_write_event(f, &s->events[i]));
    assert_ok(rca_trace_write_end(f, &stats));
    rewind(f);
    assert_ok(rca_trace_read(f, "story", NULL, ret));
    (void)fclose(f);
}

static void events_are_a_line_each(void **state)
{
    struct story s RCA_CLEANUP(done);
    struct rca_buf buf = {0};
    struct rca_trace_view view = {.utc = 1, .stack = 1};

    (void)state;
    begin(&s);
    view.names = s.names;
    for (size_t i = 0; i < s.n; i++)
        rca_trace_line(&view, &s.events[i], &buf);
    check(&buf, "tests/golden/trace-show.txt");
}

static void ways_tell_what_changed_and_the_end(void **state)
{
    struct story s RCA_CLEANUP(done);
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    struct rca_trace_journey *list RCA_CLEANUP(rca_freep) = NULL;
    struct rca_trace_answers *answers RCA_CLEANUP(rca_trace_answers_free) =
        NULL;
    struct rca_buf buf = {0};
    struct rca_trace_view view = {.utc = 1};
    size_t n;

    (void)state;
    begin(&s);
    record(&s, &file);
    assert_ok(rca_trace_answers_new(&file, &answers));
    view.names = file.names;
    view.answers = answers;
    assert_ok(rca_trace_journeys(file.events, file.n, &list, &n));
    for (size_t i = 0; i < n; i++)
        rca_trace_way(&view, file.events, &list[i], &buf);
    check(&buf, "tests/golden/trace-journeys.txt");
}

static void numbers_say_where_packets_died(void **state)
{
    struct story s RCA_CLEANUP(done);
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    struct rca_trace_numbers n RCA_CLEANUP(rca_trace_numbers_done) = {0};
    struct rca_buf buf = {0};
    struct rca_trace_view view = {.utc = 1};

    (void)state;
    begin(&s);
    record(&s, &file);
    view.names = file.names;
    assert_ok(rca_trace_count(&file, &n));
    assert_int_equal(n.died, 17); /* 15 of them a port's count */
    assert_ok(rca_trace_stats_text(&n, &view, &buf));
    check(&buf, "tests/golden/trace-stats.txt");
    assert_ok(rca_trace_stats_json(&n, &view, &buf));
    check(&buf, "tests/golden/trace-stats.json");
}

static void an_empty_recording_has_numbers(void **state)
{
    struct rca_trace_file file = {0};
    struct rca_trace_numbers n RCA_CLEANUP(rca_trace_numbers_done) = {0};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_trace_view view = {.utc = 1};

    (void)state;
    assert_ok(rca_trace_names_new(&file.names));
    view.names = file.names;
    assert_ok(rca_trace_count(&file, &n));
    assert_ok(rca_trace_stats_text(&n, &view, &buf));
    assert_string_equal(buf.text,
                        "recorded  nothing\n"
                        "seen      0 events of 0 packets; 0 died\n"
                        "lost      not known: the recording has no end\n"
                        "\nno packet died\n");
    rca_buf_done(&buf);
    assert_ok(rca_trace_stats_json(&n, &view, &buf));
    assert_non_null(strstr(buf.text, "\"from\":null"));
    rca_trace_names_free(&file.names);
}

/* Where nothing of the other side was recorded, nothing is claimed. */
static void what_is_not_recorded_is_not_unanswered(void **state)
{
    struct story s RCA_CLEANUP(done);
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    struct rca_trace_numbers n RCA_CLEANUP(rca_trace_numbers_done) = {0};
    size_t kept = 0;

    (void)state;
    begin(&s);
    record(&s, &file);
    for (size_t i = 0; i < file.n; i++) {
        if (file.events[i]->id != 30)
            file.events[kept++] = file.events[i];
    }
    file.n = kept;
    assert_ok(rca_trace_count(&file, &n));
    assert_int_equal(n.n_refused, 0);
}

static void losses_are_all_named(void **state)
{
    const struct rca_trace_loss all = {1, 2, 3, 4, 5}, none = {0};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rca_trace_put_losses(&none, &buf);
    assert_string_equal(buf.text, "nothing");
    rca_buf_done(&buf);
    rca_trace_put_losses(&all, &buf);
    assert_string_equal(
        buf.text, "1 events (ring full, see --buffer), 2 events (no buffer "
                  "left), 3 overruns of netlink, 4 events out of order, 5 "
                  "events without an id");
}

/* Whatever fails, the numbers can be freed. */
static void every_allocation_may_fail(void **state)
{
    struct story s RCA_CLEANUP(done);
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    struct rca_trace_view view = {.utc = 1};
    int r = -ENOMEM;

    (void)state;
    begin(&s);
    record(&s, &file);
    view.names = file.names;
    for (long k = 0; r; k++) {
        struct rca_trace_numbers n = {0};
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

        oom_after(k);
        r = rca_trace_count(&file, &n);
        r = r ? r : rca_trace_stats_text(&n, &view, &buf);
        r = r ? r : rca_trace_stats_json(&n, &view, &buf);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        rca_trace_numbers_done(&n);
        assert_true(k < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_a_line_each),
        cmocka_unit_test(ways_tell_what_changed_and_the_end),
        cmocka_unit_test(numbers_say_where_packets_died),
        cmocka_unit_test(an_empty_recording_has_numbers),
        cmocka_unit_test(what_is_not_recorded_is_not_unanswered),
        cmocka_unit_test(losses_are_all_named),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
