/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/common.h"
#include "collector/collect.h"
#include "collector/notify.h"
#include "graph/base/log.h"

static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
    (void)signal;
    stop = 1;
}

static const struct rca_usage usage = {
    "collect",
    "rca collect [--interval 1s] [--duration 10min] [--source LIST]\n"
    "                   [--profile light|standard|deep] [--deep TIME]\n"
    "                   [--without HOOK,...] [--cpu-budget 1%]",
    "Watch this host and write what is seen to the store (--db), one tick each\n"
    "interval, until stopped (Ctrl-C). Needs root or CAP_BPF, CAP_PERFMON,\n"
    "CAP_NET_ADMIN and CAP_SYS_ADMIN; what cannot be watched is named once, and\n"
    "the rest goes on. 'rca doctor' shows it beforehand. Once all is open the\n"
    "collector becomes an unprivileged user; a small helper keeps what is needed\n"
    "(docs/SECURITY.md). Above the CPU budget the\n"
    "collector steps down from deep to standard to light, and says so.",
    "  sudo rca collect\n"
    "  sudo rca --db /tmp/try.db collect --interval 1s --duration 10min\n"
    "  sudo rca collect --source host,cgroup,sock\n"
    "  sudo rca collect --profile light --cpu-budget 0.5%\n"
    "  sudo rca collect --deep 60s\n",
};

/* The service manager's socket, where there is one; without it we go on. */
static void open_notify(struct rca_notify *ret_notify)
{
    const int r = rca_notify_open(getenv("NOTIFY_SOCKET"),
                                  getenv("WATCHDOG_USEC"), ret_notify);

    if (r < 0)
        rca_log(RCA_LOG_WARN, "cannot tell the service manager and go on: %s",
                rca_strerror(r));
}

int rca_cmd_collect(struct rca_cli *cli, int argc, char **argv)
{
    const struct sigaction act = {.sa_handler = on_stop};
    struct rca_notify notify RCA_CLEANUP(rca_notify_close) = RCA_NOTIFY_NONE;
    struct rca_collect_options options = {
        .db = cli->db,
        .interval = cli->config.interval,
        .sources = cli->config.sources,
        .config = &cli->config,
        .stop = &stop,
        .notify = &notify,
    };
    struct rca_watch_args watch = {.profile = -1};
    const struct rca_arg args[] = {
        {"interval", 'i', RCA_ARG_DURATION, "TIME", &options.interval, NULL,
         "between ticks (1s)"},
        {"duration", 'd', RCA_ARG_DURATION, "TIME", &options.duration, NULL,
         "stop by itself after this long"},
        {"ticks", 'n', RCA_ARG_NUMBER, "N", &options.ticks, NULL,
         "stop by itself after that many are stored"},
        {"source", 's', RCA_ARG_TEXT, "LIST", &options.sources, NULL,
         "some, as host,cgroup,sock (all of them)"},
        {"profile", 'p', RCA_ARG_CHOICE, "P", &watch.profile,
         rca_profile_choices, "light, standard or deep: how much is watched"},
        {"deep", 0, RCA_ARG_DURATION, "TIME", &options.deep, NULL,
         "profile deep for this long, then standard"},
        {"without", 0, RCA_ARG_TEXT, "HOOK,...", &watch.without, NULL,
         "hooks not to use; 'rca doctor --hooks' lists"},
        {"cpu-budget", 0, RCA_ARG_TEXT, "1%", &watch.budget, NULL,
         "of one core; above it less is watched; or off"},
        {"user", 'u', RCA_ARG_TEXT, "NAME", &options.user, NULL,
         "to run as once all is open (rca, else nobody)"},
        {"keep-privileges", 0, RCA_ARG_FLAG, NULL, &options.keep_privileges,
         NULL, "give up none of them: for debugging"},
        {"allow-system-changes", 0, RCA_ARG_FLAG, NULL, &options.allow_changes,
         NULL, "of two kernel settings, undone at the end"},
        {"costs", 0, RCA_ARG_FLAG, NULL, &options.costs, NULL,
         "print what each source cost at the end"},
        {0},
    };
    struct rca_diag diag = {0};
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    if (r >= 0)
        return r;
    r = rca_watch_apply(&watch, "collect", &cli->config);
    if (r >= 0)
        return r;
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
    open_notify(&notify);
    r = rca_collect_run(&options, &diag);
    return r ? rca_say("cannot collect", &diag, r) : RCA_EXIT_DONE;
}
