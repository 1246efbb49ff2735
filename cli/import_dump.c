/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/import_dump.h"

#include <errno.h>
#include <sys/stat.h>

#include "cli/common.h"
#include "graph/base/time.h"

_Bool rca_is_dump(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void close_file(FILE **f)
{
    if (*f)
        (void)fclose(*f);
}

static int complain(const char *path, const struct rca_diag *diag, int err)
{
    const char *text = diag->text[0] ? diag->text : rca_strerror(err);

    if (diag->line && diag->column)
        (void)fprintf(stderr, "rca: %s:%u:%u: %s\n", path, diag->line,
                      diag->column, text);
    else if (diag->line)
        (void)fprintf(stderr, "rca: %s:%u: %s\n", path, diag->line, text);
    else
        (void)fprintf(stderr, "rca: %s: %s\n", path, text);
    return RCA_EXIT_ERROR;
}

/* struct told - a file that tells how far it is read; of @n files the @i-th */
struct told {
    FILE *f; /* owned */
    struct rca_progress_line *line;
    size_t i, n;
    double size, done; /* bytes */
};

static ssize_t read_told(void *cookie, char *buf, size_t size)
{
    struct told *t = cookie;
    const size_t n = fread(buf, 1, size, t->f);

    if (n == 0 && ferror(t->f)) {
        errno = errno ? errno : EIO;
        return -1;
    }
    t->done += (double)n;
    rca_progress_tell(
        t->line, ((double)t->i + (t->size > t->done ? t->done / t->size : 1)) /
                     (double)t->n);
    return (ssize_t)n;
}

static int open_told(const char *path, struct told *t, FILE **ret_f)
{
    const cookie_io_functions_t functions = {.read = read_told};
    struct stat st;

    t->f = fopen(path, "re");
    if (!t->f)
        return -errno;
    if (fstat(fileno(t->f), &st) == 0)
        t->size = (double)st.st_size;
    *ret_f = fopencookie(t, "r", functions);
    return *ret_f ? 0 : -ENOMEM;
}

static void close_told(struct told *t)
{
    close_file(&t->f);
}

static int read_file(const char *path, struct rca_store *store,
                     struct told told, struct rca_dump_info *ret)
{
    struct told t RCA_CLEANUP(close_told) = told;
    FILE *f RCA_CLEANUP(close_file) = NULL;
    struct rca_diag diag = {0};
    int err = open_told(path, &t, &f);

    if (err)
        return complain(path, &diag, err);
    err = rca_dump_read(f, path, store, &diag, ret);
    return err ? complain(path, &diag, err) : -1;
}

static void swap(const char **paths, struct rca_dump_info *infos, size_t i)
{
    const char *path = paths[i];
    const struct rca_dump_info info = infos[i];

    paths[i] = paths[i - 1];
    infos[i] = infos[i - 1];
    paths[i - 1] = path;
    infos[i - 1] = info;
}

static int sort_files(const char **paths, struct rca_dump_info *infos, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i; k > 0 && infos[k].first < infos[k - 1].first; k--)
            swap(paths, infos, k);
    }
    for (size_t i = 1; i < n; i++) {
        if (infos[i].first > infos[i - 1].last)
            continue;
        (void)fprintf(stderr,
                      "rca: '%s' begins before '%s' ends: import them into two "
                      "stores\n",
                      paths[i], paths[i - 1]);
        return RCA_EXIT_ERROR;
    }
    return -1;
}

int rca_dumps_check(const char **paths, size_t n,
                    struct rca_dump_info *ret_infos,
                    struct rca_progress_line *line)
{
    line->passes = 2;
    for (size_t i = 0; i < n; i++) {
        const struct told told = {.line = line, .i = i, .n = n};
        const int r = read_file(paths[i], NULL, told, &ret_infos[i]);

        if (r >= 0)
            return r;
        if (ret_infos[i].ticks)
            continue;
        (void)fprintf(stderr,
                      "rca: %s: no values; expected lines of 'rca export "
                      "--format jsonl'\n",
                      paths[i]);
        return RCA_EXIT_ERROR;
    }
    return sort_files(paths, ret_infos, n);
}

static int refuse(const struct rca_cli *cli, const char *path,
                  const struct rca_dump_info *info, rca_time last)
{
    char begin[RCA_TIME_TEXT_SIZE], end[RCA_TIME_TEXT_SIZE];

    (void)fprintf(stderr,
                  "rca: '%s' begins at %s, and '%s' holds data until %s: "
                  "import it into another store (--db)\n",
                  path, rca_time_utc(info->first, begin), cli->db,
                  rca_time_utc(last, end));
    return RCA_EXIT_ERROR;
}

static void report(const char *path, const struct rca_dump_info *info)
{
    char first[RCA_TIME_TEXT_SIZE], last[RCA_TIME_TEXT_SIZE];

    printf("imported '%s': %llu samples at %llu times, %zu entities, %zu "
           "edges, %s to %s\n",
           path, (unsigned long long)info->samples,
           (unsigned long long)info->ticks, info->entities, info->edges,
           rca_time_utc(info->first, first), rca_time_utc(info->last, last));
}

int rca_dumps_write(const struct rca_cli *cli, const char *const *paths,
                    size_t n, const struct rca_dump_info *infos,
                    struct rca_progress_line *line)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_store_info held;
    struct rca_diag diag = {0};
    int err = rca_store_open(cli->db, RCA_STORE_WRITE, &diag, &store);

    err = err ? err : rca_store_info(store, &held);
    if (err)
        return rca_say(cli->db, &diag, err);
    if (held.last != RCA_TIME_NONE && held.last >= infos[0].first)
        return refuse(cli, paths[0], &infos[0], held.last);
    for (size_t i = 0; i < n; i++) {
        const struct told told = {.line = line, .i = i, .n = n};
        struct rca_dump_info info;
        const int r = read_file(paths[i], store, told, &info);

        if (r >= 0)
            return r;
        rca_progress_erase(line);
        report(paths[i], &info);
    }
    return -1;
}
