/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
#include <math.h>
#include <string.h>

#include "collector/store/tick.h"
#include "collector/store/varint.h"

/* The samples' values: their blob. Most are the same as a tick ago, or an
 * integer not far from it. */

enum { VALUES_ALL, VALUES_CHANGED, VALUES_TAGGED };

enum tag { TAG_SAME, TAG_INTEGER, TAG_BILLIONTHS, TAG_RAW };

/** Integers up to this are doubles, and their differences integers. */
#define INTEGER_LIMIT 0x1p51
#define BILLION 1e9

/* Bit for bit: -0.0 is not 0.0. */
static _Bool is_same(double a, double b)
{
    uint64_t x, y;

    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    return x == y;
}

/* The integer nearest to @x; 0 if there is none that is exact. */
static _Bool to_integer(double x, int64_t *ret)
{
    const double magic = 0x1.8p52; /* adding and taking it away rounds */

    if (!(fabs(x) < INTEGER_LIMIT))
        return 0;
    *ret = (int64_t)((x + magic) - magic);
    return 1;
}

/* How @now is best told from @before, and what is to be written. */
static enum tag tag_of(double now, double before, uint64_t *ret)
{
    int64_t a, b;

    memcpy(ret, &now, sizeof(*ret));
    if (is_same(now, before))
        return TAG_SAME;
    if (to_integer(now, &a) && is_same((double)a, now) &&
        to_integer(before, &b)) {
        *ret = rca_zigzag(a - b);
        return TAG_INTEGER;
    }
    if (to_integer(now * BILLION, &a) && is_same((double)a / BILLION, now) &&
        to_integer(before * BILLION, &b)) {
        *ret = rca_zigzag(a - b);
        return TAG_BILLIONTHS;
    }
    return TAG_RAW;
}

/* Up to four samples. Return: past what was written. */
static uint8_t *put_four(const double *now, const double *before, size_t n,
                         uint8_t *out)
{
    uint8_t *p = out + 1, tags = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t u;
        enum tag tag = tag_of(now[i], before[i], &u);

        tags |= (uint8_t)(tag << (2 * i));
        if (tag == TAG_RAW) {
            u = htole64(u);
            memcpy(p, &u, sizeof(u));
            p += sizeof(u);
        } else if (tag != TAG_SAME) {
            p += rca_varint_write(u, p);
        }
    }
    *out = tags;
    return p;
}

void rca_frame_put_values(const struct rca_frame *frame, const double *before,
                          struct rca_buf *out)
{
    const size_t n = frame->values.n;
    const double *now = frame->values.at;
    uint8_t some[1 + 16 * (1 + 4 * RCA_VARINT_MAX)] = {VALUES_TAGGED};
    uint8_t *p = some + 1;

    for (size_t i = 0; i < n; i += 4) {
        p = put_four(now + i, before + i, n - i < 4 ? n - i : 4, p);
        if (some + sizeof(some) - p < 1 + 4 * RCA_VARINT_MAX) {
            rca_buf_put(out, (const char *)some, (size_t)(p - some));
            p = some;
        }
    }
    rca_buf_put(out, (const char *)some, (size_t)(p - some));
}

void rca_values_carry(const struct rca_vec_key *old_keys, const double *old,
                      const struct rca_vec_key *keys, double *ret)
{
    size_t k = 0;

    for (size_t i = 0; i < keys->n; i++) {
        while (k < old_keys->n && old_keys->at[k] < keys->at[i])
            k++;
        ret[i] = k < old_keys->n && old_keys->at[k] == keys->at[i] ? old[k] : 0;
    }
}

static int read_value(struct rca_reader *r, double *ret)
{
    uint64_t u;
    double x;

    if (rca_reader_left(r) < sizeof(u))
        return RCA_ECORRUPT;
    memcpy(&u, r->p, sizeof(u));
    r->p += sizeof(u);
    u = le64toh(u);
    memcpy(&x, &u, sizeof(x));
    if (!isfinite(x))
        return RCA_ECORRUPT;
    *ret = x;
    return 0;
}

/* @value: in: of the tick before. */
static int read_tagged(struct rca_reader *r, enum tag tag, double *value)
{
    const double scale = tag == TAG_BILLIONTHS ? BILLION : 1.0;
    uint64_t u;
    int64_t b;

    if (tag == TAG_SAME)
        return 0;
    if (tag == TAG_RAW)
        return read_value(r, value);
    if (!to_integer(*value * scale, &b) || rca_varint_get(r, &u))
        return RCA_ECORRUPT;
    b = (int64_t)((uint64_t)b + (uint64_t)rca_unzigzag(u));
    *value = tag == TAG_BILLIONTHS ? (double)b / BILLION : (double)b;
    return 0;
}

static int read_fours(struct rca_reader *r, double *values, size_t n)
{
    unsigned tags = 0;

    for (size_t i = 0; i < n; i++, tags >>= 2) {
        if (i % 4 == 0) {
            if (r->p == r->end)
                return RCA_ECORRUPT;
            tags = *r->p++;
        }
        if (tags & 3 && read_tagged(r, (enum tag)(tags & 3), &values[i]))
            return RCA_ECORRUPT;
    }
    return tags ? RCA_ECORRUPT : 0;
}

/* All of them, or those in a bitmap. */
static int read_raw(struct rca_reader *r, _Bool changed, double *values,
                    size_t n)
{
    const uint8_t *map = r->p;

    if (changed) {
        if (rca_reader_left(r) < (n + 7) / 8)
            return RCA_ECORRUPT;
        r->p += (n + 7) / 8;
    }
    for (size_t i = 0; i < n; i++) {
        if (changed && !(map[i / 8] >> (i % 8) & 1))
            continue;
        if (read_value(r, &values[i]))
            return RCA_ECORRUPT;
    }
    return 0;
}

int rca_values_read(const uint8_t *buf, size_t len, double *values, size_t n)
{
    struct rca_reader r = {buf, buf + len};
    unsigned kind;
    int err;

    if (len == 0 || *r.p > VALUES_TAGGED)
        return RCA_ECORRUPT;
    kind = *r.p++;
    err = kind == VALUES_TAGGED ? read_fours(&r, values, n)
                                : read_raw(&r, kind, values, n);
    return err || r.p == r.end ? err : RCA_ECORRUPT;
}
