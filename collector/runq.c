/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * runq - how waits for a processor are spread, by cgroup (bpf/runq.bpf.c).
 *
 * In the deep profile only, and attached only while it lasts.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/events_task.h"
#include "bpf/runq.skel.h"
#include "collector/source.h"

#define FEATURE "run queue latency"
#define HOOK "tp_btf/sched_switch"
#define LOST "how waits for a processor are spread, by cgroup"
#define PREFIX "run_queue_latency_seconds"
#define BATCH 32
#define NS 1e-9

struct runq {
    const struct rca_source_env *env; /* borrowed */
    _Bool may;
    struct runq_bpf *skel; /* owned; NULL: not attached */
    __u64 keys[BATCH];
    struct rca_runq values[BATCH];
};

static void close_runq(void **state)
{
    struct runq *q = *state;

    *state = NULL;
    if (!q)
        return;
    runq_bpf__destroy(q->skel);
    free(q);
}

static void tell_off(struct rca_observer *obs, const char *why)
{
    rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF, why, LOST);
}

static void attach(struct runq *q, struct rca_observer *obs)
{
    char how[96];
    int r = -ENOMEM;

    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    q->skel = runq_bpf__open_and_load();
    if (q->skel)
        r = runq_bpf__attach(q->skel);
    else
        r = -errno;
    if (r == 0 && q->skel) {
        q->skel->bss->epoch = 1; /* 0 is what entries begin with */
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_ON, HOOK, "");
        return;
    }
    runq_bpf__destroy(q->skel);
    q->skel = NULL;
    (void)snprintf(how, sizeof(how), "cannot load the BPF hook: %s",
                   strerror(-r));
    tell_off(obs, how);
}

static int set_profile_runq(void *state, struct rca_observer *obs,
                            enum rca_profile profile)
{
    struct runq *q = state;

    if (!q->may) {
        tell_off(obs, "turned off by 'without'");
    } else if (profile == RCA_PROFILE_DEEP) {
        if (!q->skel)
            attach(q, obs);
    } else {
        runq_bpf__destroy(q->skel);
        q->skel = NULL;
        tell_off(obs, "only in profile 'deep'");
    }
    return 0;
}

static int open_runq(const struct rca_source_env *env, struct rca_observer *obs,
                     void **ret_state)
{
    struct runq *q = calloc(1, sizeof(*q));

    if (!q)
        return -ENOMEM;
    q->env = env;
    q->may = rca_source_may(env, HOOK);
    *ret_state = q;
    return set_profile_runq(q, obs, env->profile);
}

static size_t programs_of_runq(void *state, int *fds, size_t max)
{
    const struct runq *q = state;
    size_t n = 0;

    if (q->skel && n < max)
        fds[n++] = bpf_program__fd(q->skel->progs.on_switch);
    if (q->skel && n < max)
        fds[n++] = bpf_program__fd(q->skel->progs.on_wakeup);
    if (q->skel && n < max)
        fds[n++] = bpf_program__fd(q->skel->progs.on_wakeup_new);
    return n;
}

/* Waits in the root cgroup, and of what is not known yet, are the host's. */
static rca_id entity_of(struct rca_observer *obs, uint64_t cgroup)
{
    const rca_id id = rca_observer_cgroup(obs, cgroup);
    const char *path = rca_observer_cgroup_path(obs, cgroup);

    if (id != RCA_ID_NONE)
        return id;
    return path && !path[0] ? rca_observe_host(obs) : RCA_ID_NONE;
}

static void report(struct rca_observer *obs, uint64_t cgroup,
                   const struct rca_runq *w, uint32_t epoch)
{
    const rca_id id = entity_of(obs, cgroup);
    uint64_t bucket[RCA_LATENCY_BUCKETS];

    memcpy(bucket, w->bucket, sizeof(bucket));
    rca_observe_histogram(obs, id, PREFIX, bucket);
    rca_observe_value(obs, id, PREFIX "_sum_total", (double)w->sum_ns * NS);
    rca_observe_value(obs, id, "run_queue_waits_total", (double)w->waits);
    if (w->max_epoch[epoch & 1] == epoch)
        rca_observe_value(obs, id, PREFIX "_max",
                          (double)w->max_ns[epoch & 1] * NS);
}

static int tick_runq(void *state, struct rca_observer *obs)
{
    struct runq *q = state;
    uint32_t at = 0, n, epoch;
    int fd, more = 1, r;

    if (!q->skel)
        return 0;
    fd = bpf_map__fd(q->skel->maps.groups);
    epoch = __atomic_fetch_add(&q->skel->bss->epoch, 1, __ATOMIC_RELAXED);
    for (int first = 1; more; first = 0) {
        n = BATCH;
        r = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, q->keys,
                                 q->values, &n, NULL);
        more = r == 0;
        if (r && errno != ENOENT)
            return -errno;
        for (uint32_t i = 0; i < n; i++)
            report(obs, q->keys[i], &q->values[i], epoch);
    }
    rca_observe_loss(obs, "run_queue_waits", q->skel->bss->lost);
    return 0;
}

const struct rca_source rca_source_runq = {
    .name = "runq",
    .open = open_runq,
    .tick = tick_runq,
    .close = close_runq,
    .set_profile = set_profile_runq,
    .programs = programs_of_runq,
};
