/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * sock_probe - one program that does not load fails its whole object, so where
 * the kernel refuses the object each program is tried alone, and those that
 * fail make way for the next choice of their hook.
 */

#include "collector/sock_probe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/sock.skel.h"
#include "graph/base/log.h"

/* entries a system call; a bucket of the map must fit */
#define BATCH 128
#define CHOICES 3

enum place { NOWHERE, TRACEPOINT, FUNCTION, ITERATOR };

static const char *const place_names[] = {
    [NOWHERE] = "",
    [TRACEPOINT] = "tracepoint",
    [FUNCTION] = "function",
    [ITERATOR] = "iterator",
};

/** struct choice - a program and what it hangs on */
struct choice {
    const char *program;
    enum place place;
    const char *on;
};

/** struct hook - @path: every request passes it */
struct hook {
    const char *feature;
    const char *lost;
    bool path;
    struct choice choice[CHOICES];
};

enum { SENDS, RECEIVES, FILES };

static const struct hook hooks[] = {
    [SENDS] = {"socket sends",
               "requests, latency and sent bytes",
               true,
               {{"on_send", TRACEPOINT, "tcp_sendmsg_locked"},
                {"on_send_function", FUNCTION, "tcp_sendmsg_locked"},
                {"on_sent", TRACEPOINT, "sock_send_length"}}},
    [RECEIVES] = {"socket receives",
                  "requests, latency and received bytes",
                  true,
                  {{"on_take", TRACEPOINT, "tcp_rcv_space_adjust"},
                   {"on_taken_function", FUNCTION, "tcp_recvmsg"},
                   {"on_taken", TRACEPOINT, "sock_recv_length"}}},
    [FILES] = {"listeners",
               "services that nobody calls, where they listen already",
               false,
               {{"on_file", ITERATOR, "task_file"}}},
    {"connections",
     "new, failed and closed connections",
     false,
     {{"on_state", TRACEPOINT, "inet_sock_set_state"}}},
    {"resets received",
     "connections that the other side reset",
     false,
     {{"on_receive_reset", TRACEPOINT, "tcp_receive_reset"}}},
    {"resets sent",
     "connections that this side reset",
     false,
     {{"on_send_reset", TRACEPOINT, "tcp_send_reset"}}},
};
#define N_HOOKS RCA_ARRAY_SIZE(hooks)
#define STATUS "reply status"

/** struct active - a hook's choice in use
 * @at:     of its choices; CHOICES: off
 * @why:    of off: errno; 0: the kernel has no such hook
 * @denied: the user turned a choice off */
struct active {
    size_t at;
    int why;
    bool denied;
    struct bpf_link *link; /* owned; NULL: not attached */
};

struct rca_sock_probe {
    struct sock_bpf *skel; /* owned */
    struct active active[N_HOOKS];
    enum rca_profile profile;
    struct rca_sock_losses losses;
    struct rca_sock_sum gone; /* of edges that were forgotten */
    struct rca_sock_key *keys; /* owned, BATCH */
    struct rca_sock_edge *edges; /* owned, BATCH */
};

/* --- choosing ---------------------------------------------------------------- */

static void free_btf(struct btf **btf)
{
    btf__free(*btf);
}

static bool exists(const struct btf *btf, const struct choice *c)
{
    static const char *const prefix[] = {[NOWHERE] = "",
                                         [TRACEPOINT] = "btf_trace_",
                                         [FUNCTION] = "",
                                         [ITERATOR] = "bpf_iter_"};
    char full[96];

    (void)snprintf(full, sizeof(full), "%s%s", prefix[c->place], c->on);
    return btf__find_by_name_kind(btf, full,
                                  c->place == TRACEPOINT ? BTF_KIND_TYPEDEF
                                                         : BTF_KIND_FUNC) > 0;
}

/* From choice @from on, the first that may be used. */
static void choose(struct active *a, const struct hook *h,
                   const struct btf *btf, const struct rca_source_env *env,
                   size_t from)
{
    for (a->at = from; a->at < CHOICES && h->choice[a->at].program; a->at++) {
        const struct choice *c = &h->choice[a->at];
        const bool may = rca_source_may(env, c->on);

        a->denied = a->denied || !may;
        if (may && exists(btf, c))
            return;
    }
    a->at = CHOICES;
}

static const char *chosen(const struct rca_sock_probe *p, size_t i)
{
    const size_t at = p->active[i].at;

    return at < CHOICES ? hooks[i].choice[at].program : NULL;
}

/* --- loading ------------------------------------------------------------------ */

static int prepare(struct sock_bpf *skel, uint32_t max_edges)
{
    struct timespec tick;

    if (!clock_getres(CLOCK_MONOTONIC_COARSE, &tick))
        skel->rodata->tick_ns =
            (uint64_t)tick.tv_sec * RCA_SECOND + (uint64_t)tick.tv_nsec;
    skel->bss->era = 1;
    if (!max_edges)
        return 0;
    skel->rodata->detailed = max_edges - max_edges / 8;
    return bpf_map__set_max_entries(skel->maps.edges, max_edges);
}

/* Load the object with the programs chosen, or (@only) with one of them. */
static int load(const struct rca_sock_probe *p, const char *only,
                uint32_t max_edges, struct sock_bpf **ret_skel)
{
    struct sock_bpf *skel = sock_bpf__open();
    struct bpf_program *prog;
    int r;

    if (!skel)
        return errno ? -errno : -EINVAL;
    bpf_object__for_each_program(prog, skel->obj)(void)
        bpf_program__set_autoload(prog, false);
    for (size_t i = 0; i < N_HOOKS; i++) {
        const char *name = chosen(p, i);

        if (!name || (only && strcmp(only, name) != 0))
            continue;
        prog = bpf_object__find_program_by_name(skel->obj, name);
        (void)bpf_program__set_autoload(prog, true);
    }
    r = prepare(skel, max_edges);
    if (!r)
        r = sock_bpf__load(skel);
    if (r) {
        sock_bpf__destroy(skel);
        return r;
    }
    *ret_skel = skel;
    return 0;
}

static int try_alone(const struct rca_sock_probe *p, size_t i)
{
    struct sock_bpf *skel = NULL;
    const int r = load(p, chosen(p, i), 0, &skel);

    sock_bpf__destroy(skel);
    return r;
}

static void try_each(struct rca_sock_probe *p, const struct btf *btf,
                     const struct rca_source_env *env)
{
    for (size_t i = 0; i < N_HOOKS; i++) {
        struct active *a = &p->active[i];
        int r;

        while (chosen(p, i) && (r = try_alone(p, i)) != 0) {
            a->why = -r;
            choose(a, &hooks[i], btf, env, a->at + 1);
        }
    }
}

/* Room for what finds none: made first, so that it is always there. */
static int make_rest(struct rca_sock_probe *p)
{
    struct rca_sock_key key = {0};

    memset(p->edges, 0, sizeof(*p->edges));
    p->edges->coarse = 1;
    for (unsigned role = RCA_SOCK_SERVER; role <= RCA_SOCK_CLIENT; role++) {
        key.role = (uint8_t)role;
        if (bpf_map_update_elem(bpf_map__fd(p->skel->maps.edges), &key,
                                p->edges, BPF_NOEXIST))
            return -errno;
    }
    p->skel->bss->n_edges = 2;
    return 0;
}

/* --- attaching ---------------------------------------------------------------- */

static void attach(struct rca_sock_probe *p, size_t i)
{
    struct active *a = &p->active[i];

    if (!chosen(p, i) || a->link)
        return;
    a->link = bpf_program__attach(
        bpf_object__find_program_by_name(p->skel->obj, chosen(p, i)));
    a->why = a->link ? 0 : errno;
}

static void detach(struct rca_sock_probe *p, size_t i)
{
    (void)bpf_link__destroy(p->active[i].link);
    p->active[i].link = NULL;
}

/* Whatever a socket was doing, nobody sees how it goes on: a new era. */
static int follow_profile(struct rca_sock_probe *p)
{
    const bool path = p->profile != RCA_PROFILE_LIGHT;
    int why = 0;

    if (!path)
        p->skel->bss->watched = 0;
    for (size_t i = 0; i < N_HOOKS; i++) {
        if (hooks[i].path && !path)
            detach(p, i);
        else
            attach(p, i);
        why = p->active[i].why ? p->active[i].why : why;
    }
    p->skel->bss->era++;
    p->skel->bss->watched =
        p->active[SENDS].link != NULL && p->active[RECEIVES].link != NULL;
    return -why;
}

/* --- what is on ---------------------------------------------------------------- */

static void tell_off(const struct rca_sock_probe *p, size_t i,
                     struct rca_observer *obs)
{
    const struct hook *h = &hooks[i];
    const struct active *a = &p->active[i];
    char how[96];

    if (h->path && p->profile == RCA_PROFILE_LIGHT)
        (void)snprintf(how, sizeof(how), "not in the light profile");
    else if (a->denied && !a->why)
        (void)snprintf(how, sizeof(how), "%s: turned off by 'without'",
                       h->choice[0].on);
    else
        (void)snprintf(how, sizeof(how), "%s: %s", h->choice[0].on,
                       a->why ? strerror(a->why) : "not in this kernel");
    rca_observer_feature(obs, h->feature, RCA_FEATURE_OFF, how, h->lost);
}

static void tell_hook(const struct rca_sock_probe *p, size_t i,
                      struct rca_observer *obs)
{
    const struct active *a = &p->active[i];
    const struct choice *c;
    char how[96];

    if (!a->link) {
        tell_off(p, i, obs);
        return;
    }
    c = &hooks[i].choice[a->at];
    (void)snprintf(how, sizeof(how), "%s %s", place_names[c->place], c->on);
    rca_observer_feature(obs, hooks[i].feature,
                         a->at ? RCA_FEATURE_TWIN : RCA_FEATURE_ON, how, "");
}

/* The first bytes of a reply are there only before they are sent. */
static void tell_status(const struct rca_sock_probe *p,
                        struct rca_observer *obs)
{
    const struct active *a = &p->active[SENDS];
    const bool on = a->link && a->at < 2;

    rca_observer_feature(
        obs, STATUS,
        on ? a->at ? RCA_FEATURE_TWIN : RCA_FEATURE_ON : RCA_FEATURE_OFF,
        on ? "first bytes at tcp_sendmsg_locked" : "needs tcp_sendmsg_locked",
        on ? "" : "replies that say error (HTTP 5xx and the like)");
}

static void tell(const struct rca_sock_probe *p, struct rca_observer *obs)
{
    for (size_t i = 0; i < N_HOOKS; i++)
        tell_hook(p, i, obs);
    tell_status(p, obs);
}

/* --- opening -------------------------------------------------------------------- */

static int start(struct rca_sock_probe *p,
                 const struct rca_sock_options *options)
{
    struct btf *btf RCA_CLEANUP(free_btf) = btf__load_vmlinux_btf();
    int r;

    if (!btf)
        return -errno;
    for (size_t i = 0; i < N_HOOKS; i++)
        choose(&p->active[i], &hooks[i], btf, options->env, 0);
    if (!chosen(p, SENDS) || !chosen(p, RECEIVES))
        return RCA_ENOSUPPORT;
    r = load(p, NULL, options->max_edges, &p->skel);
    if (r) {
        try_each(p, btf, options->env);
        r = load(p, NULL, options->max_edges, &p->skel);
    }
    if (!r)
        r = make_rest(p);
    if (r)
        return r;
    (void)follow_profile(p); /* each failure is told as a feature */
    rca_sock_probe_scan(p);
    return chosen(p, SENDS) && chosen(p, RECEIVES) ? 0 : RCA_ENOSUPPORT;
}

int rca_sock_probe_open(const struct rca_sock_options *options,
                        struct rca_observer *obs,
                        struct rca_sock_probe **ret_probe)
{
    struct rca_sock_probe *p RCA_CLEANUP(rca_sock_probe_close) = NULL;
    int r;

    p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->profile = options->env->profile;
    p->keys = calloc(BATCH, sizeof(*p->keys));
    p->edges = calloc(BATCH, sizeof(*p->edges));
    if (!p->keys || !p->edges)
        return -ENOMEM;

    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    r = start(p, options);
    for (size_t i = 0; r && i < N_HOOKS; i++) {
        detach(p, i);
        if (r != RCA_ENOSUPPORT && !p->active[i].why)
            p->active[i].why = -r;
    }
    tell(p, obs);
    if (r)
        return r == -ENOMEM ? r : RCA_ENOSUPPORT;
    *ret_probe = RCA_TAKE(p);
    return 0;
}

void rca_sock_probe_close(struct rca_sock_probe **probe)
{
    struct rca_sock_probe *p = *probe;

    if (!p)
        return;
    for (size_t i = 0; i < N_HOOKS; i++)
        detach(p, i);
    sock_bpf__destroy(p->skel);
    free(p->keys);
    free(p->edges);
    free(p);
    *probe = NULL;
}

int rca_sock_probe_profile(struct rca_sock_probe *probe,
                           struct rca_observer *obs, enum rca_profile profile)
{
    const bool same =
        (probe->profile == RCA_PROFILE_LIGHT) == (profile == RCA_PROFILE_LIGHT);
    int r;

    probe->profile = profile;
    if (same)
        return 0;
    r = follow_profile(probe);
    tell(probe, obs);
    return r;
}

size_t rca_sock_probe_programs(const struct rca_sock_probe *probe, int *fds,
                               size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < N_HOOKS && n < max; i++) {
        if (probe->active[i].link)
            fds[n++] = bpf_program__fd(bpf_object__find_program_by_name(
                probe->skel->obj, chosen(probe, i)));
    }
    return n;
}

/* --- sums --------------------------------------------------------------------- */

#define SUM_FIELDS (sizeof(struct rca_sock_sum) / sizeof(uint64_t))

static void add_sum(struct rca_sock_sum *to, const struct rca_sock_sum *sum)
{
    uint64_t a[SUM_FIELDS], b[SUM_FIELDS];

    memcpy(a, to, sizeof(a));
    memcpy(b, sum, sizeof(b));
    for (size_t i = 0; i < SUM_FIELDS; i++)
        a[i] += b[i];
    memcpy(to, a, sizeof(a));
}

/* What @total has more than @found; what was found later does not count. */
static struct rca_sock_sum lacking(const struct rca_sock_sum *total,
                                   const struct rca_sock_sum *found)
{
    uint64_t a[SUM_FIELDS], b[SUM_FIELDS];
    struct rca_sock_sum lack;

    memcpy(a, total, sizeof(a));
    memcpy(b, found, sizeof(b));
    for (size_t i = 0; i < SUM_FIELDS; i++)
        a[i] = (int64_t)(a[i] - b[i]) > 0 ? a[i] - b[i] : 0;
    memcpy(&lack, a, sizeof(lack));
    return lack;
}

static struct rca_sock_sum read_totals(const struct rca_sock_probe *p)
{
    struct rca_sock_sum sum = {0};

    for (size_t i = 0; i < RCA_SOCK_CPUS; i++)
        add_sum(&sum, &p->skel->bss->totals[i]);
    return sum;
}

/* --- reading ------------------------------------------------------------------ */

uint32_t rca_sock_probe_epoch(struct rca_sock_probe *probe)
{
    return __atomic_fetch_add(&probe->skel->bss->epoch, 1, __ATOMIC_RELAXED);
}

static int read_edges(struct rca_sock_probe *p, rca_sock_visit *visit,
                      void *arg, struct rca_sock_sum *found)
{
    const int fd = bpf_map__fd(p->skel->maps.edges);
    uint32_t at = 0, n, total = 0;
    bool more = true;
    int r;

    for (bool first = true; more; first = false) {
        n = BATCH;
        r = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, p->keys, p->edges,
                                 &n, NULL);
        more = r == 0;
        if (r && errno != ENOENT)
            return -errno;
        for (uint32_t i = 0; i < n; i++) {
            add_sum(found, &p->edges[i].sum);
            r = visit(arg, &p->keys[i], &p->edges[i]);
            if (r)
                return r;
        }
        total += n;
    }
    p->skel->bss->n_edges = total;
    return 0;
}

/* The totals first: what is in them is on an edge, or lost. */
int rca_sock_probe_read(struct rca_sock_probe *probe, rca_sock_visit *visit,
                        void *arg)
{
    const struct rca_sock_sum total = read_totals(probe);
    struct rca_sock_sum found = probe->gone;
    int r;

    r = read_edges(probe, visit, arg, &found);
    if (r)
        return r;
    probe->losses = (struct rca_sock_losses){.total = total,
                                             .folded = probe->skel->bss->folded,
                                             .missing = lacking(&total, &found),
                                             .sockets = probe->skel->bss->lost};
    return 0;
}

int rca_sock_probe_nodes(struct rca_sock_probe *probe,
                         rca_sock_visit_node *visit, void *arg)
{
    const int fd = bpf_map__fd(probe->skel->maps.nodes);
    uint32_t uts = 0, *prev = NULL;
    char name[RCA_NODE_SIZE + 1] = "";

    while (bpf_map_get_next_key(fd, prev, &uts) == 0) {
        int r;

        prev = &uts;
        if (bpf_map_lookup_elem(fd, &uts, name))
            continue;
        r = visit(arg, uts, name);
        if (r)
            return r;
    }
    return 0;
}

_Bool rca_sock_probe_listener(const struct rca_sock_probe *probe,
                              const struct rca_sock_listen_key *key,
                              struct rca_sock_owner_id *ret_owner)
{
    return bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.listeners), key,
                               ret_owner) == 0;
}

void rca_sock_probe_scan(struct rca_sock_probe *probe)
{
    char nothing[64];
    int fd;

    if (!probe->active[FILES].link)
        return;
    fd = bpf_iter_create(bpf_link__fd(probe->active[FILES].link));
    while (fd >= 0 && read(fd, nothing, sizeof(nothing)) > 0)
        ;
    if (fd >= 0)
        (void)close(fd);
}

void rca_sock_probe_forget(struct rca_sock_probe *probe,
                           const struct rca_sock_key *key)
{
    const int fd = bpf_map__fd(probe->skel->maps.edges);

    if (!bpf_map_lookup_and_delete_elem(fd, key, probe->edges))
        add_sum(&probe->gone, &probe->edges->sum);
}

struct rca_sock_losses rca_sock_probe_losses(const struct rca_sock_probe *probe)
{
    return probe->losses;
}
