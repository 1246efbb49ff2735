/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Running a stage: row after row, what happens and what is written down. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "datasets/simulate_stage.h"

#define SETTLE 40 /* rows before the first, for queues and noise */

struct scratch {
    struct rca_sim_frame frame;
    double *common;
    struct rca_sim_push push;
};

static void done(struct scratch *t)
{
    free(t->frame.q);
    free(t->common);
}

static int init(struct scratch *t, const struct rca_sim_stage *s)
{
    t->frame.n = s->n_entities;
    t->frame.q = calloc(s->n_entities * RCA_SIM_Q_COUNT, sizeof(*t->frame.q));
    t->common = calloc(s->n_entities, sizeof(*t->common));
    return t->frame.q && t->common ? 0 : -ENOMEM;
}

int rca_sim_stage_start(const struct rca_sim_stage *stage,
                        struct rca_sim_run *run)
{
    struct rca_sim_push *push RCA_CLEANUP(rca_freep) = calloc(1, sizeof(*push));

    if (!push)
        return -ENOMEM;
    run->world = stage->world;
    run->net = stage->net;
    for (size_t i = 0; i < SETTLE; i++) {
        if (stage->plan.o.style == RCA_SIM_STYLE_NET)
            rca_sim_net_run(&run->net, NULL, i);
        else
            rca_sim_world_run(&run->world, push, i);
    }
    return 0;
}

static void live(const struct rca_sim_stage *s, struct rca_sim_run *run,
                 size_t row, struct scratch *t)
{
    const _Bool hit = run->faults && s->n_fates;

    if (s->plan.o.style == RCA_SIM_STYLE_NET) {
        rca_sim_net_run(&run->net, hit ? &s->fates[0].cut : NULL, row);
        rca_sim_net_show(&run->net, &t->frame);
        return;
    }
    memset(&t->push, 0, sizeof(t->push));
    for (size_t i = 0; i < s->n_herrings; i++)
        rca_sim_herring_push(&s->herrings[i], &run->world, row, &t->push);
    for (size_t i = 0; hit && i < s->n_fates; i++)
        rca_sim_blow_push(&s->fates[i].blow, &run->world, row, &t->push);
    rca_sim_world_run(&run->world, &t->push, row + SETTLE);
    rca_sim_world_show(&run->world, &t->push, &t->frame);
}

static void write_down(struct rca_sim_stage *s, const struct rca_sim_run *run,
                       size_t row, struct scratch *t)
{
    const size_t rows = s->plan.o.normal + s->plan.o.incident;
    const struct rca_sim_look look = {&s->plan, &t->frame, t->common, row};

    for (size_t e = 0; e < s->n_entities; e++) {
        struct rca_sim_random r =
            rca_sim_random_make(s->seed + e * 7919, row + 1);

        t->common[e] = rca_sim_random_normal(&r);
    }
    for (size_t v = 0; v < s->columns.n; v++) {
        struct rca_sim_column *c = &s->columns.list[v];

        if (run->wanted && !run->wanted[v])
            continue;
        if (c->kind == RCA_SIM_MEASURED)
            run->x[v * rows + row] = rca_sim_observe(c, &look);
        else if (c->kind != RCA_SIM_COPY && !run->faults)
            run->x[v * rows + row] = rca_sim_wander(c, row);
    }
}

int rca_sim_stage_run(struct rca_sim_stage *stage, struct rca_sim_run *run)
{
    struct scratch *t RCA_CLEANUP(rca_freep) = calloc(1, sizeof(*t));
    int err = t ? init(t, stage) : -ENOMEM;

    for (size_t row = run->from; row < run->to && !err; row++) {
        live(stage, run, row, t);
        write_down(stage, run, row, t);
    }
    if (t)
        done(t);
    return err;
}
