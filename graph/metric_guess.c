/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a series from elsewhere measures, by the words of its name. A name is
 * first spelt the same way always: lower case, "_" between words and at both
 * ends ("MemAvailable-Bytes" is "_mem_available_bytes_"), so a pattern that
 * begins with "_" begins a word, and one that ends with it ends one.
 */

#include <stdio.h>
#include <string.h>

#include "graph/base/name.h"
#include "graph/metric.h"

enum { NAME_SIZE = 96, SPELT_SIZE = 256 };

struct pattern {
    const char *words; /* alternatives, '|' between */
    enum rca_role role;
    int bad;
};

/* the first row that fits holds */
static const struct pattern patterns[] = {
    {"_rca_", RCA_ROLE_OTHER, 0}, /* the collector's own */
    /* words that would mean something else below */
    {"_page_fault|_major_fault|_pgfault|_pgmajfault|_majflt|_refault",
     RCA_ROLE_SATURATION, +1},
    {"_throttl|_pressure|_psi_|_steal|_run_queue|_runqueue|_overlimit|"
     "_requeue",
     RCA_ROLE_SATURATION, +1},
    /* good news: less of it is worse */
    {"_availability|_success|_up_|_healthy|_ready_|_alive|_established|_2xx",
     RCA_ROLE_ERROR, -1},
    {"error|_err_|_fail|_fault|_drop|_reset|retrans|_loss|_lost|_discard|"
     "_timeout|_timed_out|_refused|_reject|_abort|_exception|_oom|_down_|"
     "_noroute|_no_route|_crc|_4xx|_5xx|_unavailab|_unreachable|_restart",
     RCA_ROLE_ERROR, +1},
    {"_latency|_lat_|_duration|_delay|_response_time|_request_time|_rtt|"
     "_elapsed|_round_trip|_service_time|_jitter",
     RCA_ROLE_LATENCY, +1},
    {"_queue|_backlog|_wait|_saturation|_blocked|_stall|_pending|_load1_|"
     "_load5_|_load15_|_load_average|_swap|_io_time|_busy",
     RCA_ROLE_SATURATION, +1},
    {"_mem_free|_mem_avail|_memory_free|_memory_avail|_disk_free|_free_|_idle",
     RCA_ROLE_USAGE, -1},
    {"_cpu|_mem_|_memory|_heap|_rss|_utilization|_utilisation|_usage|_used|"
     "_disk|_fs_|_io_|_iops|_blkio|_threads|_fds|_file_descriptors|_socket|"
     "_memfree|_memavail",
     RCA_ROLE_USAGE, +1},
    {"request|_qps|_rps|_pps|_bps|throughput|packet|_workload|_load_|_traffic|"
     "_bytes|_rx|_tx|_rate_|_calls|_connection|_session|_read|_write|_written|"
     "_received|_sent|_receive|_transmit|_ops|_iops|_count_total|_hits|"
     "_invocations|_messages|_octets",
     RCA_ROLE_LOAD, 0},
};

struct unit_pattern {
    const char *suffix;
    enum rca_unit gauge;
    enum rca_unit counter; /* of its growth per second */
};

static const struct unit_pattern unit_patterns[] = {
    {"_bytes_per_second_", RCA_UNIT_BYTES_PER_SECOND, RCA_UNIT_NONE},
    {"_per_second_", RCA_UNIT_PER_SECOND, RCA_UNIT_NONE},
    {"_cpu_usage_seconds_", RCA_UNIT_SECONDS, RCA_UNIT_CORES},
    {"_cpu_seconds_", RCA_UNIT_SECONDS, RCA_UNIT_CORES},
    {"_seconds_", RCA_UNIT_SECONDS, RCA_UNIT_RATIO},
    {"_bytes_", RCA_UNIT_BYTES, RCA_UNIT_BYTES_PER_SECOND},
    {"_cores_", RCA_UNIT_CORES, RCA_UNIT_NONE},
    {"_ratio_", RCA_UNIT_RATIO, RCA_UNIT_NONE},
    {"_qps_", RCA_UNIT_PER_SECOND, RCA_UNIT_NONE},
    {"_rps_", RCA_UNIT_PER_SECOND, RCA_UNIT_NONE},
    {"_pps_", RCA_UNIT_PER_SECOND, RCA_UNIT_NONE},
};

static _Bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static _Bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* @series as the patterns expect it, cut to fit */
static void spell(const char *series, char spelt[SPELT_SIZE])
{
    size_t n = 0;

    spelt[n++] = '_';
    for (const char *p = series; *p && n < SPELT_SIZE - 3; p++) {
        const _Bool new_word = p > series && is_upper(*p) && is_lower(p[-1]);

        if (new_word && spelt[n - 1] != '_')
            spelt[n++] = '_';
        if (is_upper(*p))
            spelt[n++] = (char)(*p - 'A' + 'a');
        else if (is_lower(*p))
            spelt[n++] = *p;
        else if (spelt[n - 1] != '_')
            spelt[n++] = '_';
    }
    if (spelt[n - 1] != '_')
        spelt[n++] = '_';
    spelt[n] = '\0';
}

/* whether any of the @words occurs in @spelt */
static _Bool has_word(const char *spelt, const char *words)
{
    while (*words) {
        const size_t n = strcspn(words, "|");

        if (memmem(spelt, strlen(spelt), words, n))
            return 1;
        words += n + (words[n] == '|');
    }
    return 0;
}

static _Bool has_suffix(const char *text, const char *suffix)
{
    const size_t n = strlen(text), m = strlen(suffix);

    return n >= m && !strcmp(text + n - m, suffix);
}

static void guess_role(const char *spelt, struct rca_metric *metric)
{
    metric->role = RCA_ROLE_OTHER;
    metric->bad = 0;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(patterns); i++) {
        if (has_word(spelt, patterns[i].words)) {
            metric->role = patterns[i].role;
            metric->bad = patterns[i].bad;
            return;
        }
    }
}

static enum rca_unit guess_unit(char *spelt, _Bool counter)
{
    const char *total = "_total_";

    if (counter && has_suffix(spelt, total))
        spelt[strlen(spelt) - strlen(total) + 1] = '\0';
    for (size_t i = 0; i < RCA_ARRAY_SIZE(unit_patterns); i++) {
        if (has_suffix(spelt, unit_patterns[i].suffix))
            return counter ? unit_patterns[i].counter : unit_patterns[i].gauge;
    }
    return counter ? RCA_UNIT_PER_SECOND : RCA_UNIT_NONE;
}

/* as those of the built-in metrics; 0 where the unit is not known */
static double guess_resolution(enum rca_unit unit, enum rca_role role)
{
    static const double by_unit[] = {
        [RCA_UNIT_NONE] = 0,
        [RCA_UNIT_SECONDS] = 0.0005,
        [RCA_UNIT_BYTES] = 1048576,
        [RCA_UNIT_CORES] = 0.02,
        [RCA_UNIT_RATIO] = 0.01,
        [RCA_UNIT_PER_SECOND] = 1,
        [RCA_UNIT_BYTES_PER_SECOND] = 10e3,
    };
    static_assert(RCA_ARRAY_SIZE(by_unit) == RCA_UNIT_COUNT, "one each");

    if (unit == RCA_UNIT_PER_SECOND &&
        (role == RCA_ROLE_ERROR || role == RCA_ROLE_SATURATION))
        return 0.5;
    return by_unit[unit];
}

/* "x_total" -> "x_per_second"; all else as it is; cut, but never the suffix */
static void name_metric(const char *series, _Bool counter, char name[NAME_SIZE])
{
    const char *suffix = counter ? "_per_second" : "";
    const size_t room = NAME_SIZE - 1 - strlen(suffix);
    const size_t total = counter ? strlen("_total") : 0;
    const size_t stem = strlen(series) - total;
    size_t len = 0;

    while (len < stem) {
        const size_t n = rca_name_char(series + len);
        const size_t next = len + (n ? n : 1);

        if (next > room)
            break;
        len = next;
    }
    (void)snprintf(name, NAME_SIZE, "%.*s%s", (int)len, series, suffix);
    rca_name_print(name);
}

void rca_metric_guess(const char *series, char name[NAME_SIZE],
                      struct rca_metric *ret_metric)
{
    const _Bool counter = rca_series_type(series, NULL) == RCA_SERIES_COUNTER;
    const struct rca_metric *known;
    char spelt[SPELT_SIZE];

    name_metric(series, counter, name);
    spell(series, spelt);
    known = rca_metric_find(name);
    if (known) {
        *ret_metric = *known;
    } else {
        *ret_metric = (struct rca_metric){.label = name};
        guess_role(spelt, ret_metric);
        ret_metric->unit = guess_unit(spelt, counter);
        ret_metric->resolution =
            guess_resolution(ret_metric->unit, ret_metric->role);
    }
    ret_metric->name = name;
    ret_metric->make = counter ? RCA_MAKE_RATE : RCA_MAKE_MEAN;
    if (!counter && has_suffix(series, "_max"))
        ret_metric->make = RCA_MAKE_MAX;
    ret_metric->of = series;
    ret_metric->per = NULL;
    ret_metric->q = 0;
}
