/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tick - one tick put in order, and as the three blobs of its head row:
 *
 *   keys    what has a sample: varint entities; each: varint id less the one
 *           before, varint series; each: varint id less the one before
 *   links   what else was seen: varint entities; ids as above; varint edges;
 *           each: byte kind, varint source less the one before, varint target
 *   values  byte 2, then for each four samples a byte of four tags, low bits
 *           first, and what they say of the value against that of its key in
 *           the row before, or 0 if it had none or this row's keys are whole: 0
 *           the same; 1 varint difference of integers; 2 likewise of
 *           billionths; 3 it is these 8 bytes. Of the first version: byte 0,
 *           then 8 bytes a sample; or byte 1, a bitmap of the samples that
 *           differ, and 8 bytes for each of those
 *
 * Keys and links are written only when they change: a head row without them
 * has those of the row before. Ids and targets within a row increase. Bytes
 * 0x80 0 before them say that what follows is against the row before
 * (collector/store/diff.h): of the keys; of the entities and of the edges,
 * each kind << 48 | source << 24 | target.
 */

#include "collector/store/store.h"
#include "collector/store/vec.h"
#include "graph/base/buf.h"

/** A column: entity in the high half, series in the low. */
static inline uint64_t rca_key(rca_id entity, rca_id series)
{
    return (uint64_t)entity << 32 | series;
}

static inline rca_id rca_key_entity(uint64_t key)
{
    return (rca_id)(key >> 32);
}

static inline rca_id rca_key_series(uint64_t key)
{
    return (rca_id)key;
}

/** struct rca_link - an edge as it sorts; node: 24 bits */
struct rca_vec_edge {
    struct rca_edge *at;
    size_t n, cap;
};

/** struct rca_links - entities and edges of a tick; first and last unused */
struct rca_links {
    struct rca_vec_id seen;
    struct rca_vec_edge edges;
};

/** struct rca_frame - a tick in order; all-zero is empty; its vectors owned */
struct rca_frame {
    struct rca_vec_key keys; /* increasing */
    struct {
        double *at;
        size_t n, cap;
    } values; /* for each key */
    struct rca_links links;
    /* private: how the last input was ordered */
    struct rca_vec_key input;
    struct {
        struct rca_rank *at;
        size_t n, cap;
    } ranks;
};

void rca_links_done(struct rca_links *links);
void rca_frame_done(struct rca_frame *frame);

/**
 * rca_frame_set() - put @tick in order: duplicates are resolved (the last
 * holds), samples that are not finite dropped
 *
 * O(samples) where the samples come in the same order as last time, else
 * O(samples log samples). Return: 0 or -ENOMEM; then the frame is unusable
 * until the next success.
 */
RCA_MUST_CHECK int rca_frame_set(struct rca_frame *frame,
                                 const struct rca_tick *tick);

/** rca_links_copy() - 0 or -ENOMEM, then @ret is as it was or empty */
RCA_MUST_CHECK int rca_links_copy(const struct rca_links *links,
                                  struct rca_links *ret);

_Bool rca_links_same(const struct rca_links *a, const struct rca_links *b);

/* Writers of the blobs; the buffer's error sticks. @before: those of the row
 * before, or NULL: the row stands alone. */
void rca_frame_put_keys(const struct rca_frame *frame,
                        const struct rca_vec_key *before, struct rca_buf *out);
void rca_frame_put_links(const struct rca_frame *frame,
                         const struct rca_links *before, struct rca_buf *out);
/** @before: values of the tick before of the same keys, 0 for others and where
 * the row stands alone */
void rca_frame_put_values(const struct rca_frame *frame, const double *before,
                          struct rca_buf *out);

/** rca_keys_read() - from those of the row before to those of this; 0,
 * RCA_ECORRUPT or -ENOMEM; on failure they hold anything. Links alike. */
RCA_MUST_CHECK int rca_keys_read(const uint8_t *buf, size_t len,
                                 struct rca_vec_key *keys);
RCA_MUST_CHECK int rca_links_read(const uint8_t *buf, size_t len,
                                  struct rca_links *links);

/** rca_keys_are_whole() - they do not need those of the row before */
_Bool rca_keys_are_whole(const uint8_t *buf, size_t len);

/** rca_values_carry() - values for @keys: those that @old, a row's values in
 * the order of @old_keys, has of them, else 0. Both keys increase; O(n). */
void rca_values_carry(const struct rca_vec_key *old_keys, const double *old,
                      const struct rca_vec_key *keys, double *ret);

/** rca_values_read() - go on from the tick before
 * @values: @n; in: of the tick before; out: of this one. 0 or RCA_ECORRUPT */
RCA_MUST_CHECK int rca_values_read(const uint8_t *buf, size_t len,
                                   double *values, size_t n);
