/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * replay_test - a long time of the loop, without its time passing: the clock is
 * the test's, the store is a real one, and what there is to see comes and goes:
 * cgroups as folders of a tree that the cgroup source reads, processes, calls
 * and namespaces as a source of the test's own. Memory must not grow.
 *
 * RCA_REPLAY_TICKS sets the ticks of one second (default 7,200, below a second;
 * a day is 86,400, in ten): after the first hour the heap may grow by 5 %, by
 * what SQLite's cache of pages may still grow to, and by what a name costs that
 * was never there before: numbers are given for good. RCA_REPLAY_REAL=1 opens
 * all sources on this host, for tests/bench/replay.sh, which makes the churn.
 */

#include <malloc.h>
#include <unistd.h>

#include "collector/config.h"
#include "collector/loop.h"
#include "tests/unit/collector/samples.h"
#include "tests/unit/collector/tree.h"

#define BEGIN (1700000000 * RCA_SECOND)
#define HOUR 3600
#define POOL 40 /* names of each kind, of which some are there at a time */
#define FOLDERS 12
#define NAME_BYTES 200 /* of a new name: key, number, hash slots that double */
#define NEW_EVERY 120 /* ticks */
#define CACHE_BYTES 65536

/* struct box - the loop, its clock, and the world that it sees */
struct box {
    char root[64], db[96], sys[96], proc[96];
    struct rca_loop loop;
    struct rca_config config;
    struct rca_source_env env;
    struct rca_clock clock;
    struct rca_meter meter;
    struct rca_store *store;
    rca_time ns; /* since the beginning */
    uint64_t seed;
    size_t ticks, want;
    size_t heap_hour, heap_end; /* bytes in use */
};

static struct box box;

static rca_time wall(void *arg)
{
    (void)arg;
    return BEGIN + box.ns;
}

static rca_time since(void *arg)
{
    (void)arg;
    return RCA_SECOND + box.ns;
}

static void wait_until(void *arg, rca_time until)
{
    (void)arg;
    if (until - RCA_SECOND > box.ns)
        box.ns = until - RCA_SECOND;
}

static int no_stats(void *arg, _Bool on)
{
    (void)arg;
    (void)on;
    return 0;
}

static int no_cost(void *arg, _Bool programs, struct rca_cost *ret_cost)
{
    (void)arg;
    (void)programs;
    *ret_cost = (struct rca_cost){0};
    return 0;
}

static size_t heap_in_use(void)
{
    const struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

/* --- a world in which things come and go ---------------------------------- */

static _Bool chance(double p)
{
    return test_random(&box.seed) < p;
}

static void make_folder(size_t i)
{
    char name[160];

    (void)snprintf(name, sizeof(name), "fs/cgroup/unit%zu.service/cpu.stat", i);
    tree_write(box.sys, name, "usage_usec 1\n");
}

/* One cgroup appears or goes, now and then. */
static void churn_folders(void)
{
    static _Bool there[FOLDERS];
    const size_t i = (size_t)(test_random(&box.seed) * FOLDERS);
    char name[160];

    if (!chance(0.05))
        return;
    (void)snprintf(name, sizeof(name), "%s/fs/cgroup/unit%zu.service", box.sys,
                   i);
    if (there[i])
        tree_remove(name);
    else
        make_folder(i);
    there[i] = !there[i];
}

static void observe_pool(struct rca_observer *obs, enum rca_kind kind,
                         const char *series, size_t first, size_t n)
{
    char name[64];

    for (size_t i = 0; i < n; i++) {
        rca_id id;

        (void)snprintf(name, sizeof(name), "thing%zu", (first + i) % POOL);
        id = rca_observe_entity(obs, kind, name);
        rca_observe_value(obs, id, series, (double)box.ticks);
        rca_observe_edge(obs, id, rca_observe_host(obs), RCA_EDGE_RUNS_ON);
    }
}

static int world_tick(void *state, struct rca_observer *obs)
{
    const unsigned char addr[4] = {10, 0, 0, (unsigned char)box.ticks};
    const size_t phase = box.ticks / 80; /* away for 50 minutes of an hour */
    char name[64];
    rca_id id;

    (void)state;
    observe_pool(obs, RCA_KIND_PROCESS, "cpu_seconds_total", phase, 3);
    observe_pool(obs, RCA_KIND_CALL, "requests_total", phase + 7, 3);
    rca_observer_cgroup_add(obs, 1000 + phase % POOL, "some/path",
                            rca_observe_host(obs));
    rca_observe_endpoint(obs, rca_observe_host(obs), 1, 2, addr, 80);
    /* and one that was never there before, each 2 minutes */
    (void)snprintf(name, sizeof(name), "new%zu", box.ticks / NEW_EVERY);
    id = rca_observe_entity(obs, RCA_KIND_PEER, name);
    rca_observe_value(obs, id, "requests_total", 1);
    if (chance(0.01))
        rca_observer_feature(obs, "thing",
                             chance(0.5) ? RCA_FEATURE_ON : RCA_FEATURE_OFF,
                             "now and then", "nothing");
    churn_folders();
    box.ticks++;
    if (box.ticks == HOUR)
        box.heap_hour = heap_in_use();
    return 0;
}

static void world_close(void **state)
{
    *state = NULL;
}

static const struct rca_source world = {
    .name = "world", .tick = world_tick, .close = world_close};

/* --- the test ------------------------------------------------------------- */

static void make_world(void)
{
    tree_make(box.root);
    (void)snprintf(box.db, sizeof(box.db), "%s/x.db", box.root);
    (void)snprintf(box.sys, sizeof(box.sys), "%s/sys", box.root);
    (void)snprintf(box.proc, sizeof(box.proc), "%s/proc", box.root);
    assert_ok(mkdir(box.sys, 0755));
    assert_ok(mkdir(box.proc, 0755));
    tree_write(box.sys, "fs/cgroup/cgroup.controllers", "cpu\n");
    tree_write(box.proc, "stat", "cpu  1 2 3 4 5 6 7 8 9 10\n");
    tree_write(box.proc, "meminfo", "MemTotal: 100 kB\n");
    for (size_t i = FOLDERS; i < (size_t)2 * FOLDERS; i++)
        make_folder(i);
}

static void open_source(const struct rca_source *source)
{
    struct rca_active *a = &box.loop.active[box.loop.n_active];

    *a = (struct rca_active){.source = source};
    if (!source->open || source->open(&box.env, box.loop.obs, &a->state) == 0)
        box.loop.n_active++;
}

static void open_world(void)
{
    box.env = (struct rca_source_env){.proc = box.proc,
                                      .sys = box.sys,
                                      .host = "h",
                                      .config = &box.config,
                                      .profile = RCA_PROFILE_LIGHT};
    open_source(&rca_source_cgroup);
    open_source(&rca_source_host);
    open_source(&world);
}

static void open_host(void)
{
    const struct rca_source *const *table = rca_source_table();

    box.env = (struct rca_source_env){.proc = "/proc",
                                      .sys = "/sys",
                                      .host = "h",
                                      .config = &box.config,
                                      .profile = RCA_PROFILE_STANDARD};
    for (; *table; table++)
        open_source(*table);
    open_source(&world);
}

static int setup(void **state)
{
    const char *ticks = getenv("RCA_REPLAY_TICKS");

    (void)state;
    box.seed = test_seed();
    box.want =
        ticks ? (size_t)strtoul(ticks, NULL, 10) : (size_t)test_rounds(7200);
    make_world();
    assert_ok(rca_config_init(&box.config));
    box.config.retention = 1800 * RCA_SECOND;
    assert_ok(rca_store_open(box.db, RCA_STORE_WRITE, NULL, &box.store));
    assert_ok(rca_observer_new(box.store, "h", &box.loop.obs));
    rca_observer_limit(box.loop.obs, box.config.limit);
    box.clock = (struct rca_clock){wall, since, since, wait_until, NULL};
    box.meter = (struct rca_meter){no_stats, no_cost, NULL};
    box.loop.clock = &box.clock;
    box.loop.meter = &box.meter;
    box.loop.commit = rca_observer_commit;
    box.loop.store = box.store;
    box.loop.config = &box.config;
    box.loop.line.interval = RCA_SECOND;
    box.loop.line.last = RCA_TIME_NONE;
    if (getenv("RCA_REPLAY_REAL"))
        open_host();
    else
        open_world();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rca_loop_close(&box.loop);
    rca_observer_free(&box.loop.obs);
    rca_store_close(&box.store);
    rca_config_done(&box.config);
    tree_remove(box.root);
    return 0;
}

static void memory_does_not_grow(void **state)
{
    struct rca_store_info info;

    (void)state;
    box.loop.duration = (rca_time)box.want * RCA_SECOND - RCA_SECOND / 2;
    assert_ok(rca_loop_begin(&box.loop));
    assert_ok(rca_loop_run(&box.loop));
    box.heap_end = heap_in_use();
    assert_int_equal(box.ticks, box.want);
    assert_int_equal(box.loop.line.lost, 0);
    assert_int_equal(box.loop.refused, 0);
    assert_ok(rca_store_info(box.store, &info));
    print_message("%zu ticks: heap %zu KiB after an hour, %zu KiB at the end; "
                  "%llu entities kept, file %llu KiB\n",
                  box.ticks, box.heap_hour / 1024, box.heap_end / 1024,
                  (unsigned long long)info.entities,
                  (unsigned long long)(info.file_bytes / 1024));
    if (box.want <= HOUR)
        skip();
    assert_true(box.heap_end <= box.heap_hour + box.heap_hour * 5 / 100 +
                                    CACHE_BYTES +
                                    (box.want - HOUR) / NEW_EVERY * NAME_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_does_not_grow, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
