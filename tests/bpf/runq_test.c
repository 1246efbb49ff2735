/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Loads the real programs and lets a child wait for its processor; skipped
 * where that is not permitted. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/source.h"
#include "graph/base/time.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/samples.h"

#define T0 (INT64_C(1700000000) * RCA_SECOND)

struct rig {
    struct rca_source_env env;
    struct rca_observer *obs;
    void *cgroup, *task, *runq;
};

static int setup(void **state)
{
    static struct rig rig;

    rig = (struct rig){.env = {.proc = "/proc",
                               .sys = "/sys",
                               .host = "host",
                               .profile = RCA_PROFILE_DEEP}};
    *state = &rig;
    return rca_observer_new(NULL, "host", &rig.obs);
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    rca_source_runq.close(&rig->runq);
    rca_source_task.close(&rig->task);
    rca_source_cgroup.close(&rig->cgroup);
    rca_observer_free(&rig->obs);
    return 0;
}

static void tick(struct rig *rig, int second)
{
    rca_observer_begin(rig->obs, T0 + second * RCA_SECOND);
    if (rig->cgroup)
        assert_ok(rca_source_cgroup.tick(rig->cgroup, rig->obs));
    assert_ok(rca_source_task.tick(rig->task, rig->obs));
    assert_ok(rca_source_runq.tick(rig->runq, rig->obs));
}

/* Largest value of @series of any entity in this tick; 0: none. */
static double largest(const struct rig *rig, const char *series)
{
    double most = 0;

    for (rca_id id = 0; id < 100000 && id < rig->obs->n_samples; id++)
        most = fmax(sample_of(rig->obs, id, series), most);
    return most;
}

static void burn(int64_t ns)
{
    struct timespec t;
    int64_t end = 0;

    do {
        assert_ok(clock_gettime(CLOCK_MONOTONIC, &t));
        end = end ? end : t.tv_sec * RCA_SECOND + t.tv_nsec + ns;
    } while (t.tv_sec * RCA_SECOND + t.tv_nsec < end);
}

/* A realtime thread holds the processor for 50 ms while a child is ready. */
static _Bool hold_up(void)
{
    const struct sched_param fifo = {.sched_priority = 1};
    const struct sched_param other = {.sched_priority = 0};
    cpu_set_t set;
    pid_t child;
    _Bool held;

    CPU_ZERO(&set);
    CPU_SET(0, &set);
    assert_ok(sched_setaffinity(0, sizeof(set), &set));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (;;)
            ;
    }
    usleep(50000);
    held = sched_setscheduler(0, SCHED_FIFO, &fifo) == 0;
    burn(50000000);
    if (held)
        assert_ok(sched_setscheduler(0, SCHED_OTHER, &other));
    usleep(50000); /* the child runs */
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    return held;
}

static void a_wait_shows_in_the_histogram(void **state)
{
    struct rig *rig = *state;

    (void)rca_source_cgroup.open(&rig->env, rig->obs, &rig->cgroup);
    assert_ok(rca_source_task.open(&rig->env, rig->obs, &rig->task));
    assert_ok(rca_source_runq.open(&rig->env, rig->obs, &rig->runq));
    if (!rca_source_runq.programs(rig->runq, (int[4]){0}, 4)) {
        print_message("not permitted to load BPF programs\n");
        skip();
    }
    tick(rig, 0);
    if (!hold_up())
        skip();
    tick(rig, 1);
    assert_true(largest(rig, "run_queue_latency_seconds_max") >= 0.045);
    assert_true(largest(rig, "run_queue_waits_total") >= 1);
    assert_true(largest(rig, "run_queue_latency_seconds_sum_total") >= 0.045);
}

static void another_profile_detaches_it(void **state)
{
    struct rig *rig = *state;
    const struct rca_feature *f;
    size_t n;

    assert_ok(rca_source_runq.open(&rig->env, rig->obs, &rig->runq));
    assert_ok(
        rca_source_runq.set_profile(rig->runq, rig->obs, RCA_PROFILE_STANDARD));
    assert_int_equal(rca_source_runq.programs(rig->runq, (int[4]){0}, 4), 0);
    f = rca_observer_features(rig->obs, &n);
    assert_int_equal(n, 1);
    assert_int_equal(f->state, RCA_FEATURE_OFF);
    rca_source_runq.close(&rig->runq);
    rig->env.without = "tp_btf/sched_switch";
    assert_ok(rca_source_runq.open(&rig->env, rig->obs, &rig->runq));
    f = rca_observer_features(rig->obs, &n);
    assert_string_equal(f->how, "turned off by 'without'");
}

#define with_rig(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_rig(a_wait_shows_in_the_histogram),
        with_rig(another_profile_detaches_it),
    };

    return cmocka_run_group_tests_name("bpf/runq", tests, NULL, NULL);
}
