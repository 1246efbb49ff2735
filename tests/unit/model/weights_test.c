/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/weights.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define N RCA_EVIDENCE_COUNT
#define SUSPECTS 8
#define LESSONS 60

struct school {
    struct rca_suspect suspects[LESSONS][SUSPECTS];
    struct rca_evidence evidence[LESSONS];
    _Bool guilty[LESSONS][SUSPECTS];
    struct rca_lesson lessons[LESSONS];
};

/* incidents in which the guilty one deviates less (!), its neighbours deviate
 * and it moves with the symptom */
static struct school *school_new(uint64_t *state)
{
    struct school *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    for (size_t i = 0; i < LESSONS; i++) {
        const size_t truth = (size_t)(test_random(state) * SUSPECTS);

        s->evidence[i] = (struct rca_evidence){
            .n = SUSPECTS, .list = s->suspects[i], .symptom = 0, .severity = 5};
        s->lessons[i] = (struct rca_lesson){&s->evidence[i], s->guilty[i], 1};
        s->guilty[i][truth] = 1;
        for (size_t k = 0; k < SUSPECTS; k++) {
            double *x = s->suspects[i][k].x;

            for (size_t e = 0; e < N; e++)
                x[e] = test_random(state);
            x[RCA_EVIDENCE_ODD3] -= k == truth ? 1 : 0;
            x[RCA_EVIDENCE_AROUND] += k == truth ? 0.7 : 0;
            x[RCA_EVIDENCE_TOGETHER] += k == truth ? 0.7 : 0;
            x[RCA_EVIDENCE_VICTIM] += k == truth ? 0.5 : 0;
        }
    }
    return s;
}

/* mean log probability of the guilty */
static double quality(const struct school *s, const struct rca_weights *w)
{
    double sum = 0;

    for (size_t i = 0; i < LESSONS; i++) {
        double chance[SUSPECTS];

        rca_weights_chances(w, &s->evidence[i], chance);
        for (size_t k = 0; k < SUSPECTS; k++)
            sum += s->guilty[i][k] ? log(chance[k]) / LESSONS : 0;
    }
    return sum;
}

static void learning_makes_the_guilty_likelier(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    const struct rca_weights *before = rca_weights_by_hand();
    struct rca_weights w;

    (void)unused;
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &w));
    assert_true(quality(s, &w) > quality(s, before) + 0.5);
    assert_true(w.w[RCA_EVIDENCE_TOGETHER] > before->w[RCA_EVIDENCE_TOGETHER]);
    assert_true(w.w[RCA_EVIDENCE_AROUND] > before->w[RCA_EVIDENCE_AROUND]);
}

static void has_signs(const struct rca_weights *w)
{
    const struct rca_weights *hand = rca_weights_by_hand();

    for (size_t e = 0; e < N; e++) {
        assert_true(isfinite(w->w[e]));
        assert_true(w->w[e] * hand->w[e] >= 0);
    }
    for (size_t k = 0; k < RCA_TRUST_COUNT; k++)
        assert_true(isfinite(w->trust[k]));
    /* surer of it: not less often right */
    assert_true(w->trust[1] >= 0);
}

static void no_lesson_turns_a_sign(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    struct rca_weights w;

    (void)unused;
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &w));
    has_signs(&w);
    assert_true(w.w[RCA_EVIDENCE_ODD3] == 0);
    assert_true(w.w[RCA_EVIDENCE_VICTIM] == 0);
    has_signs(rca_weights_default());
    has_signs(rca_weights_by_hand());
}

static void the_chances_add_up_and_follow_the_scores(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    const struct rca_weights *w = rca_weights_default();

    (void)unused;
    s->suspects[0][0].x[RCA_EVIDENCE_SHARE] = 1e4; /* exp() of it overflows */
    for (size_t i = 0; i < LESSONS; i++) {
        const struct rca_evidence *e = &s->evidence[i];
        double chance[SUSPECTS], sum = 0;

        rca_weights_chances(w, e, chance);
        for (size_t k = 0; k < SUSPECTS; k++) {
            const double ahead = rca_weights_score(w, e->list[k].x) -
                                 rca_weights_score(w, e->list[0].x);

            sum += chance[k];
            assert_close(chance[k], chance[0] * exp(ahead), 1e-9);
        }
        assert_close(sum, 1, 1e-12);
    }
}

static void what_speaks_against_all_alike_says_nothing(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    double before[SUSPECTS], after[SUSPECTS];
    struct rca_weights w, again;

    (void)unused;
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &w));
    rca_weights_chances(&w, &s->evidence[0], before);
    for (size_t i = 0; i < LESSONS; i++) {
        double all[N];

        for (size_t e = 0; e < N; e++)
            all[e] = 3 * test_random(&state);
        for (size_t k = 0; k < (size_t)SUSPECTS * N; k++)
            s->suspects[i][k / N].x[k % N] += all[k % N];
    }
    rca_weights_chances(&w, &s->evidence[0], after);
    for (size_t k = 0; k < SUSPECTS; k++)
        assert_close(after[k], before[k], 1e-9);
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &again));
    for (size_t e = 0; e < N; e++)
        assert_true(fabs(w.w[e] - again.w[e]) < 1e-5);
}

static void the_order_of_lessons_does_not_matter(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    struct rca_lesson turned[LESSONS];
    struct rca_weights w, again;

    (void)unused;
    for (size_t i = 0; i < LESSONS; i++)
        turned[i] = s->lessons[LESSONS - 1 - i];
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &w));
    assert_ok(rca_weights_fit(turned, LESSONS, &again));
    for (size_t e = 0; e < N; e++)
        assert_true(fabs(w.w[e] - again.w[e]) < 1e-5);
}

/* the weights stay; the confidence learns that the first is never right */
static void where_nobody_is_guilty_the_weights_are_those_by_hand(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    struct rca_weights w;

    (void)unused;
    memset(s->guilty, 0, sizeof(s->guilty));
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &w));
    assert_memory_equal(w.w, rca_weights_by_hand()->w, sizeof(w.w));
    assert_true(w.trust[0] < 0);
    assert_ok(rca_weights_fit(NULL, 0, &w));
    assert_memory_equal(&w, rca_weights_by_hand(), sizeof(w));
}

static void an_incident_without_suspects_teaches_nothing(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    struct rca_weights w, again;

    (void)unused;
    assert_ok(rca_weights_fit(s->lessons, LESSONS - 1, &w));
    s->evidence[LESSONS - 1].n = 0;
    s->evidence[LESSONS - 1].list = NULL;
    s->lessons[LESSONS - 1].guilty = NULL;
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &again));
    assert_memory_equal(&w, &again, sizeof(w));
}

static void the_confidence_is_made_of_what_is_said(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    struct rca_evidence *e = &s->evidence[0];
    const double chance[SUSPECTS] = {0, 0.8, 0.2};
    const double certain[SUSPECTS] = {0, 0, 0, 1};
    double x[RCA_TRUST_COUNT];

    (void)unused;
    s->suspects[0][1].first = 0.75;
    e->severity = exp(3) - 1;
    rca_weights_trust(e, 1, chance, x);
    assert_true(x[0] == 1);
    assert_close(x[1], log(4), 1e-12);
    assert_true(x[2] == 0.75);
    assert_close(x[3], log(4), 1e-12); /* over the second one's */
    assert_close(x[4], 3, 1e-12);
    e->symptom = UINT32_MAX;
    rca_weights_trust(e, 1, chance, x);
    assert_true(x[2] == 0.5);
    rca_weights_trust(e, 0, certain, x); /* either way, but finite */
    assert_close(x[1], -log(1e6), 1e-3);
    assert_close(x[3], -log(1e6), 1e-3);
    rca_weights_trust(e, 3, certain, x);
    assert_close(x[1], log(1e6), 1e-3);
    assert_close(x[3], log(1e6), 1e-3);
}

/* where the intercept is free, as many are right as were said to be: the
 * normal equation of a logit; the ridge of 0.1 leaves 0.1 |trust[0]| */
static void the_confidence_is_right_on_the_whole(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    struct rca_weights w;
    double said = 0, right = 0;

    (void)unused;
    for (size_t i = 0; i < LESSONS; i += 3) /* some without an answer */
        memset(s->guilty[i], 0, sizeof(s->guilty[i]));
    assert_ok(rca_weights_fit(s->lessons, LESSONS, &w));
    for (size_t i = 0; i < LESSONS; i++) {
        double chance[SUSPECTS], x[RCA_TRUST_COUNT], sum = 0;
        size_t first = 0;

        rca_weights_chances(&w, &s->evidence[i], chance);
        for (size_t k = 0; k < SUSPECTS; k++)
            first = chance[k] > chance[first] ? k : first;
        rca_weights_trust(&s->evidence[i], first, chance, x);
        for (size_t k = 0; k < RCA_TRUST_COUNT; k++)
            sum += w.trust[k] * x[k];
        said += 1 / (1 + exp(-sum));
        right += s->guilty[i][first];
    }
    assert_true(right > 10 && right < LESSONS - 10);
    assert_true(fabs(said - right) < 0.1 * fabs(w.trust[0]) + 0.01);
}

static void every_failed_allocation_is_reported(void **unused)
{
    uint64_t state = 4711;
    struct school *s RCA_CLEANUP(rca_freep) = school_new(&state);
    struct rca_weights w, untouched;
    int err = -1;

    (void)unused;
    memset(&untouched, 0x5a, sizeof(untouched));
    for (long n = 0; err; n++) {
        w = untouched;
        oom_after(n);
        err = rca_weights_fit(s->lessons, 3, &w);
        oom_after(-1);
        if (err) {
            assert_err(err, -ENOMEM);
            assert_memory_equal(&w, &untouched, sizeof(w));
        }
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learning_makes_the_guilty_likelier),
        cmocka_unit_test(no_lesson_turns_a_sign),
        cmocka_unit_test(the_chances_add_up_and_follow_the_scores),
        cmocka_unit_test(what_speaks_against_all_alike_says_nothing),
        cmocka_unit_test(the_order_of_lessons_does_not_matter),
        cmocka_unit_test(where_nobody_is_guilty_the_weights_are_those_by_hand),
        cmocka_unit_test(an_incident_without_suspects_teaches_nothing),
        cmocka_unit_test(the_confidence_is_made_of_what_is_said),
        cmocka_unit_test(the_confidence_is_right_on_the_whole),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
