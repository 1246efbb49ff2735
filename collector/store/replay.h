/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * replay - the head rows of a store, turned from ticks into columns. Sealing,
 * scanning and the graph all read the newest ticks this way, and so does a
 * start after a crash: there is no other memory of them.
 *
 * Two passes over the rows in order of time: rca_replay_row() for each, then
 * rca_replay_settle(); and, for who needs the values, rca_replay_values() for
 * each again.
 */

#include "collector/store/tick.h"

/** Entities have 24 bits in a chunk's key. */
#define RCA_ENTITY_MAX ((rca_id)1 << 24)

struct rca_blob {
    const uint8_t *at; /* NULL: as in the row before */
    size_t len;
};

struct rca_seen {
    rca_id entity;
    rca_time first, last;
};

struct rca_vec_seen {
    struct rca_seen *at;
    size_t n, cap;
};

struct rca_vec_value {
    double *at;
    size_t n, cap;
};

/** struct rca_replay - all-zero is empty; all owned */
struct rca_replay {
    struct rca_vec_time times;
    struct rca_vec_key keys; /* columns: all that occur, increasing */
    double *values; /* [column * times.n + tick], NaN = gap; or NULL */
    struct rca_vec_seen seen; /* increasing by entity */
    struct rca_vec_edge edges; /* with times; increasing, distinct */
    uint64_t samples;
    /* private: the row at hand */
    struct rca_vec_key row_keys;
    struct rca_links row_links;
    struct rca_vec_id columns; /* of row_keys; RCA_ID_NONE: not wanted */
    struct rca_vec_value row_values, old_values;
    struct rca_vec_key old_keys; /* of the row before */
    rca_time keys_since, links_since;
    _Bool has_keys, has_links;
    size_t tick;
};

void rca_replay_done(struct rca_replay *replay);

/** rca_replay_row() - first pass. Return: 0, -ENOMEM, RCA_ECORRUPT. */
RCA_MUST_CHECK int rca_replay_row(struct rca_replay *replay, rca_time time,
                                  struct rca_blob keys, struct rca_blob links);

/**
 * rca_replay_settle() - end of the first pass: keys, seen and edges are whole
 * @entities: increasing; columns of others are left out; NULL for all
 *
 * O(n log n). Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_replay_settle(struct rca_replay *replay,
                                     const rca_id *entities, size_t n);

/** rca_replay_values() - second pass, the same rows. Return: as the first. */
RCA_MUST_CHECK int rca_replay_values(struct rca_replay *replay,
                                     struct rca_blob keys,
                                     struct rca_blob values);

/** rca_edges_merge() - sort by (source, target, kind); of the same edge one
 * stays, with the union of the times */
void rca_edges_merge(struct rca_vec_edge *edges);
