/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The commands from a made store to their exit codes and output. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "tests/harness/test.h"

#define START (1700000000 * RCA_SECOND)
enum { ROWS = 60, WORDS_MAX = 12 };

static char db[64], out[80], err[80], picture[80], drawn[80];

static void fill(struct rca_store *store)
{
    rca_id web, other, twin, requests, cpu;

    assert_ok(rca_store_entity(store, RCA_KIND_SERVICE, "web", "h", &web));
    assert_ok(rca_store_entity(store, RCA_KIND_CGROUP, "twin", "h", &other));
    assert_ok(rca_store_entity(store, RCA_KIND_PROCESS, "twin", "h", &twin));
    assert_ok(rca_store_series(store, "requests_total", &requests));
    assert_ok(rca_store_series(store, "cpu_seconds_total", &cpu));
    for (int i = 0; i < ROWS; i++) {
        const struct rca_sample samples[] = {
            {web, requests, 100.0 * i},
            {other, cpu, 0.1 * i},
            {twin, cpu, 0.1 * i},
        };
        const struct rca_edge edge = {
            .source = web, .target = other, .kind = RCA_EDGE_RUNS_ON};
        const struct rca_tick tick = {.time = START + i * RCA_SECOND,
                                      .samples = samples,
                                      .n_samples = 3,
                                      .edges = &edge,
                                      .n_edges = 1};

        assert_ok(rca_store_append(store, &tick));
    }
}

static void make_store(_Bool filled)
{
    struct rca_store *store = NULL;

    (void)unlink(db);
    assert_ok(rca_store_open(db, RCA_STORE_WRITE, NULL, &store));
    if (filled)
        fill(store);
    rca_store_close(&store);
}

/* Run the words of @line, split at blanks, with standard output and error in
 * files. */
static int run(const char *line)
{
    char text[256], *rest = text, *word, *argv[WORDS_MAX] = {0};
    char name[] = "rca", option[] = "--db";
    int argc = 0, code, old_out = dup(1), old_err = dup(2);

    (void)snprintf(text, sizeof(text), "%s", line);
    argv[argc++] = name;
    argv[argc++] = option;
    argv[argc++] = db;
    while ((word = strsep(&rest, " ")) && argc < WORDS_MAX - 1)
        argv[argc++] = word;
    (void)fflush(stdout);
    assert_non_null(freopen(out, "w", stdout));
    assert_non_null(freopen(err, "w", stderr));
    code = rca_cli_run(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    (void)dup2(old_out, 1);
    (void)dup2(old_err, 2);
    (void)close(old_out);
    (void)close(old_err);
    return code;
}

/* What was written to @path; static storage. */
static const char *text_of(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    return text;
}

static void assert_said(const char *path, const char *words)
{
    if (!strstr(text_of(path), words))
        print_error("'%s' is not in: %s\n", words, text_of(path));
    assert_non_null(strstr(text_of(path), words));
}

static void an_empty_store_has_too_little_data(void **state)
{
    (void)state;
    make_store(0);
    assert_int_equal(run("status"), RCA_EXIT_UNCLEAR);
    assert_said(err, "holds no data yet");
    assert_int_equal(run("train"), RCA_EXIT_UNCLEAR);
    assert_int_equal(run("explain"), RCA_EXIT_UNCLEAR);
}

static void an_entity_must_be_known_and_one(void **state)
{
    (void)state;
    make_store(1);
    assert_int_equal(run("explain --entity webb"), RCA_EXIT_USAGE);
    assert_said(err, "service/web@h");
    assert_int_equal(run("show series twin"), RCA_EXIT_USAGE);
    assert_said(err, "cgroup/twin@h");
    assert_said(err, "process/twin@h");
    assert_int_equal(run("show series cgroup/twin"), RCA_EXIT_DONE);
    assert_said(out, "cpu_usage_cores");
}

static void explain_wants_a_model_first(void **state)
{
    (void)state;
    make_store(1);
    assert_int_equal(run("explain --entity web"), RCA_EXIT_UNCLEAR);
    assert_said(err, "rca train --window");
    assert_int_equal(run("status"), RCA_EXIT_DONE);
    assert_said(out, "model     none");
}

static void a_window_without_data_is_too_little(void **state)
{
    (void)state;
    make_store(1);
    assert_int_equal(run("train --until @1600000000"), RCA_EXIT_UNCLEAR);
    assert_said(err, "too few data");
    assert_int_equal(run("train --window 5s"), RCA_EXIT_UNCLEAR);
}

static void steady_data_are_normal_in_every_format(void **state)
{
    char line[160];
    struct stat st;

    (void)state;
    make_store(1);
    assert_int_equal(run("train --window 10min"), RCA_EXIT_DONE);
    assert_said(out, "learned ");
    assert_int_equal(run("show entity web"), RCA_EXIT_DONE);
    assert_int_equal(run("explain --entity web"), RCA_EXIT_NORMAL);
    assert_said(out, "digraph explain {");
    assert_int_equal(run("explain --entity web -f text"), RCA_EXIT_NORMAL);
    assert_said(out, "web is normal");
    assert_int_equal(run("explain --entity web --format=json"),
                     RCA_EXIT_NORMAL);
    assert_said(out, "\"verdict\":\"normal\"");
    (void)snprintf(line, sizeof(line), "explain --entity web -o %s", picture);
    if (access("/usr/bin/dot", X_OK) == 0) {
        assert_int_equal(run(line), RCA_EXIT_NORMAL);
        assert_said(picture, "<svg");
    }
    assert_int_equal(run("explain --entity web -f dot -o /dev/null"),
                     RCA_EXIT_NORMAL);
    assert_ok(stat("/dev/null", &st));
    assert_true(S_ISCHR(st.st_mode));
}

static void without_dot_the_graph_is_written_instead(void **state)
{
    char line[160], path[4096];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s",
                   getenv("PATH") ? getenv("PATH") : "");
    make_store(1);
    assert_int_equal(run("train --window 10min"), RCA_EXIT_DONE);
    (void)snprintf(line, sizeof(line), "explain --entity web -o %s", picture);
    (void)setenv("PATH", "/nowhere", 1);
    assert_int_equal(run(line), RCA_EXIT_MISSING);
    (void)setenv("PATH", path, 1);
    assert_said(err, "graphviz");
    assert_said(drawn, "digraph explain {");
}

static void show_lists_what_is_known(void **state)
{
    (void)state;
    make_store(1);
    assert_int_equal(run("show entities"), RCA_EXIT_DONE);
    assert_said(out, "service");
    assert_int_equal(run("show edges"), RCA_EXIT_DONE);
    assert_said(out, "service/web  runs_on  cgroup/twin");
    assert_int_equal(run("show graph"), RCA_EXIT_DONE);
    assert_said(out, "digraph entities {");
}

static void name_files(const char *dir)
{
    (void)snprintf(db, sizeof(db), "%s/rca.db", dir);
    (void)snprintf(out, sizeof(out), "%s/out", dir);
    (void)snprintf(err, sizeof(err), "%s/err", dir);
    (void)snprintf(picture, sizeof(picture), "%s/x.svg", dir);
    (void)snprintf(drawn, sizeof(drawn), "%s/x.dot", dir);
}

static int remove_files(void **state)
{
    char wal[80], shm[80], lock[80];
    const char *const files[] = {db, out, err, picture, drawn, wal, shm, lock};

    (void)state;
    (void)snprintf(wal, sizeof(wal), "%s-wal", db);
    (void)snprintf(shm, sizeof(shm), "%s-shm", db);
    (void)snprintf(lock, sizeof(lock), "%s-lock", db);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(files); i++)
        (void)unlink(files[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_store_has_too_little_data),
        cmocka_unit_test(an_entity_must_be_known_and_one),
        cmocka_unit_test(explain_wants_a_model_first),
        cmocka_unit_test(a_window_without_data_is_too_little),
        cmocka_unit_test(steady_data_are_normal_in_every_format),
        cmocka_unit_test(without_dot_the_graph_is_written_instead),
        cmocka_unit_test(show_lists_what_is_known),
    };
    char dir[] = "/tmp/rca-cli-XXXXXX";
    int failed;

    if (!mkdtemp(dir))
        return 1;
    name_files(dir);
    failed =
        cmocka_run_group_tests_name("cli/commands", tests, NULL, remove_files);
    (void)rmdir(dir);
    return failed;
}
