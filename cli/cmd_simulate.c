/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/args.h"
#include "cli/progress.h"
#include "datasets/case_write.h"
#include "datasets/simulate.h"

static const struct rca_usage usage = {
    "simulate",
    "rca simulate -o FOLDER [--seed N] [--cases N] [--style NAME]\n"
    "                    [--fault NAME] ...",
    "Write labelled incidents of simulated systems: services on hosts, or a\n"
    "network, with one fault or two, in the format that 'rca evaluate' and\n"
    "'rca import' read. What is not given is drawn; the same options write the\n"
    "same cases on every machine. docs/SIMULATE.md says what is simulated.\n"
    "Styles: sim-trace, sim-resources, sim-k8s, sim-nograph, sim-hosts,\n"
    "sim-net, sim-mixed. Faults: none, cpu-hog, noisy-neighbour, memory-leak,\n"
    "disk, network-delay, packet-loss, code-error, slow-code, lock,\n"
    "load-surge, deploy, outage, bad-config, link-down, link-loss, blackhole,\n"
    "router-down.",
    "  rca simulate -o sim --cases 100 && rca evaluate sim\n"
    "  rca simulate -o one --style sim-k8s --fault noisy-neighbour --seed 7\n",
};

struct request {
    const char *folder;
    uint64_t seed, cases, services, step, normal, incident;
    int style, fault;
};

static struct rca_sim_options options_of(const struct request *q)
{
    return (struct rca_sim_options){
        .style = (enum rca_sim_style)q->style,
        .fault = (enum rca_sim_fault)q->fault,
        .second = RCA_SIM_FAULT_COUNT,
        .services = q->services,
        .step = q->step,
        .normal = q->normal,
        .incident = q->incident,
    };
}

static int complain(const char *what, const struct rca_diag *diag, int err)
{
    if (diag && diag->text[0])
        (void)fprintf(stderr, "rca: %s: %s\n", diag->file, diag->text);
    else
        (void)fprintf(stderr, "rca: %s: %s\n", what, rca_strerror(err));
    return RCA_EXIT_ERROR;
}

static int make_folder(const char *path)
{
    return mkdir(path, 0777) && errno != EEXIST ? -errno : 0;
}

static int write_case(const struct request *q, const struct rca_case *c,
                      const struct rca_sim_truth *truth, struct rca_diag *diag)
{
    const char *const others[] = {truth->other, NULL};
    const struct rca_case_label label = {
        .entity = truth->entity,
        .service = truth->service,
        .fault = rca_sim_fault_name(truth->fault),
        .metrics = (const char *const *)truth->metric,
        .others = others};
    char path[PATH_MAX];
    size_t n;
    int err;

    n = (size_t)snprintf(path, sizeof(path), "%s/%s", q->folder, c->dataset);
    if (n + strlen(c->name) + 2 > sizeof(path))
        return -ENAMETOOLONG;
    err = make_folder(path);
    if (err)
        return err;
    (void)snprintf(path + n, sizeof(path) - n, "/%s", c->name);
    return rca_case_write(path, c, &label, diag);
}

static int write_one(const struct request *q, uint64_t seed,
                     struct rca_diag *diag)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct rca_sim_truth truth RCA_CLEANUP(rca_sim_truth_done) = {0};
    struct rca_sim_options options = options_of(q);
    int err;

    options.seed = seed;
    err = rca_simulate(&options, &c, &truth);
    return err ? err : write_case(q, c, &truth, diag);
}

/* what rca_simulate() would refuse, in the user's words */
static int check(const struct request *q)
{
    const char *wrong = NULL;

    if (!q->folder)
        wrong = "where to? -o FOLDER is missing";
    else if (q->services && (q->services < 5 || q->services > 60))
        wrong = "--services wants 5 to 60";
    else if (q->step > 86400)
        wrong = "--step wants seconds, at most 86400";
    else if (q->normal && (q->normal < 5 || q->normal > 100000))
        wrong = "--normal wants 5 to 100000 rows";
    else if (q->incident > 100000)
        wrong = "--incident wants 1 to 100000 rows";
    else if (q->style < RCA_SIM_STYLE_COUNT && q->fault < RCA_SIM_FAULT_COUNT &&
             !rca_sim_can((enum rca_sim_style)q->style,
                          (enum rca_sim_fault)q->fault))
        wrong = "a system of this style cannot have this fault";
    if (!wrong)
        return -1;
    (void)fprintf(stderr, "rca simulate: %s; see rca simulate --help\n", wrong);
    return RCA_EXIT_USAGE;
}

static int run(const struct rca_cli *cli, const struct request *q)
{
    struct rca_progress_line line RCA_CLEANUP(rca_progress_end) =
        rca_progress_begin(cli, "simulate");
    int err = make_folder(q->folder);

    if (err)
        return complain(q->folder, NULL, err);
    for (uint64_t i = 0; i < q->cases && !err; i++) {
        struct rca_diag diag = {0};

        err = write_one(q, q->seed + i, &diag);
        if (err)
            return complain(q->folder, &diag, err);
        rca_progress_count(&line, i + 1, q->cases);
    }
    rca_progress_end(&line);
    printf("wrote %" PRIu64 " case%s under %s\n", q->cases,
           q->cases == 1 ? "" : "s", q->folder);
    return RCA_EXIT_DONE;
}

int rca_cmd_simulate(struct rca_cli *cli, int argc, char **argv)
{
    struct request q = {.seed = 1,
                        .cases = 1,
                        .style = RCA_SIM_STYLE_COUNT,
                        .fault = RCA_SIM_FAULT_COUNT};
    const struct rca_arg args[] = {
        {"output", 'o', RCA_ARG_TEXT, "FOLDER", &q.folder, NULL,
         "where to; STYLE/SEED-FAULT in it"},
        {"seed", 0, RCA_ARG_NUMBER, "N", &q.seed, NULL,
         "of the first case (1); the next has the next"},
        {"cases", 'n', RCA_ARG_NUMBER, "N", &q.cases, NULL, "how many (1)"},
        {"style", 0, RCA_ARG_CHOICE, "NAME", &q.style, rca_sim_style_names(),
         "kind of system and of monitoring"},
        {"fault", 0, RCA_ARG_CHOICE, "NAME", &q.fault, rca_sim_fault_names(),
         "what goes wrong; none: nothing"},
        {"services", 0, RCA_ARG_NUMBER, "N", &q.services, NULL,
         "5 to 60; routers in a network"},
        {"step", 0, RCA_ARG_NUMBER, "S", &q.step, NULL, "seconds a row"},
        {"normal", 0, RCA_ARG_NUMBER, "ROWS", &q.normal, NULL,
         "before the incident"},
        {"incident", 0, RCA_ARG_NUMBER, "ROWS", &q.incident, NULL,
         "of the incident"},
        {0},
    };
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    r = r >= 0 ? r : check(&q);
    return r >= 0 ? r : run(cli, &q);
}
