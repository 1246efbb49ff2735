/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/pool.h"

#include <pthread.h>
#include <unistd.h>

#define MAX_JOBS 64

struct run {
    const struct rca_pool *pool;
    int (*work)(void *data, size_t i);
    void *data;
    pthread_mutex_t lock; /* of all below */
    size_t next, done, failed;
    int err;
};

/* Return: the thing to work on, or n. */
static size_t take(struct run *run)
{
    size_t i;

    (void)pthread_mutex_lock(&run->lock);
    i = run->err || run->next >= run->pool->n ? run->pool->n : run->next++;
    (void)pthread_mutex_unlock(&run->lock);
    return i;
}

static void finish(struct run *run, size_t i, int err)
{
    (void)pthread_mutex_lock(&run->lock);
    run->done++;
    if (err && i < run->failed) {
        run->failed = i;
        run->err = err;
    }
    if (run->pool->progress)
        run->pool->progress(run->pool->progress_data, run->done, run->pool->n);
    (void)pthread_mutex_unlock(&run->lock);
}

static void *work(void *data)
{
    struct run *run = data;
    size_t i;

    while ((i = take(run)) < run->pool->n)
        finish(run, i, run->work(run->data, i));
    return NULL;
}

static size_t jobs(const struct rca_pool *pool)
{
    long wanted = (long)pool->jobs;

    if (!wanted)
        wanted = sysconf(_SC_NPROCESSORS_ONLN);
    if (wanted > MAX_JOBS)
        wanted = MAX_JOBS;
    if (wanted < 1)
        wanted = 1;
    return (size_t)wanted < pool->n ? (size_t)wanted : pool->n;
}

int rca_pool_run(const struct rca_pool *pool,
                 int (*thing)(void *data, size_t i), void *data)
{
    struct run run = {.pool = pool,
                      .work = thing,
                      .data = data,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .failed = SIZE_MAX};
    pthread_t threads[MAX_JOBS];
    size_t n = 0, wanted = jobs(pool);

    while (n + 1 < wanted && !pthread_create(&threads[n], NULL, work, &run))
        n++;
    (void)work(&run);
    while (n > 0)
        (void)pthread_join(threads[--n], NULL);
    (void)pthread_mutex_destroy(&run.lock);
    return run.err;
}
