/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/sojourn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/events_net.h"
#include "bpf/qdisc.skel.h"
#include "graph/histogram.h"

#define FEATURE "time in queues"
#define HOOK "tp_btf/qdisc_enqueue"
#define TWIN "raw_tp/qdisc_enqueue"
#define LOST "how long packets wait in queueing disciplines"

static_assert(RCA_LATENCY_BUCKETS == RCA_HISTOGRAM_BUCKETS, "the same buckets");

/* Most that one of how many packets is timed: 1,024, at 10 million a second. */
#define MASK_MAX 1023

/* Interfaces that are gone leave the map when nothing was timed for them for
 * this many ticks, looked for as often. */
#define IDLE_TICKS 600
#define SWEEP_AT_ONCE 64

struct rca_sojourn {
    struct qdisc_bpf *skel; /* owned */
    _Bool raw;
    uint32_t epoch; /* the one that ended with this tick */
    uint64_t packets; /* at the last tick */
    rca_time last;
};

static void close_sojourn(struct rca_sojourn **slot)
{
    struct rca_sojourn *s = *slot;

    *slot = NULL;
    if (!s)
        return;
    qdisc_bpf__destroy(s->skel);
    free(s);
}

void rca_sojourn_close(struct rca_sojourn **slot)
{
    close_sojourn(slot);
}

static int load(struct rca_sojourn *s, _Bool raw)
{
    int r;

    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    s->raw = raw;
    s->skel = qdisc_bpf__open();
    if (!s->skel)
        return -errno;
    (void)bpf_program__set_autoload(s->skel->progs.on_enqueue, !raw);
    (void)bpf_program__set_autoload(s->skel->progs.on_dequeue, !raw);
    (void)bpf_program__set_autoload(s->skel->progs.on_enqueue_raw, raw);
    (void)bpf_program__set_autoload(s->skel->progs.on_dequeue_raw, raw);
    r = qdisc_bpf__load(s->skel);
    if (r == 0)
        return 0;
    qdisc_bpf__destroy(s->skel);
    s->skel = NULL;
    return r;
}

static int load_best(struct rca_sojourn *s, _Bool best, _Bool twin)
{
    int r = -ENOTSUP;

    if (best)
        r = load(s, 0);
    if (r < 0 && r != -ENOMEM && twin)
        r = load(s, 1);
    return r;
}

static void tell(const struct rca_sojourn *s, struct rca_observer *obs,
                 _Bool attached)
{
    if (!attached)
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF,
                             "not in profile light", LOST);
    else if (s->raw)
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_TWIN, TWIN, "");
    else
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_ON, HOOK, "");
}

int rca_sojourn_open(const struct rca_source_env *env, struct rca_observer *obs,
                     enum rca_sojourn_hook hook,
                     struct rca_sojourn **ret_sojourn)
{
    struct rca_sojourn *s RCA_CLEANUP(close_sojourn) = calloc(1, sizeof(*s));
    const _Bool best = rca_source_may(env, HOOK);
    const _Bool twin = rca_source_may(env, TWIN);
    char how[96];
    int r;

    if (!s)
        return -ENOMEM;
    if (!best && !twin) {
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF,
                             "turned off by 'without'", LOST);
        return RCA_ENOSUPPORT;
    }
    r = load_best(s, best && hook == RCA_SOJOURN_HOOK_BEST, twin);
    if (r == 0)
        r = rca_sojourn_set_profile(s, obs, env->profile);
    if (r < 0) {
        (void)snprintf(how, sizeof(how), "cannot load the BPF hook: %s",
                       strerror(-r));
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF, how, LOST);
        return r == -ENOMEM ? r : RCA_ENOSUPPORT;
    }
    *ret_sojourn = RCA_TAKE(s);
    return 0;
}

int rca_sojourn_set_profile(struct rca_sojourn *sojourn,
                            struct rca_observer *obs, enum rca_profile profile)
{
    const _Bool want = profile != RCA_PROFILE_LIGHT;
    const struct qdisc_bpf *skel = sojourn->skel;
    const _Bool have = skel->links.on_enqueue || skel->links.on_enqueue_raw;

    if (!want)
        qdisc_bpf__detach(sojourn->skel);
    else if (!have && qdisc_bpf__attach(sojourn->skel))
        return errno ? -errno : -EINVAL;
    tell(sojourn, obs, want);
    return 0;
}

size_t rca_sojourn_programs(const struct rca_sojourn *sojourn, int *fds,
                            size_t max)
{
    const struct bpf_program *const programs[] = {
        sojourn->raw ? sojourn->skel->progs.on_enqueue_raw
                     : sojourn->skel->progs.on_enqueue,
        sojourn->raw ? sojourn->skel->progs.on_dequeue_raw
                     : sojourn->skel->progs.on_dequeue,
    };
    size_t n = 0;

    for (; n < RCA_ARRAY_SIZE(programs) && n < max; n++)
        fds[n] = bpf_program__fd(programs[n]);
    return n;
}

/* --- a tick ---------------------------------------------------------------- */

uint32_t rca_sojourn_mask(double rate)
{
    uint32_t mask = 0;

    while (mask < MASK_MAX && rate > (double)(mask + 1) * RCA_SOJOURN_RATE)
        mask = 2 * mask + 1;
    return mask;
}

static _Bool is_idle(const struct rca_sojourn *s,
                     const struct rca_qdisc_sojourn *value)
{
    const uint32_t *at = value->max_epoch;

    return s->epoch - at[0] > IDLE_TICKS && s->epoch - at[1] > IDLE_TICKS;
}

static void sweep(const struct rca_sojourn *s)
{
    const int fd = bpf_map__fd(s->skel->maps.sojourns);
    struct rca_qdisc_key gone[SWEEP_AT_ONCE], key, *last = NULL;
    size_t n = 0;

    while (n < SWEEP_AT_ONCE && !bpf_map_get_next_key(fd, last, &key)) {
        struct rca_qdisc_sojourn value;

        if (!bpf_map_lookup_elem(fd, &key, &value) && is_idle(s, &value))
            gone[n++] = key;
        last = &key;
    }
    for (size_t i = 0; i < n; i++)
        (void)bpf_map_delete_elem(fd, &gone[i]);
}

void rca_sojourn_tick(struct rca_sojourn *sojourn, struct rca_observer *obs,
                      uint64_t packets, rca_time now)
{
    struct qdisc_bpf__bss *bss = sojourn->skel->bss;
    const double seconds = (double)(now - sojourn->last) / (double)RCA_SECOND;

    sojourn->epoch = __atomic_fetch_add(&bss->epoch, 1, __ATOMIC_RELAXED);
    if (sojourn->last && seconds > 0 && packets >= sojourn->packets)
        __atomic_store_n(
            &bss->sample_mask,
            rca_sojourn_mask((double)(packets - sojourn->packets) / seconds),
            __ATOMIC_RELAXED);
    sojourn->packets = packets;
    sojourn->last = now;
    if (sojourn->epoch && sojourn->epoch % IDLE_TICKS == 0)
        sweep(sojourn);
    rca_observe_loss(obs, "qdisc_sojourns",
                     __atomic_load_n(&bss->uncounted, __ATOMIC_RELAXED));
}

void rca_sojourn_report(const struct rca_sojourn *sojourn,
                        struct rca_observer *obs, rca_id qdisc, uint64_t netns,
                        int ifindex)
{
    const struct rca_qdisc_key key = {(__u32)netns, (__u32)ifindex};
    struct rca_qdisc_sojourn value = {0};
    const uint32_t slot = sojourn->epoch & 1;
    uint64_t buckets[RCA_HISTOGRAM_BUCKETS];
    double max = 0;

    if (bpf_map_lookup_elem(bpf_map__fd(sojourn->skel->maps.sojourns), &key,
                            &value))
        memset(&value, 0, sizeof(value));
    for (size_t i = 0; i < RCA_HISTOGRAM_BUCKETS; i++)
        buckets[i] = value.bucket[i];
    if (value.packets && value.max_epoch[slot] == sojourn->epoch)
        max = (double)value.max_ns[slot] * 1e-9;
    rca_observe_value(obs, qdisc, "qdisc_sojourn_seconds_max", max);
    rca_observe_value(obs, qdisc, "qdisc_sojourn_packets_total",
                      (double)value.packets);
    rca_observe_value(obs, qdisc, "qdisc_sojourn_seconds_sum_total",
                      (double)value.sum_ns * 1e-9);
    rca_observe_histogram(obs, qdisc, "qdisc_sojourn_seconds", buckets);
}
