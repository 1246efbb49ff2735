/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/parse.h"

#include <errno.h>
#include <math.h>

#include "graph/base/err.h"

static _Bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *p)
{
    while (is_digit(*p))
        p++;
    return p;
}

int rca_parse_u64(const char *text, uint64_t *ret)
{
    uint64_t value = 0;

    if (!is_digit(*text) || *skip_digits(text))
        return RCA_ESYNTAX;
    for (; *text; text++) {
        unsigned digit = (unsigned)(*text - '0');

        if (value > (UINT64_MAX - digit) / 10)
            return -ERANGE;
        value = value * 10 + digit;
    }
    *ret = value;
    return 0;
}

int rca_parse_i64(const char *text, int64_t *ret)
{
    const _Bool minus = *text == '-';
    uint64_t magnitude;
    int err;

    err = rca_parse_u64(text + (minus || *text == '+'), &magnitude);
    if (err)
        return err;
    if (magnitude > (uint64_t)INT64_MAX + minus)
        return -ERANGE;
    /* modulo 2^64, as INT64_MIN has no positive twin */
    *ret = (int64_t)(minus ? 0 - magnitude : magnitude);
    return 0;
}

/* [+-] digits [. digits] [e [+-] digits], at least one digit before the e */
static _Bool is_decimal(const char *text)
{
    const char *p = text + (*text == '-' || *text == '+');
    const char *end = skip_digits(p);
    size_t digits = (size_t)(end - p);

    if (*end == '.') {
        p = end + 1;
        end = skip_digits(p);
        digits += (size_t)(end - p);
    }
    if (!digits)
        return 0;
    if (*end == 'e' || *end == 'E') {
        p = end + 1;
        p += *p == '-' || *p == '+';
        end = skip_digits(p);
        if (end == p)
            return 0;
    }
    return *end == '\0';
}

int rca_parse_f64(const char *text, double *ret)
{
    char *end;
    double value;

    /* strtod(3) alone would take blanks, hexadecimal, nan and inf */
    if (!is_decimal(text))
        return RCA_ESYNTAX;
    value = strtod(text, &end);
    if (*end)
        return RCA_ESYNTAX;
    if (!isfinite(value))
        return -ERANGE;
    *ret = value;
    return 0;
}
