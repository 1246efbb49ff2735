/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/pool.h"

#include <pthread.h>

#include "model/parallel.h"

struct run {
    const struct rca_pool *pool;
    int (*work)(void *data, size_t i);
    void *data;
    pthread_mutex_t lock; /* of the progress */
    size_t done;
};

static int work(void *arg, size_t i, unsigned worker)
{
    struct run *run = arg;
    const struct rca_pool *pool = run->pool;
    int err = run->work(run->data, i);

    (void)worker;
    if (err || !pool->progress)
        return err;
    (void)pthread_mutex_lock(&run->lock);
    pool->progress(pool->progress_data, ++run->done, pool->n);
    (void)pthread_mutex_unlock(&run->lock);
    return 0;
}

int rca_pool_run(const struct rca_pool *pool,
                 int (*thing)(void *data, size_t i), void *data)
{
    struct run run = {.pool = pool,
                      .work = thing,
                      .data = data,
                      .lock = PTHREAD_MUTEX_INITIALIZER};
    int err;

    rca_parallel_hold_blas();
    err = rca_parallel(rca_parallel_jobs(pool->jobs), pool->n, work, &run);
    (void)pthread_mutex_destroy(&run.lock);
    return err;
}
