/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_world - services that call each other, in pods on hosts, with what
 * they share: processors, disks, network interfaces, databases.
 *
 * How it behaves is written in simulate_run.c. The equations are those of
 * queues, limits and thresholds, on purpose not those of the model: nothing
 * here is linear. A world is plain data without pointers: copying it is
 * resetting it.
 */

#include "datasets/simulate_random.h"
#include "datasets/simulate_system.h"

#define RCA_SIM_SERVICES 64
#define RCA_SIM_HOSTS 24
#define RCA_SIM_PODS 160
#define RCA_SIM_CALLS 320
#define RCA_SIM_CLIENTS 2
#define RCA_SIM_NOISES 4 /* of a service: cost, time, memory, calls */

/** struct rca_sim_call - one service calls another
 * @calls:   for each request of the caller
 * @timeout: s; @retries: at most
 * @back:    against the order of services (a cycle): works on the last row */
struct rca_sim_call {
    uint32_t from, to;
    double calls, timeout, retries;
    _Bool back, critical;
    double fail; /* state: of one attempt, last row */
};

/** struct rca_sim_service - constants, then the state of the current row
 * @time:  s of work for one request, alone on the machine
 * @cost:  core seconds for one request
 * @io:    accesses of the host's disk for one request
 * @store: a database, a cache, a queue: calls nobody
 * @batch: work that nobody calls */
struct rca_sim_service {
    double time, cost, idle, limit, memory, memory_limit, inflight_bytes;
    double io, bytes, error, threads, spread, usual;
    _Bool store, batch;
    uint32_t n_pods, pod; /* the first */
    uint32_t n_calls, call;

    double load, served, cpu, rho, own, latency, errors, tail;
    double busy, leak, retries, throttled, collect, restarts, client;
    double noise[RCA_SIM_NOISES], saw;
};

struct rca_sim_pod {
    uint32_t service, host;
    double part; /* of the service's load */
    _Bool spare; /* of the next version: does not exist before a deploy */
    double cpu;
};

struct rca_sim_host {
    double cores, idle, disk, nic, delay, memory;

    double cpu, busy, slow, disk_busy, disk_wait, net, wait, noise, lost;
};

struct rca_sim_client {
    uint32_t service;
    double rate, swing, phase, period, drift, burst_rate;

    double noise, burst, load;
};

/** struct rca_sim_world
 * @step:  s, of a row
 * @rough: relative size of all noise
 * @keep:  how much of a noise lasts to the next row */
struct rca_sim_world {
    double step, rough, keep;
    size_t n_services, n_hosts, n_pods, n_calls, n_clients;
    size_t n_batches; /* the last of the services */
    struct rca_sim_client client[RCA_SIM_CLIENTS];
    struct rca_sim_service service[RCA_SIM_SERVICES];
    struct rca_sim_host host[RCA_SIM_HOSTS];
    struct rca_sim_pod pod[RCA_SIM_PODS];
    struct rca_sim_call call[RCA_SIM_CALLS];
    struct rca_sim_random random;
};

/** struct rca_sim_push - what disturbs the world in one row; all-zero: nothing
 * services: cores used besides, part of the time and of the cost of a request
 * added, errors added (mostly early ones), part that is down, bytes leaked in
 * the row, part of the threads that is stuck, delay in s and loss on its
 * network, part taken from its timeouts, part of it that runs in new pods,
 * disk accesses a second and bytes of memory added, part of its load added that
 * comes from nobody in the world.
 * hosts: part of the cores, of the disk and of the network used besides, delay
 * in s and loss on its network. */
struct rca_sim_push {
    struct {
        double cpu, slow, cost, error, down, leak, stuck, delay, loss;
        double hurry, renewed, io, memory, load;
    } service[RCA_SIM_SERVICES];
    struct {
        double cpu, io, delay, loss, net;
    } host[RCA_SIM_HOSTS];
    double surge[RCA_SIM_CLIENTS]; /* part of the load added */
};

/** struct rca_sim_make - how large a world to make */
struct rca_sim_make {
    size_t services, hosts;
    double pods; /* mean number of a service */
    double rate; /* requests a second of all clients */
    double step, rough;
    _Bool cycles;
};

/** rca_sim_world_make() - draw a world; O(services * calls) */
void rca_sim_world_make(struct rca_sim_world *w,
                        const struct rca_sim_make *make,
                        struct rca_sim_random *r);

/** The entities of a world, in this order: services, clients, hosts, pods. */
size_t rca_sim_world_entities(const struct rca_sim_world *w);
uint32_t rca_sim_world_client(const struct rca_sim_world *w, size_t client);
uint32_t rca_sim_world_host(const struct rca_sim_world *w, size_t host);
uint32_t rca_sim_world_pod(const struct rca_sim_world *w, size_t pod);

/** rca_sim_world_run() - one row: @row counts from 0
 * Draws the same random numbers whatever @push does, so that two runs of one
 * world differ by the effect of the push alone. O(services + calls + pods). */
void rca_sim_world_run(struct rca_sim_world *w, const struct rca_sim_push *push,
                       size_t row);

/** rca_sim_world_show() - the row as it is; @frame has room for all entities */
void rca_sim_world_show(const struct rca_sim_world *w,
                        const struct rca_sim_push *push,
                        struct rca_sim_frame *frame);
