/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/complete.h"

#include <string.h>

static const char *const colours[] = {"auto", "always", "never", NULL};

const struct rca_global rca_globals[] = {
    {"db", "FILE", NULL, "the store"},
    {"config", "FILE", NULL, "the configuration"},
    {"color", "WHEN", colours, "colours in text"},
    {"verbose", NULL, NULL, "say more"},
    {"quiet", NULL, NULL, "say only errors"},
    {"help", NULL, NULL, "what this command does, and its options"},
    {0},
};

const char *const rca_global_options[] = {"db",    "config", "color", "verbose",
                                          "quiet", "help",   NULL};
static_assert(RCA_ARRAY_SIZE(rca_globals) == RCA_ARRAY_SIZE(rca_global_options),
              "the same options");

/* What options and words take, by their name, else by their value. */
static const struct {
    const char *name;
    enum rca_complete what;
} kinds[] = {
    {"entity", RCA_COMPLETE_ENTITIES}, {"victim", RCA_COMPLETE_ENTITIES},
    {"cause", RCA_COMPLETE_ENTITIES},  {"metric", RCA_COMPLETE_METRICS},
    {"FILE", RCA_COMPLETE_FILES},      {"FOLDER", RCA_COMPLETE_FILES},
    {"DIR", RCA_COMPLETE_FILES},       {"PATH", RCA_COMPLETE_FILES},
    {"ID", RCA_COMPLETE_INCIDENTS},
};

static int kind_of(const char *name, const char *value)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0 ||
            (value && strcmp(kinds[i].name, value) == 0))
            return (int)kinds[i].what;
    }
    return RCA_COMPLETE_DONE;
}

/* The value in "--option=VALUE", else @typed. */
static const char *value_of(const char *typed)
{
    const char *equals =
        typed[0] == '-' && typed[1] == '-' ? strchr(typed, '=') : NULL;

    return equals ? equals + 1 : typed;
}

void rca_complete_offer(const char *typed, const char *candidate,
                        const char *help)
{
    const char *value = value_of(typed);

    if (strncmp(candidate, value, strlen(value)) == 0)
        printf("%.*s%s\t%s\n", (int)(value - typed), typed, candidate, help);
}

static int offer_value(const char *typed, const char *name, const char *value,
                       const char *const *choices)
{
    for (; choices && *choices; choices++)
        rca_complete_offer(typed, *choices, "");
    return choices ? (int)RCA_COMPLETE_DONE : kind_of(name, value);
}

static void offer_option(const char *typed, const char *name, const char *help)
{
    char option[64];

    (void)snprintf(option, sizeof(option), "--%s", name);
    rca_complete_offer(typed, option, help);
}

static int offer_options(const char *typed, const struct rca_arg *args)
{
    for (; args->name; args++) {
        if (args->type != RCA_ARG_WORD)
            offer_option(typed, args->name, args->help);
    }
    for (size_t i = 0; rca_globals[i].name; i++)
        offer_option(typed, rca_globals[i].name, rca_globals[i].help);
    return RCA_COMPLETE_DONE;
}

/* The option that @word ("-e", "--entity", "--entity=...") is, or NULL. */
static const struct rca_arg *find(const struct rca_arg *args, const char *word)
{
    const _Bool is_long = word[1] == '-';
    const size_t length = is_long ? strcspn(word + 2, "=") : 0;

    for (; args->name; args++) {
        if (args->type == RCA_ARG_WORD)
            continue;
        if (is_long ? strlen(args->name) == length &&
                          strncmp(args->name, word + 2, length) == 0
                    : args->letter && args->letter == word[1])
            return args;
    }
    return NULL;
}

/* @typed is word number @k of those that are no options. */
static int offer_word(const char *typed, const struct rca_arg *args, size_t k)
{
    const struct rca_arg *row = NULL;

    for (size_t i = 0; args->name; args++) {
        if (args->type == RCA_ARG_WORD && i++ <= k)
            row = args;
    }
    if (!row)
        return RCA_COMPLETE_FILES;
    return offer_value(typed, row->name, row->value, row->choices);
}

int rca_complete(int n, char **words, const struct rca_arg *args,
                 size_t max_words)
{
    const struct rca_arg *open = NULL; /* the option whose value comes next */
    const char *typed = n > 0 ? words[n - 1] : "";
    _Bool options = 1;
    size_t k = 0;

    for (int i = 0; i < n - 1; i++) {
        if (open) {
            open = NULL;
        } else if (options && strcmp(words[i], "--") == 0) {
            options = 0;
        } else if (options && words[i][0] == '-' && words[i][1]) {
            open = find(args, words[i]);
            if (open && (open->type == RCA_ARG_FLAG ||
                         (words[i][1] == '-' ? strchr(words[i], '=') != NULL
                                             : words[i][2] != '\0')))
                open = NULL;
        } else {
            k++;
        }
    }
    if (!open && options && value_of(typed) != typed) {
        open = find(args, typed);
        if (!open)
            return RCA_COMPLETE_DONE;
    }
    if (open)
        return offer_value(typed, open->name, open->value, open->choices);
    if (options && typed[0] == '-')
        return offer_options(typed, args);
    return k < max_words ? offer_word(typed, args, k) : (int)RCA_COMPLETE_DONE;
}
