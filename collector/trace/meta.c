/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/meta.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "collector/trace/meta_own.h"

#define NODES_MOST 16384

/* --- the tree ---------------------------------------------------------------- */

uint32_t rca_meta_node(struct rca_trace_meta *meta, enum rca_meta_kind kind)
{
    struct rca_meta_node *nodes;

    if (meta->err)
        return 0;
    if (meta->n >= NODES_MOST) {
        meta->err = -E2BIG;
        return 0;
    }
    nodes = rca_grow(meta->nodes, meta->n, &meta->cap, sizeof(*nodes));
    if (!nodes) {
        meta->err = -ENOMEM;
        return 0;
    }
    meta->nodes = nodes;
    nodes[meta->n] = (struct rca_meta_node){.kind = kind};
    return (uint32_t)meta->n++;
}

void rca_meta_add(struct rca_trace_meta *meta, uint32_t node, uint32_t part)
{
    struct rca_meta_node *n;

    if (!node || !part)
        return;
    n = &meta->nodes[node];
    if (n->last)
        meta->nodes[n->last].next = part;
    else
        n->first = part;
    n->last = part;
}

uint32_t rca_meta_test(struct rca_trace_meta *meta, struct rca_meta_test test)
{
    const uint32_t node = rca_meta_node(meta, RCA_META_TEST);

    if (node)
        meta->nodes[node].test = test;
    return node;
}

/* --- compiling ---------------------------------------------------------------- */

void rca_meta_refuse(struct rca_meta_build *build, int err, const char *format,
                     ...)
{
    char text[sizeof(build->diag->text)];
    va_list args;

    if (build->err)
        return;
    build->err = err;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)rca_diag_set(build->diag, err, NULL, 0, "meta filter, column %u: %s",
                       build->column, text);
    if (build->diag)
        build->diag->column = build->column;
}

int rca_trace_meta_new(const char *expression,
                       const struct rca_trace_lookup *lookup,
                       struct rca_diag *diag, struct rca_trace_meta **ret_meta)
{
    static const struct rca_trace_lookup none;
    struct rca_trace_meta *meta RCA_CLEANUP(rca_trace_meta_free) =
        calloc(1, sizeof(*meta));
    struct rca_meta_build build = {
        .meta = meta, .lookup = lookup ? lookup : &none, .diag = diag};
    int r;

    if (!meta)
        return -ENOMEM;
    (void)rca_meta_node(meta, RCA_META_ANY); /* nobody */
    r = meta->err ? meta->err : rca_meta_parse(&build, expression);
    if (r)
        return r;
    *ret_meta = RCA_TAKE(meta);
    return 0;
}

void rca_trace_meta_free(struct rca_trace_meta **meta)
{
    struct rca_trace_meta *m = *meta;

    *meta = NULL;
    if (!m)
        return;
    free(m->nodes);
    free(m);
}

/* --- evaluating --------------------------------------------------------------- */

static uint64_t load(const struct rca_trace_event *event,
                     const struct rca_meta_test *test)
{
    const char *at = (const char *)event + test->offset;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (test->size) {
    case 1:
        memcpy(&u8, at, sizeof(u8));
        return u8;
    case 2:
        memcpy(&u16, at, sizeof(u16));
        return u16;
    case 4:
        memcpy(&u32, at, sizeof(u32));
        return u32;
    default:
        memcpy(&u64, at, sizeof(u64));
        return u64;
    }
}

static _Bool holds(const struct rca_meta_test *test,
                   const struct rca_trace_event *event)
{
    const uint64_t number = load(event, test) & test->mask;

    switch ((enum rca_meta_op)test->op) {
    case RCA_META_EQ:
        return number == test->value;
    case RCA_META_NE:
        return number != test->value;
    case RCA_META_LT:
        return number < test->value;
    case RCA_META_LE:
        return number <= test->value;
    case RCA_META_GT:
        return number > test->value;
    case RCA_META_GE:
        return number >= test->value;
    case RCA_META_OPS:
        break;
    }
    return 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be */
static _Bool is_true(const struct rca_trace_meta *meta, uint32_t node,
                     const struct rca_trace_event *event)
{
    const struct rca_meta_node *n = &meta->nodes[node];
    const _Bool until = n->kind == RCA_META_ANY;

    if (n->kind == RCA_META_TEST)
        return holds(&n->test, event);
    if (n->kind == RCA_META_NOT)
        return !is_true(meta, n->first, event);
    for (uint32_t part = n->first; part; part = meta->nodes[part].next) {
        if (is_true(meta, part, event) == until)
            return until;
    }
    return !until;
}

_Bool rca_trace_meta_matches(const struct rca_trace_meta *meta,
                             const struct rca_trace_event *event)
{
    return !meta->root || is_true(meta, meta->root, event);
}
