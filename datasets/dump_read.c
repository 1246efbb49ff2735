/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "datasets/dump.h"

/*
 * Lines of one time follow each other and become one tick. An entity or edge is
 * seen with every tick between its first and its last time, which is how the
 * store learns these.
 */

#define LINE_MAX_BYTES ((size_t)64 << 20)

struct life {
    rca_id entity;
    rca_time first, last;
};

struct reader {
    struct rca_store *store; /* NULL: only check */
    struct rca_diag *diag;
    const char *name;
    unsigned line;
    struct {
        struct life *at;
        size_t n, cap;
    } lives;
    struct {
        struct rca_edge *at;
        size_t n, cap;
    } edges;
    rca_time time; /* of the tick being gathered, or RCA_TIME_NONE */
    struct {
        struct rca_sample *at;
        size_t n, cap;
    } samples;
    struct {
        rca_id *at;
        size_t n, cap;
    } seen; /* of the tick */
    struct {
        struct rca_edge *at;
        size_t n, cap;
    } links; /* of the tick */
    struct rca_dump_info info;
};

static void reader_done(struct reader *rd)
{
    free(rd->lives.at);
    free(rd->edges.at);
    free(rd->samples.at);
    free(rd->seen.at);
    free(rd->links.at);
}

/* room for one more at the end */
static int make_room(void **at, size_t n, size_t *cap, size_t size)
{
    void *grown = rca_grow(*at, n, cap, size);

    if (!grown)
        return -ENOMEM;
    *at = grown;
    return 0;
}

#define push(v, value)                                                         \
    (make_room((void **)&(v)->at, (v)->n, &(v)->cap, sizeof(*(v)->at))         \
         ? -ENOMEM                                                             \
         : (((v)->at[(v)->n++] = (value)), 0))

static int gather_links(struct reader *rd)
{
    rd->seen.n = rd->links.n = 0;
    for (size_t i = 0; i < rd->lives.n; i++) {
        const struct life *l = &rd->lives.at[i];

        if (l->first <= rd->time && l->last >= rd->time &&
            push(&rd->seen, l->entity))
            return -ENOMEM;
    }
    for (size_t i = 0; i < rd->edges.n; i++) {
        const struct rca_edge *e = &rd->edges.at[i];

        if (e->first <= rd->time && e->last >= rd->time && push(&rd->links, *e))
            return -ENOMEM;
    }
    return 0;
}

/* append the tick at hand, if there is one */
static int end_tick(struct reader *rd)
{
    struct rca_tick tick = {.time = rd->time};
    int err;

    if (rd->time == RCA_TIME_NONE)
        return 0;
    rd->info.ticks++;
    if (!rd->store)
        return 0;
    err = gather_links(rd);
    if (err)
        return err;
    tick.samples = rd->samples.at;
    tick.n_samples = rd->samples.n;
    tick.edges = rd->links.at;
    tick.n_edges = rd->links.n;
    tick.seen = rd->seen.at;
    tick.n_seen = rd->seen.n;
    rd->samples.n = 0;
    return rca_store_append(rd->store, &tick);
}

static int node_id(const struct reader *rd, const struct rca_dump_node *n,
                   rca_id *ret)
{
    *ret = 0;
    return rd->store
               ? rca_store_entity(rd->store, n->kind, n->name, n->host, ret)
               : 0;
}

static int take_entity(struct reader *rd, const struct rca_dump_line *line)
{
    struct life life = {0, line->first, line->last};
    const int err = node_id(rd, &line->node, &life.entity);

    rd->info.entities++;
    if (err || !rd->store)
        return err;
    return push(&rd->lives, life);
}

static int take_edge(struct reader *rd, const struct rca_dump_line *line)
{
    struct rca_edge edge = {
        .kind = line->edge, .first = line->first, .last = line->last};
    int err = node_id(rd, &line->node, &edge.source);

    err = err ? err : node_id(rd, &line->target, &edge.target);
    rd->info.edges++;
    if (err || !rd->store)
        return err;
    return push(&rd->edges, edge);
}

static int begin_tick(struct reader *rd, rca_time time)
{
    int err;

    if (time == rd->time)
        return 0;
    if (rd->time != RCA_TIME_NONE && time < rd->time)
        return rca_diag_set(rd->diag, RCA_ESYNTAX, rd->name, rd->line,
                            "the time goes back; expected lines in order of "
                            "time");
    err = end_tick(rd);
    if (rd->info.first == RCA_TIME_NONE)
        rd->info.first = time;
    rd->info.last = rd->time = time;
    return err;
}

static int take_values(struct reader *rd, const struct rca_dump_line *line)
{
    struct rca_sample sample = {0};
    const json_t *value;
    const char *key;
    int err = begin_tick(rd, line->time);

    err = err ? err : node_id(rd, &line->node, &sample.entity);
    if (err)
        return err;
    json_object_foreach(line->values, key, value)
    {
        if (json_is_null(value))
            continue;
        rd->info.samples++;
        if (!rd->store)
            continue;
        err = rca_store_series(rd->store, key, &sample.series);
        sample.value = json_number_value(value);
        err = err ? err : push(&rd->samples, sample);
        if (err)
            return err;
    }
    return 0;
}

static int take_line(struct reader *rd, const char *text, size_t len)
{
    struct rca_dump_line line RCA_CLEANUP(rca_dump_line_done) = {0};
    int err = rca_dump_parse(text, len, rd->diag, &line);

    if (err == RCA_ESYNTAX && rd->diag) {
        rd->diag->line = rd->line;
        (void)snprintf(rd->diag->file, sizeof(rd->diag->file), "%s", rd->name);
    }
    if (err)
        return err;
    switch (line.type) {
    case RCA_DUMP_ENTITY:
        return take_entity(rd, &line);
    case RCA_DUMP_EDGE:
        return take_edge(rd, &line);
    case RCA_DUMP_VALUES:
        break;
    }
    return take_values(rd, &line);
}

/* a line without its end; lines of blanks are skipped */
static int next_line(struct reader *rd, char *text, size_t len)
{
    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    rd->line++;
    if (len > LINE_MAX_BYTES)
        return rca_diag_set(rd->diag, RCA_ESYNTAX, rd->name, rd->line,
                            "a line of over 64 MB; expected one object");
    return len ? take_line(rd, text, len) : 0;
}

int rca_dump_read(FILE *file, const char *name, struct rca_store *store,
                  struct rca_diag *diag, struct rca_dump_info *ret_info)
{
    struct reader rd RCA_CLEANUP(reader_done) = {
        .store = store,
        .diag = diag,
        .name = name,
        .time = RCA_TIME_NONE,
        .info = {.first = RCA_TIME_NONE, .last = RCA_TIME_NONE}};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    size_t cap = 0;
    int err = 0;

    while (!err) {
        const ssize_t len = getline(&text, &cap, file);

        if (len < 0)
            break;
        err = next_line(&rd, text, (size_t)len);
    }
    if (!err && ferror(file))
        err = -EIO;
    err = err ? err : end_tick(&rd);
    if (!err && store)
        err = rca_store_seal(store);
    if (!err)
        *ret_info = rd.info;
    return err;
}
