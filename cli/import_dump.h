/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * import_dump - `rca import` of JSON lines. Every file is read whole before the
 * first is written. What is wrong is said on standard error.
 */

#include "cli/progress.h"
#include "datasets/dump.h"

/** rca_is_dump() - whether @path is a file, not a folder */
_Bool rca_is_dump(const char *path);

/** rca_dumps_check() - the files are well-formed and follow each other in time;
 * @paths and @ret_infos: @n, put in order of time. An exit code, or -1. */
int rca_dumps_check(const char **paths, size_t n,
                    struct rca_dump_info *ret_infos,
                    struct rca_progress_line *line);

/** rca_dumps_write() - append what was checked to the store, and say so. An
 * exit code, or -1; then files before the one that failed stay. */
int rca_dumps_write(const struct rca_cli *cli, const char *const *paths,
                    size_t n, const struct rca_dump_info *infos,
                    struct rca_progress_line *line);
