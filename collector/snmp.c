/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * snmp - the source of what the network stack counts for each network
 * namespace (listen queues that overflow, retransmits, packets without a route
 * or a port, ...) and, for the host, what its processors and its tables of
 * neighbours could not take.
 *
 * The files of a namespace stay open: a tick is four preads for each, one where
 * no packet came or went since the last. Counters
 * are reported from the first tick on, also as 0: a fault is a counter that
 * had never moved.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/file.h"
#include "collector/link_map.h"
#include "collector/privileged.h"
#include "collector/snmp_text.h"
#include "collector/source.h"

enum net_file { FILE_SNMP, FILE_NETSTAT, FILE_SNMP6, FILE_SOCKSTAT, NET_FILES };

static const struct {
    const char *name;
    enum rca_net_file file;
    void (*read)(const char *text, size_t len, struct rca_snmp *snmp);
} net_files[] = {
    [FILE_SNMP] = {"snmp", RCA_NET_FILE_SNMP, rca_snmp_read_pairs},
    [FILE_NETSTAT] = {"netstat", RCA_NET_FILE_NETSTAT, rca_snmp_read_pairs},
    [FILE_SNMP6] = {"snmp6", RCA_NET_FILE_SNMP6, rca_snmp_read_lines},
    [FILE_SOCKSTAT] = {"sockstat", RCA_NET_FILE_SOCKSTAT,
                       rca_snmp_read_sockstat},
};
static_assert(RCA_ARRAY_SIZE(net_files) == NET_FILES, "one row a file");

enum host_file { FILE_SOFTNET, FILE_ARP, FILE_NDISC, HOST_FILES };

static const struct {
    const char *path, *feature, *lost;
} host_files[] = {
    [FILE_SOFTNET] = {"net/softnet_stat", "packet backlog of processors",
                      "packets dropped before any protocol saw them"},
    [FILE_ARP] = {"net/stat/arp_cache", "neighbours, IPv4",
                  "addresses that nobody answers for"},
    [FILE_NDISC] = {"net/stat/ndisc_cache", "neighbours, IPv6",
                    "addresses that nobody answers for"},
};
static_assert(RCA_ARRAY_SIZE(host_files) == HOST_FILES, "one row a file");

static const char *const series[RCA_SNMP_COUNT] = {
    [RCA_SNMP_CONNECT_FAILURES] = "tcp_connect_failures_total",
    [RCA_SNMP_CONNECTION_RESETS] = "tcp_resets_received_total",
    [RCA_SNMP_RETRANSMITS] = "tcp_retransmits_total",
    [RCA_SNMP_TCP_ABORTS] = "tcp_aborts_total",
    [RCA_SNMP_TCP_LISTEN_OVERFLOWS] = "tcp_listen_overflows_total",
    [RCA_SNMP_TCP_RECEIVE_DROPS] = "tcp_receive_drops_total",
    [RCA_SNMP_TCP_RESETS_SENT] = "tcp_resets_sent_total",
    [RCA_SNMP_TCP_SYN_QUEUE_FULL] = "tcp_syn_queue_full_total",
    [RCA_SNMP_TCP_TIMEOUTS] = "tcp_timeouts_total",
    [RCA_SNMP_UDP_NO_PORT] = "udp_no_port_total",
    [RCA_SNMP_UDP_RECEIVE_DROPS] = "udp_receive_drops_total",
    [RCA_SNMP_CHECKSUM_ERRORS] = "checksum_errors_total",
    [RCA_SNMP_IP_DISCARDS] = "ip_discards_total",
    [RCA_SNMP_IP_FRAGMENT_FAILURES] = "ip_fragment_failures_total",
    [RCA_SNMP_IP_NO_ROUTE] = "ip_no_route_total",
    [RCA_SNMP_UNREACHABLE_RECEIVED] = "icmp_unreachable_received_total",
    [RCA_SNMP_UNREACHABLE_SENT] = "icmp_unreachable_sent_total",
    [RCA_SNMP_SOCKETS] = "sockets_in_use",
    [RCA_SNMP_TIME_WAIT] = "tcp_time_wait_sockets",
    [RCA_SNMP_ORPHANS] = "tcp_orphan_sockets",
    [RCA_SNMP_TCP_PAGES] = "tcp_memory_bytes",
};

/* Most ticks for which counters are taken to stand still. */
#define QUIET_TICKS 5

/* Kept for the whole host, whatever namespace asks. */
#define OF_HOST                                                                \
    (UINT32_C(1) << RCA_SNMP_ORPHANS | UINT32_C(1) << RCA_SNMP_TCP_PAGES)

/* struct space - a namespace whose files are open; @seen in this tick
 * @err: why they are not; not tried again */
struct space {
    uint64_t inode;
    int fd[NET_FILES];
    int err;
    _Bool seen;
    struct rca_snmp last; /* of the files with counters */
    uint64_t packets; /* of its interfaces, when they were read */
    unsigned age; /* ticks since; 0: never */
};

struct snmp_source {
    const struct rca_source_env *env; /* borrowed */
    struct rca_privileged *helper; /* borrowed */
    struct space *spaces; /* owned; [0] is the host's own */
    size_t n_spaces, cap_spaces;
    int host_fd[HOST_FILES];
    struct rca_text text;
    double page_bytes;
    size_t closed; /* namespaces that could not be entered, as last told */
    _Bool may[NET_FILES];
};

/* --- namespaces ----------------------------------------------------------- */

static void close_space(struct space *space)
{
    for (unsigned i = 0; i < NET_FILES; i++)
        rca_file_close(&space->fd[i]);
}

static int open_file(const struct snmp_source *s, int netns_fd, unsigned i)
{
    char path[32];

    if (netns_fd >= 0)
        return rca_privileged_net_file(s->helper, net_files[i].file, netns_fd);
    (void)snprintf(path, sizeof(path), "net/%s", net_files[i].name);
    return rca_file_open(s->env->proc, path);
}

/* Open what there is: no IPv6, no file of it. @netns_fd -1: the own one. */
static void open_space(const struct snmp_source *s, int netns_fd,
                       struct space *space)
{
    _Bool any = 0;

    space->err = 0;
    for (unsigned i = 0; i < NET_FILES; i++) {
        space->fd[i] = -1;
        if (!s->may[i] || space->err == -EPERM)
            continue;
        space->fd[i] = open_file(s, netns_fd, i);
        if (space->fd[i] < 0 && space->fd[i] != -ENOENT)
            space->err = space->fd[i];
        any = any || space->fd[i] >= 0;
    }
    if (any)
        space->err = 0;
    else if (!space->err)
        space->err = -ENOENT;
}

static struct space *find_space(struct snmp_source *s, uint64_t inode)
{
    for (size_t i = 0; i < s->n_spaces; i++) {
        if (s->spaces[i].inode == inode)
            return &s->spaces[i];
    }
    return NULL;
}

static struct space *add_space(struct snmp_source *s, uint64_t inode,
                               int netns_fd)
{
    struct space *spaces =
        rca_grow(s->spaces, s->n_spaces, &s->cap_spaces, sizeof(*spaces));

    if (!spaces)
        return NULL;
    s->spaces = spaces;
    spaces[s->n_spaces] = (struct space){.inode = inode};
    open_space(s, netns_fd, &spaces[s->n_spaces]);
    return &spaces[s->n_spaces++];
}

static void drop_unseen(struct snmp_source *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n_spaces; i++) {
        if (s->spaces[i].seen)
            s->spaces[kept++] = s->spaces[i];
        else
            close_space(&s->spaces[i]);
    }
    s->n_spaces = kept;
}

/* --- reports -------------------------------------------------------------- */

/* Whether the counters of @space, which cost 0.2 ms to read, cannot have moved:
 * no packet came or went, the loopback's included. What needs no packet to be
 * counted (no route) may come QUIET_TICKS late. */
static _Bool is_quiet(const struct rca_observer *obs, struct space *space)
{
    const struct rca_link_map *map = rca_observer_links(obs);
    const uint64_t packets = map ? rca_link_map_packets(map, space->inode) : 0;
    const _Bool same = map && packets == space->packets;

    space->packets = packets;
    return same && space->age && space->age++ < QUIET_TICKS;
}

static void read_file(struct snmp_source *s, const struct space *space,
                      unsigned i, struct rca_snmp *snmp)
{
    if (space->fd[i] >= 0 && !rca_file_read_single(space->fd[i], &s->text))
        net_files[i].read(s->text.data, s->text.len, snmp);
}

static void read_space(struct snmp_source *s, const struct rca_observer *obs,
                       struct space *space, struct rca_snmp *ret_snmp)
{
    if (!is_quiet(obs, space)) {
        space->last = (struct rca_snmp){.found = 0};
        /* not all in one tick, the first time */
        space->age =
            space->age ? 1 : 1 + (unsigned)(space->inode % QUIET_TICKS);
        for (unsigned i = 0; i < FILE_SOCKSTAT; i++)
            read_file(s, space, i, &space->last);
    }
    *ret_snmp = space->last;
    read_file(s, space, FILE_SOCKSTAT, ret_snmp);
}

static void report_space(struct snmp_source *s, struct rca_observer *obs,
                         struct space *space, rca_id entity, _Bool host)
{
    struct rca_snmp snmp;
    uint32_t report;

    read_space(s, obs, space, &snmp);
    report = host ? snmp.found : snmp.found & ~OF_HOST;
    for (unsigned i = 0; i < RCA_SNMP_COUNT; i++) {
        const double value = (double)snmp.value[i];

        if (report & UINT32_C(1) << i)
            rca_observe_value(obs, entity, series[i],
                              i == RCA_SNMP_TCP_PAGES ? value * s->page_bytes
                                                      : value);
    }
}

static int report_spaces(struct snmp_source *s, struct rca_observer *obs)
{
    size_t n;
    const struct rca_netns *ns = rca_observer_netns(obs, &n);

    for (size_t i = 0; i < s->n_spaces; i++)
        s->spaces[i].seen = 0;
    for (size_t i = 0; i < n; i++) {
        const _Bool own = i == 0;
        struct space *space = find_space(s, ns[i].inode);

        if (!space && (own || ns[i].fd >= 0))
            space = add_space(s, ns[i].inode, own ? -1 : ns[i].fd);
        if (!space && (own || ns[i].fd >= 0))
            return -ENOMEM;
        if (!space)
            continue;
        space->seen = 1;
        report_space(s, obs, space, own ? rca_observe_host(obs) : ns[i].entity,
                     own);
    }
    drop_unseen(s);
    return 0;
}

static void report_softnet(struct snmp_source *s, struct rca_observer *obs)
{
    const rca_id host = rca_observe_host(obs);
    struct rca_softnet sum;

    if (s->host_fd[FILE_SOFTNET] < 0 ||
        rca_file_read(s->host_fd[FILE_SOFTNET], &s->text) ||
        rca_softnet_read(s->text.data, s->text.len, &sum))
        return;
    rca_observe_value(obs, host, "softnet_drops_total", (double)sum.drops);
    rca_observe_value(obs, host, "softnet_squeezes_total",
                      (double)sum.squeezes);
}

static void report_neigh(struct snmp_source *s, struct rca_observer *obs)
{
    const rca_id host = rca_observe_host(obs);
    struct rca_neigh sum = {0};
    _Bool any = 0;

    for (unsigned i = FILE_ARP; i <= FILE_NDISC; i++) {
        if (s->host_fd[i] >= 0 && !rca_file_read(s->host_fd[i], &s->text))
            any |= !rca_neigh_read(s->text.data, s->text.len, &sum);
    }
    if (!any)
        return;
    rca_observe_value(obs, host, "neighbour_failures_total",
                      (double)sum.failures);
    rca_observe_value(obs, host, "neighbour_table_full_total",
                      (double)sum.table_full);
}

/* --- features ------------------------------------------------------------- */

static void tell_host_file(struct snmp_source *s, struct rca_observer *obs,
                           unsigned i)
{
    char how[96];

    (void)snprintf(how, sizeof(how), "/proc/%s", host_files[i].path);
    if (!rca_source_may(s->env, how)) {
        rca_observer_feature(obs, host_files[i].feature, RCA_FEATURE_OFF,
                             "turned off by 'without'", host_files[i].lost);
        return;
    }
    s->host_fd[i] = rca_file_open(s->env->proc, host_files[i].path);
    if (s->host_fd[i] >= 0) {
        rca_observer_feature(obs, host_files[i].feature, RCA_FEATURE_ON, how,
                             "");
        return;
    }
    (void)snprintf(how, sizeof(how), "/proc/%s: %s", host_files[i].path,
                   rca_strerror(s->host_fd[i]));
    s->host_fd[i] = -1;
    rca_observer_feature(obs, host_files[i].feature, RCA_FEATURE_OFF, how,
                         host_files[i].lost);
}

static void tell_net_file(struct snmp_source *s, struct rca_observer *obs,
                          unsigned i)
{
    static const char lost[] = "faults that only the network stack counts";
    const int fd = s->spaces[0].fd[i];
    char name[48], how[96];

    (void)snprintf(name, sizeof(name), "network counters, %s",
                   net_files[i].name);
    (void)snprintf(how, sizeof(how), "/proc/net/%s", net_files[i].name);
    if (!s->may[i])
        rca_observer_feature(obs, name, RCA_FEATURE_OFF,
                             "turned off by 'without'", lost);
    else if (fd < 0)
        rca_observer_feature(obs, name, RCA_FEATURE_OFF, rca_strerror(fd),
                             lost);
    else
        rca_observer_feature(obs, name, RCA_FEATURE_ON, how, "");
}

static void tell_namespaces(struct snmp_source *s, struct rca_observer *obs)
{
    static const char feature[] = "network counters of other namespaces";
    size_t n, closed = 0;
    const struct rca_netns *ns = rca_observer_netns(obs, &n);
    char how[96];

    for (size_t i = 1; i < n; i++)
        closed += ns[i].fd < 0;
    for (size_t i = 1; i < s->n_spaces; i++)
        closed += s->spaces[i].err != 0;
    if (closed == s->closed)
        return;
    s->closed = closed;
    (void)snprintf(how, sizeof(how), "%zu not entered (needs CAP_SYS_ADMIN)",
                   closed);
    if (closed)
        rca_observer_feature(obs, feature, RCA_FEATURE_OFF, how,
                             "full queues and errors inside containers");
    else
        rca_observer_feature(obs, feature, RCA_FEATURE_ON,
                             "/proc/net after setns(2)", "");
}

/* --- the source ----------------------------------------------------------- */

static void close_snmp(void **state)
{
    struct snmp_source *s = *state;

    *state = NULL;
    if (!s)
        return;
    for (size_t i = 0; i < s->n_spaces; i++)
        close_space(&s->spaces[i]);
    for (unsigned i = 0; i < HOST_FILES; i++)
        rca_file_close(&s->host_fd[i]);
    rca_text_done(&s->text);
    free(s->spaces);
    free(s);
}

/* The hooks' names are the files'. */
static void ask_leave(struct snmp_source *s)
{
    char hook[32];

    for (unsigned i = 0; i < NET_FILES; i++) {
        (void)snprintf(hook, sizeof(hook), "/proc/net/%s", net_files[i].name);
        s->may[i] = rca_source_may(s->env, hook);
    }
}

static int open_snmp(const struct rca_source_env *env, struct rca_observer *obs,
                     void **ret_state)
{
    void *state RCA_CLEANUP(close_snmp) = calloc(1, sizeof(struct snmp_source));
    struct snmp_source *s = state;
    const struct rca_netns *ns;
    size_t n;

    if (!s)
        return -ENOMEM;
    s->env = env;
    s->helper = rca_observer_privileged(obs);
    s->page_bytes = (double)sysconf(_SC_PAGESIZE);
    s->closed = SIZE_MAX;
    for (unsigned i = 0; i < HOST_FILES; i++)
        s->host_fd[i] = -1;
    ask_leave(s);
    ns = rca_observer_netns(obs, &n);
    if (!add_space(s, n ? ns[0].inode : 0, -1))
        return -ENOMEM;
    for (unsigned i = 0; i < NET_FILES; i++)
        tell_net_file(s, obs, i);
    for (unsigned i = 0; i < HOST_FILES; i++)
        tell_host_file(s, obs, i);
    tell_namespaces(s, obs);
    *ret_state = RCA_TAKE(state);
    return 0;
}

static int tick_snmp(void *state, struct rca_observer *obs)
{
    struct snmp_source *s = state;
    const int r = report_spaces(s, obs);

    report_softnet(s, obs);
    report_neigh(s, obs);
    tell_namespaces(s, obs);
    return r;
}

const struct rca_source rca_source_snmp = {
    .name = "snmp",
    .open = open_snmp,
    .tick = tick_snmp,
    .close = close_snmp,
};
