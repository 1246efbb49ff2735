/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What was captured becomes the explanation's own. */

#include <errno.h>
#include <string.h>

#include "model/explain.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static struct rca_packets captured(void)
{
    return (struct rca_packets){
        .filter = "tcp port 8080",
        .what = "web port 8080",
        .from = RCA_SECOND,
        .to = 6 * RCA_SECOND,
        .packets = 15204,
        .died = 312,
        .lost = 7,
        .n_deaths = 2,
        .deaths = {{.reason = "netfilter_drop",
                    .rule = "web:filter/input/2",
                    .packets = 300},
                   {.reason = "no_socket",
                    .netns = "web",
                    .service = "web",
                    .device = "eth0",
                    .place = "tcp_v4_rcv",
                    .text = "",
                    .packets = 12}},
    };
}

static void texts_are_copied(void **state)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));
    struct rca_packets p = captured();
    char filter[] = "udp";

    (void)state;
    assert_non_null(e);
    p.filter = filter;
    assert_ok(rca_explanation_set_packets(e, &p));
    filter[0] = 'x';
    assert_string_equal(e->packets->filter, "udp");
    assert_string_equal(e->packets->what, "web port 8080");
    assert_null(e->packets->unseen);
    assert_int_equal(e->packets->packets, 15204);
    assert_int_equal(e->packets->n_deaths, 2);
    assert_string_equal(e->packets->deaths[0].rule, "web:filter/input/2");
    assert_null(e->packets->deaths[0].device);
    assert_string_equal(e->packets->deaths[1].place, "tcp_v4_rcv");
    assert_string_equal(e->packets->deaths[1].service, "web");
    assert_string_equal(e->packets->deaths[1].text, "");
    assert_int_equal(e->packets->deaths[1].packets, 12);
}

static void a_later_capture_replaces_it(void **state)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));
    struct rca_packets p = captured();

    (void)state;
    assert_non_null(e);
    assert_ok(rca_explanation_set_packets(e, &p));
    p.n_deaths = RCA_DEATHS_MAX + 5; /* more than there are */
    for (size_t i = 2; i < RCA_DEATHS_MAX; i++)
        p.deaths[i] = p.deaths[0];
    p.unseen = "needs root";
    assert_ok(rca_explanation_set_packets(e, &p));
    assert_int_equal(e->packets->n_deaths, RCA_DEATHS_MAX);
    assert_string_equal(e->packets->unseen, "needs root");
    /* from itself, too */
    assert_ok(rca_explanation_set_packets(e, e->packets));
    assert_string_equal(e->packets->deaths[7].reason, "netfilter_drop");
    assert_ok(rca_explanation_set_packets(e, NULL));
    assert_null(e->packets);
}

static void without_memory_nothing_changes(void **state)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));
    struct rca_packets p = captured();
    struct rca_packets *before;

    (void)state;
    assert_non_null(e);
    assert_ok(rca_explanation_set_packets(e, &p));
    before = e->packets;
    oom_after(0);
    assert_int_equal(rca_explanation_set_packets(e, &p), -ENOMEM);
    oom_after(-1);
    assert_ptr_equal(e->packets, before);
    assert_string_equal(e->packets->filter, "tcp port 8080");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(a_later_capture_replaces_it),
        cmocka_unit_test(without_memory_nothing_changes),
    };

    return cmocka_run_group_tests_name("model/packets", tests, NULL, NULL);
}
