/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/complete.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"
#include "graph/base/time.h"

#define MAX_ARGS 32

static int wrong(const struct rca_usage *usage, const char *what,
                 const char *word)
{
    (void)fprintf(stderr, "rca %s: %s '%s'; see rca %s --help\n", usage->name,
                  what, word, usage->name);
    return RCA_EXIT_USAGE;
}

static int unknown(const struct rca_usage *usage, const struct rca_arg *args,
                   const char *word)
{
    const char *names[MAX_ARGS];
    size_t n = 0, near;

    for (; n < MAX_ARGS && args->name; args++) {
        if (args->type != RCA_ARG_WORD)
            names[n++] = args->name;
    }
    for (size_t i = 0; rca_global_options[i] && n < MAX_ARGS; i++)
        names[n++] = rca_global_options[i];
    near = rca_name_nearest(word, names, n);
    if (near == n)
        return wrong(usage, "unknown option", word);
    (void)fprintf(stderr,
                  "rca %s: unknown option '--%s': did you mean '--%s'?\n",
                  usage->name, word, names[near]);
    return RCA_EXIT_USAGE;
}

static int refuse(const struct rca_usage *usage, const struct rca_arg *arg,
                  const char *value)
{
    const _Bool is_word = arg->type == RCA_ARG_WORD;
    size_t n = 0, near;

    (void)fprintf(stderr, "rca %s%s%s wants one of", usage->name,
                  is_word ? "" : ": --", is_word ? "" : arg->name);
    for (; arg->choices[n]; n++)
        (void)fprintf(stderr, " %s", arg->choices[n]);
    near = rca_name_nearest(value, arg->choices, n);
    if (near < n)
        (void)fprintf(stderr, ", not '%s': did you mean '%s'?\n", value,
                      arg->choices[near]);
    else
        (void)fprintf(stderr, ", not '%s'\n", value);
    return RCA_EXIT_USAGE;
}

static int choose(const struct rca_usage *usage, const struct rca_arg *arg,
                  const char *value)
{
    for (int i = 0; arg->choices[i]; i++) {
        if (strcmp(value, arg->choices[i]) == 0) {
            if (arg->to)
                *(int *)arg->to = i;
            return -1;
        }
    }
    return refuse(usage, arg, value);
}

static int append(struct rca_arg_list *list, const char *value)
{
    if (list->n == RCA_ARG_LIST_MAX)
        return -E2BIG;
    list->at[list->n++] = value;
    return 0;
}

static int store_value(const struct rca_usage *usage, const struct rca_arg *arg,
                       const char *value)
{
    const char *want = "a number, not";
    int r = 0;

    switch (arg->type) {
    case RCA_ARG_FLAG:
        *(_Bool *)arg->to = 1;
        break;
    case RCA_ARG_TEXT:
        *(const char **)arg->to = value;
        break;
    case RCA_ARG_NUMBER:
        r = rca_parse_u64(value, arg->to);
        break;
    case RCA_ARG_DURATION:
        r = rca_duration_parse(value, arg->to);
        want = "a duration such as 90s, 10min, 24h, not";
        break;
    case RCA_ARG_TIME:
        r = rca_time_parse(value, rca_time_now(), arg->to);
        want = "a time such as 14:02, -10min, 2026-11-22T14:02:30Z, not";
        break;
    case RCA_ARG_CHOICE:
    case RCA_ARG_WORD:
        return choose(usage, arg, value);
    case RCA_ARG_LIST:
        r = append(arg->to, value);
        want = "at most 64 of them, without";
        break;
    }
    if (!r)
        return -1;
    (void)fprintf(stderr, "rca %s: --%s wants %s '%s'\n", usage->name,
                  arg->name, want, value);
    return RCA_EXIT_USAGE;
}

static const struct rca_arg *find(const struct rca_arg *args, const char *name,
                                  size_t length, char letter)
{
    for (; args->name; args++) {
        if (args->type == RCA_ARG_WORD)
            continue;
        if (letter ? args->letter == letter
                   : strlen(args->name) == length &&
                         strncmp(args->name, name, length) == 0)
            return args;
    }
    return NULL;
}

static int help(const struct rca_usage *usage, const struct rca_arg *args)
{
    printf("usage: %s\n\n%s\n\n", usage->synopsis, usage->text);
    for (; args->name; args++) {
        char left[64];

        if (args->type == RCA_ARG_WORD)
            continue;
        (void)snprintf(
            left, sizeof(left), "%c%c%s--%s%s%s", args->letter ? '-' : ' ',
            args->letter ? args->letter : ' ', args->letter ? ", " : "  ",
            args->name, args->value ? " " : "", args->value ? args->value : "");
        printf("  %-26s %s\n", left, args->help);
    }
    printf("  -h, --help                 this text\n\nEXAMPLES\n%s",
           usage->examples);
    return RCA_EXIT_DONE;
}

/* One option at argv[*i]; *i moves on past its value. */
static int take(int argc, char **argv, int *i, const struct rca_arg *args,
                const struct rca_usage *usage)
{
    const char *word = argv[*i];
    _Bool is_long = word[1] == '-';
    const char *name = word + 1 + is_long;
    const char *equals = is_long ? strchr(name, '=') : NULL;
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const char *value = equals ? equals + 1 : NULL;
    const struct rca_arg *arg =
        find(args, name, length, (char)(is_long ? 0 : name[0]));

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help(usage, args);
    if (!arg)
        return is_long ? unknown(usage, args, name)
                       : wrong(usage, "unknown option", word);
    if (!is_long && name[1])
        value = name + 1;
    if (arg->type == RCA_ARG_FLAG) {
        if (value)
            return wrong(usage, "an option takes no value:", word);
        return store_value(usage, arg, "");
    }
    if (!value) {
        if (*i + 1 >= argc)
            return wrong(usage, "a value is missing after", word);
        value = argv[++*i];
    }
    return store_value(usage, arg, value);
}

/* Word number @k: checked where its row has choices. */
static int take_word(const struct rca_arg *args, const struct rca_usage *usage,
                     size_t k, const char *word)
{
    for (; args->name; args++) {
        if (args->type == RCA_ARG_WORD && k-- == 0)
            return args->choices ? choose(usage, args, word) : -1;
    }
    return -1;
}

int rca_args_parse(int argc, char **argv, const struct rca_arg *args,
                   const struct rca_usage *usage, size_t max_words,
                   const char **ret_words)
{
    _Bool options = 1;
    size_t words = 0;

    if (argc > 1 && strcmp(argv[1], RCA_ARGS_COMPLETE) == 0)
        return rca_complete(argc - 2, argv + 2, args, max_words);
    for (size_t i = 0; i < max_words; i++)
        ret_words[i] = NULL;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        int code;

        if (options && strcmp(word, "--") == 0) {
            options = 0;
        } else if (options && word[0] == '-' && word[1]) {
            code = take(argc, argv, &i, args, usage);
            if (code >= 0)
                return code;
        } else if (words < max_words) {
            code = take_word(args, usage, words, word);
            if (code >= 0)
                return code;
            ret_words[words++] = word;
        } else {
            return wrong(usage, "unexpected word", word);
        }
    }
    return -1;
}
