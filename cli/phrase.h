/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * phrase - what an entity does differently, as the rest of a sentence after its
 * name. It says no more than the values: what rose, fell, appeared or vanished.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

/** enum rca_turn - how a value changed */
enum rca_turn {
    RCA_TURN_ROSE,
    RCA_TURN_FELL,
    RCA_TURN_SAME, /* not to be told apart with six digits */
    RCA_TURN_APPEARED, /* there was no data before */
    RCA_TURN_VANISHED, /* there is none now */
    RCA_TURN_UNKNOWN, /* there is none at all */
};
enum rca_turn rca_turn_of(const struct rca_card *card);

/** rca_phrase() - " began to use 1.9 CPU cores (it was 0.02 cores)", " became
 * slower: latency p99 300 ms (it was 2 ms)", ": swap used rose from 1 to 3 MiB"
 */
void rca_phrase(struct rca_buf *buf, const struct rca_card *card);

/** struct rca_state - what is wrong, as statement "is slow" and as question
 * "Why @aux NAME @rest?" */
struct rca_state {
    const char *statement;
    const char *aux;
    const char *rest;
};
/** rca_phrase_state() - of a symptom; static */
const struct rca_state *rca_phrase_state(const struct rca_card *card);
