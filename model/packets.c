/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What was captured, in an explanation: one block of memory, the struct and its
 * texts behind it, so that one free() is all it takes.
 */

#include <errno.h>
#include <string.h>

#include "model/explain.h"

enum { DEATH_TEXTS = 7, TEXTS = 3 + DEATH_TEXTS * RCA_DEATHS_MAX };

/* All texts of @p, by address. Returns their number. */
static size_t list_texts(struct rca_packets *p, const char **texts[TEXTS])
{
    size_t n = 0;

    texts[n++] = &p->filter;
    texts[n++] = &p->what;
    texts[n++] = &p->unseen;
    for (size_t i = 0; i < p->n_deaths; i++) {
        struct rca_packet_death *d = &p->deaths[i];
        const char **all[DEATH_TEXTS] = {&d->reason, &d->rule,  &d->text,
                                         &d->device, &d->netns, &d->service,
                                         &d->place};

        memcpy(&texts[n], all, sizeof(all));
        n += DEATH_TEXTS;
    }
    return n;
}

/* @from and its texts, in one block; NULL: no memory */
static struct rca_packets *copy(const struct rca_packets *from)
{
    struct rca_packets p = *from, *whole;
    const char **texts[TEXTS];
    size_t n, size = sizeof(p);
    char *at;

    if (p.n_deaths > RCA_DEATHS_MAX)
        p.n_deaths = RCA_DEATHS_MAX;
    n = list_texts(&p, texts);
    for (size_t i = 0; i < n; i++)
        size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    whole = malloc(size);
    if (!whole)
        return NULL;
    *whole = p;
    (void)list_texts(whole, texts);
    at = (char *)(whole + 1);
    for (size_t i = 0; i < n; i++) {
        const size_t length = *texts[i] ? strlen(*texts[i]) + 1 : 0;

        if (!length)
            continue;
        memcpy(at, *texts[i], length);
        *texts[i] = at;
        at += length;
    }
    return whole;
}

int rca_explanation_set_packets(struct rca_explanation *explanation,
                                const struct rca_packets *packets)
{
    struct rca_packets *own = packets ? copy(packets) : NULL;

    if (packets && !own)
        return -ENOMEM;
    free(explanation->packets);
    explanation->packets = own;
    return 0;
}
