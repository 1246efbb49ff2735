/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/csv.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static _Bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

int rca_csv_fail(const struct rca_csv *csv, const char *format, ...)
{
    char text[sizeof(csv->diag->text)];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)rca_diag_set(csv->diag, RCA_ESYNTAX, csv->file, csv->line, "%s",
                       text);
    if (csv->diag)
        csv->diag->column = csv->column;
    return RCA_ESYNTAX;
}

int rca_csv_open(struct rca_csv *csv, char *text, size_t size, const char *file,
                 struct rca_diag *diag)
{
    const char *nul = memchr(text, '\0', size);

    *csv = (struct rca_csv){.at = text,
                            .end = text + size,
                            .file = file,
                            .diag = diag,
                            .line = 1,
                            .next_line = 1};
    if (nul) {
        for (const char *p = text; p < nul; p++)
            csv->line += *p == '\n';
        return rca_csv_fail(csv, "a NUL byte; expected a CSV text in UTF-8");
    }
    *csv->end = '\0';
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        csv->at += 3;
    return 0;
}

_Bool rca_csv_row(struct rca_csv *csv)
{
    for (char *p = csv->at; p < csv->end; p++) {
        if (*p == '\n') {
            csv->next_line++;
            csv->at = p + 1;
        } else if (!is_blank(*p)) {
            csv->line = csv->next_line;
            csv->column = 0;
            return 1;
        }
    }
    csv->at = csv->end;
    return 0;
}

/* Behind a cell's text at @p: the separator. Returns as rca_csv_cell(). */
static int end_cell(struct rca_csv *csv, char *p)
{
    const _Bool more = *p == ',';

    csv->next_line += *p == '\n';
    csv->at = p < csv->end ? p + 1 : p;
    return more;
}

static int quoted_cell(struct rca_csv *csv, char *p, char **ret_cell)
{
    char *to = p, *cell = p;

    for (; p < csv->end; p++) {
        if (*p == '"' && p[1] != '"')
            break;
        p += *p == '"';
        csv->next_line += *p == '\n';
        *to++ = *p;
    }
    if (p >= csv->end)
        return rca_csv_fail(csv, "a quote that does not end");
    p++;
    while (p < csv->end && is_blank(*p))
        p++;
    if (p < csv->end && *p != ',' && *p != '\n')
        return rca_csv_fail(csv, "text behind a closing quote; expected a "
                                 "comma");
    *to = '\0';
    *ret_cell = cell;
    return end_cell(csv, p);
}

int rca_csv_cell(struct rca_csv *csv, char **ret_cell)
{
    char *p = csv->at, *last;
    int more;

    csv->column++;
    while (is_blank(*p))
        p++;
    if (*p == '"')
        return quoted_cell(csv, p + 1, ret_cell);
    *ret_cell = p;
    while (*p != ',' && *p != '\n' && *p)
        p++;
    last = p;
    more = end_cell(csv, p);
    while (last > *ret_cell && is_blank(last[-1]))
        last--;
    *last = '\0';
    return more;
}

/* what people and programs write where there is no number */
static int word(const char *cell, double *ret)
{
    static const char *const missing[] = {
        "",     "nan",  "inf",  "-inf",      "+inf",      "null",
        "none", "na",   "n/a",  "-",         "infinity",  "nil",
        "-nan", "<na>", "#n/a", "-infinity", "undefined", "+infinity"};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(missing); i++) {
        if (!strcasecmp(cell, missing[i])) {
            *ret = NAN;
            return 0;
        }
    }
    if (strcasecmp(cell, "true") != 0 && strcasecmp(cell, "false") != 0)
        return RCA_ESYNTAX;
    *ret = strcasecmp(cell, "true") == 0;
    return 0;
}

/* digits read so far, as far as they fit */
struct decimal {
    uint64_t mantissa;
    int exponent;
    _Bool any, inexact;
};

static const char *digits(const char *p, struct decimal *d, int step)
{
    for (; *p >= '0' && *p <= '9'; p++) {
        d->any = 1;
        if (d->mantissa > (UINT64_MAX - 9) / 10) {
            d->inexact = 1;
            continue;
        }
        d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
        d->exponent += step;
    }
    return p;
}

/* behind the e; NULL if that is no exponent */
static const char *exponent(const char *p, struct decimal *d)
{
    const _Bool minus = *p == '-';
    int value = 0;

    p += *p == '-' || *p == '+';
    if (*p < '0' || *p > '9')
        return NULL;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (value < 100000)
            value = value * 10 + (*p - '0');
    }
    d->exponent += minus ? -value : value;
    return p;
}

/* @d as a double if that is exact: a mantissa that a double holds times or over
 * a power of ten that it holds is rounded once (W. D. Clinger, "How to Read
 * Floating Point Numbers Accurately", PLDI 1990) */
static _Bool exact(const struct decimal *d, double *ret)
{
    static const double power[] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int limit = (int)RCA_ARRAY_SIZE(power) - 1;

    if (d->inexact || d->mantissa >> 53 || d->exponent < -limit ||
        d->exponent > limit)
        return 0;
    *ret = d->exponent < 0 ? (double)d->mantissa / power[-d->exponent]
                           : (double)d->mantissa * power[d->exponent];
    return 1;
}

int rca_csv_number(const char *cell, double *ret)
{
    const char *p = cell + (*cell == '-' || *cell == '+');
    struct decimal d = {0};
    double value;

    p = digits(p, &d, 0);
    if (*p == '.')
        p = digits(p + 1, &d, -1);
    if (!d.any)
        return word(cell, ret);
    if (*p == 'e' || *p == 'E')
        p = exponent(p + 1, &d);
    if (!p || *p)
        return RCA_ESYNTAX;
    if (exact(&d, &value))
        value = *cell == '-' ? -value : value;
    else
        value = strtod(cell, NULL);
    *ret = isfinite(value) ? value : (double)NAN;
    return 0;
}

/* whether @cell is one of @names, "a|b", any case */
static _Bool is_named(const char *cell, const char *names)
{
    const size_t length = strlen(cell);

    while (*names) {
        const size_t n = strcspn(names, "|");

        if (n == length && !strncasecmp(cell, names, n))
            return 1;
        names += n + (names[n] == '|');
    }
    return 0;
}

/* @ret_at: for each wanted name its cell's place from 0, or SIZE_MAX;
 * @ret_width: cells of the header */
static int header(struct rca_csv *csv, const char *const wanted[RCA_CSV_WANTED],
                  size_t required, size_t ret_at[RCA_CSV_WANTED],
                  size_t *ret_width)
{
    int more = 1;

    for (size_t i = 0; i < RCA_CSV_WANTED; i++)
        ret_at[i] = SIZE_MAX;
    *ret_width = 0;
    if (!rca_csv_row(csv))
        return rca_csv_fail(csv,
                            "the file is empty; expected a header with "
                            "'%.*s'",
                            (int)strcspn(wanted[0], "|"), wanted[0]);
    while (more > 0) {
        char *cell = csv->at;

        more = rca_csv_cell(csv, &cell);
        for (size_t i = 0; more >= 0 && i < RCA_CSV_WANTED; i++) {
            if (ret_at[i] == SIZE_MAX && is_named(cell, wanted[i]))
                ret_at[i] = *ret_width;
        }
        ++*ret_width;
    }
    for (size_t i = 0; more == 0 && i < required; i++) {
        csv->column = 0;
        if (ret_at[i] == SIZE_MAX)
            return rca_csv_fail(csv, "no column '%.*s' in the header",
                                (int)strcspn(wanted[i], "|"), wanted[i]);
    }
    return more;
}

static int record(struct rca_csv *csv, const size_t at[RCA_CSV_WANTED],
                  size_t width, struct rca_csv_record *ret)
{
    size_t n = 0;
    int more = 1;

    *ret = (struct rca_csv_record){.cell = {"", "", ""}, .line = csv->line};
    while (more > 0) {
        char *cell = csv->at;

        more = rca_csv_cell(csv, &cell);
        for (size_t i = 0; more >= 0 && i < RCA_CSV_WANTED; i++) {
            if (at[i] == n)
                ret->cell[i] = cell;
        }
        n++;
    }
    csv->column = 0;
    if (more == 0 && n != width)
        return rca_csv_fail(csv, "%zu cells; expected %zu as in the header", n,
                            width);
    return more;
}

int rca_csv_records(struct rca_csv *csv,
                    const char *const wanted[RCA_CSV_WANTED], size_t required,
                    struct rca_csv_records *ret)
{
    struct rca_csv_records got RCA_CLEANUP(rca_csv_records_done) = {0};
    size_t at[RCA_CSV_WANTED], width;
    int err = header(csv, wanted, required, at, &width);

    while (!err && rca_csv_row(csv)) {
        struct rca_csv_record *grown =
            rca_grow(got.list, got.n, &got.cap, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        got.list = grown;
        err = record(csv, at, width, &got.list[got.n]);
        for (size_t i = 0; !err && i < required; i++) {
            if (!*got.list[got.n].cell[i])
                err = rca_csv_fail(csv, "'%.*s' is empty",
                                   (int)strcspn(wanted[i], "|"), wanted[i]);
        }
        got.n += !err;
    }
    if (err)
        return err;
    *ret = (struct rca_csv_records){.n = got.n, .cap = got.cap};
    ret->list = RCA_TAKE(got.list);
    return 0;
}

void rca_csv_records_done(struct rca_csv_records *records)
{
    free(records->list);
    *records = (struct rca_csv_records){0};
}

void rca_csv_put(FILE *f, const char *text)
{
    if (!strpbrk(text, ",\"\r\n") && text[0] != ' ' &&
        (!text[0] || text[strlen(text) - 1] != ' ')) {
        (void)fputs(text, f);
        return;
    }
    (void)fputc('"', f);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            (void)fputc('"', f);
        (void)fputc(*p, f);
    }
    (void)fputc('"', f);
}
