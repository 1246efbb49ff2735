/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * store - the time series, the entity graph over time, and the models: one
 * file. Nothing above this interface knows what is inside.
 *
 * One writer at a time (a second one gets -EBUSY); readers never block it and
 * see the ticks committed so far. Who only keeps blobs (a model, a note) opens
 * with RCA_STORE_NOTES, beside the writer. A handle belongs to one thread.
 *
 * A tick is all samples of one instant and is committed as a whole: a crash
 * loses at most the tick in flight. Values are IEEE doubles and come back bit
 * for bit; a missing sample comes back as a gap, never as a number.
 */

#include "graph/base/err.h"
#include "graph/graph.h"

struct rca_store;

enum rca_store_mode {
    RCA_STORE_READ, /* must exist; never written */
    RCA_STORE_WRITE, /* made if missing; migrated forward if old */
    RCA_STORE_NOTES, /* must exist; read, rca_store_put(): beside a writer */
};

/**
 * rca_store_open() - open or make a store
 * @path: file
 * @diag: filled on failure: what it is and what was expected; may be NULL
 *
 * Return: 0; -ENOENT (no such file, WRITE: no such directory); RCA_ESCHEMA
 *         (not ours, empty, newer, or READ and NOTES: older); RCA_ECORRUPT;
 *         -EBUSY (WRITE, another writer); -EACCES; -ENOSPC; -ENOMEM; -EIO.
 */
RCA_MUST_CHECK int rca_store_open(const char *path, enum rca_store_mode mode,
                                  struct rca_diag *diag,
                                  struct rca_store **ret_store);

/** rca_store_close() - close; unsealed ticks stay as head rows; NULL is fine */
void rca_store_close(struct rca_store **store);

/**
 * rca_store_entity() - number of the entity, made if new
 * @name: any bytes; kept as rca_name_clean() leaves it
 *
 * (kind, name, host) is the key. New numbers are committed with the next tick.
 * O(1) expected. Return: 0, -ENOMEM, -ENOSPC (2^24 entities), -EROFS.
 */
RCA_MUST_CHECK int rca_store_entity(struct rca_store *store, enum rca_kind kind,
                                    const char *name, const char *host,
                                    rca_id *ret_id);

/** rca_store_series() - number of the raw series @name, made if new; as above*/
RCA_MUST_CHECK int rca_store_series(struct rca_store *store, const char *name,
                                    rca_id *ret_id);

/** rca_store_series_name() - borrowed until close; NULL if there is no @id */
const char *rca_store_series_name(const struct rca_store *store, rca_id id);

struct rca_sample {
    rca_id entity;
    rca_id series;
    double value; /* NaN and infinite samples are dropped: gaps */
};

/** struct rca_tick - what one append commits. An entity with a sample or an
 * edge is seen at @time; @seen names further ones. */
struct rca_tick {
    rca_time time;
    const struct rca_sample *samples;
    size_t n_samples;
    const struct rca_edge *edges; /* first and last are ignored */
    size_t n_edges;
    const rca_id *seen;
    size_t n_seen;
};

/**
 * rca_store_append() - commit a tick, and seal its predecessor's window if a
 * new one begins
 *
 * Times must increase: a tick at or before the newest is refused. A duplicate
 * (entity, series) within a tick: the last one holds. O(samples log samples).
 * Return: 0; -EINVAL (time not after the newest, unknown id); -ENOSPC;
 *         -EBUSY; -EIO; -EROFS. On failure nothing of the tick is stored.
 */
RCA_MUST_CHECK int rca_store_append(struct rca_store *store,
                                    const struct rca_tick *tick);

/** rca_store_seal() - turn all head rows into chunks (also done by append) */
RCA_MUST_CHECK int rca_store_seal(struct rca_store *store);

/** rca_store_expire() - delete windows of both tiers that end before @before,
 * and entities and edges not seen since, at once; 0 or -errno */
RCA_MUST_CHECK int rca_store_expire(struct rca_store *store, rca_time before);

/**
 * struct rca_block - all series of one entity over one window
 * @times:  @n_times, increasing
 * @series: @n_series ids
 * @values: column-major, values[c * n_times + t]; NaN = gap
 */
struct rca_block {
    rca_id entity;
    const rca_time *times;
    size_t n_times;
    const rca_id *series;
    size_t n_series;
    const double *values;
};

/** rca_store_visit - what a scan calls; a non-zero return ends the scan and is
 * returned by it. The block is good for the call only. */
typedef int rca_store_visit(void *arg, const struct rca_block *block);

/**
 * rca_store_scan() - read samples with @from <= time <= @to
 * @entities: ids, or NULL for all; @n their number
 *
 * Blocks come in order of time window, then entity id; head rows last. Reads
 * are sequential. O(bytes of the windows). Return: 0, what @visit returned,
 * RCA_ECORRUPT, -ENOMEM, -EIO.
 */
RCA_MUST_CHECK int rca_store_scan(struct rca_store *store, rca_time from,
                                  rca_time to, const rca_id *entities, size_t n,
                                  rca_store_visit *visit, void *arg);

/** rca_store_graph() - entities and edges seen within [@from, @to]; the caller
 * frees it with rca_graph_free() */
RCA_MUST_CHECK int rca_store_graph(struct rca_store *store, rca_time from,
                                   rca_time to, struct rca_graph **ret_graph);

/**
 * rca_store_put() - keep a named blob (a model, a note), replacing an old one
 * rca_store_get() - read it; the caller frees @ret_data with free()
 *
 * Names: "model", "features", ... Return: 0; get: 1 if there is none.
 */
RCA_MUST_CHECK int rca_store_put(struct rca_store *store, const char *name,
                                 rca_time when, const void *data, size_t size);
RCA_MUST_CHECK int rca_store_get(struct rca_store *store, const char *name,
                                 rca_time *ret_when, void **ret_data,
                                 size_t *ret_size);

/** struct rca_note - a named blob; good for the call only */
struct rca_note {
    const char *name;
    rca_time when;
    const void *data;
    size_t size;
};

/** rca_store_visit_note - what a listing calls; it may not put or drop; a
 * non-zero return ends the listing and is returned by it */
typedef int rca_store_visit_note(void *arg, const struct rca_note *note);

/** rca_store_list() - blobs whose names begin with @prefix, in order of name;
 * O(their bytes). Return: 0, what @visit returned, -ENOMEM, -EIO. */
RCA_MUST_CHECK int rca_store_list(struct rca_store *store, const char *prefix,
                                  rca_store_visit_note *visit, void *arg);

/** rca_store_drop() - forget a named blob, if it is there. Return: as put */
RCA_MUST_CHECK int rca_store_drop(struct rca_store *store, const char *name);

/** struct rca_store_info - what `rca status` prints; times RCA_TIME_NONE when
 * empty; @interval = median step of the newest ticks, 0 if fewer than 2 */
struct rca_store_info {
    rca_time first, last;
    rca_time interval;
    uint64_t entities, edges, series, samples, chunks, head_rows;
    uint64_t file_bytes, chunk_bytes;
};

RCA_MUST_CHECK int rca_store_info(struct rca_store *store,
                                  struct rca_store_info *ret_info);
