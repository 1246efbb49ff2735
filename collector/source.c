/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/name.h"

/* In the order in which they run; see the header. */
static const struct rca_source *const table[] = {
    &rca_source_cgroup, &rca_source_task,
    &rca_source_runq,   &rca_source_host,
    &rca_source_disk,   &rca_source_fs,
    &rca_source_sock,   &rca_source_link,
    &rca_source_drop,   &rca_source_snmp,
    &rca_source_nft,    &rca_source_conntrack,
    &rca_source_ovs,    NULL,
};

const struct rca_source *const *rca_source_table(void)
{
    return table;
}

/* Whether the comma-separated @list (NULL: empty) has @name in it. */
static _Bool has_word(const char *list, const char *name)
{
    const size_t len = strlen(name);

    while (list && *list) {
        const size_t n = strcspn(list, ",");

        if (n == len && !memcmp(list, name, n))
            return 1;
        list += n + (list[n] == ',');
    }
    return 0;
}

/* --- hooks ---------------------------------------------------------------- */

static const struct rca_hook *find_hook(const struct rca_hooks *hooks,
                                        const char *name)
{
    for (size_t i = 0; i < hooks->n; i++) {
        if (!strcmp(hooks->items[i].name, name))
            return &hooks->items[i];
    }
    return NULL;
}

/* Out of memory only makes the list shorter. */
static void keep_hook(struct rca_hooks *hooks, const char *name, _Bool off)
{
    const size_t wide = hooks->cap ? 2 * hooks->cap : 64;
    struct rca_hook *more;

    if (find_hook(hooks, name))
        return;
    if (hooks->n == hooks->cap) {
        more = realloc(hooks->items, wide * sizeof(*more));
        if (!more)
            return;
        hooks->items = more;
        hooks->cap = wide;
    }
    hooks->items[hooks->n] =
        (struct rca_hook){.source = hooks->source, .off = off};
    (void)snprintf(hooks->items[hooks->n].name, sizeof(hooks->items->name),
                   "%s", name);
    hooks->n++;
}

_Bool rca_source_may(const struct rca_source_env *env, const char *hook)
{
    const _Bool off = has_word(env->without, hook);

    if (env->hooks)
        keep_hook(env->hooks, hook, off);
    return !off;
}

void rca_hooks_done(struct rca_hooks *hooks)
{
    free(hooks->items);
    *hooks = (struct rca_hooks){0};
}

static int unknown_hook(const struct rca_hooks *hooks, const char *word,
                        struct rca_diag *diag)
{
    const char **names RCA_CLEANUP(rca_freep) = NULL;
    size_t near;

    names = calloc(hooks->n + 1, sizeof(*names));
    if (!names)
        return -ENOMEM;
    for (size_t i = 0; i < hooks->n; i++)
        names[i] = hooks->items[i].name;
    near = rca_name_nearest(word, names, hooks->n);
    if (near < hooks->n)
        return rca_diag_set(diag, RCA_EUNKNOWN, "", 0,
                            "no hook '%s'; did you mean '%s'?", word,
                            names[near]);
    return rca_diag_set(diag, RCA_EUNKNOWN, "", 0,
                        "no hook '%s'; 'rca doctor --hooks' lists them", word);
}

int rca_hooks_check(const struct rca_hooks *hooks, const char *without,
                    struct rca_diag *diag)
{
    char word[sizeof(hooks->items->name)];

    while (without && *without) {
        const size_t n = strcspn(without, ",");

        (void)snprintf(word, sizeof(word), "%.*s", (int)(n < 63 ? n : 63),
                       without);
        if (n && !find_hook(hooks, word))
            return unknown_hook(hooks, word, diag);
        without += n + (without[n] == ',');
    }
    return 0;
}
