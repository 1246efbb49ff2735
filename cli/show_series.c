/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/plot.h"
#include "cli/show.h"
#include "cli/spark.h"
#include "cli/words.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

#define HOUR (RCA_SECOND * 3600)
#define LEAST_AROUND (RCA_SECOND * 600)
/* More rows than a plot can show; a longer range has longer steps. */
#define ROWS_MAX 5000
#define SPARK_CELLS 32

/* struct series - what is shown of @e: columns first to end of @w, all owned
 * but @e */
struct series {
    const struct rca_show *show;
    const struct rca_entity *e;
    struct rca_window *w;
    struct rca_model *model; /* or NULL */
};

static void series_done(struct series *s)
{
    rca_window_free(&s->w);
    rca_model_free(&s->model);
}

/* The hour up to the newest sample; what was asked for; or, for one metric,
 * that and what lies around it. */
static void choose_range(const struct rca_show *show, rca_time *from,
                         rca_time *to)
{
    const struct rca_store_info *i = &show->open->info;
    rca_time around = 0;

    *to = show->to == RCA_TIME_NONE ? i->last : show->to;
    *from = show->from == RCA_TIME_NONE ? *to - HOUR : show->from;
    if (show->metric && show->from != RCA_TIME_NONE) {
        around = *to - *from;
        around = around > LEAST_AROUND ? around : LEAST_AROUND;
    }
    *from = *from - 2 * around > i->first ? *from - 2 * around : i->first;
    *to = *to + around < i->last ? *to + around : i->last;
}

static int read_series(struct series *s)
{
    const struct rca_store_info *i = &s->show->open->info;
    rca_time step = i->interval ? i->interval : RCA_SECOND, from, to;
    int r;

    choose_range(s->show, &from, &to);
    if (to - from > ROWS_MAX * step)
        step = (to - from + ROWS_MAX * step - 1) / (ROWS_MAX * step) * step;
    /* the row that ends with the first sample */
    from = from == i->first ? from - step : from;
    r = rca_window_read(s->show->open->store, from, to, step, &s->e->id, 1,
                        &s->w);
    if (r)
        return rca_say("nothing is measured of it in that time", NULL, r);
    r = rca_load_model(s->show->open->store, &s->model);
    return r == -ENOMEM ? rca_say("show", NULL, r) : -1; /* no model is fine */
}

static _Bool view_of(const struct series *s, const char *metric,
                     struct rca_factor_view *ret)
{
    for (size_t i = 0; s->model && i < rca_model_variables(s->model); i++) {
        rca_model_view(s->model, i, ret);
        if (ret->entity == s->e->id && strcmp(ret->metric, metric) == 0)
            return 1;
    }
    return 0;
}

/* --- text ----------------------------------------------------------------- */

static double newest(const double *x, size_t n)
{
    while (n > 0 && isnan(x[n - 1]))
        n--;
    return n ? x[n - 1] : NAN;
}

static void put_lines(struct rca_buf *buf, const struct series *s)
{
    for (size_t v = 0; v < s->w->n_vars; v++) {
        const struct rca_metric *m = &s->w->vars[v].metric;
        const double *x = s->w->x + v * s->w->n_rows;
        char spark[RCA_SPARK_TEXT], value[32];
        double cells[SPARK_CELLS];

        rca_spark_resample(x, s->w->n_rows, cells, SPARK_CELLS);
        rca_buf_fmt(buf, "%-32s ", m->name);
        rca_buf_fmt(buf, "%*s  %s\n",
                    12 + (strstr(rca_value_text(newest(x, s->w->n_rows),
                                                m->unit, value),
                                 "µ") != NULL),
                    value, rca_spark_text(cells, SPARK_CELLS, spark));
    }
}

static void put_plot(struct rca_buf *buf, const struct series *s, size_t v)
{
    const struct rca_show *show = s->show;
    const struct rca_metric *m = &s->w->vars[v].metric;
    struct rca_factor_view view;
    struct rca_plot plot = {.x = s->w->x + v * s->w->n_rows,
                            .n = s->w->n_rows,
                            .from = s->w->from,
                            .step = s->w->step,
                            .unit = m->unit,
                            .low = NAN,
                            .high = NAN,
                            .mark_from = RCA_TIME_NONE,
                            .mark_to = RCA_TIME_NONE,
                            .columns = show->columns,
                            .colour = show->colour,
                            .utf8 = show->utf8};
    char name[RCA_WORDS_NAME_MAX + 1], value[32];

    if (view_of(s, m->name, &view)) {
        plot.low = view.low;
        plot.high = view.high;
    }
    if (show->from != RCA_TIME_NONE) {
        plot.mark_from = show->from;
        plot.mark_to =
            show->to == RCA_TIME_NONE ? show->open->info.last : show->to;
    }
    rca_buf_fmt(buf, "%s %s, ", rca_words_name(s->e->name, name), m->label);
    rca_show_span(buf, s->w->from,
                  s->w->from + (rca_time)s->w->n_rows * s->w->step);
    rca_buf_fmt(buf, "; newest %s\n",
                rca_value_text(newest(plot.x, plot.n), m->unit, value));
    rca_plot(buf, &plot);
}

/* --- numbers -------------------------------------------------------------- */

static _Bool is_asked(const struct series *s, size_t v)
{
    return !s->show->metric ||
           strcmp(s->show->metric, s->w->vars[v].metric.name) == 0;
}

static void put_metric_json(struct rca_buf *buf, const struct series *s,
                            size_t v)
{
    const struct rca_metric *m = &s->w->vars[v].metric;
    struct rca_factor_view view = {.low = NAN, .high = NAN};

    (void)view_of(s, m->name, &view);
    rca_buf_str(buf, "{");
    rca_json_string(buf, "metric", m->name);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "label", m->label);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "role", rca_role_name(m->role));
    rca_buf_str(buf, ",");
    rca_json_string(buf, "unit", rca_unit_suffix(m->unit));
    rca_buf_str(buf, ",");
    rca_json_number(buf, "usual_low", view.low);
    rca_buf_str(buf, ",");
    rca_json_number(buf, "usual_high", view.high);
    rca_buf_str(buf, ",\"values\":[");
    for (size_t r = 0; r < s->w->n_rows; r++) {
        const double x = s->w->x[v * s->w->n_rows + r];

        rca_buf_str(buf, r ? "," : "");
        if (isfinite(x))
            rca_buf_fmt(buf, "%.17g", x);
        else
            rca_buf_str(buf, "null");
    }
    rca_buf_str(buf, "]}");
}

static void put_json(struct rca_buf *buf, const struct series *s)
{
    const char *comma = "";

    rca_buf_str(buf, "{\"schema_version\":1,\"entity\":");
    rca_show_json_entity(buf, s->e);
    rca_buf_str(buf, "},");
    rca_show_json_time(buf, "first", s->w->from + s->w->step);
    rca_buf_str(buf, ",");
    rca_json_number(buf, "step_seconds",
                    (double)s->w->step / (double)RCA_SECOND);
    rca_buf_str(buf, ",\"metrics\":[");
    for (size_t v = 0; v < s->w->n_vars; v++) {
        if (!is_asked(s, v))
            continue;
        rca_buf_str(buf, comma);
        put_metric_json(buf, s, v);
        comma = ",";
    }
    rca_buf_str(buf, "]}\n");
}

/* a metric's name has no comma or quote unless somebody means ill */
static void put_csv_name(struct rca_buf *buf, const char *name)
{
    rca_buf_str(buf, ",\"");
    for (; *name; name++)
        rca_buf_fmt(buf, *name == '"' ? "\"\"" : "%c", *name);
    rca_buf_str(buf, "\"");
}

static void put_csv(struct rca_buf *buf, const struct series *s)
{
    char text[RCA_TIME_TEXT_SIZE];

    rca_buf_str(buf, "time");
    for (size_t v = 0; v < s->w->n_vars; v++) {
        if (is_asked(s, v))
            put_csv_name(buf, s->w->vars[v].metric.name);
    }
    for (size_t r = 0; r < s->w->n_rows; r++) {
        const rca_time t = s->w->from + (rca_time)(r + 1) * s->w->step;

        rca_buf_fmt(buf, "\n%s", rca_time_epoch(t, text));
        for (size_t v = 0; v < s->w->n_vars; v++) {
            const double x = s->w->x[v * s->w->n_rows + r];

            if (is_asked(s, v) && isfinite(x))
                rca_buf_fmt(buf, ",%.17g", x);
            else if (is_asked(s, v))
                rca_buf_str(buf, ",");
        }
    }
    rca_buf_str(buf, "\n");
}

/* --- all ------------------------------------------------------------------ */

static int unknown_metric(const struct series *s)
{
    const char **names RCA_CLEANUP(rca_freep) =
        calloc(s->w->n_vars + 1, sizeof(*names));
    size_t near;

    if (!names)
        return rca_say("show", NULL, -ENOMEM);
    for (size_t v = 0; v < s->w->n_vars; v++)
        names[v] = s->w->vars[v].metric.name;
    near = rca_name_nearest(s->show->metric, names, s->w->n_vars);
    if (near < s->w->n_vars)
        (void)fprintf(stderr,
                      "rca show: it has no metric '%s': did you mean '%s'?\n",
                      s->show->metric, names[near]);
    else
        (void)fprintf(stderr,
                      "rca show: it has no metric '%s'; see rca show series "
                      "NAME\n",
                      s->show->metric);
    return RCA_EXIT_USAGE;
}

int rca_show_series(const struct rca_show *show)
{
    struct series s RCA_CLEANUP(series_done) = {.show = show};
    struct rca_buf buf = {0};
    size_t v = 0;
    int r = rca_open_entity(show->open, show->name, &s.e);

    r = r >= 0 ? r : read_series(&s);
    if (r >= 0)
        return r;
    while (show->metric && v < s.w->n_vars && !is_asked(&s, v))
        v++;
    if (show->metric && v == s.w->n_vars)
        return unknown_metric(&s);
    if (show->format == RCA_SHOW_JSON)
        put_json(&buf, &s);
    else if (show->format == RCA_SHOW_CSV)
        put_csv(&buf, &s);
    else if (show->metric)
        put_plot(&buf, &s, v);
    else
        put_lines(&buf, &s);
    return rca_show_put(&buf);
}
