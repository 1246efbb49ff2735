/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/select.h"

#include "collector/map.h"

struct wanted {
    const struct rca_trace_filter *filter;
    struct rca_map ids; /* of packets that it takes */
};

static void wanted_done(struct wanted *w)
{
    rca_map_done(&w->ids);
}

static _Bool takes(const struct wanted *w, const struct rca_trace_event *e)
{
    return e->captured &&
           rca_trace_filter_matches(
               w->filter,
               e->has & RCA_TRACE_HAS_LINK ? RCA_TRACE_L2 : RCA_TRACE_L3,
               e->head, e->captured,
               e->length > e->captured ? e->length : e->captured);
}

static int note_ids(struct wanted *w, const struct rca_trace_file *file)
{
    int r = 0;

    for (size_t i = 0; i < file->n && r == 0; i++) {
        const uint64_t id = file->events[i]->id;

        if (id && takes(w, file->events[i]))
            r = rca_map_set(&w->ids, &id, sizeof(id), 1);
    }
    return r;
}

static _Bool is_wanted(const struct wanted *w, const struct rca_trace_event *e)
{
    const uint64_t id = e->id;
    uint32_t value;

    if (e->captured)
        return takes(w, e);
    return id && rca_map_get(&w->ids, &id, sizeof(id), &value);
}

/* Put event @i at the end of the @n that stay. None goes away: they are the
 * file's own. */
static void keep(struct rca_trace_file *file, size_t i, size_t *n)
{
    const struct rca_trace_event *other = file->events[*n];

    file->events[(*n)++] = file->events[i];
    file->events[i] = other;
}

static int select_packets(struct rca_trace_file *file,
                          const struct rca_trace_filter *filter)
{
    struct wanted w RCA_CLEANUP(wanted_done) = {.filter = filter};
    const int r = note_ids(&w, file);
    size_t n = 0;

    if (r)
        return r;
    for (size_t i = 0; i < file->n; i++) {
        if (is_wanted(&w, file->events[i]))
            keep(file, i, &n);
    }
    file->n = n;
    return 0;
}

static void select_meta(struct rca_trace_file *file,
                        const struct rca_trace_meta *meta)
{
    size_t n = 0;

    for (size_t i = 0; i < file->n; i++) {
        if (rca_trace_meta_matches(meta, file->events[i]))
            keep(file, i, &n);
    }
    file->n = n;
}

int rca_trace_select(struct rca_trace_file *file, const char *filter,
                     const char *meta, struct rca_diag *diag)
{
    struct rca_trace_filter *f RCA_CLEANUP(rca_trace_filter_free) = NULL;
    struct rca_trace_meta *m RCA_CLEANUP(rca_trace_meta_free) = NULL;
    int r = 0;

    if (filter)
        r = rca_trace_filter_new(filter, diag, &f);
    if (r == 0 && meta) {
        const struct rca_trace_lookup lookup =
            rca_trace_names_lookup(file->names);

        r = rca_trace_meta_new(meta, &lookup, diag, &m);
    }
    if (r == 0 && f)
        r = select_packets(file, f);
    if (r == 0 && m)
        select_meta(file, m);
    return r;
}
