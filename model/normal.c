/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/normal.h"

#include <math.h>

/* Right end of the lowest layer, and the area of each (Marsaglia and Tsang,
 * table for 128 layers). */
#define TAIL 3.442619855899
#define AREA 9.91256303526217e-3

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t next_bits(struct rca_normal *g)
{
    uint64_t *s = g->state;
    const uint64_t bits = rotate(s[0] + s[3], 23) + s[0];
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return bits;
}

/* above 0, at most 1 */
static double next_uniform(struct rca_normal *g)
{
    return (double)((next_bits(g) >> 11) + 1) * 0x1p-53;
}

static uint64_t split_mix(uint64_t *x)
{
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double density(double x)
{
    return exp(-0.5 * x * x);
}

void rca_normal_init(struct rca_normal *normal, uint64_t seed, uint64_t stream)
{
    uint64_t mix = stream;
    double f = density(TAIL);

    mix = seed ^ split_mix(&mix);
    for (int i = 0; i < 4; i++)
        normal->state[i] = split_mix(&mix);
    normal->edge[0] = AREA / f; /* as if the lowest layer were a box too */
    normal->edge[1] = TAIL;
    for (int i = 2; i < RCA_NORMAL_LAYERS; i++) {
        normal->edge[i] = sqrt(-2 * log(AREA / normal->edge[i - 1] + f));
        f = density(normal->edge[i]);
    }
    normal->edge[RCA_NORMAL_LAYERS] = 0;
    for (int i = 0; i < RCA_NORMAL_LAYERS; i++)
        normal->ratio[i] = normal->edge[i + 1] / normal->edge[i];
}

/* beyond TAIL (Marsaglia 1964) */
static double draw_tail(struct rca_normal *g, _Bool negative)
{
    double x, y;

    do {
        x = -log(next_uniform(g)) / TAIL;
        y = -log(next_uniform(g));
    } while (y + y < x * x);
    return negative ? -TAIL - x : TAIL + x;
}

double rca_normal_draw(struct rca_normal *normal)
{
    for (;;) {
        const uint64_t bits = next_bits(normal);
        const unsigned i = bits & (RCA_NORMAL_LAYERS - 1);
        const double u = (double)((int64_t)bits >> 11) * 0x1p-52;
        const double x = u * normal->edge[i];
        double low, high;

        if (fabs(u) < normal->ratio[i])
            return x;
        if (i == 0)
            return draw_tail(normal, u < 0);
        low = density(normal->edge[i]);
        high = density(normal->edge[i + 1]);
        if (low + next_uniform(normal) * (high - low) < density(x))
            return x;
    }
}
