/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_name - how people call what they measure: conventions for names and
 * units of metrics, and names of services, hosts and pods. A simulator that
 * always says the same words would teach a method these words.
 */

#include "datasets/simulate_random.h"
#include "datasets/simulate_system.h"

enum rca_sim_convention {
    RCA_SIM_PLAIN, /* cpu, mem, lat_p90 */
    RCA_SIM_PROMETHEUS, /* container_memory_working_set_bytes */
    RCA_SIM_HYPHEN, /* latency-90 */
    RCA_SIM_HTTP, /* rt_p95, qps, http_5xx_ratio */
    RCA_SIM_TRACES, /* latency_p90, availability, requests */
    RCA_SIM_CAMEL, /* CPUUtilization */
    RCA_SIM_SYSTEM, /* sys_read, server_lat_p90 */
    RCA_SIM_CONVENTION_COUNT,
};

/** struct rca_sim_spelling - of a metric; its value is the quantity's times
 * @unit */
struct rca_sim_spelling {
    const char *name;
    double unit;
};

/** rca_sim_name_metric() - NULL where the convention has no such metric for an
 * entity of @kind; static */
const struct rca_sim_spelling *rca_sim_name_metric(
    enum rca_kind kind, enum rca_sim_quantity quantity,
    enum rca_sim_convention convention);

/** rca_sim_name_idle() - of the @i-th metric without meaning */
void rca_sim_name_idle(size_t i, char name[RCA_SIM_NAME]);

/** struct rca_sim_namer - a manner of naming, drawn once for a system */
struct rca_sim_namer {
    unsigned service, host, pod; /* which manner */
    size_t first; /* word */
};
struct rca_sim_namer rca_sim_namer_draw(struct rca_sim_random *r);

/** rca_sim_name_*() - the @i-th of its kind; distinct for i < 64 (hosts and
 * services) */
void rca_sim_name_service(const struct rca_sim_namer *n, size_t i,
                          char name[RCA_SIM_NAME]);
void rca_sim_name_host(const struct rca_sim_namer *n, size_t i,
                       char name[RCA_SIM_NAME]);
void rca_sim_name_client(const struct rca_sim_namer *n, size_t i,
                         char name[RCA_SIM_NAME]);
/** of pod @i of the service @name_of; @tag makes it distinct */
void rca_sim_name_pod(const struct rca_sim_namer *n, const char *name_of,
                      size_t i, uint64_t tag, char name[RCA_SIM_NAME]);
