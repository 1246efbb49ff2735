/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Completion asks the command itself, by a first word that rca_args_parse()
 * knows; what is only in the store is looked up here.
 */

#include <errno.h>
#include <string.h>

#include "cli/common.h"
#include "cli/complete.h"
#include "cli/record_store.h"
#include "graph/base/name.h"

static const struct rca_usage usage = {
    "completion",
    "rca completion bash|zsh|fish\n"
    "       rca completion words -- WORD...",
    "Print a script that makes the shell complete commands, options, their\n"
    "values and the names of entities in the store; packages install it. The\n"
    "script asks 'rca completion words', which completes the last of the words:\n"
    "a line for each candidate, with its help after a tab.",
    "  source <(rca completion bash)\n"
    "  rca completion zsh > ~/.zfunc/_rca\n"
    "  rca completion fish > ~/.config/fish/completions/rca.fish\n"
    "  rca completion words -- explain --for\n",
};

static const char *const shells[] = {"bash", "zsh", "fish", "words", NULL};
enum { WORDS = 3 };

/* One name may be that of several kinds: then only kind/name is offered. */
static _Bool is_only(const struct rca_graph *g, uint32_t node)
{
    const char *name = rca_graph_entity(g, node)->name;

    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        if (i != node && strcmp(rca_graph_entity(g, i)->name, name) == 0)
            return 0;
    }
    return 1;
}

static void offer_entity(const struct rca_graph *g, uint32_t node,
                         const char *typed)
{
    const struct rca_entity *e = rca_graph_entity(g, node);
    char whole[RCA_NAME_MAX + 32];
    const size_t length = (size_t)snprintf(whole, sizeof(whole), "%s/%s",
                                           rca_kind_name(e->kind), e->name);
    const char *value = strrchr(typed, '=') ? strrchr(typed, '=') + 1 : typed;

    if (strncmp(e->name, value, strlen(value)) == 0 && is_only(g, node))
        rca_complete_offer(typed, e->name, rca_kind_name(e->kind));
    else if (length < sizeof(whole))
        rca_complete_offer(typed, whole, "");
}

static int offer_entities(const struct rca_cli *cli, const char *typed)
{
    struct rca_open open;

    if (rca_open_store(cli, &open) >= 0)
        return RCA_EXIT_DONE;
    for (uint32_t i = 0; i < rca_graph_size(open.graph); i++)
        offer_entity(open.graph, i, typed);
    rca_open_done(&open);
    return RCA_EXIT_DONE;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each name that the model knows, of whatever entity, once. */
static void offer_names(const struct rca_model *model, const char *typed)
{
    const size_t n = rca_model_variables(model);
    const char **names RCA_CLEANUP(rca_freep) =
        (const char **)calloc(n + 1, sizeof(*names));

    for (size_t i = 0; names && i < n; i++) {
        struct rca_factor_view view;

        rca_model_view(model, i, &view);
        names[i] = view.metric;
    }
    if (!names)
        return;
    qsort((void *)names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++) {
        if (!i || strcmp(names[i], names[i - 1]) != 0)
            rca_complete_offer(typed, names[i], "");
    }
}

static int offer_metrics(const struct rca_cli *cli, const char *typed)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_open open;

    if (rca_open_store(cli, &open) >= 0)
        return RCA_EXIT_DONE;
    if (rca_load_model(open.store, &model) == 0)
        offer_names(model, typed);
    rca_open_done(&open);
    return RCA_EXIT_DONE;
}

static int offer_incidents(const struct rca_cli *cli, const char *typed)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;

    rca_complete_offer(typed, "last", "the newest");
    if (rca_store_open(cli->db, RCA_STORE_READ, NULL, &store) ||
        rca_records_read(store, &all))
        return RCA_EXIT_DONE;
    for (size_t i = all.n; i-- > 0;)
        rca_complete_offer(typed, all.list[i]->id, "");
    return RCA_EXIT_DONE;
}

static int offer_commands(const char *typed)
{
    for (size_t i = 0; rca_commands[i].name; i++)
        rca_complete_offer(typed, rca_commands[i].name,
                           rca_commands[i].summary);
    return RCA_EXIT_DONE;
}

static int offer(const struct rca_cli *cli, int what, const char *typed)
{
    switch (what) {
    case RCA_COMPLETE_FILES:
        (void)puts("\tfiles");
        return RCA_EXIT_DONE;
    case RCA_COMPLETE_COMMANDS:
        return offer_commands(typed);
    case RCA_COMPLETE_ENTITIES:
        return offer_entities(cli, typed);
    case RCA_COMPLETE_METRICS:
        return offer_metrics(cli, typed);
    case RCA_COMPLETE_INCIDENTS:
        return offer_incidents(cli, typed);
    default:
        return RCA_EXIT_DONE;
    }
}

/* The global option that @word is, "--db" or "--db=..."; NULL: none. */
static const struct rca_global *global(const char *word)
{
    const size_t length = strcspn(word, "=");

    for (size_t i = 0; rca_globals[i].name && length > 2; i++) {
        if (strlen(rca_globals[i].name) == length - 2 &&
            strncmp(word, "--", 2) == 0 &&
            strncmp(word + 2, rca_globals[i].name, length - 2) == 0)
            return &rca_globals[i];
    }
    return NULL;
}

static int offer_global(const struct rca_global *g, const char *typed)
{
    for (size_t i = 0; g->choices && g->choices[i]; i++)
        rca_complete_offer(typed, g->choices[i], "");
    if (!g->choices)
        (void)puts("\tfiles");
    return RCA_EXIT_DONE;
}

static int offer_first(const char *typed)
{
    static const struct rca_arg none[] = {{0}};
    char *words[] = {strdup(typed), NULL};

    if (!words[0])
        return RCA_EXIT_ERROR;
    if (typed[0] == '-')
        (void)rca_complete(1, words, none, 0);
    else
        (void)offer_commands(typed);
    free(words[0]);
    return RCA_EXIT_DONE;
}

/* struct line - what is typed, without the global options before the last
 * word; @open: the one whose value the last word is */
struct line {
    char **words; /* [0] is the command; owned, the strings borrowed */
    int n;
    const struct rca_global *open;
    const char *db;
};

static int split(char **words, int n, struct line *ret)
{
    ret->words = (char **)calloc((size_t)n + 3, sizeof(char *));
    if (!ret->words)
        return -ENOMEM;
    for (int i = 0; i < n; i++) {
        const struct rca_global *g = global(words[i]);
        const char *equals = strchr(words[i], '=');

        if (!g || (i == n - 1 && !(g->value && equals)))
            ret->words[ret->n++] = words[i];
        else if (i == n - 1 || (g->value && !equals && i == n - 2))
            ret->open = g;
        else if (g->value && !equals)
            equals = words[i++];
        if (g && strcmp(g->name, "db") == 0 && i < n - 1)
            ret->db = equals && equals[0] == '=' ? equals + 1 : words[i];
        if (ret->open)
            break;
    }
    return 0;
}

/* argv for the command: its name, the mark, the words. */
static int ask(struct rca_cli *cli, struct line *line, const char *typed)
{
    const struct rca_command *command = rca_command_find(line->words[0]);
    char mark[] = RCA_ARGS_COMPLETE;
    int what;

    if (!command)
        return RCA_EXIT_DONE;
    memmove((void *)(line->words + 2), (const void *)(line->words + 1),
            (size_t)(line->n - 1) * sizeof(char *));
    line->words[1] = mark;
    what = command->run(cli, line->n + 1, line->words);
    return offer(cli, what, typed);
}

static int complete(const struct rca_cli *cli, char **words, int n)
{
    struct rca_cli other = *cli;
    struct line line = {0};
    const char *typed = n ? words[n - 1] : "";
    int r = split(words, n, &line);

    if (line.db)
        other.db = line.db;
    if (r)
        r = rca_say("completion", NULL, r);
    else if (line.open)
        r = offer_global(line.open, typed);
    else if (line.n < 2)
        r = offer_first(typed);
    else
        r = ask(&other, &line, typed);
    free((void *)line.words);
    return r;
}

int rca_cmd_completion(struct rca_cli *cli, int argc, char **argv)
{
    const char **words RCA_CLEANUP(rca_freep) = NULL;
    int shell = -1, n = 0, r;
    const struct rca_arg args[] = {
        {"SHELL", 0, RCA_ARG_WORD, NULL, &shell, shells, NULL},
        {0},
    };

    words = (const char **)calloc((size_t)argc + 1, sizeof(*words));
    if (!words)
        return rca_say("completion", NULL, -ENOMEM);
    r = rca_args_parse(argc, argv, args, &usage, (size_t)argc, words);
    if (r >= 0)
        return r;
    while (words[n])
        n++;
    /* the words are the last of argv, the name of the mode before them */
    if (shell == WORDS)
        return complete(cli, argv + argc - (n - 1), n - 1);
    if (n == 1)
        return fputs(rca_complete_script(shells[shell]), stdout) < 0
                   ? RCA_EXIT_ERROR
                   : RCA_EXIT_DONE;
    (void)fprintf(stderr,
                  n ? "rca completion: unexpected word '%s'; see rca "
                      "completion --help\n"
                    : "rca completion: which shell? bash, zsh or fish%s\n",
                  n ? words[1] : "");
    return RCA_EXIT_USAGE;
}
