/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/case_write.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/csv.h"
#include "graph/base/time.h"

static void close_file(FILE **f)
{
    if (*f)
        (void)fclose(*f);
}

static void put_json(FILE *f, const char *text)
{
    if (!text) {
        (void)fputs("null", f);
        return;
    }
    (void)fputc('"', f);
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            (void)fputc('\\', f);
        if ((unsigned char)*p < ' ')
            (void)fprintf(f, "\\u%04x", (unsigned)(unsigned char)*p);
        else
            (void)fputc(*p, f);
    }
    (void)fputc('"', f);
}

static void put_json_list(FILE *f, const char *const *list)
{
    (void)fputc('[', f);
    for (size_t i = 0; list && list[i]; i++) {
        (void)fputs(i ? ", " : "", f);
        put_json(f, list[i]);
    }
    (void)fputc(']', f);
}

static void put_time(FILE *f, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    (void)fputs(rca_time_epoch(t, text), f);
}

static const char *name_of(const struct rca_case *c, rca_id id)
{
    const uint32_t node = rca_graph_node(c->graph, id);

    return rca_graph_entity(c->graph, node)->name;
}

static void put_metrics(FILE *f, const struct rca_case *c)
{
    const struct rca_window *w = c->window;

    (void)fputs("time", f);
    for (size_t v = 0; v < w->n_vars; v++) {
        char name[512];

        (void)snprintf(name, sizeof(name), "%s.%s",
                       name_of(c, w->vars[v].entity), w->vars[v].metric.name);
        (void)fputc(',', f);
        rca_csv_put(f, name);
    }
    for (size_t r = 0; r < w->n_rows; r++) {
        (void)fputc('\n', f);
        put_time(f, c->times[r]);
        for (size_t v = 0; v < w->n_vars; v++) {
            const double x = w->x[v * w->n_rows + r];

            (void)fputc(',', f);
            if (!isnan(x))
                (void)fprintf(f, "%.7g", x);
        }
    }
    (void)fputc('\n', f);
}

static void put_graph(FILE *f, const struct rca_case *c)
{
    (void)fputs("source,target,kind\n", f);
    for (uint32_t i = 0; i < rca_graph_edges(c->graph); i++) {
        const struct rca_edge *e = rca_graph_edge(c->graph, i);

        rca_csv_put(f, name_of(c, e->source));
        (void)fputc(',', f);
        rca_csv_put(f, name_of(c, e->target));
        (void)fprintf(f, ",%s\n", rca_edge_name(e->kind));
    }
}

static void put_entities(FILE *f, const struct rca_case *c)
{
    (void)fputs("entity,service,kind\n", f);
    for (uint32_t i = 0; i < rca_graph_size(c->graph); i++) {
        const struct rca_entity *e = rca_graph_entity(c->graph, i);

        rca_csv_put(f, e->name);
        (void)fputc(',', f);
        rca_csv_put(f, c->service[i]);
        (void)fprintf(f, ",%s\n", rca_kind_name(e->kind));
    }
}

static void put_truth(FILE *f, const struct rca_case *c,
                      const struct rca_case_label *label)
{
    const struct rca_incident *i = &c->incident;
    const _Bool victim = i->victim != RCA_ID_NONE;

    (void)fputs("{\n \"dataset\": ", f);
    put_json(f, c->dataset);
    (void)fputs(",\n \"case\": ", f);
    put_json(f, c->name);
    if (c->simulated)
        (void)fputs(",\n \"simulated\": true", f);
    (void)fputs(",\n \"incident_start\": ", f);
    put_time(f, c->times[i->incident.from]);
    (void)fputs(",\n \"incident_end\": ", f);
    put_time(f, c->times[i->incident.to - 1]);
    (void)fputs(",\n \"victim\": {\"entity\": ", f);
    put_json(f, victim ? name_of(c, i->victim) : NULL);
    (void)fputs(", \"metric\": ", f);
    put_json(f, victim ? i->metric : NULL);
    (void)fputs("},\n \"fault_type\": ", f);
    put_json(f, label->fault);
    (void)fputs(",\n \"root_cause\": ", f);
    if (label->entity) {
        (void)fputs("{\"entity\": ", f);
        put_json(f, label->entity);
        (void)fputs(", \"service\": ", f);
        put_json(f, label->service);
        (void)fputs(", \"metric\": ", f);
        if (label->metrics && label->metrics[0])
            put_json_list(f, label->metrics);
        else
            (void)fputs("null", f);
        (void)fputc('}', f);
    } else {
        (void)fputs("null", f);
    }
    (void)fputs(",\n \"other_root_causes\": ", f);
    put_json_list(f, label->others);
    (void)fputs("\n}\n", f);
}

enum part { METRICS, GRAPH, ENTITIES, TRUTH, PARTS };

static int fail(struct rca_diag *diag, const char *path, int err)
{
    return rca_diag_set(diag, err, path, 0, "cannot be written: %s",
                        rca_strerror(err));
}

static int write_part(const char *folder, enum part part,
                      const struct rca_case *c,
                      const struct rca_case_label *label, struct rca_diag *diag)
{
    static const char *const names[PARTS] = {"metrics.csv", "graph.csv",
                                             "entities.csv", "truth.json"};
    FILE *f RCA_CLEANUP(close_file) = NULL;
    char path[PATH_MAX];
    int err;

    if (snprintf(path, sizeof(path), "%s/%s", folder, names[part]) >=
        (int)sizeof(path))
        return fail(diag, folder, -ENAMETOOLONG);
    f = fopen(path, "we");
    if (!f)
        return fail(diag, path, -errno);
    if (part == METRICS)
        put_metrics(f, c);
    else if (part == GRAPH)
        put_graph(f, c);
    else if (part == ENTITIES)
        put_entities(f, c);
    else
        put_truth(f, c, label);
    errno = 0;
    err = ferror(f) ? -EIO : 0;
    if (fclose(RCA_TAKE(f)) && !err)
        err = errno ? -errno : -EIO;
    return err ? fail(diag, path, err) : 0;
}

int rca_case_write(const char *folder, const struct rca_case *c,
                   const struct rca_case_label *label, struct rca_diag *diag)
{
    char truth[PATH_MAX];
    int err = 0;

    if (mkdir(folder, 0777) && errno != EEXIST)
        return fail(diag, folder, -errno);
    if (snprintf(truth, sizeof(truth), "%s/truth.json", folder) >=
        (int)sizeof(truth))
        return fail(diag, folder, -ENAMETOOLONG);
    if (unlink(truth) && errno != ENOENT)
        return fail(diag, truth, -errno);
    for (enum part p = METRICS; p < PARTS && !err; p++)
        err = write_part(folder, p, c, label, diag);
    return err;
}
