/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * stories - the hand-made explanation in all its forms: each verdict, names
 * that want to be more than names, several hosts, the largest one allowed.
 */

#include <stdio.h>

#include "tests/unit/cli/story.h"

/* Quotes, escapes and markup of all formats, a newline, ANSI colours, a mark
 * that turns the direction of writing, a byte that is no UTF-8. */
static const char story_name[] = /* NOLINTNEXTLINE(misc-misleading-*) */
    "a\"b'\\N<script>x</script>&amp;\n;]}|`#%%{\x1b[31m\xe2\x80\xae\xff-->";

static inline void story_unclear(struct story *s)
{
    story_tell(s, "batch-job");
    s->e.verdict = RCA_VERDICT_UNCLEAR;
    s->causes[0].confidence = 0.31;
}

static inline void story_normal(struct story *s)
{
    story_tell(s, "batch-job");
    s->e.verdict = RCA_VERDICT_NORMAL;
    s->e.n_causes = s->e.n_flows = s->e.n_parts = 0;
    s->e.n_nodes = 1;
    s->nodes[0] = s->nodes[2];
}

static inline void story_hosts(struct story *s)
{
    story_tell(s, "batch-job");
    s->nodes[2].card.host = "host-4";
    s->nodes[3].card.host = "";
}

static inline void rename_card(struct rca_card *c)
{
    c->name = c->host = c->metric = c->label = story_name;
}

/* in every place where a name from outside can stand */
static inline void story_hostile(struct story *s)
{
    story_tell(s, story_name);
    rename_card(&s->e.symptom);
    for (size_t i = 0; i < 2; i++)
        rename_card(&s->causes[i].card);
    for (size_t i = 0; i < 4; i++)
        rename_card(&s->nodes[i].card);
    s->nodes[3].card.host = "elsewhere";
    for (size_t i = 0; i < 3; i++)
        s->flows[i].verb = story_name;
    s->checked[0] = s->checked[1] = s->unseen[0] = story_name;
}

/* and with packets */
static inline void story_hostile_packets(struct story *s)
{
    const char *name = story_name;

    story_packets(s);
    rename_card(&s->causes[0].card);
    rename_card(&s->nodes[0].card);
    s->packets.filter = s->packets.what = s->packets.unseen = name;
    for (size_t i = 0; i < 2; i++)
        s->packets.deaths[i] = (struct rca_packet_death){
            name, i ? NULL : name, name, name, name, name, name, 9};
}

#define STORY_MAX_NODES 15

/** struct story_max - as many cards as there may be, with the longest names:
 * a path of eight, six candidates that join it, one beside it */
struct story_max {
    struct story s;
    struct rca_cause causes[5];
    struct rca_node nodes[STORY_MAX_NODES];
    struct rca_flow flows[STORY_MAX_NODES];
    char names[STORY_MAX_NODES][192];
    double points[STORY_MAX_NODES][6];
};

enum { STORY_MAX_PATH = 8 };

static inline void story_max_node(struct story_max *m, size_t i)
{
    static const enum rca_kind kinds[] = {RCA_KIND_CGROUP, RCA_KIND_HOST,
                                          RCA_KIND_SERVICE, RCA_KIND_CALL};
    const _Bool path = i < STORY_MAX_PATH;
    struct rca_node *n = &m->nodes[i];

    *n = m->s.nodes[i % 4];
    (void)snprintf(m->names[i], sizeof(m->names[i]),
                   "kubepods-burstable-pod%02zu.slice/", i);
    while (strlen(m->names[i]) < 185)
        (void)strcat(m->names[i], "9f8e7d-");
    n->card.name = m->names[i];
    n->card.kind = kinds[i % 4];
    n->card.host =
        i % 3 ? "worker-node-eu-central-1a-0123456789.internal" : "host-3";
    n->card.onset = AT((int64_t)i);
    n->class = i == 0                    ? RCA_NODE_CAUSE
               : i == STORY_MAX_PATH - 1 ? RCA_NODE_SYMPTOM
               : path                    ? RCA_NODE_PATH
                                         : RCA_NODE_OTHER;
    n->rank = i == 0 ? 1 : path ? 0 : (unsigned)(i - STORY_MAX_PATH + 2);
    for (size_t k = 0; k < 6; k++)
        m->points[i][k] = k == 2 ? NAN : (double)(k * (i + 1)) / 3;
    n->chart = (struct rca_chart){.from = AT(-40),
                                  .step = RCA_SECOND / 4,
                                  .n = 6,
                                  .x = m->points[i],
                                  .low = 0,
                                  .high = 1.0 / 3,
                                  .instead = path ? 0.25 : NAN};
}

static inline void story_max(struct story_max *m)
{
    memset(m, 0, sizeof(*m));
    story_tell(&m->s, "batch-job");
    for (size_t i = 0; i < STORY_MAX_NODES; i++)
        story_max_node(m, i);
    for (size_t i = 0; i < 5; i++) {
        m->causes[i] = m->s.causes[i ? 1 : 0];
        m->causes[i].card = m->nodes[i ? STORY_MAX_PATH + i - 1 : 0].card;
        m->causes[i].share = i ? 0.1 - 0.01 * (double)i : 0.62;
    }
    for (size_t i = 0; i + 1 < STORY_MAX_NODES; i++) {
        const _Bool path = i + 1 < STORY_MAX_PATH;

        m->flows[i] = path ? (struct rca_flow){i, i + 1, 0.9, "delays", 1}
                           : (struct rca_flow){i + 1, 1 + i % 7, 0.08,
                                               "causes retries", 0};
    }
    m->s.e.symptom = m->nodes[STORY_MAX_PATH - 1].card;
    m->s.e.causes = m->causes;
    m->s.e.n_causes = 5;
    m->s.e.nodes = m->nodes;
    m->s.e.n_nodes = STORY_MAX_NODES;
    m->s.e.flows = m->flows;
    m->s.e.n_flows = STORY_MAX_NODES - 1;
    m->s.e.n_left_out = 7;
    m->s.e.trained_from = AT(-86400);
    m->s.e.trained_to = AT(-60) + RCA_SECOND / 8;
}
