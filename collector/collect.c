/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/collect.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "collector/config.h"
#include "collector/notify.h"
#include "collector/source.h"
#include "graph/base/log.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

/*
 * Ticks lie on multiples of the interval, so that ticks of a restart, and of
 * several hosts, fall on the same grid. Each wait is on the monotonic clock
 * for the time that the wall clock lacks: a clock that is slewed keeps its
 * phase, and one that jumps is seen when the wait is over.
 */
#define MIN_INTERVAL (RCA_SECOND / 10)
#define NAP (RCA_SECOND / 4) /* longest sleep: how late a stop is noticed */
#define EXPIRE_NS (3600 * RCA_SECOND)
#define MAX_SOURCES 16

/* struct active - a source that was opened */
struct active {
    const struct rca_source *source;
    void *state;
    _Bool failing; /* its failure was logged */
};

struct run {
    const struct rca_collect_options *opt;
    struct rca_config config; /* the caller's, or the defaults */
    _Bool own_config;
    struct utsname uts;
    struct rca_source_env env;
    struct rca_hooks hooks;
    rca_time deep_until; /* on the monotonic clock; 0: not for a time */
    struct rca_store *store; /* owned */
    struct rca_observer *obs; /* owned */
    struct active active[MAX_SOURCES];
    size_t n_active;
    rca_time last, expired;
    unsigned features_seen;
    _Bool said_wait, said_full;
};

/* --- which sources -------------------------------------------------------- */

/* Whether the comma-separated @list (NULL: all) holds @name. */
static _Bool listed(const char *list, const char *name)
{
    const size_t len = strlen(name);

    if (!list)
        return 1;
    while (*list) {
        const size_t n = strcspn(list, ",");

        if (n == len && !memcmp(list, name, n))
            return 1;
        list += n + (list[n] == ',');
    }
    return 0;
}

static int unknown_source(const char *word, struct rca_diag *diag)
{
    const struct rca_source *const *table = rca_source_table();
    const char *names[MAX_SOURCES];
    size_t n = 0, i;

    for (; n < MAX_SOURCES && table[n]; n++)
        names[n] = table[n]->name;
    i = rca_name_nearest(word, names, n);
    if (i < n)
        return rca_diag_set(diag, RCA_EUNKNOWN, "", 0,
                            "no source '%s'; did you mean '%s'?", word,
                            names[i]);
    return rca_diag_set(diag, RCA_EUNKNOWN, "", 0, "no source '%s'", word);
}

static int check_list(const char *list, struct rca_diag *diag)
{
    const struct rca_source *const *table = rca_source_table();
    char word[64];

    while (list && *list) {
        const size_t n = strcspn(list, ",");
        size_t i = 0;

        (void)snprintf(word, sizeof(word), "%.*s", (int)(n < 63 ? n : 63),
                       list);
        while (table[i] && strcmp(table[i]->name, word) != 0)
            i++;
        if (!table[i])
            return unknown_source(word, diag);
        list += n + (list[n] == ',');
    }
    return 0;
}

/* --- privileges ----------------------------------------------------------- */

static _Bool has_cap(unsigned cap)
{
    struct __user_cap_header_struct header = {.version =
                                                  _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (syscall(SYS_capget, &header, data))
        return 0;
    return data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

/* Loading tracing programs takes both capabilities, or the one of old. */
static int check_privileges(const char *list, struct rca_diag *diag)
{
    static const char *const need[] = {"task", "sock", "drop"};
    _Bool wanted = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(need); i++)
        wanted = wanted || listed(list, need[i]);
    if (!wanted || has_cap(CAP_SYS_ADMIN) ||
        (has_cap(CAP_BPF) && has_cap(CAP_PERFMON)))
        return 0;
    return rca_diag_set(diag, RCA_ENOSUPPORT, "", 0,
                        "collecting needs root, or CAP_BPF, CAP_PERFMON and "
                        "CAP_NET_ADMIN: run with sudo, or only what needs "
                        "none with --source host,cgroup");
}

/* --- opening and closing -------------------------------------------------- */

static void run_done(struct run *run)
{
    while (run->n_active) {
        struct active *a = &run->active[--run->n_active];

        a->source->close(&a->state);
    }
    rca_observer_free(&run->obs);
    rca_store_close(&run->store);
    rca_hooks_done(&run->hooks);
    if (run->own_config)
        rca_config_done(&run->config);
}

static int take_config(struct run *run, const struct rca_config *config)
{
    int r = 0;

    if (config) {
        run->config = *config;
    } else {
        r = rca_config_init(&run->config);
        run->own_config = r == 0;
    }
    if (uname(&run->uts))
        return -errno;
    run->env = (struct rca_source_env){.proc = "/proc",
                                       .sys = "/sys",
                                       .host = run->uts.nodename,
                                       .config = &run->config,
                                       .profile = run->config.profile,
                                       .without = run->config.without,
                                       .hooks = &run->hooks};
    return r;
}

static void show_profile(struct run *run)
{
    rca_observer_feature(run->obs, "profile", RCA_FEATURE_ON,
                         rca_profile_name(run->env.profile), "");
}

static void open_sources(struct run *run, const char *list)
{
    const struct rca_source *const *table = rca_source_table();

    for (; *table && run->n_active < MAX_SOURCES; table++) {
        struct active *a = &run->active[run->n_active];
        int r;

        if (!listed(list, (*table)->name))
            continue;
        *a = (struct active){.source = *table};
        run->hooks.source = (*table)->name;
        r = a->source->open(&run->env, run->obs, &a->state);
        if (r == 0)
            run->n_active++;
        else
            rca_log(RCA_LOG_WARN, "cannot open source '%s' and go on: %s",
                    a->source->name, rca_strerror(r));
    }
    show_profile(run);
}

/* Change what is watched; a source that cannot goes on as it is. */
static void set_profile(struct run *run, enum rca_profile profile)
{
    run->env.profile = profile;
    for (size_t i = 0; i < run->n_active; i++) {
        const struct active *a = &run->active[i];
        int r = 0;

        if (a->source->set_profile)
            r = a->source->set_profile(a->state, run->obs, profile);
        if (r < 0)
            rca_log(RCA_LOG_WARN,
                    "source '%s' cannot change to profile '%s' and go on: %s",
                    a->source->name, rca_profile_name(profile),
                    rca_strerror(r));
    }
    show_profile(run);
}

static int open_observer(struct run *run)
{
    int r = rca_observer_new(run->store, run->env.host, &run->obs);

    if (r < 0)
        return r;
    rca_observer_limit(run->obs, run->config.limit);
    return 0;
}

/* The folder of the database, for a first start; a failure shows at open. */
static void make_folder(const char *db)
{
    char path[4096];
    const char *slash = strrchr(db, '/');

    if (!slash || slash == db || (size_t)(slash - db) >= sizeof(path))
        return;
    (void)snprintf(path, sizeof(path), "%.*s", (int)(slash - db), db);
    (void)mkdir(path, 0755);
}

static int open_store(struct run *run, struct rca_diag *diag)
{
    struct rca_store_info info;
    int r;

    make_folder(run->opt->db);
    r = rca_store_open(run->opt->db, RCA_STORE_WRITE, diag, &run->store);
    if (r < 0)
        return r;
    r = rca_store_info(run->store, &info);
    run->last = info.last;
    return r;
}

/* --- one tick ------------------------------------------------------------- */

static rca_time monotonic(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * RCA_SECOND + ts.tv_nsec;
}

static void tick_sources(struct run *run)
{
    for (size_t i = 0; i < run->n_active; i++) {
        struct active *a = &run->active[i];
        const int r = a->source->tick(a->state, run->obs);

        if (r < 0 && !a->failing)
            rca_log(RCA_LOG_WARN, "source '%s' failed and go on: %s",
                    a->source->name, rca_strerror(r));
        a->failing = r < 0;
    }
}

static double seconds(const struct timeval *tv)
{
    return (double)tv->tv_sec + (double)tv->tv_usec * 1e-6;
}

/* What the collector itself costs, as series of the host. */
static void observe_self(struct run *run, rca_time spent)
{
    const rca_id host = rca_observe_host(run->obs);
    struct rusage ru;

    rca_observe_value(run->obs, host, "rca_tick_seconds",
                      (double)spent / (double)RCA_SECOND);
    if (!getrusage(RUSAGE_SELF, &ru))
        rca_observe_value(run->obs, host, "rca_cpu_seconds_total",
                          seconds(&ru.ru_utime) + seconds(&ru.ru_stime));
}

/* A full disk or a busy file costs the tick and is said once. */
static int forgive(struct run *run, int r)
{
    if (r != -ENOSPC && r != -EBUSY) {
        run->said_full = run->said_full && r < 0;
        return r;
    }
    if (!run->said_full)
        rca_log(RCA_LOG_WARN, "cannot store a tick and go on: %s",
                rca_strerror(r));
    run->said_full = 1;
    return 0;
}

static int put_features(struct run *run)
{
    const unsigned changes = rca_observer_features_changes(run->obs);
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int r;

    if (changes == run->features_seen)
        return 0;
    r = rca_observer_features_text(run->obs, &text);
    if (r == 0)
        r = rca_store_put(run->store, "features", rca_time_now(), text,
                          strlen(text));
    if (r == 0)
        run->features_seen = changes;
    return r;
}

static int expire(struct run *run, rca_time now)
{
    if (now - run->expired < EXPIRE_NS)
        return 0;
    run->expired = now;
    return rca_store_expire(run->store, now - run->config.retention);
}

static int tick_once(struct run *run, rca_time now)
{
    const rca_time start = monotonic();
    int r;

    rca_observer_begin(run->obs, now);
    tick_sources(run);
    observe_self(run, monotonic() - start);
    r = forgive(run, rca_observer_commit(run->obs));
    if (r == 0)
        r = forgive(run, put_features(run));
    if (r == 0)
        r = forgive(run, expire(run, now));
    run->last = now;
    return r;
}

/* --- the loop ------------------------------------------------------------- */

rca_time rca_collect_next(rca_time now, rca_time last, rca_time interval)
{
    const rca_time after = last != RCA_TIME_NONE && last > now ? last : now;

    return after - after % interval + interval;
}

static _Bool stopped(const struct run *run)
{
    return run->opt->stop && *run->opt->stop;
}

/* Sleep until @deadline on the monotonic clock, or until stopped. */
static void wait_until(const struct run *run, rca_time deadline)
{
    rca_time now = monotonic();

    while (now < deadline && !stopped(run)) {
        const rca_time to = deadline - now > NAP ? now + NAP : deadline;
        const struct timespec ts = {.tv_sec = to / RCA_SECOND,
                                    .tv_nsec = to % RCA_SECOND};

        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
        now = monotonic();
        rca_notify_alive(run->opt->notify, now);
    }
}

/* Wait for the next tick of the grid. Return: its time, or RCA_TIME_NONE if
 * it was missed or the loop was stopped. */
static rca_time wait_tick(struct run *run)
{
    const rca_time interval = run->opt->interval;
    const rca_time now = rca_time_now();
    const rca_time next = rca_collect_next(now, run->last, interval);
    const rca_time wait = next - now;
    rca_time late;

    if (wait > 2 * interval && !run->said_wait)
        rca_log(RCA_LOG_WARN,
                "the clock is %lld s behind the newest sample: wait for it",
                (long long)(wait / RCA_SECOND));
    run->said_wait = wait > 2 * interval;
    /* a clock that is set while we wait is looked at again soon */
    wait_until(run, monotonic() + (wait < interval ? wait : interval));
    late = rca_time_now() - next;
    if (stopped(run) || late < -interval / 2 || late > interval / 2)
        return RCA_TIME_NONE;
    return next;
}

/* The end of a time box. */
static void end_deep(struct run *run)
{
    if (!run->deep_until || monotonic() < run->deep_until)
        return;
    run->deep_until = 0;
    set_profile(run, run->config.profile == RCA_PROFILE_DEEP
                         ? RCA_PROFILE_STANDARD
                         : run->config.profile);
}

static int loop(struct run *run)
{
    const rca_time start = monotonic();
    int r = 0;

    while (r == 0 && !stopped(run)) {
        rca_time now;

        if (run->opt->duration && monotonic() - start >= run->opt->duration)
            break;
        end_deep(run);
        now = wait_tick(run);
        if (now != RCA_TIME_NONE)
            r = tick_once(run, now);
    }
    return r;
}

/* Open what @list says, as deep as wanted. A hook that nobody asked for is a
 * mistake, unless a source that was not opened may know it. */
static int open_all(struct run *run, const char *list, struct rca_diag *diag)
{
    struct rca_diag what = {0};
    int r;

    if (run->opt && run->opt->deep) {
        run->env.profile = RCA_PROFILE_DEEP;
        run->deep_until = monotonic() + run->opt->deep;
    }
    open_sources(run, list);
    r = rca_hooks_check(&run->hooks, run->config.without, &what);
    if (r == RCA_EUNKNOWN && list) {
        rca_log(RCA_LOG_WARN, "%s, and go on", what.text);
        return 0;
    }
    if (r < 0 && diag)
        *diag = what;
    return r;
}

static int seal(struct run *run, int r)
{
    const int sealed = rca_store_seal(run->store);

    return r ? r : sealed;
}

int rca_collect_run(const struct rca_collect_options *options,
                    struct rca_diag *diag)
{
    struct run run RCA_CLEANUP(run_done) = {.opt = options};
    const char *list;
    int r;

    if (options->interval < MIN_INTERVAL)
        return rca_diag_set(diag, -EINVAL, "", 0,
                            "the interval must be at least 100 ms");
    r = take_config(&run, options->config);
    if (r < 0)
        return r;
    list = options->sources ? options->sources : run.config.sources;
    r = check_list(list, diag);
    if (r == 0)
        r = check_privileges(list, diag);
    if (r == 0)
        r = open_store(&run, diag);
    if (r == 0)
        r = open_observer(&run);
    if (r < 0)
        return r;
    r = open_all(&run, list, diag);
    if (r < 0)
        return r;
    r = forgive(&run, put_features(&run));
    rca_notify_send(options->notify, "READY=1");
    if (r == 0)
        r = loop(&run);
    rca_notify_send(options->notify, "STOPPING=1");
    return seal(&run, r);
}

int rca_collect_probe(const struct rca_config *config, struct rca_diag *diag,
                      struct rca_observer **ret_obs,
                      struct rca_hooks *ret_hooks)
{
    struct run run RCA_CLEANUP(run_done) = {0};
    int r = take_config(&run, config);

    if (r == 0)
        r = open_observer(&run);
    if (r < 0)
        return r;
    r = open_all(&run, run.config.sources, diag);
    if (r < 0)
        return r;
    *ret_hooks = run.hooks;
    run.hooks = (struct rca_hooks){0};
    *ret_obs = RCA_TAKE(run.obs);
    return 0;
}
