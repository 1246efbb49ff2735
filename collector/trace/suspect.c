/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/suspect.h"

#include <errno.h>
#include <string.h>

void rca_trace_suspects_done(struct rca_trace_suspects *suspects)
{
    free(suspects->list);
    free(suspects->silent);
    *suspects = (struct rca_trace_suspects){0};
}

static _Bool is_same(const struct rca_trace_suspect *s, uint32_t netns,
                     const struct rca_trace_rule *rule)
{
    return s->netns == netns && s->rule.handle == rule->handle &&
           s->rule.family == rule->family &&
           strncmp(s->rule.table, rule->table, RCA_TRACE_NAME) == 0 &&
           strncmp(s->rule.chain, rule->chain, RCA_TRACE_NAME) == 0;
}

/* Rules come in the same order each time: the next one is tried first. */
static struct rca_trace_suspect *find(struct rca_trace_suspects *s,
                                      uint32_t netns,
                                      const struct rca_trace_rule *rule)
{
    for (size_t k = 0; k < s->n; k++) {
        const size_t i = (s->at + k) % s->n;

        if (is_same(&s->list[i], netns, rule)) {
            s->at = i + 1;
            return &s->list[i];
        }
    }
    return NULL;
}

int rca_trace_suspects_note(struct rca_trace_suspects *suspects, uint32_t netns,
                            const struct rca_trace_rule *rule, uint64_t packets)
{
    struct rca_trace_suspect *s = find(suspects, netns, rule);

    if (s) { /* counters may be set back */
        s->packets = packets > s->before ? packets - s->before : 0;
        s->there = 1;
        return 0;
    }
    if (suspects->n == RCA_TRACE_SUSPECTS_MAX)
        return 0;
    s = rca_grow(suspects->list, suspects->n, &suspects->cap, sizeof(*s));
    if (!s)
        return -ENOMEM;
    suspects->list = s;
    s += suspects->n++;
    *s = (struct rca_trace_suspect){.netns = netns, .rule = *rule, .there = 1};
    if (suspects->looks > 1)
        s->packets = packets; /* it is new: it began with none */
    else
        s->before = packets;
    return 0;
}

static _Bool is_silent(const struct rca_trace_suspects *s, uint32_t netns)
{
    for (size_t i = 0; i < s->n_silent; i++) {
        if (s->silent[i] == netns)
            return 1;
    }
    return 0;
}

int rca_trace_suspects_silent(struct rca_trace_suspects *suspects,
                              uint32_t netns)
{
    uint32_t *list;

    if (is_silent(suspects, netns))
        return 0;
    list = rca_grow(suspects->silent, suspects->n_silent, &suspects->cap_silent,
                    sizeof(*list));
    if (!list)
        return -ENOMEM;
    suspects->silent = list;
    list[suspects->n_silent++] = netns;
    return 0;
}

const struct rca_trace_suspect *rca_trace_suspects_find(
    const struct rca_trace_suspects *suspects, uint32_t netns, uint64_t packets)
{
    const struct rca_trace_suspect *near = NULL, *any = NULL;
    size_t n_near = 0, n_any = 0;

    for (size_t i = 0; i < suspects->n; i++) {
        const struct rca_trace_suspect *s = &suspects->list[i];

        if (s->netns != netns || !s->there || !packets || s->packets < packets)
            continue;
        any = s;
        n_any++;
        if (s->packets <= packets + packets / 4 + 2) {
            near = s;
            n_near++;
        }
    }
    if (n_near)
        return n_near == 1 ? near : NULL;
    return n_any == 1 && !is_silent(suspects, netns) ? any : NULL;
}
