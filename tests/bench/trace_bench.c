/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "collector/trace/capture.h"
#include "tests/bench/keepalive.h"

/*
 * What a capture of packets costs: keep-alive requests of 40 bytes and replies of
 * 512 over the loopback of a network namespace of its own, one thread at both
 * ends, so that its processor time holds all of the path but the reading of
 * events, which another thread does.
 *
 * Windows with a capture and without one alternate, as does which comes first;
 * each pair gives one difference. Then the kernel's own measure of the run times
 * of programs, with an empty one at one of the points beside them: how long it
 * takes is what the measure itself takes for nothing. Medians, with quartiles; a
 * line each: name, value, unit.
 */

enum { PAIRS = 30, REQUESTS = 500 };

static const struct kind {
    const char *name, *filter, *meta, *parts;
} kinds[] = {
    {"filtered_out", "udp port 1", NULL, "auto"},
    {"filtered_out_by_meta", NULL, "mark == 77", "auto"},
    {"filtered_out_untracked", "udp port 1", NULL, "skb,drop"},
    {"matched_skb", NULL, NULL, "skb"},
    {"matched_auto", NULL, NULL, "auto"},
    {"matched_by_both", "tcp", "mark == 0", "auto"},
};

static int die(const char *what)
{
    (void)fprintf(stderr, "trace_bench: %s: %s\n", what, strerror(errno));
    return 1;
}

static void tell(const char *kind, const char *what, double *x, int n,
                 const char *unit)
{
    qsort(x, (size_t)n, sizeof(*x), keepalive_compare);
    printf("trace_%s_%s\t%.3f\t%s (quartiles %.3f to %.3f, %d windows)\n", kind,
           what, x[n / 2], unit, x[n / 4], x[3 * n / 4], n);
}

/* --- the capture ---------------------------------------------------------------- */

/* struct reader - a thread that takes the events; @cpu_us: that it used */
struct reader {
    struct rca_trace_capture *capture;
    pthread_t thread;
    atomic_bool ends;
    uint64_t events;
    double cpu_us;
};

static int take(void *arg, const struct rca_trace_event *event)
{
    (void)event;
    ++*(uint64_t *)arg;
    return 0;
}

static void *read_events(void *arg)
{
    struct reader *reader = (struct reader *)arg;

    while (!atomic_load(&reader->ends)) {
        if (rca_trace_poll(reader->capture, 20, take, &reader->events) < 0)
            break;
    }
    (void)!rca_trace_finish(reader->capture, take, &reader->events);
    reader->cpu_us = keepalive_cpu_us();
    return NULL;
}

static int begin(const struct kind *kind, struct rca_trace_names *names,
                 struct reader *reader)
{
    struct rca_trace_options options = {.filter = kind->filter,
                                        .meta = kind->meta};
    struct rca_diag diag = {0};
    unsigned must;

    *reader = (struct reader){.events = 0};
    if (rca_trace_parts_parse(kind->parts, &diag, &options.wanted, &must) ||
        rca_trace_open(&options, names, &diag, &reader->capture)) {
        (void)fprintf(stderr, "trace_bench: %s: %s\n", kind->name, diag.text);
        return 1;
    }
    if (pthread_create(&reader->thread, NULL, read_events, reader))
        return die("no thread");
    return 0;
}

static void end(struct reader *reader, struct rca_trace_stats *ret_stats)
{
    atomic_store(&reader->ends, 1);
    (void)pthread_join(reader->thread, NULL);
    rca_trace_stats(reader->capture, ret_stats);
    rca_trace_close(&reader->capture);
}

/* --- requests with and without ---------------------------------------------------- */

/* @cost: of a request with the capture; @seen: packets at points meanwhile, a
 * request */
static int measure(const struct kind *kind, struct rca_trace_names *names,
                   const int ends[2], double *cost, double *seen)
{
    struct reader reader;
    struct rca_trace_stats before, after;

    if (begin(kind, names, &reader))
        return 1;
    (void)keepalive_window(ends, REQUESTS / 10);
    rca_trace_stats(reader.capture, &before);
    *cost = keepalive_window(ends, REQUESTS);
    rca_trace_stats(reader.capture, &after);
    *seen = (double)(after.seen - before.seen) / REQUESTS;
    end(&reader, &after);
    return 0;
}

static int compare_requests(const struct kind *kind,
                            struct rca_trace_names *names, const int ends[2])
{
    double base[PAIRS], extra[PAIRS], ratio[PAIRS], each[PAIRS];

    for (int i = 0; i < PAIRS; i++) {
        double with = 0, seen = 0;

        if (i & 1)
            base[i] = keepalive_window(ends, REQUESTS);
        if (measure(kind, names, ends, &with, &seen))
            return 1;
        if (!(i & 1))
            base[i] = keepalive_window(ends, REQUESTS);
        extra[i] = with - base[i];
        ratio[i] = with / base[i];
        each[i] = seen > 0 ? 1e3 * extra[i] / seen : 0;
    }
    tell(kind->name, "request_without", base, PAIRS, "us");
    tell(kind->name, "request_extra", extra, PAIRS, "us");
    tell(kind->name, "request_ratio", ratio, PAIRS, "times");
    tell(kind->name, "packet_at_point", each, PAIRS, "ns");
    return 0;
}

/* --- run times of programs --------------------------------------------------------- */

/* struct runs - of all programs with numbers from @first on */
struct runs {
    __u32 first;
    uint64_t n, ns;
};

static __u32 last_program(void)
{
    __u32 id = 0;

    while (bpf_prog_get_next_id(id, &id) == 0)
        ;
    return id;
}

static struct runs read_runs(__u32 after, __u32 until)
{
    struct runs runs = {.first = after};
    __u32 id = after;

    while (bpf_prog_get_next_id(id, &id) == 0 && id <= until) {
        struct bpf_prog_info info = {0};
        __u32 size = sizeof(info);
        const int fd = bpf_prog_get_fd_by_id(id);

        if (fd < 0)
            continue;
        if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
            runs.n += info.run_cnt;
            runs.ns += info.run_time_ns;
        }
        (void)close(fd);
    }
    return runs;
}

/* A program that does nothing, where packets come in. */
static int attach_empty(void)
{
    const struct bpf_insn nothing[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K},
        {.code = BPF_JMP | BPF_EXIT},
    };
    const int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "empty", "GPL",
                                   nothing, 2, NULL);

    return prog < 0 ? prog : bpf_raw_tracepoint_open("netif_receive_skb", prog);
}

static void tell_runs(const char *kind, const char *what,
                      const struct runs *runs)
{
    printf("trace_%s_%s\t%.1f\tns (%llu runs)\n", kind, what,
           runs->n ? (double)runs->ns / (double)runs->n : 0,
           (unsigned long long)runs->n);
}

static int time_programs(const struct kind *kind, struct rca_trace_names *names,
                         const int ends[2])
{
    const __u32 before = last_program();
    const int empty = attach_empty();
    const __u32 of_empty = last_program();
    struct rca_trace_stats stats;
    struct reader reader;
    struct runs none, ours;
    __u32 of_ours;

    if (empty < 0)
        return die("no empty program");
    if (begin(kind, names, &reader))
        return 1;
    of_ours = last_program();
    for (int i = 0; i < 20; i++)
        (void)keepalive_window(ends, REQUESTS);
    none = read_runs(before, of_empty);
    ours = read_runs(of_empty, of_ours);
    end(&reader, &stats);
    (void)close(empty);
    tell_runs(kind->name, "program_empty", &none);
    tell_runs(kind->name, "program_run", &ours);
    if (stats.matched)
        printf("trace_%s_reader\t%.1f\tns an event (%llu events, %llu lost)\n",
               kind->name, 1e3 * reader.cpu_us / (double)stats.matched,
               (unsigned long long)reader.events,
               (unsigned long long)stats.loss.ring);
    return 0;
}

static int open_loopback(void)
{
    struct ifreq lo = {.ifr_name = "lo"};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo))
        return -1;
    lo.ifr_flags |= IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &lo) || close(fd);
}

int main(void)
{
    struct rca_trace_names *names = NULL;
    int ends[2], stats, failed = 0;

    if (unshare(CLONE_NEWNET)) {
        (void)fprintf(stderr, "trace_bench: skipped: needs root\n");
        return 0;
    }
    if (open_loopback() || keepalive_dial(ends))
        return die("no connection");
    if (rca_trace_names_new(&names))
        return die("no memory");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kinds); i++)
        failed |= compare_requests(&kinds[i], names, ends);
    stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
    for (size_t i = 0; stats >= 0 && i < RCA_ARRAY_SIZE(kinds); i++)
        failed |= time_programs(&kinds[i], names, ends);
    if (stats >= 0)
        (void)close(stats);
    rca_trace_names_free(&names);
    return failed;
}
