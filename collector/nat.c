/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/nat.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/nat.skel.h"
#include "collector/nat_msg.h"
#include "collector/nft_msg.h"

#define FEATURE "address translation"
#define HOOK "netfilter"
#define TWIN "ctnetlink"
#define LOST "who calls whom through virtual addresses and masquerading"

/* Chains are dumped (about 1 us each) when the ruleset's generation has
 * changed; connections cost about 5 us each. */
#define LOOK_AGAIN (5 * RCA_SECOND)
#define DUMP_AGAIN (10 * RCA_SECOND)
#define DUMP_AGAIN_MANY (60 * RCA_SECOND)
#define MANY 2000
/* Entries of the map that did not change are told again so often. */
#define READ_AGAIN (60 * RCA_SECOND)

/* linux/bpf.h, newer than Debian 12's */
#define PROG_TYPE_NETFILTER 32
#define ATTACH_NETFILTER 45
/* After all translation, before the entry is confirmed (INT_MAX); no two
 * programs may have the same. */
#define PRIORITY 2000000
#define PRIORITIES 8

static const int families[] = {NFPROTO_IPV4, NFPROTO_IPV6};
static const int points[] = {NF_INET_LOCAL_IN, NF_INET_POST_ROUTING};
#define N_LINKS (RCA_ARRAY_SIZE(families) * RCA_ARRAY_SIZE(points))

/** struct place - a namespace; @links: descriptors, -1: none
 * @wanted: it has a nat chain; @attached: all links are there
 * @generation: of the rules that were looked at, 0: none
 * @looked: for chains; @due: when its connections are dumped again */
struct place {
    int links[N_LINKS];
    bool wanted, attached;
    uint32_t generation;
    rca_time looked, due;
};

struct rca_nat {
    struct nat_bpf *skel; /* owned; NULL: not in this kernel */
    struct rca_netlink_set set; /* data: struct place */
    bool dump; /* ctnetlink may be used */
    uint64_t fresh;
    rca_time read;
    uint64_t dumped; /* entries of a dump */
};

/** struct telling - a tick in progress */
struct telling {
    struct rca_nat *nat;
    bool packets;
    rca_nat_visit *visit;
    void *arg;
};

/* --- the program ------------------------------------------------------------- */

static int load(struct rca_nat *nat)
{
    int r;

    nat->skel = nat_bpf__open();
    if (!nat->skel)
        return errno ? -errno : -EINVAL;
    (void)bpf_program__set_type(nat->skel->progs.on_packet,
                                (enum bpf_prog_type)PROG_TYPE_NETFILTER);
    (void)bpf_program__set_expected_attach_type(
        nat->skel->progs.on_packet, (enum bpf_attach_type)ATTACH_NETFILTER);
    r = nat_bpf__load(nat->skel);
    if (r) {
        nat_bpf__destroy(nat->skel);
        nat->skel = NULL;
    }
    return r;
}

static int attach_one(const struct rca_nat *nat, struct rca_observer *obs,
                      int netns, size_t i)
{
    const int prog = bpf_program__fd(nat->skel->progs.on_packet);
    int fd = -EBUSY;

    for (int p = 0; p < PRIORITIES && (fd == -EBUSY || fd == -EINVAL); p++)
        fd = rca_privileged_attach_nf(rca_observer_privileged(obs), prog, netns,
                                      families[i / RCA_ARRAY_SIZE(points)],
                                      points[i % RCA_ARRAY_SIZE(points)],
                                      PRIORITY + p);
    return fd;
}

static void detach(struct place *place)
{
    for (size_t i = 0; i < N_LINKS; i++) {
        if (place->links[i] >= 0)
            (void)close(place->links[i]);
        place->links[i] = -1;
    }
    place->attached = false;
}

static void attach(const struct rca_nat *nat, struct rca_observer *obs,
                   const struct rca_netlink_ns *ns, struct place *place)
{
    if (!nat->skel || place->attached)
        return;
    place->attached = true;
    for (size_t i = 0; i < N_LINKS; i++) {
        place->links[i] = attach_one(nat, obs, ns->fd, i);
        /* IPv6 may be off */
        if (i < RCA_ARRAY_SIZE(points) && place->links[i] < 0)
            place->attached = false;
    }
    if (!place->attached)
        detach(place);
}

/* --- asking -------------------------------------------------------------------- */

static int note_chain(void *arg, const struct nlmsghdr *msg)
{
    bool *found = (bool *)arg;

    *found = *found || rca_nat_is_chain(msg);
    return 0;
}

static int read_generation(void *arg, const struct nlmsghdr *msg)
{
    return rca_nft_parse_generation(msg, (uint32_t *)arg);
}

static int look(struct rca_netlink_ns *ns, struct place *place, rca_time now)
{
    _Alignas(8) char buf[RCA_NAT_REQUEST_BYTES];
    uint32_t generation = 0;
    bool found = false;
    int r;

    if (place->looked && now - place->looked < LOOK_AGAIN)
        return 0;
    place->looked = now;
    r = rca_netlink_ask(ns->nl, rca_nat_request_generation(buf),
                        read_generation, &generation);
    if (r || (generation && generation == place->generation))
        return r;
    r = rca_netlink_dump(ns->nl, rca_nat_request_chains(buf), note_chain,
                         &found);
    if (r)
        return r;
    place->generation = generation;
    place->wanted = found;
    return 0;
}

static int tell_entry(void *arg, const struct nlmsghdr *msg)
{
    struct telling *t = (struct telling *)arg;
    struct rca_nat_key key;

    t->nat->dumped++;
    if (rca_nat_parse_entry(msg, &key))
        return 0; /* another protocol, or not translated */
    return t->visit(t->arg, &key);
}

/* What began before the program came, or all where there is none. */
static int dump(struct rca_netlink_ns *ns, struct place *place, rca_time now,
                struct telling *t)
{
    _Alignas(8) char buf[RCA_NAT_REQUEST_BYTES];
    int r;

    if (!t->nat->dump || (place->due && (place->attached || now < place->due)))
        return 0;
    t->nat->dumped = 0;
    r = rca_netlink_dump(ns->nl, rca_nat_request_entries(buf), tell_entry, t);
    place->due = now + (t->nat->dumped > MANY ? DUMP_AGAIN_MANY : DUMP_AGAIN);
    return r == -EINTR ? 0 : r; /* the table changed: the rest comes later */
}

static int follow(struct rca_nat *nat, struct rca_observer *obs,
                  struct rca_netlink_ns *ns, struct telling *t)
{
    const rca_time now = rca_observer_now(obs);
    struct place *place = (struct place *)ns->data;
    int r;

    if (!place) {
        place = calloc(1, sizeof(*place));
        if (!place)
            return -ENOMEM;
        for (size_t i = 0; i < N_LINKS; i++)
            place->links[i] = -1;
        ns->data = place;
    }
    r = look(ns, place, now);
    if (r)
        return r;
    if (!place->wanted) {
        detach(place);
        place->due = 0;
        return 0;
    }
    if (t->packets)
        attach(nat, obs, ns, place);
    else
        detach(place);
    return dump(ns, place, now, t);
}

static int read_map(struct rca_nat *nat, rca_time now, struct telling *t)
{
    struct rca_nat_key key, *prev = NULL;
    uint64_t fresh;
    int fd, r = 0;

    if (!nat->skel)
        return 0;
    fresh = __atomic_load_n(&nat->skel->bss->fresh, __ATOMIC_RELAXED);
    if (fresh == nat->fresh && now - nat->read < READ_AGAIN)
        return 0;
    nat->fresh = fresh;
    nat->read = now;
    fd = bpf_map__fd(nat->skel->maps.nats);
    while (!r && !bpf_map_get_next_key(fd, prev, &key)) {
        prev = &key;
        r = t->visit(t->arg, &key);
    }
    return r;
}

int rca_nat_tick(struct rca_nat *nat, struct rca_observer *obs, _Bool packets,
                 rca_nat_visit *visit, void *arg)
{
    struct telling t = {
        .nat = nat, .packets = packets, .visit = visit, .arg = arg};
    int r, failed = 0;

    if (!nat->skel && !nat->dump)
        return 0;
    r = rca_netlink_set_refresh(&nat->set, obs);
    if (r)
        return r == -ENOMEM ? r : 0; /* told when it was opened */
    for (size_t i = 0; i < nat->set.n; i++) {
        if (!nat->set.ns[i].nl)
            continue;
        r = follow(nat, obs, &nat->set.ns[i], &t);
        if (r == -ENOMEM)
            return r;
        failed = r ? r : failed;
    }
    r = read_map(nat, rca_observer_now(obs), &t);
    return r ? r : failed;
}

/* --- opening -------------------------------------------------------------------- */

static void free_place(void *data)
{
    detach((struct place *)data);
    free(data);
}

static void tell(const struct rca_nat *nat, const struct rca_source_env *env,
                 int err, struct rca_observer *obs)
{
    char how[96];

    if (nat->skel) {
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_ON, HOOK " link", "");
    } else if (nat->dump) {
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_TWIN, TWIN, "");
    } else {
        (void)snprintf(how, sizeof(how), "%s: %s", HOOK,
                       rca_source_may(env, HOOK) ? strerror(-err)
                                                 : "turned off by 'without'");
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF, how, LOST);
    }
}

int rca_nat_open(const struct rca_source_env *env, struct rca_observer *obs,
                 struct rca_nat **ret_nat)
{
    struct rca_nat *nat RCA_CLEANUP(rca_nat_close) = NULL;
    int r = -EPERM;

    nat = calloc(1, sizeof(*nat));
    if (!nat)
        return -ENOMEM;
    nat->set.bus = NETLINK_NETFILTER;
    nat->set.free_data = free_place;
    nat->dump = rca_source_may(env, TWIN);
    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    if (rca_source_may(env, HOOK))
        r = load(nat);
    if (r == -ENOMEM)
        return r;
    tell(nat, env, r, obs);
    *ret_nat = RCA_TAKE(nat);
    return 0;
}

void rca_nat_close(struct rca_nat **nat)
{
    struct rca_nat *n = *nat;

    if (!n)
        return;
    rca_netlink_set_done(&n->set);
    nat_bpf__destroy(n->skel);
    free(n);
    *nat = NULL;
}

size_t rca_nat_programs(const struct rca_nat *nat, int *fds, size_t max)
{
    if (!nat->skel || !max)
        return 0;
    fds[0] = bpf_program__fd(nat->skel->progs.on_packet);
    return 1;
}
