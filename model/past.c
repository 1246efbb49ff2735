/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/past.h"

#include <errno.h>

void rca_past_free(struct rca_past **past)
{
    struct rca_past *p = *past;

    *past = NULL;
    if (!p)
        return;
    rca_window_free(&p->rows);
    free(p->known);
    free(p->column);
    free(p);
}

int rca_past_keep(struct rca_past *past, const struct rca_window *w,
                  struct rca_window *rows)
{
    rca_window_free(&past->rows);
    past->rows = rows;
    free(past->column);
    past->column = malloc((w->n_vars + 1) * sizeof(*past->column));
    if (!past->column)
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++) {
        const size_t c =
            rca_window_find(rows, w->vars[v].entity, w->vars[v].metric.name);

        past->column[v] = c < rows->n_vars ? (uint32_t)c : UINT32_MAX;
    }
    return 0;
}
