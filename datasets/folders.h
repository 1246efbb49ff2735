/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * folders - every case folder under some paths.
 */

#include "graph/base/err.h"

/** struct rca_folders - paths, owned */
struct rca_folders {
    size_t n, cap;
    char **paths;
};

/**
 * rca_folders_add() - the case folders at and under @path
 * @folders: all-zero at first; theirs are added at the end, sorted by the bytes
 *           of their paths
 *
 * Links to folders are followed, but none is counted twice; a case folder is
 * not looked into; names that begin with a dot and what is more than 32 levels
 * down are left out. O(folders^2). Return: 0; RCA_EUNKNOWN with
 * @diag filled if @path is no folder or there is no case in it; -ENOMEM;
 * -errno with @diag filled for a folder that cannot be read. On failure what
 * was found so far stays.
 */
RCA_MUST_CHECK int rca_folders_add(struct rca_folders *folders,
                                   const char *path, struct rca_diag *diag);
void rca_folders_done(struct rca_folders *folders);
