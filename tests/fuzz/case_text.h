/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* case_text - a fuzzer's bytes as a file of a case. */

#include <stdlib.h>
#include <string.h>

#include "datasets/case_parts.h"
#include "tests/harness/fuzz.h"

static inline void must(int truth)
{
    if (!truth)
        abort();
}

/** text_of() - a copy, freed with rca_case_text_done() */
static inline struct rca_text text_of(const void *data, size_t size)
{
    struct rca_text text = {
        .bytes = malloc(size + 1), .size = size, .path = strdup("fuzz")};

    must(text.bytes && text.path);
    if (size)
        memcpy(text.bytes, data, size);
    text.bytes[size] = '\0';
    return text;
}

/** told() - a failure of a reader has a message and a file */
static inline void told(int err, const struct rca_diag *diag)
{
    must(err == RCA_ESYNTAX && diag->text[0] && !strcmp(diag->file, "fuzz"));
}

/** small_table() - one row of one metric, for cases of other files */
static inline void small_table(struct rca_text *text, struct rca_table *ret)
{
    const char csv[] = "time,a.cpu\n1,1\n2,2\n";

    *text = text_of(csv, sizeof(csv) - 1);
    must(!rca_table_read(text, rca_table_split_dot, NULL, ret));
}

/** make_case() - the parts must be a case; its graph must be whole */
static inline void make_case(struct rca_case_parts *parts)
{
    struct rca_case *c = NULL;

    parts->labels.start = 2 * RCA_SECOND;
    parts->labels.end = RCA_TIME_NONE;
    must(!rca_case_make(parts, &c, NULL));
    for (uint32_t i = 0; i < rca_graph_size(c->graph); i++) {
        const struct rca_entity *e = rca_graph_entity(c->graph, i);

        must(e->id == i && e->name[0] && c->service[i][0]);
        must(e->first <= e->last && e->kind < RCA_KIND_COUNT);
    }
    rca_case_free(&c);
}
