/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/demo/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/common.h"
#include "collector/collect.h"
#include "graph/base/log.h"
#include "graph/base/time.h"

static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
    (void)signal;
    stop = 1;
}

static _Noreturn void collect(const struct rca_cli *cli, const char *db)
{
    const struct sigaction act = {.sa_handler = on_stop};
    struct rca_config config = cli->config;
    struct rca_collect_options options = {
        .db = db,
        .interval = RCA_SECOND,
        .config = &config,
        .stop = &stop,
    };
    struct rca_diag diag = {0};
    int r;

    /* a busy machine would turn off what the demonstration is about */
    config.cpu_budget = 0;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)prctl(PR_SET_NAME, "rca-collect");
    (void)signal(SIGINT, SIG_IGN); /* the parent ends us */
    (void)sigaction(SIGTERM, &act, NULL);
    r = rca_collect_run(&options, &diag);
    if (r)
        rca_log(RCA_LOG_ERROR, "cannot collect: %s",
                diag.text[0] ? diag.text : rca_strerror(r));
    _exit(!r ? RCA_EXIT_DONE
             : (r == RCA_ENOSUPPORT ? RCA_EXIT_MISSING : RCA_EXIT_ERROR));
}

pid_t demo_collect_start(const struct rca_cli *cli, const char *db)
{
    pid_t pid = fork();

    if (pid == 0)
        collect(cli, db);
    return pid < 0 ? -errno : pid;
}

int demo_collect_stop(pid_t pid)
{
    int status = 0;

    (void)kill(pid, SIGTERM);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    if (!WIFEXITED(status))
        return -EIO;
    if (WEXITSTATUS(status) == RCA_EXIT_MISSING)
        return RCA_ENOSUPPORT;
    return WEXITSTATUS(status) ? -EIO : 0;
}

int demo_train(const char *db, rca_time from)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_diag diag = {0};
    int r = rca_store_open(db, RCA_STORE_NOTES, &diag, &store);

    if (r)
        return r;
    r = rca_model_train(store, from, rca_time_now(), RCA_SECOND, &model);
    return r ? r : rca_keep_model(store, model);
}

static int find(struct rca_store *store, const char *name, rca_id *ret_id)
{
    struct rca_graph *graph RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_store_info info;
    uint32_t node, list[16];
    size_t n;
    int r = rca_store_info(store, &info);

    r = r ? r : rca_store_graph(store, info.first, info.last, &graph);
    r = r ? r : rca_graph_match(graph, name, &node, list, &n);
    if (!r)
        *ret_id = rca_graph_entity(graph, node)->id;
    return r;
}

int demo_explain(const char *db, const char *entity, struct rca_diag *diag,
                 struct rca_explanation **ret_explanation)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_explain_options options = {.from = RCA_TIME_NONE,
                                          .to = RCA_TIME_NONE,
                                          .at = RCA_TIME_NONE,
                                          .seed = 1};
    int r = rca_store_open(db, RCA_STORE_READ, diag, &store);

    r = r ? r : rca_load_model(store, &model);
    if (r > 0)
        return RCA_ETOOFEW;
    r = r ? r : find(store, entity, &options.entity);
    return r ? r : rca_explain(store, model, &options, ret_explanation);
}
