/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/export.h"
#include "cli/json_value.h"
#include "cli/outfile.h"
#include "datasets/csv.h"
#include "graph/base/err.h"
#include "graph/base/time.h"

/*
 * truth.json comes last, and an old one goes first: a folder without it is no
 * case, so one that was not written to its end is not taken for one.
 */

struct folder {
    const char *path;
    const struct rca_slices *want;
    struct rca_export_names names;
    struct rca_export_count count;
    const struct rca_export_incident *incident;
};

static void folder_done(struct folder *f)
{
    rca_export_names_done(&f->names);
}

static int put_metrics(struct folder *f, FILE *out)
{
    return rca_export_csv(f->want, &f->names, out, &f->count);
}

static const char *name_of(const struct folder *f, rca_id id)
{
    return f->names.at[rca_graph_node(f->want->graph, id)];
}

static int put_graph(struct folder *f, FILE *out)
{
    const struct rca_graph *g = f->want->graph;

    (void)fputs("source,target,kind\n", out);
    for (uint32_t i = 0; i < rca_graph_edges(g); i++) {
        const struct rca_edge *e = rca_graph_edge(g, i);

        if (!rca_slices_has(f->want, e->source, e->first, e->last) ||
            !rca_slices_has(f->want, e->target, e->first, e->last))
            continue;
        rca_csv_put(out, name_of(f, e->source));
        (void)fputc(',', out);
        rca_csv_put(out, name_of(f, e->target));
        (void)fprintf(out, ",%s\n", rca_edge_name(e->kind));
    }
    return 0;
}

static int put_entities(struct folder *f, FILE *out)
{
    const struct rca_graph *g = f->want->graph;

    (void)fputs("entity,service,kind\n", out);
    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        if (!rca_slices_has(f->want, e->id, e->first, e->last))
            continue;
        rca_csv_put(out, f->names.at[i]);
        (void)fputc(',', out);
        rca_csv_put(out, f->names.at[i]);
        (void)fprintf(out, ",%s\n", rca_kind_name(e->kind));
    }
    return 0;
}

static int put_truth(struct folder *f, FILE *out)
{
    const struct rca_export_incident *i = f->incident;
    const rca_time start = i->start != RCA_TIME_NONE ? i->start : f->count.last;
    char text[RCA_TIME_TEXT_SIZE];
    struct rca_buf buf = {0};
    int r;

    rca_buf_fmt(&buf,
                "{\n \"incident_start\": %s,\n \"incident_end\": null,\n "
                "\"victim\": {",
                rca_time_epoch(start, text));
    rca_json_string(&buf, "entity", i->victim ? name_of(f, *i->victim) : NULL);
    rca_buf_str(&buf, ", \"metric\": null},\n \"root_cause\": null\n}\n");
    r = buf.err;
    if (!r)
        (void)fputs(buf.text, out);
    rca_buf_done(&buf);
    return r;
}

static const struct {
    const char *name;
    int (*put)(struct folder *f, FILE *out);
} files[] = {
    {"metrics.csv", put_metrics},
    {"graph.csv", put_graph},
    {"entities.csv", put_entities},
    {"truth.json", put_truth},
};

static int path_of(const struct folder *f, const char *name,
                   char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", f->path, name) >= PATH_MAX
               ? -ENAMETOOLONG
               : 0;
}

static int write_file(struct folder *f, size_t i)
{
    struct rca_outfile file RCA_CLEANUP(rca_outfile_done) = {0};
    char path[PATH_MAX];
    int r = path_of(f, files[i].name, path);

    r = r ? r : rca_outfile_open(path, &file);
    r = r ? r : files[i].put(f, file.f);
    return r ? r : rca_outfile_commit(&file);
}

/* nothing that an earlier export left there passes for this one */
static int clear(const struct folder *f)
{
    char path[PATH_MAX];
    const int r = path_of(f, "truth.json", path);

    if (r)
        return r;
    if (mkdir(f->path, 0777) && errno != EEXIST)
        return -errno;
    return unlink(path) && errno != ENOENT ? -errno : 0;
}

int rca_export_case(const struct rca_slices *want,
                    const struct rca_export_incident *incident,
                    const char *folder, struct rca_export_count *ret)
{
    struct folder f RCA_CLEANUP(folder_done) = {
        .path = folder, .want = want, .incident = incident};
    int r = rca_export_names(want->graph, &f.names);

    r = r ? r : clear(&f);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(files) && !r; i++) {
        r = write_file(&f, i);
        if (!r && !f.count.rows)
            r = RCA_ETOOFEW; /* a case has rows */
    }
    if (!r)
        *ret = f.count;
    return r;
}
