/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A watch over the simulated application: one look at an incident, without
 * memory at each place; and restarts. */

#include "cli/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/common.h"
#include "tests/harness/oom.h"
#include "tests/unit/model/sim_store.h"

enum { NORMAL = 600, FAULTY = 60, SEED = 3 };

static volatile sig_atomic_t stop;

static struct rca_watch_options usual(void)
{
    return (struct rca_watch_options){.interval = RCA_SECOND,
                                      .settle = 30 * RCA_SECOND,
                                      .quiet = 120 * RCA_SECOND,
                                      .window = 3600 * RCA_SECOND,
                                      .train_every = 3600 * RCA_SECOND,
                                      .severity = RCA_SEVERITY_USUAL,
                                      .fdr = RCA_DETECT_FDR,
                                      .no_train = 1,
                                      .once = 1,
                                      .stop = &stop};
}

static void train(struct sim_store *f, size_t rows)
{
    struct rca_model *model = NULL;
    struct rca_store_info info;

    assert_ok(rca_store_info(f->store, &info));
    assert_ok(rca_model_train(f->store, info.first,
                              info.first + (rca_time)rows * RCA_SECOND, 0,
                              &model));
    assert_ok(rca_keep_model(f->store, model));
    rca_model_free(&model);
}

static int look(struct sim_store *f)
{
    const struct rca_watch_options o = usual();
    const struct rca_cli cli = {.db = f->path};

    return rca_watch_run(&cli, &o);
}

static struct rca_records kept(struct sim_store *f)
{
    struct rca_records all = {0};

    assert_ok(rca_records_read(f->store, &all));
    return all;
}

static void names_the_truth(struct sim_store *f, const struct rca_record *r)
{
    struct rca_graph *g = NULL;
    struct rca_store_info info;
    const struct rca_entity *e;

    assert_ok(rca_store_info(f->store, &info));
    assert_ok(rca_store_graph(f->store, info.first, info.last, &g));
    e = rca_graph_entity(g, rca_graph_node(g, sim_truth(f->sim)));
    assert_string_equal(rca_record_cause(r, 0).name, e->name);
    assert_string_equal(rca_record_cause(r, 0).kind, rca_kind_name(e->kind));
    rca_graph_free(&g);
}

static void one_incident_is_kept_once(void **state)
{
    static const enum sim_fault faults[] = {SIM_HOG, SIM_SLOW, SIM_FAIL};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(faults); i++) {
        struct rca_records all;
        struct sim_store f;

        sim_store_open(&f, faults[i], SEED, NORMAL, FAULTY);
        train(&f, NORMAL - 60);
        assert_int_equal(look(&f), RCA_EXIT_DONE);
        sim_run(f.sim, 0, 10);
        assert_int_equal(look(&f), RCA_EXIT_DONE);
        all = kept(&f);
        assert_int_equal(all.n, 1);
        assert_true(all.list[0]->closed == RCA_TIME_NONE);
        assert_true(all.list[0]->n_members > 0);
        assert_non_null(all.list[0]->text);
        names_the_truth(&f, all.list[0]);
        rca_records_done(&all);
        sim_store_close(&f);
    }
}

/* an open one of the last watch that has passed meanwhile */
static void calm_closes_what_was_open(void **state)
{
    struct rca_record *r = NULL;
    struct rca_records all;
    struct sim_store f;

    (void)state;
    sim_store_open(&f, SIM_NONE, SEED, NORMAL, FAULTY);
    train(&f, NORMAL - 60);
    assert_int_equal(look(&f), RCA_EXIT_DONE);
    all = kept(&f);
    assert_int_equal(all.n, 0);
    rca_records_done(&all);

    assert_ok(rca_record_new(&r));
    (void)snprintf(r->id, sizeof(r->id), "old");
    r->opened = SIM_START + 100 * RCA_SECOND;
    r->explained = SIM_START + 130 * RCA_SECOND;
    assert_ok(rca_record_add(r, "service", "nobody", "h"));
    assert_ok(rca_record_put(f.store, r));
    rca_record_free(&r);
    assert_int_equal(look(&f), RCA_EXIT_DONE);
    all = kept(&f);
    assert_int_equal(all.n, 1);
    assert_true(all.list[0]->closed == SIM_START + 130 * RCA_SECOND);
    rca_records_done(&all);
    sim_store_close(&f);
}

static void it_learns_where_there_is_no_model(void **state)
{
    struct rca_watch_options o = usual();
    struct rca_model *model = NULL;
    struct sim_store f;
    struct rca_cli cli;

    (void)state;
    sim_store_open(&f, SIM_NONE, SEED, NORMAL, 0);
    cli = (struct rca_cli){.db = f.path, .verbosity = -1};
    assert_int_equal(rca_watch_run(&cli, &o), RCA_EXIT_UNCLEAR);
    o.no_train = 0;
    assert_int_equal(rca_watch_run(&cli, &o), RCA_EXIT_DONE);
    assert_ok(rca_load_model(f.store, &model));
    rca_model_free(&model);
    sim_store_close(&f);
}

static void a_light_profile_is_blind(void **state)
{
    const struct rca_watch_options o = usual();
    struct rca_watcher w = {.options = &o};
    struct sim_store f;
    rca_id host, series;
    size_t blind = 9;

    (void)state;
    sim_store_open(&f, SIM_NONE, SEED, 40, 0);
    assert_ok(rca_store_entity(f.store, RCA_KIND_HOST, "h", "h", &host));
    assert_ok(rca_store_series(f.store, "rca_profile", &series));
    assert_ok(rca_store_info(f.store, &w.info));
    w.store = f.store;
    for (int i = 1; i <= 3; i++) { /* deep, standard, light */
        const struct rca_sample sample = {host, series, 3 - i};
        const struct rca_tick tick = {.time = w.info.last + i * RCA_SECOND,
                                      .samples = &sample,
                                      .n_samples = 1};

        assert_ok(rca_store_append(f.store, &tick));
        w.last = tick.time;
        assert_ok(rca_store_graph(f.store, w.info.first, w.last, &w.graph));
        assert_ok(rca_watch_blind(&w, &blind));
        assert_int_equal(blind, i == 3);
        rca_watch_tell_blind(&w);
        assert_int_equal(w.blind, i == 3);
        rca_graph_free(&w.graph);
    }
    sim_store_close(&f);
}

/* whatever fails, it goes on, and the next look makes up for it */
static void memory_that_is_missing_ends_nothing(void **state)
{
    struct sim_store f;
    struct rca_records all;
    long step = 1;

    (void)state;
    sim_store_open(&f, SIM_SLOW, SEED, 120, 40);
    train(&f, 110);
    for (long n = 0, hit = 1; hit; n += step) {
        oom_after(n);
        (void)look(&f);
        hit = oom_hit();
        oom_after(-1);
        step = n / 8 + 1;
    }
    all = kept(&f);
    assert_int_equal(all.n, 1);
    rca_records_done(&all);
    sim_store_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_incident_is_kept_once),
        cmocka_unit_test(calm_closes_what_was_open),
        cmocka_unit_test(it_learns_where_there_is_no_model),
        cmocka_unit_test(a_light_profile_is_blind),
        cmocka_unit_test(memory_that_is_missing_ends_nothing),
    };

    return cmocka_run_group_tests_name("cli/watch", tests, NULL, NULL);
}
