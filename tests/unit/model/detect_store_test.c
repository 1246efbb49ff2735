/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is abnormal in a store: the simulated application, and its faults. */

#include <errno.h>

#include "model/detect.h"
#include "tests/harness/oom.h"
#include "tests/unit/model/sim_store.h"

#define NORMAL 900
#define FAULTY 70

static const struct rca_detect_options now = {
    .from = RCA_TIME_NONE, .to = RCA_TIME_NONE, .at = RCA_TIME_NONE};

struct store {
    struct sim_store f;
    struct rca_model *model;
};

static void open_store(struct store *s, enum sim_fault fault, size_t faulty)
{
    sim_store_open(&s->f, fault, test_seed(), NORMAL, faulty);
    s->model = NULL;
    assert_ok(rca_model_train(s->f.store, SIM_START,
                              SIM_START + (NORMAL - 100) * RCA_SECOND, 0,
                              &s->model));
}

static void close_store(struct store *s)
{
    rca_model_free(&s->model);
    sim_store_close(&s->f);
}

static struct rca_detection *ask(const struct store *s,
                                 const struct rca_detect_options *o)
{
    struct rca_detection *d = NULL;

    assert_ok(rca_detect(s->f.store, s->model, o, &d));
    return d;
}

static const struct rca_finding *find(const struct rca_detection *d, rca_id id)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (d->findings[i].card.entity == id)
            return &d->findings[i];
    }
    return NULL;
}

static void a_slow_service_is_found_now(void **state)
{
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
    const struct rca_card *c;
    struct store s;

    (void)state;
    open_store(&s, SIM_SLOW, FAULTY);
    d = ask(&s, &now);
    assert_true(d->to == s.f.sim->now);
    assert_true(d->from == d->to - 40 * RCA_SECOND);
    assert_int_equal(d->n_groups, 1);
    assert_non_null(find(d, s.f.sim->service[3]));
    assert_non_null(find(d, s.f.sim->service[0]));
    c = &d->findings[d->groups[0].first].card;
    assert_true(d->groups[0].n_symptoms > 0);
    assert_true(c->kind != RCA_KIND_CALL);
    assert_true(c->after > 1.3 * c->before);
    assert_close(c->factor, c->after / c->before, 1e-12);
    print_message("onset %+.0f s\n",
                  (double)(c->onset - (d->to - FAULTY * RCA_SECOND)) / 1e9);
    assert_true(llabs(c->onset - (d->to - FAULTY * RCA_SECOND)) <=
                2 * RCA_SECOND);
    close_store(&s);
}

static void what_is_normal_is_normal(void **state)
{
    struct rca_detect_options o = now;
    struct store s;

    (void)state;
    open_store(&s, SIM_NONE, FAULTY);
    for (int back = 0; back < 150; back += 30) {
        struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;

        o.at = s.f.sim->now - back * RCA_SECOND;
        d = ask(&s, &o);
        assert_int_equal(d->n_findings, 0);
        assert_int_equal(d->n_groups, 0);
        assert_true(d->n_metrics > 50 && d->n_tested == d->n_metrics);
        assert_true(d->n_entities > 10 && d->n_entities < d->n_metrics);
    }
    close_store(&s);
}

static void a_new_entity_belongs_to_the_incident(void **state)
{
    struct rca_detect_options o = now;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
    const struct rca_finding *f;
    struct store s;

    (void)state;
    open_store(&s, SIM_HOG, FAULTY);
    o.from = s.f.sim->now - FAULTY * RCA_SECOND;
    d = ask(&s, &o);
    f = find(d, sim_truth(s.f.sim));
    assert_non_null(f);
    assert_int_equal(f->change, RCA_CHANGE_APPEARED);
    assert_string_equal(f->card.metric, "");
    assert_nan(f->p);
    assert_int_equal(f->group, 0);
    assert_int_equal(d->n_groups, 1);
    close_store(&s);
}

static void a_past_time_can_be_asked_for(void **state)
{
    struct rca_detect_options o = now;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
    struct store s;

    (void)state;
    open_store(&s, SIM_FAIL, FAULTY);
    o.from = s.f.sim->now - 300 * RCA_SECOND;
    o.to = s.f.sim->now;
    d = ask(&s, &o);
    assert_true(d->stretch == 40 * RCA_SECOND);
    assert_int_equal(d->n_groups, 1);
    assert_non_null(find(d, s.f.sim->service[4]));
    assert_true(d->groups[0].onset >= o.to - (FAULTY + 2) * RCA_SECOND);
    close_store(&s);
}

/* train, then detect: the window that was learned holds the incident */
static void what_was_trained_on_is_still_abnormal(void **state)
{
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
    struct store s;

    (void)state;
    open_store(&s, SIM_SLOW, (size_t)3 * FAULTY);
    rca_model_free(&s.model);
    assert_ok(rca_model_train(s.f.store, SIM_START, s.f.sim->now, 0, &s.model));
    d = ask(&s, &now);
    assert_true(d->n_groups > 0 && d->groups[0].n_symptoms > 0);
    assert_non_null(find(d, s.f.sim->service[3]));
    close_store(&s);
}

static void impossible_questions_are_refused(void **state)
{
    struct rca_detect_options o = now;
    struct rca_detection *d = NULL;
    struct store s;

    (void)state;
    open_store(&s, SIM_NONE, 10);
    o.fdr = 1;
    assert_err(rca_detect(s.f.store, s.model, &o, &d), -EINVAL);
    o.fdr = -0.1;
    assert_err(rca_detect(s.f.store, s.model, &o, &d), -EINVAL);
    o.fdr = NAN;
    assert_err(rca_detect(s.f.store, s.model, &o, &d), -EINVAL);
    o = now;
    o.from = o.to = s.f.sim->now;
    assert_err(rca_detect(s.f.store, s.model, &o, &d), -EINVAL);
    o.from = s.f.sim->now + 3600 * RCA_SECOND;
    o.to = RCA_TIME_NONE;
    assert_err(rca_detect(s.f.store, s.model, &o, &d), RCA_ETOOFEW);
    o = now;
    o.at = SIM_START - 3600 * RCA_SECOND;
    assert_err(rca_detect(s.f.store, s.model, &o, &d), RCA_ETOOFEW);
    assert_null(d);
    close_store(&s);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct store s;
    _Bool more = 1;

    (void)state;
    open_store(&s, SIM_HOG, FAULTY);
    for (long n = 0; more; n += 1 + n / 10) {
        struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
        int err;

        oom_after(n);
        err = rca_detect(s.f.store, s.model, &now, &d);
        more = oom_hit();
        oom_after(-1);
        assert_int_equal(d == NULL, err != 0);
        assert_true(more || err == 0);
    }
    close_store(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_service_is_found_now),
        cmocka_unit_test(what_is_normal_is_normal),
        cmocka_unit_test(a_new_entity_belongs_to_the_incident),
        cmocka_unit_test(a_past_time_can_be_asked_for),
        cmocka_unit_test(what_was_trained_on_is_still_abnormal),
        cmocka_unit_test(impossible_questions_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
