/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * screen - what the demonstration tells while it runs, for somebody who has
 * read nothing: on standard error, in lines of 80 columns at most, and never
 * silent for more than DEMO_SILENCE_S.
 */

#include "cli/cli.h"

#define DEMO_SILENCE_S 10

/** demo_screen_say() - a line with the time; nothing with -q */
void demo_screen_say(const struct rca_cli *cli, const char *text);

/** demo_screen_begin() - what is going to happen */
void demo_screen_begin(const struct rca_cli *cli, unsigned normal_s);

/** demo_screen_end() - how to read the answer, where it is, what is next
 * @folder: of the results; @db: with the data */
void demo_screen_end(const struct rca_cli *cli, const char *folder,
                     const char *db);
