/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * types - what this kernel and its modules are made of, from their BTF: which
 * functions there are, which of them take a packet, how its structs lie.
 *
 * Only what BTF describes can be found: not what the compiler has inlined or
 * made a copy of with other arguments (".isra", ".constprop").
 */

#include "graph/base/buf.h"
#include "graph/base/err.h"

struct btf;

/** rca_trace_types - the kernel's BTF first, then those of its modules */
struct rca_trace_types;

/** rca_trace_types_open() - of the running kernel: some ms and 30 MB, freed by
 * _free(). 0; RCA_ENOSUPPORT (no BTF), -ENOMEM */
RCA_MUST_CHECK int rca_trace_types_open(struct rca_trace_types **ret_types);
void rca_trace_types_free(struct rca_trace_types **types);

/** rca_trace_types_new() - of one BTF, which is taken over (tests) */
RCA_MUST_CHECK int rca_trace_types_new(struct btf *btf,
                                       struct rca_trace_types **ret_types);

/** rca_trace_types_has() - whether there is a function of that name */
_Bool rca_trace_types_has(const struct rca_trace_types *types,
                          const char *function);

/** rca_trace_types_bit() - where a field of a struct begins, in bits; -1: there
 * is no such struct or field (fields of anonymous members are not looked for) */
long rca_trace_types_bit(const struct rca_trace_types *types, const char *type,
                         const char *field);

/** arguments that a kprobe can read */
#define RCA_TRACE_ARGUMENTS 5

/**
 * rca_trace_types_packet() - which argument of a function is a packet
 * @ret_argument: from 0; the first struct sk_buff * of at most
 *                RCA_TRACE_ARGUMENTS
 *
 * Return: 0; RCA_EUNKNOWN: there is none of that name (@diag says the nearest
 *         ones that take a packet); RCA_ESYNTAX: it takes none (@diag says what
 *         it does take); -ENOMEM. O(functions of the types).
 */
RCA_MUST_CHECK int rca_trace_types_packet(const struct rca_trace_types *types,
                                          const char *function,
                                          struct rca_diag *diag,
                                          unsigned *ret_argument);
