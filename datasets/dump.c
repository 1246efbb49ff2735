/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/dump.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/* one line */

#define LATEST_SECONDS 7258118400.0 /* the year 2200, as rca_time_parse() */

static int wrong(struct rca_diag *diag, const char *key, const char *want)
{
    return rca_diag_set(diag, RCA_ESYNTAX, "", 0, "'%s': expected %s", key,
                        want);
}

static int get_time(const json_t *object, const char *key,
                    struct rca_diag *diag, rca_time *ret)
{
    const json_t *value = json_object_get(object, key);
    const double seconds =
        json_is_number(value) ? json_number_value(value) : -1.0;

    if (!(seconds >= 0 && seconds <= LATEST_SECONDS))
        return wrong(diag, key, "a time in seconds since the epoch");
    *ret = (rca_time)llround(seconds * 1e6) * 1000;
    return 0;
}

static int get_life(const json_t *object, struct rca_diag *diag,
                    struct rca_dump_line *line)
{
    int err = get_time(object, "first", diag, &line->first);

    err = err ? err : get_time(object, "last", diag, &line->last);
    if (!err && line->last < line->first)
        err = wrong(diag, "last", "a time that is not before 'first'");
    return err;
}

static int get_node(const json_t *object, struct rca_diag *diag,
                    struct rca_dump_node *ret)
{
    const char *name = json_string_value(json_object_get(object, "entity"));
    const char *kind = json_string_value(json_object_get(object, "kind"));
    const char *host = json_string_value(json_object_get(object, "host"));

    if (!name || !name[0])
        return wrong(diag, "entity", "a name");
    if (!kind || rca_kind_parse(kind, &ret->kind))
        return wrong(diag, "kind", "a kind of entity");
    ret->name = name;
    ret->host = host ? host : "";
    return 0;
}

static int get_edge(const json_t *root, struct rca_diag *diag,
                    struct rca_dump_line *line)
{
    const char *kind = json_string_value(json_object_get(root, "edge"));
    const json_t *source = json_object_get(root, "source");
    const json_t *target = json_object_get(root, "target");
    int err;

    if (!kind || rca_edge_parse(kind, &line->edge))
        return wrong(diag, "edge", "a kind of edge");
    err = get_node(source, diag, &line->node);
    err = err ? err : get_node(target, diag, &line->target);
    return err ? err : get_life(root, diag, line);
}

static int get_values(const json_t *root, struct rca_diag *diag,
                      struct rca_dump_line *line)
{
    const json_t *value;
    const char *key;
    int err = get_time(root, "time", diag, &line->time);

    err = err ? err : get_node(root, diag, &line->node);
    if (err)
        return err;
    line->values = json_object_get(root, "values");
    if (!json_is_object(line->values))
        return wrong(diag, "values", "an object of numbers");
    json_object_foreach(line->values, key, value)
    {
        if (!key[0] || !(json_is_number(value) || json_is_null(value)))
            return wrong(diag, key, "a number or null");
    }
    return 0;
}

static int get_line(struct rca_diag *diag, struct rca_dump_line *line)
{
    if (!json_is_object(line->root))
        return rca_diag_set(diag, RCA_ESYNTAX, "", 0, "expected an object");
    if (json_object_get(line->root, "edge")) {
        line->type = RCA_DUMP_EDGE;
        return get_edge(line->root, diag, line);
    }
    if (json_object_get(line->root, "values")) {
        line->type = RCA_DUMP_VALUES;
        return get_values(line->root, diag, line);
    }
    if (json_object_get(line->root, "first")) {
        const int err = get_node(line->root, diag, &line->node);

        line->type = RCA_DUMP_ENTITY;
        return err ? err : get_life(line->root, diag, line);
    }
    return rca_diag_set(diag, RCA_ESYNTAX, "", 0,
                        "expected an entity, an edge or values: 'first', "
                        "'edge' or 'values' is missing");
}

int rca_dump_parse(const char *text, size_t len, struct rca_diag *diag,
                   struct rca_dump_line *ret_line)
{
    struct rca_dump_line line RCA_CLEANUP(rca_dump_line_done) = {0};
    json_error_t error;
    int err;

    line.root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (!line.root && json_error_code(&error) == json_error_out_of_memory)
        return -ENOMEM;
    if (!line.root) {
        (void)rca_diag_set(diag, RCA_ESYNTAX, "", 0, "%s; expected an object",
                           error.text);
        if (diag && error.column > 0)
            diag->column = (unsigned)error.column;
        return RCA_ESYNTAX;
    }
    err = get_line(diag, &line);
    if (err)
        return err;
    *ret_line = line;
    line.root = NULL;
    return 0;
}

void rca_dump_line_done(struct rca_dump_line *line)
{
    json_decref(line->root);
    *line = (struct rca_dump_line){0};
}
