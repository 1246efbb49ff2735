/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

struct crew {
    rca_parallel_work *work;
    void *arg;
    size_t n;
    atomic_size_t next;
    atomic_int err;
};

struct member {
    struct crew *crew;
    pthread_t thread;
    unsigned worker;
    _Bool running;
};

unsigned rca_parallel_jobs(unsigned wanted)
{
    cpu_set_t cpus;

    if (wanted == 0)
        wanted = sched_getaffinity(0, sizeof(cpus), &cpus)
                     ? 1
                     : (unsigned)CPU_COUNT(&cpus);
    return wanted < RCA_PARALLEL_MAX ? wanted : RCA_PARALLEL_MAX;
}

static void *run(void *arg)
{
    struct member *m = arg;
    struct crew *c = m->crew;
    size_t i;

    while (atomic_load(&c->err) == 0 &&
           (i = atomic_fetch_add(&c->next, 1)) < c->n) {
        const int err = c->work(c->arg, i, m->worker);
        int none = 0;

        if (err)
            (void)atomic_compare_exchange_strong(&c->err, &none, err);
    }
    return NULL;
}

int rca_parallel(unsigned jobs, size_t n, rca_parallel_work *work, void *arg)
{
    struct crew crew = {.work = work, .arg = arg, .n = n};
    struct member members[RCA_PARALLEL_MAX];

    if (jobs > RCA_PARALLEL_MAX)
        jobs = RCA_PARALLEL_MAX;
    if (jobs > n)
        jobs = (unsigned)n;
    for (unsigned k = 0; k < jobs; k++) {
        members[k] = (struct member){.crew = &crew, .worker = k};
        members[k].running = k > 0 && pthread_create(&members[k].thread, NULL,
                                                     run, &members[k]) == 0;
    }
    if (jobs > 0)
        (void)run(&members[0]);
    for (unsigned k = 1; k < jobs; k++) {
        if (members[k].running)
            (void)pthread_join(members[k].thread, NULL);
    }
    return atomic_load(&crew.err);
}

/* OpenBLAS' own; another BLAS may lack it and is taken to be serial then. */
void openblas_set_num_threads(int n) __attribute__((__weak__));

void rca_parallel_hold_blas(void)
{
    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
}
