/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A table can have 10^5 columns: each value goes to its column's place at once,
 * eight rows at a time, so that a cache line is written once. Where columns go
 * is known from the header, before the first row.
 */

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "datasets/case_parts.h"
#include "graph/base/name.h"

#define BLOCK 8 /* rows: one cache line of doubles */
#define SKIPPED SIZE_MAX

/* struct reader - the table under construction
 * @target:  by cell of a row: its column, or SKIPPED
 * @time_at: the cell that holds the time
 * @x:       column-major, @room rows
 * @block:   the last rows, row-major, not yet in @x
 * @raw:     times as numbers, NAN where the cell was a text
 * @widest:  largest |raw| */
struct reader {
    struct rca_csv csv;
    struct rca_column *columns;
    size_t n_columns;
    size_t *target;
    size_t width, time_at;
    double *x, *block, *raw;
    rca_time *times;
    size_t room, n_rows;
    double widest;
};

static void done(struct reader *rd)
{
    free(rd->columns);
    free(rd->target);
    free(rd->x);
    free(rd->block);
    free(rd->raw);
    free(rd->times);
}

int rca_table_split_dot(struct rca_csv *csv, struct rca_column *columns,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *dot = strrchr(columns[i].name, '.');

        /* an index without a name, as pandas writes it */
        if (!*columns[i].name || !strncmp(columns[i].name, "Unnamed: ", 9))
            continue;
        if (!dot || dot == columns[i].name || !dot[1]) {
            csv->column = columns[i].at;
            return rca_csv_fail(csv, "column '%s'; expected ENTITY.METRIC",
                                columns[i].name);
        }
        *dot = '\0';
        columns[i].entity = columns[i].name;
        columns[i].metric = dot + 1;
    }
    return 0;
}

static _Bool is_time(const char *name)
{
    static const char *const names[] = {"time",     "timestamp", "ts",
                                        "datetime", "date_time", "epoch"};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++) {
        if (!strcasecmp(name, names[i]))
            return 1;
    }
    return 0;
}

/* the header's names; @time_at is set */
static int read_names(struct reader *rd)
{
    size_t cap = 0;
    int more = 1;

    rd->time_at = SKIPPED;
    if (!rca_csv_row(&rd->csv))
        return rca_csv_fail(&rd->csv, "the file is empty; expected a header "
                                      "'time,...'");
    while (more > 0) {
        char *cell;
        struct rca_column *grown =
            rca_grow(rd->columns, rd->width, &cap, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        rd->columns = grown;
        more = rca_csv_cell(&rd->csv, &cell);
        if (more < 0)
            return more;
        if (is_time(cell)) {
            if (rd->time_at == SKIPPED)
                rd->time_at = rd->width;
            cell = cell + strlen(cell); /* no metric */
        }
        rca_name_print(cell);
        rd->columns[rd->width++] =
            (struct rca_column){.name = cell, .at = rd->csv.column};
    }
    rd->csv.column = 0;
    if (rd->time_at == SKIPPED)
        return rca_csv_fail(&rd->csv, "no column 'time' in the header");
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct rca_column *x = a, *y = b;
    int c = strcmp(x->entity, y->entity);

    c = c ? c : strcmp(x->metric, y->metric);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

/* which column each cell belongs to; of two columns of one name the first */
static int place_columns(struct reader *rd)
{
    size_t n = 0;

    rd->target = malloc(rd->width * sizeof(*rd->target));
    if (!rd->target)
        return -ENOMEM;
    for (size_t i = 0; i < rd->width; i++) {
        rd->target[i] = SKIPPED;
        if (rd->columns[i].metric)
            rd->columns[n++] = rd->columns[i];
    }
    if (n)
        qsort(rd->columns, n, sizeof(*rd->columns), by_name);
    for (size_t i = 0; i < n; i++) {
        const struct rca_column *c = &rd->columns[i];
        const struct rca_column *last = c;

        if (rd->n_columns)
            last = &rd->columns[rd->n_columns - 1];
        if (rd->n_columns && !strcmp(last->entity, c->entity) &&
            !strcmp(last->metric, c->metric))
            continue;
        rd->target[c->at - 1] = rd->n_columns;
        rd->columns[rd->n_columns++] = *c;
    }
    if (!rd->n_columns)
        return rca_csv_fail(&rd->csv, "no metrics in the header");
    return 0;
}

/* Room for as many rows as the rest can hold: a row takes a line, and a byte
 * for each cell. */
static int make_room(struct reader *rd)
{
    const size_t rest = (size_t)(rd->csv.end - rd->csv.at);
    size_t lines = 1;

    for (const char *p = rd->csv.at;
         (p = memchr(p, '\n', (size_t)(rd->csv.end - p))); p++)
        lines++;
    rd->room = rest / rd->width + 1;
    rd->room = lines < rd->room ? lines : rd->room;
    rd->x = malloc(rd->n_columns * rd->room * sizeof(*rd->x));
    rd->block = malloc(rd->n_columns * BLOCK * sizeof(*rd->block));
    rd->raw = malloc(rd->room * sizeof(*rd->raw));
    rd->times = malloc(rd->room * sizeof(*rd->times));
    return rd->x && rd->block && rd->raw && rd->times ? 0 : -ENOMEM;
}

/* How many of @widest's unit make a second, 0 if it is no time. Three thousand
 * million seconds are the year 2065; what is more is a finer unit. */
static double unit_of(double widest)
{
    static const double units[] = {1, 1e3, 1e6, 1e9};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(units); i++) {
        if (widest <= RCA_CASE_TIME_MAX * units[i])
            return units[i];
    }
    return 0;
}

static rca_time scale_time(double number, double unit)
{
    const double whole = floor(number / unit);

    return (rca_time)whole * RCA_SECOND +
           (rca_time)llround((number - whole * unit) *
                             ((double)RCA_SECOND / unit));
}

int rca_case_time(double number, rca_time *ret_time)
{
    const double unit = unit_of(fabs(number));

    if (unit == 0)
        return RCA_ESYNTAX;
    *ret_time = scale_time(number, unit);
    return 0;
}

static int read_time(struct reader *rd, const char *cell)
{
    double *raw = &rd->raw[rd->n_rows];

    if (!rca_csv_number(cell, raw) && !isnan(*raw)) {
        rd->widest = fabs(*raw) > rd->widest ? fabs(*raw) : rd->widest;
        return 0;
    }
    *raw = (double)NAN;
    if (!rca_case_time_text(cell, &rd->times[rd->n_rows]))
        return 0;
    return rca_csv_fail(
        &rd->csv, "'%s' is no time; expected seconds since the epoch", cell);
}

static int read_value(struct reader *rd, size_t at, const char *cell)
{
    double *row = rd->block + (rd->n_rows % BLOCK) * rd->n_columns;
    const size_t column = rd->target[at];

    if (column == SKIPPED || !rca_csv_number(cell, &row[column]))
        return 0;
    return rca_csv_fail(&rd->csv,
                        "'%s' is no number; expected one, or nothing, for %s "
                        "of '%s'",
                        cell, rd->columns[column].metric,
                        rd->columns[column].entity);
}

static int read_row(struct reader *rd)
{
    size_t n = 0;
    int more = 1, err = 0;

    while (more > 0 && !err) {
        char *cell;

        more = rca_csv_cell(&rd->csv, &cell);
        if (more < 0)
            return more;
        if (n < rd->width)
            err = n == rd->time_at ? read_time(rd, cell)
                                   : read_value(rd, n, cell);
        n++;
    }
    if (err || n == rd->width)
        return err;
    rd->csv.column = 0;
    return rca_csv_fail(&rd->csv, "%zu cells; expected %zu as in the header", n,
                        rd->width);
}

/* the block's rows, the last at n_rows - 1, into their columns */
static void flush(struct reader *rd)
{
    const size_t rows = (rd->n_rows - 1) % BLOCK + 1;
    const size_t from = rd->n_rows - rows;

    for (size_t c = 0; c < rd->n_columns; c++) {
        for (size_t r = 0; r < rows; r++)
            rd->x[c * rd->room + from + r] = rd->block[r * rd->n_columns + c];
    }
}

static int read_rows(struct reader *rd)
{
    while (rca_csv_row(&rd->csv)) {
        int err;

        assert(rd->n_rows < rd->room);
        err = read_row(rd);
        if (err)
            return err;
        if (++rd->n_rows % BLOCK == 0)
            flush(rd);
    }
    if (rd->n_rows % BLOCK)
        flush(rd);
    if (!rd->n_rows) {
        rd->csv.column = 0;
        return rca_csv_fail(&rd->csv, "no rows behind the header");
    }
    return 0;
}

/* all numbers are of the unit that the largest is of */
static int settle_times(struct reader *rd)
{
    const double unit = unit_of(rd->widest);

    rd->csv.column = 0;
    if (unit == 0)
        return rca_csv_fail(&rd->csv,
                            "a time of %g in the file; expected seconds since "
                            "the epoch",
                            rd->widest);
    for (size_t r = 0; r < rd->n_rows; r++) {
        if (!isnan(rd->raw[r]))
            rd->times[r] = scale_time(rd->raw[r], unit);
    }
    return 0;
}

struct place {
    rca_time time;
    size_t row;
};

static int by_time(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* @to: @n_rows of @from in the order of @places, rows of one time as their mean;
 * whether there is any value */
static _Bool gather(const struct reader *rd, const struct place *places,
                    const double *from, double *to)
{
    _Bool any = 0;
    size_t n = 0;

    for (size_t r = 0; r < rd->n_rows;) {
        const rca_time time = places[r].time;
        double sum = 0;
        size_t known = 0;

        for (; r < rd->n_rows && places[r].time == time; r++) {
            const double v = from[places[r].row];

            sum += isnan(v) ? 0 : v;
            known += isnan(v) ? 0 : 1;
        }
        to[n++] = known ? sum / (double)known : (double)NAN;
        any = any || known;
    }
    return any;
}

static int finish(struct reader *rd, struct rca_table *ret)
{
    struct place *places RCA_CLEANUP(rca_freep) =
        malloc(rd->n_rows * sizeof(*places));
    double *column RCA_CLEANUP(rca_freep) =
        malloc(rd->n_rows * sizeof(*column));
    struct rca_column *empty RCA_CLEANUP(rca_freep) =
        malloc(rd->n_columns * sizeof(*empty));
    size_t rows = 0, columns = 0, n_empty = 0;

    if (!places || !column || !empty)
        return -ENOMEM;
    for (size_t r = 0; r < rd->n_rows; r++)
        places[r] = (struct place){rd->times[r], r};
    qsort(places, rd->n_rows, sizeof(*places), by_time);
    for (size_t r = 0; r < rd->n_rows; r++) {
        if (rows == 0 || rd->times[rows - 1] != places[r].time)
            rd->times[rows++] = places[r].time;
    }
    /* a column moves towards the front only, behind the one before it */
    for (size_t c = 0; c < rd->n_columns; c++) {
        if (!gather(rd, places, rd->x + c * rd->room, column)) {
            empty[n_empty++] = rd->columns[c];
            continue;
        }
        memcpy(rd->x + columns * rows, column, rows * sizeof(*column));
        rd->columns[columns++] = rd->columns[c];
    }
    memcpy(rd->columns + columns, empty, n_empty * sizeof(*empty));
    *ret = (struct rca_table){
        .n_rows = rows, .n_columns = columns, .n_empty = n_empty};
    ret->times = RCA_TAKE(rd->times);
    ret->x = RCA_TAKE(rd->x);
    ret->columns = RCA_TAKE(rd->columns);
    return 0;
}

int rca_table_read(struct rca_text *text, rca_table_split *split,
                   struct rca_diag *diag, struct rca_table *ret_table)
{
    struct reader rd RCA_CLEANUP(done) = {.n_rows = 0};
    int err = rca_csv_open(&rd.csv, text->bytes, text->size, text->path, diag);

    err = err ? err : read_names(&rd);
    err = err ? err : split(&rd.csv, rd.columns, rd.width);
    err = err ? err : place_columns(&rd);
    err = err ? err : make_room(&rd);
    err = err ? err : read_rows(&rd);
    err = err ? err : settle_times(&rd);
    return err ? err : finish(&rd, ret_table);
}

void rca_table_done(struct rca_table *table)
{
    free(table->times);
    free(table->x);
    free(table->columns);
    *table = (struct rca_table){.n_rows = 0};
}
