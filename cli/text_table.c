/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/text_table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/words.h"
#include "graph/base/time.h"

enum column { NAME, METRIC, CHANGE, FACTOR, BEGAN, SHARE, SURE, COLUMNS };

enum {
    RANK = 4, /* " 1  " */
    GAP = 2,
    CELL = RCA_NAME_MAX + 32,
    NAME_MIN = 16,
    METRIC_MIN = 10,
    CHANGE_MIN = 20,
};

struct row {
    char cell[COLUMNS][CELL];
};

struct table {
    struct row *rows; /* the first is the heading */
    size_t n;
    int width[COLUMNS]; /* 0: left out */
};

static void take_words(struct rca_buf *words, char cell[CELL])
{
    (void)snprintf(cell, CELL, "%s", words->text ? words->text : "");
    rca_buf_done(words);
}

static void fill(const struct rca_cause *cause, struct row *row)
{
    const struct rca_card *c = &cause->card;
    char name[RCA_NAME_MAX + 1], label[RCA_NAME_MAX + 1],
        clock[RCA_TIME_TEXT_SIZE];
    struct rca_buf words = {0};

    (void)snprintf(row->cell[NAME], CELL, "%s %s", rca_kind_name(c->kind),
                   rca_name_clean(c->name, name));
    (void)snprintf(row->cell[METRIC], CELL, "%s",
                   rca_name_clean(c->label, label));
    rca_words_change(&words, c);
    take_words(&words, row->cell[CHANGE]);
    rca_words_factor(&words, c);
    take_words(&words, row->cell[FACTOR]);
    if (c->onset != RCA_TIME_NONE)
        (void)snprintf(row->cell[BEGAN], CELL, "%s",
                       rca_time_clock(c->onset, clock));
    if (isfinite(cause->share))
        (void)snprintf(row->cell[SHARE], CELL, "%3.0f %%",
                       rca_words_percent(cause->share));
    if (isfinite(cause->confidence))
        (void)snprintf(row->cell[SURE], CELL, "%3.0f %%",
                       rca_words_percent(cause->confidence));
}

static void set_heading(const struct rca_explanation *e, struct row *row)
{
    static const char *const heads[COLUMNS] = {
        [NAME] = "candidate", [METRIC] = "",     [CHANGE] = "change",
        [FACTOR] = "",        [BEGAN] = "began", [SHARE] = "share",
        [SURE] = " sure"};

    for (int i = 0; i < COLUMNS; i++)
        (void)snprintf(row->cell[i], CELL, "%s", heads[i]);
    if (e->verdict == RCA_VERDICT_CAUSE)
        (void)snprintf(row->cell[NAME], CELL, "root cause");
}

/* the width of a column: of its widest cell, 0 if there is none */
static int widest(const struct table *t, int i)
{
    const int head = rca_columns(t->rows[0].cell[i]);
    int width = 0;

    for (size_t k = 1; k < t->n; k++) {
        const int n = rca_columns(t->rows[k].cell[i]);

        width = n > width ? n : width;
    }
    return width && head > width ? head : width;
}

static void measure(struct table *t)
{
    for (int i = 0; i < COLUMNS; i++)
        t->width[i] = widest(t, i);
}

static int total(const struct table *t)
{
    int sum = RANK - GAP;

    for (int i = 0; i < COLUMNS; i++)
        sum += t->width[i] ? t->width[i] + GAP : 0;
    return sum;
}

static void shrink(struct table *t, enum column i, int least, int columns)
{
    const int over = total(t) - columns;

    if (over <= 0 || t->width[i] <= least)
        return;
    t->width[i] = t->width[i] - over > least ? t->width[i] - over : least;
}

/* the names without their kinds */
static void drop_kinds(struct table *t, const struct rca_explanation *e)
{
    char name[RCA_NAME_MAX + 1];

    for (size_t k = 1; k < t->n; k++)
        (void)snprintf(t->rows[k].cell[NAME], CELL, "%s",
                       rca_name_clean(e->causes[k - 1].card.name, name));
    t->width[NAME] = widest(t, NAME);
}

static void fit(struct table *t, const struct rca_explanation *e, int columns)
{
    if (total(t) > columns)
        t->width[SURE] = 0;
    if (total(t) > columns)
        t->width[FACTOR] = 0;
    if (total(t) > columns)
        drop_kinds(t, e);
    shrink(t, METRIC, 2 * METRIC_MIN, columns);
    shrink(t, NAME, 2 * NAME_MIN, columns);
    shrink(t, METRIC, METRIC_MIN, columns);
    shrink(t, NAME, NAME_MIN, columns);
    if (total(t) > columns)
        t->width[BEGAN] = 0;
    shrink(t, CHANGE, CHANGE_MIN, columns);
}

static void put_row(struct rca_buf *buf, const struct table *t, size_t k,
                    _Bool colour)
{
    char text[RCA_NAME_MAX + 1];

    if (k)
        rca_buf_fmt(buf, "%2zu  ", k);
    else
        rca_buf_str(buf, " #  ");
    for (int i = 0; i < COLUMNS; i++) {
        const _Bool bold = colour && k == 1 && i == NAME;

        if (!t->width[i])
            continue;
        rca_buf_str(buf, bold ? "\033[1m" : "");
        text[0] = '\0';
        if (t->rows[k].cell[i][0])
            (void)rca_columns_fit(t->rows[k].cell[i], t->width[i], text);
        rca_columns_pad(buf, text, t->width[i]);
        rca_buf_str(buf, bold ? "\033[0m" : "");
        rca_buf_str(buf, "  ");
    }
    while (buf->len && buf->text[buf->len - 1] == ' ')
        buf->len--;
    rca_buf_str(buf, "\n");
}

int rca_text_table(struct rca_buf *buf, const struct rca_explanation *e,
                   int lines, int columns, _Bool colour)
{
    struct row *rows RCA_CLEANUP(rca_freep) = NULL;
    const size_t room = lines > 2 ? (size_t)lines - 1 : 1;
    struct table t = {.n = e->n_causes + 1};

    if (e->n_causes > room)
        t.n = room; /* the last line counts the others */
    rows = calloc(t.n ? t.n : 1, sizeof(*rows));
    if (!rows)
        return -ENOMEM;
    t.rows = rows;
    set_heading(e, &rows[0]);
    for (size_t k = 1; k < t.n; k++)
        fill(&e->causes[k - 1], &rows[k]);
    measure(&t);
    fit(&t, e, columns);
    for (size_t k = 0; k < t.n; k++)
        put_row(buf, &t, k, colour);
    if (t.n < e->n_causes + 1)
        rca_buf_fmt(buf, "    and %zu more\n", e->n_causes + 1 - t.n);
    return buf->err;
}
