/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * conntrack - the source of what each namespace's table of connections holds
 * and refuses, by ctnetlink. A full table drops every new connection and tells
 * nobody but the kernel's log.
 *
 * Nothing is asked before connection tracking is there: asking would load the
 * module. A namespace gets an entity once its table was seen in use.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/conntrack_msg.h"
#include "collector/file.h"
#include "collector/passer.h"
#include "collector/procfs.h"
#include "collector/source.h"
#include "collector/widen.h"

#define FEATURE "conntrack"
#define OTHERS "conntrack of other network namespaces"
#define HOOK "ctnetlink"
#define LOST "full tables of connections"

#define REQUEST_BYTES 64
/* Most filtered_by edges of a tick; see nft.c. */
#define EDGES_MAX 5000

/* Most ticks for which an empty table is taken to stay empty. */
#define QUIET_TICKS 5

/* struct table - what is kept about a namespace; @used: it gets an entity
 * @packets: of its interfaces, when it was last asked; @age: ticks since */
struct table {
    struct rca_conntrack_use use;
    struct rca_wide invalid, insert_failed, drop, early_drop, error, restart;
    _Bool known; /* in this tick */
    _Bool used;
    rca_id entity;
    uint64_t packets;
    unsigned age;
};

struct conntrack_state {
    const struct rca_source_env *env; /* borrowed */
    struct rca_netlink_set set;
    struct rca_passers passers;
    size_t edges_left;
    unsigned told; /* version of the set when last told, + 1 */
    _Bool there; /* the kernel tracks connections */
    uint64_t interrupted;
};

/* --- asking --------------------------------------------------------------- */

static struct nlmsghdr *put_request(void *buf, unsigned type)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
    struct nfgenmsg *gen = NULL;

    msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
    gen = (struct nfgenmsg *)mnl_nlmsg_put_extra_header(msg, sizeof *gen);
    gen->version = NFNETLINK_V0;
    return msg;
}

static int add_cpu(void *arg, const struct nlmsghdr *msg)
{
    /* what does not parse is passed over */
    (void)!rca_conntrack_parse_cpu(msg, (struct rca_conntrack_stats *)arg);
    return 0;
}

static int read_use(void *arg, const struct nlmsghdr *msg)
{
    return rca_conntrack_parse_use(msg, (struct rca_conntrack_use *)arg);
}

static int ask(struct rca_netlink_ns *ns, struct rca_conntrack_use *ret_use,
               struct rca_conntrack_stats *ret_stats)
{
    _Alignas(8) char buf[REQUEST_BYTES];
    int err = rca_netlink_ask(ns->nl, put_request(buf, IPCTNL_MSG_CT_GET_STATS),
                              read_use, ret_use);

    if (err)
        return err;
    return rca_netlink_dump(ns->nl,
                            put_request(buf, IPCTNL_MSG_CT_GET_STATS_CPU),
                            add_cpu, ret_stats);
}

/* Before 5.16 the limit is told by a file only; it is the same everywhere. */
static uint32_t limit_of_file(const struct conntrack_state *s)
{
    struct rca_text text RCA_CLEANUP(rca_text_done) = {0};
    int fd = rca_file_open(s->env->proc, "sys/net/netfilter/nf_conntrack_max");
    uint64_t limit = 0;

    if (fd < 0)
        return 0;
    if (rca_file_read(fd, &text) ||
        rca_procfs_number(text.data, text.len, &limit))
        limit = 0;
    rca_file_close(&fd);
    return limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

/* Keep what was read. Counters that moved before we came count as use. */
static void keep(struct table *table, const struct rca_conntrack_use *use,
                 const struct rca_conntrack_stats *stats)
{
    table->known = 1;
    table->use = *use;
    table->used = table->used || use->entries || stats->drop ||
                  stats->early_drop || stats->insert_failed;
    (void)rca_widen(&table->invalid, stats->invalid);
    (void)rca_widen(&table->insert_failed, stats->insert_failed);
    (void)rca_widen(&table->drop, stats->drop + stats->chain_toolong);
    (void)rca_widen(&table->early_drop, stats->early_drop);
    (void)rca_widen(&table->error, stats->error);
    (void)rca_widen(&table->restart, stats->search_restart);
}

/* Whether nothing can have been tracked since an empty table was looked at: no
 * packet came or went. */
static _Bool is_quiet(const struct rca_observer *obs, uint64_t netns,
                      struct table *table)
{
    const struct rca_link_map *map = rca_observer_links(obs);
    const uint64_t packets = map ? rca_link_map_packets(map, netns) : 0;
    const _Bool same = map && packets == table->packets;

    table->packets = packets;
    if (!same || table->used || !table->age || table->age >= QUIET_TICKS) {
        table->age = 1;
        return 0;
    }
    table->age++;
    return 1;
}

static int refresh(struct conntrack_state *s, const struct rca_observer *obs,
                   struct rca_netlink_ns *ns)
{
    struct table *table = (struct table *)ns->data;
    struct rca_conntrack_use use = {0};
    struct rca_conntrack_stats stats = {0};
    int err = 0;

    if (!table) {
        table = (struct table *)calloc(1, sizeof *table);
        if (!table)
            return -ENOMEM;
        ns->data = table;
    }
    if (is_quiet(obs, ns->inode, table))
        return 0;
    table->known = 0;
    err = ask(ns, &use, &stats);
    if (err) {
        s->interrupted++;
        return err;
    }
    if (!use.limit)
        use.limit = limit_of_file(s);
    keep(table, &use, &stats);
    return 0;
}

/* The table of @ns if it is known in this tick and in use, else NULL. */
static struct table *table_of(const struct rca_netlink_ns *ns)
{
    struct table *table = (struct table *)ns->data;

    return table && table->known && table->used ? table : NULL;
}

/* --- reports -------------------------------------------------------------- */

static void report_table(struct rca_observer *obs,
                         const struct rca_netlink_ns *ns, struct table *t)
{
    const struct {
        const char *series;
        const struct rca_wide *wide;
    } counters[] = {
        {"conntrack_invalid_total", &t->invalid},
        {"conntrack_insert_failures_total", &t->insert_failed},
        {"conntrack_drops_total", &t->drop},
        {"conntrack_early_drops_total", &t->early_drop},
        {"conntrack_errors_total", &t->error},
        {"conntrack_search_restarts_total", &t->restart},
    };
    char name[sizeof ns->name + 16];

    snprintf(name, sizeof name, "%s%sconntrack", ns->name,
             ns->name[0] ? ":" : "");
    t->entity = rca_observe_entity(obs, RCA_KIND_CONNTRACK, name);
    rca_observe_edge(obs, t->entity,
                     ns->name[0] ? ns->entity : rca_observe_host(obs),
                     RCA_EDGE_PART_OF);
    rca_observe_value(obs, t->entity, "conntrack_entries",
                      (double)t->use.entries);
    if (t->use.limit) {
        rca_observe_value(obs, t->entity, "conntrack_limit",
                          (double)t->use.limit);
        rca_observe_value(obs, t->entity, "conntrack_full_ratio",
                          (double)t->use.entries / (double)t->use.limit);
    }
    for (size_t i = 0; i < RCA_ARRAY_SIZE(counters); i++)
        rca_observe_value(obs, t->entity, counters[i].series,
                          (double)counters[i].wide->total);
}

static void report_edge(struct conntrack_state *s, struct rca_observer *obs,
                        rca_id user, const struct table *table)
{
    if (!s->edges_left || user == RCA_ID_NONE)
        return;
    s->edges_left--;
    rca_observe_edge(obs, user, table->entity, RCA_EDGE_FILTERED_BY);
}

static int report_users(struct conntrack_state *s, struct rca_observer *obs,
                        const struct rca_netlink_ns *ns,
                        const struct table *table)
{
    const struct rca_link_map *map = s->passers.map;
    rca_id last = RCA_ID_NONE;
    const int err = rca_passers_find(&s->passers, obs, ns->inode);

    if (err)
        return err;
    for (size_t i = 0; i < s->passers.n; i++) {
        const rca_id user = s->passers.list[i].entity;

        if (user != last)
            report_edge(s, obs, user, table);
        last = user;
    }
    for (size_t i = 0; i < map->n_nics; i++)
        if (map->nics[i].netns == ns->inode)
            report_edge(s, obs, map->nics[i].entity, table);
    return 0;
}

static int report(struct conntrack_state *s, struct rca_observer *obs)
{
    int err = rca_passers_refresh(&s->passers, obs);

    s->edges_left = EDGES_MAX;
    for (size_t i = 0; !err && i < s->set.n; i++) {
        struct table *table = table_of(&s->set.ns[i]);

        if (!table)
            continue;
        report_table(obs, &s->set.ns[i], table);
        err = report_users(s, obs, &s->set.ns[i], table);
    }
    return err;
}

/* --- the source ----------------------------------------------------------- */

static void tell(struct conntrack_state *s, struct rca_observer *obs)
{
    char how[96];
    int err = 0;
    size_t closed = 0;

    if (s->told == s->set.version + 1)
        return;
    s->told = s->set.version + 1;
    rca_observer_feature(obs, FEATURE, RCA_FEATURE_ON, HOOK, "");
    closed = rca_netlink_set_closed(&s->set, &err);
    snprintf(how, sizeof how, "%zu not entered: %s (needs CAP_SYS_ADMIN)",
             closed, rca_strerror(err));
    if (closed)
        rca_observer_feature(obs, OTHERS, RCA_FEATURE_OFF, how,
                             LOST " inside containers");
    else
        rca_observer_feature(obs, OTHERS, RCA_FEATURE_ON,
                             "ctnetlink after setns(2)", "");
}

static _Bool is_there(const struct conntrack_state *s)
{
    int fd = rca_file_open(s->env->proc, "sys/net/netfilter/nf_conntrack_max");
    const _Bool there = fd >= 0;

    rca_file_close(&fd);
    return there;
}

static void close_conntrack(void **state)
{
    struct conntrack_state *s = (struct conntrack_state *)*state;

    if (!s)
        return;
    rca_netlink_set_done(&s->set);
    rca_passers_done(&s->passers);
    free(s);
    *state = NULL;
}

/* Whether the kernel answers us; told as a feature if not. */
static int probe(struct conntrack_state *s, struct rca_observer *obs)
{
    struct rca_conntrack_use use = {0};
    struct rca_conntrack_stats stats = {0};
    int err = rca_netlink_set_refresh(&s->set, obs);

    if (!err)
        err = ask(&s->set.ns[0], &use, &stats);
    if (!err || err == -ENOMEM)
        return err;
    rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF,
                         err == -EPERM ? "needs CAP_NET_ADMIN"
                                       : "no ctnetlink in this kernel",
                         LOST);
    return RCA_ENOSUPPORT;
}

static int open_conntrack(const struct rca_source_env *env,
                          struct rca_observer *obs, void **ret_state)
{
    void *state RCA_CLEANUP(close_conntrack) =
        calloc(1, sizeof(struct conntrack_state));
    struct conntrack_state *s = (struct conntrack_state *)state;
    int err = 0;

    if (!s)
        return -ENOMEM;
    if (!rca_source_may(env, HOOK)) {
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_OFF,
                             "turned off by 'without'", LOST);
        return RCA_ENOSUPPORT;
    }
    s->env = env;
    s->set.bus = NETLINK_NETFILTER;
    s->set.free_data = free;
    s->there = is_there(s);
    if (s->there)
        err = probe(s, obs);
    else
        rca_observer_feature(obs, FEATURE, RCA_FEATURE_ON,
                             "the kernel tracks no connections", "");
    if (err)
        return err;
    if (s->there)
        tell(s, obs);
    *ret_state = RCA_TAKE(state);
    return 0;
}

static int tick_conntrack(void *state, struct rca_observer *obs)
{
    struct conntrack_state *s = (struct conntrack_state *)state;
    int err = 0;

    if (!s->there) {
        s->there = is_there(s);
        if (!s->there)
            return 0;
        err = probe(s, obs);
    } else {
        err = rca_netlink_set_refresh(&s->set, obs);
    }
    for (size_t i = 0; !err && i < s->set.n; i++)
        if (s->set.ns[i].nl && refresh(s, obs, &s->set.ns[i]) == -ENOMEM)
            err = -ENOMEM;
    if (err)
        return err;
    tell(s, obs);
    rca_observe_loss(obs, "conntrack_dumps", s->interrupted);
    return report(s, obs);
}

const struct rca_source rca_source_conntrack = {
    .name = "conntrack",
    .open = open_conntrack,
    .tick = tick_conntrack,
    .close = close_conntrack,
};
