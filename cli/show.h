/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * show - the subjects of `rca show`, one file each: lists, the graph, one
 * entity, its series, the model.
 *
 * Each writes to standard output, says what is wrong on standard error and
 * returns an exit code. Times are local in text, with the zone named, and UTC
 * in JSON and CSV. Names are cleaned in text (rca_words_name()).
 */

#include "cli/common.h"
#include "graph/base/buf.h"

enum rca_show_format {
    RCA_SHOW_TEXT,
    RCA_SHOW_JSON,
    RCA_SHOW_CSV,
    RCA_SHOW_DOT,
    RCA_SHOW_FORMAT_COUNT,
};

/**
 * struct rca_show - what is asked for; all borrowed
 * @name, @metric: words behind the subject, or NULL
 * @kind:     a kind of entity, or of edge; NULL: all
 * @from, @to: as said, or RCA_TIME_NONE
 * @hops:     around @name, for the graph
 * @columns:  width of the terminal
 * @colour, @utf8: what standard output takes
 */
struct rca_show {
    const struct rca_open *open;
    const char *name, *metric, *kind;
    enum rca_show_format format;
    rca_time from, to;
    unsigned hops, columns;
    _Bool colour, utf8;
};

int rca_show_entities(const struct rca_show *show);
int rca_show_edges(const struct rca_show *show);

/** rca_show_graph() - in DOT: kinds as shapes and colours with a legend, a
 * frame for each host where there are several; all, or what lies within @hops
 * of @name. Above RCA_SHOW_LAYERED nodes for `sfdp`, as layers take hours. */
#define RCA_SHOW_LAYERED 300
int rca_show_graph(const struct rca_show *show);

/** rca_show_entity() - one entity: neighbours, metrics and what is usual,
 * factors and how well they predict (model/predict.h) */
int rca_show_entity(const struct rca_show *show);

/** rca_show_series() - the metrics of an entity as lines, or one as a plot
 * (cli/plot.h); numbers as JSON or CSV */
int rca_show_series(const struct rca_show *show);

/** rca_show_model() - window and size of what was learned, the weight of each
 * piece of evidence, how confidence is made. A store without a model is no
 * error. */
int rca_show_model(const struct rca_open *open);

/* --- what they share ------------------------------------------------------ */

/** rca_show_put() - write @buf, which it empties, to standard output; an exit
 * code */
int rca_show_put(struct rca_buf *buf);

/** rca_show_width() - columns that @text takes: characters, not bytes */
int rca_show_width(const char *text);

/** rca_show_pad() - @text and blanks up to @columns, and two more */
void rca_show_pad(struct rca_buf *buf, const char *text, int columns);

/** rca_show_full_name() - "service/web", cleaned and cut to
 * RCA_SHOW_NAME_SIZE; returns @ret */
#define RCA_SHOW_NAME_SIZE 80
const char *rca_show_full_name(const struct rca_entity *e,
                               char ret[RCA_SHOW_NAME_SIZE]);

/** rca_show_span() - "2026-11-22 14:02:30 to 15:02:30 UTC" */
void rca_show_span(struct rca_buf *buf, rca_time from, rca_time to);

/** rca_show_json_entity() - {"kind":..., "name":..., "host":...}, without the
 * closing brace */
void rca_show_json_entity(struct rca_buf *buf, const struct rca_entity *e);

/** rca_show_json_time() - "key":"..." in UTC, or null */
void rca_show_json_time(struct rca_buf *buf, const char *key, rca_time t);
