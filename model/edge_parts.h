/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * edge_parts - what the files of edge_check share; for these only.
 */

#include "model/comove.h"
#include "model/edge_check.h"
#include "model/holdout.h"

/* struct rca_edge_work - @fits by variable and @r by relation are owned */
struct rca_edge_work {
    struct rca_holdout h;
    const struct rca_graph *g;
    struct rca_rows test; /* the second half */
    struct rca_holdout_fit *fits;
    float *r;
    double level;
};

/* struct rca_edge_bench - room for one thread, all of test rows; owned
 * @rows: those that are looked at; @n of them */
struct rca_edge_bench {
    size_t n;
    double *cause, *effect, *scratch, *controls;
    uint32_t *rows;
};

/** struct rca_edge_controls - variables that are allowed for */
struct rca_edge_controls {
    size_t n;
    uint32_t at[RCA_HOLDOUT_PARENTS];
};

/** rca_edge_residual() - of @v in the rows of @bench, less what @controls
 * explain in these (their mean in any case); all 0 where they explain it
 * wholly. O(rows n^2)
 * @filter: goes over @v and the controls before; or NULL. With the filter of
 *          the plain residual what is new in it comes out, and free of the
 *          controls also where all change slowly (generalized least squares in
 *          two steps: D. Cochrane, G. H. Orcutt, JASA 44, 1949) */
void rca_edge_residual(const struct rca_edge_work *work,
                       const struct rca_edge_bench *bench, uint32_t v,
                       const struct rca_edge_controls *controls,
                       const struct rca_filter *filter, double *ret);

/** rca_edge_new() - what is new in @v: the residual with its own filter, which
 * is returned */
struct rca_filter rca_edge_new(const struct rca_edge_work *work,
                               const struct rca_edge_bench *bench, uint32_t v,
                               const struct rca_edge_controls *controls,
                               double *ret);

/** rca_edge_varies() - whether @v changes in one test row of 20 at least */
_Bool rca_edge_varies(const struct rca_edge_work *work, uint32_t v);

/** rca_edge_bench_init()/done() - 0 or -ENOMEM */
RCA_MUST_CHECK int rca_edge_bench_init(struct rca_edge_bench *bench, size_t n);
void rca_edge_bench_done(struct rca_edge_bench *bench);

/** rca_edge_test() - the finding of one edge but for its state: p, and p
 * against it; @ret_p: see the enum */
enum { RCA_EDGE_P, RCA_EDGE_P_PLAIN, RCA_EDGE_P_AGAINST, RCA_EDGE_P_COUNT };

/** struct rca_edge_pair - a relation that an edge may carry */
struct rca_edge_pair {
    const struct rca_relation *relation;
    uint32_t effect;
    float merit;
};
#define RCA_EDGE_PAIRS 3

void rca_edge_test(const struct rca_edge_work *work,
                   struct rca_edge_bench *bench,
                   const struct rca_edge_pair *pairs, size_t n,
                   struct rca_edge_finding *finding,
                   double ret_p[RCA_EDGE_P_COUNT]);

/** rca_edge_find_missing() - 0 or -ENOMEM */
RCA_MUST_CHECK int rca_edge_find_missing(const struct rca_edge_work *work,
                                         struct rca_edge_bench *bench,
                                         struct rca_edge_check *check);
