/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * drop - reads the counters of bpf/drop.bpf.c and adds them up by entity and
 * name: several reasons of one subsystem share a name, and drops of a namespace
 * that is not known yet stay in the map until it is.
 *
 * A reason that is new for an entity is reported as 0 once, so that its first
 * drops are growth.
 */

#include "collector/drop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/drop.skel.h"
#include "bpf/events_net.h"
#include "collector/drop_btf.h"
#include "collector/link_map.h"
#include "collector/map.h"

#define FEATURE "packet drops"
#define REASONS "drop reasons"
#define HOOK "tp_btf/kfree_skb"
#define TWIN "raw_tp/kfree_skb"

/* Reasons in use are few; those of more (entity, name) pairs are left out. */
#define MAX_SUMS 4096

/** struct sum - drops of one entity for one reason, or for all that hurt (name
 * ""); @reported: was once, as 0 */
struct sum {
    rca_id entity;
    char name[RCA_DROP_NAME_SIZE];
    uint64_t n;
    _Bool reported;
};

struct rca_drop_source {
    struct drop_bpf *skel; /* owned */
    struct rca_drop_reasons reasons; /* owned */
    struct sum *sums; /* owned */
    size_t n_sums, cap_sums;
    struct rca_map by_key; /* entity and name to place in sums */
    uint64_t left_out; /* drops for which there was no sum, of this tick */
};

/* --- counting -------------------------------------------------------------- */

#define KEY_SIZE (16 + RCA_DROP_NAME_SIZE)

static size_t make_key(rca_id entity, const char *name, char key[KEY_SIZE])
{
    return (size_t)snprintf(key, KEY_SIZE, "%u %s", entity, name);
}

/* NULL: none yet. */
static struct sum *find_sum(const struct rca_drop_source *s, rca_id entity,
                            const char *name)
{
    char key[KEY_SIZE];
    uint32_t at;

    if (!rca_map_get(&s->by_key, key, make_key(entity, name, key), &at))
        return NULL;
    return &s->sums[at];
}

/* NULL: no room. */
static struct sum *get_sum(struct rca_drop_source *s, rca_id entity,
                           const char *name)
{
    struct sum *found = find_sum(s, entity, name);
    char key[KEY_SIZE];

    if (found || s->n_sums == MAX_SUMS)
        return found;
    if (s->n_sums == s->cap_sums) {
        const size_t cap = s->cap_sums ? 2 * s->cap_sums : 64;
        struct sum *sums = realloc(s->sums, cap * sizeof(*sums));

        if (!sums)
            return NULL;
        s->sums = sums;
        s->cap_sums = cap;
    }
    if (rca_map_set(&s->by_key, key, make_key(entity, name, key),
                    (uint32_t)s->n_sums))
        return NULL;
    s->sums[s->n_sums] = (struct sum){.entity = entity};
    (void)snprintf(s->sums[s->n_sums].name, RCA_DROP_NAME_SIZE, "%s", name);
    return &s->sums[s->n_sums++];
}

/* Keys of namespaces that are gone are dropped when the kernel's map gets full,
 * these many a tick. */
#define SWEEP_ABOVE 4096
#define SWEEP_AT_ONCE 256

/* Whose a drop is: the host's own namespace, or one that is not known by
 * number at all, is the host. RCA_ID_NONE: not known yet. */
static rca_id entity_of(struct rca_observer *obs, uint32_t netns)
{
    const struct rca_netns *ns;

    if (!netns)
        return rca_observe_host(obs);
    ns = rca_observer_netns_find(obs, netns);
    if (!ns)
        return RCA_ID_NONE;
    return ns->name[0] ? ns->entity : rca_observe_host(obs);
}

static void add_to(struct rca_drop_source *s, rca_id entity, const char *name,
                   uint64_t n)
{
    struct sum *sum;

    if (entity == RCA_ID_NONE)
        return;
    sum = get_sum(s, entity, name);
    if (sum)
        sum->n += n;
    else
        s->left_out += n;
}

/* The NIC that the packet was on, where it is one that is shown. */
static rca_id nic_of(const struct rca_observer *obs,
                     const struct rca_drop_key *key)
{
    const struct rca_link_map *map = rca_observer_links(obs);
    size_t nic = RCA_LINK_NONE;

    if (map && key->netns && key->ifindex)
        nic = rca_link_map_find(map, key->netns, (int)key->ifindex);
    return nic == RCA_LINK_NONE ? RCA_ID_NONE : map->nics[nic].entity;
}

/* 0; 1 if it is nobody's (any more). */
static int add(struct rca_drop_source *s, struct rca_observer *obs,
               const struct rca_drop_key *key, uint64_t n)
{
    const rca_id entity = entity_of(obs, key->netns);
    const rca_id nic = nic_of(obs, key);
    char name[RCA_DROP_NAME_SIZE];

    if (entity == RCA_ID_NONE)
        return 1;
    rca_drop_reason_name(&s->reasons, key->reason, name);
    add_to(s, entity, name, n);
    add_to(s, nic, name, n);
    if (rca_drop_reason_hurts(name)) {
        add_to(s, entity, "", n);
        add_to(s, nic, "", n);
    }
    return 0;
}

static int read_map(struct rca_drop_source *s, struct rca_observer *obs)
{
    const int fd = bpf_map__fd(s->skel->maps.drops);
    struct rca_drop_key gone[SWEEP_AT_ONCE];
    struct rca_drop_key key, *last = NULL;
    size_t n_keys = 0, n_gone = 0;
    uint64_t n;
    int r;

    for (size_t i = 0; i < s->n_sums; i++)
        s->sums[i].n = 0;
    s->left_out = 0;
    while ((r = bpf_map_get_next_key(fd, last, &key)) == 0) {
        n_keys++;
        if (bpf_map_lookup_elem(fd, &key, &n) == 0 && add(s, obs, &key, n) &&
            n_gone < SWEEP_AT_ONCE)
            gone[n_gone++] = key;
        last = &key;
    }
    for (size_t i = 0; n_keys > SWEEP_ABOVE && i < n_gone; i++)
        (void)bpf_map_delete_elem(fd, &gone[i]);
    return r == -ENOENT ? 0 : r;
}

uint64_t rca_drop_count(const struct rca_drop_source *source, uint32_t netns,
                        const char *reason)
{
    const int fd = bpf_map__fd(source->skel->maps.drops);
    struct rca_drop_key key, *last = NULL;
    char name[RCA_DROP_NAME_SIZE];
    uint64_t n, total = 0;

    while (bpf_map_get_next_key(fd, last, &key) == 0) {
        last = &key;
        rca_drop_reason_name(&source->reasons, key.reason, name);
        if (key.netns == netns && !strcmp(name, reason) &&
            bpf_map_lookup_elem(fd, &key, &n) == 0)
            total += n;
    }
    return total;
}

/* --- reporting ------------------------------------------------------------- */

/* What hurts @entity, 0 if nothing did. */
static void report_total(const struct rca_drop_source *s,
                         struct rca_observer *obs, rca_id entity)
{
    const struct sum *sum = find_sum(s, entity, "");

    if (entity != RCA_ID_NONE)
        rca_observe_value(obs, entity, "drops_total", sum ? (double)sum->n : 0);
}

static void report_totals(const struct rca_drop_source *s,
                          struct rca_observer *obs)
{
    const struct rca_link_map *map = rca_observer_links(obs);
    size_t n;
    const struct rca_netns *ns = rca_observer_netns(obs, &n);

    for (size_t i = 0; i < n; i++)
        report_total(s, obs, ns[i].entity);
    report_total(s, obs, rca_observe_host(obs));
    for (size_t i = 0; map && i < map->n_nics; i++)
        report_total(s, obs, map->nics[i].entity);
}

static void report(struct rca_drop_source *s, struct rca_observer *obs)
{
    char series[RCA_DROP_NAME_SIZE + 16];

    report_totals(s, obs);
    for (size_t i = 0; i < s->n_sums; i++) {
        struct sum *sum = &s->sums[i];

        if (!sum->n || !sum->name[0])
            continue;
        (void)snprintf(series, sizeof(series), "drops_%s_total", sum->name);
        rca_observe_value(obs, sum->entity, series,
                          sum->reported ? (double)sum->n : 0);
        sum->reported = 1;
    }
    rca_observe_loss(obs, "drops", s->skel->bss->uncounted + s->left_out);
}

/* --- the source ------------------------------------------------------------ */

static void source_close(void **state)
{
    struct rca_drop_source *s = (struct rca_drop_source *)*state;

    *state = NULL;
    if (!s)
        return;
    drop_bpf__destroy(s->skel);
    rca_drop_reasons_done(&s->reasons);
    rca_map_done(&s->by_key);
    free(s->sums);
    free(s);
}

static void close_source(struct rca_drop_source **source)
{
    void *state = *source;

    source_close(&state);
    *source = NULL;
}

static int load(struct rca_drop_source *s, enum rca_drop_hook hook,
                unsigned n_args)
{
    const _Bool raw = hook == RCA_DROP_HOOK_RAW;
    int r;

    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    s->skel = drop_bpf__open();
    if (!s->skel)
        return -errno;
    s->skel->rodata->n_args = n_args;
    for (size_t i = 0; s->reasons.n && i < 2; i++)
        s->skel->rodata->consumed[i] = s->reasons.consumed[i];
    (void)bpf_program__set_autoload(s->skel->progs.on_drop, !raw);
    (void)bpf_program__set_autoload(s->skel->progs.on_drop_raw, raw);
    r = drop_bpf__load(s->skel);
    if (r == 0)
        r = drop_bpf__attach(s->skel);
    if (r == 0)
        return 0;
    drop_bpf__destroy(s->skel);
    s->skel = NULL;
    return r;
}

static int tell_off(struct rca_observer *obs, const char *why)
{
    rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF, why,
                         "packets that the kernel drops, and why");
    return RCA_ENOSUPPORT;
}

static int load_best(struct rca_drop_source *s,
                     const struct rca_source_env *env, struct rca_observer *obs,
                     enum rca_drop_hook hook, unsigned n_args)
{
    const _Bool best = rca_source_may(env, HOOK);
    const _Bool twin = rca_source_may(env, TWIN);
    char how[96];
    int r = -ENOTSUP;

    if (!best && !twin)
        return tell_off(obs, "turned off by 'without'");
    if (best && hook == RCA_DROP_HOOK_BEST)
        r = load(s, RCA_DROP_HOOK_BEST, n_args);
    if (r == 0) {
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_ON, HOOK, "");
        return 0;
    }
    if (twin && r != -ENOMEM)
        r = load(s, RCA_DROP_HOOK_RAW, n_args);
    if (r == 0) {
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_TWIN, TWIN, "");
        return 0;
    }
    (void)snprintf(how, sizeof(how), "cannot load the BPF hook: %s",
                   strerror(-r));
    return r == -ENOMEM ? r : tell_off(obs, how);
}

int rca_drop_open(const struct rca_source_env *env, struct rca_observer *obs,
                  enum rca_drop_hook hook, struct rca_drop_source **ret_source)
{
    struct rca_drop_source *s RCA_CLEANUP(close_source) = calloc(1, sizeof(*s));
    struct btf *btf = NULL;
    unsigned n_args = 2;
    int r = 0;

    if (!s)
        return -ENOMEM;
    btf = btf__load_vmlinux_btf();
    if (btf) {
        n_args = rca_drop_args(btf);
        if (n_args >= 3)
            r = rca_drop_btf_reasons(btf, &s->reasons);
        btf__free(btf);
    }
    if (r == 0)
        r = load_best(s, env, obs, hook, n_args);
    if (r < 0)
        return r;
    if (s->reasons.n)
        rca_observer_feature(obs, REASONS, RCA_FEATURE_ON, "kernel BTF", "");
    else
        rca_observer_feature(obs, REASONS, RCA_FEATURE_OFF,
                             "this kernel gives none (they came with 5.17)",
                             "why packets are dropped");
    *ret_source = RCA_TAKE(s);
    return 0;
}

static int source_open(const struct rca_source_env *env,
                       struct rca_observer *obs, void **ret_state)
{
    struct rca_drop_source *s = NULL;
    const int r = rca_drop_open(env, obs, RCA_DROP_HOOK_BEST, &s);

    if (r == 0)
        *ret_state = s;
    return r;
}

static int source_tick(void *state, struct rca_observer *obs)
{
    struct rca_drop_source *s = (struct rca_drop_source *)state;
    const int r = read_map(s, obs);

    report(s, obs);
    return r;
}

static size_t list_programs(void *state, int *fds, size_t max)
{
    const struct rca_drop_source *s = (const struct rca_drop_source *)state;
    const struct bpf_program *const used = s->skel->links.on_drop
                                               ? s->skel->progs.on_drop
                                               : s->skel->progs.on_drop_raw;

    if (!max)
        return 0;
    fds[0] = bpf_program__fd(used);
    return 1;
}

const struct rca_source rca_source_drop = {
    .name = "drop",
    .open = source_open,
    .tick = source_tick,
    .close = source_close,
    .programs = list_programs,
};
