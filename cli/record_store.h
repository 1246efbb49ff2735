/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * record_store - kept incidents in a store.
 */

#include "cli/record.h"
#include "model/calibrate.h"

/** rca_record_put() - keep it, in place of one of the same id; the oldest go
 * where there are more than RCA_RECORD_MOST. Return: as rca_store_put(), or
 * -ENOMEM */
RCA_MUST_CHECK int rca_record_put(struct rca_store *store,
                                  const struct rca_record *record);

/** struct rca_records - in order of opening, oldest first; owned
 * @n_damaged: how many could not be read */
struct rca_records {
    struct rca_record **list;
    size_t n, cap, n_damaged;
};

void rca_records_done(struct rca_records *records);

/** rca_records_read() - all of them; 0, -ENOMEM, or the store's errors */
RCA_MUST_CHECK int rca_records_read(struct rca_store *store,
                                    struct rca_records *ret_records);

/** rca_records_find() - by id, the beginning of one, or "last"
 * Return: 0; RCA_EUNKNOWN (none); RCA_EAMBIGUOUS (several begin so) */
RCA_MUST_CHECK int rca_records_find(const struct rca_records *records,
                                    const char *id, size_t *ret_index);

/** rca_record_name() - give @record an id that none of @records has: when it
 * opened, in local time, and its symptom: 2026-11-22-1402-web */
void rca_record_name(const struct rca_records *records,
                     struct rca_record *record);

/** struct rca_verdicts - what people said; @shift: rca_calibrate_shift() */
struct rca_verdicts {
    size_t right, wrong;
    double shift;
};

/** rca_records_verdicts() - of all feedback; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_records_verdicts(const struct rca_records *records,
                                        struct rca_verdicts *ret_verdicts);

/** rca_store_verdicts() - the same from a store; 0, -ENOMEM, or its errors */
RCA_MUST_CHECK int rca_store_verdicts(struct rca_store *store,
                                      struct rca_verdicts *ret_verdicts);
