/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <unistd.h>

#include "cli/trace/comment.h"
#include "cli/trace/event_json.h"
#include "cli/trace/pcapng.h"
#include "cli/trace/select.h"
#include "cli/trace/sink.h"
#include "collector/trace/point.h"
#include "tests/harness/oom.h"
#include "tests/harness/pcapng.h"
#include "tests/harness/test.h"
#include "tests/harness/trace_events.h"

struct rig {
    struct rca_trace_names *names;
    struct rca_trace_event events[TRACE_EVENTS];
};

static void rig_done(struct rig *rig)
{
    rca_trace_names_free(&rig->names);
}

static void rig_init(struct rig *rig)
{
    trace_events(rig->events);
    assert_ok(rca_trace_names_new(&rig->names));
    assert_ok(trace_names(rig->names));
}

static void assert_comment(const struct rig *rig, size_t i, const char *want)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    rca_trace_comment(&rig->events[i], NULL, rig->names, &buf);
    assert_string_equal(buf.text, want);
    assert_int_equal(buf.len, strlen(want));
}

static void comments_say_what_is_known(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};

    (void)state;
    rig_init(&rig);
    assert_comment(&rig, 0, "receive, ns host, eth0, id 12, service web");
    assert_comment(&rig, 2,
                   "rule, ns web, eth0, rule inet filter input handle 7 'udp "
                   "dport 9 drop', id 12, service web");
    assert_comment(&rig, 3,
                   "drop: netfilter_drop in nf_hook_slow, ns web, eth0, rule "
                   "inet filter input handle 7 'udp dport 9 drop', id 12, ct "
                   "new, service web");
    assert_comment(&rig, 5,
                   "ovs_counter, ns web, eth0, ovs br0 port vnet1, 5 dropped, "
                   "link down");
}

static void what_has_no_name_is_told_by_number(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rig_init(&rig);
    rca_trace_names_free(&rig.names);
    assert_ok(rca_trace_names_new(&rig.names));
    rig.events[3].mark = 7;
    rig.events[3].detail.rule.handle = 0;
    assert_comment(&rig, 3,
                   "drop: reason 8, ns 4026532001, if2, rule inet filter input "
                   "policy verdict drop, id 12, mark 0x7, ct new");
    rig.events[3].ifindex = 0;
    rca_trace_interface(&rig.events[3], rig.names, &buf);
    assert_string_equal(buf.text, "4026532001/-");
}

static void a_long_name_is_cut_between_characters(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    char name[3000];

    (void)state;
    rig_init(&rig);
    for (size_t shift = 0; shift < 2; shift++) {
        const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_NETNS,
                                               .a = TRACE_WEB};

        name[0] = 'x';
        for (size_t i = shift; i + 2 < sizeof(name); i += 2)
            memcpy(name + i, "\xc3\xa9", 3); /* e with an accent */
        assert_ok(rca_trace_names_set(rig.names, &key, name));
        rca_trace_comment(&rig.events[1], NULL, rig.names, &buf);
        assert_in_range(buf.len, RCA_TRACE_COMMENT_MAX - 1,
                        RCA_TRACE_COMMENT_MAX);
        assert_int_equal(buf.len, strlen(buf.text));
        assert_int_equal((unsigned char)buf.text[buf.len - 1], 0xa9);
    }
}

/* --- pcapng ---------------------------------------------------------------------- */

/* Return: its bytes, which the caller frees. */
static char *write_pcapng(const struct rig *rig, size_t *ret_n,
                          uint64_t *ret_left_out)
{
    const struct rca_trace_about about = {
        .filter = trace_evil, .meta = "mark == 7", .kernel = "6.1"};
    struct rca_pcapng p RCA_CLEANUP(rca_pcapng_done) = {0};
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_n);

    assert_non_null(out);
    assert_ok(rca_pcapng_begin(out, rig->names, &about, &p));
    for (size_t i = 0; i < TRACE_EVENTS; i++)
        assert_ok(rca_pcapng_put(&p, &rig->events[i]));
    assert_int_equal(fclose(out), 0);
    *ret_left_out = p.left_out;
    assert_int_equal(p.packets, TRACE_PACKETS);
    assert_int_equal(p.n_interfaces, 4);
    return text;
}

static void a_capture_file_holds_the_packets(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct pcapng_reader r = {0};
    uint64_t left_out;
    size_t n;

    (void)state;
    rig_init(&rig);
    text = write_pcapng(&rig, &n, &left_out);
    assert_int_equal(left_out, TRACE_EVENTS - TRACE_PACKETS);
    assert_null(pcapng_read(text, n, &r));
    assert_int_equal(r.interfaces, 4);
    assert_int_equal(r.packets, TRACE_PACKETS);
    assert_string_equal(r.name[0], "host/eth0");
    assert_string_equal(r.name[1], "web/eth0");
    assert_string_equal(r.name[2], "web/eth0 ip");
    assert_int_equal(r.link[1], 1); /* Ethernet */
    assert_int_equal(r.link[2], 101); /* raw IP */
    assert_int_equal(r.last.interface, 3);
    assert_int_equal(r.last.time, TRACE_TIME + 1000000000);
    assert_int_equal(r.last.captured, sizeof(trace_tcp));
    assert_int_equal(r.last.length, sizeof(trace_tcp) + 14);
    assert_memory_equal(r.last.bytes, trace_tcp, sizeof(trace_tcp));
    assert_int_equal(r.last.id, UINT64_C(3) << 40 | 12);
}

static void a_capture_can_be_recorded_at_once(void **state)
{
    const struct rca_trace_about about = {.filter = "udp or tcp"};
    const struct rca_trace_stats stats = {0};
    char path[] = "/tmp/rca-test-XXXXXX.pcapng", text[8192];
    struct rca_trace_sink sink RCA_CLEANUP(rca_trace_sink_done) = {0};
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    const int fd = mkstemps(path, sizeof(".pcapng") - 1);
    struct pcapng_reader r = {0};
    ssize_t n;

    (void)state;
    assert_true(fd >= 0);
    rig_init(&rig);
    sink.view.names = rig.names;
    assert_ok(rca_trace_sink_open(path, &about, &sink));
    for (size_t i = 0; i < TRACE_EVENTS; i++)
        assert_ok(rca_trace_sink_put(&sink, &rig.events[i]));
    assert_ok(rca_trace_sink_end(&sink, &stats));
    n = read(fd, text, sizeof(text));
    (void)close(fd);
    (void)unlink(path);
    assert_true(n > 0);
    assert_null(pcapng_read(text, (size_t)n, &r));
    assert_int_equal(r.packets, TRACE_PACKETS);
    assert_int_equal(sink.packets.left_out, TRACE_EVENTS - TRACE_PACKETS);
}

static void put_and_note(const struct rig *rig, size_t rule, size_t drop,
                         _Bool want)
{
    const struct rca_trace_about about = {0};
    struct rca_pcapng p RCA_CLEANUP(rca_pcapng_done) = {0};
    FILE *out = fopen("/dev/null", "we");

    assert_non_null(out);
    assert_ok(rca_pcapng_begin(out, rig->names, &about, &p));
    assert_ok(rule == 2 ? rca_pcapng_note(&p, &rig->events[rule])
                        : rca_pcapng_put(&p, &rig->events[rule]));
    assert_ok(rca_pcapng_put(&p, &rig->events[drop]));
    assert_int_equal(strstr(p.text.text, "handle 7") != NULL, want);
    (void)fclose(out);
}

static void a_drop_is_told_with_the_rule_of_another_event(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};

    (void)state;
    rig_init(&rig);
    rig.events[3].has &= ~(uint32_t)RCA_TRACE_HAS_RULE;
    put_and_note(&rig, 2, 3, 1);
    rig.events[0] = rig.events[2]; /* with bytes */
    trace_bytes(&rig.events[0], trace_udp, sizeof(trace_udp));
    put_and_note(&rig, 0, 3, 1);
    rig.events[0].has = 0;
    put_and_note(&rig, 0, 3, 0); /* no rule */
    put_and_note(&rig, 2, 1, 0); /* no drop */
    rig.events[3].netns = TRACE_HOST;
    put_and_note(&rig, 2, 3, 0);
    rig.events[3].netns = TRACE_WEB;
    rig.events[3].id += 4096; /* at the same place */
    put_and_note(&rig, 2, 3, 0);
    rig.events[3].id -= 4096;
    rig.events[2].detail.rule.verdict = 1; /* accept */
    put_and_note(&rig, 2, 3, 0);
}

static void a_length_that_cannot_be_is_put_right(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct pcapng_reader r = {0};
    uint64_t left_out;
    size_t n;

    (void)state;
    rig_init(&rig);
    rig.events[4].length = 1;
    text = write_pcapng(&rig, &n, &left_out);
    assert_null(pcapng_read(text, n, &r));
    assert_int_equal(r.last.length, sizeof(trace_tcp));
}

static void a_disk_that_is_full_is_reported(void **state)
{
    const struct rca_trace_about about = {0};
    struct rca_pcapng p RCA_CLEANUP(rca_pcapng_done) = {0};
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    FILE *out = fopen("/dev/full", "we");

    (void)state;
    rig_init(&rig);
    assert_non_null(out);
    assert_ok(setvbuf(out, NULL, _IONBF, 0));
    assert_err(rca_pcapng_begin(out, rig.names, &about, &p), -ENOSPC);
    p = (struct rca_pcapng){.out = out, .names = rig.names};
    assert_err(rca_pcapng_put(&p, &rig.events[0]), -ENOSPC);
    (void)fclose(out);
}

/* --- JSON ------------------------------------------------------------------------ */

static void an_event_is_a_line_of_json(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rig_init(&rig);
    rca_trace_event_json(&rig.events[5], rig.names, &buf);
    assert_string_equal(
        buf.text,
        "{\"time\":1764000002.123456789,\"point\":\"ovs_counter\",\"cpu\":0,"
        "\"netns\":4026532001,\"netns_name\":\"web\",\"ifindex\":2,"
        "\"device\":\"eth0\",\"length\":0,\"ovs\":{\"down\":true,"
        "\"bridge\":\"br0\",\"port\":\"vnet1\",\"drops\":5,\"in_port\":0,"
        "\"out_port\":0,\"action\":0,\"recirculation\":0,\"result\":0}}\n");
}

static void any_event_is_valid_json(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};

    (void)state;
    rig_init(&rig);
    for (size_t i = 0; i < TRACE_EVENTS; i++) {
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
        struct rca_trace_event *e = &rig.events[i];
        json_t *json;

        memset(&e->detail, 0xff, sizeof(e->detail)); /* no NUL anywhere */
        memset(e->command, '\\', sizeof(e->command));
        e->has |= 0xff;
        e->stack = 0;
        e->vlan = 0x1ffff;
        e->flow.fragment = 1;
        rca_trace_event_json(e, rig.names, &buf);
        assert_ok(buf.err);
        json = json_loads(buf.text, JSON_DECODE_INT_AS_REAL, NULL);
        if (!json)
            fail_msg("%s", buf.text);
        assert_int_equal((int)json_real_value(json_object_get(json, "vlan")),
                         4095);
        assert_ptr_equal(strchr(buf.text, '\n'), buf.text + buf.len - 1);
        json_decref(json);
    }
}

static _Bool holds(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!strcmp(json_string_value(json_array_get(array, i)), text))
            return 1;
    }
    return 0;
}

static void the_schema_knows_every_point(void **state)
{
    json_t *schema = json_load_file("docs/trace.schema.json", 0, NULL);
    const json_t *points = json_object_get(
        json_object_get(json_object_get(schema, "properties"), "point"),
        "enum");

    (void)state;
    assert_int_equal(json_array_size(points), RCA_TRACE_POINT_COUNT);
    for (unsigned i = 0; i < RCA_TRACE_POINT_COUNT; i++) {
        if (!holds(points, rca_trace_point_name(i)))
            fail_msg("docs/trace.schema.json: no '%s'",
                     rca_trace_point_name(i));
    }
    json_decref(schema);
}

/* --- which events ------------------------------------------------------------------ */

static size_t select_of(const char *filter, const char *meta, int want)
{
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct rca_diag diag = {0};
    size_t n;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    assert_ok(trace_record(f));
    assert_int_equal(fclose(f), 0);
    f = fmemopen(text, n, "r");
    assert_non_null(f);
    assert_ok(rca_trace_read(f, "x", NULL, &file));
    (void)fclose(f);
    assert_err(rca_trace_select(&file, filter, meta, &diag), want);
    if (want)
        assert_string_not_equal(diag.text, "");
    return file.n;
}

static void filters_choose_events(void **state)
{
    (void)state;
    assert_int_equal(select_of(NULL, NULL, 0), 6);
    assert_int_equal(select_of("", NULL, 0), 5); /* all but the counter */
    assert_int_equal(select_of("udp", NULL, 0), 4); /* and the rule */
    assert_int_equal(select_of("ether host 02:00:00:00:00:01 and udp", NULL, 0),
                     3); /* the drop has no link layer */
    assert_int_equal(select_of("len = 60", NULL, 0), 3);
    assert_int_equal(select_of(NULL, "reason == netfilter_drop", 0), 1);
    assert_int_equal(select_of("udp", "netns == web", 0), 3);
    assert_int_equal(select_of("icmp", "netns == web", 0), 0);
}

static void a_wrong_filter_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(select_of("udp(", NULL, RCA_ESYNTAX), 6);
    assert_int_equal(select_of("udp", "reason = 7", RCA_ESYNTAX), 6);
    assert_int_equal(select_of("udp", "colour == 7", RCA_EUNKNOWN), 6);
}

/* --- memory ------------------------------------------------------------------------- */

static int pcapng_of(const struct rig *rig, FILE *out)
{
    const struct rca_trace_about about = {.filter = "udp", .kernel = "6.1"};
    struct rca_pcapng p RCA_CLEANUP(rca_pcapng_done) = {0};
    int r = rca_pcapng_begin(out, rig->names, &about, &p);

    for (size_t i = 0; i < TRACE_EVENTS && r == 0; i++)
        r = rca_pcapng_put(&p, &rig->events[i]);
    return r;
}

static void every_failed_allocation_is_reported(void **state)
{
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    FILE *out = fopen("/dev/null", "we");
    int r = -1;

    (void)state;
    assert_non_null(out);
    rig_init(&rig);
    for (long n = 0; r; n++) {
        oom_after(n);
        r = pcapng_of(&rig, out);
        assert_true(r == 0 || (r == -ENOMEM && oom_hit()));
    }
    for (r = -1; r;) {
        static long n;
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

        oom_after(n++);
        rca_trace_event_json(&rig.events[3], rig.names, &buf);
        r = buf.err;
        assert_true(r == -ENOMEM || !oom_hit());
    }
    oom_after(-1);
    (void)fclose(out);
}

static void selecting_without_memory_changes_nothing(void **state)
{
    const struct rca_trace_event *events[TRACE_EVENTS];
    struct rig rig RCA_CLEANUP(rig_done) = {0};
    int r = -1;

    (void)state;
    rig_init(&rig);
    for (long n = 0; r; n++) {
        struct rca_trace_file file = {
            .names = rig.names, .events = events, .n = TRACE_EVENTS};

        for (size_t i = 0; i < TRACE_EVENTS; i++)
            events[i] = &rig.events[i];
        oom_after(n);
        r = rca_trace_select(&file, "udp", "netns == web", NULL);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        assert_int_equal(file.n, r ? TRACE_EVENTS : 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_say_what_is_known),
        cmocka_unit_test(what_has_no_name_is_told_by_number),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(a_capture_file_holds_the_packets),
        cmocka_unit_test(a_capture_can_be_recorded_at_once),
        cmocka_unit_test(a_drop_is_told_with_the_rule_of_another_event),
        cmocka_unit_test(a_length_that_cannot_be_is_put_right),
        cmocka_unit_test(a_disk_that_is_full_is_reported),
        cmocka_unit_test(an_event_is_a_line_of_json),
        cmocka_unit_test(any_event_is_valid_json),
        cmocka_unit_test(the_schema_knows_every_point),
        cmocka_unit_test(filters_choose_events),
        cmocka_unit_test(a_wrong_filter_changes_nothing),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(selecting_without_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
