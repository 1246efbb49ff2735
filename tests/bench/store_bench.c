/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/store.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

/*
 * The store against a plain table with a row a sample, in the same run: samples
 * a second in and out, and bytes a sample of the whole file. A line each:
 * name, value, unit.
 *
 * The load is a hard mix: half of the series are counters whose steps jitter,
 * most others noisy, one in twenty of full-precision floating point numbers.
 * What a collector stores is easier (many series stand still).
 */

enum { ENTITIES = 50, SERIES = 20, TICKS = 4320, PLAIN_TICKS = 300 };
enum { WIDTH = ENTITIES * SERIES };

static uint64_t seed = 1;

static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

/* About normal: mean 0, deviation 1. */
static double noise(void)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum;
}

static double next(int s, double last)
{
    switch (s % 20) {
    case 0: /* requests */
    case 1:
    case 2:
        return last + rint(100 + 10 * noise());
    case 3: /* bytes */
    case 4:
        return last + rint(150000 + 12000 * noise());
    case 5: /* nanoseconds as seconds */
    case 6:
    case 7:
        return rint((last + 0.3 + 0.03 * noise()) * 1e9) / 1e9;
    case 8: /* errors, rare */
    case 9:
    case 10:
    case 11:
        return last + (uniform() < 0.02);
    case 12: /* ratios with two decimals */
    case 13:
        return rint((0.5 + 0.05 * noise()) * 100) / 100;
    case 14: /* memory in pages */
    case 15:
        return last + 4096 * rint(noise());
    case 16: /* stands still */
    case 17:
        return 8;
    case 18: /* microseconds as seconds */
        return rint(fabs(0.02 + 0.002 * noise()) * 1e6) / 1e6;
    default: /* all 53 bits, slow */
        return uniform() < 0.7 ? last : noise();
    }
}

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(int err, const char *what)
{
    if (err == 0)
        return;
    (void)fprintf(stderr, "store_bench: %s: %s\n", what, rca_strerror(err));
    exit(EXIT_FAILURE);
}

static void report(const char *name, double value, const char *unit)
{
    printf("store/%s\t%.4g\t%s\n", name, value, unit);
}

/* values[t * WIDTH + i] */
static double *make_load(void)
{
    double *x = malloc(sizeof(*x) * TICKS * WIDTH);

    if (!x)
        exit(EXIT_FAILURE);
    for (int t = 0; t < TICKS; t++) {
        for (int i = 0; i < WIDTH; i++)
            x[t * WIDTH + i] =
                next(i % SERIES, t ? x[(t - 1) * WIDTH + i] : 1e6 * i);
    }
    return x;
}

static rca_time tick_time(int t)
{
    return (INT64_C(1700000000) + t) * RCA_SECOND;
}

static void name_all(struct rca_store *store, struct rca_sample *samples)
{
    rca_id e, s;
    char name[32];

    for (int i = 0; i < WIDTH; i++) {
        (void)snprintf(name, sizeof(name), "entity-%d", i / SERIES);
        check(rca_store_entity(store, RCA_KIND_SERVICE, name, "h", &e), name);
        (void)snprintf(name, sizeof(name), "series_%d_total", i % SERIES);
        check(rca_store_series(store, name, &s), name);
        samples[i] = (struct rca_sample){e, s, 0};
    }
}

static void report_sizes(struct rca_store *store)
{
    struct rca_store_info info;

    check(rca_store_info(store, &info), "info");
    report("chunk_size", (double)info.chunk_bytes / TICKS / WIDTH,
           "bytes/sample");
    report("file_size", (double)info.file_bytes / TICKS / WIDTH,
           "bytes/sample, free pages included");
}

static void write_store(const char *path, const double *x)
{
    struct rca_sample samples[WIDTH];
    struct rca_store *store = NULL;
    double worst = 0, start = now_s();

    check(rca_store_open(path, RCA_STORE_WRITE, NULL, &store), path);
    name_all(store, samples);
    for (int t = 0; t < TICKS; t++) {
        const struct rca_tick tick = {
            .time = tick_time(t), .samples = samples, .n_samples = WIDTH};
        double before = now_s();

        for (int i = 0; i < WIDTH; i++)
            samples[i].value = x[t * WIDTH + i];
        check(rca_store_append(store, &tick), "append");
        worst = fmax(worst, now_s() - before);
    }
    check(rca_store_seal(store), "seal");
    report("in", TICKS * WIDTH / (now_s() - start) / 1e6, "M samples/s");
    report("worst_tick", worst * 1e3, "ms");
    report_sizes(store);
    rca_store_close(&store);
}

struct sum {
    double sum;
    size_t n;
};

static int add_block(void *arg, const struct rca_block *b)
{
    struct sum *s = arg;

    s->sum += b->values[b->n_times * b->n_series - 1];
    s->n += b->n_times * b->n_series;
    return 0;
}

static void read_store(const char *path, const char *name, int from,
                       const rca_id *only)
{
    struct rca_store *store = NULL;
    double best = INFINITY;
    struct sum sum = {0, 0};

    check(rca_store_open(path, RCA_STORE_READ, NULL, &store), path);
    for (int round = 0; round < 5; round++) {
        double start = now_s();

        sum = (struct sum){0, 0};
        check(rca_store_scan(store, tick_time(from), INT64_MAX, only, 1,
                             add_block, &sum),
              "scan");
        best = fmin(best, now_s() - start);
    }
    printf("store/%s\t%.4g\tms, %.4g M samples/s\n", name, best * 1e3,
           (double)sum.n / best / 1e6);
    rca_store_close(&store);
}

/* --- a row a sample --- */

static void run(sqlite3 *db, const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL) ? -EIO : 0, sql);
}

static void fill_plain(sqlite3 *db, const double *x)
{
    sqlite3_stmt *s = NULL;

    check(sqlite3_prepare_v2(db, "INSERT INTO x VALUES(?, ?, ?)", -1, &s, NULL),
          "prepare");
    for (int t = 0; t < PLAIN_TICKS; t++) {
        run(db, "BEGIN");
        for (int i = 0; i < WIDTH; i++) {
            (void)sqlite3_bind_int(s, 1, i);
            (void)sqlite3_bind_int64(s, 2, tick_time(t));
            (void)sqlite3_bind_double(s, 3, x[t * WIDTH + i]);
            check(sqlite3_step(s) == SQLITE_DONE ? 0 : -EIO, "insert");
            (void)sqlite3_reset(s);
        }
        run(db, "COMMIT");
    }
    (void)sqlite3_finalize(s);
}

static void read_plain(sqlite3 *db)
{
    double start = now_s(), sum = 0;
    sqlite3_stmt *s = NULL;
    int64_t pages = 0;

    check(sqlite3_prepare_v2(db, "SELECT series, time, value FROM x", -1, &s,
                             NULL),
          "prepare");
    while (sqlite3_step(s) == SQLITE_ROW)
        sum += sqlite3_column_double(s, 2);
    (void)sqlite3_finalize(s);
    report("plain_out", PLAIN_TICKS * WIDTH / (now_s() - start) / 1e6,
           isfinite(sum) ? "M samples/s" : "?");
    check(sqlite3_prepare_v2(db, "PRAGMA page_count", -1, &s, NULL), "prepare");
    if (sqlite3_step(s) == SQLITE_ROW)
        pages = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    report("plain_size", (double)pages * 4096 / PLAIN_TICKS / WIDTH,
           "bytes/sample");
}

static void plain(const char *path, const double *x)
{
    sqlite3 *db = NULL;
    double start;

    check(sqlite3_open(path, &db) ? -EIO : 0, path);
    run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE x(series INTEGER, time INTEGER, value REAL,"
            " PRIMARY KEY(series, time)) STRICT, WITHOUT ROWID");
    start = now_s();
    fill_plain(db, x);
    report("plain_in", PLAIN_TICKS * WIDTH / (now_s() - start) / 1e6,
           "M samples/s");
    read_plain(db);
    (void)sqlite3_close(db);
}

int main(void)
{
    static const char *const files[] = {"rca.db", "rca.db-lock", "plain.db"};
    const char *tmp = getenv("TMPDIR");
    char dir[256], path[300];
    double *x = make_load();
    const rca_id one = 7;

    (void)snprintf(dir, sizeof(dir), "%s/rca-bench-XXXXXX", tmp ? tmp : "/tmp");

    if (!mkdtemp(dir))
        return EXIT_FAILURE;
    (void)snprintf(path, sizeof(path), "%s/rca.db", dir);
    write_store(path, x);
    read_store(path, "out_all", 0, NULL);
    read_store(path, "out_newest_600_ticks", TICKS - 600, NULL);
    read_store(path, "out_one_entity", 0, &one);
    (void)snprintf(path, sizeof(path), "%s/plain.db", dir);
    plain(path, x);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    free(x);
    return EXIT_SUCCESS;
}
