/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * import - a case into a store: entities, edges, and each sample at its time,
 * as if a collector had watched. The truth stays outside.
 *
 * A metric becomes a gauge of its name. Names that would mean something else to
 * the store change: a counter's rate "x_total" is kept as "x_per_second", a
 * value per interval named "x_total" as "x".
 */

#include "datasets/case.h"

/** rca_import_series() - the series that variable @v of the case's window is
 * kept as; returns @name. O(length). */
#define RCA_IMPORT_NAME_SIZE 256
const char *rca_import_series(const struct rca_case *c, size_t v,
                              char name[RCA_IMPORT_NAME_SIZE]);

/**
 * rca_import() - append all rows of @c to @store, oldest first
 *
 * An entity without metrics counts as seen from the first row to the last. All
 * names are made before the first row is written; rows go in one tick each.
 * O(samples). Return: 0; -EEXIST with nothing written: the store has data at or
 * after the case's first row; the store's errors: the rows before stay.
 */
RCA_MUST_CHECK int rca_import(struct rca_store *store,
                              const struct rca_case *c);
