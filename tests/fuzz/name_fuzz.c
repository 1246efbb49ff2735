/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * name_fuzz - any bytes as a name: what comes out is printable and stays as it
 * is when cleaned again; as two names: their distance is symmetric; as the name
 * of a series: the metric made of it is whole.
 */

#include "graph/base/name.h"

#include <string.h>

#include "graph/metric.h"
#include "tests/harness/fuzz.h"

static void check(_Bool holds)
{
    if (!holds)
        abort();
}

static void check_printable(const char *s)
{
    while (*s) {
        const size_t n = rca_name_char(s);

        check(n >= 1 && n <= strlen(s));
        s += n;
    }
}

static void check_clean(char *text)
{
    char once[RCA_NAME_MAX + 1], twice[RCA_NAME_MAX + 1];

    check(rca_name_clean(text, once) == once);
    check(*once && strlen(once) <= RCA_NAME_MAX);
    check_printable(once);
    check(!strcmp(rca_name_clean(once, twice), once));
    check(rca_name_distance(once, twice) == 0);
    check(rca_name_distance(once, text) == rca_name_distance(text, once));
}

static void check_metric(const char *series)
{
    struct rca_metric metric;
    char name[96];

    rca_metric_guess(series, name, &metric);
    check_printable(name);
    check(metric.of == series && metric.name == name);
    check(metric.role < RCA_ROLE_COUNT && metric.unit < RCA_UNIT_COUNT);
    check(metric.resolution >= 0 && metric.label != NULL);
    (void)rca_series_is_operand(series);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text RCA_CLEANUP(rca_freep) = malloc(size + 1);

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    check_clean(text);
    check_metric(text);
    rca_name_print(text);
    check_printable(text);
    return 0;
}
