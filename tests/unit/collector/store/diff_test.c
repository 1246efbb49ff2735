/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/diff.h"

#include "graph/base/err.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void lists_done(struct rca_vec_key *list)
{
    free(list->at);
}

static void set(struct rca_vec_key *list, const uint64_t *keys, size_t n)
{
    assert_ok(rca_vec_room(list, n + 1));
    for (list->n = 0; list->n < n; list->n++)
        list->at[list->n] = keys[list->n];
}

/* Bytes that @now takes against @old; it must come back. */
static size_t there_and_back(const struct rca_vec_key *old,
                             const struct rca_vec_key *now)
{
    struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_vec_key got RCA_CLEANUP(lists_done) = {0};
    struct rca_reader r;

    rca_diff_put(old, now, &out);
    assert_ok(out.err);
    r = (struct rca_reader){(const uint8_t *)out.text,
                            (const uint8_t *)out.text + out.len};
    assert_ok(rca_diff_get(&r, old, &got));
    assert_ptr_equal(r.p, r.end);
    assert_int_equal(got.n, now->n);
    for (size_t i = 0; i < got.n; i++)
        assert_int_equal(got.at[i], now->at[i]);
    for (size_t len = 0; len < out.len; len++) {
        r = (struct rca_reader){(const uint8_t *)out.text,
                                (const uint8_t *)out.text + len};
        assert_err(rca_diff_get(&r, old, &got), RCA_ECORRUPT);
    }
    return out.len;
}

static void a_change_costs_what_changed(void **state)
{
    struct rca_vec_key old RCA_CLEANUP(lists_done) = {0};
    struct rca_vec_key now RCA_CLEANUP(lists_done) = {0};

    (void)state;
    set(&old, (uint64_t[]){5, 6, 9, 1000}, 4);
    assert_int_equal(there_and_back(&old, &old), 1);
    set(&now, (uint64_t[]){5, 7, 8, 9, 1000}, 5);
    /* one edit: 1 stays, 1 goes, 2 come: 2 above 5, 1 above 7 */
    assert_int_equal(there_and_back(&old, &now), 1 + 3 + 2);
    set(&now, NULL, 0);
    there_and_back(&old, &now);
    there_and_back(&now, &old);
    there_and_back(&now, &now);
    set(&now, (uint64_t[]){0, UINT64_MAX}, 2);
    there_and_back(&old, &now);
}

static void random_lists_come_back(void **state)
{
    struct rca_vec_key old RCA_CLEANUP(lists_done) = {0};
    struct rca_vec_key now RCA_CLEANUP(lists_done) = {0};
    uint64_t seed = test_seed();

    (void)state;
    assert_ok(rca_vec_room(&old, 100));
    assert_ok(rca_vec_room(&now, 100));
    for (int round = 0; round < 300; round++) {
        double share = test_random(&seed);

        old.n = now.n = 0;
        for (uint64_t key = 0; key < 100; key++) {
            _Bool in_old = test_random(&seed) < 0.5;

            if (in_old)
                old.at[old.n++] = key * key;
            if (test_random(&seed) < share ? test_random(&seed) < 0.5 : in_old)
                now.at[now.n++] = key * key;
        }
        there_and_back(&old, &now);
    }
}

static void what_does_not_fit_the_old_list_is_refused(void **state)
{
    static const uint8_t bad[][5] = {
        {1, 3, 0, 0}, /* 3 stay of 2 */
        {1, 1, 2, 0}, /* 2 go of 1 */
        {1, 1, 0, 1, 0}, /* not above the one before */
        {1, 0, 0, 1, 20}, /* 20, then 10 */
    };
    struct rca_vec_key old RCA_CLEANUP(lists_done) = {0};
    struct rca_vec_key got RCA_CLEANUP(lists_done) = {0};

    (void)state;
    set(&old, (uint64_t[]){10, 15}, 2);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++) {
        struct rca_reader r = {bad[i], bad[i] + sizeof(bad[i])};

        assert_err(rca_diff_get(&r, &old, &got), RCA_ECORRUPT);
    }
}

static void a_failed_allocation_is_reported(void **state)
{
    const uint8_t same[] = {0};
    struct rca_vec_key old RCA_CLEANUP(lists_done) = {0};
    int err = -1;

    (void)state;
    set(&old, (uint64_t[]){1, 2}, 2);
    for (long n = 0; err; n++) {
        struct rca_vec_key got RCA_CLEANUP(lists_done) = {0};
        struct rca_reader r = {same, same + 1};

        oom_after(n);
        err = rca_diff_get(&r, &old, &got);
        assert_int_equal(err, oom_hit() ? -ENOMEM : 0);
        oom_after(-1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_costs_what_changed),
        cmocka_unit_test(random_lists_come_back),
        cmocka_unit_test(what_does_not_fit_the_old_list_is_refused),
        cmocka_unit_test(a_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
