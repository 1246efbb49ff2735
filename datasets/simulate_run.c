/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * One row of a world, downwards then upwards: clients send requests, services
 * pass them on (load flows with the calls), processors, disks and networks fill
 * up, and the time that each request waits flows back against the calls.
 *
 * Waiting is service time / (1 - utilization) (A. K. Erlang, 1909, for one
 * server), capped; timeouts and retries, thread pools, garbage collection and
 * restarts are thresholds, and act on the next row, which closes the loops:
 * retries raise load, waiting occupies threads, occupied threads make others
 * wait.
 */

#include <math.h>

#include "datasets/simulate_world.h"

#define FLOOD 30.0 /* times the usual load: more is turned away unseen */
#define BUDGET 0.4 /* retries at most, part of the requests */
#define FULL 0.97 /* utilization at which waiting stops to grow */
#define RETRANSMIT_S 0.2 /* what a lost packet costs */
#define PACKET_BYTES 1200.0
#define DISK_S 0.004 /* one access of an idle disk */
#define EARLY 0.8 /* of failed requests: fail before calling anybody */

static double at_most(double x, double limit)
{
    return x < limit ? x : limit;
}

static double waiting(double utilization)
{
    const double u = at_most(utilization, FULL);

    return 1 / (1 - u);
}

/* how much over a threshold, 0..1 and more */
static double over(double x, double threshold, double width)
{
    return x > threshold ? (x - threshold) / width : 0;
}

static double next_noise(struct rca_sim_world *w, double old, double size)
{
    return w->keep * old + sqrt(1 - w->keep * w->keep) * size *
                               rca_sim_random_normal(&w->random);
}

static void draw_noise(struct rca_sim_world *w)
{
    static const double size[RCA_SIM_NOISES] = {0.5, 0.6, 0.3, 0.5};

    for (size_t i = 0; i < w->n_services; i++) {
        struct rca_sim_service *s = &w->service[i];
        /* busy hours are noisier */
        const double rough =
            w->rough * (s->batch ? 2 : 0.7 + at_most(s->rho, 1));

        for (size_t k = 0; k < RCA_SIM_NOISES; k++)
            s->noise[k] = next_noise(w, s->noise[k], size[k] * rough);
        s->saw += 0.01 * rca_sim_random_unit(&w->random);
        if (s->saw > 0.25)
            s->saw = 0;
    }
    for (size_t h = 0; h < w->n_hosts; h++)
        w->host[h].noise = next_noise(w, w->host[h].noise, w->rough);
}

static void send(struct rca_sim_world *w, const struct rca_sim_push *push,
                 size_t row)
{
    for (size_t i = 0; i < w->n_clients; i++) {
        struct rca_sim_client *c = &w->client[i];
        const double hour = (double)row / c->period + c->phase;
        const _Bool burst = rca_sim_random_chance(&w->random, c->burst_rate);
        const double size = rca_sim_random_range(&w->random, 0.1, 0.6);
        double load;

        c->burst = burst ? size : 0.6 * c->burst;
        c->noise = next_noise(w, c->noise, w->rough);
        load = c->rate * (1 + c->swing * rca_sim_wave(hour)) *
               (1 + c->drift * (double)row / 1000) * (1 + c->burst) *
               rca_sim_exp(c->noise) * (1 + push->surge[i]);
        load += sqrt(load / w->step) * rca_sim_random_normal(&w->random);
        c->load = load > 0 ? load : 0;
        w->service[c->service].load += c->load;
    }
}

/* what fails early or never arrives calls nobody */
static void pass_on(struct rca_sim_world *w, const struct rca_sim_push *push)
{
    for (size_t c = 0; c < w->n_calls; c++) {
        if (w->call[c].back)
            w->service[w->call[c].to].load +=
                w->service[w->call[c].from].served * w->call[c].calls;
    }
    for (size_t i = 0; i < w->n_services; i++) {
        struct rca_sim_service *s = &w->service[i];

        s->load *= 1 + push->service[i].load;
        s->load = at_most(s->load, FLOOD * s->usual);
        s->served = s->load * (1 - push->service[i].down) *
                    (1 - EARLY * push->service[i].error);
        s->retries = 0;
        for (size_t c = s->call; c < s->call + s->n_calls; c++) {
            const struct rca_sim_call *call = &w->call[c];
            const double sent =
                s->served * call->calls * rca_sim_exp(s->noise[3] / 3);
            /* a budget keeps most clients from storms of retries */
            const double again =
                sent * at_most(call->fail * call->retries, BUDGET);

            s->retries += again;
            if (!call->back)
                w->service[call->to].load += sent + again;
        }
    }
}

static void use_processors(struct rca_sim_world *w,
                           const struct rca_sim_push *push)
{
    for (size_t i = 0; i < w->n_services; i++) {
        struct rca_sim_service *s = &w->service[i];
        const double cost = s->cost * rca_sim_exp(s->noise[0]) *
                            (1 + push->service[i].cost + 0.5 * s->collect);
        const double idle =
            s->idle * rca_sim_exp(s->batch ? s->noise[0] : s->noise[1]);
        const double want = s->load * (1 - push->service[i].down) * cost +
                            idle + push->service[i].cpu;

        s->rho = want / s->limit;
        s->cpu = at_most(want, s->limit);
        s->throttled = at_most(over(s->rho, 0.75, 0.5), 1);
    }
    for (size_t p = 0; p < w->n_pods; p++) {
        struct rca_sim_pod *pod = &w->pod[p];
        const double renewed = push->service[pod->service].renewed;

        pod->cpu = w->service[pod->service].cpu * pod->part *
                   (pod->spare ? renewed : 1 - renewed);
        w->host[pod->host].cpu += pod->cpu;
    }
}

static void fill_devices(struct rca_sim_world *w,
                         const struct rca_sim_push *push)
{
    for (size_t p = 0; p < w->n_pods; p++) {
        const struct rca_sim_pod *pod = &w->pod[p];
        const struct rca_sim_service *s = &w->service[pod->service];
        struct rca_sim_host *h = &w->host[pod->host];

        if (pod->spare)
            continue;
        h->disk_busy +=
            (s->load * s->io + push->service[pod->service].io) * pod->part;
        h->net += s->load * s->bytes * pod->part;
    }
    for (size_t i = 0; i < w->n_hosts; i++) {
        struct rca_sim_host *h = &w->host[i];

        h->cpu +=
            h->idle * rca_sim_exp(h->noise) + push->host[i].cpu * h->cores;
        h->busy = h->cpu / h->cores;
        /* a processor that is half busy makes hardly anybody wait */
        h->slow = waiting(h->busy * h->busy * h->busy);
        h->disk_busy = h->disk_busy / h->disk + push->host[i].io;
        h->disk_wait =
            DISK_S * waiting(h->disk_busy) * rca_sim_exp(h->noise / 2);
        h->net = h->net / h->nic + push->host[i].net;
        h->wait = h->delay * waiting(h->net) + push->host[i].delay;
        h->lost = push->host[i].loss + 0.01 * over(h->net, 0.85, 0.1);
    }
}

/* what a service waits for on the hosts of its pods, on average */
static void work(struct rca_sim_world *w, const struct rca_sim_push *push,
                 size_t i)
{
    struct rca_sim_service *s = &w->service[i];
    double slow = 0, disk = 0, net = push->service[i].delay;
    double lost = push->service[i].loss;

    for (size_t k = 0; k < s->n_pods; k++) {
        const struct rca_sim_pod *p = &w->pod[s->pod + k];

        slow += p->part * w->host[p->host].slow;
        disk += p->part * w->host[p->host].disk_wait;
        net += p->part * w->host[p->host].wait;
        lost += p->part * w->host[p->host].lost;
    }
    s->own = s->time * rca_sim_exp(s->noise[1]) * slow *
             (1 + push->service[i].slow) * waiting(s->rho * s->rho) *
             (1 + 2 * s->collect);
    s->own += s->io * disk;
    /* the pool: what does not find a thread waits in line */
    s->own *= 1 + at_most(3 * over(s->busy, 0.8, 0.2), 20);
    s->tail = (net + lost * RETRANSMIT_S) * (1 + (double)s->n_calls / 4);
    s->latency = s->own + s->tail;
    s->errors = s->error + push->service[i].error + push->service[i].down +
                0.5 * s->restarts + at_most(over(s->busy, 1.1, 2), 0.5) +
                at_most(2 * lost * lost, 0.5);
    s->errors = at_most(s->errors, 1);
}

/* one attempt of a call: part of it that fails, and how long it takes */
static double attempt(const struct rca_sim_world *w,
                      const struct rca_sim_push *push,
                      struct rca_sim_call *call)
{
    const struct rca_sim_service *to = &w->service[call->to];
    const double timeout =
        call->timeout * (1 - push->service[call->from].hurry);
    const double down = push->service[call->to].down;
    const double late =
        1 / (1 + rca_sim_exp(5 * (1.6 - to->latency / timeout)));

    call->fail = 1 - (1 - to->errors) * (1 - late);
    /* half of those that go to a dead service wait for the timeout */
    return at_most(to->latency, timeout) * (1 - down) +
           down * at_most(timeout / 2, 20 * to->time + 1);
}

static void wait_for_calls(struct rca_sim_world *w,
                           const struct rca_sim_push *push, size_t i)
{
    struct rca_sim_service *s = &w->service[i];
    double fine = 1 - s->errors, calls = 0;

    s->client = 0;
    for (size_t c = s->call; c < s->call + s->n_calls; c++) {
        struct rca_sim_call *call = &w->call[c];
        const double time = attempt(w, push, call);
        const double tries = 1 + call->fail * call->retries / 2;
        const double failed = call->fail * (call->retries > 0 ? call->fail : 1);

        s->latency += call->calls * time * tries;
        s->client += call->calls * time;
        calls += call->calls;
        if (call->critical)
            fine *= 1 - failed * at_most(call->calls, 1);
    }
    if (calls > 0)
        s->client /= calls;
    s->errors = 1 - fine;
    /* failing early is quick */
    s->latency *= 1 - 0.7 * push->service[i].error;
}

/* what this row does to the next */
static void feed_back(struct rca_sim_world *w, const struct rca_sim_push *push)
{
    for (size_t i = 0; i < w->n_services; i++) {
        struct rca_sim_service *s = &w->service[i];
        const double threads = s->threads * (1 - push->service[i].stuck);
        double full;

        s->busy = at_most(s->load * s->latency / threads, 5);
        s->leak += push->service[i].leak;
        full = (s->memory * (1 + s->saw) + s->leak) / s->memory_limit;
        s->collect = at_most(over(full, 0.8, 0.2), 1);
        s->restarts = full >= 1;
        if (full >= 1)
            s->leak = 0;
    }
}

void rca_sim_world_run(struct rca_sim_world *w, const struct rca_sim_push *push,
                       size_t row)
{
    for (size_t i = 0; i < w->n_services; i++)
        w->service[i].load = 0;
    for (size_t h = 0; h < w->n_hosts; h++)
        w->host[h].cpu = w->host[h].disk_busy = w->host[h].net = 0;
    draw_noise(w);
    send(w, push, row);
    pass_on(w, push);
    use_processors(w, push);
    fill_devices(w, push);
    for (size_t i = w->n_services; i-- > 0;) {
        work(w, push, i);
        wait_for_calls(w, push, i);
    }
    feed_back(w, push);
}
