/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Figures are shares of 1, "-" where there is none; a range stands behind its
 * figure as "0.81-1.00".
 */

#include <math.h>
#include <stdio.h>

#include "cli/evaluate_render.h"
#include "cli/words.h"

#define FIGURE_TEXT 8
#define RANGE_TEXT 24
#define NAME_MIN 7

static const char *figure(double x, char text[FIGURE_TEXT])
{
    if (isnan(x))
        (void)snprintf(text, FIGURE_TEXT, "-");
    else
        (void)snprintf(text, FIGURE_TEXT, "%.2f", x);
    return text;
}

static const char *range(const struct rca_range *r, char text[RANGE_TEXT])
{
    if (isnan(r->low))
        (void)snprintf(text, RANGE_TEXT, "-");
    else
        (void)snprintf(text, RANGE_TEXT, "%.2f-%.2f", r->low, r->high);
    return text;
}

/* Characters of UTF-8, each one column wide as far as we know. */
static size_t columns(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* A name, and blanks up to @width. */
static void name_column(struct rca_buf *buf, const char *name, size_t width)
{
    char text[RCA_WORDS_NAME_MAX + 1];
    const char *shown = rca_words_name(name[0] ? name : "-", text);
    size_t n = columns(shown);

    rca_buf_fmt(buf, "%s%*s", shown, n < width ? (int)(width - n) : 0, "");
}

static size_t name_width(size_t width, const char *name)
{
    char text[RCA_WORDS_NAME_MAX + 1];
    size_t n = columns(rca_words_name(name, text));

    return n > width ? n : width;
}

static size_t table_width(const struct rca_score_table *t)
{
    size_t width = NAME_MIN;

    for (size_t i = 0; i < t->n; i++)
        width = name_width(width, t->rows[i].name);
    return width;
}

/* --- tables of ranks ------------------------------------------------------ */

static void head(struct rca_buf *buf, const char *of, size_t width)
{
    rca_buf_fmt(buf, "%-*s %7s  %4s %-9s  %4s %-9s  %4s  %4s  %7s\n",
                (int)width, of, "n", "top1", "90%", "top3", "90%", "top5",
                "avg5", "seconds");
}

static void line(struct rca_buf *buf, const char *name, size_t width,
                 const struct rca_score *s)
{
    char n[48], a[FIGURE_TEXT], b[FIGURE_TEXT], c[FIGURE_TEXT], d[FIGURE_TEXT];
    char ra[RANGE_TEXT], rb[RANGE_TEXT];

    if (s->scored == s->n)
        (void)snprintf(n, sizeof(n), "%zu", s->n);
    else
        (void)snprintf(n, sizeof(n), "%zu/%zu", s->scored, s->n);
    name_column(buf, name, width);
    rca_buf_fmt(buf, " %7s  %4s %-9s  %4s %-9s  %4s  %4s  %7.3f\n", n,
                figure(s->top[0], a), range(&s->top1, ra), figure(s->top[2], b),
                range(&s->top3, rb), figure(s->top[4], c), figure(s->avg5, d),
                s->seconds);
}

static int ranks(struct rca_buf *buf, const struct rca_evaluation *e,
                 enum rca_score_by by)
{
    struct rca_score_table t RCA_CLEANUP(rca_score_table_done) = {0};
    int err = rca_score_tabulate(e->outcomes, e->n, by, &t);
    size_t width;

    if (err)
        return err;
    width = table_width(&t);
    head(buf, by == RCA_SCORE_BY_FAULT ? "fault" : "dataset", width);
    for (size_t i = 0; i < t.n; i++)
        line(buf, t.rows[i].name, width, &t.rows[i]);
    if (by == RCA_SCORE_BY_DATASET) {
        line(buf, "all", width, &t.all);
        line(buf, "macro", width, &t.macro);
    }
    return 0;
}

/* --- a line a case -------------------------------------------------------- */

static void one_case(struct rca_buf *buf, const struct rca_outcome *o,
                     size_t width)
{
    char rank[24], sure[FIGURE_TEXT], name[RCA_WORDS_NAME_MAX + 1];

    (void)snprintf(rank, sizeof(rank), o->rank ? "%zu" : "-", o->rank);
    name_column(buf, o->name, width);
    rca_buf_fmt(buf, " %5s  %-7s  %4s", rank, rca_verdict_name(o->verdict),
                figure(o->n ? o->list[0].confidence : NAN, sure));
    if (o->n) {
        rca_buf_fmt(buf, "  %s", rca_words_name(o->list[0].entity, name));
        if (o->list[0].metric)
            rca_buf_fmt(buf, " %s", rca_words_name(o->list[0].metric, name));
    }
    rca_buf_str(buf, "\n");
}

static void cases(struct rca_buf *buf, const struct rca_evaluation *e)
{
    size_t width = NAME_MIN;

    for (size_t i = 0; i < e->n; i++)
        width = name_width(width, e->outcomes[i].name);
    rca_buf_fmt(buf, "%-*s %5s  %-7s  %4s  %s\n", (int)width, "case", "rank",
                "verdict", "sure", "first named, and its metric");
    for (size_t i = 0; i < e->n; i++)
        one_case(buf, &e->outcomes[i], width);
    rca_buf_str(buf, "\n");
}

/* --- reliability ---------------------------------------------------------- */

static void verdicts(struct rca_buf *buf, const struct rca_evaluation *e)
{
    size_t named = 0, right = 0, scored = 0;

    for (size_t i = 0; i < e->n; i++) {
        const struct rca_outcome *o = &e->outcomes[i];

        if (!o->known)
            continue;
        scored++;
        if (o->verdict != RCA_VERDICT_CAUSE)
            continue;
        named++;
        right += o->rank == 1;
    }
    rca_buf_fmt(buf, "a cause was named in %zu of %zu cases, right in %zu\n",
                named, scored, right);
}

static int reliability(struct rca_buf *buf, const struct rca_evaluation *e)
{
    struct rca_reliability r;
    char a[FIGURE_TEXT], b[FIGURE_TEXT], c[RANGE_TEXT];
    int err = rca_score_reliability(e->outcomes, e->n, &r);

    if (err || !r.n)
        return err;
    rca_buf_fmt(buf, "\n%-10s %7s  %4s  %s\n", "confidence", "n", "mean",
                "right");
    for (size_t i = 0; i < RCA_SCORE_BINS; i++)
        rca_buf_fmt(buf, "%.1f-%.1f    %7zu  %4s  %s\n",
                    (double)i / RCA_SCORE_BINS,
                    (double)(i + 1) / RCA_SCORE_BINS, r.bin[i].n,
                    figure(r.bin[i].confidence, a), figure(r.bin[i].right, b));
    rca_buf_fmt(buf, "expected calibration error %s (90%% %s) over %zu cases\n",
                figure(r.error, a), range(&r.range, c), r.n);
    verdicts(buf, e);
    return 0;
}

/* --- normal rows ---------------------------------------------------------- */

static void normal_line(struct rca_buf *buf, const char *name, size_t width,
                        const struct rca_score *s)
{
    char share[FIGURE_TEXT];
    const double n = s->n ? (double)s->n : NAN;

    name_column(buf, name, width);
    rca_buf_fmt(buf, " %7zu  %6zu  %5s  %7.3f\n", s->n, s->causes,
                figure((double)s->causes / n, share), s->seconds);
}

static int specificity(struct rca_buf *buf, const struct rca_evaluation *e)
{
    struct rca_score_table t RCA_CLEANUP(rca_score_table_done) = {0};
    struct rca_range r;
    char a[FIGURE_TEXT], b[RANGE_TEXT];
    double share;
    size_t width;
    int err = rca_score_tabulate(e->outcomes, e->n, RCA_SCORE_BY_DATASET, &t);

    err = err ? err : rca_score_causes(e->outcomes, e->n, &share, &r);
    if (err)
        return err;
    width = table_width(&t);
    rca_buf_fmt(buf, "%-*s %7s  %6s  %5s  %7s\n", (int)width, "dataset",
                "windows", "causes", "share", "seconds");
    for (size_t i = 0; i < t.n; i++)
        normal_line(buf, t.rows[i].name, width, &t.rows[i]);
    normal_line(buf, "all", width, &t.all);
    rca_buf_fmt(buf,
                "a cause was named in %s (90%% %s) of %zu explanations of "
                "normal rows\n",
                figure(share, a), range(&r, b), e->n);
    return 0;
}

int rca_render_evaluation_text(const struct rca_evaluation *e, _Bool normal,
                               _Bool verbose, struct rca_buf *buf)
{
    int err = 0;

    if (verbose)
        cases(buf, e);
    if (normal) {
        err = specificity(buf, e);
        return err ? err : buf->err;
    }
    if (verbose) {
        err = ranks(buf, e, RCA_SCORE_BY_FAULT);
        rca_buf_str(buf, "\n");
    }
    err = err ? err : ranks(buf, e, RCA_SCORE_BY_DATASET);
    err = err ? err : reliability(buf, e);
    return err ? err : buf->err;
}
