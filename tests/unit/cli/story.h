/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * story - an explanation made by hand, for the tests of what renders it.
 */

#include <math.h>
#include <string.h>

#include "model/explain.h"

#define AT(s) ((1700000000 + (s)) * RCA_SECOND)

static struct rca_card card_of(enum rca_kind kind, const char *name,
                               const char *metric, const char *label)
{
    struct rca_card c = {.kind = kind,
                         .name = name,
                         .host = "host-3",
                         .metric = metric,
                         .label = label,
                         .onset = AT(0)};

    for (size_t i = 0; i < RCA_SPARK; i++)
        c.spark[i] = i < 7 ? 0.1 : 1 + (double)i;
    return c;
}

static void set_card(struct rca_card *c, enum rca_role role, enum rca_unit unit,
                     double before, double after)
{
    c->role = role;
    c->unit = unit;
    c->before = before;
    c->after = after;
    c->factor = before > 0 ? after / before : NAN;
    c->strength = 20;
}

/** struct story - a hand-made explanation and the room for its lists */
struct story {
    struct rca_explanation e;
    struct rca_cause causes[2];
    struct rca_node nodes[4];
    struct rca_flow flows[3];
    struct rca_part parts[4];
    double points[4][60];
    const char *checked[2];
    const char *unseen[1];
    struct rca_packets packets; /* of story_packets() alone */
};

/* 40 s as before, then as after; every 20th missing */
static void story_chart(struct story *s, size_t i, double instead)
{
    const struct rca_card *c = &s->nodes[i].card;

    s->nodes[i].chart = (struct rca_chart){.from = AT(-40),
                                           .step = RCA_SECOND,
                                           .n = 60,
                                           .x = s->points[i],
                                           .low = 0.8 * c->before,
                                           .high = 1.2 * c->before,
                                           .instead = instead};
    for (size_t k = 0; k < 60; k++) {
        const double x = k < 40 ? c->before : c->after;

        s->points[i][k] = k % 20 == 7 ? NAN : x * (1 + 0.02 * (double)(k % 3));
    }
}

static void story_nodes(struct story *s, const char *culprit)
{
    struct rca_card batch =
        card_of(RCA_KIND_CGROUP, culprit, "cpu_usage_cores", "CPU used");
    struct rca_card host =
        card_of(RCA_KIND_HOST, "host-3", "run_queue_wait_ratio", "CPU wait");
    struct rca_card web = card_of(RCA_KIND_SERVICE, "web",
                                  "request_latency_p99_seconds", "latency p99");
    struct rca_card load = card_of(RCA_KIND_CLIENT, "clients",
                                   "request_rate_per_second", "requests");

    set_card(&batch, RCA_ROLE_USAGE, RCA_UNIT_CORES, 0.1, 7.4);
    set_card(&host, RCA_ROLE_SATURATION, RCA_UNIT_RATIO, 0.004, 0.31);
    set_card(&web, RCA_ROLE_LATENCY, RCA_UNIT_SECONDS, 0.046, 0.189);
    set_card(&load, RCA_ROLE_LOAD, RCA_UNIT_PER_SECOND, 310, 372);
    host.onset = AT(5);
    web.onset = AT(20);
    load.onset = RCA_TIME_NONE;
    s->nodes[0] =
        (struct rca_node){.card = batch, .class = RCA_NODE_CAUSE, .rank = 1};
    s->nodes[1] =
        (struct rca_node){.card = host, .class = RCA_NODE_PATH, .rank = 0};
    s->nodes[2] =
        (struct rca_node){.card = web, .class = RCA_NODE_SYMPTOM, .rank = 0};
    s->nodes[3] =
        (struct rca_node){.card = load, .class = RCA_NODE_OTHER, .rank = 2};
    s->flows[0] = (struct rca_flow){0, 1, 0.96, "takes CPU", 1};
    s->flows[1] = (struct rca_flow){1, 2, 0.91, "delays", 1};
    s->flows[2] = (struct rca_flow){3, 2, 0.07, "loads", 0};
}

static void story_causes(struct story *s)
{
    s->causes[0] =
        (struct rca_cause){.card = s->nodes[0].card,
                           .share = 0.87,
                           .confidence = 0.92,
                           .value = 0.065,
                           .low = 0.058,
                           .high = 0.071,
                           .reasons = {"uses more than its neighbours explain",
                                       "moves with the symptom"}};
    s->causes[1] = (struct rca_cause){.card = s->nodes[3].card,
                                      .share = 0.07,
                                      .confidence = 0.03,
                                      .value = 0.179,
                                      .low = NAN,
                                      .high = NAN};
    s->parts[0] = (struct rca_part){RCA_PART_CAUSE, 0, 0.124};
    s->parts[1] = (struct rca_part){RCA_PART_CAUSE, 1, 0.010};
    s->parts[2] = (struct rca_part){RCA_PART_UNEXPLAINED, 0, 0.012};
    s->parts[3] = (struct rca_part){RCA_PART_FEEDBACK, 0, -0.003};
}

static void story_tell(struct story *s, const char *culprit)
{
    memset(s, 0, sizeof(*s));
    story_nodes(s, culprit);
    story_causes(s);
    s->checked[0] = "db: latency, errors";
    s->checked[1] = "disk vda: busy";
    s->unseen[0] = "web->db: no data 14:03 to 14:04";
    s->e = (struct rca_explanation){
        .verdict = RCA_VERDICT_CAUSE,
        .symptom = s->nodes[2].card,
        .from = AT(0),
        .to = AT(120),
        .spark_from = AT(-300),
        .spark_to = AT(120),
        .n_causes = 2,
        .causes = s->causes,
        .n_nodes = 4,
        .nodes = s->nodes,
        .n_flows = 3,
        .flows = s->flows,
        .n_checked = 2,
        .checked = s->checked,
        .checked_metrics = 1204,
        .checked_entities = 43,
        .n_unseen = 1,
        .unseen = s->unseen,
        .unexplained = 0.06,
        .n_parts = 4,
        .parts = s->parts,
        .quality = {.step = RCA_SECOND,
                    .normal_rows = 1500,
                    .incident_rows = 120,
                    .missing = 0.015},
    };
    story_chart(s, 0, s->nodes[0].card.before);
    story_chart(s, 1, 0.016);
    story_chart(s, 2, s->causes[0].value);
    story_chart(s, 3, NAN);
}

/* a rule as the cause, packets that it dropped, and some that died elsewhere */
static inline void story_packets(struct story *s)
{
    struct rca_card *rule = NULL;

    story_tell(s, "web:filter/input/2");
    rule = &s->nodes[0].card;
    rule->kind = RCA_KIND_RULE;
    rule->metric = "rule_drops_per_second";
    rule->label = "rule drops";
    set_card(rule, RCA_ROLE_ERROR, RCA_UNIT_PER_SECOND, 0, 62);
    s->causes[0].card = *rule;
    s->packets = (struct rca_packets){
        .filter = "tcp port 8080 and host 10.0.0.2",
        .what = "web port 8080",
        .from = AT(121),
        .to = AT(126),
        .packets = 15204,
        .died = 315,
        .lost = 17,
        .others = 1,
        .n_deaths = 2,
        .deaths = {{.reason = "netfilter_drop",
                    .rule = "web:filter/input/2",
                    .text = "tcp dport 8080 numgen inc mod 50 == 0 drop",
                    .device = "eth0",
                    .netns = "web",
                    .place = "nft_do_chain",
                    .packets = 312},
                   {.reason = "tcp_listen_overflow",
                    .netns = "web",
                    .service = "web",
                    .place = "tcp_conn_request",
                    .packets = 2}}};
    s->e.packets = &s->packets;
}
