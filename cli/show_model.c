/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/show.h"
#include "graph/base/time.h"
#include "model/weights.h"

static int print_learned(const struct rca_open *open)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    char from[RCA_TIME_TEXT_SIZE], to[RCA_TIME_TEXT_SIZE];
    char step[RCA_TIME_TEXT_SIZE];
    struct rca_model_info info;
    int r = rca_load_model(open->store, &model);

    if (r > 0) {
        printf("Nothing is learned yet: rca train --window 24h\n");
        return -1;
    }
    if (r)
        return rca_open_model(open, &model); /* says why */
    rca_model_info(model, &info);
    printf("Learned from %s to %s: %zu rows of %s, %zu metrics of %zu "
           "entities,\n%zu of them explained by others (rca show entity "
           "NAME).\n",
           rca_time_utc(info.from, from), rca_time_utc(info.to, to), info.rows,
           rca_duration_text(info.step, step), info.variables, info.entities,
           info.factors);
    return -1;
}

static void print_weights(const struct rca_weights *w)
{
    printf("\nWhat speaks for a suspect and against it. Its score is the sum "
           "of weight times\nevidence, and its chance grows with exp(score). "
           "The weights were learned from\nlabelled incidents; strengths "
           "count as log(1 + strength).\n");
    for (unsigned i = 0; i < RCA_EVIDENCE_COUNT; i++) {
        const enum rca_evidence_kind kind = (enum rca_evidence_kind)i;

        printf("  %+6.2f  %-9s  %s\n", w->w[i], rca_evidence_name(kind),
               rca_evidence_text(kind));
    }
}

static void print_trust(const struct rca_weights *w)
{
    printf("\nHow sure the first one is: 1 / (1 + exp(-sum)), the sum being "
           "that of\n");
    for (size_t i = 0; i < RCA_TRUST_COUNT; i++)
        printf("  %+6.2f  times %s\n", w->trust[i], rca_trust_text(i));
    printf("From %.0f %% on it is named as the cause.\n",
           100 * RCA_CONFIDENCE_FLOOR);
}

int rca_show_model(const struct rca_open *open)
{
    const struct rca_weights *w = rca_weights_default();
    const int r = print_learned(open);

    if (r >= 0)
        return r;
    print_weights(w);
    print_trust(w);
    return RCA_EXIT_DONE;
}
