/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate_random.h"

#include <math.h>

#define LN2_HIGH 0x1.62e42fefa38p-1 /* its last 13 bits are 0 */
#define LN2_LOW 0x1.ef35793c7673p-45
#define EXP_MAX 700.0

struct rca_sim_random rca_sim_random_make(uint64_t seed, uint64_t stream)
{
    struct rca_sim_random r = {seed};

    r.state = rca_sim_random_next(&r) ^ stream * UINT64_C(0xd1342543de82ef95);
    (void)rca_sim_random_next(&r);
    return r;
}

uint64_t rca_sim_random_next(struct rca_sim_random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double rca_sim_random_unit(struct rca_sim_random *r)
{
    return (double)(rca_sim_random_next(r) >> 11) * 0x1p-53;
}

double rca_sim_random_range(struct rca_sim_random *r, double low, double high)
{
    return low + (high - low) * rca_sim_random_unit(r);
}

double rca_sim_random_scale(struct rca_sim_random *r, double low, double high)
{
    return low * rca_sim_exp(rca_sim_random_unit(r) * rca_sim_log(high / low));
}

size_t rca_sim_random_below(struct rca_sim_random *r, size_t n)
{
    return (size_t)(rca_sim_random_unit(r) * (double)n);
}

_Bool rca_sim_random_chance(struct rca_sim_random *r, double p)
{
    return rca_sim_random_unit(r) < p;
}

double rca_sim_random_normal(struct rca_sim_random *r)
{
    const double scale = 0x1.3988e1409212ep+0 / 65536; /* sqrt(12 / 8) */
    int64_t sum = 0;

    for (int i = 0; i < 2; i++) {
        const uint64_t z = rca_sim_random_next(r);

        sum += (int64_t)((z & 0xffff) + (z >> 16 & 0xffff) +
                         (z >> 32 & 0xffff) + (z >> 48));
    }
    return ((double)sum - 4 * 65535.0) * scale;
}

double rca_sim_exp(double x)
{
    /* 1 / n! from n = 13 down */
    static const double taylor[] = {
        1.0 / 6227020800,
        1.0 / 479001600,
        1.0 / 39916800,
        1.0 / 3628800,
        1.0 / 362880,
        1.0 / 40320,
        1.0 / 5040,
        1.0 / 720,
        1.0 / 120,
        1.0 / 24,
        1.0 / 6,
        1.0 / 2,
        1,
        1,
    };
    double whole, rest, sum = 0;

    if (x < -EXP_MAX)
        return 0;
    if (x > EXP_MAX)
        x = EXP_MAX;
    whole = floor(x * (1 / LN2_HIGH) + 0.5);
    rest = x - whole * LN2_HIGH - whole * LN2_LOW;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(taylor); i++)
        sum = sum * rest + taylor[i];
    return ldexp(sum, (int)whole);
}

double rca_sim_log(double x)
{
    int power;
    const double part = frexp(x, &power);
    const double y = (part - 1) / (part + 1), square = y * y;
    double sum = 0;

    /* log(part) = 2 atanh(y), |y| <= 1/3 */
    for (int i = 31; i > 0; i -= 2)
        sum = sum * square + 1.0 / i;
    return 2 * y * sum + power * LN2_HIGH + power * LN2_LOW;
}

double rca_sim_wave(double phase)
{
    const double turn = phase - floor(phase);
    const _Bool low = turn >= 0.5;
    const double half = 2 * (low ? turn - 0.5 : turn);
    const double arch = half * (1 - half);
    /* Bhaskara I, 7th century */
    const double value = 16 * arch / (5 - 4 * arch);

    return low ? -value : value;
}
