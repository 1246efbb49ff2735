/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/rice.h"

#include "collector/store/varint.h"

/*
 * The parameter is chosen from how many numbers have each length in bits: that
 * takes one pass, and prices every k without another. Differences of counters
 * lie around their usual size; a few samples of the stream tell it well enough.
 */

/** Unary parts of this length lead a number that is far off. */
#define ESCAPE 20

/** k where all are the centre and nothing follows: no number needs as many. */
#define ALL_SAME 63

/** Samples that the centre is the median of. */
#define CENTRE_SAMPLES 15

static unsigned width_of(uint64_t u)
{
    return u ? 64 - (unsigned)__builtin_clzll(u) : 0;
}

/* How many numbers have each width. */
struct widths {
    uint16_t count[65];
    unsigned max;
};

static void count_width(struct widths *w, uint64_t u)
{
    w->count[width_of(u)]++;
}

/* Twice the bits of a number of @over bits more than k, beyond 1 + k: the mean
 * of q over numbers of that length. Longer ones are written whole. */
static uint64_t cost_twice(unsigned width, unsigned k)
{
    static const uint64_t mean_q[] = {0, 2, 5, 11, 23};
    const unsigned over = width > k ? width - k : 0;

    if (over < RCA_ARRAY_SIZE(mean_q))
        return 2 + 2 * (uint64_t)k + mean_q[over];
    /* 16 to 19 of 16 to 31 still fit */
    if (over == 5)
        return (2 * (18 + (uint64_t)k) + 1 + 6 * (26 + (uint64_t)width)) / 4;
    return 2 * (ESCAPE + 6 + (uint64_t)width);
}

static uint64_t price(const struct widths *w, unsigned k)
{
    uint64_t twice = 0;

    for (unsigned i = 0; i <= w->max; i++) {
        if (w->count[i])
            twice += w->count[i] * cost_twice(i, k);
    }
    return (twice + 1) / 2;
}

/* From the median length downhill to the best k. */
static unsigned best_k(struct widths *w, size_t n, uint64_t *ret_bits)
{
    size_t below = 0;
    unsigned k = 0;
    uint64_t bits, next;

    for (w->max = 64; w->max && !w->count[w->max];)
        w->max--;
    while (k < w->max && (below += w->count[k]) * 2 < n)
        k++;
    if (w->max == 0) {
        *ret_bits = 0;
        return ALL_SAME;
    }
    k = k < ALL_SAME ? k : ALL_SAME - 1;
    bits = price(w, k);
    while (k > 0 && (next = price(w, k - 1)) <= bits) {
        bits = next;
        k--;
    }
    *ret_bits = bits;
    return k;
}

static unsigned centre_width(int64_t centre)
{
    return width_of(rca_zigzag(centre));
}

/* The median of a few, evenly spaced. */
static int64_t usual(const int64_t *x, size_t n)
{
    const size_t m = n < CENTRE_SAMPLES ? n : CENTRE_SAMPLES;
    int64_t few[CENTRE_SAMPLES] = {0};

    for (size_t i = 0; i < m; i++) {
        int64_t now = x[i * n / m];
        size_t j = i;

        for (; j > 0 && few[j - 1] > now; j--)
            few[j] = few[j - 1];
        few[j] = now;
    }
    return m ? few[m / 2] : 0;
}

static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

void rca_rice_plan(const int64_t *x, size_t n, struct rca_rice *ret)
{
    struct widths w = {.max = 0};

    assert(n <= RCA_RICE_MAX);
    *ret = (struct rca_rice){.centre = usual(x, n), .is_signed = 1};
    if (centre_width(ret->centre) > 63)
        ret->centre = 0; /* its width is written in 6 bits */
    for (size_t i = 0; i < n; i++)
        count_width(&w, rca_zigzag(minus(x[i], ret->centre)));
    ret->k = best_k(&w, n, &ret->bits);
    ret->bits += 13 + centre_width(ret->centre);
}

void rca_rice_above(const int64_t *x, size_t n, struct rca_rice *ret)
{
    struct rca_rice above = {.centre = n ? x[0] : 0};
    struct widths w = {.max = 0};

    for (size_t i = 1; i < n; i++)
        above.centre = x[i] < above.centre ? x[i] : above.centre;
    if (above.centre == 1)
        above.centre = 0; /* a bit less than writing it */
    if (centre_width(above.centre) > 63)
        return;
    for (size_t i = 0; i < n; i++)
        count_width(&w, (uint64_t)x[i] - (uint64_t)above.centre);
    above.k = best_k(&w, n, &above.bits);
    above.bits += 13 + centre_width(above.centre);
    if (above.bits < ret->bits)
        *ret = above;
}

static void put_number(struct rca_bit_writer *w, uint64_t u, unsigned k)
{
    const uint64_t q = u >> k;
    const uint64_t low = u & ((UINT64_C(1) << k) - 1);

    if (q >= ESCAPE) {
        const unsigned width = width_of(u);

        rca_bits_put(w, (uint64_t)(width - 1) << ESCAPE, ESCAPE + 6);
        rca_bits_put(w, u, width);
    } else if (k <= 56 - ESCAPE) {
        rca_bits_put(w, low << (q + 1) | UINT64_C(1) << q, (unsigned)q + 1 + k);
    } else {
        rca_bits_put(w, UINT64_C(1) << q, (unsigned)q + 1);
        rca_bits_put(w, low, k);
    }
}

void rca_rice_put(struct rca_bit_writer *w, const int64_t *x, size_t n,
                  const struct rca_rice *plan)
{
    const unsigned width = centre_width(plan->centre);

    rca_bits_put(w, plan->k | (unsigned)plan->is_signed << 6 | width << 7, 13);
    if (width)
        rca_bits_put(w, rca_zigzag(plan->centre), width);
    for (size_t i = 0; plan->k != ALL_SAME && i < n; i++) {
        const int64_t above = minus(x[i], plan->centre);

        put_number(w, plan->is_signed ? rca_zigzag(above) : (uint64_t)above,
                   plan->k);
    }
}

/* --- reading --- */

/* 57 bits and more from where @in is, without moving. */
static uint64_t peek(const struct rca_bit_input *in)
{
    uint64_t u;

    memcpy(&u, in->at + in->bit / 8, sizeof(u));
    return le64toh(u) >> (in->bit % 8);
}

static uint64_t get_number(struct rca_bit_input *in, unsigned k)
{
    const uint64_t mask = (UINT64_C(1) << k) - 1;
    uint64_t u = peek(in);
    const unsigned q = (unsigned)__builtin_ctzll(u | UINT64_C(1) << ESCAPE);

    if (q < ESCAPE) {
        in->bit += q + 1;
        if (k <= 56 - ESCAPE) {
            in->bit += k;
            return (uint64_t)q << k | (u >> (q + 1) & mask);
        }
        return (uint64_t)q << k | rca_bit_input_get(in, k);
    }
    in->bit += ESCAPE + 6;
    return rca_bit_input_get(in, (unsigned)(u >> ESCAPE & 63) + 1);
}

int rca_rice_get(struct rca_bit_input *in, int64_t *ret, size_t n)
{
    uint64_t centre = 0, head;
    unsigned k, width;

    if (in->bit > in->end)
        return -1;
    head = rca_bit_input_get(in, 13);
    k = head & 63;
    width = (unsigned)(head >> 7);
    if (in->bit > in->end)
        return -1;
    if (width)
        centre = (uint64_t)rca_unzigzag(rca_bit_input_get(in, width));
    for (size_t i = 0; i < n; i++) {
        uint64_t u = 0;

        if (in->bit > in->end)
            return -1;
        if (k != ALL_SAME)
            u = get_number(in, k);
        if (head & 64)
            u = (uint64_t)rca_unzigzag(u);
        ret[i] = (int64_t)(u + centre);
    }
    return in->bit > in->end ? -1 : 0;
}
