/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/demo/alarm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/watch.h"

#define STEP_LEAST_S 20
#define STEP_MORE_S 41

static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
    (void)signal;
    stop = 1;
}

static _Noreturn void watch(const struct rca_cli *cli, const char *db)
{
    const struct sigaction act = {.sa_handler = on_stop};
    const struct rca_watch_options options = {
        .interval = 10 * RCA_SECOND,
        .settle = 30 * RCA_SECOND,
        .quiet = 120 * RCA_SECOND,
        .window = RCA_SECOND * 3600 * 24,
        .train_every = 3600 * RCA_SECOND,
        .severity = RCA_SEVERITY_USUAL,
        .fdr = RCA_DETECT_FDR,
        .stop = &stop,
    };
    struct rca_cli own = *cli;

    own.db = db;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)prctl(PR_SET_NAME, "rca-watch");
    (void)signal(SIGINT, SIG_IGN); /* the parent ends us */
    (void)sigaction(SIGTERM, &act, NULL);
    _exit(rca_watch_run(&own, &options));
}

pid_t demo_alarm_start(const struct rca_cli *cli, const char *db)
{
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid == 0)
        watch(cli, db);
    return pid < 0 ? -errno : pid;
}

void demo_alarm_stop(pid_t pid)
{
    if (pid <= 0)
        return;
    (void)kill(pid, SIGTERM);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

unsigned demo_alarm_load(unsigned *seed, unsigned *ret_s)
{
    const unsigned quarter = (unsigned)rand_r(seed) % 5; /* 2/4 to 6/4 */

    *ret_s = STEP_LEAST_S + (unsigned)rand_r(seed) % STEP_MORE_S;
    return DEMO_LOAD_PER_S * (2 + quarter) / 4;
}

static void count(const struct rca_record *r,
                  const struct demo_injection *injection, struct demo_alarms *a)
{
    const struct rca_record_who who = rca_record_cause(r, 0);
    enum rca_kind kind = RCA_KIND_OTHER;
    const _Bool named = strcmp(rca_record_verdict(r), "cause") == 0 &&
                        rca_record_causes(r) &&
                        !rca_kind_parse(who.kind, &kind);

    if (!a->after++)
        (void)snprintf(a->first, sizeof(a->first), "named %s%s%.100s",
                       named ? who.kind : "no cause", named ? " " : "",
                       named ? who.name : "");
    a->right += named && demo_fault_is(injection, kind, who.name);
}

int demo_alarm_judge(const char *db, const struct demo_injection *injection,
                     rca_time injected, struct demo_alarms *ret_alarms)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct demo_alarms a = {.first = "none told"};
    int r = rca_store_open(db, RCA_STORE_READ, NULL, &store);

    r = r ? r : rca_records_read(store, &all);
    if (r)
        return r;
    for (size_t i = 0; i < all.n; i++) {
        const struct rca_record *record = all.list[i];

        if (record->explained < injected)
            a.before++;
        else
            count(record, injection, &a);
    }
    *ret_alarms = a;
    return 0;
}
