/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * words - the sentences of an answer, the same in text and picture. Each is
 * made from kind, role and values alone, and says no more than these.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

/** Longest name in a sentence or on a card, in bytes. */
#define RCA_WORDS_NAME_MAX 51

/** rca_words_name() - @name cleaned, and with "…" in its middle if it is longer
 * than RCA_WORDS_NAME_MAX; the end of a path says most. Returns @buf. */
const char *rca_words_name(const char *name, char buf[RCA_WORDS_NAME_MAX + 1]);

/** rca_words_headline() - the first line of an answer: "web is slow: latency p99
 * 46 → 189 ms (4.1×) since 14:02:30 UTC", in at most @columns (60 or more):
 * names are shortened, then the factor and the time left out */
void rca_words_headline(struct rca_buf *buf, const struct rca_explanation *e,
                        int columns);

/** rca_words_title() - "Why is web slow?", "web is normal" */
void rca_words_title(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_words_answer() - "batch began to use 1.9 CPU cores (it was 0.02)" */
void rca_words_answer(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_words_sure() - "92 % sure. It began at 14:02:10, 20 s before ..." */
void rca_words_sure(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_words_rival() - " But db has a share of 49 %, too."; empty unless the
 * second cause has nearly as large a share as the first, or a larger one */
void rca_words_rival(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_words_what_if() - "Had it stayed as usual, ..."; empty without a cause */
void rca_words_what_if(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_words_instead() - of the symptom, without the first cause: "about 65 ms
 * (58 to 71 ms)" */
void rca_words_instead(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_words_count() - "1,204"; returns @buf */
#define RCA_WORDS_COUNT_SIZE 32
const char *rca_words_count(uint64_t n, char buf[RCA_WORDS_COUNT_SIZE]);

/** rca_words_percent() - @share as a number to print: 0 to 100 */
double rca_words_percent(double share);

/** rca_words_change() - "46 → 189 ms" */
void rca_words_change(struct rca_buf *buf, const struct rca_card *card);

/** rca_words_factor() - "▲ 4.1×", "▼ 3.0×", "▲ new" where there was nothing */
void rca_words_factor(struct rca_buf *buf, const struct rca_card *card);
