/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>

#include "model/answer.h"

static int add_cause(struct rca_answer *answer, const struct rca_ranked *ranked)
{
    struct rca_explanation *e = answer->e;
    struct rca_cause *cause = &e->causes[e->n_causes];
    const int err = rca_answer_card(answer, ranked->variable, &cause->card);

    if (err)
        return err;
    cause->share = ranked->share;
    cause->confidence = ranked->confidence;
    cause->value = cause->low = cause->high = NAN;
    e->n_causes++;
    return 0;
}

struct rca_incident rca_answer_incident(const struct rca_answer *answer)
{
    const struct rca_scene *s = answer->scene;
    const struct rca_variable *symptom = &s->w->vars[answer->symptom];

    return (struct rca_incident){.w = s->w,
                                 .g = s->g,
                                 .before = s->normal,
                                 .incident = s->incident,
                                 .victim = symptom->entity,
                                 .metric = symptom->metric.name};
}

int rca_answer_rank(struct rca_answer *answer,
                    const struct rca_explain_options *options, size_t top)
{
    struct rca_ranking *ranking RCA_CLEANUP(rca_ranking_free) = NULL;
    const struct rca_incident incident = rca_answer_incident(answer);
    const struct rca_rank_options rank = {.method = options->method,
                                          .seed = options->seed,
                                          .exact = options->exact};
    int err = rca_rank(&incident, &rank, &ranking);

    if (err)
        return err;
    answer->e->unexplained = NAN;
    answer->e->causes = calloc(top ? top : 1, sizeof(*answer->e->causes));
    if (!answer->e->causes)
        return -ENOMEM;
    for (size_t k = 0; !err && k < ranking->n && k < top; k++) {
        if (!(ranking->list[k].score > 0))
            break;
        if (ranking->list[k].variable != UINT32_MAX)
            err = add_cause(answer, &ranking->list[k]);
    }
    return err;
}
