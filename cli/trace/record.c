/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * `rca trace record`: until Ctrl-C, the end of the time or of the command. The
 * events go to a sink (cli/trace/sink.h); what is said about them, to standard
 * error.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/trace/child.h"
#include "cli/trace/sink.h"
#include "cli/trace/trace.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"

#define POLL_MS 100
#define BUFFER_MIN (UINT64_C(1) << 16)
#define BUFFER_MAX (UINT64_C(1) << 30)

static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
    (void)signal;
    stop = 1;
}

static const struct rca_usage usage = {
    "trace record",
    "rca trace record [-f PCAP-FILTER] [-m META-FILTER] [-c COLLECTORS]\n"
    "           [--for 10s | --cmd CMD] [-o FILE] [--points LIST]\n"
    "           [--function NAME]... [--stack] [--buffer 16M]\n"
    "           [--stop-after N] [--allow-system-changes]",
    "Watch packets in the kernel until Ctrl-C, and print an event on a line each,\n"
    "or write them to a file for 'rca trace show', 'stats' and 'export'. What is\n"
    "lost is counted. Needs root. COLLECTORS is a list of auto (what this kernel\n"
    "allows) and names, which then must work: skb, tracking, drop, stack, dev,\n"
    "ns, ct, nft, ovs, tcp. Nothing of the system is changed unless allowed.",
    "  sudo rca trace record -f 'tcp port 80' --for 10s\n"
    "  sudo rca trace record -c drop,ns,dev -m 'reason == netfilter_drop'\n"
    "  sudo rca trace record --cmd 'curl -s http://10.0.0.2/' -o web.trace\n"
    "  sudo rca trace record -c auto,nft --allow-system-changes -o rule.trace\n",
};

/* struct asked - the command line */
struct asked {
    struct rca_trace_options options;
    const char *collectors, *points, *buffer, *output, *command;
    struct rca_arg_list functions;
    rca_time duration;
    uint64_t most;
    _Bool stack, utc;
};

/* struct record - all that runs */
struct record {
    struct rca_trace_names *names;
    struct rca_trace_capture *capture;
    struct rca_trace_sink sink;
    struct rca_trace_child child;
};

static void done(struct record *record)
{
    rca_trace_close(&record->capture);
    rca_trace_sink_done(&record->sink);
    rca_trace_names_free(&record->names);
}

/* --- the command line ----------------------------------------------------- */

static int wrong(const char *what, const char *word)
{
    (void)fprintf(stderr, "rca trace record: %s '%s'\n", what, word);
    return RCA_EXIT_USAGE;
}

static int unknown_point(const char *name)
{
    const char *names[RCA_TRACE_POINT_COUNT];
    const size_t n = RCA_TRACE_POINT_COUNT - 1;
    size_t near;

    for (unsigned i = 0; i < n; i++)
        names[i] = rca_trace_point_name(i + 1);
    near = rca_name_nearest(name, names, n);
    if (near == n)
        return wrong("--points: no point is called", name);
    (void)fprintf(stderr,
                  "rca trace record: --points: no point is called '%s': did "
                  "you mean '%s'?\n",
                  name, names[near]);
    return RCA_EXIT_USAGE;
}

static int read_points(const char *list, unsigned *ret_points)
{
    unsigned points = 0;

    while (list) {
        const size_t n = strcspn(list, ",");
        enum rca_trace_point point;
        char name[32];

        (void)snprintf(name, sizeof(name), "%.*s", (int)n, list);
        if (rca_trace_point_parse(name, &point))
            return unknown_point(name);
        points |= 1U << point;
        list = list[n] ? list + n + 1 : NULL;
    }
    *ret_points = points;
    return -1;
}

/* "16M": a power of two, as the kernel's ring wants it */
static int read_buffer(const char *text, size_t *ret_size)
{
    static const char units[] = "KMG";
    const size_t n = strlen(text);
    const char *unit = n ? strchr(units, text[n - 1]) : NULL;
    char digits[32];
    uint64_t size;

    (void)snprintf(digits, sizeof(digits), "%.*s", (int)(unit ? n - 1 : n),
                   text);
    if (n < sizeof(digits) && rca_parse_u64(digits, &size) == 0 &&
        size <= BUFFER_MAX) {
        if (unit)
            size <<= 10 * (unit - units + 1);
        if (size >= BUFFER_MIN && size <= BUFFER_MAX &&
            (size & (size - 1)) == 0) {
            *ret_size = (size_t)size;
            return -1;
        }
    }
    return wrong("--buffer wants a power of 2 from 64K to 1G, not", text);
}

static int read_functions(const struct rca_arg_list *list,
                          struct rca_trace_options *options)
{
    if (list->n > RCA_TRACE_FUNCTIONS)
        return wrong("--function: at most 16 of them, without",
                     list->at[RCA_TRACE_FUNCTIONS]);
    options->n_functions = list->n;
    for (size_t i = 0; i < list->n; i++)
        options->functions[i] = list->at[i];
    return -1;
}

static int read_collectors(const struct asked *a,
                           struct rca_trace_options *options)
{
    struct rca_diag diag = {0};
    const int r = rca_trace_parts_parse(a->collectors, &diag, &options->wanted,
                                        &options->must);

    if (r)
        return rca_say("trace record", &diag, r);
    if (a->stack) {
        options->wanted |= 1U << RCA_TRACE_PART_STACK;
        options->must |= 1U << RCA_TRACE_PART_STACK;
    }
    return -1;
}

static int check(struct asked *a)
{
    struct rca_trace_options *o = &a->options;
    int r = read_collectors(a, o);

    if (r < 0 && a->points)
        r = read_points(a->points, &o->points);
    if (r < 0 && a->buffer)
        r = read_buffer(a->buffer, &o->buffer);
    if (r < 0)
        r = read_functions(&a->functions, o);
    if (r < 0 && a->most == 0)
        r = wrong("--stop-after wants a number from 1 on, not", "0");
    if (r < 0 && a->duration && a->command)
        r = wrong("--for goes without --cmd", a->command);
    return r;
}

/* --- begin ---------------------------------------------------------------- */

/* What is off and what is lost by it, a line each. */
static void put_unseen(const struct rca_trace_capture *capture,
                       struct rca_buf *buf)
{
    const struct rca_trace_feature *f;
    size_t n;

    f = rca_trace_features(capture, &n);
    for (size_t i = 0; i < n; i++) {
        if (!f[i].on)
            rca_buf_fmt(buf, "%s%s: %s%s%s", buf->len ? "\n" : "", f[i].name,
                        f[i].how, f[i].lost[0] ? "; not seen: " : "",
                        f[i].lost);
    }
}

static int open_sink(const struct asked *a, struct record *record)
{
    struct rca_buf unseen RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_trace_about about = {.filter = a->options.filter,
                                    .meta = a->options.meta};
    struct utsname uts = {0};
    int r;

    put_unseen(record->capture, &unseen);
    if (uname(&uts) == 0) {
        about.kernel = uts.release;
        about.host = uts.nodename;
    }
    about.unseen = unseen.text;
    r = rca_trace_sink_open(a->output, &about, &record->sink);
    if (r == -EBUSY)
        return rca_say("another process is recording to that file", NULL, r);
    return r ? rca_say(a->output ? a->output : "trace record", NULL, r) : -1;
}

static int begin(const struct rca_cli *cli, const struct asked *a,
                 struct record *record)
{
    struct rca_diag diag = {0};
    int r = rca_trace_names_new(&record->names);

    if (!r)
        rca_trace_names_use(record->names, &cli->config);
    if (!r)
        r = rca_trace_open(&a->options, record->names, &diag, &record->capture);
    if (r) {
        const int code = rca_say("trace record", &diag, r);

        return r == RCA_ESYNTAX ? RCA_EXIT_USAGE : code;
    }
    record->sink.view = (struct rca_trace_view){
        .names = record->names,
        .utc = a->utc,
        .colour = cli->colour,
        .stack = a->stack,
    };
    record->sink.most = a->most;
    r = open_sink(a, record);
    if (r < 0 && a->command) {
        const int err = rca_trace_child_start(a->command, &record->child);

        r = err ? rca_say(a->command, NULL, err) : -1;
    }
    return r;
}

/* --- run ------------------------------------------------------------------ */

static rca_time monotonic(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (rca_time)now.tv_sec * RCA_SECOND + now.tv_nsec;
}

static int run(const struct asked *a, struct record *record)
{
    const rca_time end = a->duration ? monotonic() + a->duration : INT64_MAX;
    int r = 0;

    while (r >= 0 && !stop && !record->sink.full && monotonic() < end &&
           !rca_trace_child_ended(&record->child)) {
        r = rca_trace_poll(record->capture, POLL_MS, rca_trace_sink_put,
                           &record->sink);
        if (r > 0)
            r = rca_trace_sink_flush(&record->sink);
    }
    rca_trace_child_stop(&record->child, a->command);
    if (r >= 0)
        r = rca_trace_finish(record->capture, rca_trace_sink_put,
                             &record->sink);
    return r < 0 ? r : 0;
}

/* --- the end -------------------------------------------------------------- */

static uint64_t count_deaths(struct rca_trace_summary *summary)
{
    const struct rca_trace_death *deaths;
    uint64_t sum = 0;
    size_t n;

    deaths = rca_trace_summary_deaths(summary, &n);
    for (size_t i = 0; i < n; i++)
        sum += deaths[i].packets;
    return sum;
}

static void say_summary(const struct asked *a, struct record *record,
                        const struct rca_trace_stats *stats)
{
    const struct rca_trace_sink *sink = &record->sink;
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};

    rca_trace_put_losses(&stats->loss, &text);
    (void)fprintf(
        stderr,
        "rca: %llu events of %llu packets, %llu dropped; lost: %s%s%s\n",
        (unsigned long long)sink->events,
        (unsigned long long)rca_trace_summary_packets(sink->summary),
        (unsigned long long)count_deaths(sink->summary),
        text.text ? text.text : "?", a->output ? "; written to " : "",
        a->output ? a->output : "");
    if (sink->packets.left_out)
        (void)fprintf(stderr,
                      "rca: %llu events without bytes of a packet are not in "
                      "it\n",
                      (unsigned long long)sink->packets.left_out);
    rca_buf_done(&text);
    put_unseen(record->capture, &text);
    for (char *line = text.text, *next; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        (void)fprintf(stderr, "rca: off: %.*s\n", (int)(next - line), line);
        next += *next == '\n';
    }
}

static int finish(const struct rca_cli *cli, const struct asked *a,
                  struct record *record, int r)
{
    struct rca_trace_stats stats;
    int e;

    rca_trace_stats(record->capture, &stats);
    e = rca_trace_sink_end(&record->sink, &stats);
    r = r ? r : e;
    if (cli->verbosity >= 0)
        say_summary(a, record, &stats);
    return r ? rca_say(a->output ? a->output : "trace record", NULL, r)
             : RCA_EXIT_DONE;
}

static void catch_signals(void)
{
    const struct sigaction act = {.sa_handler = on_stop};
    struct sigaction before = {0};

    stop = 0;
    /* the terminal is gone; nohup has it ignored */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
        (void)sigaction(SIGHUP, &act, NULL);
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

int rca_trace_cmd_record(struct rca_cli *cli, int argc, char **argv)
{
    struct record record RCA_CLEANUP(done) = {0};
    struct asked a = {.collectors = "auto", .most = UINT64_MAX};
    struct rca_trace_options *o = &a.options;
    const struct rca_arg args[] = {
        {"filter", 'f', RCA_ARG_TEXT, "EXPR", &o->filter, NULL,
         "only packets that match, as pcap-filter(7) says"},
        {"meta", 'm', RCA_ARG_TEXT, "EXPR", &o->meta, NULL,
         "and this, as reason == no_socket && netns == web"},
        {"collectors", 'c', RCA_ARG_TEXT, "LIST", &a.collectors, NULL,
         "what to see (auto); what is named must work"},
        {"for", 0, RCA_ARG_DURATION, "TIME", &a.duration, NULL,
         "stop by itself after this long"},
        {"cmd", 0, RCA_ARG_TEXT, "CMD", &a.command, NULL,
         "run this by the shell, and record while it runs"},
        {"output", 'o', RCA_ARG_TEXT, "FILE", &a.output, NULL,
         "write there, as it goes (*.pcapng: packets)"},
        {"points", 0, RCA_ARG_TEXT, "LIST", &a.points, NULL,
         "only at these points, as drop,read"},
        {"function", 0, RCA_ARG_LIST, "NAME", &a.functions, NULL,
         "see packets in this function of the kernel, too"},
        {"stack", 0, RCA_ARG_FLAG, NULL, &a.stack, NULL,
         "with the kernel's stack where packets are dropped"},
        {"buffer", 0, RCA_ARG_TEXT, "SIZE", &a.buffer, NULL,
         "of the kernel's ring (16M); netlink's likewise"},
        {"stop-after", 'n', RCA_ARG_NUMBER, "N", &a.most, NULL,
         "stop by itself after that many events"},
        {"utc", 0, RCA_ARG_FLAG, NULL, &a.utc, NULL,
         "print times in UTC, not in local time"},
        {"allow-system-changes", 0, RCA_ARG_FLAG, NULL, &o->allow_changes, NULL,
         "of nftables, to see its rules; undone at the end"},
        {"without", 0, RCA_ARG_TEXT, "HOOK,...", &o->without, NULL,
         "hooks not to use"},
        {0},
    };
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    r = r >= 0 ? r : check(&a);
    if (r >= 0)
        return r;
    catch_signals();
    r = begin(cli, &a, &record);
    return r >= 0 ? r : finish(cli, &a, &record, run(&a, &record));
}
