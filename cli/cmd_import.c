/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Every case is read whole before the first is written, and cases that cannot
 * follow each other are refused then: a store that is appended to only cannot
 * take back half an import. A store that did not exist is removed again when
 * writing fails.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/import_dump.h"
#include "cli/progress.h"
#include "collector/store/upkeep.h"
#include "datasets/import.h"
#include "graph/base/time.h"

static const struct rca_usage usage = {
    "import",
    "rca import PATH...",
    "Write labelled or unlabelled incidents from case folders (docs/CASES.md;\n"
    "RCAEval's layout too), or files of 'rca export --format jsonl', into the\n"
    "store, which is made if missing; then 'rca train' and 'rca explain' work on\n"
    "them. Several are written in order of time and may not overlap, nor begin\n"
    "before what the store holds.",
    "  rca --db /tmp/incident.db import incidents/2026-11-20-checkout\n"
    "  rca --db /tmp/incident.db train --window 7d\n"
    "  rca --db /tmp/copy.db import everything.jsonl\n",
};

/* struct cases - @paths borrowed */
struct cases {
    struct rca_case **list;
    const char **paths;
    size_t n;
};

static void done(struct cases *cases)
{
    for (size_t i = 0; i < cases->n; i++)
        rca_case_free(&cases->list[i]);
    free(cases->list);
    free(cases->paths);
}

static int complain(const char *path, const struct rca_diag *diag, int err)
{
    const char *file = diag->file[0] ? diag->file : path;
    const char *text = diag->text[0] ? diag->text : rca_strerror(err);

    if (diag->line && diag->column)
        (void)fprintf(stderr, "rca: %s:%u:%u: %s\n", file, diag->line,
                      diag->column, text);
    else if (diag->line)
        (void)fprintf(stderr, "rca: %s:%u: %s\n", file, diag->line, text);
    else
        (void)fprintf(stderr, "rca: %s: %s\n", file, text);
    return RCA_EXIT_ERROR;
}

static int read_cases(struct cases *cases, size_t n,
                      struct rca_progress_line *line)
{
    for (; cases->n < n; cases->n++) {
        struct rca_diag diag = {0};
        const char *path = cases->paths[cases->n];
        const int err = rca_case_read(path, &cases->list[cases->n], &diag);

        if (err)
            return complain(path, &diag, err);
        rca_progress_count(line, cases->n + 1, n);
        if (cases->list[cases->n]->times[0] >= 0)
            continue;
        (void)fprintf(stderr,
                      "rca: '%s' has times before 1970, which no command can "
                      "name\n",
                      path);
        rca_case_free(&cases->list[cases->n]);
        return RCA_EXIT_ERROR;
    }
    return -1;
}

static rca_time last_of(const struct rca_case *c)
{
    return c->times[c->window->n_rows - 1];
}

/* oldest first; few: an insertion sort */
static int sort_cases(struct cases *cases)
{
    for (size_t i = 1; i < cases->n; i++) {
        struct rca_case *c = cases->list[i];
        size_t k = i;

        for (; k > 0 && cases->list[k - 1]->times[0] > c->times[0]; k--)
            cases->list[k] = cases->list[k - 1];
        cases->list[k] = c;
    }
    for (size_t i = 1; i < cases->n; i++) {
        const struct rca_case *a = cases->list[i - 1], *b = cases->list[i];
        char text[RCA_TIME_TEXT_SIZE];

        if (b->times[0] > last_of(a))
            continue;
        (void)fprintf(stderr,
                      "rca: '%s' begins before '%s' ends (%s): import them "
                      "into two stores\n",
                      b->name, a->name, rca_time_utc(last_of(a), text));
        return RCA_EXIT_ERROR;
    }
    return -1;
}

static int refuse(const struct rca_cli *cli, struct rca_store *store,
                  const struct rca_case *c)
{
    char begin[RCA_TIME_TEXT_SIZE], end[RCA_TIME_TEXT_SIZE];
    struct rca_store_info info = {.last = RCA_TIME_NONE};

    (void)!rca_store_info(store, &info);
    (void)fprintf(stderr,
                  "rca: '%s' begins at %s, and '%s' holds data until %s: "
                  "import it into another store (--db)\n",
                  c->name, rca_time_utc(c->times[0], begin), cli->db,
                  rca_time_utc(info.last, end));
    return RCA_EXIT_ERROR;
}

static int write_cases(const struct rca_cli *cli, const struct cases *cases,
                       struct rca_progress_line *line)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_diag diag = {0};
    int err = rca_store_open(cli->db, RCA_STORE_WRITE, &diag, &store);

    if (err)
        return rca_say(cli->db, &diag, err);
    for (size_t i = 0; i < cases->n; i++) {
        err = rca_import(store, cases->list[i]);
        if (err == -EEXIST)
            return refuse(cli, store, cases->list[i]);
        if (err)
            return rca_say(cli->db, NULL, err);
        rca_progress_count(line, i + 1, cases->n);
    }
    return -1;
}

/* as a shell takes it as one word */
static void print_word(const char *text)
{
    const _Bool plain =
        *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "_-./:@%+=,")] == '\0';

    if (plain) {
        (void)fputs(text, stdout);
        return;
    }
    (void)putchar('\'');
    for (; *text; text++) {
        if (*text == '\'')
            (void)fputs("'\\''", stdout);
        else
            (void)putchar(*text);
    }
    (void)putchar('\'');
}

/* whole seconds readable, others exact */
static void print_time(rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    if (t >= 0 && t % RCA_SECOND)
        printf("@%lld.%09lld", (long long)(t / RCA_SECOND),
               (long long)(t % RCA_SECOND));
    else
        printf("%s", rca_time_utc(t, text));
}

static void print_command(const struct rca_cli *cli)
{
    printf("  rca --db ");
    print_word(cli->db);
}

/* A step of the store ends at its sample: the incident's first step begins with
 * the sample before. */
static void print_explain(const struct rca_cli *cli, const struct rca_case *c)
{
    const struct rca_incident *i = &c->incident;
    const size_t from = i->incident.from;
    const struct rca_entity *victim = NULL;

    if (i->victim != RCA_ID_NONE)
        victim =
            rca_graph_entity(c->graph, rca_graph_node(c->graph, i->victim));
    print_command(cli);
    printf(" explain");
    if (victim) {
        char *name RCA_CLEANUP(rca_freep) = NULL;

        if (asprintf(&name, "%s/%s", rca_kind_name(victim->kind),
                     victim->name) < 0)
            name = NULL;
        printf(" --entity ");
        print_word(name ? name : victim->name);
    }
    if (i->metric) {
        char series[RCA_IMPORT_NAME_SIZE];

        printf(" --metric ");
        print_word(rca_import_series(
            c, rca_window_find(c->window, i->victim, i->metric), series));
    }
    printf(" --from ");
    print_time(from ? c->times[from - 1] : c->window->from);
    printf(" --to ");
    print_time(c->times[i->incident.to - 1]);
    printf("\n");
}

static void report(const struct rca_cli *cli, const struct cases *cases)
{
    const rca_time from = cases->list[0]->window->from;
    const rca_time to = last_of(cases->list[cases->n - 1]);
    const int64_t hours = (to - from) / (3600 * RCA_SECOND) + 1;

    for (size_t i = 0; i < cases->n; i++) {
        const struct rca_case *c = cases->list[i];
        char first[RCA_TIME_TEXT_SIZE], last[RCA_TIME_TEXT_SIZE];

        printf("imported '%s': %zu metrics of %zu entities, %zu edges, %zu "
               "rows, %s to %s\n",
               c->name, c->window->n_vars, rca_graph_size(c->graph),
               rca_graph_edges(c->graph), c->window->n_rows,
               rca_time_utc(c->times[0], first),
               rca_time_utc(last_of(c), last));
    }
    printf("now type:\n");
    print_command(cli);
    printf(" train --window %lldh\n", (long long)hours);
    for (size_t i = 0; i < cases->n; i++)
        print_explain(cli, cases->list[i]);
}

/* what was begun is not left behind */
static int finish(const struct rca_cli *cli, _Bool existed, int r)
{
    if (r >= 0 && !existed)
        rca_store_remove(cli->db);
    return r;
}

static int import_cases(const struct rca_cli *cli, struct cases *cases,
                        size_t n)
{
    struct rca_progress_line line RCA_CLEANUP(rca_progress_end) =
        rca_progress_begin(cli, "import");
    const _Bool existed = access(cli->db, F_OK) == 0;
    int r;

    line.passes = 2;
    r = read_cases(cases, n, &line);
    r = r >= 0 ? r : sort_cases(cases);
    if (r >= 0)
        return r;
    r = finish(cli, existed, write_cases(cli, cases, &line));
    rca_progress_end(&line);
    if (r >= 0)
        return r;
    report(cli, cases);
    return RCA_EXIT_DONE;
}

static int import_dumps(const struct rca_cli *cli, const struct cases *cases,
                        size_t n)
{
    const _Bool existed = access(cli->db, F_OK) == 0;
    struct rca_dump_info *infos RCA_CLEANUP(rca_freep) =
        calloc(n, sizeof(*infos));
    struct rca_progress_line line RCA_CLEANUP(rca_progress_end) =
        rca_progress_begin(cli, "import");
    int r = infos ? rca_dumps_check(cases->paths, n, infos, &line)
                  : rca_say("cannot import", NULL, -ENOMEM);

    if (r >= 0)
        return r;
    r = finish(cli, existed,
               rca_dumps_write(cli, cases->paths, n, infos, &line));
    return r >= 0 ? r : RCA_EXIT_DONE;
}

int rca_cmd_import(struct rca_cli *cli, int argc, char **argv)
{
    const struct rca_arg args[] = {{0}};
    struct cases cases RCA_CLEANUP(done) = {0};
    size_t n = 0;
    int r;

    cases.paths = calloc((size_t)argc + 1, sizeof(*cases.paths));
    cases.list = calloc((size_t)argc + 1, sizeof(struct rca_case *));
    if (!cases.paths || !cases.list)
        return rca_say("cannot import", NULL, -ENOMEM);
    r = rca_args_parse(argc, argv, args, &usage, (size_t)argc, cases.paths);
    if (r >= 0)
        return r;
    while (cases.paths[n])
        n++;
    if (!n) {
        (void)fprintf(stderr, "rca import: import what? name a case folder "
                              "or a file; see rca import --help\n");
        return RCA_EXIT_USAGE;
    }
    return rca_is_dump(cases.paths[0]) ? import_dumps(cli, &cases, n)
                                       : import_cases(cli, &cases, n);
}
