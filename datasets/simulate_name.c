/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate_name.h"

#include <inttypes.h>
#include <stdio.h>

#define MS 1000.0
#define MB 1e-6
#define PERCENT 100.0
#define NONE                                                                   \
    {                                                                          \
        NULL, 0                                                                \
    }

/* plain, Prometheus, hyphen, HTTP, traces, camel case, system */
/* clang-format off */
static const struct rca_sim_spelling
    services[RCA_SIM_Q_COUNT][RCA_SIM_CONVENTION_COUNT] = {
    [RCA_SIM_Q_LOAD] = {{"load", 1}, {"http_requests_per_second", 1}, {"request-rate", 1}, {"qps", 1}, {"requests", 60}, {"RequestCount", 60}, {"workload", 1}},
    [RCA_SIM_Q_LATENCY] = {{"latency", 1}, {"http_request_duration_seconds", 1}, {"latency-avg", MS}, {"rt", MS}, {"latency_avg", 1}, {"ResponseTime", MS}, NONE},
    [RCA_SIM_Q_LATENCY_P50] = {{"lat_p50", 1}, {"http_request_duration_seconds_p50", 1}, {"latency-50", 1}, {"rt_p50", MS}, {"latency_p50", 1}, {"ResponseTimeP50", MS}, NONE},
    [RCA_SIM_Q_LATENCY_P90] = {{"lat_p90", 1}, {"http_request_duration_seconds_p90", 1}, {"latency-90", 1}, NONE, {"latency_p90", 1}, {"ResponseTimeP90", MS}, {"server_lat_p90", 1}},
    [RCA_SIM_Q_LATENCY_P95] = {{"lat_p95", 1}, NONE, NONE, {"rt_p95", MS}, {"latency_p95", 1}, NONE, NONE},
    [RCA_SIM_Q_LATENCY_P99] = {NONE, {"http_request_duration_seconds_p99", 1}, NONE, {"rt_p99", MS}, {"latency_p99", 1}, NONE, {"server_lat_p99", 1}},
    [RCA_SIM_Q_CLIENT_P90] = {NONE, {"client_request_duration_seconds_p90", 1}, NONE, NONE, NONE, NONE, {"client_lat_p90", 1}},
    [RCA_SIM_Q_CLIENT_P99] = {NONE, NONE, NONE, NONE, NONE, NONE, {"client_lat_p99", 1}},
    [RCA_SIM_Q_ERRORS] = {{"error", 1}, {"http_error_ratio", 1}, {"error-rate", 1}, {"http_5xx_ratio", 1}, {"fault_rate", PERCENT}, {"ErrorRatio", PERCENT}, NONE},
    [RCA_SIM_Q_AVAILABILITY] = {NONE, {"http_availability_ratio", 1}, NONE, {"success_rate", PERCENT}, {"availability", PERCENT}, NONE, NONE},
    [RCA_SIM_Q_ERROR_RATE] = {{"errors", 1}, {"http_errors_per_second", 1}, NONE, {"err_qps", 1}, NONE, {"ErrorCount", 60}, {"failures", 60}},
    [RCA_SIM_Q_RETRIES] = {NONE, {"upstream_retries_per_second", 1}, NONE, {"retry_qps", 1}, NONE, NONE, NONE},
    [RCA_SIM_Q_CPU] = {{"cpu", 1}, {"container_cpu_usage_seconds", 1}, {"container-cpu-usage", 1}, {"cpu_millicores", 1000}, NONE, {"CpuUsage", 1000}, {"cpu", PERCENT}},
    [RCA_SIM_Q_CPU_SHARE] = {NONE, {"container_cpu_limit_ratio", 1}, {"cpu-util", PERCENT}, {"cpu_util", PERCENT}, NONE, {"CPUUtilization", PERCENT}, NONE},
    [RCA_SIM_Q_THROTTLED] = {NONE, {"container_cpu_cfs_throttled_ratio", 1}, NONE, {"cpu_throttled", PERCENT}, NONE, {"CpuThrottled", 1}, NONE},
    [RCA_SIM_Q_MEMORY] = {{"mem", 1}, {"container_memory_working_set_bytes", 1}, {"container-memory-usage", 1}, {"mem_mb", MB}, NONE, {"MemoryUsage", MB}, {"mem", MB}},
    [RCA_SIM_Q_MEMORY_SHARE] = {NONE, NONE, {"mem-util", PERCENT}, {"mem_util", PERCENT}, NONE, {"MemoryUtilization", PERCENT}, NONE},
    [RCA_SIM_Q_RX] = {{"net_rx", 1}, {"container_network_receive_bytes_per_second", 1}, {"net-in", 1}, {"net_in_kb", 1e-3}, NONE, {"NetworkIn", 60}, {"net_rx", 1}},
    [RCA_SIM_Q_TX] = {{"net_tx", 1}, {"container_network_transmit_bytes_per_second", 1}, {"net-out", 1}, {"net_out_kb", 1e-3}, NONE, {"NetworkOut", 60}, {"net_tx", 1}},
    [RCA_SIM_Q_RETRANSMITS] = {NONE, {"tcp_retransmits_per_second", 1}, NONE, {"tcp_retrans", 1}, NONE, NONE, NONE},
    [RCA_SIM_Q_DISK_READ] = {{"diskio", 1}, {"container_fs_reads_bytes_per_second", 1}, {"disk-read", 1}, {"io_read_kb", 1e-3}, NONE, {"DiskReadBytes", 60}, {"sys_read", 1e-3}},
    [RCA_SIM_Q_DISK_WRITE] = {NONE, {"container_fs_writes_bytes_per_second", 1}, {"disk-write", 1}, {"io_write_kb", 1e-3}, NONE, {"DiskWriteBytes", 60}, {"sys_write", 1e-3}},
    [RCA_SIM_Q_SOCKETS] = {{"socket", 1}, {"container_sockets", 1}, {"connections", 1}, {"tcp_conns", 1}, NONE, {"ActiveConnections", 1}, NONE},
    [RCA_SIM_Q_THREADS] = {NONE, {"process_threads", 1}, {"threads", 1}, {"busy_threads", 1}, NONE, {"ThreadCount", 1}, NONE},
    [RCA_SIM_Q_QUEUE] = {NONE, {"executor_queue_length", 1}, {"queue-depth", 1}, {"queue_len", 1}, NONE, {"QueueDepth", 1}, NONE},
    [RCA_SIM_Q_COLLECTION] = {NONE, {"jvm_gc_pause_seconds", 1}, NONE, {"gc_time_ms", MS}, NONE, {"GcTime", MS}, NONE},
    [RCA_SIM_Q_RESTARTS] = {NONE, {"container_restarts", 1}, NONE, NONE, NONE, {"Restarts", 1}, NONE},
    [RCA_SIM_Q_HOST_CPU] = {NONE, NONE, NONE, {"host_cpu_util", PERCENT}, NONE, NONE, {"node_cpu", PERCENT}},
    [RCA_SIM_Q_HOST_MEMORY] = {NONE, NONE, NONE, {"host_mem_util", PERCENT}, NONE, NONE, {"node_mem", PERCENT}},
};

static const struct rca_sim_spelling
    hosts[RCA_SIM_Q_COUNT][RCA_SIM_CONVENTION_COUNT] = {
    [RCA_SIM_Q_CPU_SHARE] = {{"cpu", 1}, {"node_cpu_utilization_ratio", 1}, {"cpu-util", PERCENT}, {"cpu_util", PERCENT}, {"cpu_percent", PERCENT}, {"CPUUtilization", PERCENT}, {"node_cpu", PERCENT}},
    [RCA_SIM_Q_LOAD1] = {{"load1", 1}, {"node_load1", 1}, {"load-average", 1}, {"load_1", 1}, {"load1", 1}, {"LoadAverage", 1}, NONE},
    [RCA_SIM_Q_MEMORY] = {{"mem", 1}, {"node_memory_used_bytes", 1}, NONE, {"mem_used_mb", MB}, NONE, NONE, NONE},
    [RCA_SIM_Q_MEMORY_SHARE] = {NONE, NONE, {"mem-util", PERCENT}, NONE, {"mem_percent", PERCENT}, {"MemoryUtilization", PERCENT}, {"node_mem", PERCENT}},
    [RCA_SIM_Q_DISK_BUSY] = {NONE, {"node_disk_io_time_ratio", 1}, {"disk-busy", PERCENT}, {"io_util", PERCENT}, {"disk_util", PERCENT}, {"DiskBusy", PERCENT}, NONE},
    [RCA_SIM_Q_DISK_WAIT] = {NONE, {"node_disk_wait_seconds", 1}, NONE, {"io_await", MS}, NONE, {"DiskLatency", MS}, NONE},
    [RCA_SIM_Q_DISK_READ] = {{"disk_read", 1}, {"node_disk_read_bytes_per_second", 1}, {"disk-read", 1}, {"io_read_kb", 1e-3}, NONE, {"DiskReadBytes", 60}, NONE},
    [RCA_SIM_Q_DISK_WRITE] = {{"disk_write", 1}, {"node_disk_written_bytes_per_second", 1}, {"disk-write", 1}, {"io_write_kb", 1e-3}, NONE, {"DiskWriteBytes", 60}, NONE},
    [RCA_SIM_Q_RX] = {{"net_rx", 1}, {"node_network_receive_bytes_per_second", 1}, {"net-in", 1}, {"net_in_kb", 1e-3}, {"net_rx_mb", MB}, {"NetworkIn", 60}, {"net_rx", 1}},
    [RCA_SIM_Q_TX] = {{"net_tx", 1}, {"node_network_transmit_bytes_per_second", 1}, {"net-out", 1}, {"net_out_kb", 1e-3}, {"net_tx_mb", MB}, {"NetworkOut", 60}, {"net_tx", 1}},
    [RCA_SIM_Q_RETRANSMITS] = {{"retransmits", 1}, {"node_tcp_retransmits_per_second", 1}, NONE, {"tcp_retrans", 1}, {"tcp_retransmits", 60}, NONE, NONE},
};

/* routers and interfaces; three manners, by turns */
static const struct rca_sim_spelling
    networks[RCA_SIM_Q_COUNT][RCA_SIM_CONVENTION_COUNT] = {
    [RCA_SIM_Q_IN_RATE] = {{"in_rate", 1e-3}, {"in_octets_per_second", 0.125}, {"in-bps", 1}, {"rx_bps", 1}, {"in_rate", 1e-3}, {"InBitRate", 1}, {"rx_bytes", 0.125}},
    [RCA_SIM_Q_OUT_RATE] = {{"out_rate", 1e-3}, {"out_octets_per_second", 0.125}, {"out-bps", 1}, {"tx_bps", 1}, {"out_rate", 1e-3}, {"OutBitRate", 1}, {"tx_bytes", 0.125}},
    [RCA_SIM_Q_IN_PACKETS] = {{"in_pps", 1}, {"in_packets_per_second", 1}, {"in-pps", 1}, {"rx_pps", 1}, {"in_pps", 1}, {"InPackets", 1}, {"rx_packets", 1}},
    [RCA_SIM_Q_OUT_PACKETS] = {{"out_pps", 1}, {"out_packets_per_second", 1}, {"out-pps", 1}, {"tx_pps", 1}, {"out_pps", 1}, {"OutPackets", 1}, {"tx_packets", 1}},
    [RCA_SIM_Q_IN_ERRORS] = {{"in_errors", 1}, {"in_errors_per_second", 1}, {"in-errors", 1}, {"rx_crc", 1}, NONE, {"InErrors", 1}, {"rx_errors", 1}},
    [RCA_SIM_Q_OUT_DROPS] = {{"out_drops", 1}, {"out_discards_per_second", 1}, {"out-drops", 1}, {"tx_drops", 1}, {"out_drops", 1}, {"OutDiscards", 1}, {"tx_dropped", 1}},
    [RCA_SIM_Q_CPU_SHARE] = {{"cpu", PERCENT}, {"cpu_utilization_ratio", 1}, {"cpu-5s", PERCENT}, {"cpu_5min", PERCENT}, NONE, {"CpuLoad", PERCENT}, {"cpu", PERCENT}},
    [RCA_SIM_Q_ROUTES] = {{"routes", 1}, {"fib_routes", 1}, {"route-count", 1}, {"rib_routes", 1}, {"fib_entries", 1}, {"Routes", 1}, NONE},
    [RCA_SIM_Q_NO_ROUTE] = {{"noroute", 1}, {"fib_no_route_per_second", 1}, {"no-route", 1}, {"fib_drops", 1}, {"fib_noroute", 1}, NONE, {"no_route_drops", 1}},
};
/* clang-format on */

const struct rca_sim_spelling *rca_sim_name_metric(
    enum rca_kind kind, enum rca_sim_quantity quantity,
    enum rca_sim_convention convention)
{
    const struct rca_sim_spelling *s = &services[quantity][convention];

    if (quantity >= RCA_SIM_Q_IN_RATE || kind == RCA_KIND_NIC)
        s = &networks[quantity][convention];
    else if (kind == RCA_KIND_HOST)
        s = &hosts[quantity][convention];
    return s->name ? s : NULL;
}

static const char *const idles[] = {
    "classes_loaded", "clock_offset",  "config_version", "inodes_free",
    "entropy",        "goroutines",    "log_lines",      "cert_days",
    "tasks_sleeping", "pages_mapped",  "arp_entries",    "temperature",
    "fan_speed",      "dentry_cache",  "slab_bytes",     "context_switches",
    "interrupts",     "spans_sampled", "flags_enabled",  "cron_jobs",
};

void rca_sim_name_idle(size_t i, char name[RCA_SIM_NAME])
{
    const size_t n = RCA_ARRAY_SIZE(idles);

    if (i < n)
        (void)snprintf(name, RCA_SIM_NAME, "%s", idles[i]);
    else
        (void)snprintf(name, RCA_SIM_NAME, "%s_%zu", idles[i % n], i / n);
}

static const char *const words[] = {
    "alder",   "aspen",  "badger",  "beech",  "birch",   "bison",  "cedar",
    "clover",  "condor", "coral",   "crane",  "cypress", "dingo",  "egret",
    "elm",     "falcon", "fennel",  "ferret", "finch",   "gecko",  "ginkgo",
    "hazel",   "heron",  "hickory", "ibis",   "iris",    "jackal", "juniper",
    "kestrel", "lark",   "larch",   "lemur",  "lichen",  "lilac",  "linden",
    "lotus",   "lynx",   "magpie",  "maple",  "marten",  "mimosa", "moss",
    "myrtle",  "newt",   "oak",     "ocelot", "osprey",  "otter",  "palm",
    "petrel",  "pine",   "plover",  "poplar", "quail",   "raven",  "rowan",
    "sable",   "sedge",  "sorrel",  "spruce", "stoat",   "tapir",  "teal",
    "thistle", "toucan", "vole",    "walnut", "weasel",  "willow", "wren",
    "yarrow",
};

struct rca_sim_namer rca_sim_namer_draw(struct rca_sim_random *r)
{
    struct rca_sim_namer n;

    n.service = (unsigned)rca_sim_random_below(r, 7);
    n.host = (unsigned)rca_sim_random_below(r, 4);
    n.pod = (unsigned)rca_sim_random_below(r, 3);
    n.first = rca_sim_random_below(r, RCA_ARRAY_SIZE(words));
    return n;
}

void rca_sim_name_service(const struct rca_sim_namer *n, size_t i,
                          char name[RCA_SIM_NAME])
{
    static const struct {
        const char *before, *after;
    } manners[] = {
        {"", ""},       {"", "-service"},  {"svc-", ""},  {"", "_v1"},
        {"shop/", ":"}, {"prod.", ".api"}, {"", "::Api"},
    };
    /* 71 words, a prime: every stride visits all */
    const size_t k = (n->first + i * 29) % RCA_ARRAY_SIZE(words);

    static_assert(RCA_ARRAY_SIZE(words) == 71, "prime");
    (void)snprintf(name, RCA_SIM_NAME, "%s%s%s", manners[n->service].before,
                   words[k], manners[n->service].after);
}

void rca_sim_name_host(const struct rca_sim_namer *n, size_t i,
                       char name[RCA_SIM_NAME])
{
    static const char *const manners[] = {"node-", "worker", "10.0.4.",
                                          "rack1/vm-"};

    (void)snprintf(name, RCA_SIM_NAME, "%s%zu", manners[n->host], i + 1);
}

void rca_sim_name_client(const struct rca_sim_namer *n, size_t i,
                         char name[RCA_SIM_NAME])
{
    static const char *const manners[] = {"loadgen-", "client", "mobile-",
                                          "users_"};

    (void)snprintf(name, RCA_SIM_NAME, "%s%zu", manners[n->host], i + 1);
}

void rca_sim_name_pod(const struct rca_sim_namer *n, const char *name_of,
                      size_t i, uint64_t tag, char name[RCA_SIM_NAME])
{
    if (n->pod == 0)
        (void)snprintf(name, RCA_SIM_NAME, "%.40s-%05" PRIx64 "-%zu", name_of,
                       tag & 0xfffff, i);
    else if (n->pod == 1)
        (void)snprintf(name, RCA_SIM_NAME, "%.40s-%zu", name_of, i);
    else
        (void)snprintf(name, RCA_SIM_NAME, "%.40s_%08" PRIx64 "_%zu", name_of,
                       tag & 0xffffffff, i);
}
