/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What can be measured of a row of a world, by entity: what a service mesh, a
 * container runtime and a node exporter would say if they made no errors.
 */

#include <math.h>

#include "datasets/simulate_world.h"

#define PACKET_BYTES 1200.0
#define HOST_BYTES 16e9
#define DISK_BLOCK 16384.0

static void show_times(const struct rca_sim_service *s, double *q)
{
    const double slow = s->latency;

    q[RCA_SIM_Q_LATENCY] = slow;
    q[RCA_SIM_Q_LATENCY_P50] = slow * 0.75 + 0.1 * s->own;
    q[RCA_SIM_Q_LATENCY_P90] = slow * (1 + s->spread / 4);
    q[RCA_SIM_Q_LATENCY_P95] = slow * (1 + s->spread / 2) + s->tail / 2;
    q[RCA_SIM_Q_LATENCY_P99] = slow * (1 + s->spread) + 2 * s->tail;
    if (s->n_calls) {
        q[RCA_SIM_Q_CLIENT_P90] = s->client * 1.7;
        q[RCA_SIM_Q_CLIENT_P99] = s->client * (1 + s->spread);
    }
}

static void show_requests(const struct rca_sim_service *s, double *q)
{
    q[RCA_SIM_Q_LOAD] = s->load;
    q[RCA_SIM_Q_ERRORS] = s->errors;
    q[RCA_SIM_Q_AVAILABILITY] = 1 - s->errors;
    q[RCA_SIM_Q_ERROR_RATE] = s->errors * s->load;
    if (s->n_calls)
        q[RCA_SIM_Q_RETRIES] = s->retries;
    q[RCA_SIM_Q_SOCKETS] = 8 + s->load * s->latency * 2 + 3 * s->n_pods;
    q[RCA_SIM_Q_THREADS] = 6 + 1.3 * s->load * s->latency;
    q[RCA_SIM_Q_QUEUE] = s->busy > 0.8 ? (s->busy - 0.8) * s->threads : 0;
}

/* @part of a service: a pod of it, or 1 */
static void show_use(const struct rca_sim_world *w,
                     const struct rca_sim_push *push, size_t i, double part,
                     double *q)
{
    const struct rca_sim_service *s = &w->service[i];
    const double flying = s->load * s->latency * s->inflight_bytes;
    const double loss = push->service[i].loss;
    const double alive = 1 - push->service[i].down;
    const double bytes = s->load * s->bytes * part * alive;

    q[RCA_SIM_Q_CPU] = s->cpu * part;
    q[RCA_SIM_Q_CPU_SHARE] = s->cpu / s->limit;
    q[RCA_SIM_Q_THROTTLED] = s->throttled;
    q[RCA_SIM_Q_MEMORY] =
        s->memory * (1 + s->saw) * rca_sim_exp(s->noise[2] / 2) +
        flying / s->n_pods + s->leak + push->service[i].memory;
    q[RCA_SIM_Q_MEMORY_SHARE] = q[RCA_SIM_Q_MEMORY] / s->memory_limit;
    q[RCA_SIM_Q_RX] = bytes * 0.4 * (1 - loss) + 200;
    q[RCA_SIM_Q_TX] = bytes * 0.6 * (1 - s->errors / 2) + 300;
    q[RCA_SIM_Q_RETRANSMITS] = bytes / PACKET_BYTES * (1e-5 + loss);
    q[RCA_SIM_Q_DISK_READ] =
        (s->load * s->io * alive + push->service[i].io) * part * DISK_BLOCK;
    q[RCA_SIM_Q_DISK_WRITE] = q[RCA_SIM_Q_DISK_READ] * 0.4 + 2000;
    q[RCA_SIM_Q_COLLECTION] = 0.01 + s->collect * 0.4;
    q[RCA_SIM_Q_RESTARTS] = s->restarts;
}

static void show_host(const struct rca_sim_world *w, size_t i, double *q)
{
    const struct rca_sim_host *h = &w->host[i];
    const double bytes = h->net * h->nic;

    q[RCA_SIM_Q_CPU_SHARE] = h->busy < 1 ? h->busy : 1;
    q[RCA_SIM_Q_CPU] = q[RCA_SIM_Q_CPU_SHARE] * h->cores;
    q[RCA_SIM_Q_LOAD1] = h->busy * h->cores * (h->busy > 0.8 ? 2 : 1);
    q[RCA_SIM_Q_MEMORY_SHARE] = h->memory * (1 + h->noise / 40);
    q[RCA_SIM_Q_MEMORY] = q[RCA_SIM_Q_MEMORY_SHARE] * HOST_BYTES;
    q[RCA_SIM_Q_DISK_BUSY] = h->disk_busy < 1 ? h->disk_busy : 1;
    q[RCA_SIM_Q_DISK_WAIT] = h->disk_wait;
    q[RCA_SIM_Q_DISK_READ] =
        q[RCA_SIM_Q_DISK_BUSY] * h->disk * DISK_BLOCK * 0.7;
    q[RCA_SIM_Q_DISK_WRITE] =
        q[RCA_SIM_Q_DISK_BUSY] * h->disk * DISK_BLOCK * 0.3;
    q[RCA_SIM_Q_RX] = bytes * 0.5;
    q[RCA_SIM_Q_TX] = bytes * 0.5;
    q[RCA_SIM_Q_RETRANSMITS] = bytes / PACKET_BYTES * (1e-5 + h->lost);
}

static void show_pod(const struct rca_sim_world *w,
                     const struct rca_sim_push *push, size_t p, double *q)
{
    const struct rca_sim_pod *pod = &w->pod[p];
    const double renewed = push->service[pod->service].renewed;
    const double alive = pod->spare ? renewed : 1 - renewed;

    if (alive > 0.01)
        show_use(w, push, pod->service, pod->part * alive, q);
}

/* what a service sees of the hosts that it is on */
static void show_place(const struct rca_sim_world *w, size_t i, double *q)
{
    const struct rca_sim_host *h = &w->host[w->pod[w->service[i].pod].host];

    q[RCA_SIM_Q_HOST_CPU] = h->busy < 1 ? h->busy : 1;
    q[RCA_SIM_Q_HOST_MEMORY] = h->memory * (1 + h->noise / 40);
}

void rca_sim_world_show(const struct rca_sim_world *w,
                        const struct rca_sim_push *push,
                        struct rca_sim_frame *frame)
{
    for (size_t i = 0; i < frame->n * RCA_SIM_Q_COUNT; i++)
        frame->q[i] = NAN;
    for (size_t i = 0; i < w->n_services; i++) {
        double *q = rca_sim_frame_of(frame, i);

        show_use(w, push, i, 1, q);
        show_place(w, i, q);
        if (w->service[i].batch)
            continue;
        show_times(&w->service[i], q);
        show_requests(&w->service[i], q);
    }
    for (size_t i = 0; i < w->n_clients; i++) {
        const struct rca_sim_client *c = &w->client[i];
        double *q = rca_sim_frame_of(frame, rca_sim_world_client(w, i));

        show_times(&w->service[c->service], q);
        q[RCA_SIM_Q_LOAD] = c->load;
        q[RCA_SIM_Q_ERRORS] = w->service[c->service].errors;
        q[RCA_SIM_Q_AVAILABILITY] = 1 - q[RCA_SIM_Q_ERRORS];
        q[RCA_SIM_Q_ERROR_RATE] = q[RCA_SIM_Q_ERRORS] * c->load;
    }
    for (size_t h = 0; h < w->n_hosts; h++)
        show_host(w, h, rca_sim_frame_of(frame, rca_sim_world_host(w, h)));
    for (size_t p = 0; p < w->n_pods; p++)
        show_pod(w, push, p, rca_sim_frame_of(frame, rca_sim_world_pod(w, p)));
}
