/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sqlite_parts - what the files of the SQLite back end do for one another.
 */

#include "collector/store/sqlite.h"

/* --- sqlite_schema.c --- */

/** rca_schema_check() - is it ours, and of a version we know? @ret_blank: a
 * database without anything in it, which a writer may make ours */
RCA_MUST_CHECK int rca_schema_check(sqlite3 *db, const char *path,
                                    struct rca_diag *diag, _Bool *ret_blank,
                                    int *ret_version);
/** rca_schema_migrate() - from @version, 0 for a blank one, to the newest */
RCA_MUST_CHECK int rca_schema_migrate(sqlite3 *db, int version);
int rca_schema_version(void);

/* --- sqlite_read.c --- */

/** rca_names_load() - entities and series that we do not know yet */
RCA_MUST_CHECK int rca_names_load(struct rca_store *store);

/** rca_head_replay() - both passes, or the first; inside a transaction */
RCA_MUST_CHECK int rca_head_replay(struct rca_store *store, _Bool values,
                                   const rca_id *entities, size_t n,
                                   struct rca_replay *ret_replay);

/* --- sqlite_write.c --- */

/** struct rca_sealed - what has been written of a window; owned */
struct rca_sealed {
    int64_t window;
    struct rca_buf chunk;
    struct rca_pack pack;
    int64_t chunks, samples, bytes;
};

void rca_sealed_done(struct rca_sealed *w);

/** rca_sealed_put() - the chunk of an entity, above all before; its times are
 * not looked at */
RCA_MUST_CHECK int rca_sealed_put(struct rca_store *store, enum rca_tier tier,
                                  struct rca_sealed *w,
                                  const struct rca_block *block);

/** rca_sealed_flush() - write what is not written yet */
RCA_MUST_CHECK int rca_sealed_flush(struct rca_store *store, enum rca_tier tier,
                                    struct rca_sealed *w);

/** rca_sealed_end() - flush, and the window's span */
RCA_MUST_CHECK int rca_sealed_end(struct rca_store *store, enum rca_tier tier,
                                  struct rca_sealed *w, const rca_time *times,
                                  size_t n);

/** rca_touch() - entities and edges were seen */
RCA_MUST_CHECK int rca_touch(struct rca_store *store,
                             const struct rca_replay *r);

/** rca_seal_head() - inside a transaction; when that is committed,
 * rca_head_is_sealed() */
RCA_MUST_CHECK int rca_seal_head(struct rca_store *store);
void rca_head_is_sealed(struct rca_store *store);

/* --- sqlite_scan.c --- */

/** struct rca_range - what to scan; @head: the newest ticks, too */
struct rca_range {
    enum rca_tier tier;
    _Bool head;
    rca_time from, to;
    const rca_id *entities; /* NULL: all */
    size_t n_entities;
};

/** rca_scan() - as rca_store_scan(); inside a transaction, too */
RCA_MUST_CHECK int rca_scan(struct rca_store *store,
                            const struct rca_range *range,
                            rca_store_visit *visit, void *arg);

/* --- sqlite_coarse.c --- */

/** rca_coarse_step() - go on with the coarse tier, outside a transaction.
 * Return: 1 something was done, 0 there is nothing, or an error. */
RCA_MUST_CHECK int rca_coarse_step(struct rca_store *store);

/* --- sqlite_read.c --- */

/** rca_entity_key() - (kind, name, host) as a key of rca_names; its length */
#define RCA_ENTITY_KEY_MAX 512
size_t rca_entity_key(enum rca_kind kind, const char *name, const char *host,
                      char ret[RCA_ENTITY_KEY_MAX]);
