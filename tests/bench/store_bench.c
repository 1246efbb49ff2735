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
 * store_bench [--days N] | --recorded STORE [--repeat N]
 *
 * Without arguments: the store against a plain table with a row a sample, in
 * the same run: samples a second in and out, and bytes a sample of the whole
 * file. The load is a hard mix of 1,000 series for 24 hours at 10 s (8,640
 * ticks): half of the series are counters whose steps jitter, most others
 * noisy, one in twenty of full-precision floating point numbers. What a
 * collector stores is easier (most series stand still at most ticks). --days
 * writes and reads that many days of it.
 *
 * --recorded: the samples, entities and series of a store that a collector
 * wrote, put into a new one in the same ticks, as often as --repeat says one
 * after the other (counters jump back where a recording begins anew).
 *
 * A line each: name, value, unit. Times are processor time, of all that the
 * process and the kernel for it did.
 */

enum { ENTITIES = 50, SERIES = 20, DAY = 8640, PLAIN_TICKS = 300 };
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

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
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

static rca_time tick_time(int t)
{
    return (INT64_C(1700000000) + 10 * (rca_time)t) * RCA_SECOND;
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
    double n;

    check(rca_store_info(store, &info), "info");
    n = (double)info.samples;
    report("samples", n / 1e6, "M");
    report("chunk_size", (double)info.chunk_bytes / n, "bytes/sample");
    report("file_size", (double)info.file_bytes / n,
           "bytes/sample, pages, names and the head's room included");
    report("file", (double)info.file_bytes / 1e6, "MB");
}

/* struct cost - processor time of appends */
struct cost {
    double total_s, worst_s;
    size_t samples;
};

static void append(struct rca_store *store, const struct rca_tick *tick,
                   struct cost *cost)
{
    const double before = now_s();
    double spent;

    check(rca_store_append(store, tick), "append");
    spent = now_s() - before;
    cost->total_s += spent;
    cost->worst_s = fmax(cost->worst_s, spent);
    cost->samples += tick->n_samples;
}

static void finish(struct rca_store **store, struct cost *cost)
{
    const double before = now_s();

    check(rca_store_seal(*store), "seal");
    cost->total_s += now_s() - before;
    report("in", (double)cost->samples / cost->total_s / 1e6, "M samples/s");
    report("worst_tick", cost->worst_s * 1e3, "ms");
    report_sizes(*store);
    rca_store_close(store);
}

static void write_store(const char *path, int ticks)
{
    struct rca_sample samples[WIDTH];
    struct rca_store *store = NULL;
    struct cost cost = {0};

    check(rca_store_open(path, RCA_STORE_WRITE, NULL, &store), path);
    name_all(store, samples);
    for (int i = 0; i < WIDTH; i++)
        samples[i].value = 1e6 * i;
    for (int t = 0; t < ticks; t++) {
        const struct rca_tick tick = {
            .time = tick_time(t), .samples = samples, .n_samples = WIDTH};

        for (int i = 0; i < WIDTH; i++)
            samples[i].value = next(i % SERIES, samples[i].value);
        append(store, &tick, &cost);
    }
    finish(&store, &cost);
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

static void read_store(const char *path, const char *name, rca_time from,
                       const rca_id *only)
{
    struct rca_store *store = NULL;
    double best = INFINITY;
    struct sum sum = {0, 0};

    check(rca_store_open(path, RCA_STORE_READ, NULL, &store), path);
    for (int round = 0; round < 5; round++) {
        double start = now_s();

        sum = (struct sum){0, 0};
        check(rca_store_scan(store, from, INT64_MAX, only, 1, add_block, &sum),
              "scan");
        best = fmin(best, now_s() - start);
    }
    printf("store/%s\t%.4g\tms, %.4g M samples/s\n", name, best * 1e3,
           (double)sum.n / best / 1e6);
    rca_store_close(&store);
}

/* --- a recording --- */

struct cell {
    rca_time time;
    struct rca_sample sample;
};

struct recording {
    struct cell *at; /* by time, entity, series */
    size_t n, cap;
};

static int take_block(void *arg, const struct rca_block *b)
{
    struct recording *r = arg;

    if (r->n + b->n_series * b->n_times > r->cap) {
        r->cap = 2 * r->cap + b->n_series * b->n_times;
        r->at = realloc(r->at, r->cap * sizeof(*r->at));
        check(r->at ? 0 : -ENOMEM, "recording");
    }
    for (size_t c = 0; c < b->n_series; c++) {
        for (size_t t = 0; t < b->n_times; t++) {
            const double x = b->values[c * b->n_times + t];

            if (!isnan(x))
                r->at[r->n++] =
                    (struct cell){b->times[t], {b->entity, b->series[c], x}};
        }
    }
    return 0;
}

static int by_cell(const void *pa, const void *pb)
{
    const struct cell *a = pa, *b = pb;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    if (a->sample.entity != b->sample.entity)
        return a->sample.entity < b->sample.entity ? -1 : 1;
    return a->sample.series < b->sample.series ? -1 : 1;
}

/* The same names under the same numbers, as far as they are used. */
static void copy_names(struct rca_store *to, struct rca_store *from,
                       struct recording *r)
{
    struct rca_graph *graph = NULL;
    rca_id ids[1 << 16] = {0}, id;

    check(rca_store_graph(from, INT64_MIN, INT64_MAX, &graph), "graph");
    for (id = 0; id < RCA_ARRAY_SIZE(ids) && rca_store_series_name(from, id);
         id++)
        check(rca_store_series(to, rca_store_series_name(from, id), &ids[id]),
              "series");
    for (size_t i = 0; i < r->n; i++)
        r->at[i].sample.series = ids[r->at[i].sample.series];
    for (uint32_t i = 0, n = 0; i < rca_graph_size(graph); i++) {
        const struct rca_entity *e = rca_graph_entity(graph, i);

        for (; n <= e->id; n++) { /* numbers are given in order */
            char name[32];

            (void)snprintf(name, sizeof(name), "unused-%u", n);
            check(rca_store_entity(to, e->kind, n == e->id ? e->name : name,
                                   e->host, &id),
                  "entity");
        }
    }
    rca_graph_free(&graph);
}

static void replay(struct rca_store *store, const struct recording *r,
                   rca_time shift, struct cost *cost)
{
    struct rca_sample *samples = malloc((r->n + 1) * sizeof(*samples));

    check(samples ? 0 : -ENOMEM, "samples");
    for (size_t i = 0, end; i < r->n; i = end) {
        struct rca_tick tick = {.time = r->at[i].time + shift,
                                .samples = samples};

        for (end = i; end < r->n && r->at[end].time == r->at[i].time; end++)
            samples[end - i] = r->at[end].sample;
        tick.n_samples = end - i;
        append(store, &tick, cost);
    }
    free(samples);
}

static void recorded(const char *path, const char *from, int repeat)
{
    struct rca_store *old = NULL, *copy = NULL;
    struct recording r = {0};
    struct cost cost = {0};

    check(rca_store_open(from, RCA_STORE_READ, NULL, &old), from);
    check(rca_store_scan(old, INT64_MIN, INT64_MAX, NULL, 0, take_block, &r),
          "scan");
    check(r.n ? 0 : -ENOENT, "samples");
    qsort(r.at, r.n, sizeof(*r.at), by_cell);
    check(rca_store_open(path, RCA_STORE_WRITE, NULL, &copy), path);
    copy_names(copy, old, &r);
    rca_store_close(&old);
    for (int i = 0; i < repeat; i++)
        replay(copy, &r, i * (r.at[r.n - 1].time - r.at[0].time + RCA_SECOND),
               &cost);
    report("ticks_s",
           (double)(r.at[r.n - 1].time - r.at[0].time) / RCA_SECOND * repeat,
           "s of recording");
    finish(&copy, &cost);
    free(r.at);
}

/* --- a row a sample --- */

static void run(sqlite3 *db, const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL) ? -EIO : 0, sql);
}

static void fill_plain(sqlite3 *db, double x[WIDTH])
{
    sqlite3_stmt *s = NULL;

    check(sqlite3_prepare_v2(db, "INSERT INTO x VALUES(?, ?, ?)", -1, &s, NULL),
          "prepare");
    for (int t = 0; t < PLAIN_TICKS; t++) {
        run(db, "BEGIN");
        for (int i = 0; i < WIDTH; i++) {
            (void)sqlite3_bind_int(s, 1, i);
            (void)sqlite3_bind_int64(s, 2, tick_time(t));
            x[i] = next(i % SERIES, x[i]);
            (void)sqlite3_bind_double(s, 3, x[i]);
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

static void plain(const char *path)
{
    double x[WIDTH] = {0};
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

static void synthetic(const char *path, int days)
{
    const rca_id one = 7;

    write_store(path, days * DAY);
    read_store(path, "out_all", INT64_MIN, NULL);
    read_store(path, "out_newest_600_ticks", tick_time(days * DAY - 600), NULL);
    read_store(path, "out_one_entity", INT64_MIN, &one);
}

static int number(const char *text)
{
    return text ? (int)strtol(text, NULL, 10) : 0;
}

static int run_all(const char *dir, int argc, char **argv)
{
    char path[300], plain_path[300];

    (void)snprintf(path, sizeof(path), "%s/rca.db", dir);
    (void)snprintf(plain_path, sizeof(plain_path), "%s/plain.db", dir);
    if (argc == 1) {
        synthetic(path, 1);
        plain(plain_path);
    } else if (argc == 3 && strcmp(argv[1], "--days") == 0) {
        synthetic(path, number(argv[2]));
    } else if ((argc == 3 || argc == 5) && strcmp(argv[1], "--recorded") == 0) {
        recorded(path, argv[2], argc == 5 ? number(argv[4]) : 1);
        read_store(path, "out_all", INT64_MIN, NULL);
    } else {
        (void)fprintf(stderr, "usage: store_bench [--days N | --recorded STORE"
                              " [--repeat N]]\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const char *const files[] = {"rca.db", "rca.db-lock", "plain.db"};
    const char *tmp = getenv("TMPDIR");
    char dir[256], path[300];
    int status;

    (void)snprintf(dir, sizeof(dir), "%s/rca-bench-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        return EXIT_FAILURE;
    status = run_all(dir, argc, argv);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    return status;
}
