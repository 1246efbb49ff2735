/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * value - numbers for people. A value is rounded to three digits first and
 * scaled then, so that 999.7 ms is "1 s" and never "1000 ms".
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/metric.h"

enum { TEXT_SIZE = 32 };

struct scale {
    double factor; /* the largest one that is not above the value holds */
    const char *suffix;
};

/* the last row of each takes all that is smaller */
static const struct scale time_scale[] = {
    {1, " s"}, {1e-3, " ms"}, {1e-6, " µs"}, {0, NULL}};
static const struct scale byte_scale[] = {{1e12, " TB"}, {1e9, " GB"},
                                          {1e6, " MB"},  {1e3, " kB"},
                                          {1, " B"},     {0, NULL}};
static const struct scale traffic_scale[] = {{1e12, " TB/s"}, {1e9, " GB/s"},
                                             {1e6, " MB/s"},  {1e3, " kB/s"},
                                             {1, " B/s"},     {0, NULL}};
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

static double round_digits(double value)
{
    char text[TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "%.2e", value);
    return strtod(text, NULL);
}

static const struct scale *choose_scale(double size, enum rca_unit unit)
{
    const struct scale *scale = scales[unit];
    const double least = size > 0 ? size : 1; /* 0 in the plain unit */

    /* a hair of tolerance: 1e-3 * 1e3 need not be 1 */
    while (scale[1].factor > 0 && least < scale->factor * (1 - 1e-12))
        scale++;
    return scale;
}

const char *rca_value_text(double value, enum rca_unit unit,
                           char buf[TEXT_SIZE])
{
    const double rounded = isfinite(value) ? round_digits(value) : 0;
    const struct scale *scale = choose_scale(fabs(rounded), unit);
    const double number = rounded / scale->factor;
    const char *suffix = scale->suffix;

    if (!isfinite(value)) {
        (void)snprintf(buf, TEXT_SIZE, "no data");
        return buf;
    }
    if (unit == RCA_UNIT_CORES && fabs(number) == 1)
        suffix = " core";
    /* "%.3g" would write 1.23e+03 */
    if (fabs(number) >= 999.5 && fabs(number) < 1e9)
        (void)snprintf(buf, TEXT_SIZE, "%.0f%s", number, suffix);
    else
        (void)snprintf(buf, TEXT_SIZE, "%.3g%s", number == 0 ? 0 : number,
                       suffix);
    return buf;
}
