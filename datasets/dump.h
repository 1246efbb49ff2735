/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * dump - JSON lines as `rca export --format jsonl` writes them (docs/EXPORT.md),
 * back into a store: entities, edges and when they were seen, samples at their
 * times. Raw series come back as the same series, metrics as gauges of their
 * names.
 */

#include <stdio.h>

#include "collector/store/store.h"

struct json_t; /* jansson's */

enum rca_dump_type { RCA_DUMP_ENTITY, RCA_DUMP_EDGE, RCA_DUMP_VALUES };

/** struct rca_dump_node - strings borrowed from the line */
struct rca_dump_node {
    enum rca_kind kind;
    const char *name, *host;
};

/**
 * struct rca_dump_line - one line
 * @node:   the entity, or the edge's source; @target of an edge
 * @first, @last: when it was seen, first <= last; of an entity or edge
 * @time, @values: of values: an object whose members are finite numbers or null
 * @root:   owned; the rest borrows from it
 */
struct rca_dump_line {
    enum rca_dump_type type;
    struct rca_dump_node node, target;
    enum rca_edge_kind edge;
    rca_time first, last, time;
    struct json_t *values;
    struct json_t *root;
};

/** rca_dump_parse() - read one line of @len bytes. Times are read to the
 * microsecond. O(bytes). Return: 0; RCA_ESYNTAX with @diag's text and column
 * filled; -ENOMEM. */
RCA_MUST_CHECK int rca_dump_parse(const char *text, size_t len,
                                  struct rca_diag *diag,
                                  struct rca_dump_line *ret_line);
void rca_dump_line_done(struct rca_dump_line *line);

/** struct rca_dump_info - what a file holds; times RCA_TIME_NONE without one */
struct rca_dump_info {
    rca_time first, last;
    uint64_t ticks, samples;
    size_t entities, edges; /* lines of these */
};

/**
 * rca_dump_read() - check a whole file, and write it where @store is not NULL
 * @name:  for @diag
 *
 * Memory: the entities and edges, and one tick. O(bytes). Return: 0;
 * RCA_ESYNTAX with @diag filled (a line that is none of these; times that go
 * back); -ENOMEM; -EIO; the store's errors: the ticks before stay.
 */
RCA_MUST_CHECK int rca_dump_read(FILE *file, const char *name,
                                 struct rca_store *store, struct rca_diag *diag,
                                 struct rca_dump_info *ret_info);
