/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * demo - the whole pipeline, live: start an application, collect, train on a
 * normal period, inject one real fault, wait until the symptom moves, explain,
 * and say whether the answer is right. The model is told nothing of it.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/demo/alarm.h"
#include "cli/demo/fault.h"
#include "cli/demo/screen.h"
#include "cli/demo/watch.h"
#include "graph/base/log.h"
#include "graph/base/time.h"

#define SYMPTOM "service/frontend" /* what the demonstration asks about */
#define WARM_UP_S 4
#define NORMAL_S 50
#define INCIDENT_S 18 /* of data after the injection, at least */
#define MIN_NORMAL_S 30 /* fewer rows teach nothing */
#define MAX_NORMAL_S 86400
#define PATIENCE_S 60 /* until the symptom moves */
#define WATCHED_S 120 /* after the injection, with --watch */

static const struct rca_usage usage = {
    "demo",
    "rca demo [--fault NAME] [--target NAME] [--normal S] [--seed N]\n"
    "                [--watch TIME] [-o FOLDER]\n"
    "       rca demo --recorded | --clean",
    "Start a small real application in network namespaces and cgroups of its\n"
    "own, collect, train, inject one real fault, explain it, and say whether the\n"
    "answer is right. Takes about two minutes and needs root; without root the\n"
    "recorded incident is explained instead. With --watch, 'rca watch' runs\n"
    "beside it for so long while the load changes by up to half; then comes the\n"
    "fault, of which it should tell just once, and of nothing before.\n"
    "Faults: cpu, loss, link, slow, errors, surge, freeze, memory, random. Exit:\n"
    "0 the answer is right, 4 it is wrong, 5 the fault cannot be injected here.",
    "  sudo rca demo --fault loss\n"
    "  sudo rca demo --fault slow --target db --seed 7\n"
    "  rca demo --recorded\n",
};

struct options {
    const char *folder;
    int fault; /* enum demo_fault, or -1: random */
    int target; /* enum demo_role, or -1: by the seed */
    unsigned seed;
    unsigned normal_s;
    rca_time watch; /* 0: explain at once, do not watch */
    _Bool recorded;
    _Bool clean;
};

struct run {
    const struct rca_cli *cli;
    struct options options;
    char db[PATH_MAX];
    struct demo_stage stage;
    struct demo_injection injection;
    pid_t collector;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void say(const struct run *run, const char *text)
{
    demo_screen_say(run->cli, text);
}

/* Return: 0, or -EINTR. */
static int wait_s(unsigned seconds)
{
    for (unsigned i = 0; i < 10 * seconds && !interrupted; i++) {
        const struct timespec tenth = {.tv_nsec = 100000000};

        (void)nanosleep(&tenth, NULL);
    }
    return interrupted ? -EINTR : 0;
}

/* --- the recorded incident -------------------------------------------------*/

/* Installed beside the program, or in the tree that it was built in. */
static int find_recorded(char path[PATH_MAX])
{
    static const char *const places[] = {"../share/rca/recorded.db",
                                         "../../datasets/recorded.db"};
    char exe[PATH_MAX], place[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    if (n < 0)
        return -errno;
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    for (size_t i = 0; i < RCA_ARRAY_SIZE(places); i++) {
        (void)snprintf(place, sizeof(place), "%.*s/%s", PATH_MAX - 64, exe,
                       places[i]);
        if (realpath(place, path))
            return 0;
    }
    return -ENOENT;
}

/* What was injected is kept in the store as lines "what", "kind name"...; it is
 * read after the explanation was made. */
static int put_truth(const struct run *run)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    const struct demo_injection *in = &run->injection;
    char text[1024];
    int n = snprintf(text, sizeof(text), "%s\n", in->what);
    int r = rca_store_open(run->db, RCA_STORE_NOTES, NULL, &store);

    for (size_t i = 0; i < in->n_truths && n < (int)sizeof(text); i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%s %s\n",
                      rca_kind_name(in->truths[i].kind), in->truths[i].name);
    return r ? r
             : rca_store_put(store, "injected", rca_time_now(), text,
                             strlen(text));
}

static int get_truth(const char *db, struct demo_injection *ret_in)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    void *data RCA_CLEANUP(rca_freep) = NULL;
    char text[1024], *rest = text, *line;
    rca_time when;
    size_t size;
    int r = rca_store_open(db, RCA_STORE_READ, NULL, &store);

    r = r ? r : rca_store_get(store, "injected", &when, &data, &size);
    if (r || size >= sizeof(text))
        return r ? r : RCA_ECORRUPT;
    memcpy(text, data, size);
    text[size] = '\0';
    (void)snprintf(ret_in->what, sizeof(ret_in->what), "%s",
                   strsep(&rest, "\n"));
    while ((line = strsep(&rest, "\n")) && ret_in->n_truths < DEMO_TRUTHS) {
        size_t i = ret_in->n_truths;
        const char *kind = strsep(&line, " ");

        if (!line || rca_kind_parse(kind, &ret_in->truths[i].kind))
            continue;
        (void)snprintf(ret_in->truths[i].name, sizeof(ret_in->truths[i].name),
                       "%s", line);
        ret_in->n_truths++;
    }
    return 0;
}

/* --- the answer -------------------------------------------------------------*/

static int write_files(const struct run *run, const struct rca_explanation *e)
{
    char path[PATH_MAX + 32];
    int r;

    (void)snprintf(path, sizeof(path), "%s/explain.dot", run->options.folder);
    r = rca_output(e, RCA_FORMAT_DOT, path, 0);
    if (r)
        return r;
    (void)snprintf(path, sizeof(path), "%s/explain.svg", run->options.folder);
    r = rca_output(e, RCA_FORMAT_SVG, path, 0);
    if (r && r != RCA_ENOSUPPORT)
        return r;
    (void)snprintf(path, sizeof(path), "%s/report.html", run->options.folder);
    r = rca_output(e, RCA_FORMAT_HTML, path, 0);
    return r == RCA_ENOSUPPORT ? 0 : r; /* said already; the DOT is there */
}

/* Return: the exit code. */
static int judge(const struct run *run, const struct rca_explanation *e)
{
    const struct demo_injection *in = &run->injection;
    const struct rca_card *first = e->n_causes ? &e->causes[0].card : NULL;
    _Bool named = e->verdict == RCA_VERDICT_CAUSE && first;
    _Bool right = named && demo_fault_is(in, first->kind, first->name);

    if (named)
        printf("\ninjected: %s\nnamed:    %s %s: %s\n", in->what,
               rca_kind_name(first->kind), first->name,
               right ? "right" : "wrong");
    else
        printf("\ninjected: %s\nnamed:    no cause (%s): wrong\n", in->what,
               rca_verdict_name(e->verdict));
    return right ? RCA_EXIT_DONE : RCA_EXIT_UNCLEAR;
}

static int report(struct run *run, struct rca_explanation *e)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int r = rca_render(e, RCA_FORMAT_TEXT, run->cli->colour, &text);

    r = r ? r : write_files(run, e);
    if (r) {
        rca_log(RCA_LOG_ERROR, "cannot write the explanation to '%s': %s",
                run->options.folder, rca_strerror(r));
        return RCA_EXIT_ERROR;
    }
    (void)fputs(text, stdout);
    r = judge(run, e);
    (void)fflush(stdout);
    demo_screen_end(run->cli, run->options.folder, run->db);
    return r;
}

static int fail(const struct rca_diag *diag, const char *what, int err)
{
    if (err == -EINTR) {
        (void)fputs("rca demo: interrupted, everything is cleaned up\n",
                    stderr);
        return 130; /* as shells report SIGINT */
    }
    rca_log(RCA_LOG_ERROR, "%s: %s", what,
            diag && diag->text[0] ? diag->text : rca_strerror(err));
    return err == RCA_ENOSUPPORT || err == -EPERM || err == -ENOENT
               ? RCA_EXIT_MISSING
               : RCA_EXIT_ERROR;
}

static int run_recorded(struct run *run)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
    struct rca_diag diag = {0};
    int r = find_recorded(run->db);

    if (r)
        return fail(NULL, "cannot find the recorded incident 'recorded.db'", r);
    if (run->cli->verbosity >= 0)
        (void)fputs("A recorded incident: six services, a client and a batch "
                    "job; something\nwent wrong, and rca, which is told "
                    "nothing of it, says what.\n\n",
                    stderr);
    r = demo_explain(run->db, SYMPTOM, &diag, &e);
    if (r)
        return fail(&diag, "cannot explain the recorded incident", r);
    r = get_truth(run->db, &run->injection);
    if (r)
        return fail(NULL, "cannot read what was injected", r);
    return report(run, e);
}

/* --- live -------------------------------------------------------------------*/

/* Explain every other second until the symptom is not normal any more and there
 * are INCIDENT_S of it. */
static int wait_for_symptom(struct run *run, struct rca_diag *diag,
                            struct rca_explanation **ret_e)
{
    rca_time start = rca_time_now();

    say(run, "waiting until frontend's client feels it");
    for (unsigned turn = 1;; turn++) {
        struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
        rca_time passed;
        int r = wait_s(2);

        passed = rca_time_now() - start;
        if (!r && turn % (DEMO_SILENCE_S / 2) == 0)
            say(run, "the incident goes on");
        if (!r && passed < INCIDENT_S * RCA_SECOND)
            continue;
        r = r ? r : demo_explain(run->db, SYMPTOM, diag, &e);
        if (r)
            return r;
        if (e->verdict != RCA_VERDICT_NORMAL ||
            passed > PATIENCE_S * RCA_SECOND) {
            say(run, "asking 'rca explain --entity frontend'\n");
            *ret_e = RCA_TAKE(e);
            return 0;
        }
    }
}

static int learn(struct run *run, struct rca_diag *diag)
{
    char text[96];
    rca_time from;
    int r;

    demo_screen_begin(run->cli, run->options.normal_s);
    say(run, "starting the application");
    r = demo_stage_open(run->options.folder, diag, &run->stage);
    if (r)
        return r;
    run->collector = demo_collect_start(run->cli, run->db);
    if (run->collector < 0)
        return run->collector;
    say(run, "watching it every second ('rca collect')");
    r = wait_s(WARM_UP_S);
    if (r)
        return r;
    from = rca_time_now();
    for (unsigned s = 0; s < run->options.normal_s && !r; s += DEMO_SILENCE_S) {
        const unsigned left = run->options.normal_s - s;

        (void)snprintf(text, sizeof(text), "normal operation: %u s more", left);
        say(run, text);
        r = wait_s(left < DEMO_SILENCE_S ? left : DEMO_SILENCE_S);
    }
    if (r)
        return r;
    say(run, "learning from it what is normal ('rca train')");
    return demo_train(run->db, from);
}

static int inject(struct run *run, struct rca_diag *diag)
{
    struct options *o = &run->options;
    enum demo_fault fault;
    char text[200];
    int r;

    fault = o->fault >= 0 ? (enum demo_fault)o->fault
                          : (enum demo_fault)(o->seed % DEMO_FAULT_COUNT);
    r = demo_fault_inject(&run->stage, fault,
                          o->target >= 0
                              ? (enum demo_role)o->target
                              : demo_fault_target(fault, o->seed / 16),
                          diag, &run->injection);
    if (r)
        return r;
    (void)snprintf(text, sizeof(text),
                   "a real fault is put in:\n         %.160s",
                   run->injection.what);
    say(run, text);
    return 0;
}

static int live(struct run *run, struct rca_diag *diag,
                struct rca_explanation **ret_e)
{
    int r = learn(run, diag);

    r = r ? r : inject(run, diag);
    r = r ? r : wait_for_symptom(run, diag, ret_e);
    return r ? r : put_truth(run);
}

static int run_live(struct run *run)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
    struct rca_diag diag = {0};
    int stopped = 0;
    int r = live(run, &diag, &e);

    if (run->collector > 0)
        stopped = demo_collect_stop(run->collector);
    demo_fault_end(&run->injection);
    demo_stage_close(&run->stage);
    if (r)
        return fail(&diag, "demo", stopped == RCA_ENOSUPPORT ? stopped : r);
    return report(run, e);
}

/* --- live, watched -----------------------------------------------------------*/

/* normal operation, its load changed now and then */
static int change_load(struct run *run)
{
    const rca_time end = rca_time_now() + run->options.watch;
    unsigned seed = run->options.seed, left, length;
    char text[64];
    int r = 0;

    for (rca_time now = rca_time_now(); now < end && !r; now = rca_time_now()) {
        const unsigned load = demo_alarm_load(&seed, &length);

        left = (unsigned)((end - now) / RCA_SECOND) + 1;
        atomic_store(&run->stage.control->load_per_s, load);
        (void)snprintf(text, sizeof(text), "load: %u requests/s", load);
        say(run, text);
        r = wait_s(length < left ? length : left);
    }
    atomic_store(&run->stage.control->load_per_s, DEMO_LOAD_PER_S);
    return r;
}

static int watch(struct run *run, struct rca_diag *diag, pid_t *ret_watch,
                 rca_time *ret_injected)
{
    int r = learn(run, diag);

    if (r)
        return r;
    *ret_watch = demo_alarm_start(run->cli, run->db);
    if (*ret_watch < 0)
        return *ret_watch;
    r = change_load(run);
    *ret_injected = rca_time_now();
    r = r ? r : inject(run, diag);
    return r ? r : wait_s(WATCHED_S);
}

static int run_watched(struct run *run)
{
    rca_time injected = RCA_TIME_NONE;
    struct rca_diag diag = {0};
    char length[RCA_TIME_TEXT_SIZE];
    struct demo_alarms a;
    pid_t pid = 0;
    int r = watch(run, &diag, &pid, &injected);

    demo_alarm_stop(pid);
    if (run->collector > 0)
        (void)demo_collect_stop(run->collector);
    demo_fault_end(&run->injection);
    demo_stage_close(&run->stage);
    r = r ? r : demo_alarm_judge(run->db, &run->injection, injected, &a);
    if (r)
        return fail(&diag, "demo", r);
    printf("\n%s of normal operation: %u incidents; injected: %s: %u "
           "incident%s, %s: %s\n",
           rca_duration_text(run->options.watch, length), a.before,
           run->injection.what, a.after, a.after == 1 ? "" : "s", a.first,
           a.right ? "right" : "wrong");
    return !a.before && a.after == 1 && a.right ? RCA_EXIT_DONE
                                                : RCA_EXIT_UNCLEAR;
}

/* --- the command ------------------------------------------------------------*/

static int lock_folder(const struct options *o, char *db, size_t size)
{
    static const char *const old[] = {"rca.db",      "rca.db-wal",
                                      "rca.db-shm",  "explain.dot",
                                      "explain.svg", "report.html"};
    int fd;

    if (mkdir(o->folder, 0755) && errno != EEXIST)
        return -errno;
    fd = open(o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        (void)close(fd);
        return -EBUSY;
    }
    for (size_t i = 0; i < RCA_ARRAY_SIZE(old); i++)
        (void)unlinkat(fd, old[i], 0);
    (void)snprintf(db, size, "%s/rca.db", o->folder);
    return 0; /* the lock is held until the process ends */
}

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "rca demo: %s %s; see rca demo --help\n", what,
                  value);
    return RCA_EXIT_USAGE;
}

/* struct request - as the table of options takes it */
struct request {
    int fault, target;
    uint64_t seed, normal_s;
};

/* Return: -1 to go on, else an exit code. */
static int check(const struct request *q, struct options *o)
{
    char text[24];

    o->fault = q->fault == DEMO_FAULT_COUNT ? -1 : q->fault;
    o->target = q->target;
    o->seed = (unsigned)q->seed;
    o->normal_s = (unsigned)q->normal_s;
    (void)snprintf(text, sizeof(text), "%" PRIu64, q->normal_s);
    if (q->normal_s < MIN_NORMAL_S || q->normal_s > MAX_NORMAL_S)
        return wrong("--normal wants seconds, 30 to 86400, not", text);
    if (o->fault >= 0 && o->target >= 0 &&
        !demo_fault_can_hit((enum demo_fault)o->fault,
                            (enum demo_role)o->target))
        return wrong("that fault cannot hit",
                     demo_role_name((enum demo_role)o->target));
    if (o->recorded && o->clean)
        return wrong("--clean goes without", "--recorded");
    return -1;
}

static int parse(int argc, char **argv, struct options *o)
{
    const char *faults[DEMO_FAULT_COUNT + 2] = {NULL};
    const char *targets[DEMO_SWITCH + 1] = {NULL};
    struct request q = {DEMO_FAULT_COUNT, -1, o->seed, NORMAL_S};
    const struct rca_arg args[] = {
        {"fault", 'f', RCA_ARG_CHOICE, "NAME", &q.fault, faults,
         "what goes wrong (random)"},
        {"target", 't', RCA_ARG_CHOICE, "NAME", &q.target, targets,
         "whom to hit: cart, catalog, cache or db"},
        {"normal", 0, RCA_ARG_NUMBER, "S", &q.normal_s, NULL,
         "seconds of normal operation to learn from (50)"},
        {"seed", 0, RCA_ARG_NUMBER, "N", &q.seed, NULL,
         "of what is drawn (the time)"},
        {"watch", 0, RCA_ARG_DURATION, "TIME", &o->watch, NULL,
         "let rca watch tell: load changes, then the fault"},
        {"output", 'o', RCA_ARG_TEXT, "FOLDER", &o->folder, NULL,
         "where the results go (rca-demo)"},
        {"recorded", 0, RCA_ARG_FLAG, NULL, &o->recorded, NULL,
         "explain the incident that comes with rca; no root"},
        {"clean", 0, RCA_ARG_FLAG, NULL, &o->clean, NULL,
         "remove what a crashed demonstration left"},
        {0},
    };
    int r;

    for (unsigned i = 0; i < DEMO_FAULT_COUNT; i++)
        faults[i] = demo_fault_name((enum demo_fault)i);
    faults[DEMO_FAULT_COUNT] = "random";
    for (unsigned i = 0; i < DEMO_SWITCH; i++)
        targets[i] = demo_role_name((enum demo_role)i);
    r = rca_args_parse(argc, argv, args, &usage, 0, NULL);
    return r >= 0 ? r : check(&q, o);
}

static int run_clean(void)
{
    struct rca_diag diag = {0};
    int r = demo_stage_clean(&diag);

    if (r < 0)
        return fail(&diag, "cannot clean", r);
    (void)fprintf(stderr, "removed %d cgroups\n", r);
    return RCA_EXIT_DONE;
}

int rca_cmd_demo(struct rca_cli *cli, int argc, char **argv)
{
    const struct sigaction act = {.sa_handler = on_interrupt};
    struct run run = {
        .cli = cli,
        .options = {.folder = "rca-demo",
                    .fault = -1,
                    .target = -1,
                    .seed = (unsigned)(rca_time_now() / 1000),
                    .normal_s = NORMAL_S},
    };
    int r = parse(argc, argv, &run.options);

    if (r >= 0)
        return r;
    if (run.options.clean)
        return run_clean();
    r = lock_folder(&run.options, run.db, sizeof(run.db));
    if (r)
        return fail(NULL, "cannot use the folder of the results", r);
    if (!run.options.recorded && geteuid() != 0) {
        (void)fputs("rca demo: live it needs root (sudo rca demo); here is "
                    "the recorded incident\n",
                    stderr);
        run.options.recorded = 1;
    }
    if (run.options.recorded)
        return run_recorded(&run);

    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
    return run.options.watch ? run_watched(&run) : run_live(&run);
}
