/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * names_lookup - from a name back to the numbers that have it. Through the
 * whole table: it is asked once for each name in an expression.
 */

#include <string.h>

#include "collector/trace/names_own.h"
#include "graph/base/parse.h"

/* struct wanted - what is looked for, and where it goes */
struct wanted {
    enum rca_trace_name_kind kind;
    const char *name;
    uint64_t *numbers;
    struct rca_trace_endpoint *ends;
    size_t n, max;
};

/* "a/b" is "a/b" and "a/b/c". */
static _Bool is_below(const char *path, const char *top)
{
    const size_t n = strlen(top);

    return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

/* "web" is "web" and "web:80"; "web:80" is also the "web" that has port 80. */
static _Bool is_service(const char *text, const char *name, uint32_t port)
{
    const size_t n = strlen(text), wanted = strlen(name);
    const _Bool longer = n > wanted;
    const char *rest = longer ? text + wanted : name + n;
    uint64_t number;

    if (strncmp(text, name, longer ? wanted : n) != 0)
        return 0;
    if (!*rest)
        return 1;
    return *rest == ':' && !rca_parse_u64(rest + 1, &number) && number == port;
}

static _Bool is_wanted(const struct wanted *w,
                       const struct rca_trace_name_key *key, const char *text)
{
    if (key->kind != w->kind)
        return 0;
    if (key->kind == RCA_TRACE_NAME_CGROUP)
        return is_below(text, w->name);
    if (key->kind == RCA_TRACE_NAME_SERVICE)
        return is_service(text, w->name, key->c >> 16);
    return !strcmp(text, w->name);
}

static int visit(void *arg, const struct rca_trace_name_key *key,
                 const char *text)
{
    struct wanted *w = (struct wanted *)arg;
    struct rca_trace_endpoint *end;

    if (w->n == w->max || !is_wanted(w, key, text))
        return 0;
    if (!w->ends) {
        w->numbers[w->n++] = key->kind == RCA_TRACE_NAME_DEVICE
                                 ? key->a << 32 | (uint32_t)key->b
                                 : key->a;
        return 0;
    }
    end = &w->ends[w->n++];
    *end = (struct rca_trace_endpoint){.family = (uint8_t)key->c,
                                       .port = (uint16_t)(key->c >> 16),
                                       .netns = (uint32_t)key->d};
    memcpy(end->address, &key->a, sizeof(key->a));
    memcpy(end->address + sizeof(key->a), &key->b, sizeof(key->b));
    return 0;
}

static size_t find(void *arg, enum rca_trace_name_kind kind, const char *name,
                   uint64_t *ret, size_t max)
{
    struct wanted w = {.kind = kind, .name = name, .numbers = ret, .max = max};

    (void)rca_trace_names_each((const struct rca_trace_names *)arg, 0, visit,
                               &w);
    return w.n;
}

static size_t find_netns(void *arg, const char *name, uint64_t *ret, size_t max)
{
    return find(arg, RCA_TRACE_NAME_NETNS, name, ret, max);
}

static size_t find_reason(void *arg, const char *name, uint64_t *ret,
                          size_t max)
{
    return find(arg, RCA_TRACE_NAME_REASON, name, ret, max);
}

static size_t find_cgroup(void *arg, const char *path, uint64_t *ret,
                          size_t max)
{
    return find(arg, RCA_TRACE_NAME_CGROUP, *path == '/' ? path + 1 : path, ret,
                max);
}

static size_t find_device(void *arg, const char *name, uint64_t *ret,
                          size_t max)
{
    return find(arg, RCA_TRACE_NAME_DEVICE, name, ret, max);
}

static size_t find_service(void *arg, const char *name,
                           struct rca_trace_endpoint *ret, size_t max)
{
    struct wanted w = {
        .kind = RCA_TRACE_NAME_SERVICE, .name = name, .ends = ret, .max = max};

    (void)rca_trace_names_each((const struct rca_trace_names *)arg, 0, visit,
                               &w);
    return w.n;
}

/* struct listing - the names of one kind, and who wants them */
struct listing {
    enum rca_trace_name_kind kind;
    void (*visit)(void *to, const char *name);
    void *to;
};

static int list_one(void *arg, const struct rca_trace_name_key *key,
                    const char *text)
{
    const struct listing *l = (const struct listing *)arg;

    if (key->kind == l->kind)
        l->visit(l->to, text);
    return 0;
}

static void list(void *arg, const char *field,
                 void (*visit_name)(void *to, const char *name), void *to)
{
    static const struct {
        const char *field;
        enum rca_trace_name_kind kind;
    } fields[] = {
        {"netns", RCA_TRACE_NAME_NETNS},     {"device", RCA_TRACE_NAME_DEVICE},
        {"reason", RCA_TRACE_NAME_REASON},   {"cgroup", RCA_TRACE_NAME_CGROUP},
        {"service", RCA_TRACE_NAME_SERVICE},
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(fields); i++) {
        struct listing l = {fields[i].kind, visit_name, to};

        if (!strcmp(fields[i].field, field))
            (void)rca_trace_names_each((const struct rca_trace_names *)arg, 0,
                                       list_one, &l);
    }
}

struct rca_trace_lookup rca_trace_names_lookup(struct rca_trace_names *names)
{
    return (struct rca_trace_lookup){.netns = find_netns,
                                     .reason = find_reason,
                                     .cgroup = find_cgroup,
                                     .device = find_device,
                                     .service = find_service,
                                     .each = list,
                                     .arg = names};
}
