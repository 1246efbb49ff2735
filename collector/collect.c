/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/collect.h"

#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collector/config.h"
#include "collector/confine.h"
#include "collector/loop.h"
#include "collector/notify.h"
#include "collector/source.h"
#include "collector/store/upkeep.h"
#include "graph/base/log.h"
#include "graph/base/name.h"

#define MIN_INTERVAL (RCA_SECOND / 10)

/* struct run - the loop, and what it borrows */
struct run {
    const struct rca_collect_options *opt; /* NULL: only a probe */
    struct rca_config config; /* the caller's, or the defaults */
    _Bool own_config;
    struct utsname uts;
    struct rca_source_env env;
    struct rca_hooks hooks;
    struct rca_store *store; /* owned */
    _Bool fresh; /* it was made just now */
    struct rca_observer *obs; /* owned */
    struct rca_confine confine;
    struct rca_self self;
    struct rca_meter meter;
    struct rca_loop loop;
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
    const char *names[RCA_LOOP_MAX_SOURCES];
    size_t n = 0, i;

    for (; n < RCA_LOOP_MAX_SOURCES && table[n]; n++)
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

/* Loading tracing programs takes both capabilities, or the one of old. */
static int check_privileges(const char *list, struct rca_diag *diag)
{
    static const char *const need[] = {"task", "sock", "drop"};
    _Bool wanted = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(need); i++)
        wanted = wanted || listed(list, need[i]);
    if (!wanted || rca_privileges_has(CAP_SYS_ADMIN) ||
        (rca_privileges_has(CAP_BPF) && rca_privileges_has(CAP_PERFMON)))
        return 0;
    return rca_diag_set(diag, RCA_ENOSUPPORT, "", 0,
                        "collecting needs root, or CAP_BPF, CAP_PERFMON and "
                        "CAP_NET_ADMIN: run with sudo, or only what needs "
                        "none with --source host,cgroup");
}

/* --- opening and closing -------------------------------------------------- */

static void run_done(struct run *run)
{
    rca_loop_close(&run->loop);
    rca_observer_free(&run->obs);
    rca_store_close(&run->store);
    rca_confine_end(&run->confine);
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

static void open_source(struct run *run, const struct rca_source *source)
{
    struct rca_active *a = &run->loop.active[run->loop.n_active];
    int r;

    *a = (struct rca_active){.source = source};
    run->hooks.source = source->name;
    r = source->open(&run->env, run->obs, &a->state);
    if (r == 0)
        run->loop.n_active++;
    else /* what is not supported was said as a feature */
        rca_log(r == RCA_ENOSUPPORT ? RCA_LOG_INFO : RCA_LOG_WARN,
                "cannot open source '%s' and go on: %s", source->name,
                rca_strerror(r));
}

static void open_sources(struct run *run, const char *list)
{
    const struct rca_source *const *table = rca_source_table();

    for (; *table && run->loop.n_active < RCA_LOOP_MAX_SOURCES; table++) {
        if (listed(list, (*table)->name))
            open_source(run, *table);
    }
    (void)malloc_trim(0); /* types of the kernel, program images */
}

static int open_observer(struct run *run)
{
    int r = rca_observer_new(run->store, run->env.host, &run->obs);

    if (r < 0)
        return r;
    rca_observer_limit(run->obs, run->config.limit);
    rca_observer_set_privileged(run->obs, run->confine.helper);
    return 0;
}

/* The folder of the database, for a first start; a failure shows at open.
 * Return: whether it was made. */
static _Bool make_folder(const char *db)
{
    char path[4096];
    const char *slash = strrchr(db, '/');

    if (!slash || slash == db || (size_t)(slash - db) >= sizeof(path))
        return 0;
    (void)snprintf(path, sizeof(path), "%.*s", (int)(slash - db), db);
    return mkdir(path, 0755) == 0;
}

static int open_store(struct run *run, struct rca_diag *diag)
{
    struct rca_store_info info;
    const _Bool made = make_folder(run->opt->db);
    int r;

    run->fresh = access(run->opt->db, F_OK) != 0;
    r = rca_store_open(run->opt->db, RCA_STORE_WRITE, diag, &run->store);
    if (r < 0)
        return r;
    r = rca_store_info(run->store, &info);
    run->loop.line.last = info.last;
    rca_confine_files(&run->confine, run->opt->db, made);
    return r;
}

/* While little is open, and before there is anything to lose. */
static int begin_confined(struct run *run, struct rca_diag *diag)
{
    const struct rca_confine_options options = {
        .user = run->opt->user ? run->opt->user : run->config.user,
        .ovs = run->config.ovs ? run->config.ovs : RCA_OVS_FOLDER,
        .keep = run->opt->keep_privileges,
        .allow_changes = run->opt->allow_changes || run->config.allow_changes,
    };

    return rca_confine_begin(&options, diag, &run->confine);
}

/* --- running -------------------------------------------------------------- */

/* Whether a hook is off, so that its source may not have asked for others. */
static _Bool any_off(const struct rca_hooks *hooks)
{
    for (size_t i = 0; i < hooks->n; i++) {
        if (hooks->items[i].off)
            return 1;
    }
    return 0;
}

/* Open what @list says, as deep as wanted. A hook that nobody asked for is a
 * mistake, unless a source that was not opened, or not wholly, may know it. */
static int open_all(struct run *run, const char *list, struct rca_diag *diag)
{
    struct rca_diag what = {0};
    int r;

    if (run->opt && run->opt->deep)
        run->env.profile = RCA_PROFILE_DEEP;
    open_sources(run, list);
    r = rca_hooks_check(&run->hooks, run->config.without, &what);
    if (r == RCA_EUNKNOWN && (list || any_off(&run->hooks))) {
        rca_log(RCA_LOG_WARN, "%s, and go on", what.text);
        return 0;
    }
    if (r < 0 && diag)
        *diag = what;
    return r;
}

/* Give the loop what it works with. */
static void fill_loop(struct run *run)
{
    struct rca_loop *loop = &run->loop;

    run->self = (struct rca_self){.active = loop->active,
                                  .n = &loop->n_active,
                                  .helper = run->confine.helper};
    run->meter = rca_self_meter(&run->self);
    loop->clock = rca_clock_system();
    loop->meter = &run->meter;
    loop->commit = rca_observer_commit;
    loop->store = run->store;
    loop->obs = run->obs;
    loop->config = &run->config;
    loop->stop = run->opt->stop;
    loop->notify = run->opt->notify;
    loop->duration = run->opt->duration;
    loop->enough = run->opt->ticks;
    loop->deep = run->opt->deep;
    loop->profile = run->env.profile;
    loop->line.interval = run->opt->interval;
}

static void print_costs(const struct rca_loop *loop)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;

    if (rca_loop_costs(loop, &text) == 0)
        (void)fputs(text, stderr);
}

static int collect(struct run *run)
{
    int r, sealed;

    fill_loop(run);
    r = rca_loop_begin(&run->loop);
    rca_notify_send(run->opt->notify, "READY=1");
    if (r == 0)
        r = rca_loop_run(&run->loop);
    rca_notify_send(run->opt->notify, "STOPPING=1");
    if (run->opt->costs)
        print_costs(&run->loop);
    sealed = rca_store_seal(run->store);
    return r ? r : sealed;
}

/* @ret_vain: a store was made, and nothing will ever be in it */
static int run_all(const struct rca_collect_options *options,
                   struct rca_diag *diag, _Bool *ret_vain)
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
        r = begin_confined(&run, diag);
    if (r == 0)
        r = open_store(&run, diag);
    if (r == 0)
        r = open_observer(&run);
    if (r == 0)
        r = open_all(&run, list, diag);
    if (r == 0)
        r = rca_confine_enter(&run.confine, run.obs, diag);
    *ret_vain = r < 0 && run.store && run.fresh;
    return r < 0 ? r : collect(&run);
}

int rca_collect_run(const struct rca_collect_options *options,
                    struct rca_diag *diag)
{
    _Bool vain = 0;
    const int r = run_all(options, diag, &vain);

    if (vain)
        rca_store_remove(options->db);
    return r;
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
