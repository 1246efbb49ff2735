/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "collector/store/diff.h"
#include "collector/store/tick.h"
#include "collector/store/tick_form.h"

/* Which entities and edges a tick saw: their blob, whole or against the row
 * before. */

/** Entities have 24 bits where an edge is a number. */
#define EDGE_ID_MAX ((rca_id)1 << 24)

int rca_links_copy(const struct rca_links *links, struct rca_links *ret)
{
    if (rca_vec_room(&ret->seen, links->seen.n) ||
        rca_vec_room(&ret->edges, links->edges.n))
        return -ENOMEM;
    for (size_t i = 0; i < links->seen.n; i++)
        ret->seen.at[i] = links->seen.at[i];
    for (size_t i = 0; i < links->edges.n; i++)
        ret->edges.at[i] = links->edges.at[i];
    ret->seen.n = links->seen.n;
    ret->edges.n = links->edges.n;
    return 0;
}

_Bool rca_links_same(const struct rca_links *a, const struct rca_links *b)
{
    if (a->seen.n != b->seen.n || a->edges.n != b->edges.n)
        return 0;
    for (size_t i = 0; i < a->seen.n; i++) {
        if (a->seen.at[i] != b->seen.at[i])
            return 0;
    }
    for (size_t i = 0; i < a->edges.n; i++) {
        const struct rca_edge *e = &a->edges.at[i], *f = &b->edges.at[i];

        if (e->kind != f->kind || e->source != f->source ||
            e->target != f->target)
            return 0;
    }
    return 1;
}

void rca_links_done(struct rca_links *links)
{
    free(links->seen.at);
    free(links->edges.at);
    *links = (struct rca_links){0};
}

static void put_whole_links(const struct rca_links *links, struct rca_buf *out)
{
    rca_id before = 0;

    rca_varint_put(out, links->seen.n);
    for (size_t i = 0; i < links->seen.n; i++) {
        rca_varint_put(out, links->seen.at[i] - before);
        before = links->seen.at[i];
    }
    rca_varint_put(out, links->edges.n);
    for (size_t i = 0; i < links->edges.n; i++) {
        const struct rca_edge *e = &links->edges.at[i];

        rca_varint_put(out, (uint64_t)e->kind);
        rca_varint_put(out, e->source);
        rca_varint_put(out, e->target);
    }
}

/* Entities and edges as numbers that increase. */
struct numbers {
    struct rca_vec_key seen, edges;
};

static void numbers_done(struct numbers *n)
{
    free(n->seen.at);
    free(n->edges.at);
}

static int to_numbers(const struct rca_links *links, struct numbers *ret)
{
    if (rca_vec_room(&ret->seen, links->seen.n) ||
        rca_vec_room(&ret->edges, links->edges.n))
        return -ENOMEM;
    for (size_t i = 0; i < links->seen.n; i++)
        ret->seen.at[ret->seen.n++] = links->seen.at[i];
    for (size_t i = 0; i < links->edges.n; i++) {
        const struct rca_edge *e = &links->edges.at[i];

        if (e->source >= EDGE_ID_MAX || e->target >= EDGE_ID_MAX)
            return RCA_ECORRUPT;
        ret->edges.at[ret->edges.n++] =
            (uint64_t)e->kind << 48 | (uint64_t)e->source << 24 | e->target;
    }
    return 0;
}

static int of_numbers(const struct numbers *n, struct rca_links *ret)
{
    if (rca_vec_room(&ret->seen, n->seen.n) ||
        rca_vec_room(&ret->edges, n->edges.n))
        return -ENOMEM;
    ret->seen.n = ret->edges.n = 0;
    for (size_t i = 0; i < n->seen.n; i++) {
        if (n->seen.at[i] >= RCA_ID_NONE)
            return RCA_ECORRUPT;
        ret->seen.at[ret->seen.n++] = (rca_id)n->seen.at[i];
    }
    for (size_t i = 0; i < n->edges.n; i++) {
        const uint64_t u = n->edges.at[i];

        if (u >> 48 >= RCA_EDGE_COUNT)
            return RCA_ECORRUPT;
        ret->edges.at[ret->edges.n++] =
            (struct rca_edge){.kind = (enum rca_edge_kind)(u >> 48),
                              .source = (rca_id)(u >> 24) & (EDGE_ID_MAX - 1),
                              .target = (rca_id)u & (EDGE_ID_MAX - 1)};
    }
    return 0;
}

static int put_links_diff(const struct rca_links *before,
                          const struct rca_links *now, struct rca_buf *out)
{
    struct numbers a RCA_CLEANUP(numbers_done) = {.seen = {0}};
    struct numbers b RCA_CLEANUP(numbers_done) = {.seen = {0}};
    int err = to_numbers(before, &a);

    if (!err)
        err = to_numbers(now, &b);
    if (err)
        return err;
    rca_tick_put_mark(out);
    rca_diff_put(&a.seen, &b.seen, out);
    rca_diff_put(&a.edges, &b.edges, out);
    return 0;
}

void rca_frame_put_links(const struct rca_frame *frame,
                         const struct rca_links *before, struct rca_buf *out)
{
    /* without memory for the difference the row stands alone */
    if (!before || put_links_diff(before, &frame->links, out))
        put_whole_links(&frame->links, out);
}

static int read_seen(struct rca_reader *r, struct rca_vec_id *seen)
{
    rca_id id = 0;
    uint64_t n;

    if (rca_varint_get(r, &n) || n > rca_reader_left(r))
        return RCA_ECORRUPT;
    if (rca_vec_room(seen, n))
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        if (rca_tick_read_id(r, id, &id))
            return RCA_ECORRUPT;
        seen->at[seen->n++] = id;
    }
    return 0;
}

static int read_edges(struct rca_reader *r, struct rca_vec_edge *edges)
{
    uint64_t n;

    if (rca_varint_get(r, &n) || n > rca_reader_left(r))
        return RCA_ECORRUPT;
    if (rca_vec_room(edges, n))
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        struct rca_edge e = {0};
        uint64_t kind;

        if (rca_varint_get(r, &kind) || kind >= RCA_EDGE_COUNT ||
            rca_tick_read_id(r, 0, &e.source) ||
            rca_tick_read_id(r, 0, &e.target))
            return RCA_ECORRUPT;
        e.kind = (enum rca_edge_kind)kind;
        edges->at[edges->n++] = e;
    }
    return 0;
}

static int read_links_diff(struct rca_reader *r, struct rca_links *links)
{
    struct numbers old RCA_CLEANUP(numbers_done) = {.seen = {0}};
    struct numbers now RCA_CLEANUP(numbers_done) = {.seen = {0}};
    int err = to_numbers(links, &old);

    if (!err)
        err = rca_diff_get(r, &old.seen, &now.seen);
    if (!err)
        err = rca_diff_get(r, &old.edges, &now.edges);
    return err ? err : of_numbers(&now, links);
}

int rca_links_read(const uint8_t *buf, size_t len, struct rca_links *links)
{
    struct rca_reader r = {buf, buf + len};
    int err;

    if (rca_tick_take_mark(&r)) {
        err = read_links_diff(&r, links);
    } else {
        links->seen.n = links->edges.n = 0;
        err = read_seen(&r, &links->seen);
        if (!err)
            err = read_edges(&r, &links->edges);
    }
    return err || r.p == r.end ? err : RCA_ECORRUPT;
}
