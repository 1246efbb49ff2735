/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/case.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datasets/case_parts.h"
#include "graph/base/name.h"
#include "model/arena.h"

/* one of the files of RCAEval's layout that hold metrics */
static const char *const rcaeval_tables[] = {"data.csv", "simple_metrics.csv",
                                             "metrics.csv"};

/* struct folder - an absolute path, split: /.../@above/@parent/@name */
struct folder {
    char *path;
    char *copy;
    const char *name, *parent, *above;
};

static void done_folder(struct folder *f)
{
    free(f->path);
    free(f->copy);
}

/* cut the last name off @path */
static const char *cut_name(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash || !slash[1])
        return path + strlen(path);
    *slash = '\0';
    return slash + 1;
}

static int open_folder(const char *folder, struct folder *f,
                       struct rca_diag *diag)
{
    f->path = realpath(folder, NULL);
    if (!f->path)
        return rca_diag_set(diag, -errno, folder, 0, "cannot be read: %s",
                            rca_strerror(-errno));
    f->copy = strdup(f->path);
    if (!f->copy)
        return -ENOMEM;
    f->name = cut_name(f->copy);
    f->parent = cut_name(f->copy);
    f->above = cut_name(f->copy);
    return 0;
}

static _Bool has_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    const int n = snprintf(path, sizeof(path), "%s/%s", folder, name);

    return n > 0 && n < (int)sizeof(path) && !access(path, F_OK);
}

/* the metrics' file of RCAEval's layout, or NULL if this is none */
static const char *rcaeval_table(const char *folder)
{
    if (!has_file(folder, "inject_time.txt") || has_file(folder, "truth.json"))
        return NULL;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(rcaeval_tables); i++) {
        if (has_file(folder, rcaeval_tables[i]))
            return rcaeval_tables[i];
    }
    return NULL;
}

_Bool rca_case_is_folder(const char *folder)
{
    return has_file(folder, "truth.json") || rcaeval_table(folder) != NULL;
}

static int missing(const char *folder, const char *name, struct rca_diag *diag)
{
    (void)rca_diag_set(diag, -ENOENT, folder, 0,
                       "no '%s' in it; expected a case folder", name);
    return -ENOENT;
}

/* struct files - the texts that the parts borrow from */
struct files {
    struct rca_text metrics, graph, entities, truth;
    struct rca_case_parts parts;
};

static void done_files(struct files *f)
{
    rca_case_parts_done(&f->parts);
    rca_case_text_done(&f->metrics);
    rca_case_text_done(&f->graph);
    rca_case_text_done(&f->entities);
    rca_case_text_done(&f->truth);
}

static int must_read(const char *folder, const char *name,
                     struct rca_text *ret_text, struct rca_diag *diag)
{
    const int err = rca_case_text_read(folder, name, ret_text, diag);

    return err == -ENOENT ? missing(folder, name, diag) : err;
}

/* what may be missing: nothing is read then */
static int may_read(const char *folder, const char *name,
                    struct rca_text *ret_text, struct rca_diag *diag)
{
    const int err = rca_case_text_read(folder, name, ret_text, diag);

    return err == -ENOENT ? 0 : err;
}

static int read_files(const char *path, struct files *f, struct rca_diag *diag)
{
    int err = must_read(path, "truth.json", &f->truth, diag);

    err = err ? err : must_read(path, "metrics.csv", &f->metrics, diag);
    err = err ? err : may_read(path, "graph.csv", &f->graph, diag);
    err = err ? err : may_read(path, "entities.csv", &f->entities, diag);
    err = err ? err : rca_labels_read(&f->truth, &f->parts.labels, diag);
    if (!err && f->graph.bytes)
        err = rca_edges_read(&f->graph, diag, &f->parts.edges);
    if (!err && f->entities.bytes)
        err = rca_entities_read(&f->entities, diag, &f->parts.entities);
    return err ? err
               : rca_table_read(&f->metrics, rca_table_split_dot, diag,
                                &f->parts.table);
}

static int read_rcaeval(const char *path, const char *table, struct files *f,
                        struct rca_diag *diag)
{
    int err = must_read(path, "inject_time.txt", &f->truth, diag);

    err = err ? err : must_read(path, table, &f->metrics, diag);
    err = err ? err : rca_inject_read(&f->truth, &f->parts.labels, diag);
    return err ? err
               : rca_table_read(&f->metrics, rca_table_split_service, diag,
                                &f->parts.table);
}

/* Whether RCAEval's instance has a folder of its own below SERVICE_FAULT: if
 * it is a number, or only the folder above can be SERVICE_FAULT. */
static _Bool is_instance(const struct folder *folder)
{
    const char *name = folder->name;

    return name[strspn(name, "0123456789")] == '\0' || !strchr(name, '_') ||
           strchr(folder->parent, '_');
}

/* SERVICE_FAULT/INSTANCE where the layout is RCAEval's */
static char *make_name(const struct folder *folder, _Bool rcaeval)
{
    char *name = NULL;

    if (!rcaeval || !is_instance(folder))
        name = strdup(folder->name);
    else if (asprintf(&name, "%s/%s", folder->parent, folder->name) < 0)
        name = NULL;
    if (name)
        rca_name_print(name);
    return name;
}

static int name_case(struct rca_case *c, const struct folder *folder,
                     struct rca_labels *labels, _Bool rcaeval)
{
    c->name = make_name(folder, rcaeval);
    c->simulated = labels->simulated;
    c->dataset = RCA_TAKE(labels->dataset);
    if (!c->dataset)
        c->dataset = strdup(rcaeval && is_instance(folder) ? folder->above
                                                           : folder->parent);
    if (!c->name || !c->dataset)
        return -ENOMEM;
    rca_name_print(c->dataset);
    return 0;
}

int rca_case_read(const char *folder, struct rca_case **ret_case,
                  struct rca_diag *diag)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f RCA_CLEANUP(done_folder) = {0, 0, "", "", ""};
    struct files files RCA_CLEANUP(done_files) = {0};
    const char *table = rcaeval_table(folder);
    int err = open_folder(folder, &f, diag);

    if (err)
        return err;
    err = table ? read_rcaeval(folder, table, &files, diag)
                : read_files(folder, &files, diag);
    err = err ? err : rca_case_make(&files.parts, &c, diag);
    err = err ? err : name_case(c, &f, &files.parts.labels, table != NULL);
    if (err)
        return err;
    *ret_case = RCA_TAKE(c);
    return 0;
}

void rca_case_free(struct rca_case **c)
{
    struct rca_case *old = *c;

    *c = NULL;
    if (!old)
        return;
    rca_window_free(&old->window);
    rca_graph_free(&old->graph);
    rca_arena_drop(old->strings);
    free(old->service);
    free(old->times);
    free(old->name);
    free(old->dataset);
    free(old);
}

int rca_truth_read(const char *folder, struct rca_truth *ret_truth,
                   struct rca_diag *diag)
{
    struct folder f RCA_CLEANUP(done_folder) = {0, 0, "", "", ""};
    struct rca_text text RCA_CLEANUP(rca_case_text_done) = {0};
    int err;

    if (rcaeval_table(folder)) {
        err = open_folder(folder, &f, diag);
        return err ? err
                   : rca_truth_of_folder(is_instance(&f) ? f.parent : f.name,
                                         ret_truth);
    }
    err = must_read(folder, "truth.json", &text, diag);
    return err ? err : rca_truth_parse(&text, ret_truth, diag);
}

void rca_case_shift(struct rca_case *c, int rows)
{
    struct rca_incident *i = &c->incident;
    const long from = (long)i->incident.from + rows;
    const long last = (long)i->incident.to - 1;

    i->incident.from = (size_t)(from < 0 ? 0 : from > last ? last : from);
    i->before.to = i->incident.from;
}
