/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/rank.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/method.h"

#define MIN_ROWS_BEFORE 5

static const struct method {
    const char *name;
    rca_method_rank *rank;
} methods[] = {
    [RCA_METHOD_ATTRIBUTION] = {"attribution", rca_attribution_rank},
    [RCA_METHOD_MURPHY] = {"murphy", rca_murphy_rank},
    [RCA_METHOD_BARO] = {"baro", rca_baro_rank},
    [RCA_METHOD_NSIGMA] = {"nsigma", rca_nsigma_rank},
    [RCA_METHOD_CIRCA] = {"circa", rca_circa_rank},
};
static_assert(RCA_ARRAY_SIZE(methods) == RCA_METHOD_COUNT, "one each");

const char *rca_method_name(enum rca_method method)
{
    return method < RCA_METHOD_COUNT ? methods[method].name : "?";
}

int rca_method_parse(const char *name, enum rca_method *ret)
{
    for (unsigned i = 0; i < RCA_METHOD_COUNT; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            *ret = (enum rca_method)i;
            return 0;
        }
    }
    return RCA_EUNKNOWN;
}

const char *rca_verdict_name(enum rca_verdict verdict)
{
    static const char *const names[] = {"cause", "unclear", "normal"};

    static_assert(RCA_ARRAY_SIZE(names) == RCA_VERDICT_COUNT, "one each");
    return verdict < RCA_VERDICT_COUNT ? names[verdict] : "?";
}

static int by_score(const void *a, const void *b)
{
    const struct rca_ranked *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->entity > y->entity) - (x->entity < y->entity);
}

static _Bool is_usable(const struct rca_incident *i)
{
    const struct rca_rows *before = &i->before, *incident = &i->incident;

    return i->w->n_vars > 0 && before->to >= before->from + MIN_ROWS_BEFORE &&
           before->to <= i->w->n_rows && incident->to > incident->from &&
           incident->to <= i->w->n_rows;
}

int rca_rank(const struct rca_incident *incident,
             const struct rca_rank_options *options,
             struct rca_ranking **ret_ranking)
{
    struct rca_ranking *ranking RCA_CLEANUP(rca_ranking_free) = NULL;
    rca_method_rank *rank = methods[options->method].rank;
    int err;

    if (!rank)
        return RCA_ENOSUPPORT;
    if (!is_usable(incident))
        return RCA_ETOOFEW;
    ranking = calloc(1, sizeof(*ranking));
    if (!ranking)
        return -ENOMEM;
    err = rank(incident, options, ranking);
    if (err)
        return err;
    if (ranking->n)
        qsort(ranking->list, ranking->n, sizeof(*ranking->list), by_score);
    *ret_ranking = RCA_TAKE(ranking);
    return 0;
}

void rca_ranking_free(struct rca_ranking **ranking)
{
    struct rca_ranking *r = *ranking;

    *ranking = NULL;
    if (!r)
        return;
    free(r->list);
    free(r);
}
