/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * args - options of a command as a table: parsed, checked, and printed as its
 * --help from the same rows.
 */

#include "graph/base/base.h"

/** enum rca_arg_type - what the option's value is and where it is stored */
enum rca_arg_type {
    RCA_ARG_FLAG, /* _Bool */
    RCA_ARG_TEXT, /* const char * */
    RCA_ARG_NUMBER, /* uint64_t */
    RCA_ARG_DURATION, /* rca_time, "10min" */
    RCA_ARG_TIME, /* rca_time, "14:02" */
    RCA_ARG_CHOICE, /* int: index in @choices */
    RCA_ARG_LIST, /* struct rca_arg_list: a word more each time it is given */
    RCA_ARG_WORD, /* int or NULL: no option but the next word, see below */
};

/** struct rca_arg_list - the values of an option that may be repeated */
#define RCA_ARG_LIST_MAX 64
struct rca_arg_list {
    const char *at[RCA_ARG_LIST_MAX];
    size_t n;
};

/**
 * struct rca_arg - one option; a table ends with an all-zero row
 * @name:    without the dashes
 * @letter:  short form, or 0
 * @value:   as shown in help, "TIME"; NULL for a flag. Completion offers files
 *           for FILE, FOLDER and PATH, and what cli/complete.c says by @name
 * @to:      where the value goes; unchanged if the option is not given
 * @choices: NULL-terminated. Of RCA_ARG_CHOICE: all there are. Else what is
 *           offered to complete, or NULL
 *
 * The rows of RCA_ARG_WORD say in their order what the words that are no
 * options are. One with @choices takes nothing else, and stores the index to
 * @to unless that is NULL; one without takes anything, and @value says what for
 * completion. The words go to @ret_words of rca_args_parse() as ever; words
 * without a row are like the last row, or anything.
 */
struct rca_arg {
    const char *name;
    char letter;
    enum rca_arg_type type;
    const char *value;
    void *to;
    const char *const *choices;
    const char *help;
};

/** struct rca_usage - what --help says of a command */
struct rca_usage {
    const char *name;
    const char *synopsis; /* "rca explain [--entity NAME] ..." */
    const char *text; /* a paragraph */
    const char *examples; /* lines */
};

/** A first word by which rca_args_parse() completes the last of the words after
 * it (cli/complete.h) and returns what rca_complete() does: so that completion
 * reads the table of each command where it is. */
#define RCA_ARGS_COMPLETE "\001complete"

/**
 * rca_args_parse() - options in any order; "--" ends them
 * @max_words:  words that are not options allowed
 * @ret_words:  room for @max_words; the others are NULL
 *
 * A mistake is said on standard error with "did you mean"; --help is printed
 * on standard output. Return: -1 to go on, else the exit code (0 or 2).
 */
int rca_args_parse(int argc, char **argv, const struct rca_arg *args,
                   const struct rca_usage *usage, size_t max_words,
                   const char **ret_words);
