/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The client: requests come at random times of their own (open loop), whether
 * or not earlier ones were answered, and their rate swings by a fifth as real
 * load does. And the batch job.
 */

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "cli/demo/stage.h"

#define WORKERS 32
#define MOST_WAITING 2000
#define SWING 0.2
#define SWING_SECONDS 23.0

static sem_t waiting;

static void *work(void *arg)
{
    struct demo_control *control = arg;
    int fd = -1;

    for (;;) {
        if (sem_wait(&waiting))
            continue;
        if (demo_call(&fd, DEMO_FRONTEND) == 200)
            atomic_fetch_add(&control->served[DEMO_CLIENT], 1);
        else if (fd < 0)
            (void)usleep(10000); /* not a flood of connects */
    }
    return NULL;
}

static double seconds(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static void sleep_until(double t)
{
    struct timespec ts = {.tv_sec = (time_t)t,
                          .tv_nsec = (long)(1e9 * (t - floor(t)))};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

_Noreturn void demo_load_run(struct demo_control *control)
{
    unsigned seed = (unsigned)getpid();
    pthread_t thread;
    double next;

    (void)sem_init(&waiting, 0, 0);
    for (int i = 0; i < WORKERS; i++)
        (void)pthread_create(&thread, NULL, work, control);

    for (next = seconds();;) {
        double u = (rand_r(&seed) + 1.0) / (RAND_MAX + 1.0);
        double swing = 1 + SWING * sin(2 * M_PI * next / SWING_SECONDS);
        int queued;

        next -= log(u) / (atomic_load(&control->load_per_s) * swing);
        sleep_until(next);
        if (!sem_getvalue(&waiting, &queued) && queued < MOST_WAITING)
            (void)sem_post(&waiting);
    }
}

static void *hog(void *arg)
{
    struct demo_control *control = arg;

    for (;;) {
        if (atomic_load(&control->hogs))
            demo_burn(1000);
        else
            (void)usleep(50000);
    }
    return NULL;
}

_Noreturn void demo_batch_run(struct demo_control *control)
{
    pthread_t thread;

    /* in normal times a little work now and then, as batch jobs do */
    for (int i = 0; i < 2; i++)
        (void)pthread_create(&thread, NULL, hog, control);
    for (;;) {
        demo_burn(2000);
        (void)usleep(100000);
    }
}
