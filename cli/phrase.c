/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Most sentences are "NAME now AMOUNT noun rest (it was BEFORE)". A metric
 * without a row here, as any imported one, is told by its label.
 */

#include "cli/phrase.h"

#include <math.h>
#include <string.h>

#include "graph/metric.h"

/* Below this part of what it does now, it did next to nothing before. */
#define NEXT_TO_NOTHING 0.02
/* A latency that rose by less is "a little" slower. */
#define A_LITTLE 1.1
/* Of all requests; below it there are errors, above it the entity fails. */
#define FAILING 0.05

/* What stands for a noun, and changes how the amount is written. */
static const char a_second[] =
    "a second"; /* a ratio that is a sum over tasks */
static const char times[] = "times";
static const char no_amount[] = "no amount"; /* a state: there or not */
static const char of_time[] = " of the time";

#define ANY RCA_KIND_COUNT

/**
 * @now, @begin: verb, after the name and after "began to"; begin NULL: @now
 * @stop:        after "no longer"; NULL: made of @now, @noun and @rest
 */
static const struct phrase {
    const char *metric;
    enum rca_kind kind; /* that it is for, or ANY */
    const char *now, *begin, *noun, *rest, *stop;
} phrases[] = {
    {"accept_queue_ratio", ANY, "fills", "fill", "", " of its accept queue",
     "fills its accept queue"},
    {"blocked_tasks", ANY, "has", "have", "tasks", " that wait for disks",
     NULL},
    {"carrier_changes_per_second", ANY, "loses or finds its carrier",
     "lose or find its carrier", times, "", NULL},
    {"checksum_errors_per_second", ANY, "receives", "receive", "packets",
     " with a wrong checksum", NULL},
    {"connect_failures_per_second", ANY, "fails to connect", "fail to connect",
     times, "", NULL},
    {"connection_resets_per_second", ANY, "has", "have", "connections",
     " reset", NULL},
    {"connections_per_second", ANY, "has", "have", "new connections", "", NULL},
    {"conntrack_drops_per_second", ANY, "drops", "drop", "packets", "", NULL},
    {"conntrack_early_drops_per_second", ANY, "evicts", "evict", "connections",
     " to make room", NULL},
    {"conntrack_entries", ANY, "tracks", "track", "connections", "", NULL},
    {"conntrack_errors_per_second", ANY, "has", "have", "tracking errors", "",
     NULL},
    {"conntrack_full_ratio", ANY, "fills", "fill", "",
     " of the connection table", "fills the connection table"},
    {"conntrack_insert_failures_per_second", ANY, "fails to track",
     "fail to track", "connections", "", NULL},
    {"conntrack_invalid_per_second", ANY, "sees", "see", "invalid packets", "",
     NULL},
    {"conntrack_search_restarts_per_second", ANY, "restarts", "restart",
     "look-ups", "", NULL},
    {"cpu_busiest_ratio", ANY, "keeps its busiest CPU at",
     "keep its busiest CPU at", "", "", "uses its busiest CPU"},
    {"cpu_interrupt_cores", ANY, "uses", "use", "CPU", " in interrupts", NULL},
    {"cpu_iowait_cores", ANY, "leaves", "leave", "CPU", " idle for disks",
     NULL},
    {"cpu_limit_ratio", ANY, "uses", "use", "", " of its CPU limit",
     "uses its CPU limit"},
    {"cpu_pressure_ratio", ANY, "waits for a CPU", "wait for a CPU", "",
     of_time, NULL},
    {"cpu_steal_cores", ANY, "loses", "lose", "CPU", " to the hypervisor",
     NULL},
    {"cpu_system_cores", ANY, "uses", "use", "CPU", " in the kernel", NULL},
    {"cpu_thermal_throttles_per_second", ANY, "slows its CPUs for heat",
     "slow its CPUs for heat", times, "", NULL},
    {"cpu_throttled_periods_per_second", ANY, "is throttled in",
     "be throttled in", "periods", "", "is throttled"},
    {"cpu_throttled_ratio", ANY, "is throttled for", "be throttled for",
     a_second, "", "is throttled"},
    {"cpu_usage_cores", ANY, "uses", "use", "CPU", "", NULL},
    {"drops_per_second", ANY, "drops", "drop", "packets", "", NULL},
    {"filesystem_errors_per_second", ANY, "has", "have", "errors", "", NULL},
    {"filesystem_free_bytes", ANY, "has", "have", "", " free",
     "has any room left"},
    {"filesystem_inodes_used_ratio", ANY, "uses", "use", "", " of its inodes",
     "uses its inodes"},
    {"filesystem_read_only", ANY, "is read-only", NULL, no_amount, "", NULL},
    {"filesystem_used_ratio", ANY, "is", NULL, "", " full", "uses any room"},
    {"icmp_unreachable_sent_per_second", ANY, "answers", "answer", "packets",
     " with 'unreachable'", NULL},
    {"io_busy_ratio", ANY, "is busy", "be busy", "", of_time, NULL},
    {"io_errors_per_second", ANY, "has", "have", "disk errors", "", NULL},
    {"io_limit_ratio", ANY, "uses", "use", "", " of its disk limit",
     "uses its disk limit"},
    {"io_pressure_ratio", ANY, "waits for disks", "wait for disks", "", of_time,
     NULL},
    {"ip_discards_per_second", ANY, "discards", "discard", "packets", "", NULL},
    {"ip_fragment_failures_per_second", ANY, "fails to fragment",
     "fail to fragment", "packets", "", NULL},
    {"ip_no_route_per_second", ANY, "has no route for", "have no route for",
     "packets", "", "lacks a route for packets"},
    {"link_down", ANY, "is down", NULL, "", of_time, NULL},
    {"link_speed_bytes_per_second", ANY, "runs at", "run at", "", "",
     "has a speed"},
    {"listen_drops_per_second", ANY, "drops", "drop", "new connections", "",
     NULL},
    {"major_faults_per_second", ANY, "waits for", "wait for", "pages",
     " from disk", NULL},
    {"memory_available_bytes", ANY, "has", "have", "", " of memory available",
     "has memory available"},
    {"memory_dirty_bytes", ANY, "holds", "hold", "", " that wait to be written",
     "holds memory to be written"},
    {"memory_kernel_bytes", ANY, "uses", "use", "", " of memory in the kernel",
     "uses memory in the kernel"},
    {"memory_limit_hits_per_second", ANY, "hits its memory limit",
     "hit its memory limit", times, "", NULL},
    {"memory_limit_ratio", ANY, "uses", "use", "", " of its memory limit",
     "uses its memory limit"},
    {"memory_pressure_ratio", ANY, "waits for memory", "wait for memory", "",
     of_time, NULL},
    {"memory_refaults_per_second", ANY, "reads back", "read back", "pages",
     " that memory had no room for", NULL},
    {"memory_stalls_per_second", ANY, "waits for free memory",
     "wait for free memory", times, "", NULL},
    {"memory_usage_bytes", ANY, "uses", "use", "", " of memory", "uses memory"},
    {"neighbour_failures_per_second", ANY, "gets no answer from a neighbour",
     "get no answer from a neighbour", times, "",
     "lacks answers from neighbours"},
    {"neighbour_table_full_per_second", ANY, "finds its neighbour table full",
     "find its neighbour table full", times, "", NULL},
    {"oom_kills_per_second", ANY, "loses", "lose", "processes",
     " to the out-of-memory killer", NULL},
    {"open_files", ANY, "holds", "hold", "files", " open", NULL},
    {"open_files_limit_ratio", ANY, "uses", "use", "", " of its file limit",
     "uses its file limit"},
    {"ovs_drops_per_second", ANY, "drops", "drop", "packets", "", NULL},
    {"ovs_dump_seconds", ANY, "needs", "need", "", " to list its flows",
     "needs time to list its flows"},
    {"ovs_errors_per_second", ANY, "has", "have", "switch errors", "", NULL},
    {"ovs_evictions_per_second", ANY, "evicts", "evict", "flows", "", NULL},
    {"ovs_flow_limit_ratio", ANY, "fills", "fill", "", " of its flow table",
     "fills its flow table"},
    {"ovs_flows", ANY, "holds", "hold", "flows", "", NULL},
    {"ovs_hits_per_second", ANY, "switches", "switch", "packets",
     " by known flows", NULL},
    {"ovs_lost_per_second", ANY, "loses", "lose", "packets",
     " on their way to user space", NULL},
    {"ovs_mac_moves_per_second", ANY, "sees", "see", "addresses", " move",
     NULL},
    {"ovs_misses_per_second", ANY, "asks user space for", "ask user space for",
     "packets", "", NULL},
    {"ovs_port_changes_per_second", ANY, "sees a port go up or down",
     "see a port go up or down", times, "", "sees ports go up or down"},
    {"ovs_port_down", ANY, "is down", NULL, "", of_time, NULL},
    {"ovs_unresponsive", ANY, "does not answer", NULL, "", of_time,
     "fails to answer"},
    {"pids", ANY, "runs", "run", "processes and threads", "", NULL},
    {"pids_limit_hits_per_second", ANY, "is refused", "be refused",
     "new processes", "", NULL},
    {"pids_limit_ratio", ANY, "uses", "use", "", " of its process limit",
     "uses its process limit"},
    {"process_failures_per_second", ANY, "sees", "see", "processes", " fail",
     NULL},
    {"process_starts_per_second", ANY, "starts", "start", "processes", "",
     NULL},
    {"qdisc_backlog_bytes", ANY, "queues", "queue", "", "", "queues packets"},
    {"qdisc_backlog_packets", ANY, "queues", "queue", "packets", "", NULL},
    {"qdisc_bytes_per_second", ANY, "carries", "carry", "", "",
     "carries traffic"},
    {"qdisc_drops_per_second", ANY, "drops", "drop", "packets", "", NULL},
    {"qdisc_overlimits_per_second", ANY, "holds back", "hold back", "packets",
     "", NULL},
    {"qdisc_packets_per_second", ANY, "carries", "carry", "packets", "", NULL},
    {"qdisc_requeues_per_second", ANY, "puts back", "put back", "packets", "",
     NULL},
    {"queue_time_max_seconds", ANY, "lets requests wait for up to",
     "let requests wait for up to", "", "", "lets requests wait"},
    {"read_bytes_per_second", ANY, "reads", "read", "", " from disk",
     "reads from disk"},
    {"reads_per_second", ANY, "makes", "make", "disk reads", "", NULL},
    {"receive_bytes_per_second", ANY, "receives", "receive", "", "",
     "receives traffic"},
    {"receive_drops_per_second", ANY, "drops", "drop", "incoming packets", "",
     NULL},
    {"receive_errors_per_second", ANY, "receives", "receive", "broken packets",
     "", NULL},
    {"receive_packets_per_second", ANY, "receives", "receive", "packets", "",
     NULL},
    {"received_bytes_per_second", ANY, "receives", "receive", "", "",
     "receives traffic"},
    {"reply_retransmits_per_second", ANY, "retransmits", "retransmit",
     "packets", " of its replies", NULL},
    {"request_error_ratio", RCA_KIND_SERVICE, "fails", "fail", "",
     " of its requests", "fails requests"},
    {"request_error_ratio", ANY, "sees", "see", "", " of its requests fail",
     "sees requests fail"},
    {"request_rate_per_second", RCA_KIND_SERVICE, "gets", "get", "requests", "",
     NULL},
    {"request_rate_per_second", RCA_KIND_CALL, "carries", "carry", "requests",
     "", NULL},
    {"request_rate_per_second", ANY, "sends", "send", "requests", "", NULL},
    {"retransmits_per_second", ANY, "retransmits", "retransmit", "packets", "",
     NULL},
    {"rule_bytes_per_second", ANY, "matches", "match", "", "",
     "matches traffic"},
    {"rule_drops_per_second", ANY, "drops", "drop", "packets", "", NULL},
    {"rule_packets_per_second", ANY, "matches", "match", "packets", "", NULL},
    {"run_queue_wait_ratio", ANY, "waits for a CPU", "wait for a CPU", a_second,
     "", NULL},
    {"sent_bytes_per_second", ANY, "sends", "send", "", "", "sends traffic"},
    {"sockets_in_use", ANY, "has", "have", "sockets", " in use", NULL},
    {"softnet_drops_per_second", ANY, "drops", "drop", "packets",
     " from its backlog", NULL},
    {"softnet_squeezes_per_second", ANY, "runs out of its receive budget",
     "run out of its receive budget", times, "", NULL},
    {"swap_in_pages_per_second", ANY, "reads", "read", "pages", " from swap",
     NULL},
    {"swap_out_pages_per_second", ANY, "writes", "write", "pages", " to swap",
     NULL},
    {"swap_used_bytes", ANY, "keeps", "keep", "", " in swap",
     "keeps memory in swap"},
    {"tasks", ANY, "runs", "run", "tasks", "", NULL},
    {"tasks_limit_ratio", ANY, "uses", "use", "", " of its task limit",
     "uses its task limit"},
    {"tcp_listen_overflows_per_second", ANY, "overflows its accept queue",
     "overflow its accept queue", times, "", NULL},
    {"tcp_memory_bytes", ANY, "uses", "use", "", " of memory for TCP",
     "uses memory for TCP"},
    {"tcp_orphan_sockets", ANY, "has", "have", "orphan sockets", "", NULL},
    {"tcp_receive_drops_per_second", ANY, "drops", "drop", "TCP packets", "",
     NULL},
    {"tcp_syn_queue_full_per_second", ANY, "finds its SYN queue full",
     "find its SYN queue full", times, "", NULL},
    {"tcp_time_wait_sockets", ANY, "has", "have", "sockets", " in time-wait",
     NULL},
    {"threads", ANY, "runs", "run", "threads", "", NULL},
    {"transmit_bytes_per_second", ANY, "sends", "send", "", "",
     "sends traffic"},
    {"transmit_drops_per_second", ANY, "drops", "drop", "outgoing packets", "",
     NULL},
    {"transmit_errors_per_second", ANY, "fails to send", "fail to send",
     "packets", "", NULL},
    {"transmit_packets_per_second", ANY, "sends", "send", "packets", "", NULL},
    {"udp_no_port_per_second", ANY, "gets", "get", "UDP packets",
     " for closed ports", NULL},
    {"udp_receive_drops_per_second", ANY, "drops", "drop", "UDP packets", "",
     NULL},
    {"writes_per_second", ANY, "makes", "make", "disk writes", "", NULL},
    {"written_bytes_per_second", ANY, "writes", "write", "", " to disk",
     "writes to disk"},
};

static const struct phrase *phrase_of(const struct rca_card *c)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(phrases); i++) {
        const struct phrase *p = &phrases[i];

        if (strcmp(c->metric, p->metric) == 0 &&
            (p->kind == ANY || p->kind == c->kind))
            return p;
    }
    return NULL;
}

enum rca_turn rca_turn_of(const struct rca_card *c)
{
    char text[RCA_RANGE_TEXT_SIZE];
    const char *middle;

    if (!isfinite(c->before))
        return isfinite(c->after) ? RCA_TURN_APPEARED : RCA_TURN_UNKNOWN;
    if (!isfinite(c->after))
        return RCA_TURN_VANISHED;
    /* "1 to 1": without a unit, both ends are there for sure */
    middle =
        strstr(rca_range_text(c->before, c->after, RCA_UNIT_NONE, " to ", text),
               " to ");
    if (strlen(text) == 2 * (size_t)(middle - text) + 4 &&
        strncmp(text, middle + 4, (size_t)(middle - text)) == 0)
        return RCA_TURN_SAME;
    return c->after > c->before ? RCA_TURN_ROSE : RCA_TURN_FELL;
}

/* --- amounts ----------------------------------------------------------------*/

/* "12 packets/s", "7.4 CPU cores", "0.31 s a second", "64 KiB" */
static void amount(struct rca_buf *buf, const struct rca_card *c, double x,
                   const char *noun)
{
    const int digits = rca_value_digits(c->before, c->after, c->unit);
    const char *unit = c->unit == RCA_UNIT_PER_SECOND ? "/s" : "core";
    char text[32], *tail;

    if (noun == a_second) {
        rca_buf_fmt(buf, "%s s",
                    rca_value_digits_text(x, RCA_UNIT_NONE, digits, text));
        return;
    }
    (void)rca_value_digits_text(x, c->unit, digits, text);
    tail = strstr(text, unit);
    if (c->unit == RCA_UNIT_NONE && noun[0])
        rca_buf_fmt(buf, "%s %s", text, noun);
    else if (c->unit == RCA_UNIT_PER_SECOND && noun[0] && tail[-1] == 'M')
        rca_buf_fmt(buf, "%.*s million %s%s", (int)(tail - text - 2), text,
                    noun, tail);
    else if (noun[0] && tail)
        rca_buf_fmt(buf, "%.*s%s%s%s", (int)(tail - text), text, noun,
                    tail[0] == '/' ? "" : " ", tail);
    else
        rca_buf_str(buf, text);
}

static void was(struct rca_buf *buf, const struct rca_card *c, const char *noun)
{
    if (c->before == 0) {
        rca_buf_str(buf, " (none before)");
        return;
    }
    rca_buf_str(buf, " (it was ");
    amount(buf, c, c->before, noun == a_second ? noun : "");
    rca_buf_str(buf, ")");
}

/* --- sentences --------------------------------------------------------------*/

/* " no longer drops packets": amounts, "times" and the like are left out */
static void say_stop(struct rca_buf *buf, const struct phrase *p)
{
    const _Bool is = strncmp(p->now, "is ", 3) == 0;
    const _Bool special =
        p->noun == times || p->noun == a_second || p->noun == no_amount;
    const char *words = p->stop ? p->stop : p->now;

    if (strncmp(words, "is ", 3) == 0)
        rca_buf_fmt(buf, " is no longer %s", words + 3);
    else
        rca_buf_fmt(buf, " no longer %s", words);
    if (p->stop)
        return;
    if (p->noun[0] && !special)
        rca_buf_fmt(buf, " %s", p->noun);
    if (!is && p->rest != of_time)
        rca_buf_str(buf, p->rest);
}

static void say_phrase(struct rca_buf *buf, const struct rca_card *c,
                       const struct phrase *p)
{
    const _Bool rose = c->after > c->before;
    const _Bool began =
        rose && p->begin && c->before < NEXT_TO_NOTHING * c->after;

    if (!rose && c->after == 0) {
        say_stop(buf, p);
    } else if (p->noun == no_amount) {
        rca_buf_fmt(buf, " %s%s", p->now, rose ? "" : " for less of the time");
        return;
    } else {
        rca_buf_fmt(buf, " %s%s %s", began ? "began to " : "",
                    began ? p->begin : p->now, rose ? "" : "only ");
        amount(buf, c, c->after, p->noun);
        if (p->noun == a_second)
            rca_buf_str(buf, " a second");
        rca_buf_str(buf, p->rest);
    }
    if (p->noun != no_amount)
        was(buf, c, p->noun);
}

/* the label and both values, for all that has no verb of its own */
static void say_values(struct rca_buf *buf, const struct rca_card *c,
                       const char *verb)
{
    char text[RCA_RANGE_TEXT_SIZE];

    rca_buf_fmt(buf, " %s: %s %s", verb, c->label,
                rca_range_text(c->before, c->after, c->unit, " → ", text));
}

static void say_change(struct rca_buf *buf, const struct rca_card *c)
{
    char text[RCA_RANGE_TEXT_SIZE];

    rca_buf_fmt(buf, ": %s %s from %s", c->label,
                c->after < c->before ? "fell" : "rose",
                rca_range_text(c->before, c->after, c->unit, " to ", text));
}

static _Bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* the verb of times, by what they are times of */
static const char *time_verb(const struct rca_card *c)
{
    const _Bool rose = c->after > c->before;

    if (starts(c->metric, "run_queue_latency"))
        return rose ? "waits longer for a CPU" : "waits less for a CPU";
    if (starts(c->metric, "qdisc_sojourn"))
        return rose ? "holds packets longer" : "holds packets less long";
    if (starts(c->metric, "disk_queue_time") || starts(c->metric, "queue_time"))
        return rose ? "lets requests wait longer" : "lets requests wait less";
    if (c->role == RCA_ROLE_LATENCY)
        return rose ? "became slower" : "became faster";
    return NULL;
}

static void say_moved(struct rca_buf *buf, const struct rca_card *c)
{
    const _Bool negative = c->before < 0 || c->after < 0;
    const struct phrase *phrase = phrase_of(c);

    if (phrase && !negative)
        say_phrase(buf, c, phrase);
    else if (time_verb(c) && !negative)
        say_values(buf, c, time_verb(c));
    else
        say_change(buf, c);
}

void rca_phrase(struct rca_buf *buf, const struct rca_card *c)
{
    char text[32];

    switch (rca_turn_of(c)) {
    case RCA_TURN_ROSE:
    case RCA_TURN_FELL:
        say_moved(buf, c);
        break;
    case RCA_TURN_SAME:
        rca_buf_fmt(buf, ": %s stayed at %s", c->label,
                    rca_value_text(c->after, c->unit, text));
        break;
    case RCA_TURN_APPEARED:
        rca_buf_fmt(buf, ": %s appeared, %s", c->label,
                    rca_value_text(c->after, c->unit, text));
        break;
    case RCA_TURN_VANISHED:
        rca_buf_fmt(buf, ": %s vanished (it was %s)", c->label,
                    rca_value_text(c->before, c->unit, text));
        break;
    case RCA_TURN_UNKNOWN:
        rca_buf_fmt(buf, ": no data of %s", c->label);
        break;
    }
}

/* --- states -----------------------------------------------------------------*/

/* +1 up is worse, -1 down is worse, 0 neither or not known */
static int bad_direction(const struct rca_card *c)
{
    const struct rca_metric *known = rca_metric_find(c->metric);
    struct rca_metric guess;
    char name[96];

    if (known)
        return known->bad;
    rca_metric_guess(c->metric, name, &guess);
    return guess.role == c->role ? guess.bad : 1;
}

static const struct rca_state changed = {"has changed", "has", "changed"};

static const struct rca_state *latency_state(const struct rca_card *c, _Bool up)
{
    static const struct rca_state slow = {"is slow", "is", "slow"};
    static const struct rca_state little = {"is a little slower than usual",
                                            "is", "a little slower than usual"};
    static const struct rca_state fast = {"is faster than usual", "is",
                                          "faster than usual"};

    if (!up)
        return &fast;
    return c->before > 0 && c->after < A_LITTLE * c->before ? &little : &slow;
}

static const struct rca_state *error_state(const struct rca_card *c, _Bool bad)
{
    static const struct rca_state failing = {"is failing", "is", "failing"};
    static const struct rca_state some = {"has errors", "does", "have errors"};
    static const struct rca_state fewer = {
        "has fewer errors than usual", "does", "have fewer errors than usual"};
    const double part = bad_direction(c) < 0 ? 1 - c->after : c->after;

    if (!bad)
        return &fewer;
    return c->unit == RCA_UNIT_RATIO && part >= FAILING ? &failing : &some;
}

static const struct rca_state *strain_state(_Bool bad)
{
    static const struct rca_state strained = {"is under strain", "is",
                                              "under strain"};
    static const struct rca_state relaxed = {"is under less strain than usual",
                                             "is",
                                             "under less strain than usual"};

    return bad ? &strained : &relaxed;
}

static const struct rca_state *load_state(_Bool up)
{
    static const struct rca_state busy = {"is busier than usual", "is",
                                          "busier than usual"};
    static const struct rca_state idle = {"is less busy than usual", "is",
                                          "less busy than usual"};

    return up ? &busy : &idle;
}

static const struct rca_state *usage_state(const struct rca_card *c, _Bool bad)
{
    static const struct rca_state more = {"uses more than usual", "does",
                                          "use more than usual"};
    static const struct rca_state less = {"uses less than usual", "does",
                                          "use less than usual"};
    static const struct rca_state low = {"is running low", "is", "running low"};
    static const struct rca_state room = {"has more room than usual", "does",
                                          "have more room than usual"};

    if (bad_direction(c) < 0)
        return bad ? &low : &room;
    return bad ? &more : &less;
}

const struct rca_state *rca_phrase_state(const struct rca_card *c)
{
    const enum rca_turn turn = rca_turn_of(c);
    const _Bool up = turn == RCA_TURN_ROSE;
    const _Bool bad = up == (bad_direction(c) >= 0);

    if (turn != RCA_TURN_ROSE && turn != RCA_TURN_FELL)
        return &changed;
    switch (c->role) {
    case RCA_ROLE_LATENCY:
        return latency_state(c, up);
    case RCA_ROLE_ERROR:
        return error_state(c, bad);
    case RCA_ROLE_SATURATION:
        return strain_state(bad);
    case RCA_ROLE_LOAD:
        return load_state(up);
    case RCA_ROLE_USAGE:
        return usage_state(c, bad);
    case RCA_ROLE_OTHER:
    case RCA_ROLE_COUNT:
        break;
    }
    return &changed;
}
