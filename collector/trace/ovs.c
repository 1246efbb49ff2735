/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Open vSwitch whose datapath is a process: no packet of it comes by the
 * kernel's hooks, but its ports count. The database and the switch are asked
 * each second over their sockets, in the folder that Open vSwitch's own tools
 * take, too (OVS_RUNDIR). One that does not answer costs a second and a half,
 * and is then let alone for a while.
 */

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "collector/config.h"
#include "collector/file.h"
#include "collector/map.h"
#include "collector/privileged.h"
#include "collector/trace/feed.h"
#include "collector/trace/ovs_count.h"

#define PERIOD RCA_SECOND
#define HANG (10 * RCA_SECOND)

struct state {
    char folder[256];
    struct rca_trace_ovs_counts *counts; /* owned */
    struct rca_text text;
    struct rca_ovs_port *ports; /* owned; of this look */
    size_t n, cap;
    struct rca_map by_name; /* name of a port to its place */
    rca_time next; /* look */
    uint32_t netns; /* ours: where a port's device is, if it is one */
};

static rca_time monotonic(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (rca_time)now.tv_sec * RCA_SECOND + now.tv_nsec;
}

static int ask(struct state *s, enum rca_ovs_query query)
{
    int fd = rca_privileged_ovs(NULL, s->folder, query);
    int r = fd;

    if (fd >= 0) {
        r = rca_file_read(fd, &s->text);
        rca_file_close(&fd);
    }
    return r;
}

static int add_port(void *arg, const struct rca_ovs_port *port)
{
    struct state *s = (struct state *)arg;
    struct rca_ovs_port *grown =
        rca_grow(s->ports, s->n, &s->cap, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    s->ports = grown;
    s->ports[s->n] = *port;
    return rca_map_set(&s->by_name, port->name, strlen(port->name),
                       (uint32_t)s->n++);
}

/* The datapath's counters are fresh, the database's some seconds old. */
static void take_stats(void *arg, const char *name,
                       const struct rca_traffic *stats)
{
    struct state *s = (struct state *)arg;
    uint32_t at;

    if (rca_map_get(&s->by_name, name, strlen(name), &at))
        s->ports[at].stats = *stats;
}

static int read_stats(struct state *s)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct rca_ovs_datapath datapath;
    int r = ask(s, RCA_OVS_DATAPATHS);

    if (r >= 0)
        r = rca_ovs_parse_text(s->text.data, s->text.len, &text);
    if (r == 0)
        r = rca_ovs_read_datapaths(text, &datapath, take_stats, s);
    return r;
}

/* What there is now. Without the switch the database's counters do. */
static int look(struct state *s)
{
    int r, e;

    s->n = 0;
    rca_map_done(&s->by_name);
    r = ask(s, RCA_OVS_DATABASE);
    if (r >= 0)
        r = rca_ovs_parse_database(s->text.data, s->text.len, add_port, s);
    if (r)
        return r;
    e = read_stats(s);
    return e == -ENOMEM ? e : 0;
}

static void place(const struct state *s, struct rca_trace_event *event)
{
    event->ifindex = if_nametoindex(event->detail.ovs.port);
    if (event->ifindex)
        event->netns = s->netns;
}

static int hand_out(struct state *s, rca_trace_visit *push, void *arg)
{
    int r = 0;

    for (size_t i = 0; i < s->n && r >= 0; i++) {
        struct rca_trace_event event;

        r = rca_trace_ovs_count(s->counts, &s->ports[i], &event);
        if (r <= 0)
            continue;
        place(s, &event);
        r = push(arg, &event);
    }
    return r < 0 ? r : 0;
}

static int feed_read(void *state, rca_trace_visit *push, void *arg)
{
    struct state *s = (struct state *)state;
    const rca_time now = monotonic();
    int r;

    if (now < s->next)
        return 0;
    r = look(s);
    s->next = now + (r ? HANG : PERIOD);
    if (r == -ENOMEM)
        return r;
    return r ? 0 : hand_out(s, push, arg);
}

static void feed_close(void **state)
{
    struct state *s = (struct state *)*state;

    if (!s)
        return;
    rca_trace_ovs_counts_free(&s->counts);
    rca_map_done(&s->by_name);
    rca_text_done(&s->text);
    free(s->ports);
    free(s);
    *state = NULL;
}

static void tell(const struct state *s, int r,
                 struct rca_trace_feature *ret_feature)
{
    (void)snprintf(ret_feature->name, sizeof(ret_feature->name),
                   "Open vSwitch counters");
    ret_feature->part = RCA_TRACE_PART_OVS;
    ret_feature->on = r == 0;
    ret_feature->lost[0] = '\0';
    if (r == 0) {
        (void)snprintf(ret_feature->how, sizeof(ret_feature->how),
                       "sockets in %.70s", s->folder);
        return;
    }
    (void)snprintf(
        ret_feature->how, sizeof(ret_feature->how), "%.50s: %s", s->folder,
        r == -ENOENT || r == -ECONNREFUSED ? "not running" : rca_strerror(r));
    (void)snprintf(ret_feature->lost, sizeof(ret_feature->lost),
                   "drops and links of the ports of its bridges");
}

static int nothing(void *arg, const struct rca_trace_event *event)
{
    (void)arg;
    (void)event;
    return 0;
}

static int feed_open(const struct rca_trace_options *options,
                     struct rca_trace_names *names, struct rca_diag *diag,
                     struct rca_trace_feature *ret_feature, void **ret_state)
{
    const char *folder = getenv("OVS_RUNDIR");
    struct state *s = calloc(1, sizeof(*s));
    void *state = s;
    struct stat own;
    int r;

    (void)options;
    (void)names;
    (void)diag;
    if (!s)
        return -ENOMEM;
    (void)snprintf(s->folder, sizeof(s->folder), "%s",
                   folder && folder[0] ? folder : RCA_OVS_FOLDER);
    if (stat("/proc/self/ns/net", &own) == 0)
        s->netns = (uint32_t)own.st_ino;
    r = rca_trace_ovs_counts_new(&s->counts);
    r = r ? r : look(s);
    tell(s, r, ret_feature);
    /* what was counted before does not count */
    r = r ? r : hand_out(s, nothing, NULL);
    s->next = monotonic();
    if (r) {
        feed_close(&state);
        return r == -ENOMEM ? r : RCA_ENOSUPPORT;
    }
    *ret_state = s;
    return 0;
}

static int feed_fd(const void *state)
{
    (void)state;
    return -1;
}

static void feed_loss(const void *state, struct rca_trace_loss *loss)
{
    (void)state;
    (void)loss;
}

const struct rca_trace_feed rca_trace_feed_ovs = {
    .part = RCA_TRACE_PART_OVS,
    .open = feed_open,
    .fd = feed_fd,
    .read = feed_read,
    .loss = feed_loss,
    .close = feed_close,
};
