/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * csv - comma-separated text in memory (RFC 4180), cell by cell, in place.
 *
 * Rows end with LF or CRLF; blank lines are skipped; blanks around a cell do
 * not belong to it; a cell in quotes may hold commas, line ends and doubled
 * quotes. A byte order mark is skipped. Reading writes into the text: cells are
 * NUL-terminated where they stand, and live as long as the text.
 */

#include <stdio.h>

#include "graph/base/err.h"

/** struct rca_csv - a reader; the text is the caller's
 * @line: of the row being read, from 1; @column: of the cell last read */
struct rca_csv {
    char *at, *end;
    const char *file;
    struct rca_diag *diag;
    unsigned line, next_line, column;
};

/**
 * rca_csv_open() - begin to read
 * @text: @size bytes and a writable one behind them
 * @file: its name, for @diag; borrowed
 *
 * O(size). Return: 0; RCA_ESYNTAX for a text with a NUL byte in it.
 */
RCA_MUST_CHECK int rca_csv_open(struct rca_csv *csv, char *text, size_t size,
                                const char *file, struct rca_diag *diag);

/** rca_csv_row() - go to the next row that is not blank; whether there is one */
_Bool rca_csv_row(struct rca_csv *csv);

/**
 * rca_csv_cell() - the next cell of the row; call only after rca_csv_row(), and
 * after a return of 1
 *
 * Return: 1 if more cells follow, 0 if it was the row's last; RCA_ESYNTAX with
 * the diagnostic filled: a quote that does not end, text behind one.
 */
RCA_MUST_CHECK int rca_csv_cell(struct rca_csv *csv, char **ret_cell);

/** rca_csv_fail() - fill the diagnostic with row, column and a message;
 * returns RCA_ESYNTAX */
RCA_PRINTF(2, 3)
int rca_csv_fail(const struct rca_csv *csv, const char *format, ...);

/**
 * rca_csv_number() - a cell as a number, exactly as strtod(3) has it
 *
 * Decimal or scientific. Nothing, "nan", "inf", "null", "none", "na", "n/a",
 * "-" (any case) and what is too large are missing: NAN. "true" and "false"
 * are 1 and 0. Return: 0; RCA_ESYNTAX for any other text.
 */
RCA_MUST_CHECK int rca_csv_number(const char *cell, double *ret);

/** struct rca_csv_record - the wanted cells of one row; "" where there are none
 */
#define RCA_CSV_WANTED 3
struct rca_csv_record {
    const char *cell[RCA_CSV_WANTED];
    unsigned line;
};

/** struct rca_csv_records - @list owned */
struct rca_csv_records {
    struct rca_csv_record *list;
    size_t n, cap;
};

/**
 * rca_csv_records() - read a small table by the names in its header
 * @wanted: names of columns, "a|b" for alternatives; the first @required must
 *          be there and not be empty in any row; other columns are skipped
 * @ret:    freed with rca_csv_records_done(); borrows from the text
 *
 * O(size). Return: 0; RCA_ESYNTAX; -ENOMEM.
 */
RCA_MUST_CHECK int rca_csv_records(struct rca_csv *csv,
                                   const char *const wanted[RCA_CSV_WANTED],
                                   size_t required,
                                   struct rca_csv_records *ret);
void rca_csv_records_done(struct rca_csv_records *records);

/** rca_csv_put() - write a cell, in quotes where it must be; the stream keeps
 * the error */
void rca_csv_put(FILE *f, const char *text);
