/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * progress - how far a long work is and how long it will take, on standard
 * error: "rca: train: 41 %, 12 s left". Nothing in the first second; then on a
 * terminal one line, written anew and erased at the end; elsewhere, and only
 * with -v, a line now and then. Never with -q.
 */

#include "cli/cli.h"

#define RCA_PROGRESS_TEXT_SIZE 80

/** struct rca_progress_line - by rca_progress_begin(); times monotonic, ns */
struct rca_progress_line {
    const char *what; /* borrowed */
    rca_time began, told; /* told 0: not yet */
    _Bool terminal, off;
    unsigned passes; /* that the work takes, each from 0 to 1 */
    unsigned pass;
    double part; /* of the pass, as told last */
};

/** rca_progress_begin() - of @what, "train", now; in one pass */
struct rca_progress_line rca_progress_begin(const struct rca_cli *cli,
                                            const char *what);

/** rca_progress_tell() - @part of the pass is done, 0..1; one that is less than
 * before begins the next pass. @arg: struct rca_progress_line. As
 * rca_training.progress wants it. */
void rca_progress_tell(void *arg, double part);
/** rca_progress_count() - the same, as rca_evaluate_options.progress wants it */
void rca_progress_count(void *arg, size_t done, size_t n);

/** rca_progress_erase() - before something else is printed; it may go on */
void rca_progress_erase(struct rca_progress_line *line);
/** rca_progress_end() - erase what stands on the terminal; for RCA_CLEANUP */
void rca_progress_end(struct rca_progress_line *line);

/**
 * rca_progress_text() - what to tell at @now, if anything
 *
 * The time left is what the rest takes if it goes on as it did since it began.
 * Return: whether there is something to write; @line then counts it as told.
 */
_Bool rca_progress_text(struct rca_progress_line *line, rca_time now,
                        double part, char ret_text[RCA_PROGRESS_TEXT_SIZE]);
