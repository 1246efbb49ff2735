/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * render_fuzz - any bytes as an explanation with any names and odd numbers, in
 * every format: printable UTF-8 and newlines come out and nothing else; the
 * JSON parses, gives the names back cleaned and tells the same text again;
 * quotes and brackets of DOT are balanced; Mermaid has a statement a line; the
 * elements of a page are those of rca, and nested.
 */

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json_read.h"
#include "graph/base/name.h"
#include "tests/fuzz/html_check.h"
#include "tests/harness/fuzz.h"

#define NODES 15
#define CAUSES 5
#define FLOWS 24
#define LISTED 5
#define NAMES 32

static void check(_Bool holds)
{
    if (!holds)
        abort();
}

/* --- bytes into an explanation ---------------------------------------------*/

struct input {
    const uint8_t *data;
    size_t left;
    char *names[NAMES]; /* owned; what comes later has the last one's */
    size_t n_names;
    _Bool infinite; /* a number that JSON cannot tell from NAN */
};

static unsigned take(struct input *in, unsigned below)
{
    if (!in->left)
        return 0;
    in->left--;
    return *in->data++ % below;
}

/* any bytes but NUL */
static const char *take_name(struct input *in)
{
    const size_t wanted = take(in, 256),
                 n = wanted < in->left ? wanted : in->left;
    char *name;

    if (in->n_names == NAMES)
        return in->names[NAMES - 1];
    name = malloc(n + 1);
    check(name != NULL);
    for (size_t i = 0; i < n; i++)
        name[i] = (char)(in->data[i] ? in->data[i] : '#');
    name[n] = '\0';
    in->data += n;
    in->left -= n;
    in->names[in->n_names++] = name;
    return name;
}

static double take_number(struct input *in)
{
    static const double odd[] = {0,   -0.0,     1,         -1,
                                 0.5, 1e300,    1e-300,    -1e300,
                                 NAN, INFINITY, -INFINITY, 999.7};
    const unsigned k = take(in, 2 * RCA_ARRAY_SIZE(odd));
    const double x =
        k < RCA_ARRAY_SIZE(odd) ? odd[k] : (double)take(in, 251) / 7;

    in->infinite |= isinf(x) != 0;
    return x;
}

static rca_time take_time(struct input *in)
{
    const unsigned k = take(in, 256);

    if (k == 0)
        return RCA_TIME_NONE;
    return (1700000000 + (int64_t)take(in, 256) * k) * RCA_SECOND +
           (k % 4 == 0 ? RCA_SECOND / 4 : 0);
}

static void take_card(struct input *in, struct rca_card *c)
{
    *c = (struct rca_card){.kind = (enum rca_kind)take(in, RCA_KIND_COUNT),
                           .name = take_name(in),
                           .host = take_name(in),
                           .metric = take_name(in),
                           .label = take_name(in),
                           .role = (enum rca_role)take(in, RCA_ROLE_COUNT),
                           .unit = (enum rca_unit)take(in, RCA_UNIT_COUNT),
                           .before = take_number(in),
                           .after = take_number(in),
                           .factor = take_number(in),
                           .strength = take_number(in),
                           .onset = take_time(in)};
    for (size_t k = 0; k < RCA_SPARK; k++)
        c->spark[k] = take_number(in);
}

/* struct made - an explanation and the room for its lists */
struct made {
    struct rca_explanation e;
    struct rca_cause causes[CAUSES];
    struct rca_node nodes[NODES];
    struct rca_flow flows[FLOWS];
    struct rca_part parts[CAUSES];
    double points[NODES][4];
    const char *checked[LISTED], *unseen[LISTED];
    struct rca_packets packets;
};

static void take_causes(struct input *in, struct made *m)
{
    m->e.n_causes = take(in, CAUSES + 1);
    for (size_t i = 0; i < m->e.n_causes; i++) {
        struct rca_cause *c = &m->causes[i];

        take_card(in, &c->card);
        c->share = take_number(in);
        c->confidence = take_number(in);
        c->value = take_number(in);
        c->low = take_number(in);
        c->high = take_number(in);
        c->reasons[0] = take(in, 2) ? take_name(in) : NULL;
    }
    m->e.n_parts = m->e.n_causes;
    for (size_t i = 0; i < m->e.n_parts; i++)
        m->parts[i] = (struct rca_part){
            (enum rca_part_kind)take(in, RCA_PART_FEEDBACK + 1), i,
            take_number(in)};
}

static void take_nodes(struct input *in, struct made *m)
{
    m->e.n_nodes = 1 + take(in, NODES);
    for (size_t i = 0; i < m->e.n_nodes; i++) {
        struct rca_node *n = &m->nodes[i];

        take_card(in, &n->card);
        n->class = (enum rca_node_class)take(in, RCA_NODE_OTHER + 1);
        n->rank = take(in, CAUSES + 1);
        n->chart = (struct rca_chart){.from = take_time(in),
                                      .step = RCA_SECOND / 2,
                                      .n = take(in, 5),
                                      .x = m->points[i],
                                      .low = take_number(in),
                                      .high = take_number(in),
                                      .instead = take_number(in)};
        for (size_t k = 0; k < 4; k++)
            m->points[i][k] = take_number(in);
    }
    m->e.n_flows = take(in, FLOWS + 1);
    for (size_t f = 0; f < m->e.n_flows; f++)
        m->flows[f] = (struct rca_flow){
            take(in, (unsigned)m->e.n_nodes), take(in, (unsigned)m->e.n_nodes),
            take_number(in), take_name(in), take(in, 2) != 0};
}

static const char *take_or_none(struct input *in)
{
    return take(in, 2) ? take_name(in) : NULL;
}

/* the last bytes, so that what is in the corpus keeps its meaning */
static void take_packets(struct input *in, struct made *m)
{
    struct rca_packets *p = &m->packets;

    if (!take(in, 2))
        return;
    m->e.packets = p;
    p->from = take_time(in);
    p->to = take_time(in);
    p->filter = take_or_none(in);
    p->what = take_or_none(in);
    p->unseen = take_or_none(in);
    p->packets = (uint64_t)take(in, 256) * 9999;
    p->died = (uint64_t)take(in, 256) * 9999;
    p->lost = take(in, 256);
    p->others = take(in, 256);
    p->n_deaths = take(in, RCA_DEATHS_MAX + 1);
    for (size_t i = 0; i < p->n_deaths; i++)
        p->deaths[i] = (struct rca_packet_death){
            take_or_none(in), take_or_none(in), take_or_none(in),
            take_or_none(in), take_or_none(in), take_or_none(in),
            take_or_none(in), take(in, 256)};
}

static void make(struct input *in, struct made *m)
{
    memset(m, 0, sizeof(*m));
    m->e.verdict = (enum rca_verdict)take(in, RCA_VERDICT_COUNT);
    m->e.method = (enum rca_method)take(in, RCA_METHOD_COUNT);
    take_card(in, &m->e.symptom);
    m->e.from = take_time(in);
    m->e.to = take_time(in);
    m->e.spark_from = take_time(in);
    m->e.spark_to = take_time(in);
    m->e.trained_from = take_time(in);
    m->e.trained_to = take_time(in);
    m->e.causes = m->causes;
    m->e.nodes = m->nodes;
    m->e.flows = m->flows;
    m->e.parts = m->parts;
    m->e.checked = m->checked;
    m->e.unseen = m->unseen;
    take_causes(in, m);
    take_nodes(in, m);
    m->e.n_checked = take(in, LISTED + 1);
    for (size_t i = 0; i < m->e.n_checked; i++)
        m->checked[i] = take_name(in);
    m->e.checked_entities = m->e.n_checked + take(in, 256);
    m->e.checked_metrics = (size_t)take(in, 256) * take(in, 256) * 99;
    m->e.n_unseen = take(in, LISTED + 1);
    for (size_t i = 0; i < m->e.n_unseen; i++)
        m->unseen[i] = take_name(in);
    m->e.unexplained = take_number(in);
    m->e.quality = (struct rca_quality){.step = RCA_SECOND,
                                        .normal_rows = take(in, 256),
                                        .incident_rows = take(in, 256),
                                        .missing = take_number(in)};
    m->e.n_left_out = take(in, 3);
    take_packets(in, m);
}

/* --- what must hold of each format -----------------------------------------*/

static void check_printable(const char *s)
{
    while (*s) {
        const size_t n = *s == '\n' ? 1 : rca_name_char(s);

        check(n >= 1);
        s += n;
    }
}

/* past a string in double quotes */
static const char *skip_quoted(const char *p)
{
    for (p++; *p != '"'; p++) {
        check(*p && *p != '\n');
        if (*p == '\\')
            check(*++p != '\0');
    }
    return p + 1;
}

/* past an HTML-like label */
static const char *skip_html(const char *p)
{
    size_t depth = 0;

    do {
        check(*p != '\0');
        if (*p == '"') { /* an attribute: those in text are &quot; */
            check(depth >= 2);
            p = skip_quoted(p);
            continue;
        }
        if (*p == '<')
            check(++depth <= 2); /* the label, and one tag */
        else if (*p == '>')
            depth--;
        p++;
    } while (depth);
    return p;
}

static void check_dot(const char *p)
{
    int braces = 0, brackets = 0;

    check(strncmp(p, "digraph explain {\n", 18) == 0);
    while (*p) {
        if (*p == '"') {
            p = skip_quoted(p);
        } else if (*p == '<') {
            p = skip_html(p);
        } else {
            braces += (*p == '{') - (*p == '}');
            brackets += (*p == '[') - (*p == ']');
            check(braces >= 0 && (brackets == 0 || brackets == 1));
            check(braces > 0 || *p == '\n' || *p == '}' || brackets == 0);
            p++;
        }
    }
    check(braces == 0 && brackets == 0);
}

static _Bool starts(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

static void check_statement(const char *line, size_t n)
{
    static const char *const words[] = {
        "%%{init: ",   "flowchart TD", "  answer",   "  n",
        "  subgraph ", "    n",        "  end",      "  class host",
        "  classDef ", "  linkStyle ", "  notes[\"",
    };
    _Bool known = 0;
    size_t quotes = 0;

    for (size_t k = 0; k < RCA_ARRAY_SIZE(words); k++)
        known |= starts(line, words[k]);
    check(known);
    for (size_t i = 0; i < n; i++) {
        quotes += line[i] == '"';
        check(line[i] != '<' && line[i] != '`');
    }
    check(starts(line, "%%") || quotes == 0 || quotes == 2);
}

static void check_mermaid(const char *text)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");

        check_statement(text, n);
        text += n + (text[n] == '\n');
    }
}

/* @have in the JSON is @name as it is shown */
static void check_name(const json_t *o, const char *key, const char *name)
{
    char clean[RCA_NAME_MAX + 1] = "";
    const char *have = json_string_value(json_object_get(o, key));

    if (*name)
        (void)rca_name_clean(name, clean);
    check(have && strcmp(have, clean) == 0);
}

static void check_json(const char *text, const struct rca_explanation *e)
{
    json_error_t error;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    check(o != NULL);
    check_name(json_object_get(o, "symptom"), "entity", e->symptom.name);
    check_name(json_object_get(o, "symptom"), "host", e->symptom.host);
    for (size_t i = 0; i < e->n_nodes; i++) {
        const json_t *node = json_array_get(json_object_get(o, "nodes"), i);

        check_name(node, "entity", e->nodes[i].card.name);
        check_name(node, "metric", e->nodes[i].card.metric);
    }
    for (size_t i = 0; i < e->n_unseen; i++)
        check_name(json_array_get(json_object_get(o, "unseen"), i), "text",
                   e->unseen[i]);
    json_decref(o);
}

static char *render(const struct rca_explanation *e, enum rca_format format,
                    unsigned style)
{
    char *text = NULL;

    check(rca_render(e, format, style, &text) == 0);
    check_printable(text);
    return text;
}

static void check_told_again(const char *json, const char *text)
{
    struct rca_explanation *again RCA_CLEANUP(rca_explanation_free) = NULL;
    char *same RCA_CLEANUP(rca_freep) = NULL;

    check(rca_json_read(json, strlen(json), "", NULL, &again) == 0);
    same = render(again, RCA_FORMAT_TEXT, 0);
    check(strcmp(same, text) == 0);
}

static void check_all(const struct made *m, _Bool infinite)
{
    char *text RCA_CLEANUP(rca_freep) = render(&m->e, RCA_FORMAT_TEXT, 0);
    char *dot RCA_CLEANUP(rca_freep) = render(&m->e, RCA_FORMAT_DOT, 0);
    char *simple RCA_CLEANUP(rca_freep) =
        render(&m->e, RCA_FORMAT_DOT, RCA_STYLE_SIMPLE);
    char *mermaid RCA_CLEANUP(rca_freep) = render(&m->e, RCA_FORMAT_MERMAID, 0);
    char *json RCA_CLEANUP(rca_freep) = render(&m->e, RCA_FORMAT_JSON, 0);
    char *html RCA_CLEANUP(rca_freep) = render(&m->e, RCA_FORMAT_HTML, 0);

    check_dot(dot);
    check_dot(simple);
    check_mermaid(mermaid);
    check_json(json, &m->e);
    check(html_check(html) == 2);
    if (!infinite)
        check_told_again(json, text);
}

/* the bytes as an answer in JSON: read or refused */
static void check_read(const uint8_t *data, size_t size)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
    struct rca_diag diag = {0};
    const int r = rca_json_read((const char *)data, size, "x", &diag, &e);

    check((r == 0) == (e != NULL));
    if (r)
        return;
    free(render(e, RCA_FORMAT_TEXT, 0));
    free(render(e, RCA_FORMAT_HTML, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.data = data, .left = size};
    struct made m;

    if (size && data[0] == '{') {
        check_read(data, size);
        return 0;
    }
    make(&in, &m);
    check_all(&m, in.infinite);
    for (size_t i = 0; i < in.n_names; i++)
        free(in.names[i]);
    return 0;
}
