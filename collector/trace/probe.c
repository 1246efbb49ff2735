/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/trace_function.skel.h"
#include "bpf/trace_nft.skel.h"
#include "bpf/trace_ovs.skel.h"
#include "collector/source.h"
#include "collector/trace/probe_share.h"
#include "collector/trace/types.h"

/* Programs of the largest family, and all that may be attached. */
#define MAX_LINKS 64
#define KPROBES "/sys/bus/event_source/devices/kprobe"
#define NEITHER "needs kprobes or fentry: this kernel has neither"
#define AFTER "after_"

enum family { FAMILY_NFT, FAMILY_OVS, FAMILY_FUNCTION, FAMILY_COUNT };

/** struct attempt - one way to do what a family does
 * @hook: the name it is shown by, and turned off by */
struct attempt {
    const char *hook;
    int (*choose)(const struct rca_trace_types *types,
                  struct bpf_object *object, const char **ret_why);
};

/** struct kind - what the families are; @attempts: the best first */
struct kind {
    const char *name;
    enum rca_trace_part part;
    const char *lost;
    const void *(*bytes)(size_t *ret_n);
    struct attempt attempts[2];
};

struct rca_trace_probe {
    struct bpf_object *objects[FAMILY_COUNT]; /* owned; NULL: off */
    struct bpf_link *links[MAX_LINKS]; /* owned */
    size_t n_links;
    struct rca_trace_feature features[FAMILY_COUNT];
    size_t n_features;
};

/* --- which programs ---------------------------------------------------------- */

static void load_program(struct bpf_object *object, const char *name, _Bool on)
{
    struct bpf_program *prog = bpf_object__find_program_by_name(object, name);

    if (prog)
        (void)bpf_program__set_autoload(prog, on);
}

/* struct nft_rule_dp as bpf/trace_nft.bpf.c takes it apart */
static _Bool rules_lie_as_expected(const struct rca_trace_types *types)
{
    return rca_trace_types_bit(types, "nft_rule_dp", "is_last") == 0 &&
           rca_trace_types_bit(types, "nft_rule_dp", "dlen") == 1 &&
           rca_trace_types_bit(types, "nft_rule_dp", "handle") == 13 &&
           rca_trace_types_bit(types, "nft_rule_dp", "data") == 64 &&
           rca_trace_types_bit(types, "nft_rule_blob", "data") == 64;
}

/* Expressions of modules that are not loaded are in no rule. */
static int choose_nft(const struct rca_trace_types *types,
                      struct bpf_object *object, const char **ret_why)
{
    struct bpf_program *prog;

    *ret_why = "nf_tables is not loaded";
    if (!rca_trace_types_has(types, "nft_do_chain"))
        return RCA_ENOSUPPORT;
    *ret_why = "this kernel keeps rules in another way";
    if (!rules_lie_as_expected(types))
        return RCA_ENOSUPPORT;
    bpf_object__for_each_program(prog, object)
    {
        const char *name = bpf_program__name(prog);

        if (!strncmp(name, AFTER "nft_", sizeof(AFTER "nft_") - 1))
            (void)bpf_program__set_autoload(
                prog, rca_trace_types_has(types, name + sizeof(AFTER) - 1));
    }
    return 0;
}

static int choose_ovs(const struct rca_trace_types *types,
                      struct bpf_object *object, _Bool functions,
                      const char **ret_why)
{
    *ret_why = "openvswitch is not loaded";
    if (!rca_trace_types_has(types, "ovs_execute_actions"))
        return RCA_ENOSUPPORT;
    load_program(object, "on_actions", functions);
    load_program(object, "after_upcall", functions);
    load_program(object, "on_upcall", !functions);
    return 0;
}

static int choose_ovs_functions(const struct rca_trace_types *types,
                                struct bpf_object *object, const char **ret_why)
{
    return choose_ovs(types, object, 1, ret_why);
}

static int choose_ovs_tracepoints(const struct rca_trace_types *types,
                                  struct bpf_object *object,
                                  const char **ret_why)
{
    return choose_ovs(types, object, 0, ret_why);
}

static int choose_function(const struct rca_trace_types *types,
                           struct bpf_object *object, const char **ret_why)
{
    (void)types;
    (void)object;
    *ret_why = "";
    return 0;
}

static const struct kind kinds[FAMILY_COUNT] = {
    [FAMILY_NFT] = {.name = "rules of nftables",
                    .part = RCA_TRACE_PART_NFT,
                    .lost = "the rule that decided, without a trace rule",
                    .bytes = trace_nft_bpf__elf_bytes,
                    .attempts = {{"fexit/nft_do_chain", choose_nft}}},
    [FAMILY_OVS] = {.name = "Open vSwitch in the kernel",
                    .part = RCA_TRACE_PART_OVS,
                    .lost = "actions and upcalls of the kernel's datapath",
                    .bytes = trace_ovs_bpf__elf_bytes,
                    .attempts = {{"fexit/ovs_dp_upcall", choose_ovs_functions},
                                 {"raw_tp/ovs_dp_upcall",
                                  choose_ovs_tracepoints}}},
    [FAMILY_FUNCTION] = {.name = "functions",
                         .part = RCA_TRACE_PART_SKB,
                         .lost = "packets at the functions asked for",
                         .bytes = trace_function_bpf__elf_bytes,
                         .attempts = {{"kprobe", choose_function}}},
};

/** struct opening - what a family is opened with; @types NULL: this kernel has
 * no kprobes, or no BTF, which @why says */
struct opening {
    const struct rca_trace_options *options;
    const struct rca_trace_types *types;
    struct rca_trace_probe_with with;
    const char *why;
    struct rca_diag *diag;
};

/* --- loading and attaching --------------------------------------------------- */

static void drop_links(struct rca_trace_probe *p, size_t n)
{
    while (p->n_links > n)
        (void)bpf_link__destroy(p->links[--p->n_links]);
}

void rca_trace_probe_close(struct rca_trace_probe **probe)
{
    struct rca_trace_probe *p = *probe;

    *probe = NULL;
    if (!p)
        return;
    drop_links(p, 0);
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        bpf_object__close(p->objects[i]);
    free(p);
}

static int keep_link(struct rca_trace_probe *p, struct bpf_link *link)
{
    if (!link)
        return errno ? -errno : -EINVAL;
    if (p->n_links == MAX_LINKS) {
        (void)bpf_link__destroy(link);
        return -ENOSPC;
    }
    p->links[p->n_links++] = link;
    return 0;
}

static int attach_all(struct rca_trace_probe *p, struct bpf_object *object)
{
    struct bpf_program *prog;

    bpf_object__for_each_program(prog, object)
    {
        int r = 0;

        if (bpf_program__autoload(prog))
            r = keep_link(p, bpf_program__attach(prog));
        if (r)
            return r;
    }
    return 0;
}

static int attach_functions(struct rca_trace_probe *p,
                            const struct rca_trace_options *options,
                            const struct rca_trace_types *types,
                            struct bpf_object *object, struct rca_diag *diag)
{
    const struct bpf_program *prog =
        bpf_object__find_program_by_name(object, "on_function");

    for (size_t i = 0; i < options->n_functions; i++) {
        struct bpf_kprobe_opts opts = {.sz = sizeof(opts)};
        unsigned argument;
        int r = rca_trace_types_packet(types, options->functions[i], diag,
                                       &argument);

        if (r)
            return r;
        opts.bpf_cookie = argument;
        r = keep_link(p, bpf_program__attach_kprobe_opts(
                             prog, options->functions[i], &opts));
        if (r)
            return rca_diag_set(diag, RCA_ENOSUPPORT, "", 0,
                                "cannot probe '%s': %s", options->functions[i],
                                strerror(-r));
    }
    return 0;
}

/* Any object that is loaded, whose maps are those of all. */
static const struct bpf_object *base(const struct rca_trace_probe *p,
                                     const struct bpf_object *shared)
{
    for (size_t i = 0; !shared && i < FAMILY_COUNT; i++)
        shared = p->objects[i];
    return shared;
}

/* The family's object, not loaded yet. */
static int open_object(const struct kind *kind,
                       const struct rca_trace_plan *plan,
                       struct bpf_object **ret_object)
{
    void *elf RCA_CLEANUP(rca_freep) = NULL;
    size_t n = 0;
    const void *bytes = kind->bytes(&n);
    const int r = rca_trace_share_filters(bytes, n, plan, &elf);

    if (r)
        return r;
    *ret_object = bpf_object__open_mem(elf, n, NULL); /* copies what it needs */
    return *ret_object ? 0 : errno ? -errno : -EINVAL;
}

/* The same, loaded; @ret_why: says why not. */
static int load(const struct rca_trace_probe *p, const struct opening *o,
                const struct kind *kind, const struct attempt *attempt,
                const char **ret_why, struct bpf_object **ret_object)
{
    const struct bpf_object *with = base(p, o->with.object);
    struct bpf_object *object = NULL;
    int r;

    *ret_why = "";
    r = open_object(kind, o->with.plan, &object);
    if (r)
        return r;
    r = attempt->choose(o->types, object, ret_why);
    if (r == 0) {
        *ret_why = "";
        r = with ? rca_trace_share(object, with) : 0;
    }
    if (r == 0)
        r = bpf_object__load(object);
    if (r) {
        bpf_object__close(object);
        return r;
    }
    *ret_object = object;
    return 0;
}

/* --- what is on, and why not ------------------------------------------------- */

static void explain(int err, const char *why, char *buf, size_t n)
{
    if (*why)
        (void)snprintf(buf, n, "%s", why);
    else if (err == -EPERM || err == -EACCES)
        (void)snprintf(buf, n, "not permitted: needs CAP_BPF and CAP_PERFMON");
    else
        (void)snprintf(buf, n, "cannot be loaded: %s",
                       strerror(err < 0 && err > -4096 ? -err : EINVAL));
}

static void tell(struct rca_trace_probe *p, const struct kind *kind,
                 const char *hook, int err, const char *why)
{
    struct rca_trace_feature *f = &p->features[p->n_features++];

    (void)snprintf(f->name, sizeof(f->name), "%s", kind->name);
    f->part = kind->part;
    f->on = err == 0;
    if (err == 0)
        (void)snprintf(f->how, sizeof(f->how), "%s", hook);
    else
        explain(err, why, f->how, sizeof(f->how));
    if (err)
        (void)snprintf(f->lost, sizeof(f->lost), "%s", kind->lost);
}

static int try(struct rca_trace_probe *p, const struct opening *o,
               enum family family, const struct attempt *attempt,
               const char **ret_why)
{
    const struct rca_source_env env = {.without = o->options->without};
    const size_t links = p->n_links;
    struct bpf_object *object = NULL;
    int r;

    *ret_why = "turned off by 'without'";
    if (!rca_source_may(&env, attempt->hook))
        return RCA_ENOSUPPORT;
    *ret_why = o->why;
    if (!o->types)
        return RCA_ENOSUPPORT;
    r = load(p, o, &kinds[family], attempt, ret_why, &object);
    if (r)
        return r;
    if (family == FAMILY_FUNCTION)
        r = attach_functions(p, o->options, o->types, object, o->diag);
    else
        r = attach_all(p, object);
    if (r) {
        drop_links(p, links);
        bpf_object__close(object);
        return r;
    }
    p->objects[family] = object;
    return 0;
}

/* What fails is told; negative only if nothing can be done without it. */
static int open_family(struct rca_trace_probe *p, const struct opening *o,
                       enum family family)
{
    const struct kind *kind = &kinds[family];
    const char *why = "", *hook = "";
    int r = RCA_ENOSUPPORT;

    for (size_t i = 0; r && i < RCA_ARRAY_SIZE(kind->attempts); i++) {
        if (!kind->attempts[i].hook)
            break;
        hook = kind->attempts[i].hook;
        r = try(p, o, family, &kind->attempts[i], &why);
    }
    tell(p, kind, hook, r, why);
    if (r == 0 || r == -ENOMEM || family != FAMILY_FUNCTION)
        return r == -ENOMEM ? r : 0;
    if (r == RCA_EUNKNOWN || r == RCA_ESYNTAX)
        return r;
    if (o->diag && o->diag->text[0])
        return RCA_ENOSUPPORT;
    return rca_diag_set(o->diag, RCA_ENOSUPPORT, "", 0,
                        "functions cannot be probed: %s",
                        p->features[p->n_features - 1].how);
}

static int open_families(struct rca_trace_probe *p, const struct opening *o)
{
    const unsigned wanted = o->options->wanted;
    int r = 0;

    if (wanted & 1U << RCA_TRACE_PART_NFT)
        r = open_family(p, o, FAMILY_NFT);
    if (r == 0 && wanted & 1U << RCA_TRACE_PART_OVS)
        r = open_family(p, o, FAMILY_OVS);
    if (r == 0 && o->options->n_functions > 0)
        r = open_family(p, o, FAMILY_FUNCTION);
    return r;
}

/* What it is made of takes a while to read: only where it is of use. */
static int read_types(const char **ret_why, struct rca_trace_types **ret_types)
{
    int r;

    *ret_why = NEITHER;
    if (access(KPROBES, F_OK))
        return 0;
    *ret_why = "this kernel has no BTF";
    r = rca_trace_types_open(ret_types);
    return r == RCA_ENOSUPPORT ? 0 : r;
}

int rca_trace_probe_open(const struct rca_trace_options *options,
                         const struct rca_trace_probe_with *with,
                         struct rca_diag *diag,
                         struct rca_trace_probe **ret_probe)
{
    struct rca_trace_probe *p RCA_CLEANUP(rca_trace_probe_close) =
        calloc(1, sizeof(*p));
    struct rca_trace_types *types RCA_CLEANUP(rca_trace_types_free) = NULL;
    struct opening o = {.options = options, .diag = diag};
    int r;

    if (!p)
        return -ENOMEM;
    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    r = read_types(&o.why, &types);
    if (r)
        return r;
    o.types = types;
    if (with)
        o.with = *with;
    r = open_families(p, &o);
    if (r == 0)
        *ret_probe = RCA_TAKE(p);
    return r;
}

void rca_trace_probe_detach(struct rca_trace_probe *probe)
{
    if (probe)
        drop_links(probe, 0);
}

/* --- asking ------------------------------------------------------------------ */

const struct rca_trace_feature *rca_trace_probe_features(
    const struct rca_trace_probe *probe, size_t *ret_n)
{
    *ret_n = probe->n_features;
    return probe->features;
}

_Bool rca_trace_probe_has(const struct rca_trace_probe *probe,
                          enum rca_trace_part part)
{
    for (size_t i = 0; i < probe->n_features; i++) {
        if (probe->features[i].part == part && probe->features[i].on)
            return 1;
    }
    return 0;
}

int rca_trace_probe_map(const struct rca_trace_probe *probe, const char *name)
{
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        const struct bpf_map *map =
            probe->objects[i]
                ? bpf_object__find_map_by_name(probe->objects[i], name)
                : NULL;

        if (map)
            return bpf_map__fd(map);
    }
    return -1;
}

uint64_t rca_trace_probe_unnamed(const struct rca_trace_probe *probe)
{
    const struct bpf_object *object = probe->objects[FAMILY_NFT];
    const struct bpf_map *map =
        object ? bpf_object__find_map_by_name(object, ".bss") : NULL;
    const uint32_t zero = 0;
    uint64_t n = 0;

    if (!map || bpf_map_lookup_elem(bpf_map__fd(map), &zero, &n))
        return 0;
    return n;
}
