/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * sock_probe - one program that does not load fails its whole object, so where
 * the kernel refuses the object each program is tried alone, and those that
 * fail are left out.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/sock.skel.h"
#include "collector/sock.h"
#include "graph/base/log.h"

/* entries a system call; a bucket of the map must fit */
#define BATCH 128

struct hook {
    const char *feature;
    const char *program;
    const char *tracepoint;
    const char *twin; /* NULL: every kernel with BTF has the tracepoint */
    const char *function; /* that the twin hangs on */
    const char *lost;
};

static const struct hook hooks[] = {
    {"socket sends", "on_send", "sock_send_length", "on_send_twin",
     "tcp_sendmsg", "requests, latency and sent bytes"},
    {"socket receives", "on_recv", "sock_recv_length", "on_recv_twin",
     "tcp_recvmsg", "requests, latency and received bytes"},
    {"socket arrivals", "on_ready", "sk_data_ready", "on_ready_twin",
     "sock_def_readable", "how long requests wait before they are read"},
    {"reply status", "on_reply", "tcp_sendmsg_locked", "on_reply_twin",
     "tcp_sendmsg_locked", "replies that say error (HTTP 5xx and the like)"},
    {"connections", "on_state", "inet_sock_set_state", NULL, NULL,
     "new, failed and closed connections"},
    {"resets received", "on_receive_reset", "tcp_receive_reset", NULL, NULL,
     "connections that the other side reset"},
    {"resets sent", "on_send_reset", "tcp_send_reset", NULL, NULL,
     "connections that this side reset"},
};
#define N_HOOKS RCA_ARRAY_SIZE(hooks)
#define ESSENTIAL 2 /* without the first ones nothing is seen */

struct rca_sock_probe {
    struct sock_bpf *skel; /* owned */
    const char *chosen[N_HOOKS]; /* program; NULL: off */
    int why[N_HOOKS]; /* of off: errno, 0: the kernel has no such hook */
    struct rca_sock_key *keys; /* owned, BATCH */
    struct rca_sock_edge *edges; /* owned, BATCH */
};

/* --- loading ----------------------------------------------------------------- */

static void free_btf(struct btf **btf)
{
    btf__free(*btf);
}

static bool has(const struct btf *btf, const char *prefix, const char *name,
                unsigned kind)
{
    char full[96];

    (void)snprintf(full, sizeof(full), "%s%s", prefix, name);
    return btf__find_by_name_kind(btf, full, kind) > 0;
}

static int choose(struct rca_sock_probe *p, enum rca_sock_choice choice)
{
    struct btf *btf RCA_CLEANUP(free_btf) = btf__load_vmlinux_btf();

    if (!btf)
        return -errno;
    for (size_t i = 0; i < N_HOOKS; i++) {
        const struct hook *h = &hooks[i];

        if (has(btf, "btf_trace_", h->tracepoint, BTF_KIND_TYPEDEF) &&
            !(h->twin && choice == RCA_SOCK_TWINS))
            p->chosen[i] = h->program;
        else if (h->twin && has(btf, "", h->function, BTF_KIND_FUNC))
            p->chosen[i] = h->twin;
    }
    return 0;
}

/* Load the object with the programs chosen, or (@only) with one of them. */
static int load(const struct rca_sock_probe *p, const char *only,
                struct sock_bpf **ret_skel)
{
    struct sock_bpf *skel = sock_bpf__open();
    struct bpf_program *prog;
    int r;

    if (!skel)
        return errno ? -errno : -EINVAL;
    bpf_object__for_each_program(prog, skel->obj)(void)
        bpf_program__set_autoload(prog, false);
    for (size_t i = 0; i < N_HOOKS; i++) {
        if (!p->chosen[i] || (only && strcmp(only, p->chosen[i]) != 0))
            continue;
        prog = bpf_object__find_program_by_name(skel->obj, p->chosen[i]);
        (void)bpf_program__set_autoload(prog, true);
    }
    r = sock_bpf__load(skel);
    if (r) {
        sock_bpf__destroy(skel);
        return r;
    }
    *ret_skel = skel;
    return 0;
}

static int try_alone(struct rca_sock_probe *p, size_t i)
{
    struct sock_bpf *skel = NULL;
    const int r = load(p, p->chosen[i], &skel);

    sock_bpf__destroy(skel);
    return r;
}

static void try_each(struct rca_sock_probe *p)
{
    for (size_t i = 0; i < N_HOOKS; i++) {
        int r = p->chosen[i] ? try_alone(p, i) : 0;

        if (r && hooks[i].twin && p->chosen[i] != hooks[i].twin) {
            p->chosen[i] = hooks[i].twin;
            r = try_alone(p, i);
        }
        if (r) {
            p->chosen[i] = NULL;
            p->why[i] = -r;
        }
    }
}

static void attach(struct rca_sock_probe *p)
{
    for (size_t i = 0; i < N_HOOKS; i++) {
        struct bpf_program *prog;
        struct bpf_link **link = NULL;

        if (!p->chosen[i])
            continue;
        prog = bpf_object__find_program_by_name(p->skel->obj, p->chosen[i]);
        for (int m = 0; m < p->skel->skeleton->prog_cnt; m++) {
            if (!strcmp(p->skel->skeleton->progs[m].name, p->chosen[i]))
                link = p->skel->skeleton->progs[m].link;
        }
        if (link)
            *link = bpf_program__attach(prog);
        if (!link || !*link) {
            p->why[i] = errno;
            p->chosen[i] = NULL;
        }
    }
}

/* Room for what finds none: made first, so that it is always there. */
static int make_rest(struct rca_sock_probe *p)
{
    struct rca_sock_key key = {0};

    memset(p->edges, 0, sizeof(*p->edges));
    for (unsigned role = RCA_SOCK_SERVER; role <= RCA_SOCK_CLIENT; role++) {
        key.role = (uint8_t)role;
        if (bpf_map_update_elem(bpf_map__fd(p->skel->maps.edges), &key,
                                p->edges, BPF_NOEXIST))
            return -errno;
    }
    return 0;
}

static void tell(const struct rca_sock_probe *p, struct rca_observer *obs)
{
    for (size_t i = 0; i < N_HOOKS; i++) {
        const struct hook *h = &hooks[i];
        const bool twin = p->chosen[i] == h->twin;
        char how[96];

        if (p->chosen[i]) {
            (void)snprintf(how, sizeof(how), "%s %s",
                           twin ? "function" : "tracepoint",
                           twin ? h->function : h->tracepoint);
            rca_observer_feature(obs, h->feature,
                                 twin ? RCA_FEATURE_TWIN : RCA_FEATURE_ON, how,
                                 "");
            continue;
        }
        (void)snprintf(how, sizeof(how), "%s: %s", h->tracepoint,
                       p->why[i] ? strerror(p->why[i]) : "not in this kernel");
        rca_observer_feature(obs, h->feature, RCA_FEATURE_OFF, how, h->lost);
    }
}

static int start(struct rca_sock_probe *p, enum rca_sock_choice choice)
{
    int r = choose(p, choice);

    if (r)
        return r;
    r = load(p, NULL, &p->skel);
    if (r) {
        try_each(p);
        r = load(p, NULL, &p->skel);
    }
    if (!p->skel)
        return r;
    r = make_rest(p);
    if (r)
        return r;
    attach(p);
    for (size_t i = 0; i < ESSENTIAL; i++) {
        if (!p->chosen[i])
            return RCA_ENOSUPPORT;
    }
    return 0;
}

int rca_sock_probe_open(struct rca_observer *obs, enum rca_sock_choice choice,
                        struct rca_sock_probe **ret_probe)
{
    struct rca_sock_probe *p RCA_CLEANUP(rca_sock_probe_close) = NULL;
    int r;

    p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->keys = calloc(BATCH, sizeof(*p->keys));
    p->edges = calloc(BATCH, sizeof(*p->edges));
    if (!p->keys || !p->edges)
        return -ENOMEM;

    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    r = start(p, choice);
    for (size_t i = 0; r && r != RCA_ENOSUPPORT && i < N_HOOKS; i++) {
        p->chosen[i] = NULL;
        p->why[i] = p->why[i] ? p->why[i] : -r;
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
    sock_bpf__destroy(p->skel);
    free(p->keys);
    free(p->edges);
    free(p);
    *probe = NULL;
}

/* --- reading ------------------------------------------------------------------ */

uint32_t rca_sock_probe_epoch(struct rca_sock_probe *probe)
{
    return __atomic_fetch_add(&probe->skel->bss->epoch, 1, __ATOMIC_RELAXED);
}

int rca_sock_probe_read(struct rca_sock_probe *probe, rca_sock_visit *visit,
                        void *arg)
{
    const int fd = bpf_map__fd(probe->skel->maps.edges);
    uint32_t at = 0, n, total = 0;
    bool more = true;
    int r;

    for (bool first = true; more; first = false) {
        n = BATCH;
        r = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, probe->keys,
                                 probe->edges, &n, NULL);
        more = r == 0;
        if (r && errno != ENOENT)
            return -errno;
        for (uint32_t i = 0; i < n; i++) {
            r = visit(arg, &probe->keys[i], &probe->edges[i]);
            if (r)
                return r;
        }
        total += n;
    }
    probe->skel->bss->n_edges = total;
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

void rca_sock_probe_forget(struct rca_sock_probe *probe,
                           const struct rca_sock_key *key)
{
    (void)bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.edges), key);
}

struct rca_sock_losses rca_sock_probe_losses(const struct rca_sock_probe *probe)
{
    return (struct rca_sock_losses){.folded = probe->skel->bss->folded,
                                    .lost = probe->skel->bss->lost};
}
