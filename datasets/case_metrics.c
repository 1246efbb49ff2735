/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a column is. Prometheus' suffixes name a counter, but exports often hold
 * the growth per interval under the same name: the values decide. The values
 * alone do not: an averaged rate grows as steadily while a system warms up.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "datasets/case_parts.h"

/* Growing steps among the normal rows that make a counter: three restarts in a
 * day are no rate. */
#define GROWING_STEPS 3
/* Falls among all steps that a counter may have: its resets. */
#define RESET_SHARE 0.02

/* length of @name without a counter's last word; all of it if there is none */
static size_t stem(const char *name)
{
    static const char *const words[] = {"total", "count", "sum"};
    const size_t n = strlen(name);

    for (size_t i = 0; i < RCA_ARRAY_SIZE(words); i++) {
        const size_t m = strlen(words[i]);

        if (n > m + 1 && !strcasecmp(name + n - m, words[i]) &&
            (name[n - m - 1] == '_' || name[n - m - 1] == '-'))
            return n - m - 1;
    }
    return n;
}

/* whether the values are those of a counter; a reset falls below half */
static _Bool is_cumulative(const double *x, size_t n, size_t normal)
{
    size_t steps = 0, growing = 0, falls = 0;
    double last = (double)NAN;

    for (size_t r = 0; r < n; r++) {
        if (isnan(x[r]))
            continue;
        if (x[r] < 0 || (x[r] < last && x[r] > last / 2))
            return 0;
        if (!isnan(last)) {
            steps++;
            falls += x[r] < last;
            growing += r < normal && x[r] > last;
        }
        last = x[r];
    }
    return growing >= GROWING_STEPS &&
           (double)falls <= RESET_SHARE * (double)steps + (steps >= 20);
}

/* growth a second since the last known value */
static void make_rate(double *x, const rca_time *times, size_t n)
{
    double last = (double)NAN;
    rca_time then = 0;

    for (size_t r = 0; r < n; r++) {
        const double v = x[r];
        const double seconds = (double)(times[r] - then) / (double)RCA_SECOND;

        if (isnan(v))
            continue;
        x[r] = v >= last ? (v - last) / seconds : (double)NAN;
        last = v;
        then = times[r];
    }
}

static void guess(struct rca_metric *metric, const char *name, size_t length,
                  _Bool counter)
{
    char series[256], buffer[96];

    (void)snprintf(series, sizeof(series), "%.*s%s",
                   (int)(length < 200 ? length : 200), name,
                   counter ? "_total" : "");
    rca_metric_guess(series, buffer, metric);
}

static void describe(struct rca_metric *metric, const char *name, _Bool counter)
{
    const struct rca_metric *known = counter ? NULL : rca_metric_find(name);
    const size_t length = strlen(name);
    const _Bool total = length > 5 && !strcasecmp(name + length - 5, "total");

    if (known)
        *metric = *known;
    else /* "..._total" would be taken for a counter */
        guess(metric, name, counter || total ? stem(name) : length, counter);
    metric->name = name;
    metric->label = known ? known->label : name;
    metric->make = counter ? RCA_MAKE_RATE : RCA_MAKE_MEAN;
    metric->of = NULL;
    metric->per = NULL;
}

void rca_case_metrics(struct rca_window *w, const rca_time *times,
                      size_t normal)
{
    for (size_t v = 0; v < w->n_vars; v++) {
        const char *name = w->vars[v].metric.name;
        double *x = w->x + v * w->n_rows;
        const _Bool counter =
            stem(name) < strlen(name) && is_cumulative(x, w->n_rows, normal);

        if (counter)
            make_rate(x, times, w->n_rows);
        describe(&w->vars[v].metric, name, counter);
    }
}
