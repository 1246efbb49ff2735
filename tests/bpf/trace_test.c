/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Known numbers of packets in the network of tests/bpf/net.h, seen by a capture:
 * c sends to s through a switch.
 */

#include "collector/trace/capture.h"
#include "tests/bpf/net.h"

#define ALL ((1u << RCA_TRACE_PART_COUNT) - 1)
#define EVENTS 40000

/** struct world - a capture and what it has handed out */
struct world {
    struct rca_trace_names *names;
    struct rca_trace_capture *capture;
    struct rca_trace_event *events;
    size_t n;
};

static int keep(void *arg, const struct rca_trace_event *event)
{
    struct world *w = (struct world *)arg;

    assert_true(w->n < EVENTS);
    memcpy(&w->events[w->n++], event,
           offsetof(struct rca_trace_event, head) + event->captured);
    return 0;
}

static void done(struct world *w)
{
    rca_trace_close(&w->capture);
    rca_trace_names_free(&w->names);
    free(w->events);
}

static struct world start(void **state, const struct rca_trace_options *options)
{
    struct world w = {0};
    struct rca_diag diag = {0};
    int r;

    if (!*state) {
        print_message("needs CAP_SYS_ADMIN for namespaces\n");
        skip();
    }
    w.events = calloc(EVENTS, sizeof(*w.events));
    assert_non_null(w.events);
    assert_ok(rca_trace_names_new(&w.names));
    r = rca_trace_open(options, w.names, &diag, &w.capture);
    if (r)
        print_message("%s\n", diag.text);
    assert_ok(r);
    return w;
}

static void finish(struct world *w)
{
    assert_true(rca_trace_finish(w->capture, keep, w) >= 0);
}

/* Events at @point in namespace @netns of datagrams to @port. */
static unsigned count(const struct world *w, enum rca_trace_point point,
                      const char *netns, uint16_t port)
{
    const uint32_t inode = (uint32_t)net_inode(netns);
    unsigned n = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct rca_trace_event *e = &w->events[i];

        n += e->point == (uint32_t)point && e->netns == inode &&
             e->flow.protocol == IPPROTO_UDP &&
             e->flow.destination_port == port;
    }
    return n;
}

/* Softirqs may run late: until that many are there, or 10 s have passed. */
static void await(struct world *w, enum rca_trace_point point,
                  const char *netns, uint16_t port, unsigned want)
{
    for (int i = 0; i < 200 && count(w, point, netns, port) < want; i++)
        assert_true(rca_trace_poll(w->capture, 50, keep, w) >= 0);
}

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
    RCA_CLEANUP(done) struct world w = start(state, &options);

    net_send("c", "10.9.0.2", 9, 100);
    await(&w, RCA_TRACE_DROP, "s", 9, 100);
    finish(&w);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(expected); i++)
        assert_int_equal(count(&w, expected[i].point, expected[i].netns, 9),
                         100);
}

static int setup(void **state)
{
    static int permitted;

    if (!net_enter())
        return 0;
    net_switch();
    permitted = 1;
    *state = &permitted;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_is_seen_at_every_point),
    };

    return cmocka_run_group_tests_name("bpf/trace", tests, setup, NULL);
}
