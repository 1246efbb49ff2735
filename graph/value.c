/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * value - numbers for people. A value is rounded to its digits first and
 * scaled then, so that 999.7 ms is "1 s" and never "1000 ms".
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/metric.h"

enum { TEXT_SIZE = 32, DIGITS = 3, DIGITS_MAX = 6, DECIMALS_MAX = 7 };

/* Both ends of a range are in the unit of the larger one, unless the smaller
 * would be below this in it: "0.05 to 1.2 s", but "46 us to 5 s". */
#define SMALL_IN_UNIT 0.01
/* What is more in the largest unit is no measurement. */
#define NUMBER_MAX 1e9

struct scale {
    double factor; /* the largest one that is not above the value holds */
    const char *suffix;
};

/* the last row of each takes all that is smaller */
static const struct scale time_scale[] = {
    {1, " s"}, {1e-3, " ms"}, {1e-6, " µs"}, {0, NULL}};
static const struct scale byte_scale[] = {{0x1p40, " TiB"}, {0x1p30, " GiB"},
                                          {0x1p20, " MiB"}, {0x1p10, " KiB"},
                                          {1, " B"},        {0, NULL}};
static const struct scale traffic_scale[] = {
    {0x1p40, " TiB/s"}, {0x1p30, " GiB/s"}, {0x1p20, " MiB/s"},
    {0x1p10, " KiB/s"}, {1, " B/s"},        {0, NULL}};
static const struct scale rate_scale[] = {{1e6, " M/s"}, {1, " /s"}, {0, NULL}};
static const struct scale core_scale[] = {{1, " cores"}, {0, NULL}};
static const struct scale ratio_scale[] = {{1e-2, " %"}, {0, NULL}};
static const struct scale plain_scale[] = {{1e6, " M"}, {1, ""}, {0, NULL}};

static const struct scale *const scales[] = {
    [RCA_UNIT_NONE] = plain_scale,
    [RCA_UNIT_SECONDS] = time_scale,
    [RCA_UNIT_BYTES] = byte_scale,
    [RCA_UNIT_CORES] = core_scale,
    [RCA_UNIT_RATIO] = ratio_scale,
    [RCA_UNIT_PER_SECOND] = rate_scale,
    [RCA_UNIT_BYTES_PER_SECOND] = traffic_scale,
};
static_assert(RCA_ARRAY_SIZE(scales) == RCA_UNIT_COUNT, "one each");

static double round_digits(double value, int digits)
{
    char text[TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    return strtod(text, NULL);
}

/* From where on @scale is used, not the one below: its factor, with a hair of
 * tolerance as 1e-3 * 1e3 need not be 1. But 1000 KiB would need a fourth
 * digit, and are 0.977 MiB. */
static double least_of(const struct scale *scale)
{
    const double thousand = 1000 * scale[1].factor;
    const _Bool binary =
        thousand < scale->factor && scale->factor < 1.1 * thousand;

    return (binary ? thousand : scale->factor) * (1 - 1e-12);
}

static const struct scale *choose_scale(double size, enum rca_unit unit)
{
    const struct scale *scale = scales[unit];
    const double least = size > 0 ? size : 1; /* 0 in the plain unit */

    while (scale[1].factor > 0 && least < least_of(scale))
        scale++;
    return scale;
}

/* without exponent, and without zeros at the end of a fraction */
static void put_number(double x, int digits, char buf[TEXT_SIZE])
{
    const double size = fabs(x);
    const int whole = size > 0 ? (int)floor(log10(size) + 1e-12) : 0;
    const int decimals = digits - 1 - whole;
    char *end;

    (void)snprintf(
        buf, TEXT_SIZE, "%.*f",
        decimals < 0 ? 0 : (decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals),
        x);
    if (strchr(buf, '.')) {
        end = buf + strlen(buf);
        while (end[-1] == '0')
            *--end = '\0';
        if (end[-1] == '.')
            end[-1] = '\0';
    }
    if (strcmp(buf, "-0") == 0 || strcmp(buf, "0") == 0)
        (void)snprintf(buf, TEXT_SIZE, size > 0 ? "~0" : "0");
}

/* @value in the unit of @scale, without its suffix */
static void put_scaled(double value, const struct scale *scale, int digits,
                       char buf[TEXT_SIZE])
{
    const double number = round_digits(value / scale->factor, digits);

    if (fabs(number) < NUMBER_MAX)
        put_number(number, digits, buf);
    else
        (void)snprintf(buf, TEXT_SIZE, "%s%.0f", number < 0 ? "< -" : "> ",
                       NUMBER_MAX);
}

static const char *suffix_of(const struct scale *scale, const char *number)
{
    _Bool one = strcmp(number, "1") == 0 || strcmp(number, "-1") == 0;

    return scale == core_scale && one ? " core" : scale->suffix;
}

const char *rca_value_digits_text(double value, enum rca_unit unit, int digits,
                                  char buf[TEXT_SIZE])
{
    const double rounded = isfinite(value) ? round_digits(value, digits) : 0;
    const struct scale *scale = choose_scale(fabs(rounded), unit);
    size_t n;

    if (!isfinite(value)) {
        (void)snprintf(buf, TEXT_SIZE, "no data");
        return buf;
    }
    put_scaled(value, scale, digits, buf);
    n = strlen(buf);
    (void)snprintf(buf + n, TEXT_SIZE - n, "%s", suffix_of(scale, buf));
    return buf;
}

const char *rca_value_text(double value, enum rca_unit unit,
                           char buf[TEXT_SIZE])
{
    return rca_value_digits_text(value, unit, DIGITS, buf);
}

int rca_value_digits(double a, double b, enum rca_unit unit)
{
    char x[TEXT_SIZE], y[TEXT_SIZE];
    int digits = DIGITS;

    while (a != b && digits < DIGITS_MAX &&
           strcmp(rca_value_digits_text(a, unit, digits, x),
                  rca_value_digits_text(b, unit, digits, y)) == 0)
        digits++;
    return digits;
}

const char *rca_range_text(double a, double b, enum rca_unit unit,
                           const char *between, char buf[RCA_RANGE_TEXT_SIZE])
{
    const int digits = rca_value_digits(a, b, unit);
    const double small = fmin(fabs(a), fabs(b)), large = fmax(fabs(a), fabs(b));
    char x[TEXT_SIZE], y[TEXT_SIZE];
    const struct scale *scale;

    if (isfinite(a) && isfinite(b)) {
        scale = choose_scale(round_digits(large, digits), unit);
        if (small == 0 || small >= SMALL_IN_UNIT * scale->factor ||
            scale == choose_scale(small, unit)) {
            put_scaled(a, scale, digits, x);
            put_scaled(b, scale, digits, y);
            (void)snprintf(buf, RCA_RANGE_TEXT_SIZE, "%s%s%s%s", x, between, y,
                           suffix_of(scale, y));
            return buf;
        }
    }
    (void)snprintf(buf, RCA_RANGE_TEXT_SIZE, "%s%s%s",
                   rca_value_digits_text(a, unit, digits, x), between,
                   rca_value_digits_text(b, unit, digits, y));
    return buf;
}
