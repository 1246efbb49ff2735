/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/evaluate_render.h"
#include "cli/progress.h"
#include "datasets/learn.h"
#include "graph/base/parse.h"

/* Rows that a start may be shifted by: more is a mistake. */
#define MAX_SHIFT 1000000
#define MAX_JOBS 1024

static const struct rca_usage usage = {
    "evaluate",
    "rca evaluate [--method NAME] [--loo] [--normal] [--shift-rows K]\n"
    "                    [--format text|json] PATH...\n"
    "       rca evaluate --fit PATH...",
    "Rank the root causes of labelled incidents and say how often the true one\n"
    "came first: of every case folder at and under the paths. The truth is read\n"
    "after the ranking. Each figure comes with its 90 % range over cases drawn\n"
    "anew. With -v a line a case and a table by kind of fault, too. Exit: 1 if\n"
    "a case is broken; the others are scored all the same.",
    "  rca evaluate incidents/\n"
    "  rca evaluate --method baro -v incidents/2026-11\n"
    "  rca evaluate --shift-rows -1 incidents/\n"
    "  rca evaluate --loo incidents/\n"
    "  rca evaluate --normal incidents/\n"
    "  rca evaluate --format json incidents/ | jq .summary\n",
};

static const char *const formats[] = {"text", "json", NULL};
enum { TEXT, JSON };

struct options {
    struct rca_evaluate_options evaluate;
    int method, format;
    uint64_t jobs;
    const char *shift;
    _Bool fit;
};

static int refuse(const char *what)
{
    (void)fprintf(stderr, "rca evaluate: %s; see rca evaluate --help\n", what);
    return RCA_EXIT_USAGE;
}

static int check(struct options *o, const char *first)
{
    int64_t shift = 0;

    if (!first)
        return refuse("evaluate what? Name folders with cases");
    if (o->shift && (rca_parse_i64(o->shift, &shift) || shift > MAX_SHIFT ||
                     shift < -MAX_SHIFT)) {
        (void)fprintf(stderr,
                      "rca evaluate: --shift-rows wants a number of rows such "
                      "as -1, not '%s'\n",
                      o->shift);
        return RCA_EXIT_USAGE;
    }
    if (shift && o->evaluate.normal)
        return refuse("--normal goes without --shift-rows");
    if ((o->evaluate.loo || o->fit) && o->method != RCA_METHOD_ATTRIBUTION)
        return refuse("only the default method learns");
    if (o->jobs > MAX_JOBS)
        return refuse("--jobs wants a number of threads");
    o->evaluate.rank.method = (enum rca_method)o->method;
    o->evaluate.shift = (int)shift;
    o->evaluate.jobs = (unsigned)o->jobs;
    return -1;
}

static int parse(int argc, char **argv, struct options *o, const char **words)
{
    const char *methods[RCA_METHOD_COUNT + 1] = {NULL};
    const struct rca_arg args[] = {
        {"method", 'm', RCA_ARG_CHOICE, "NAME", &o->method, methods,
         "attribution, murphy, baro, nsigma or circa"},
        {"exact", 0, RCA_ARG_FLAG, NULL, &o->evaluate.rank.exact, NULL,
         "murphy: in closed form, not sampled"},
        {"loo", 0, RCA_ARG_FLAG, NULL, &o->evaluate.loo, NULL,
         "learn the weights without the data set ranked"},
        {"fit", 0, RCA_ARG_FLAG, NULL, &o->fit, NULL,
         "only print the weights that the cases teach"},
        {"normal", 0, RCA_ARG_FLAG, NULL, &o->evaluate.normal, NULL,
         "rank windows of the normal rows instead"},
        {"shift-rows", 0, RCA_ARG_TEXT, "K", &o->shift, NULL,
         "tell a start that is K rows too late"},
        {"seed", 0, RCA_ARG_NUMBER, "N", &o->evaluate.rank.seed, NULL,
         "of what is drawn (1)"},
        {"jobs", 'j', RCA_ARG_NUMBER, "N", &o->jobs, NULL,
         "threads (one a processor)"},
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &o->format, formats,
         "text or json (text)"},
        {0},
    };
    int r;

    for (unsigned i = 0; i < RCA_METHOD_COUNT; i++)
        methods[i] = rca_method_name((enum rca_method)i);
    r = rca_args_parse(argc, argv, args, &usage, (size_t)argc, words);
    return r >= 0 ? r : check(o, words[0]);
}

/* --- the answer ----------------------------------------------------------- */

static void say_broken(const struct rca_diag *diag, int err)
{
    const char *text = diag->text[0] ? diag->text : rca_strerror(err);

    if (diag->line)
        (void)fprintf(stderr, "rca: %s:%u: %s\n", diag->file, diag->line, text);
    else
        (void)fprintf(stderr, "rca: %s: %s\n", diag->file, text);
}

static int find(const char *const *paths, struct rca_folders *folders)
{
    int code = RCA_EXIT_DONE;

    for (; *paths; paths++) {
        struct rca_diag diag = {0};
        int err = rca_folders_add(folders, *paths, &diag);

        if (!err)
            continue;
        if (err == -ENOMEM)
            return rca_say("evaluate", NULL, err);
        say_broken(&diag, err);
        code = RCA_EXIT_ERROR;
    }
    return code;
}

static int print(const struct rca_cli *cli, const struct options *o,
                 const struct rca_evaluation *e)
{
    struct rca_buf buf = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int err = o->format == JSON
                  ? rca_render_evaluation_json(e, &buf)
                  : rca_render_evaluation_text(e, o->evaluate.normal,
                                               cli->verbosity > 0, &buf);

    if (err)
        rca_buf_done(&buf);
    err = err ? err : rca_buf_take(&buf, &text);
    if (err)
        return rca_say("evaluate", NULL, err);
    return fputs(text, stdout) < 0 ? RCA_EXIT_ERROR : RCA_EXIT_DONE;
}

/* Weights as model/weights.c holds them. */
static void print_weights(const struct rca_weights *w)
{
    printf("    .w =\n        {\n");
    for (unsigned k = 0; k < RCA_EVIDENCE_COUNT; k++) {
        printf("            [RCA_EVIDENCE_");
        for (const char *s = rca_evidence_name(k); *s; s++)
            (void)putchar(toupper((unsigned char)*s));
        printf("] = %.3f,\n", w->w[k]);
    }
    printf("        },\n    .trust = {");
    for (size_t k = 0; k < RCA_TRUST_COUNT; k++)
        printf("%s%.3f", k ? ", " : "", w->trust[k]);
    printf("},\n");
}

static int fit(const struct options *o, const struct rca_folders *folders)
{
    struct rca_lessons lessons RCA_CLEANUP(rca_lessons_done) = {0};
    const struct rca_pool pool = {
        .jobs = o->evaluate.jobs,
        .progress = o->evaluate.progress,
        .progress_data = o->evaluate.progress_data,
    };
    struct rca_weights weights;
    int err = rca_learn_gather(folders, &pool, o->evaluate.rank.seed, &lessons);
    int code = RCA_EXIT_DONE;

    rca_progress_end(o->evaluate.progress_data);
    err = err ? err : rca_learn_fit(&lessons, NULL, &weights);
    if (err)
        return rca_say("cannot learn", NULL, err);
    for (size_t i = 0; i < lessons.n; i++) {
        const struct rca_broken *broken = &lessons.list[i].broken;

        if (!broken->err)
            continue;
        say_broken(&broken->diag, broken->err);
        code = RCA_EXIT_ERROR;
    }
    print_weights(&weights);
    return code;
}

static _Bool is_one_set(const struct rca_evaluation *e)
{
    for (size_t i = 1; i < e->n; i++) {
        if (strcmp(e->outcomes[i].dataset, e->outcomes[0].dataset) != 0)
            return 0;
    }
    return e->n > 0;
}

static int evaluate(const struct rca_cli *cli, const struct options *o,
                    const struct rca_folders *folders)
{
    struct rca_evaluation e RCA_CLEANUP(rca_evaluation_done) = {0};
    int err = rca_evaluate(folders, &o->evaluate, &e), code = RCA_EXIT_DONE;

    rca_progress_end(o->evaluate.progress_data);
    if (err)
        return rca_say(rca_method_name(o->evaluate.rank.method), NULL, err);
    for (size_t i = 0; i < e.n_broken; i++)
        say_broken(&e.broken[i].diag, e.broken[i].err);
    if (o->evaluate.loo && is_one_set(&e))
        (void)fprintf(stderr, "rca: --loo: all cases are of one data set: "
                              "nothing to learn from, weights by hand\n");
    if (e.n)
        code = print(cli, o, &e);
    return e.n_broken ? RCA_EXIT_ERROR : code;
}

int rca_cmd_evaluate(struct rca_cli *cli, int argc, char **argv)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};
    struct rca_progress_line line RCA_CLEANUP(rca_progress_end) =
        rca_progress_begin(cli, "evaluate");
    struct options o = {.evaluate.rank.seed = 1,
                        .evaluate.progress = rca_progress_count,
                        .evaluate.progress_data = &line};
    const char **words RCA_CLEANUP(rca_freep) = NULL;
    int code, found;

    words = (const char **)calloc((size_t)argc + 1, sizeof(*words));
    if (!words)
        return rca_say("evaluate", NULL, -ENOMEM);
    code = parse(argc, argv, &o, words);
    if (code >= 0)
        return code;
    found = find(words, &folders);
    if (!folders.n)
        return found;
    code = o.fit ? fit(&o, &folders) : evaluate(cli, &o, &folders);
    return code ? code : found;
}
