/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "cli/watch.h"
#include "collector/profile.h"

/*
 * A collector over its budget steps down to the light profile, which does not
 * look at requests: then there is no symptom to see, and silence would be
 * mistaken for calm.
 */

#define PROFILE "rca_profile"
/* of one store: more are of no more use than this */
#define HOSTS 64

/* the newest value of @column, or NAN */
static double newest(const struct rca_window *rows, size_t column)
{
    const double *x = rows->x + column * rows->n_rows;
    double last = NAN;

    for (size_t r = 0; r < rows->n_rows; r++)
        last = isnan(x[r]) ? last : x[r];
    return last;
}

int rca_watch_blind(struct rca_watcher *w, size_t *ret_blind)
{
    struct rca_window *rows RCA_CLEANUP(rca_window_free) = NULL;
    const rca_time step = w->info.interval;
    const rca_time n = step > 0 ? w->options->settle / step + 1 : 0;
    const struct rca_span span = {.from = w->last - n * step,
                                  .step = step,
                                  .n_rows = (size_t)n,
                                  .context = 1};
    rca_id ids[HOSTS];
    size_t hosts = 0;
    int r;

    *ret_blind = 0;
    for (uint32_t i = 0; i < rca_graph_size(w->graph) && hosts < HOSTS; i++) {
        const struct rca_entity *e = rca_graph_entity(w->graph, i);

        if (e->kind == RCA_KIND_HOST)
            ids[hosts++] = e->id;
    }
    if (!hosts || !n)
        return 0;
    r = rca_window_read_of(w->store, w->graph, &span, ids, hosts, &rows);
    for (size_t i = 0; !r && i < hosts; i++) {
        const size_t v = rca_window_find(rows, ids[i], PROFILE);

        *ret_blind += v < rows->n_vars && newest(rows, v) <= RCA_PROFILE_LIGHT;
    }
    return r == RCA_ETOOFEW ? 0 : r;
}

void rca_watch_tell_blind(struct rca_watcher *w)
{
    size_t blind;

    if (rca_watch_blind(w, &blind) || (blind > 0) == w->blind)
        return;
    w->blind = blind > 0;
    (void)fputs(w->blind ? "rca watch: the collector is in profile light and "
                           "sees no requests: incidents cannot be seen (rca "
                           "status; --cpu-budget)\n"
                         : "rca watch: the collector sees requests again\n",
                stderr);
}
