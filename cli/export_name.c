/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/export.h"

const char *rca_number_text(double x, char buf[RCA_NUMBER_TEXT_SIZE])
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(buf, RCA_NUMBER_TEXT_SIZE, "%.*g", digits, x);
        if (digits == 17 || strtod(buf, NULL) == x)
            break;
    }
    return buf;
}

enum { BARE, KIND, HOST, NUMBER, FORMS }; /* how much a name says */

static char *format_name(const struct rca_entity *e, int form)
{
    char *text = NULL;
    int n = -1;

    if (form == BARE)
        n = asprintf(&text, "%s", e->name);
    else if (form == KIND)
        n = asprintf(&text, "%s/%s", rca_kind_name(e->kind), e->name);
    else if (form == HOST)
        n = asprintf(&text, "%s/%s@%s", rca_kind_name(e->kind), e->name,
                     e->host);
    else
        n = asprintf(&text, "%s/%s@%s#%u", rca_kind_name(e->kind), e->name,
                     e->host, (unsigned)e->id);
    return n < 0 ? NULL : text;
}

struct named {
    const char *text;
    uint32_t node;
};

static int by_text(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;

    return strcmp(a->text, b->text);
}

static int rename_node(const struct rca_graph *g, uint32_t node, int form,
                       struct rca_export_names *names)
{
    char *text = format_name(rca_graph_entity(g, node), form);

    if (!text)
        return -ENOMEM;
    free(names->at[node]);
    names->at[node] = text;
    return 0;
}

/* Those that share a name get the next form. Return: how many, or -ENOMEM. */
static int tell_apart(const struct rca_graph *g, int form,
                      struct rca_export_names *names)
{
    struct named *list RCA_CLEANUP(rca_freep) =
        calloc(names->n + 1, sizeof(*list));
    int shared = 0;

    if (!list)
        return -ENOMEM;
    for (uint32_t i = 0; i < names->n; i++)
        list[i] = (struct named){names->at[i], i};
    if (names->n)
        qsort(list, names->n, sizeof(*list), by_text);
    for (size_t i = 0, end; i < names->n; i = end) {
        for (end = i + 1; end < names->n && !by_text(&list[i], &list[end]);)
            end++;
        for (size_t k = i; k < end && end - i > 1; k++) {
            if (rename_node(g, list[k].node, form, names))
                return -ENOMEM;
            list[k].text = names->at[list[k].node];
            shared++;
        }
    }
    return shared;
}

int rca_export_names(const struct rca_graph *g,
                     struct rca_export_names *ret_names)
{
    struct rca_export_names names RCA_CLEANUP(rca_export_names_done) = {0};
    int shared = 1;

    names.at = calloc(rca_graph_size(g) + 1, sizeof(*names.at));
    if (!names.at)
        return -ENOMEM;
    for (; names.n < rca_graph_size(g); names.n++) {
        names.at[names.n] =
            format_name(rca_graph_entity(g, (uint32_t)names.n), BARE);
        if (!names.at[names.n])
            return -ENOMEM;
    }
    for (int form = KIND; form < FORMS && shared > 0; form++)
        shared = tell_apart(g, form, &names);
    if (shared < 0)
        return shared;
    *ret_names = names;
    names = (struct rca_export_names){0};
    return 0;
}

void rca_export_names_done(struct rca_export_names *names)
{
    for (size_t i = 0; names->at && i < names->n; i++)
        free(names->at[i]);
    free(names->at);
    *names = (struct rca_export_names){0};
}
