/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/pack.h"

#include <errno.h>

#include "graph/base/err.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static const rca_id ids[] = {0, 7, 8, 70000, 4294967294};

static void fill(struct rca_pack *pack)
{
    rca_pack_clear(pack);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(ids); i++)
        rca_pack_put(pack, ids[i], "chunks", i);
}

static int read_all(const uint8_t *row, size_t len, rca_id entity, size_t *n)
{
    struct rca_pack_reader r;
    int err;

    *n = 0;
    rca_pack_read(row, len, entity, &r);
    while ((err = rca_pack_next(&r)) > 0) {
        assert_in_range(*n, 0, RCA_ARRAY_SIZE(ids) - 1);
        assert_int_equal(r.entity, ids[*n]);
        assert_int_equal(r.len, *n);
        assert_memory_equal(r.chunk, "chunks", r.len);
        ++*n;
    }
    return err;
}

static void chunks_come_back_with_their_entities(void **state)
{
    struct rca_pack pack RCA_CLEANUP(rca_pack_done) = {0};
    size_t n;

    (void)state;
    for (int round = 0; round < 2; round++) {
        fill(&pack);
        assert_ok(pack.bytes.err);
        assert_int_equal(pack.first, ids[0]);
        assert_ok(read_all((const uint8_t *)pack.bytes.text, pack.bytes.len,
                           ids[0], &n));
        assert_int_equal(n, RCA_ARRAY_SIZE(ids));
    }
}

/* A row of the first version: what it is of is known by its key. */
static void a_chunk_alone_is_a_row(void **state)
{
    const uint8_t row[] = {1, 2, 3};
    struct rca_pack_reader r;

    (void)state;
    rca_pack_read(row, sizeof(row), 5, &r);
    assert_int_equal(rca_pack_next(&r), 1);
    assert_int_equal(r.entity, 5);
    assert_ptr_equal(r.chunk, row);
    assert_int_equal(r.len, 3);
    assert_int_equal(rca_pack_next(&r), 0);
}

/* A cut between two chunks is found by who counts them. */
static void a_cut_row_or_a_wrong_key_is_found(void **state)
{
    struct rca_pack pack RCA_CLEANUP(rca_pack_done) = {0};
    size_t n, whole = 0;

    (void)state;
    fill(&pack);
    assert_err(
        read_all((const uint8_t *)pack.bytes.text, pack.bytes.len, 1, &n),
        RCA_ECORRUPT);
    for (size_t len = 1; len < pack.bytes.len; len++) {
        int err = read_all((const uint8_t *)pack.bytes.text, len, 0, &n);

        assert_true(err == 0 || err == RCA_ECORRUPT);
        whole += err == 0;
    }
    assert_int_equal(whole, RCA_ARRAY_SIZE(ids) - 1);
}

static void every_failed_allocation_is_reported(void **state)
{
    int err = -1;

    (void)state;
    for (long n = 0; err; n++) {
        struct rca_pack pack RCA_CLEANUP(rca_pack_done) = {0};

        oom_after(n);
        fill(&pack);
        err = pack.bytes.err;
        assert_int_equal(err, oom_hit() ? -ENOMEM : 0);
        oom_after(-1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_come_back_with_their_entities),
        cmocka_unit_test(a_chunk_alone_is_a_row),
        cmocka_unit_test(a_cut_row_or_a_wrong_key_is_found),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
