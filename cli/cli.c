/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The global options may stand before or after the command's name; they are
 * taken out first, so that a command sees only its own.
 */

#include "cli/cli.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/complete.h"
#include "graph/base/log.h"
#include "graph/base/name.h"

#define VERSION "0.1.0"
#define DEFAULT_CONFIG "/etc/rca/rca.yaml"

/* Prints what --help of a command does. */
static int run_help(struct rca_cli *cli, int argc, char **argv);

const struct rca_command rca_commands[] = {
    {"collect", rca_cmd_collect, "watch this host until stopped"},
    {"train", rca_cmd_train, "learn the model from a window"},
    {"explain", rca_cmd_explain, "why is an entity slow or failing"},
    {"detect", rca_cmd_detect, "what is abnormal now, or at a time"},
    {"watch", rca_cmd_watch, "explain each new incident once, beside collect"},
    {"incidents", rca_cmd_incidents, "what was explained: list, show, compare"},
    {"feedback", rca_cmd_feedback, "say whether an answer was right"},
    {"show", rca_cmd_show, "entities, edges, series, what the model knows"},
    {"graph", rca_cmd_graph, "check its edges against the data"},
    {"evaluate", rca_cmd_evaluate,
     "how often the ranking is right, by labelled cases"},
    {"simulate", rca_cmd_simulate, "labelled cases from a known cause"},
    {"import", rca_cmd_import, "case folders into the store"},
    {"export", rca_cmd_export, "CSV, JSON lines, Prometheus text, a case"},
    {"trace", rca_cmd_trace, "packet events: where packets go, and die"},
    {"status", rca_cmd_status, "what is in the store, and how fresh"},
    {"store", rca_cmd_store, "check it, compact it"},
    {"doctor", rca_cmd_doctor, "what this host allows, and what is lost"},
    {"demo", rca_cmd_demo, "a real application, a real fault, the answer"},
    {"completion", rca_cmd_completion, "of these words in bash, zsh or fish"},
    {"help", run_help, "what --help of a command says"},
    {0},
};

/* without the row of zeros */
#define N_COMMANDS (RCA_ARRAY_SIZE(rca_commands) - 1)

struct globals {
    const char *db;
    const char *config;
    const char *colour;
    int verbosity;
};

static void help(FILE *to)
{
    (void)fputs("usage: rca [--db FILE] [--config FILE] [-v|-q]\n"
                "           [--color auto|always|never] COMMAND\n\n"
                "rca tells why something on this host is slow or failing.\n\n",
                to);
    for (size_t i = 0; i < N_COMMANDS; i++)
        (void)fprintf(to, "  %-11s %s\n", rca_commands[i].name,
                      rca_commands[i].summary);
    (void)fputs("\nrca COMMAND --help says more. Exit codes: 0 done, a cause "
                "was named; 1 error;\n2 usage; 3 the entity is normal; 4 no "
                "clear cause or too little data; 5 a\nprivilege, kernel "
                "feature or program is missing.\n\n"
                "EXAMPLES\n"
                "  rca demo\n"
                "  sudo rca collect &\n"
                "  rca train --window 24h\n"
                "  rca explain --entity web -o why.svg\n",
                to);
}

static int complain_option(const char *word)
{
    const size_t dashes = strspn(word, "-");
    size_t n = 0, near;

    while (rca_global_options[n])
        n++;
    near = rca_name_nearest(word + dashes, rca_global_options, n);
    if (near < n)
        (void)fprintf(stderr,
                      "rca: unknown option '%s': did you mean '--%s'?\n", word,
                      rca_global_options[near]);
    else
        (void)fprintf(stderr, "rca: unknown option '%s'; see rca --help\n",
                      word);
    return RCA_EXIT_USAGE;
}

static int complain(const char *word)
{
    const char *names[N_COMMANDS];
    size_t near;

    if (word[0] == '-')
        return complain_option(word);

    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = rca_commands[i].name;
    near = rca_name_nearest(word, names, N_COMMANDS);
    if (near < N_COMMANDS)
        (void)fprintf(stderr, "rca: no command '%s': did you mean '%s'?\n",
                      word, names[near]);
    else
        (void)fprintf(stderr, "rca: no command '%s'; see rca --help\n", word);
    return RCA_EXIT_USAGE;
}

const struct rca_command *rca_command_find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(rca_commands[i].name, name) == 0)
            return &rca_commands[i];
    }
    return NULL;
}

static int run_help(struct rca_cli *cli, int argc, char **argv)
{
    char option[] = "--help";
    char *words[] = {argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : option,
                     option, NULL};
    const struct rca_command *command;

    if (argc > 1 && strcmp(argv[1], RCA_ARGS_COMPLETE) == 0)
        return RCA_COMPLETE_COMMANDS;
    if (argc < 2 || words[0][0] == '-' || strcmp(words[0], "help") == 0) {
        help(stdout);
        return RCA_EXIT_DONE;
    }
    command = rca_command_find(words[0]);
    return command ? command->run(cli, argc > 2 ? 3 : 2, words)
                   : complain(words[0]);
}

/* If argv[*i] is option @name with a value, store it and move @i past it.
 * Return: 1 taken, 0 another word, -1 the value is missing. */
static int take(int argc, char **argv, int *i, const char *name,
                const char **ret)
{
    size_t length = strlen(name);

    if (strncmp(argv[*i], name, length) != 0)
        return 0;
    if (argv[*i][length] == '=') {
        *ret = argv[*i] + length + 1;
        return 1;
    }
    if (argv[*i][length])
        return 0;
    if (*i + 1 >= argc) {
        (void)fprintf(stderr, "rca: a value is missing after '%s'\n", name);
        return -1;
    }
    *ret = argv[++*i];
    return 1;
}

static int take_any(int argc, char **argv, int *i, struct globals *g)
{
    int r = take(argc, argv, i, "--db", &g->db);

    r = r ? r : take(argc, argv, i, "--config", &g->config);
    r = r ? r : take(argc, argv, i, "--color", &g->colour);
    if (r)
        return r;
    if (strcmp(argv[*i], "-v") == 0 || strcmp(argv[*i], "--verbose") == 0)
        g->verbosity++;
    else if (strcmp(argv[*i], "-q") == 0 || strcmp(argv[*i], "--quiet") == 0)
        g->verbosity = -1;
    else
        return 0;
    return 1;
}

/* Take the global options out of @argv. Return: what is left, or -1. */
static int globals(int argc, char **argv, struct globals *g)
{
    int left = 1;

    for (int i = 1; i < argc; i++) {
        int r = strcmp(argv[i], "--") == 0 ? -2 : take_any(argc, argv, &i, g);

        if (r == -1)
            return -1;
        while (r == -2 && i < argc)
            argv[left++] = argv[i++];
        if (r == 0)
            argv[left++] = argv[i];
    }
    argv[left] = NULL;
    return left;
}

static _Bool colour(const char *when)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (when && strcmp(when, "always") == 0)
        return 1;
    if (when && strcmp(when, "never") == 0)
        return 0;
    return isatty(STDOUT_FILENO) && !(no && no[0]) && term &&
           strcmp(term, "dumb") != 0;
}

static int load_config(const struct globals *g, struct rca_config *config)
{
    const char *path = g->config ? g->config : DEFAULT_CONFIG;
    struct rca_diag diag = {0};
    int r = rca_config_init(config);

    if (r || (!g->config && access(path, F_OK)))
        return r;
    rca_config_done(config);
    r = rca_config_load(path, &diag, config);
    if (r && diag.line)
        (void)fprintf(stderr, "%s:%u:%u: %s\n", path, diag.line, diag.column,
                      diag.text);
    else if (r)
        (void)fprintf(stderr, "%s: %s\n", path,
                      diag.text[0] ? diag.text : rca_strerror(r));
    return r;
}

static int run(const struct globals *g, int argc, char **argv)
{
    struct rca_cli cli = {.verbosity = g->verbosity,
                          .colour = colour(g->colour)};
    const struct rca_command *command = rca_command_find(argv[0]);
    int code;

    if (!command)
        return complain(argv[0]);
    if (load_config(g, &cli.config))
        return RCA_EXIT_ERROR;
    cli.db = g->db ? g->db : cli.config.db;
    code = command->run(&cli, argc, argv);
    rca_config_done(&cli.config);
    if (fflush(stdout) && code == RCA_EXIT_DONE) {
        (void)fprintf(stderr, "rca: cannot write: %s\n", rca_strerror(-errno));
        code = RCA_EXIT_ERROR;
    }
    return code;
}

int rca_cli_run(int argc, char **argv)
{
    struct globals g = {0};
    int left;

    (void)setlocale(LC_CTYPE, ""); /* numbers stay as in C */
    left = globals(argc, argv, &g);
    if (left < 0)
        return RCA_EXIT_USAGE;
    if (g.colour && strcmp(g.colour, "auto") != 0 &&
        strcmp(g.colour, "always") != 0 && strcmp(g.colour, "never") != 0) {
        (void)fprintf(stderr,
                      "rca: --color wants auto, always or never, not "
                      "'%s'\n",
                      g.colour);
        return RCA_EXIT_USAGE;
    }
    rca_log_set(g.verbosity < 0
                    ? RCA_LOG_ERROR
                    : (enum rca_log_level)(
                          RCA_LOG_WARN + (g.verbosity > 1 ? 2 : g.verbosity)));
    if (left > 1 && strcmp(argv[1], "--version") == 0) {
        (void)puts("rca " VERSION);
        return RCA_EXIT_DONE;
    }
    if (left < 2 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        help(left < 2 ? stderr : stdout);
        return left < 2 ? RCA_EXIT_USAGE : RCA_EXIT_DONE;
    }
    return run(&g, left - 1, argv + 1);
}
