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

static int read_file(const char *path, struct rca_store *store,
                     struct rca_dump_info *ret)
{
    FILE *f RCA_CLEANUP(close_file) = fopen(path, "re");
    struct rca_diag diag = {0};
    int err;

    if (!f)
        return complain(path, &diag, -errno);
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
                    struct rca_dump_info *ret_infos)
{
    for (size_t i = 0; i < n; i++) {
        const int r = read_file(paths[i], NULL, &ret_infos[i]);

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
                    size_t n, const struct rca_dump_info *infos)
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
        struct rca_dump_info info;
        const int r = read_file(paths[i], store, &info);

        if (r >= 0)
            return r;
        report(paths[i], &info);
    }
    return -1;
}
