/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * file - small files of procfs and cgroupfs that are read again and again: the
 * descriptor stays open, the text goes to one buffer that all share.
 */

#include "graph/base/base.h"

/** struct rca_text - all-zero is empty; @data is owned and has a NUL at @len */
struct rca_text {
    char *data;
    size_t len;
    size_t cap;
};

void rca_text_done(struct rca_text *text);

/** rca_file_open() - descriptor of "@folder/@name", or -errno */
int rca_file_open(const char *folder, const char *name);
/** rca_file_close() - close *@fd if it is one, and set it to -1 */
void rca_file_close(int *fd);

/** rca_file_read() - the whole file @fd from its start into @text; at most
 * 4 MiB. Return: 0, -errno (a removed cgroup: -ENODEV), -EFBIG, -ENOMEM. */
RCA_MUST_CHECK int rca_file_read(int fd, struct rca_text *text);

/** rca_file_read_single() - rca_file_read() of a file that the kernel writes in
 * one piece (single_open(), kernfs without an iterator): a read that leaves
 * room is the last, which spares the one that says so. */
RCA_MUST_CHECK int rca_file_read_single(int fd, struct rca_text *text);

/** rca_file_most() - ask for as many descriptors as we may have, which are more
 * than we are given. Return: how many these are; 0: not known. */
size_t rca_file_most(void);
