/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_system - what a simulated system shows to the outside: entities,
 * edges, and for each row the true value of each quantity of each entity. Two
 * worlds fill it: services on hosts (simulate_world.h) and a network of
 * routers (simulate_net.h). What is observed of it, how it is named and with
 * what noise is simulate_observe.h's business.
 *
 * Values are in seconds, bytes, cores, ratios and events a second.
 */

#include "graph/kind.h"

/** enum rca_sim_quantity - what can be measured of an entity */
enum rca_sim_quantity {
    RCA_SIM_Q_LOAD, /* requests a second */
    RCA_SIM_Q_LATENCY,
    RCA_SIM_Q_LATENCY_P50,
    RCA_SIM_Q_LATENCY_P90,
    RCA_SIM_Q_LATENCY_P95,
    RCA_SIM_Q_LATENCY_P99,
    RCA_SIM_Q_CLIENT_P90, /* of the calls that it makes */
    RCA_SIM_Q_CLIENT_P99,
    RCA_SIM_Q_ERRORS, /* ratio */
    RCA_SIM_Q_AVAILABILITY, /* ratio */
    RCA_SIM_Q_ERROR_RATE, /* a second */
    RCA_SIM_Q_RETRIES, /* a second */
    RCA_SIM_Q_CPU, /* cores */
    RCA_SIM_Q_CPU_SHARE, /* of the limit */
    RCA_SIM_Q_THROTTLED, /* ratio */
    RCA_SIM_Q_MEMORY, /* bytes */
    RCA_SIM_Q_MEMORY_SHARE, /* of the limit */
    RCA_SIM_Q_RX, /* bytes a second */
    RCA_SIM_Q_TX,
    RCA_SIM_Q_RETRANSMITS, /* a second */
    RCA_SIM_Q_DISK_READ, /* bytes a second */
    RCA_SIM_Q_DISK_WRITE,
    RCA_SIM_Q_DISK_BUSY, /* ratio */
    RCA_SIM_Q_DISK_WAIT, /* s */
    RCA_SIM_Q_SOCKETS,
    RCA_SIM_Q_THREADS,
    RCA_SIM_Q_QUEUE,
    RCA_SIM_Q_COLLECTION, /* garbage, seconds a second */
    RCA_SIM_Q_RESTARTS,
    RCA_SIM_Q_LOAD1, /* runnable threads */
    RCA_SIM_Q_HOST_CPU, /* ratio, of the host, as seen by a service on it */
    RCA_SIM_Q_HOST_MEMORY,
    RCA_SIM_Q_IN_RATE, /* interfaces: bits a second */
    RCA_SIM_Q_OUT_RATE,
    RCA_SIM_Q_IN_PACKETS,
    RCA_SIM_Q_OUT_PACKETS,
    RCA_SIM_Q_IN_ERRORS,
    RCA_SIM_Q_OUT_DROPS,
    RCA_SIM_Q_ROUTES, /* routers */
    RCA_SIM_Q_NO_ROUTE,
    RCA_SIM_Q_UP,
    RCA_SIM_Q_IDLE, /* noise that means nothing */
    RCA_SIM_Q_COUNT,
};

#define RCA_SIM_NAME 72

/** struct rca_sim_entity
 * @whole: index of the entity that it is a member of and is scored as; its own
 *         where it is none
 * @place: what it runs on, or UINT32_MAX */
struct rca_sim_entity {
    enum rca_kind kind;
    uint32_t whole, place;
    char name[RCA_SIM_NAME];
};

/** struct rca_sim_edge - indexes; dependent to what it depends on */
struct rca_sim_edge {
    uint32_t from, to;
    enum rca_edge_kind kind;
};

/** struct rca_sim_frame - one row: NAN where an entity does not exist or has no
 * such quantity; @q[entity * RCA_SIM_Q_COUNT + quantity], owned by whoever
 * made it */
struct rca_sim_frame {
    size_t n;
    double *q;
};

static inline double *rca_sim_frame_of(const struct rca_sim_frame *f,
                                       size_t entity)
{
    return f->q + entity * RCA_SIM_Q_COUNT;
}
