/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The table of built-in metrics, docs/SERIES.md as data, sorted by name.
 */

#include "graph/metric.h"

#include <string.h>

#include "graph/histogram.h"

/*
 * Resolutions: the smallest change that an operator would act on, not what the
 * instruments can tell apart.
 */
#define RES_TIME 0.0005 /* s; a request's noise on an idle host is 0.1 ms */
#define RES_TIME_MAX 0.002 /* s; one request in a tick: noisier */
#define RES_RATIO 0.01
#define RES_CORES 0.02 /* two ticks of 10 ms a second */
#define RES_LOAD 1.0 /* per second */
#define RES_EVENTS 0.5 /* per second; errors, drops, stalls */
#define RES_KILLS 0.01 /* per second; one in a minute matters */
#define RES_MEMORY 1048576.0 /* bytes */
#define RES_SOCKETS 10.0 /* sockets or connections */
#define RES_TRAFFIC 10e3 /* bytes per second */
#define RES_BACKLOG 2e3 /* bytes; more than one full packet waits */

#define COMMON(name_, label_, role_, unit_, bad_, res_)                        \
    .name = (name_), .label = (label_), .role = RCA_ROLE_##role_,              \
    .unit = RCA_UNIT_##unit_, .bad = (bad_), .resolution = (res_)
#define GAUGE(name, label, role, unit, bad, res, how, of_)                     \
    {                                                                          \
        COMMON(name, label, role, unit, bad, res), .make = RCA_MAKE_##how,     \
                                                   .of = (of_)                 \
    }
#define RATE(name, label, role, unit, bad, res, of_)                           \
    GAUGE(name, label, role, unit, bad, res, RATE, of_)
#define SHARE(name, label, role, unit, res, of_, per_)                         \
    {                                                                          \
        COMMON(name, label, role, unit, 1, res), .make = RCA_MAKE_SHARE,       \
                                                 .of = (of_), .per = (per_)    \
    }
#define QUANTILE(name, label, role, of_, q_)                                   \
    {                                                                          \
        COMMON(name, label, role, SECONDS, 1, RES_TIME),                       \
            .make = RCA_MAKE_QUANTILE, .of = (of_), .q = (q_)                  \
    }

static const struct rca_metric table[] = {
    GAUGE("accept_queue", "connections to accept", OTHER, NONE, 0, RES_SOCKETS,
          MEAN, NULL),
    GAUGE("accept_queue_limit", "accept queue limit", OTHER, NONE, 0,
          RES_SOCKETS, MEAN, NULL),
    GAUGE("accept_queue_ratio", "accept queue used", SATURATION, RATIO, 1,
          RES_RATIO, MAX, NULL),
    GAUGE("blocked_tasks", "tasks that wait for disks", SATURATION, NONE, 1,
          RES_LOAD, MEAN, NULL),
    GAUGE("boot_time_seconds", "time of boot", OTHER, SECONDS, 0, RES_LOAD,
          MEAN, NULL),
    RATE("carrier_changes_per_second", "carrier changes", ERROR, PER_SECOND, 1,
         RES_KILLS, "carrier_changes_total"),
    RATE("checksum_errors_per_second", "checksum errors", ERROR, PER_SECOND, 1,
         RES_EVENTS, "checksum_errors_total"),
    GAUGE("clock_error_seconds", "clock error", OTHER, SECONDS, 0, RES_TIME,
          MEAN, NULL),
    GAUGE("clock_unsynchronized", "clock not synchronized", OTHER, NONE, 0, 0.5,
          MEAN, NULL),
    RATE("connect_failures_other_per_second", "connects failed otherwise",
         OTHER, PER_SECOND, 0, RES_EVENTS, "connect_failures_other_total"),
    RATE("connect_failures_per_second", "failed connects", ERROR, PER_SECOND, 1,
         RES_EVENTS, "connect_failures_total"),
    RATE("connect_failures_refused_per_second", "connects refused", OTHER,
         PER_SECOND, 0, RES_EVENTS, "connect_failures_refused_total"),
    RATE("connect_failures_timeout_per_second", "connects timed out", OTHER,
         PER_SECOND, 0, RES_EVENTS, "connect_failures_timeout_total"),
    RATE("connection_resets_per_second", "connection resets", ERROR, PER_SECOND,
         1, RES_EVENTS, "connection_resets_total"),
    RATE("connection_resets_received_per_second", "resets received", OTHER,
         PER_SECOND, 0, RES_EVENTS, "connection_resets_received_total"),
    RATE("connection_resets_sent_per_second", "resets sent", OTHER, PER_SECOND,
         0, RES_EVENTS, "connection_resets_sent_total"),
    RATE("connection_resets_timeout_per_second", "connections that vanished",
         OTHER, PER_SECOND, 0, RES_EVENTS, "connection_resets_timeout_total"),
    RATE("connections_per_second", "connections", LOAD, PER_SECOND, 0, RES_LOAD,
         "connections_total"),
    RATE("conntrack_drops_per_second", "conntrack drops", ERROR, PER_SECOND, 1,
         RES_EVENTS, "conntrack_drops_total"),
    RATE("conntrack_early_drops_per_second", "conntrack evictions", ERROR,
         PER_SECOND, 1, RES_EVENTS, "conntrack_early_drops_total"),
    GAUGE("conntrack_entries", "connections tracked", USAGE, NONE, 1,
          RES_SOCKETS, MEAN, NULL),
    RATE("conntrack_errors_per_second", "conntrack errors", ERROR, PER_SECOND,
         1, RES_EVENTS, "conntrack_errors_total"),
    GAUGE("conntrack_full_ratio", "connection table used", SATURATION, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    RATE("conntrack_insert_failures_per_second", "conntrack insert failures",
         ERROR, PER_SECOND, 1, RES_EVENTS, "conntrack_insert_failures_total"),
    RATE("conntrack_invalid_per_second", "conntrack invalid", ERROR, PER_SECOND,
         1, RES_EVENTS, "conntrack_invalid_total"),
    GAUGE("conntrack_limit", "connections trackable", OTHER, NONE, 0,
          RES_SOCKETS, MEAN, NULL),
    RATE("conntrack_search_restarts_per_second", "conntrack search restarts",
         SATURATION, PER_SECOND, 1, RES_EVENTS,
         "conntrack_search_restarts_total"),
    RATE("context_switches_per_second", "context switches", OTHER, PER_SECOND,
         0, RES_LOAD, "context_switches_total"),
    GAUGE("cpu_busiest_ratio", "busiest CPU", USAGE, RATIO, 1, RES_RATIO, MEAN,
          NULL),
    RATE("cpu_interrupt_cores", "CPU in interrupts", USAGE, CORES, 1, RES_CORES,
         "cpu_interrupt_seconds_total"),
    RATE("cpu_iowait_cores", "CPU idle for disks", SATURATION, CORES, 1,
         RES_CORES, "cpu_iowait_seconds_total"),
    GAUGE("cpu_limit_cores", "CPU limit", OTHER, CORES, 0, RES_CORES, MEAN,
          NULL),
    GAUGE("cpu_limit_ratio", "CPU limit used", SATURATION, RATIO, 1, RES_RATIO,
          MEAN, NULL),
    RATE("cpu_pressure_ratio", "CPU pressure", SATURATION, RATIO, 1, RES_RATIO,
         "cpu_pressure_seconds_total"),
    RATE("cpu_steal_cores", "CPU stolen", SATURATION, CORES, 1, RES_CORES,
         "cpu_steal_seconds_total"),
    RATE("cpu_system_cores", "CPU in the kernel", USAGE, CORES, 1, RES_CORES,
         "cpu_system_seconds_total"),
    RATE("cpu_thermal_throttles_per_second", "CPU slowed by heat", SATURATION,
         PER_SECOND, 1, RES_KILLS, "cpu_thermal_throttles_total"),
    RATE("cpu_throttled_periods_per_second", "throttled periods", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "cpu_throttled_periods_total"),
    RATE("cpu_throttled_ratio", "CPU throttled", SATURATION, RATIO, 1,
         RES_RATIO, "cpu_throttled_seconds_total"),
    RATE("cpu_usage_cores", "CPU used", USAGE, CORES, 1, RES_CORES,
         "cpu_seconds_total"),
    GAUGE("disk_flush_latency_max_seconds", "flush latency max", LATENCY,
          SECONDS, 1, RES_TIME_MAX, MAX, "disk_flush_latency_seconds_max"),
    SHARE("disk_flush_latency_mean_seconds", "flush latency mean", LATENCY,
          SECONDS, RES_TIME, "disk_flush_latency_seconds_sum_total",
          "flushes_total"),
    QUANTILE("disk_flush_latency_p99_seconds", "flush latency p99", LATENCY,
             "disk_flush_latency_seconds", 0.99),
    GAUGE("disk_queue_time_max_seconds", "disk queue time max", SATURATION,
          SECONDS, 1, RES_TIME_MAX, MAX, "disk_queue_time_seconds_max"),
    SHARE("disk_queue_time_mean_seconds", "disk queue time mean", SATURATION,
          SECONDS, RES_TIME, "disk_queue_time_seconds_sum_total", "ios_total"),
    QUANTILE("disk_queue_time_p99_seconds", "disk queue time p99", SATURATION,
             "disk_queue_time_seconds", 0.99),
    GAUGE("disk_read_latency_max_seconds", "read latency max", LATENCY, SECONDS,
          1, RES_TIME_MAX, MAX, "disk_read_latency_seconds_max"),
    SHARE("disk_read_latency_mean_seconds", "read latency mean", LATENCY,
          SECONDS, RES_TIME, "disk_read_latency_seconds_sum_total",
          "reads_total"),
    QUANTILE("disk_read_latency_p99_seconds", "read latency p99", LATENCY,
             "disk_read_latency_seconds", 0.99),
    GAUGE("disk_write_latency_max_seconds", "write latency max", LATENCY,
          SECONDS, 1, RES_TIME_MAX, MAX, "disk_write_latency_seconds_max"),
    SHARE("disk_write_latency_mean_seconds", "write latency mean", LATENCY,
          SECONDS, RES_TIME, "disk_write_latency_seconds_sum_total",
          "writes_total"),
    QUANTILE("disk_write_latency_p99_seconds", "write latency p99", LATENCY,
             "disk_write_latency_seconds", 0.99),
    RATE("drops_per_second", "packet drops", ERROR, PER_SECOND, 1, RES_EVENTS,
         "drops_total"),
    RATE("filesystem_errors_per_second", "file system errors", ERROR,
         PER_SECOND, 1, RES_KILLS, "filesystem_errors_total"),
    GAUGE("filesystem_free_bytes", "file system free", USAGE, BYTES, -1,
          RES_MEMORY, MEAN, NULL),
    GAUGE("filesystem_inodes_used_ratio", "inodes used", SATURATION, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    GAUGE("filesystem_read_only", "file system read-only", ERROR, NONE, 1, 0.5,
          MEAN, NULL),
    GAUGE("filesystem_size_bytes", "file system size", OTHER, BYTES, 0,
          RES_MEMORY, MEAN, NULL),
    GAUGE("filesystem_used_ratio", "file system full", SATURATION, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    RATE("icmp_unreachable_received_per_second", "unreachable told", OTHER,
         PER_SECOND, 0, RES_EVENTS, "icmp_unreachable_received_total"),
    RATE("icmp_unreachable_sent_per_second", "unreachable sent", ERROR,
         PER_SECOND, 1, RES_EVENTS, "icmp_unreachable_sent_total"),
    RATE("io_busy_ratio", "disk busy", SATURATION, RATIO, 1, RES_RATIO,
         "io_seconds_total"),
    RATE("io_errors_per_second", "disk errors", ERROR, PER_SECOND, 1, RES_KILLS,
         "io_errors_total"),
    SHARE("io_latency_mean_seconds", "disk latency", LATENCY, SECONDS, RES_TIME,
          "io_wait_seconds_total", "ios_total"),
    GAUGE("io_limit_ratio", "disk limit used", SATURATION, RATIO, 1, RES_RATIO,
          MEAN, NULL),
    RATE("io_pressure_ratio", "I/O pressure", SATURATION, RATIO, 1, RES_RATIO,
         "io_pressure_seconds_total"),
    GAUGE("ios_in_flight", "disk requests under way", OTHER, NONE, 0, RES_LOAD,
          MEAN, NULL),
    RATE("ip_discards_per_second", "IP discards", ERROR, PER_SECOND, 1,
         RES_EVENTS, "ip_discards_total"),
    RATE("ip_fragment_failures_per_second", "fragment failures", ERROR,
         PER_SECOND, 1, RES_EVENTS, "ip_fragment_failures_total"),
    RATE("ip_no_route_per_second", "packets without route", ERROR, PER_SECOND,
         1, RES_EVENTS, "ip_no_route_total"),
    GAUGE("link_down", "link down", ERROR, RATIO, 1, RES_RATIO, MEAN, NULL),
    GAUGE("link_speed_bytes_per_second", "link speed", SATURATION,
          BYTES_PER_SECOND, -1, RES_TRAFFIC, MEAN, NULL),
    RATE("listen_drops_per_second", "connections not accepted", ERROR,
         PER_SECOND, 1, RES_EVENTS, "listen_drops_total"),
    GAUGE("load_average", "load average", OTHER, NONE, 0, RES_LOAD, MEAN, NULL),
    RATE("major_faults_per_second", "major faults", SATURATION, PER_SECOND, 1,
         RES_EVENTS, "major_faults_total"),
    GAUGE("memory_anon_bytes", "memory of its own", OTHER, BYTES, 0, RES_MEMORY,
          MEAN, NULL),
    GAUGE("memory_available_bytes", "memory available", USAGE, BYTES, -1,
          RES_MEMORY, MEAN, NULL),
    GAUGE("memory_dirty_bytes", "memory to be written", USAGE, BYTES, 1,
          RES_MEMORY, MEAN, NULL),
    GAUGE("memory_file_bytes", "file cache", OTHER, BYTES, 0, RES_MEMORY, MEAN,
          NULL),
    GAUGE("memory_kernel_bytes", "memory of the kernel", USAGE, BYTES, 1,
          RES_MEMORY, MEAN, NULL),
    GAUGE("memory_limit_bytes", "memory limit", OTHER, BYTES, 0, RES_MEMORY,
          MEAN, NULL),
    RATE("memory_limit_hits_per_second", "memory limit hits", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "memory_limit_hits_total"),
    GAUGE("memory_limit_ratio", "memory limit used", SATURATION, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    RATE("memory_pressure_ratio", "memory pressure", SATURATION, RATIO, 1,
         RES_RATIO, "memory_pressure_seconds_total"),
    RATE("memory_refaults_per_second", "memory refaults", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "memory_refaults_total"),
    RATE("memory_stalls_per_second", "waits for free memory", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "memory_stalls_total"),
    GAUGE("memory_usage_bytes", "memory used", USAGE, BYTES, 1, RES_MEMORY,
          MEAN, "memory_bytes"),
    RATE("neighbour_failures_per_second", "neighbours silent", ERROR,
         PER_SECOND, 1, RES_EVENTS, "neighbour_failures_total"),
    RATE("neighbour_table_full_per_second", "neighbour table full", ERROR,
         PER_SECOND, 1, RES_EVENTS, "neighbour_table_full_total"),
    RATE("oom_kills_per_second", "OOM kills", ERROR, PER_SECOND, 1, RES_KILLS,
         "oom_kills_total"),
    GAUGE("open_files", "open files", USAGE, NONE, 1, RES_SOCKETS, MEAN, NULL),
    GAUGE("open_files_limit_ratio", "file limit used", SATURATION, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    RATE("ovs_drops_per_second", "switch drops", ERROR, PER_SECOND, 1,
         RES_EVENTS, "ovs_drops_total"),
    GAUGE("ovs_dump_seconds", "switch flow dump", SATURATION, SECONDS, 1,
          RES_TIME, MEAN, NULL),
    RATE("ovs_errors_per_second", "switch errors", ERROR, PER_SECOND, 1,
         RES_EVENTS, "ovs_errors_total"),
    RATE("ovs_evictions_per_second", "switch evictions", SATURATION, PER_SECOND,
         1, RES_EVENTS, "ovs_evictions_total"),
    GAUGE("ovs_flow_limit_ratio", "switch flow table used", SATURATION, RATIO,
          1, RES_RATIO, MEAN, NULL),
    GAUGE("ovs_flows", "switch flows", USAGE, NONE, 1, RES_SOCKETS, MEAN, NULL),
    RATE("ovs_hits_per_second", "switch hits", LOAD, PER_SECOND, 0, RES_LOAD,
         "ovs_hits_total"),
    RATE("ovs_lost_per_second", "switch lost", ERROR, PER_SECOND, 1, RES_EVENTS,
         "ovs_lost_total"),
    RATE("ovs_mac_moves_per_second", "addresses that move", ERROR, PER_SECOND,
         1, RES_EVENTS, "ovs_mac_moves_total"),
    RATE("ovs_misses_per_second", "switch misses", SATURATION, PER_SECOND, 1,
         RES_EVENTS, "ovs_misses_total"),
    RATE("ovs_port_changes_per_second", "switch port changes", ERROR,
         PER_SECOND, 1, RES_KILLS, "ovs_port_changes_total"),
    GAUGE("ovs_port_down", "switch port down", ERROR, RATIO, 1, RES_RATIO, MEAN,
          NULL),
    GAUGE("ovs_unresponsive", "switch does not answer", ERROR, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    GAUGE("pids", "processes and threads", USAGE, NONE, 1, RES_LOAD, MEAN,
          NULL),
    GAUGE("pids_limit", "process limit", OTHER, NONE, 0, RES_LOAD, MEAN, NULL),
    RATE("pids_limit_hits_per_second", "forks refused", ERROR, PER_SECOND, 1,
         RES_KILLS, "pids_limit_hits_total"),
    GAUGE("pids_limit_ratio", "process limit used", SATURATION, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    RATE("process_failures_per_second", "failed processes", ERROR, PER_SECOND,
         1, RES_KILLS, "process_failures_total"),
    RATE("process_starts_per_second", "process starts", LOAD, PER_SECOND, 0,
         RES_LOAD, "process_starts_total"),
    GAUGE("qdisc_backlog_bytes", "qdisc backlog", SATURATION, BYTES, 1,
          RES_BACKLOG, MEAN, NULL),
    GAUGE("qdisc_backlog_packets", "qdisc backlog packets", SATURATION, NONE, 1,
          RES_SOCKETS, MEAN, NULL),
    RATE("qdisc_bytes_per_second", "qdisc traffic", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "qdisc_bytes_total"),
    RATE("qdisc_drops_per_second", "qdisc drops", ERROR, PER_SECOND, 1,
         RES_EVENTS, "qdisc_drops_total"),
    RATE("qdisc_overlimits_per_second", "qdisc overlimits", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "qdisc_overlimits_total"),
    RATE("qdisc_packets_per_second", "qdisc packets", LOAD, PER_SECOND, 0,
         RES_LOAD, "qdisc_packets_total"),
    RATE("qdisc_requeues_per_second", "qdisc requeues", SATURATION, PER_SECOND,
         1, RES_EVENTS, "qdisc_requeues_total"),
    GAUGE("qdisc_sojourn_max_seconds", "queueing max", SATURATION, SECONDS, 1,
          RES_TIME_MAX, MAX, "qdisc_sojourn_seconds_max"),
    SHARE("qdisc_sojourn_mean_seconds", "queueing mean", SATURATION, SECONDS,
          RES_TIME, "qdisc_sojourn_seconds_sum_total",
          "qdisc_sojourn_packets_total"),
    QUANTILE("qdisc_sojourn_p50_seconds", "queueing p50", SATURATION,
             "qdisc_sojourn_seconds", 0.5),
    QUANTILE("qdisc_sojourn_p99_seconds", "queueing p99", SATURATION,
             "qdisc_sojourn_seconds", 0.99),
    GAUGE("queue_time_max_seconds", "queue time max", SATURATION, SECONDS, 1,
          RES_TIME_MAX, MAX, "queue_time_seconds_max"),
    SHARE("queue_time_mean_seconds", "queue time mean", SATURATION, SECONDS,
          RES_TIME, "queue_time_seconds_sum_total", "requests_total"),
    QUANTILE("queue_time_p50_seconds", "queue time p50", SATURATION,
             "queue_time_seconds", 0.5),
    QUANTILE("queue_time_p99_seconds", "queue time p99", SATURATION,
             "queue_time_seconds", 0.99),
    GAUGE("rca_tick_seconds", "tick time", OTHER, SECONDS, 0, RES_TIME, MEAN,
          NULL),
    RATE("read_bytes_per_second", "disk read", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "read_bytes_total"),
    GAUGE("read_limit_bytes_per_second", "disk read limit", OTHER,
          BYTES_PER_SECOND, 0, RES_TRAFFIC, MEAN, NULL),
    GAUGE("read_limit_per_second", "disk reads limit", OTHER, PER_SECOND, 0,
          RES_LOAD, MEAN, NULL),
    RATE("reads_per_second", "disk reads", LOAD, PER_SECOND, 0, RES_LOAD,
         "reads_total"),
    RATE("receive_bytes_per_second", "traffic in", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "receive_bytes_total"),
    RATE("receive_drops_per_second", "drops in", ERROR, PER_SECOND, 1,
         RES_EVENTS, "receive_drops_total"),
    RATE("receive_errors_per_second", "errors in", ERROR, PER_SECOND, 1,
         RES_EVENTS, "receive_errors_total"),
    RATE("receive_packets_per_second", "packets in", LOAD, PER_SECOND, 0,
         RES_LOAD, "receive_packets_total"),
    RATE("received_bytes_per_second", "received", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "received_bytes_total"),
    RATE("reply_retransmits_per_second", "retransmits of replies", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "reply_retransmits_total"),
    SHARE("request_error_ratio", "errors", ERROR, RATIO, RES_RATIO,
          "request_errors_total", "requests_total"),
    GAUGE("request_latency_max_seconds", "latency max", LATENCY, SECONDS, 1,
          RES_TIME_MAX, MAX, "request_latency_seconds_max"),
    SHARE("request_latency_mean_seconds", "latency mean", LATENCY, SECONDS,
          RES_TIME, "request_latency_seconds_sum_total", "requests_total"),
    QUANTILE("request_latency_p50_seconds", "latency p50", LATENCY,
             "request_latency_seconds", 0.5),
    QUANTILE("request_latency_p99_seconds", "latency p99", LATENCY,
             "request_latency_seconds", 0.99),
    RATE("request_rate_per_second", "requests", LOAD, PER_SECOND, 0, RES_LOAD,
         "requests_total"),
    RATE("retransmits_per_second", "retransmits", SATURATION, PER_SECOND, 1,
         RES_EVENTS, "retransmits_total"),
    GAUGE("rtt_seconds", "round trip", LATENCY, SECONDS, 1, RES_TIME, MEAN,
          NULL),
    RATE("rule_bytes_per_second", "rule traffic", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "rule_bytes_total"),
    RATE("rule_drops_per_second", "rule drops", ERROR, PER_SECOND, 1,
         RES_EVENTS, "rule_drops_total"),
    RATE("rule_packets_per_second", "rule packets", LOAD, PER_SECOND, 0,
         RES_LOAD, "rule_packets_total"),
    GAUGE("run_queue_latency_max_seconds", "CPU wait max", SATURATION, SECONDS,
          1, RES_TIME_MAX, MAX, "run_queue_latency_seconds_max"),
    SHARE("run_queue_latency_mean_seconds", "CPU wait mean", SATURATION,
          SECONDS, RES_TIME, "run_queue_latency_seconds_sum_total",
          "run_queue_waits_total"),
    QUANTILE("run_queue_latency_p99_seconds", "CPU wait p99", SATURATION,
             "run_queue_latency_seconds", 0.99),
    RATE("run_queue_wait_ratio", "CPU wait", SATURATION, RATIO, 1, RES_RATIO,
         "run_queue_seconds_total"),
    RATE("sent_bytes_per_second", "sent", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "sent_bytes_total"),
    GAUGE("service_time_max_seconds", "service time max", LATENCY, SECONDS, 1,
          RES_TIME_MAX, MAX, "service_time_seconds_max"),
    SHARE("service_time_mean_seconds", "service time mean", LATENCY, SECONDS,
          RES_TIME, "service_time_seconds_sum_total", "requests_total"),
    QUANTILE("service_time_p50_seconds", "service time p50", LATENCY,
             "service_time_seconds", 0.5),
    QUANTILE("service_time_p99_seconds", "service time p99", LATENCY,
             "service_time_seconds", 0.99),
    GAUGE("sockets_in_use", "sockets", USAGE, NONE, 1, RES_SOCKETS, MEAN, NULL),
    RATE("softnet_drops_per_second", "backlog drops", ERROR, PER_SECOND, 1,
         RES_EVENTS, "softnet_drops_total"),
    RATE("softnet_squeezes_per_second", "receive budget spent", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "softnet_squeezes_total"),
    RATE("swap_in_pages_per_second", "pages swapped in", SATURATION, PER_SECOND,
         1, RES_EVENTS, "swap_in_pages_total"),
    RATE("swap_out_pages_per_second", "pages swapped out", SATURATION,
         PER_SECOND, 1, RES_EVENTS, "swap_out_pages_total"),
    GAUGE("swap_used_bytes", "swap used", USAGE, BYTES, 1, RES_MEMORY, MEAN,
          NULL),
    GAUGE("tasks", "tasks", USAGE, NONE, 1, RES_LOAD, MEAN, NULL),
    GAUGE("tasks_limit_ratio", "task limit used", SATURATION, RATIO, 1,
          RES_RATIO, MEAN, NULL),
    /* what follows from a fault elsewhere is for people only: aborts, resets */
    RATE("tcp_aborts_per_second", "TCP aborts", OTHER, PER_SECOND, 0,
         RES_EVENTS, "tcp_aborts_total"),
    RATE("tcp_connect_failures_per_second", "connect failures", OTHER,
         PER_SECOND, 0, RES_EVENTS, "tcp_connect_failures_total"),
    RATE("tcp_listen_overflows_per_second", "listen overflows", ERROR,
         PER_SECOND, 1, RES_EVENTS, "tcp_listen_overflows_total"),
    GAUGE("tcp_memory_bytes", "TCP memory", USAGE, BYTES, 1, RES_MEMORY, MEAN,
          NULL),
    GAUGE("tcp_orphan_sockets", "orphan sockets", USAGE, NONE, 1, RES_SOCKETS,
          MEAN, NULL),
    RATE("tcp_receive_drops_per_second", "TCP receive drops", ERROR, PER_SECOND,
         1, RES_EVENTS, "tcp_receive_drops_total"),
    RATE("tcp_resets_received_per_second", "resets received", OTHER, PER_SECOND,
         0, RES_EVENTS, "tcp_resets_received_total"),
    RATE("tcp_resets_sent_per_second", "resets sent", OTHER, PER_SECOND, 0,
         RES_EVENTS, "tcp_resets_sent_total"),
    RATE("tcp_retransmits_per_second", "retransmits", OTHER, PER_SECOND, 0,
         RES_EVENTS, "tcp_retransmits_total"),
    RATE("tcp_syn_queue_full_per_second", "SYN queue full", ERROR, PER_SECOND,
         1, RES_EVENTS, "tcp_syn_queue_full_total"),
    GAUGE("tcp_time_wait_sockets", "sockets in time-wait", USAGE, NONE, 1,
          RES_SOCKETS, MEAN, NULL),
    RATE("tcp_timeouts_per_second", "TCP timeouts", OTHER, PER_SECOND, 0,
         RES_EVENTS, "tcp_timeouts_total"),
    GAUGE("threads", "threads", USAGE, NONE, 1, RES_LOAD, MEAN, NULL),
    RATE("transmit_bytes_per_second", "traffic out", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "transmit_bytes_total"),
    RATE("transmit_drops_per_second", "drops out", ERROR, PER_SECOND, 1,
         RES_EVENTS, "transmit_drops_total"),
    RATE("transmit_errors_per_second", "errors out", ERROR, PER_SECOND, 1,
         RES_EVENTS, "transmit_errors_total"),
    RATE("transmit_packets_per_second", "packets out", LOAD, PER_SECOND, 0,
         RES_LOAD, "transmit_packets_total"),
    RATE("udp_no_port_per_second", "UDP to closed ports", ERROR, PER_SECOND, 1,
         RES_EVENTS, "udp_no_port_total"),
    RATE("udp_receive_drops_per_second", "UDP receive drops", ERROR, PER_SECOND,
         1, RES_EVENTS, "udp_receive_drops_total"),
    GAUGE("write_limit_bytes_per_second", "disk write limit", OTHER,
          BYTES_PER_SECOND, 0, RES_TRAFFIC, MEAN, NULL),
    GAUGE("write_limit_per_second", "disk writes limit", OTHER, PER_SECOND, 0,
          RES_LOAD, MEAN, NULL),
    RATE("writes_per_second", "disk writes", LOAD, PER_SECOND, 0, RES_LOAD,
         "writes_total"),
    RATE("written_bytes_per_second", "disk written", LOAD, BYTES_PER_SECOND, 0,
         RES_TRAFFIC, "written_bytes_total"),
};

static const char bucket_infix[] = "_bucket_";
static const char counter_suffix[] = "_total";

const struct rca_metric *rca_metric_table(size_t *ret_n)
{
    *ret_n = RCA_ARRAY_SIZE(table);
    return table;
}

static int compare_name(const void *name, const void *metric)
{
    return strcmp(name, ((const struct rca_metric *)metric)->name);
}

const struct rca_metric *rca_metric_find(const char *name)
{
    return bsearch(name, table, RCA_ARRAY_SIZE(table), sizeof(table[0]),
                   compare_name);
}

/* length of X if @series is "X_bucket_NNN", else 0 */
static size_t split_bucket(const char *series, unsigned *ret_bucket)
{
    const size_t tail = sizeof(bucket_infix) - 1 + 3, len = strlen(series);
    const char *digit;
    unsigned bucket = 0;

    if (len <= tail ||
        strncmp(series + len - tail, bucket_infix, tail - 3) != 0)
        return 0;
    for (digit = series + len - 3; *digit; digit++) {
        if (*digit < '0' || *digit > '9')
            return 0;
        bucket = bucket * 10 + (unsigned)(*digit - '0');
    }
    if (bucket >= RCA_HISTOGRAM_BUCKETS)
        return 0;
    *ret_bucket = bucket;
    return len - tail;
}

_Bool rca_metric_is_context(const struct rca_metric *metric)
{
    if (!strncmp(metric->name, "rca_", 4))
        return 1;
    return metric->role == RCA_ROLE_OTHER && rca_metric_find(metric->name);
}

enum rca_series_type rca_series_type(const char *series, unsigned *ret_bucket)
{
    const size_t suffix = sizeof(counter_suffix) - 1, len = strlen(series);
    unsigned bucket;

    if (split_bucket(series, &bucket)) {
        if (ret_bucket)
            *ret_bucket = bucket;
        return RCA_SERIES_BUCKET;
    }
    if (len > suffix && !strcmp(series + len - suffix, counter_suffix))
        return RCA_SERIES_COUNTER;
    return RCA_SERIES_GAUGE;
}

static _Bool is_operand_of(const struct rca_metric *metric, const char *series,
                           size_t stem)
{
    const char *of = metric->of ? metric->of : metric->name;

    if (metric->make == RCA_MAKE_QUANTILE)
        return stem && strlen(of) == stem && !strncmp(of, series, stem);
    return !strcmp(of, series) || (metric->per && !strcmp(metric->per, series));
}

_Bool rca_series_is_operand(const char *series)
{
    unsigned bucket;
    const size_t stem = split_bucket(series, &bucket);

    for (size_t i = 0; i < RCA_ARRAY_SIZE(table); i++) {
        if (is_operand_of(&table[i], series, stem))
            return 1;
    }
    return 0;
}
