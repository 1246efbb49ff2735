/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * outfile - a file that is there whole or not at all: written under a temporary
 * name beside its place and renamed when it is whole. A device, a pipe or a
 * link is written to, never replaced by a file.
 */

#include <limits.h>
#include <stdio.h>

#include "graph/base/base.h"

/** struct rca_outfile - all-zero is none; @f: to write to */
struct rca_outfile {
    FILE *f; /* owned, unless it is standard output */
    char path[PATH_MAX], temporary[PATH_MAX]; /* "": written in place */
};

/** rca_outfile_open() - @path NULL or "-": standard output; 0 or -errno */
RCA_MUST_CHECK int rca_outfile_open(const char *path,
                                    struct rca_outfile *ret_file);

/** rca_outfile_commit() - put it in its place; also reports what failed while
 * it was written. 0 or -errno; the file that was there before stays then. */
RCA_MUST_CHECK int rca_outfile_commit(struct rca_outfile *file);

/** rca_outfile_done() - what was not committed is removed */
void rca_outfile_done(struct rca_outfile *file);

/** rca_outfile_beside() - a new file beside @path, with the rights that a new
 * one has; its name goes to @ret_temporary. Return: descriptor, or -errno */
RCA_MUST_CHECK int rca_outfile_beside(const char *path,
                                      char ret_temporary[PATH_MAX]);
/** rca_outfile_replaceable() - whether @path is a plain file or nothing */
_Bool rca_outfile_replaceable(const char *path);
