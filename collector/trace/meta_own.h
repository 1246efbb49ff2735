/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * meta_own - the form in between of a meta filter, for its own files only:
 * meta_parse.c and meta_field.c make it, meta.c evaluates it, meta_ebpf.c
 * translates it.
 *
 * A tree of tests, each of one number in the event. Both users do the same with
 * a test: read @size bytes at @offset, AND @mask, compare unsigned.
 */

#include "collector/trace/meta.h"

enum rca_meta_op {
    RCA_META_EQ,
    RCA_META_NE,
    RCA_META_LT,
    RCA_META_LE,
    RCA_META_GT,
    RCA_META_GE,
    RCA_META_OPS,
};

enum rca_meta_kind {
    RCA_META_TEST,
    RCA_META_ALL, /* of its parts; of none: true */
    RCA_META_ANY, /* of none: false */
    RCA_META_NOT, /* its one part */
};

/** struct rca_meta_test - @size: 1, 2, 4 or 8 */
struct rca_meta_test {
    uint16_t offset;
    uint8_t size;
    uint8_t op;
    uint64_t mask, value;
};

/** struct rca_meta_node - @first, @last: its parts; @next: the next part of the
 * node that it is a part of; numbers of nodes, 0: none */
struct rca_meta_node {
    enum rca_meta_kind kind;
    struct rca_meta_test test;
    uint32_t first, last, next;
};

/** struct rca_trace_meta - @nodes: owned, [0] is nobody; @root 0: takes all;
 * @err: what stuck */
struct rca_trace_meta {
    struct rca_meta_node *nodes;
    size_t n, cap;
    uint32_t root;
    int err;
};

/** rca_meta_node() - a new one, 0 if there is no room: @err says so, and all
 * that is done with 0 does nothing */
uint32_t rca_meta_node(struct rca_trace_meta *meta, enum rca_meta_kind kind);
/** rca_meta_add() - @part to @node, at its end */
void rca_meta_add(struct rca_trace_meta *meta, uint32_t node, uint32_t part);
/** rca_meta_test() - a test as a node */
uint32_t rca_meta_test(struct rca_trace_meta *meta, struct rca_meta_test test);

/** struct rca_meta_value - what a field is compared with
 * @quoted: it is a name; @is_number: it reads as one, too */
struct rca_meta_value {
    char text[512];
    uint64_t number;
    _Bool quoted, is_number;
};

/** struct rca_meta_field - @most: largest number; 0: names only; @mask: may be
 * masked, and ordered; @own: how it is compared, where a test of the number at
 * @offset is not all */
struct rca_meta_build;
struct rca_meta_field {
    const char *name;
    uint64_t most;
    uint16_t offset;
    uint8_t size;
    _Bool is_plain;
    uint32_t (*own)(struct rca_meta_build *build, enum rca_meta_op op,
                    uint64_t mask, const struct rca_meta_value *value);
};

/** rca_meta_field() - NULL if there is none of that name */
const struct rca_meta_field *rca_meta_field(const char *name);
/** rca_meta_fields() - their names, at most @max; how many there are */
size_t rca_meta_fields(const char **names, size_t max);

/** struct rca_meta_build - an expression as it is read
 * @err: first failure; said in @diag with @column, where it stands */
struct rca_meta_build {
    struct rca_trace_meta *meta;
    const struct rca_trace_lookup *lookup;
    struct rca_diag *diag;
    unsigned column; /* of the token at hand */
    int err;
};

/** rca_meta_refuse() - keep and say the first failure */
RCA_PRINTF(3, 4)
void rca_meta_refuse(struct rca_meta_build *build, int err, const char *format,
                     ...);

/** rca_meta_compare() - a node for @field @op @value; 0 on failure */
uint32_t rca_meta_compare(struct rca_meta_build *build,
                          const struct rca_meta_field *field,
                          enum rca_meta_op op, uint64_t mask,
                          const struct rca_meta_value *value);

/** rca_meta_parse() - @expression into @build->meta; 0 or what went wrong */
RCA_MUST_CHECK int rca_meta_parse(struct rca_meta_build *build,
                                  const char *expression);
