/* SPDX-License-Identifier: GPL-3.0-or-later */

/* case_csv_fuzz - any bytes as metrics.csv, in both layouts: a diagnostic, or a
 * table in order of which every column has a value. */

#include <math.h>

#include "tests/fuzz/case_text.h"

static void check_columns(const struct rca_table *t)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct rca_column *at = &t->columns[c];
        size_t known = 0;

        must(at->entity[0] && at->metric[0]);
        if (c) {
            const int order = strcmp(at[-1].entity, at->entity);

            must(order < 0 ||
                 (order == 0 && strcmp(at[-1].metric, at->metric) < 0));
        }
        for (size_t r = 0; r < t->n_rows; r++) {
            must(!isinf(t->x[c * t->n_rows + r]));
            known += isnan(t->x[c * t->n_rows + r]) ? 0 : 1;
        }
        must(known > 0);
    }
}

static void read_as(const uint8_t *data, size_t size, rca_table_split *split)
{
    struct rca_text text = text_of(data, size);
    struct rca_case_parts parts = {.labels = {.start = 0}};
    struct rca_diag diag = {0};
    const int err = rca_table_read(&text, split, &diag, &parts.table);

    if (err) {
        told(err, &diag);
    } else {
        struct rca_case *c = NULL;
        const struct rca_table *t = &parts.table;

        must(t->n_rows > 0);
        for (size_t r = 1; r < t->n_rows; r++)
            must(t->times[r - 1] < t->times[r]);
        check_columns(t);
        parts.labels.start = t->times[t->n_rows / 2];
        parts.labels.end = RCA_TIME_NONE;
        must(!rca_case_make(&parts, &c, NULL));
        must(c->incident.before.to == c->incident.incident.from);
        rca_case_free(&c);
    }
    rca_case_parts_done(&parts);
    rca_case_text_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as(data, size, rca_table_split_dot);
    read_as(data, size, rca_table_split_service);
    return 0;
}
