/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * learner - a training in progress; for learn.c and learn_factor.c only.
 */

#include "model/learned.h"
#include "model/relation.h"

#define BLOCKS 16
/* The last rows, from which is learned how what neighbours leave varies. */
#define LEFT_ROWS 1000
/* Of a Gram matrix: BLAS is twice as fast with a multiple of 4. */
#define WIDTH 12
static_assert(WIDTH >= RCA_LEARNED_PARENTS + 1, "the target is the last");

struct column {
    double square; /* sum of squares */
    size_t seen; /* rows that are known */
};

/* rows from .. to - 1 */
struct stretch {
    size_t from, to;
};

struct group {
    uint32_t first, n; /* variables */
};

/* consecutive candidates, and where their products begin */
struct run {
    uint32_t first, n;
    size_t at;
};

/* what one thread needs */
struct bench {
    uint64_t *wanted; /* a bit a variable; owned */
    struct run *runs; /* owned */
    size_t n_runs, cap_runs;
    float *product; /* targets x candidates; owned */
    size_t cap_product, width;
    double *scratch; /* two columns and one; owned */
    double left[LEFT_ROWS];
    float *packed; /* WIDTH x the rows of a block; owned */
};

struct rca_learner {
    unsigned jobs;
    size_t n_rows, cap;
    struct rca_model *m; /* owned */
    struct rca_window shape; /* variables without data; vars owned */
    struct column *columns; /* owned */
    float *z; /* owned; n_rows each, scaled, clipped; a gap is -0 */
    struct bench *benches; /* owned; one a thread */
    struct rca_relations *relations; /* owned */
    const struct rca_window *portion; /* of rca_learner_add() */
    size_t first; /* variable of the portion */
    struct group *groups; /* owned */
    size_t n_groups, cap_groups;
    rca_progress *progress;
    void *arg;
};

static inline struct stretch block_rows(const struct rca_learner *l, size_t b)
{
    return (struct stretch){l->n_rows * b / BLOCKS,
                            l->n_rows * (b + 1) / BLOCKS};
}

/* one target: row @row of the products */
struct target {
    uint32_t variable;
    const float *products;
};

/* rca_learner_factor() - the factors of one target: the one that `show` prints
 * and the one that explanations use */
void rca_learner_factor(const struct rca_learner *l, struct bench *b,
                        const struct target *t);
