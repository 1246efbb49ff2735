/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * capture_load - see the header. libbpf does not say which program the kernel
 * refused, but only that one has words of the verifier in its log.
 */

#include "collector/trace/capture_load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/events_trace_place.h"
#include "bpf/trace.skel.h"
#include "collector/source.h"
#include "collector/trace/capture_kernel.h"
#include "collector/trace/capture_patch.h"

#define LOG_SIZE 16384
#define SMALL 64 /* entries of a map that is not used */
/* linux/bpf.h, newer than Debian 12's */
#define PROG_TYPE_NETFILTER 32
#define ATTACH_NETFILTER 45
#define HOOK "netfilter"

/** struct row - a tracepoint, its points and the name of its program; "_raw"
 * is the twin's */
static const struct row {
    enum rca_trace_point point;
    enum rca_trace_part part;
    const char *name, *tracepoint, *program, *lost;
} rows[] = {
    {RCA_TRACE_RECEIVE, RCA_TRACE_PART_SKB, "receive", "netif_receive_skb",
     "on_receive", "packets that come in by a device"},
    {RCA_TRACE_LOOP, RCA_TRACE_PART_SKB, "loop", "netif_rx", "on_loop",
     "packets that reach the other end of a veth"},
    {RCA_TRACE_QUEUE, RCA_TRACE_PART_SKB, "queue", "net_dev_queue", "on_queue",
     "packets that are given to a device"},
    {RCA_TRACE_ENQUEUE, RCA_TRACE_PART_SKB, "enqueue", "qdisc_enqueue",
     "on_enqueue", "packets that begin to wait in a queue"},
    {RCA_TRACE_DEQUEUE, RCA_TRACE_PART_SKB, "dequeue", "qdisc_dequeue",
     "on_dequeue", "packets that have waited in a queue"},
    {RCA_TRACE_TRANSMIT, RCA_TRACE_PART_SKB, "transmit", "net_dev_start_xmit",
     "on_transmit", "packets that a driver takes"},
    {RCA_TRACE_DROP, RCA_TRACE_PART_DROP, "drop", "kfree_skb", "on_drop",
     "packets that are dropped, and why"},
    {RCA_TRACE_CONSUME, RCA_TRACE_PART_SKB, "consume", "consume_skb",
     "on_consume", "packets that are done with"},
    {RCA_TRACE_TCP, RCA_TRACE_PART_TCP, "tcp", "tcp_probe", "on_tcp",
     "packets that a connection takes"},
    {RCA_TRACE_RETRANSMIT, RCA_TRACE_PART_TCP, "retransmit",
     "tcp_retransmit_skb", "on_retransmit", "what TCP sends again"},
    {RCA_TRACE_SOCKET, RCA_TRACE_PART_SKB, "socket", "sk_data_ready",
     "on_socket", "datagrams that wait in their socket"},
    {RCA_TRACE_READ, RCA_TRACE_PART_SKB, "read", "skb_copy_datagram_iovec",
     "on_read", "packets that a process reads"},
};

#define ROWS RCA_ARRAY_SIZE(rows)

/** enum how - which program of a row is used */
enum how { BEST, TWIN, OFF, UNWANTED };

struct state {
    enum how how;
    char why[96];
    struct bpf_program *program; /* borrowed from the object */
    struct bpf_link *link; /* owned */
};

struct rca_trace_object {
    struct trace_bpf *skel; /* owned */
    void *elf; /* owned; the object, with the filters in it */
    char *logs; /* owned; LOG_SIZE for each program of the object */
    struct rca_trace_kernel kernel;
    unsigned wanted, points;
    const char *without; /* borrowed while it opens */
    struct state states[ROWS];
    char no_hook[96]; /* "": netfilter's program is there */
};

/* --- which programs ---------------------------------------------------------- */

static _Bool may(const struct rca_trace_object *o, const char *kind,
                 const char *tracepoint)
{
    const struct rca_source_env env = {.without = o->without};
    char hook[64];

    (void)snprintf(hook, sizeof(hook), "%s%s", kind, tracepoint);
    return rca_source_may(&env, hook);
}

/* Where a packet ends its id ends; and one that a process has read is seen
 * where it is done with. */
static _Bool is_wanted(const struct rca_trace_object *o, size_t i)
{
    const unsigned point = rows[i].point;
    unsigned points = 1U << point;

    if (point == RCA_TRACE_CONSUME)
        points |= 1U << RCA_TRACE_READ;
    if (o->wanted >> RCA_TRACE_PART_TRACKING & 1 &&
        (point == RCA_TRACE_DROP || point == RCA_TRACE_CONSUME))
        return 1;
    return (o->points & points) && o->wanted >> rows[i].part & 1;
}

static void turn_off(struct state *s, const char *why)
{
    s->how = OFF;
    (void)snprintf(s->why, sizeof(s->why), "%s", why);
}

/* What cannot be had, or may not be, is not tried. */
static void choose(struct rca_trace_object *o, size_t i)
{
    const char *const tracepoint = rows[i].tracepoint;
    struct state *s = &o->states[i];

    if (!is_wanted(o, i))
        s->how = UNWANTED;
    else if (!rca_trace_kernel_has(&o->kernel, tracepoint))
        turn_off(s, "this kernel has no such tracepoint");
    else if (may(o, "tp_btf/", tracepoint))
        s->how = BEST;
    else if (may(o, "raw_tp/", tracepoint))
        s->how = TWIN;
    else
        turn_off(s, "turned off by 'without'");
}

static void choose_hook(struct rca_trace_object *o)
{
    const unsigned points = 31U << RCA_TRACE_PREROUTING;
    const char *why = "";

    if (!(o->points & points) || !(o->wanted >> RCA_TRACE_PART_SKB & 1))
        why = "not asked for";
    else if (!may(o, HOOK, ""))
        why = "turned off by 'without'";
    else if (!o->kernel.netfilter)
        why = "this kernel has no BPF links of netfilter (they came with 6.4)";
    (void)snprintf(o->no_hook, sizeof(o->no_hook), "%s", why);
}

/* The kernel refused it: the twin, or nothing. */
static void give_up(struct rca_trace_object *o, size_t i, int err)
{
    struct state *s = &o->states[i];

    if (s->how == BEST && may(o, "raw_tp/", rows[i].tracepoint)) {
        s->how = TWIN;
        return;
    }
    turn_off(s, strerror(-err));
}

/* --- one try ------------------------------------------------------------------ */

static int patch(const struct rca_trace_plan *plan, void *elf, size_t size)
{
    static const uint32_t magics[] = {RCA_TRACE_MAGIC_L2, RCA_TRACE_MAGIC_L3};
    int r = 0;

    for (size_t i = 0; i < RCA_TRACE_LAYERS && r == 0; i++)
        r = rca_trace_patch(elf, size, magics[i], RCA_TRACE_PLACE_PACKET,
                            &plan->packet[i]);
    if (r == 0)
        r = rca_trace_patch(elf, size, RCA_TRACE_MAGIC_META,
                            RCA_TRACE_PLACE_META, &plan->meta);
    return r;
}

/* As trace_bpf__open(), but of a copy with the filters in it. */
static int open_patched(struct rca_trace_object *o,
                        const struct rca_trace_plan *plan)
{
    struct trace_bpf *skel = calloc(1, sizeof(*skel));
    size_t size;
    int r;

    if (!skel)
        return -ENOMEM;
    o->skel = skel;
    r = trace_bpf__create_skeleton(skel);
    if (r)
        return r;
    size = skel->skeleton->data_sz;
    free(o->elf);
    o->elf = malloc(size);
    if (!o->elf)
        return -ENOMEM;
    memcpy(o->elf, skel->skeleton->data, size);
    r = patch(plan, o->elf, size);
    if (r)
        return r;
    skel->skeleton->data = o->elf;
    return bpf_object__open_skeleton(skel->skeleton, NULL);
}

static void set_options(struct rca_trace_object *o,
                        const struct rca_trace_plan *plan)
{
    struct trace_bpf__rodata *to = o->skel->rodata;

    to->points = o->points;
    to->want_id = o->wanted >> RCA_TRACE_PART_TRACKING & 1;
    to->want_tcp = o->wanted >> RCA_TRACE_PART_TCP & 1;
    to->want_stack = o->wanted >> RCA_TRACE_PART_STACK & 1;
    to->want_conntrack =
        (o->wanted >> RCA_TRACE_PART_CT & 1) && o->kernel.conntrack;
    to->filtered = plan->packet[RCA_TRACE_L2].n != 0;
    to->chosen = plan->meta.n != 0;
    to->n_args = o->kernel.drop_args;
    to->consumed[0] = o->kernel.consumed[0];
    to->consumed[1] = o->kernel.consumed[1];
    to->wake_above = plan->buffer / 4;
}

static int size_maps(struct rca_trace_object *o,
                     const struct rca_trace_plan *plan)
{
    int r = bpf_map__set_max_entries(o->skel->maps.ring, (__u32)plan->buffer);

    if (!o->skel->rodata->want_id && r == 0) {
        r = bpf_map__set_max_entries(o->skel->maps.by_head, SMALL);
        if (r == 0)
            r = bpf_map__set_max_entries(o->skel->maps.by_skb, SMALL);
    }
    if (!o->skel->rodata->want_stack && r == 0)
        r = bpf_map__set_max_entries(o->skel->maps.stacks, SMALL);
    return r;
}

/* The programs of the object, in its order. */
static void set_programs(struct rca_trace_object *o)
{
    struct bpf_program *p;
    char name[32];
    size_t n = 0;

    bpf_object__for_each_program(p, o->skel->obj)
    {
        (void)bpf_program__set_autoload(p, 0);
        (void)bpf_program__set_log_buf(p, o->logs + n++ * LOG_SIZE, LOG_SIZE);
    }
    for (size_t i = 0; i < ROWS; i++) {
        struct state *s = &o->states[i];

        (void)snprintf(name, sizeof(name), "%s%s", rows[i].program,
                       s->how == TWIN ? "_raw" : "");
        s->program = bpf_object__find_program_by_name(o->skel->obj, name);
        if (s->how == BEST || s->how == TWIN)
            (void)bpf_program__set_autoload(s->program, 1);
    }
    p = o->skel->progs.on_hook;
    (void)bpf_program__set_type(p, (enum bpf_prog_type)PROG_TYPE_NETFILTER);
    (void)bpf_program__set_expected_attach_type(
        p, (enum bpf_attach_type)ATTACH_NETFILTER);
    (void)bpf_program__set_autoload(p, !o->no_hook[0]);
}

static size_t count_programs(const struct trace_bpf *skel)
{
    return (size_t)skel->skeleton->prog_cnt;
}

static int try_load(struct rca_trace_object *o,
                    const struct rca_trace_plan *plan)
{
    int r;

    trace_bpf__destroy(o->skel);
    o->skel = NULL;
    r = open_patched(o, plan);
    if (r)
        return r;
    if (!o->logs)
        o->logs = malloc(count_programs(o->skel) * LOG_SIZE);
    if (!o->logs)
        return -ENOMEM;
    memset(o->logs, 0, count_programs(o->skel) * LOG_SIZE);
    set_options(o, plan);
    set_programs(o);
    r = size_maps(o, plan);
    return r ? r : trace_bpf__load(o->skel);
}

/* --- until it loads ------------------------------------------------------------ */

static _Bool was_refused(const struct bpf_program *p)
{
    size_t size = 0;
    const char *log = bpf_program__log_buf(p, &size);

    return log && size && log[0];
}

/* 0 if a program could be left out. */
static int leave_out(struct rca_trace_object *o, int err)
{
    if (!o->no_hook[0] && was_refused(o->skel->progs.on_hook)) {
        (void)snprintf(o->no_hook, sizeof(o->no_hook), "%s", strerror(-err));
        return 0;
    }
    for (size_t i = 0; i < ROWS; i++) {
        struct state *s = &o->states[i];

        if ((s->how == BEST || s->how == TWIN) && was_refused(s->program)) {
            give_up(o, i, err);
            return 0;
        }
    }
    return err;
}

static int load(struct rca_trace_object *o, const struct rca_trace_plan *plan)
{
    int r;

    do {
        r = try_load(o, plan);
        if (!r || r == -ENOMEM || r == -E2BIG || !o->skel || !o->skel->obj)
            return r;
    } while (!leave_out(o, r));
    return r;
}

static int tell(struct rca_diag *diag, int r)
{
    if (r == -ENOMEM)
        return r;
    if (r == -EPERM || r == -EACCES)
        return rca_diag_set(diag, RCA_ENOSUPPORT, NULL, 0,
                            "capturing needs CAP_BPF and CAP_PERFMON, and "
                            "CAP_NET_ADMIN for netfilter's hooks");
    if (r == -E2BIG)
        return rca_diag_set(diag, r, NULL, 0,
                            "the filter is too long for the kernel");
    if (r == RCA_ENOSUPPORT)
        return rca_diag_set(diag, r, NULL, 0,
                            "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
    return rca_diag_set(diag, r, NULL, 0,
                        "cannot load the programs of the capture: %s",
                        rca_strerror(r));
}

int rca_trace_object_open(const struct rca_trace_plan *plan,
                          struct rca_diag *diag,
                          struct rca_trace_object **ret_object)
{
    struct rca_trace_object *o RCA_CLEANUP(rca_trace_object_free) =
        calloc(1, sizeof(*o));
    int r;

    if (!o)
        return -ENOMEM;
    o->wanted = plan->wanted;
    o->points = plan->points;
    o->without = plan->without;
    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    r = rca_trace_kernel_read(&o->kernel);
    if (r == 0) {
        for (size_t i = 0; i < ROWS; i++)
            choose(o, i);
        choose_hook(o);
        r = load(o, plan);
    }
    o->without = NULL;
    if (r)
        return tell(diag, r);
    *ret_object = RCA_TAKE(o);
    return 0;
}

/* --- its life --------------------------------------------------------------------- */

void rca_trace_object_attach(struct rca_trace_object *o)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct state *s = &o->states[i];

        if (s->how != BEST && s->how != TWIN)
            continue;
        s->link = bpf_program__attach(s->program);
        if (!s->link)
            turn_off(s, strerror(errno));
    }
}

void rca_trace_object_detach(struct rca_trace_object *o)
{
    for (size_t i = 0; i < ROWS; i++) {
        (void)bpf_link__destroy(o->states[i].link);
        o->states[i].link = NULL;
    }
}

void rca_trace_object_free(struct rca_trace_object **object)
{
    struct rca_trace_object *o = *object;

    if (!o)
        return;
    rca_trace_object_detach(o);
    trace_bpf__destroy(o->skel);
    rca_trace_kernel_done(&o->kernel);
    free(o->elf);
    free(o->logs);
    free(o);
    *object = NULL;
}

const struct bpf_object *rca_trace_object_loaded(
    const struct rca_trace_object *o)
{
    return o->skel->obj;
}

int rca_trace_object_ring(const struct rca_trace_object *o)
{
    return bpf_map__fd(o->skel->maps.ring);
}

int rca_trace_object_stacks(const struct rca_trace_object *o)
{
    return bpf_map__fd(o->skel->maps.stacks);
}

int rca_trace_object_hook(const struct rca_trace_object *o)
{
    return o->no_hook[0] ? -1 : bpf_program__fd(o->skel->progs.on_hook);
}

const char *rca_trace_object_why_no_hook(const struct rca_trace_object *o)
{
    return o->no_hook;
}

/* --- what it counts ------------------------------------------------------------------ */

/* A program does not run while it runs already on that processor. */
static uint64_t read_misses(int fd)
{
    struct bpf_prog_info info = {0};
    uint32_t len = sizeof(info);

    if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
        return 0;
    return info.recursion_misses;
}

static void add_counts(const struct rca_trace_object *o,
                       struct rca_trace_stats *stats)
{
    const int n = libbpf_num_possible_cpus();
    struct rca_trace_counts *counts RCA_CLEANUP(rca_freep) =
        calloc(n > 0 ? (size_t)n : 1, sizeof(*counts));
    const uint32_t zero = 0;

    if (!counts || n <= 0 ||
        bpf_map_lookup_elem(bpf_map__fd(o->skel->maps.counts), &zero, counts))
        return;
    for (int i = 0; i < n; i++) {
        stats->seen += counts[i].seen;
        stats->matched += counts[i].matched;
        stats->loss.ring += counts[i].lost;
        stats->loss.nested += counts[i].nested;
        stats->loss.untracked += counts[i].untracked;
    }
}

void rca_trace_object_stats(const struct rca_trace_object *o,
                            struct rca_trace_stats *ret_stats)
{
    *ret_stats = (struct rca_trace_stats){0};
    add_counts(o, ret_stats);
    for (size_t i = 0; i < ROWS; i++) {
        if (o->states[i].how == BEST || o->states[i].how == TWIN)
            ret_stats->loss.nested +=
                read_misses(bpf_program__fd(o->states[i].program));
    }
}

/* --- what works ------------------------------------------------------------------------ */

static struct rca_trace_feature feature_of(const struct rca_trace_object *o,
                                           size_t i)
{
    const struct state *s = &o->states[i];
    struct rca_trace_feature f = {.part = rows[i].part, .on = s->how != OFF};

    (void)snprintf(f.name, sizeof(f.name), "%s", rows[i].name);
    if (f.on) {
        (void)snprintf(f.how, sizeof(f.how), "%s/%s",
                       s->how == BEST ? "tp_btf" : "raw_tp",
                       rows[i].tracepoint);
    } else {
        (void)snprintf(f.how, sizeof(f.how), "%.30s: %.60s", rows[i].tracepoint,
                       s->why);
        (void)snprintf(f.lost, sizeof(f.lost), "%s", rows[i].lost);
    }
    return f;
}

static struct rca_trace_feature part_of(const char *name,
                                        enum rca_trace_part part, _Bool on,
                                        const char *how, const char *lost)
{
    struct rca_trace_feature f = {.part = part, .on = on};

    (void)snprintf(f.name, sizeof(f.name), "%s", name);
    (void)snprintf(f.how, sizeof(f.how), "%s", how);
    (void)snprintf(f.lost, sizeof(f.lost), "%s", on ? "" : lost);
    return f;
}

static _Bool is_on(const struct rca_trace_object *o, unsigned point)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].point == point)
            return o->states[i].how == BEST || o->states[i].how == TWIN;
    }
    return 0;
}

static size_t add_parts(const struct rca_trace_object *o,
                        struct rca_trace_feature *features, size_t max)
{
    const _Bool ct = o->kernel.conntrack;
    const struct rca_trace_feature parts[] = {
        part_of("tracking", RCA_TRACE_PART_TRACKING, 1,
                "address of the packet and print of its headers", ""),
        part_of("drop reasons", RCA_TRACE_PART_DROP,
                o->kernel.drop_args >= 3 && is_on(o, RCA_TRACE_DROP),
                o->kernel.drop_args >= 3 ? "kfree_skb"
                                         : "they came with Linux 5.17",
                "why packets are dropped"),
        part_of("stacks of drops", RCA_TRACE_PART_STACK, 1, "bpf_get_stackid",
                ""),
        part_of("conntrack", RCA_TRACE_PART_CT, ct,
                ct ? "sk_buff._nfct" : "nf_conntrack is not loaded",
                "connection tracking's entries of packets"),
        part_of("tcp state", RCA_TRACE_PART_TCP, 1, "sk_buff.sk", ""),
    };
    size_t n = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(parts) && n < max; i++) {
        if (o->wanted >> parts[i].part & 1)
            features[n++] = parts[i];
    }
    return n;
}

size_t rca_trace_object_features(const struct rca_trace_object *o,
                                 struct rca_trace_feature *features, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < ROWS && n < max; i++) {
        if (o->states[i].how != UNWANTED && o->wanted >> rows[i].part & 1)
            features[n++] = feature_of(o, i);
    }
    return n + add_parts(o, features + n, max - n);
}
