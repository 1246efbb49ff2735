/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * complete - what may stand where the cursor is, from the option table of the
 * command.
 *
 * The scripts of 'rca completion SHELL' know nothing of commands: they ask
 * 'rca completion words -- WORD...' and get a line "CANDIDATE<tab>HELP" for
 * each; "<tab>files" stands for files. So a script never gets old.
 */

#include <stdio.h>

#include "cli/args.h"

/** enum rca_complete - what is to be offered; apart from exit codes */
enum rca_complete {
    RCA_COMPLETE_DONE = 64, /* all candidates are printed */
    RCA_COMPLETE_FILES,
    RCA_COMPLETE_ENTITIES,
    RCA_COMPLETE_INCIDENTS,
    RCA_COMPLETE_METRICS,
    RCA_COMPLETE_COMMANDS,
};

/** struct rca_global - an option of every command; a row of zeros ends them */
struct rca_global {
    const char *name; /* without the dashes */
    const char *value; /* "FILE", or NULL for a flag */
    const char *const *choices;
    const char *help;
};
extern const struct rca_global rca_globals[];
/** their names, NULL-terminated, for "did you mean" */
extern const char *const rca_global_options[];

/**
 * rca_complete() - complete the last of @words
 * @words:     those after the command's name, @n; what is typed so far
 * @max_words: as of rca_args_parse()
 *
 * Prints on standard output what the table knows. Return: enum rca_complete.
 */
int rca_complete(int n, char **words, const struct rca_arg *args,
                 size_t max_words);

/** rca_complete_offer() - print @candidate if it begins with @typed; of
 * "--option=VALUE" the value is compared. @help: "" or a few words */
void rca_complete_offer(const char *typed, const char *candidate,
                        const char *help);

/** rca_complete_script() - of "bash", "zsh" or "fish"; static, NULL if unknown
 */
const char *rca_complete_script(const char *shell);
