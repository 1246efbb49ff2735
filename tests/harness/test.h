/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * test - cmocka and the assertions that numerical code needs.
 *
 * Debian 12's cmocka rounds assert_float_equal() to single precision: use
 * assert_close().
 */

/* cmocka.h needs the four headers before it */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>

#include "graph/base/base.h"

#define assert_ok(expr) assert_int_equal((expr), 0)
#define assert_err(expr, code) assert_int_equal((expr), (code))
#define assert_nan(x) assert_true(isnan(x))

/** assert_close() - |got - want| <= rtol * max(|got|, |want|); what is not
 * finite fails */
#define assert_close(got, want, rtol)                                          \
    test_close((got), (want), (rtol), #got, __FILE__, __LINE__)

static inline void test_close(double got, double want, double rtol,
                              const char *what, const char *file, int line)
{
    if (isfinite(got) && fabs(got - want) <= rtol * fmax(fabs(got), fabs(want)))
        return;
    print_error("%s = %.17g, want %.17g +- %g relative\n", what, got, want,
                rtol);
    _fail(file, line);
}

/** test_seed() - seed of a randomized test, printed; RCA_TEST_SEED sets it */
static inline uint64_t test_seed(void)
{
    const char *env = getenv("RCA_TEST_SEED");
    uint64_t seed = env ? strtoull(env, NULL, 10) : 1;

    print_message("RCA_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/** test_rounds() - how often a randomized test is to repeat what it does: @n,
 * or RCA_TEST_ROUNDS where that is less, for memcheck */
static inline int test_rounds(int n)
{
    const char *env = getenv("RCA_TEST_ROUNDS");
    const long most = env ? strtol(env, NULL, 10) : n;

    return most < n ? (int)most : n;
}

/** test_random() - next of a xorshift sequence, uniform in [0, 1) */
static inline double test_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) / 9007199254740992.0;
}
