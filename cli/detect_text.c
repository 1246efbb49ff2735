/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/detect.h"
#include "cli/show.h"
#include "cli/words.h"
#include "graph/base/time.h"

#define WIDTH 80
/* Columns of a line: number, name and metric, change, time, number of metrics;
 * two blanks between them. What is left goes to the name. */
enum { NUMBER = 3, CLOCK = 8, METRICS = 7, CHANGE_MAX = 24, NAME_MIN = 12 };
/* Incidents whose explanation is offered. */
#define OFFERED 3
#define DAY (86400 * RCA_SECOND)

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define PLAIN "\033[0m"

struct writer {
    const struct rca_detection *d;
    const struct rca_detect_view *view;
    struct rca_buf *buf;
    int name, change; /* columns */
};

static const char *on(const struct writer *w, const char *code)
{
    return w->view->colour ? code : "";
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* --- the headline ----------------------------------------------------------- */

static void span(struct writer *w)
{
    rca_show_span(w->buf, w->d->from, w->d->to);
}

/* "1 in 20", or "7 %" */
static void chance(struct writer *w)
{
    const double in = 1 / w->d->fdr;

    if (fabs(in - round(in)) < 1e-6)
        rca_buf_fmt(w->buf, "1 in %.0f", in);
    else
        rca_buf_fmt(w->buf, "%.2g %%", 100 * w->d->fdr);
}

static size_t tested(const struct rca_detection *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n_findings; i++)
        n += d->findings[i].change == RCA_CHANGE_SHIFT;
    return n;
}

static void headline(struct writer *w)
{
    const struct rca_detection *d = w->d;
    const size_t n = tested(d);

    if (d->n_groups == 0) {
        rca_buf_fmt(w->buf, "%sNothing is abnormal%s in %zu metric%s of ",
                    on(w, BOLD), on(w, PLAIN), d->n_metrics,
                    plural(d->n_metrics));
        rca_buf_fmt(w->buf, "%zu entit%s.\n", d->n_entities,
                    d->n_entities == 1 ? "y" : "ies");
        span(w);
        rca_buf_str(w->buf, "\n");
        return;
    }
    rca_buf_fmt(w->buf, "%s%zu incident%s%s: %zu of %zu metrics ", on(w, RED),
                d->n_groups, plural(d->n_groups), on(w, PLAIN), n,
                d->n_metrics);
    rca_buf_str(w->buf, n == 1 ? "is abnormal.\n" : "are abnormal.\n");
    span(w);
    rca_buf_str(w->buf, "; at most ");
    chance(w);
    rca_buf_str(w->buf, " is expected to be chance\n");
}

/* --- the lines ------------------------------------------------------------------ */

/* where the last @columns characters of @text begin */
static const char *tail_of(const char *text, int columns)
{
    const char *at = text + strlen(text);

    while (columns > 0 && at > text) {
        at--;
        columns -= ((unsigned char)*at & 0xc0) != 0x80;
    }
    return at;
}

/* @text and blanks up to @columns, and two more; the beginning is left out
 * where it is longer */
static void fit(struct rca_buf *buf, const char *text, int columns)
{
    if (rca_show_width(text) > columns) {
        rca_buf_str(buf, "…");
        text = tail_of(text, --columns);
    }
    rca_show_pad(buf, text, columns);
}

/* "service web latency p99", the entity's name shortened so that it fits in
 * @columns if it can; 0 or -ENOMEM */
static int name_of(const struct rca_finding *f, int columns, char **ret_text)
{
    char name[RCA_WORDS_NAME_MAX + 1], label[RCA_WORDS_NAME_MAX + 1];
    const char *kind = rca_kind_name(f->card.kind), *shown, *cut = "";
    struct rca_buf buf = {0};
    int room;

    shown = rca_words_name(f->card.name, name);
    *label = '\0';
    if (f->change == RCA_CHANGE_SHIFT)
        (void)rca_words_name(f->card.label, label);
    room = columns - rca_show_width(kind) - rca_show_width(label) - 2;
    if (rca_show_width(shown) > room && room > 1) {
        cut = "…";
        shown = tail_of(shown, room - 1);
    }
    rca_buf_fmt(&buf, "%s %s%s%s%s", kind, cut, shown, *label ? " " : "",
                label);
    return rca_buf_take(&buf, ret_text);
}

/* "46 → 189 ms  ▲ 4.1×"; 0 or -ENOMEM */
static int change_of(const struct rca_finding *f, char **ret_text)
{
    struct rca_buf buf = {0};

    if (f->change != RCA_CHANGE_SHIFT) {
        rca_buf_str(&buf, f->card.label);
    } else {
        rca_words_change(&buf, &f->card);
        rca_buf_str(&buf, "  ");
        rca_words_factor(&buf, &f->card);
    }
    return rca_buf_take(&buf, ret_text);
}

/* the start of a line, up to the time */
static int row(struct writer *w, const struct rca_finding *f)
{
    char *name RCA_CLEANUP(rca_freep) = NULL;
    char *change RCA_CLEANUP(rca_freep) = NULL;
    char clock[RCA_TIME_TEXT_SIZE];
    int err = name_of(f, w->name, &name);

    err = err ? err : change_of(f, &change);
    if (err)
        return err;
    fit(w->buf, name, w->name);
    fit(w->buf, change, w->change);
    rca_buf_str(w->buf, rca_time_clock(f->card.onset, clock));
    return 0;
}

static int incident(struct writer *w, size_t i)
{
    const struct rca_group *g = &w->d->groups[i];
    int err;

    rca_buf_fmt(w->buf, "%2zu%s ", i + 1, on(w, BOLD));
    err = row(w, &w->d->findings[g->first]);
    rca_buf_fmt(w->buf, "%s  %*zu\n", on(w, PLAIN), METRICS, g->n_findings);
    for (size_t k = 0; !err && w->view->all && k < w->d->n_findings; k++) {
        if (w->d->findings[k].group != i || k == g->first)
            continue;
        rca_buf_str(w->buf, "   ");
        err = row(w, &w->d->findings[k]);
        rca_buf_str(w->buf, "\n");
    }
    return err;
}

static _Bool is_shown(const struct writer *w, size_t i)
{
    return w->view->all || w->d->groups[w->d->findings[i].group].first == i;
}

/* columns for what is shown */
static int measure(struct writer *w)
{
    w->change = (int)strlen("change");
    w->name = NAME_MIN;
    for (size_t i = 0; i < w->d->n_findings; i++) {
        char *name RCA_CLEANUP(rca_freep) = NULL;
        char *change RCA_CLEANUP(rca_freep) = NULL;
        int err =
            is_shown(w, i) ? name_of(&w->d->findings[i], WIDTH, &name) : 0;

        if (!is_shown(w, i))
            continue;
        err = err ? err : change_of(&w->d->findings[i], &change);
        if (err)
            return err;
        if (rca_show_width(change) > w->change)
            w->change = rca_show_width(change);
        if (rca_show_width(name) > w->name)
            w->name = rca_show_width(name);
    }
    if (w->change > CHANGE_MAX)
        w->change = CHANGE_MAX;
    if (w->name > WIDTH - NUMBER - 2 - w->change - 2 - CLOCK - 2 - METRICS)
        w->name = WIDTH - NUMBER - 2 - w->change - 2 - CLOCK - 2 - METRICS;
    return 0;
}

static int table(struct writer *w)
{
    int err = measure(w);

    rca_buf_str(w->buf, "\n # ");
    rca_show_pad(w->buf, "worst", w->name);
    rca_show_pad(w->buf, "change", w->change);
    rca_buf_fmt(w->buf, "%-*s  %*s\n", CLOCK, "since", METRICS, "metrics");
    for (size_t i = 0; i < w->d->n_groups && !err; i++)
        err = incident(w, i);
    return err;
}

/* --- what to do next ----------------------------------------------------------------- */

/* What a shell needs around the name to take it as one word, as it is; NULL:
 * it would not do. */
static const char *quote(const char *text)
{
    const size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@:-+"
                                  ",");

    if (n > 0 && !text[n])
        return "";
    for (const char *c = text; *c; c++) {
        if (*c < ' ' || *c > '~' || *c == '\'')
            return NULL;
    }
    return n > 0 ? "'" : NULL;
}

/* as the commands read it again */
static void moment(struct writer *w, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];
    const rca_time second = t / RCA_SECOND * RCA_SECOND;

    if (second > w->view->now - DAY && second <= w->view->now)
        rca_buf_str(w->buf, rca_time_clock(second, text));
    else
        rca_buf_fmt(w->buf, "@%s", rca_time_epoch(second, text));
}

static void offer(struct writer *w)
{
    const char *head = "\nnext  ";

    for (size_t i = 0; i < w->d->n_groups && i < OFFERED; i++) {
        const struct rca_group *g = &w->d->groups[i];
        const struct rca_card *c = &w->d->findings[g->first].card;

        const char *mark = quote(c->name);

        if (!mark || !*c->metric)
            continue;
        rca_buf_fmt(w->buf, "%srca explain --entity %s%s/%s%s --from ", head,
                    mark, rca_kind_name(c->kind), c->name, mark);
        moment(w, c->onset);
        rca_buf_str(w->buf, " --to ");
        moment(w, g->to);
        rca_buf_str(w->buf, "\n");
        head = "      ";
    }
}

int rca_detect_text(const struct rca_detection *d,
                    const struct rca_detect_view *view, struct rca_buf *buf)
{
    struct writer w = {.d = d, .view = view, .buf = buf};
    int err = 0;

    headline(&w);
    if (d->n_groups > 0)
        err = table(&w);
    if (!err && d->n_groups > 0)
        offer(&w);
    return err ? err : buf->err;
}
