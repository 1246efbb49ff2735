/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * err - what a failing function returns, and where bad input went wrong.
 *
 *   0        success
 *   negative failure: a negated errno(3) value, or one of enum rca_err where
 *            errno has no word for it. Handed up unchanged to whoever can
 *            decide what to do about it.
 *   positive an answer, not a failure; only where the contract lists it.
 */

#include "graph/base/base.h"

/** enum rca_err - below -4095, so that no errno value is ever equal */
enum rca_err {
    RCA_ERR_FIRST = -4096, /* not a code: above the highest one */
    RCA_ESYNTAX = -4097, /* input does not parse; see struct rca_diag */
    RCA_ESCHEMA = -4098, /* not a database of ours, or from a newer program */
    RCA_ECORRUPT = -4099, /* stored data are damaged */
    RCA_ETOOFEW = -4100, /* not enough samples */
    RCA_ENOCONV = -4101, /* no convergence within the iteration limit */
    RCA_EUNKNOWN = -4102, /* no entity, metric or command of that name */
    RCA_EAMBIGUOUS = -4103, /* more than one entity of that name */
    RCA_ENOSUPPORT =
        -4104, /* this kernel or these privileges do not allow it */
    RCA_ERR_LAST = -4105, /* not a code: below the lowest one */
};

/** rca_strerror() - message for @err, static storage, no full stop */
const char *rca_strerror(int err);

/**
 * struct rca_diag - the one line that says what is wrong with an input
 * @file:   name of the input, empty if none
 * @line:   1-based, 0 if unknown
 * @column: 1-based, 0 if unknown
 * @text:   what is wrong and what was expected; empty when nothing was set
 *
 * All-zero is valid and empty. Passing NULL for a diag is always allowed.
 */
struct rca_diag {
    char file[256];
    unsigned line;
    unsigned column;
    char text[512];
};

/**
 * rca_diag_set() - fill @diag (which may be NULL); over-long text is cut
 *
 * Return: @err, so that a reader can `return rca_diag_set(...)`.
 */
RCA_PRINTF(5, 6)
int rca_diag_set(struct rca_diag *diag, int err, const char *file,
                 unsigned line, const char *format, ...);
