/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/evidence.h"
#include "cli/evidence_flow.h"
#include "cli/record_text.h"
#include "cli/watch.h"
#include "cli/words.h"
#include "graph/base/buf.h"
#include "graph/base/time.h"

/* One incident: explained, kept, told. */

/* So much surer, a later answer replaces the first. */
#define SURER 0.1
/* Rows of an incident at least. */
#define FEWEST 5

/* --- explain ----------------------------------------------------------------------*/

static int explain(struct rca_watcher *w, const struct rca_concern *c,
                   struct rca_explanation **ret_e)
{
    struct rca_verdicts verdicts;
    struct rca_explain_options o = {.entity = c->finding->card.entity,
                                    .metric = c->finding->card.metric,
                                    .from = c->onset,
                                    .to = RCA_TIME_NONE,
                                    .at = RCA_TIME_NONE,
                                    .seed = 1};
    const int r = rca_store_verdicts(w->store, &verdicts);

    if (r)
        return r;
    if (o.from > w->last - FEWEST * w->info.interval)
        o.from = w->last - FEWEST * w->info.interval;
    o.shift = verdicts.shift;
    return rca_explain(w->store, w->model, &o, ret_e);
}

/* Packets of an answer that points at the network, where they can be had. It
 * takes a moment; the incident has lasted for longer. */
static int capture(const struct rca_watcher *w, struct rca_explanation *e)
{
    const struct rca_evidence evidence = {.length = w->options->evidence,
                                          .stop = w->options->stop,
                                          .config = &w->cli->config};
    const char *why;

    if (evidence.length <= 0 || !rca_evidence_is_network(e) ||
        !rca_evidence_is_permitted() ||
        !rca_evidence_is_live(&w->info, e, &why))
        return 0;
    return rca_evidence_take(&evidence, e);
}

/* --- keep -------------------------------------------------------------------------*/

static int set_answer(struct rca_watcher *w, const struct rca_explanation *e,
                      struct rca_record *record)
{
    char *json RCA_CLEANUP(rca_freep) = NULL;
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct rca_verdicts verdicts;
    int r = rca_render(e, RCA_FORMAT_JSON, 0, &json);

    r = r ? r : rca_render(e, RCA_FORMAT_TEXT, 0, &text);
    r = r ? r : rca_store_verdicts(w->store, &verdicts);
    r = r ? r : rca_record_explain(record, json, text);
    if (r)
        return r;
    record->shift = verdicts.shift;
    record->explained = w->last;
    return 0;
}

static int add_members(struct rca_watcher *w, size_t slot,
                       struct rca_record *record)
{
    const struct rca_tracked *t = &w->tracker.slots[slot];
    int r = 0;

    for (size_t i = 0; i < t->n && !r; i++) {
        const uint32_t node = rca_graph_node(w->graph, t->members[i]);
        const struct rca_entity *e =
            node == UINT32_MAX ? NULL : rca_graph_entity(w->graph, node);

        if (e)
            r = rca_record_add(record, rca_kind_name(e->kind), e->name,
                               e->host);
    }
    return r;
}

static int new_record(struct rca_watcher *w, size_t slot, rca_time onset,
                      const struct rca_explanation *e,
                      struct rca_record **ret_record)
{
    struct rca_record *record RCA_CLEANUP(rca_record_free) = NULL;
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    int r = rca_record_new(&record);

    r = r ? r : rca_records_read(w->store, &all);
    if (r)
        return r;
    record->opened = onset;
    r = set_answer(w, e, record);
    r = r ? r : add_members(w, slot, record);
    if (r)
        return r;
    rca_record_name(&all, record);
    *ret_record = RCA_TAKE(record);
    return 0;
}

static int get_record(struct rca_watcher *w, const char *id,
                      struct rca_record **ret_record)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    size_t at;
    int r = rca_records_read(w->store, &all);

    r = r ? r : rca_records_find(&all, id, &at);
    if (r)
        return r;
    *ret_record = RCA_TAKE(all.list[at]);
    all.list[at] = all.list[--all.n];
    return 0;
}

/* --- tell -------------------------------------------------------------------------*/

/* its files; the name of the text is left in @ret_path */
static void write_files(struct rca_watcher *w, const char *id,
                        const struct rca_explanation *e, char ret_path[512])
{
    static const struct {
        enum rca_format format;
        const char *suffix;
    } files[] = {{RCA_FORMAT_SVG, "svg"},
                 {RCA_FORMAT_DOT, "dot"},
                 {RCA_FORMAT_HTML, "html"},
                 {RCA_FORMAT_JSON, "json"},
                 {RCA_FORMAT_TEXT, "txt"}};

    ret_path[0] = '\0';
    for (size_t i = 0; w->options->folder && i < RCA_ARRAY_SIZE(files); i++) {
        int r;

        if (files[i].format == RCA_FORMAT_SVG && w->undrawn)
            continue;
        (void)snprintf(ret_path, 512, "%s/%s.%s", w->options->folder, id,
                       files[i].suffix);
        r = rca_output(e, files[i].format, ret_path, 0);
        if (r == RCA_ENOSUPPORT)
            w->undrawn = 1; /* said already */
        else if (r)
            rca_watch_complain(w, ret_path, r);
    }
}

static void name_of(const struct rca_card *card, char name[512])
{
    (void)snprintf(name, 512, "%s/%s%s%s", rca_kind_name(card->kind),
                   card->name, *card->host ? "@" : "", card->host);
}

static void run_hook(struct rca_watcher *w, const char *id, const char *file,
                     const struct rca_explanation *e)
{
    const _Bool known = e->verdict == RCA_VERDICT_CAUSE && e->n_causes;
    char entity[512], cause[512] = "", sure[32] = "";
    const struct rca_hook_word words[] = {{"RCA_INCIDENT", id},
                                          {"RCA_ENTITY", entity},
                                          {"RCA_CAUSE", cause},
                                          {"RCA_CONFIDENCE", sure},
                                          {"RCA_FILE", file}};
    struct timespec ts;
    int r;

    if (!w->options->hook)
        return;
    name_of(&e->symptom, entity);
    if (known)
        name_of(&e->causes[0].card, cause);
    if (e->n_causes && isfinite(e->causes[0].confidence))
        (void)snprintf(sure, sizeof(sure), "%.2f", e->causes[0].confidence);
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    r = rca_hook_start(&w->hooks, w->options->hook, words,
                       RCA_ARRAY_SIZE(words),
                       ts.tv_sec * RCA_SECOND + ts.tv_nsec);
    if (r)
        rca_watch_complain(w, "cannot run the hook", r);
}

/* "14:02:31 ID: web latency mean 46 → 189 ms; cause: cgroup batch, 87 % sure" */
static void tell(const char *id, const char *word,
                 const struct rca_explanation *e)
{
    const struct rca_cause *c = e->n_causes ? &e->causes[0] : NULL;
    char clock[RCA_TIME_TEXT_SIZE], name[RCA_WORDS_NAME_MAX + 1];
    struct rca_buf buf = {0};

    rca_buf_fmt(&buf, "%s %s%s: %s %s ", rca_time_clock(e->to, clock), id, word,
                rca_words_name(e->symptom.name, name), e->symptom.label);
    rca_words_change(&buf, &e->symptom);
    if (e->verdict == RCA_VERDICT_CAUSE && c)
        rca_buf_fmt(&buf, "; cause: %s %s", rca_kind_name(c->card.kind),
                    rca_words_name(c->card.name, name));
    else
        rca_buf_str(&buf, "; no clear cause");
    if (c && isfinite(c->confidence))
        rca_buf_fmt(&buf, ", %.0f %% sure", 100 * c->confidence);
    if (!buf.err)
        (void)puts(buf.text);
    (void)fflush(stdout);
    rca_buf_done(&buf);
}

/* --- what the tracker asks for ------------------------------------------------------*/

/* the slot of an open incident with the same first cause, or SIZE_MAX */
static int find_same(struct rca_watcher *w, const struct rca_record *record,
                     size_t *ret_slot)
{
    *ret_slot = SIZE_MAX;
    for (size_t i = 0; i < RCA_TRACKER_SLOTS; i++) {
        struct rca_record *other RCA_CLEANUP(rca_record_free) = NULL;
        int r;

        if (w->tracker.slots[i].state != RCA_TRACKED_OPEN)
            continue;
        r = get_record(w, w->ids[i], &other);
        if (r && r != RCA_EUNKNOWN)
            return r;
        if (!r && rca_record_same_cause(record, other)) {
            *ret_slot = i;
            return 0;
        }
    }
    return 0;
}

int rca_watch_explain(struct rca_watcher *w, size_t slot,
                      const struct rca_concern *concern)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
    struct rca_record *record RCA_CLEANUP(rca_record_free) = NULL;
    char path[512];
    size_t same;
    int r = explain(w, concern, &e);

    if (r == RCA_ETOOFEW || (!r && e->verdict == RCA_VERDICT_NORMAL)) {
        rca_tracker_reject(&w->tracker, slot);
        return 0;
    }
    r = r ? r : new_record(w, slot, concern->onset, e, &record);
    r = r ? r : find_same(w, record, &same);
    if (r)
        return r;
    if (same != SIZE_MAX) {
        rca_tracker_join(&w->tracker, slot, same);
        return 0;
    }
    r = capture(w, e);
    r = r || !e->packets ? r : set_answer(w, e, record);
    r = r ? r : rca_record_put(w->store, record);
    if (r)
        return r;
    rca_tracker_keep(&w->tracker, slot);
    memcpy(w->ids[slot], record->id, sizeof(w->ids[slot]));
    write_files(w, record->id, e, path);
    tell(record->id, "", e);
    run_hook(w, record->id, path, e);
    return 0;
}

/* Whether the answer @e says more than @record does. */
static _Bool says_more(const struct rca_explanation *e,
                       const struct rca_record *record)
{
    const double before = rca_record_cause(record, 0).confidence;

    if (e->verdict != RCA_VERDICT_CAUSE || !e->n_causes)
        return 0;
    return strcmp(rca_record_verdict(record), "cause") != 0 ||
           e->causes[0].confidence > before + SURER;
}

int rca_watch_review(struct rca_watcher *w, size_t slot,
                     const struct rca_concern *concern)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
    struct rca_record *record RCA_CLEANUP(rca_record_free) = NULL;
    char path[512];
    int r = explain(w, concern, &e);

    r = r ? r : get_record(w, w->ids[slot], &record);
    if (r || !says_more(e, record))
        return r == RCA_ETOOFEW ? 0 : r;
    r = capture(w, e);
    r = r ? r : set_answer(w, e, record);
    record->updates++;
    r = r ? r : rca_record_put(w->store, record);
    if (r)
        return r;
    write_files(w, record->id, e, path);
    tell(record->id, " updated", e);
    return 0;
}

int rca_watch_close(struct rca_watcher *w, size_t slot)
{
    struct rca_record *record RCA_CLEANUP(rca_record_free) = NULL;
    const rca_time seen = w->tracker.slots[slot].seen;
    char clock[RCA_TIME_TEXT_SIZE], length[RCA_TIME_TEXT_SIZE];
    int r = get_record(w, w->ids[slot], &record);

    if (r == RCA_EUNKNOWN)
        return 0; /* somebody has removed it */
    if (r)
        return r;
    record->closed = seen > record->opened ? seen : record->opened;
    r = rca_record_put(w->store, record);
    if (r)
        return r;
    printf("%s %s is over, it lasted %s\n", rca_time_clock(w->last, clock),
           record->id,
           rca_duration_text(record->closed - record->opened > RCA_SECOND
                                 ? record->closed - record->opened
                                 : RCA_SECOND,
                             length));
    (void)fflush(stdout);
    return 0;
}

/* --- from the last time ---------------------------------------------------------------*/

static rca_id id_of(const struct rca_graph *g,
                    const struct rca_record_entity *member)
{
    for (uint32_t i = 0; i < (uint32_t)rca_graph_size(g); i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        if (strcmp(e->name, member->name) == 0 &&
            strcmp(rca_kind_name(e->kind), member->kind) == 0 &&
            strcmp(e->host ? e->host : "", member->host) == 0)
            return e->id;
    }
    return RCA_ID_NONE;
}

static int resume(struct rca_watcher *w, const struct rca_graph *g,
                  const struct rca_record *record)
{
    rca_id *ids RCA_CLEANUP(rca_freep) =
        calloc(record->n_members + 1, sizeof(*ids));
    struct rca_sighting s = {.members = ids, .onset = record->opened};
    size_t slot;

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < record->n_members; i++) {
        ids[s.n] = id_of(g, &record->members[i]);
        s.n += ids[s.n] != RCA_ID_NONE;
    }
    slot = rca_tracker_resume(&w->tracker, &s,
                              record->explained == RCA_TIME_NONE
                                  ? record->opened
                                  : record->explained);
    if (slot != SIZE_MAX)
        memcpy(w->ids[slot], record->id, sizeof(w->ids[slot]));
    return 0;
}

int rca_watch_resume(struct rca_watcher *w)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_store_info info;
    int r = rca_store_info(w->store, &info);

    if (!r && info.last == RCA_TIME_NONE)
        return 0;
    r = r ? r : rca_records_read(w->store, &all);
    r = r ? r : rca_store_graph(w->store, info.first, info.last, &g);
    for (size_t i = all.n; !r && i-- > 0;) {
        if (all.list[i]->closed == RCA_TIME_NONE)
            r = resume(w, g, all.list[i]);
    }
    return r;
}
