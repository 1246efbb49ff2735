/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * detect_cases - how well model/detect.h does on labelled cases: the section
 * "Detection" of docs/ACCURACY.md.
 *
 * detect_cases [-v] [--fdr Q] PATH...  one line a data set on standard output:
 * of the incidents, how many have an abnormal symptom, the victim's own, and the
 * cause among the findings; of windows of normal rows (as `rca evaluate
 * --normal` chooses them), how many have anything abnormal. What is known as
 * normal are the rows before, less the guard band.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "datasets/case.h"
#include "datasets/evaluate.h"
#include "datasets/folders.h"
#include "model/detecting.h"

#define MIN_ROWS 5
#define MINUTE (60 * RCA_SECOND)
#define MOST_SETS 64

struct tally {
    char name[64];
    size_t cases, victims, symptom, victim, cause, causes, empty;
    size_t groups, findings;
    size_t windows, any, alarm, window_groups, tested, false_findings;
};

struct run {
    struct tally sets[MOST_SETS];
    size_t n;
    double fdr;
    _Bool verbose;
};

static struct tally *tally_of(struct run *run, const char *name)
{
    for (size_t i = 0; i < run->n; i++) {
        if (strcmp(run->sets[i].name, name) == 0)
            return &run->sets[i];
    }
    if (run->n == MOST_SETS)
        abort();
    (void)snprintf(run->sets[run->n].name, sizeof(run->sets[0].name), "%s",
                   name);
    return &run->sets[run->n++];
}

/* @rows against @before; NULL where there is too little */
static struct rca_detection *detect(const struct run *run,
                                    const struct rca_case *c,
                                    struct rca_rows before,
                                    struct rca_rows rows)
{
    const rca_time minute = MINUTE / c->window->step;
    const size_t usual = minute > MIN_ROWS ? (size_t)minute : MIN_ROWS;
    const size_t n = rows.to - rows.from;
    struct rca_lookout look = {.w = c->window,
                               .g = c->graph,
                               .rows = rows,
                               .normal = rca_scene_guard(before, rows),
                               .length = n < usual ? n : usual,
                               .fdr = run->fdr};
    struct rca_detection *d = NULL;
    const int err = rca_detect_window(&look, &d);

    if (err && err != RCA_ETOOFEW) {
        (void)fprintf(stderr, "%s: %s\n", c->name, rca_strerror(err));
        exit(1);
    }
    return d;
}

static void say(const char *what, const struct rca_detection *d)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        const struct rca_finding *f = &d->findings[i];

        printf(
            "  %s: group %zu %s %s %s %g -> %g strength %.1f p %.1e of %zu\n",
            what, f->group, f->is_symptom ? "symptom" : "other", f->card.name,
            f->card.metric, f->card.before, f->card.after, f->card.strength,
            f->p, d->n_tested);
    }
}

static size_t symptom_groups(const struct rca_detection *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n_groups; i++)
        n += d->groups[i].n_symptoms > 0;
    return n;
}

/* --- incidents ------------------------------------------------------------------ */

static _Bool is_of(const struct rca_case *c, const struct rca_finding *f,
                   const char *service)
{
    const uint32_t node = rca_graph_node(c->graph, f->card.entity);

    return node != UINT32_MAX && strcmp(c->service[node], service) == 0;
}

static void incident(const struct run *run, const struct rca_case *c,
                     const char *cause, struct tally *t)
{
    const struct rca_incident *i = &c->incident;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) =
        detect(run, c, i->before, i->incident);
    _Bool victim = 0, found = 0;

    t->cases++;
    t->victims += i->victim != RCA_ID_NONE;
    t->causes += cause != NULL;
    if (!d)
        return;
    for (size_t k = 0; k < d->n_findings; k++) {
        const struct rca_finding *f = &d->findings[k];

        victim = victim || (f->is_symptom && f->card.entity == i->victim);
        found = found || (cause && is_of(c, f, cause));
    }
    t->symptom += symptom_groups(d) > 0;
    t->empty += d->n_findings == 0;
    t->victim += victim;
    t->cause += found;
    t->groups += d->n_groups;
    t->findings += d->n_findings;
    if (run->verbose)
        say(c->name, d);
}

/* --- normal windows --------------------------------------------------------------- */

static void normal_window(const struct run *run, const struct rca_case *c,
                          size_t from, size_t to, struct tally *t)
{
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) =
        detect(run, c, (struct rca_rows){c->incident.before.from, from},
               (struct rca_rows){from, to});

    if (!d)
        return;
    t->windows++;
    t->any += d->n_findings > 0;
    t->alarm += symptom_groups(d) > 0;
    t->window_groups += d->n_groups;
    t->tested += d->n_tested;
    t->false_findings += d->n_findings;
    if (run->verbose)
        say("normal", d);
}

static void normal_windows(const struct run *run, const struct rca_case *c,
                           struct tally *t)
{
    const struct rca_incident *i = &c->incident;
    const size_t half = (i->before.to - i->before.from) / 2;
    size_t length = i->incident.to - i->incident.from, n;

    length = length < half ? length : half;
    n = length ? half / length : 0;
    n = n < RCA_EVALUATE_WINDOWS ? n : RCA_EVALUATE_WINDOWS;
    for (size_t k = 0; k < n; k++) {
        const size_t to = i->before.to - (n - 1 - k) * (half / n);

        normal_window(run, c, to - length, to, t);
    }
}

/* --- all ---------------------------------------------------------------------------- */

static void look(struct run *run, const char *folder)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct rca_truth truth RCA_CLEANUP(rca_truth_done) = {0};
    struct rca_diag diag = {0};
    struct tally *t;

    if (rca_case_read(folder, &c, &diag) ||
        rca_truth_read(folder, &truth, &diag)) {
        (void)fprintf(stderr, "%s: %s\n", folder, diag.text);
        return;
    }
    if (run->verbose)
        printf("%s\n", c->name);
    t = tally_of(run, c->dataset);
    incident(run, c, rca_evaluate_service(c, &truth), t);
    normal_windows(run, c, t);
}

static void print(const struct tally *t)
{
    const double windows = (double)(t->windows ? t->windows : 1);
    const double cases = (double)(t->cases ? t->cases : 1);

    printf("| %s | %zu | %zu | %zu of %zu | %zu of %zu | %.1f | %.0f | %zu | "
           "%zu (%.1f %%) | %zu (%.1f %%) | %.4f %% |\n",
           t->name, t->cases, t->symptom, t->victim, t->victims, t->cause,
           t->causes, (double)t->groups / cases, (double)t->findings / cases,
           t->windows, t->alarm, 100 * (double)t->alarm / windows, t->any,
           100 * (double)t->any / windows,
           100 * (double)t->false_findings /
               (double)(t->tested ? t->tested : 1));
}

int main(int argc, char **argv)
{
    static struct run run;
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};

    for (int i = 1; i < argc; i++) {
        struct rca_diag diag = {0};

        if (strcmp(argv[i], "-v") == 0)
            run.verbose = 1;
        else if (strcmp(argv[i], "--fdr") == 0 && i + 1 < argc)
            run.fdr = strtod(argv[++i], NULL);
        else if (rca_folders_add(&folders, argv[i], &diag)) {
            (void)fprintf(stderr, "%s: %s\n", argv[i], diag.text);
            return 1;
        }
    }
    for (size_t i = 0; i < folders.n; i++)
        look(&run, folders.paths[i]);
    printf(
        "| dataset | incidents | a symptom | the victim's | the cause is "
        "among them | incidents told, mean | findings, mean | normal windows "
        "| with a symptom | with anything | of their metrics |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < run.n; i++)
        print(&run.sets[i]);
    return 0;
}
