/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/spark.h"

#include <math.h>
#include <string.h>

static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static_assert(RCA_ARRAY_SIZE(blocks) == 8, "LEVELS of them");
#define LEVELS 8.0

static const char *block(double x, double low, double high)
{
    /* halves, as the difference of two numbers may be none */
    double level =
        high > low ? (x / 2 - low / 2) / (high / 2 - low / 2) * LEVELS : 0;

    if (!isfinite(x))
        return " ";
    if (level >= LEVELS)
        level = LEVELS - 1;
    return blocks[(size_t)level];
}

const char *rca_spark_text(const double *x, size_t n, char buf[RCA_SPARK_TEXT])
{
    double low = 0, high = 0;
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            continue;
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    for (size_t i = 0; i < n && i < RCA_SPARK_MAX; i++) {
        const char *text = block(x[i], low, high);
        size_t length = strlen(text);

        memcpy(buf + used, text, length);
        used += length;
    }
    buf[used] = '\0';
    return buf;
}

void rca_spark_resample(const double *x, size_t n, double *ret, size_t cells)
{
    for (size_t c = 0; c < cells; c++) {
        size_t first = c * n / cells, end = (c + 1) * n / cells, count = 0;
        double sum = 0;

        for (size_t i = first; i < end; i++) {
            if (isnan(x[i]))
                continue;
            sum += x[i];
            count++;
        }
        ret[c] = count ? sum / (double)count : NAN;
    }
}
