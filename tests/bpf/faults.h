/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * faults - a collector as a user runs it (`rca collect --interval 1s`, on a
 * store of its own, in the test's network namespace), faults beside it, and how
 * many ticks after a fault took effect the store shows its signature.
 *
 * Only ticks that were stored count: on a busy machine some come late and are
 * left out. Everything ends with the test, however it ends.
 */

#include <fnmatch.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "cli/slice.h"
#include "graph/base/time.h"
#include "tests/bpf/net.h"

/** Ticks after which every fault must have left its signature. */
#define FAULT_TICKS 2
#define FAULT_WAIT_MS 30000 /* then it is given up */

struct faults {
    char dir[64], db[96];
    pid_t collector;
};

/** struct signature - what must be seen. @entity and @series are patterns of
 * fnmatch(3); one that fits must do */
struct signature {
    enum rca_kind kind;
    enum { GROWS, REACHES } how; /* since the fault; to a value */
    double by;
    const char *entity, *series;
};

/* --- the collector --------------------------------------------------------- */

static inline const char *faults_program(char path[PATH_MAX])
{
    static const char *const places[] = {"rca", "../../rca"};
    char self[PATH_MAX] = "";

    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        return NULL;
    (void)dirname(self);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(places); i++) {
        (void)snprintf(path, PATH_MAX, "%.*s/%s", 2000, self, places[i]);
        if (access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

static inline pid_t faults_spawn_collector(const struct faults *f)
{
    char path[PATH_MAX];
    const char *program = faults_program(path);
    const pid_t pid = program ? fork() : -1;

    if (pid)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execl(program, program, "--db", f->db, "collect", "--interval", "1s",
                (char *)NULL);
    _exit(127);
}

/* ticks stored so far */
static inline uint64_t faults_ticks(const struct faults *f)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_store_info info = {0};

    if (rca_store_open(f->db, RCA_STORE_READ, NULL, &store) ||
        rca_store_info(store, &info))
        return 0;
    return info.head_rows;
}

static inline void faults_stop(struct faults *f)
{
    char line[128];

    if (f->collector > 0) {
        (void)kill(f->collector, SIGTERM);
        (void)waitpid(f->collector, NULL, 0);
    }
    f->collector = 0;
    (void)snprintf(line, sizeof(line), "rm -rf %s", f->dir);
    net_run(line);
}

/** faults_start() - false where it is not permitted; then nothing runs */
static inline _Bool faults_start(struct faults *f)
{
    *f = (struct faults){.dir = "/tmp/rca-faults-XXXXXX"};
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->db, sizeof(f->db), "%s/rca.db", f->dir);
    f->collector = faults_spawn_collector(f);
    for (int i = 0; i < 600; i++) {
        if (f->collector < 0 || waitpid(f->collector, NULL, WNOHANG) != 0)
            break;
        if (faults_ticks(f) >= 2)
            return 1;
        (void)usleep(100000);
    }
    f->collector =
        f->collector > 0 && kill(f->collector, 0) == 0 ? f->collector : 0;
    faults_stop(f);
    return 0;
}

/** faults_skip() - says why nothing is tested; the exit code: a failure where
 * all must run (in the guest of qemu.sh) */
static inline int faults_skip(const char *why)
{
    print_message("[  SKIPPED ] %s\n", why);
    return getenv("RCA_TEST_MUST") != NULL;
}

/* --- what it saw ----------------------------------------------------------- */

/** A tick is read up to half an interval after its time. */
#define FAULT_LATE (RCA_SECOND / 2)

struct faults_look {
    const struct signature *sign;
    const struct rca_graph *graph;
    rca_time before; /* the fault */
    rca_time seen; /* when it was first seen, or RCA_TIME_NONE */
    rca_id entity;
};

static inline void faults_look_at(struct faults_look *look,
                                  const struct rca_slice *s,
                                  const struct rca_slice_column *c)
{
    double base = 0;

    for (size_t t = 0; t < s->n_times; t++) {
        const double now = c->x[t];
        const double by =
            look->sign->how == GROWS ? now - base : now; /* NAN: no */

        if (s->times[t] <= look->before - FAULT_LATE)
            base = isnan(now) ? base : now;
        else if (by >= look->sign->by &&
                 (look->seen == RCA_TIME_NONE || s->times[t] < look->seen)) {
            look->seen = s->times[t];
            look->entity = c->entity;
        }
    }
}

static inline int faults_visit(void *arg, const struct rca_slice *s)
{
    struct faults_look *look = arg;

    for (size_t i = 0; i < s->n_columns; i++) {
        const struct rca_slice_column *c = &s->columns[i];
        const uint32_t node = rca_graph_node(look->graph, c->entity);
        const struct rca_entity *e =
            node == UINT32_MAX ? NULL : rca_graph_entity(look->graph, node);

        if (e && e->kind == look->sign->kind &&
            fnmatch(look->sign->entity, e->name, 0) == 0)
            faults_look_at(look, s, c);
    }
    return 0;
}

struct faults_count {
    rca_time since, until;
    unsigned n;
};

static inline int faults_count(void *arg, const struct rca_slice *s)
{
    struct faults_count *count = arg;

    for (size_t t = 0; t < s->n_times; t++)
        count->n += s->times[t] > count->since && s->times[t] <= count->until;
    return 0;
}

/** struct fault - @before: when nothing of it had been done yet; @since: when
 * it had taken effect */
struct fault {
    const char *name;
    rca_time before, since;
};

/** faults_look() - ticks after the fault took effect until the store shows
 * @sign; 0: not yet */
static inline unsigned faults_look(const struct faults *f,
                                   const struct fault *fault,
                                   const struct signature *sign,
                                   char ret_name[256])
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct faults_look look = {
        .sign = sign, .before = fault->before, .seen = RCA_TIME_NONE};
    struct faults_count count = {.since = fault->since};
    struct rca_slices want = {
        .to = INT64_MAX, .metric = sign->series, .raw = 1};

    assert_ok(rca_store_open(f->db, RCA_STORE_READ, NULL, &store));
    assert_ok(rca_store_graph(store, 0, INT64_MAX, &g));
    look.graph = want.graph = g;
    want.store = store;
    assert_ok(rca_slices_read(&want, faults_visit, &look));
    if (look.seen == RCA_TIME_NONE)
        return 0;
    count.until = look.seen;
    want.metric = NULL;
    assert_ok(rca_slices_read(&want, faults_count, &count));
    (void)snprintf(ret_name, 256, "%s/%s", rca_kind_name(sign->kind),
                   rca_graph_entity(g, rca_graph_node(g, look.entity))->name);
    return count.n ? count.n : 1; /* read late, after the fault */
}

/** faults_expect() - each of @signs is seen at most FAULT_TICKS ticks after the
 * fault took effect; one line for each */
static inline void faults_expect(const struct faults *f,
                                 const struct fault *fault,
                                 const struct signature *signs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[256] = "";
        unsigned ticks = 0;

        for (int ms = 0; !ticks && ms < FAULT_WAIT_MS; ms += 100) {
            ticks = faults_look(f, fault, &signs[i], name);
            if (!ticks)
                (void)usleep(100000);
        }
        if (!ticks)
            fail_msg("%s: no %s of %s/%s", fault->name, signs[i].series,
                     rca_kind_name(signs[i].kind), signs[i].entity);
        print_message("fault %-16s %s of %s after %u tick%s\n", fault->name,
                      signs[i].series, name, ticks, ticks == 1 ? "" : "s");
        assert_true(ticks <= FAULT_TICKS);
    }
}

/** faults_begin() - nothing of it has been done yet; set since when it has
 * taken effect, where that is later */
static inline struct fault faults_begin(const char *name)
{
    const rca_time now = rca_time_now();

    return (struct fault){name, now, now};
}

/** faults_known() - wait until the collector has @series of @entity (patterns)
 * in a tick from now on: what is new is 0 first */
static inline void faults_known(const struct faults *f, enum rca_kind kind,
                                const char *entity, const char *series)
{
    const struct signature sign = {kind, REACHES, 0, entity, series};
    const struct fault now = faults_begin("");
    char name[256];

    for (int ms = 0; ms < FAULT_WAIT_MS; ms += 100) {
        if (faults_look(f, &now, &sign, name))
            return;
        (void)usleep(100000);
    }
    fail_msg("the collector does not see %s of %s", series, entity);
}

/** FAULTS_EXPECT() - faults_expect() with an array */
#define FAULTS_EXPECT(f, fault, signs)                                         \
    faults_expect((f), (fault), (signs), RCA_ARRAY_SIZE(signs))

/** faults_wait() - until a line for the shell succeeds: the fault took effect */
static inline void faults_wait(const char *line)
{
    for (int ms = 0; ms < FAULT_WAIT_MS; ms += 50) {
        if (system(line) == 0) /* NOLINT(cert-env33-c): constant lines */
            return;
        (void)usleep(50000);
    }
    fail_msg("not within %d s: %s", FAULT_WAIT_MS / 1000, line);
}

/* --- those who work, and suffer -------------------------------------------- */

/** faults_enter() - go into network namespace @name */
static inline void faults_enter(const char *name)
{
    char path[64];
    int fd;

    (void)snprintf(path, sizeof(path), "/run/netns/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        _exit(2);
    (void)close(fd);
}

/* children that run; a test that fails leaves them to faults_stop() */
static pid_t faults_children[32];

static inline void faults_remember(pid_t pid)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(faults_children); i++) {
        if (!faults_children[i]) {
            faults_children[i] = pid;
            return;
        }
    }
    fail_msg("too many children");
}

/** faults_child() - a process called @name in namespace @netns (NULL: the
 * test's) that runs @run(@arg) and ends */
static inline pid_t faults_child(const char *name, const char *netns,
                                 void (*run)(const void *arg), const void *arg)
{
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid) {
        faults_remember(pid);
        return pid;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, name);
    if (netns)
        faults_enter(netns);
    run(arg);
    _exit(0);
}

/** faults_kill() - end a child, if it has not ended by itself */
static inline void faults_kill(pid_t *pid)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(faults_children); i++) {
        if (!*pid || faults_children[i] != *pid)
            continue;
        faults_children[i] = 0;
        (void)kill(*pid, SIGKILL);
        (void)waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

/** faults_end() - nothing runs any more, nothing is left */
static inline void faults_end(struct faults *f)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(faults_children); i++) {
        pid_t pid = faults_children[i];

        if (pid)
            faults_kill(&pid);
    }
    faults_stop(f);
}
