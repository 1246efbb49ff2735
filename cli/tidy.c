/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/tidy.h"

#include <errno.h>
#include <string.h>

#include "graph/base/name.h"

/* A clean copy; NULL and empty (a host that is not known) stay so. */
static int tidy_text(struct rca_tidy *t, const char **text)
{
    char clean[RCA_NAME_MAX + 1];

    if (!*text || !**text)
        return 0;
    *text = rca_arena_text(&t->arena, rca_name_clean(*text, clean));
    return *text ? 0 : -ENOMEM;
}

static int tidy_card(struct rca_tidy *t, struct rca_card *c)
{
    int r = tidy_text(t, &c->name);

    r = r ? r : tidy_text(t, &c->host);
    r = r ? r : tidy_text(t, &c->metric);
    return r ? r : tidy_text(t, &c->label);
}

static int tidy_cause(struct rca_tidy *t, struct rca_cause *c)
{
    int r = tidy_card(t, &c->card);

    for (size_t k = 0; k < RCA_REASONS && !r; k++)
        r = tidy_text(t, &c->reasons[k]);
    return r;
}

static int tidy_packets(struct rca_tidy *t, struct rca_packets *p)
{
    int r = tidy_text(t, &p->filter);

    r = r ? r : tidy_text(t, &p->what);
    r = r ? r : tidy_text(t, &p->unseen);
    for (size_t i = 0; i < p->n_deaths && !r; i++) {
        struct rca_packet_death *d = &p->deaths[i];
        const char **const texts[] = {&d->reason, &d->rule,  &d->text,
                                      &d->device, &d->netns, &d->service,
                                      &d->place};

        for (size_t k = 0; k < RCA_ARRAY_SIZE(texts) && !r; k++)
            r = tidy_text(t, texts[k]);
    }
    return r;
}

static int tidy_lists(struct rca_tidy *t)
{
    struct rca_explanation *e = &t->e;
    int r = tidy_card(t, &e->symptom);

    for (size_t i = 0; i < e->n_causes && !r; i++)
        r = tidy_cause(t, &e->causes[i]);
    for (size_t i = 0; i < e->n_nodes && !r; i++)
        r = tidy_card(t, &e->nodes[i].card);
    for (size_t i = 0; i < e->n_flows && !r; i++)
        r = tidy_text(t, &e->flows[i].verb);
    for (size_t i = 0; i < e->n_checked && !r; i++)
        r = tidy_text(t, &e->checked[i]);
    for (size_t i = 0; i < e->n_unseen && !r; i++)
        r = tidy_text(t, &e->unseen[i]);
    return r || !e->packets ? r : tidy_packets(t, e->packets);
}

static void *copy(const void *list, size_t n, size_t size)
{
    void *to = calloc(n ? n : 1, size);

    if (to && n)
        memcpy(to, list, n * size);
    return to;
}

int rca_tidy_init(const struct rca_explanation *e, struct rca_tidy *ret_tidy)
{
    struct rca_tidy t = {.e = *e};
    int r = -ENOMEM;

    t.e.causes = copy(e->causes, e->n_causes, sizeof(*e->causes));
    t.e.nodes = copy(e->nodes, e->n_nodes, sizeof(*e->nodes));
    t.e.flows = copy(e->flows, e->n_flows, sizeof(*e->flows));
    t.e.checked = copy(e->checked, e->n_checked, sizeof(*e->checked));
    t.e.unseen = copy(e->unseen, e->n_unseen, sizeof(*e->unseen));
    t.e.packets = e->packets ? copy(e->packets, 1, sizeof(*e->packets)) : NULL;
    t.e.strings = NULL;
    if (t.e.causes && t.e.nodes && t.e.flows && t.e.checked && t.e.unseen &&
        !t.e.packets == !e->packets)
        r = tidy_lists(&t);
    if (r)
        rca_tidy_done(&t);
    *ret_tidy = t;
    return r;
}

void rca_tidy_done(struct rca_tidy *tidy)
{
    free(tidy->e.causes);
    free(tidy->e.nodes);
    free(tidy->e.flows);
    free(tidy->e.checked);
    free(tidy->e.unseen);
    free(tidy->e.packets);
    rca_arena_done(&tidy->arena);
    *tidy = (struct rca_tidy){0};
}
