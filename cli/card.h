/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * card - what the pictures of an explanation have in common: what stands on a
 * card beside its sentences (cli/words.h), which cards share a frame, and the
 * notes below. All append to @buf; its error sticks.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

/** Characters in a line of a card, and of a note. */
#define RCA_CARD_WIDTH 26
#define RCA_NOTE_WIDTH 84

/** rca_card_banner() - "#1 ROOT CAUSE · 87 %", "SYMPTOM", "SYMPTOM AND #1 ..."
 * if it is its own cause; nothing for a card of the path */
void rca_card_banner(struct rca_buf *buf, const struct rca_explanation *e,
                     const struct rca_node *node);

/** rca_card_name() - the entity, shortened to two or three lines of the card's
 * width with '\n' between */
void rca_card_name(struct rca_buf *buf, const struct rca_card *card);

/** rca_card_metric() - "service latency p99" likewise */
void rca_card_metric(struct rca_buf *buf, const struct rca_card *card);

/** rca_card_wrap() - @text with '\n' where a line would be longer than @width
 * characters: at a blank, else after a mark as names have, else anywhere; lines that
 * it has stay */
void rca_card_wrap(struct rca_buf *buf, const char *text, size_t width);

/** rca_card_take() - what was written to @text (taken over), wrapped likewise;
 * NULL if that is nothing, or on an error, which @buf has then. The caller
 * frees it. */
char *rca_card_take(struct rca_buf *buf, struct rca_buf *text, size_t width);

/** rca_card_same_host() - whether both are on one known machine */
_Bool rca_card_same_host(const struct rca_card *a, const struct rca_card *b);

/** rca_card_leads_frame() - whether node @i is the first of several on one
 * machine while others lie elsewhere (a frame around all would say nothing) */
_Bool rca_card_leads_frame(const struct rca_explanation *e, size_t i);

/** struct rca_card_style - how a card looks; Okabe and Ito's colours, text
 * darkened to a contrast of 5:1 on @paper at least
 * @class: for style sheets; @width: of the border, points */
struct rca_card_style {
    const char *class;
    const char *border;
    const char *paper;
    const char *text;
    double width;
};
const struct rca_card_style *rca_card_style(enum rca_node_class class);

/** rca_card_colour() - of an arrow */
const char *rca_card_colour(const struct rca_flow *flow);

/** rca_card_share() - "96 %"; "?" where it is not known */
void rca_card_share(struct rca_buf *buf, double share);

/** rca_card_width() - of an arrow that carries @share, points */
double rca_card_width(double share);

/** rca_card_notes() - what was checked and found normal, what could not be seen,
 * how to read the picture: @note of each line; @head: what it stands under, ""
 * if that is the line's before; @bars: whether the cards have bars */
typedef void rca_card_note(void *context, const char *head, const char *line);
void rca_card_notes(const struct rca_explanation *e, _Bool bars,
                    rca_card_note *note, void *context);
