/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/args.h"
#include "cli/common.h"
#include "collector/store/upkeep.h"

static const struct rca_usage usage = {
    "store",
    "rca store check|compact",
    "check    read the whole store: pages, chunks, ticks, names, totals; a line\n"
    "         for each finding, and exit 1 if there is any. A collector may run\n"
    "         meanwhile.\n"
    "compact  write the file anew, as small as it gets, and bring a store of an\n"
    "         older version to this one. Needs as much room again while it runs,\n"
    "         and that no collector does.",
    "  rca store check\n"
    "  rca --db /tmp/try.db store check && echo sound\n"
    "  sudo systemctl stop rca-collect && sudo rca store compact\n",
};

/* Say what is wrong with the file. Return: the exit code. */
static int say(const struct rca_cli *cli, const struct rca_diag *diag, int r)
{
    struct stat st;

    if (stat(cli->db, &st))
        (void)fprintf(stderr, "rca: no store '%s': %s\n", cli->db,
                      rca_strerror(-errno));
    else
        (void)fprintf(stderr, "rca: '%s': %s\n", cli->db,
                      diag->text[0] ? diag->text : rca_strerror(r));
    return RCA_EXIT_ERROR;
}

static void print_finding(void *arg, const char *finding)
{
    (void)arg;
    (void)puts(finding);
}

static int check(const struct rca_cli *cli)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_diag diag = {0};
    size_t findings = 0;
    int r = rca_store_open(cli->db, RCA_STORE_READ, &diag, &store);

    if (r == 0)
        r = rca_store_check(store, print_finding, NULL, &findings);
    if (r)
        return say(cli, &diag, r);
    if (findings == 0) {
        printf("sound: %s\n", cli->db);
        return RCA_EXIT_DONE;
    }
    (void)fprintf(stderr, "rca: %zu finding%s in '%s'\n", findings,
                  findings == 1 ? "" : "s", cli->db);
    return RCA_EXIT_ERROR;
}

static int megabytes(struct rca_store *store, double *ret)
{
    struct rca_store_info info;
    int r = rca_store_info(store, &info);

    if (r == 0)
        *ret = 1e-6 * (double)info.file_bytes;
    return r;
}

static int compact(const struct rca_cli *cli)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_diag diag = {0};
    double before = 0, after = 0;
    struct stat st;
    int r;

    /* a writer would make what is missing or empty */
    if (stat(cli->db, &st) == 0 && st.st_size == 0)
        (void)rca_diag_set(&diag, RCA_ESCHEMA, cli->db, 0,
                           "empty: expected a database of rca");
    if (stat(cli->db, &st) || diag.text[0])
        return say(cli, &diag, RCA_ESCHEMA);
    r = rca_store_open(cli->db, RCA_STORE_WRITE, &diag, &store);
    if (r == 0)
        r = megabytes(store, &before);
    if (r == 0)
        r = rca_store_compact(store);
    if (r == 0)
        r = megabytes(store, &after);
    if (r)
        return say(cli, &diag, r);
    printf("%.1f MB before, %.1f MB now: %s\n", before, after, cli->db);
    return RCA_EXIT_DONE;
}

int rca_cmd_store(struct rca_cli *cli, int argc, char **argv)
{
    static const char *const words[] = {"check", "compact", NULL};
    const struct rca_arg args[] = {
        {"what", 0, RCA_ARG_WORD, NULL, NULL, words, NULL},
        {0},
    };
    const char *word = NULL;
    int r = rca_args_parse(argc, argv, args, &usage, 1, &word);

    if (r >= 0)
        return r;
    if (word)
        return strcmp(word, "check") == 0 ? check(cli) : compact(cli);
    (void)fprintf(stderr,
                  "rca store: check or compact? see rca store --help\n");
    return RCA_EXIT_USAGE;
}
