/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a collector's own series say of its cost and losses. */

#include "cli/status.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

enum { TICKS = 5000 }; /* more than an hour: what is older does not count */

/* drops: 1 each second, from 0 again at 4000 (a restart); nothing else lost */
static void fill(struct fixture *f)
{
    const char *const names[] = {
        "rca_lost_drops_total",  "rca_lost_x_total", "rca_tick_seconds",
        "rca_cpu_seconds_total", "rca_profile",      "rca_lost_"};
    rca_id host, other, id[RCA_ARRAY_SIZE(names)];
    const char features[] =
        "sockets\ton\ttp_btf/x\t\nqueues\toff\tno tc\tloss\n"
        "broken line\n";

    assert_ok(rca_store_entity(f->store, RCA_KIND_HOST, "h", "h", &host));
    assert_ok(rca_store_entity(f->store, RCA_KIND_NIC, "h", "h", &other));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++)
        assert_ok(rca_store_series(f->store, names[i], &id[i]));
    for (int i = 0; i < TICKS; i++) {
        const struct rca_sample samples[] = {
            {host, id[0], i < 4000 ? i : i - 4000},
            {host, id[1], 0},
            {host, id[2], i == 3000 ? 0.5 : 0.001 * (1 + i % 3)},
            {host, id[3], 0.002 * i},
            {host, id[4], 1},
            {host, id[5], 7},
            {other, id[0], 1e9},
        };

        assert_ok(fixture_append(f, TICK(i), samples, RCA_ARRAY_SIZE(samples)));
    }
    assert_ok(rca_store_put(f->store, "features", TICK(0), features,
                            sizeof(features) - 1));
}

static struct rca_open open_of(struct fixture *f)
{
    struct rca_open open = {.store = f->store};

    assert_ok(rca_store_info(f->store, &open.info));
    assert_ok(rca_store_graph(f->store, open.info.first, open.info.last,
                              &open.graph));
    return open;
}

static void losses_and_cost_are_of_the_last_hour(void **state)
{
    struct fixture *f = *state;
    struct rca_status s = {0};
    struct rca_open open;

    fill(f);
    open = open_of(f);
    assert_ok(rca_status_read(&open, "x.db", TICK(TICKS), &s));
    assert_int_equal(s.n_losses, 2);
    assert_string_equal(s.losses[0].what, "drops");
    assert_string_equal(s.losses[0].host, "h");
    assert_close(s.losses[0].total, 999, 0);
    assert_close(s.losses[0].hour, 3999 - 1399 + 999, 0);
    assert_string_equal(s.losses[1].what, "x");
    assert_true(s.losses[1].total == 0 && s.losses[1].hour == 0);
    assert_int_equal(s.n_hosts, 1);
    assert_close(s.hosts[0].cpu_cores, 0.002, 1e-9);
    assert_close(s.hosts[0].tick_median_seconds, 0.002, 1e-12);
    assert_close(s.hosts[0].tick_max_seconds, 0.5, 0);
    assert_int_equal(s.hosts[0].ticks, 3601);
    assert_nan(s.hosts[0].bpf_cores);
    assert_int_equal(s.n_features, 2);
    assert_string_equal(s.features[1].state, "off");
    assert_string_equal(s.features[1].lost, "loss");
    assert_int_equal(s.model_state, RCA_STATUS_MODEL_NONE);
    rca_status_done(&s);
    rca_graph_free(&open.graph);
}

static void json_has_all_of_it(void **state)
{
    struct fixture *f = *state;
    struct rca_status s = {0};
    struct rca_open open;
    char *text = NULL;

    fill(f);
    open = open_of(f);
    assert_ok(rca_status_read(&open, "x.db", TICK(TICKS), &s));
    assert_ok(rca_status_json(&s, &text));
    assert_non_null(strstr(text,
                           "{\"schema_version\":1,\"store\":{\"path\":"
                           "\"x.db\",\"first\":\"2023-11-14T22:13:20Z\""));
    assert_non_null(strstr(text, "\"model\":null,\"collectors\":[{\"host\":"
                                 "\"h\",\"profile\":\"standard\""));
    assert_non_null(strstr(text, "\"bpf_cores\":null"));
    assert_non_null(strstr(text, "\"lost\":[{\"host\":\"h\",\"what\":\"drops\","
                                 "\"total\":999,\"last_hour\":3599},"));
    assert_non_null(strstr(text,
                           "{\"name\":\"queues\",\"state\":\"off\",\"how\""
                           ":\"no tc\",\"not_seen\":\"loss\"}],"
                           "\"feedback\":{\"right\":0,\"wrong\":0,"
                           "\"confidence_shift\":0}}\n"));
    free(text);
    rca_status_done(&s);
    rca_graph_free(&open.graph);
}

static void a_damaged_model_is_said(void **state)
{
    struct fixture *f = *state;
    struct rca_status s = {0};
    struct rca_open open;

    fill(f);
    assert_ok(rca_store_put(f->store, "model", TICK(0), "no model", 8));
    open = open_of(f);
    assert_ok(rca_status_read(&open, "x.db", TICK(TICKS), &s));
    assert_int_equal(s.model_state, RCA_STATUS_MODEL_DAMAGED);
    rca_status_done(&s);
    rca_graph_free(&open.graph);
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    struct rca_open open;
    _Bool hit = 1;

    fill(f);
    open = open_of(f);
    for (long n = 0; hit; n++) {
        struct rca_status s = {0};
        char *text = NULL;
        int err;

        oom_after(n);
        err = rca_status_read(&open, "x.db", TICK(TICKS), &s);
        if (!err)
            err = rca_status_json(&s, &text);
        hit = oom_hit();
        oom_after(-1);
        assert_int_equal(err, hit ? -ENOMEM : 0);
        free(text);
        rca_status_done(&s);
    }
    rca_graph_free(&open.graph);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(losses_and_cost_are_of_the_last_hour),
        TEST(json_has_all_of_it),
        TEST(a_damaged_model_is_said),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("cli/status", tests, NULL, NULL);
}
