/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * names - the table. Nothing moves: a text that changes is added anew and
 * leaves a hole where it was, so that a place in the order stays good for
 * whoever writes a file as it goes on.
 */

#include "collector/trace/names.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/trace/names_own.h"

#define MOST 1000000

int rca_trace_names_new(struct rca_trace_names **ret_names)
{
    struct rca_trace_names *names = calloc(1, sizeof(*names));

    if (!names)
        return -ENOMEM;
    *ret_names = names;
    return 0;
}

void rca_trace_names_free(struct rca_trace_names **names)
{
    struct rca_trace_names *t = *names;

    *names = NULL;
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        free(t->items[i].text);
    free(t->items);
    rca_map_done(&t->by_key);
    rca_trace_places_done(&t->places);
    rca_trace_host_free(&t->host);
    free(t);
}

void rca_trace_names_use(struct rca_trace_names *names,
                         const struct rca_config *config)
{
    names->config = config;
}

/* Field by field: a caller's padding is not part of it. */
static struct rca_trace_name_key tidy(const struct rca_trace_name_key *key)
{
    struct rca_trace_name_key k;

    memset(&k, 0, sizeof(k));
    k.kind = key->kind;
    k.a = key->a;
    k.b = key->b;
    k.c = key->c;
    k.d = key->d;
    return k;
}

static struct rca_trace_name *find(const struct rca_trace_names *names,
                                   const struct rca_trace_name_key *key)
{
    const struct rca_trace_name_key k = tidy(key);
    uint32_t at;

    if (!rca_map_get(&names->by_key, &k, sizeof(k), &at))
        return NULL;
    return &names->items[at];
}

int rca_trace_names_set(struct rca_trace_names *names,
                        const struct rca_trace_name_key *key, const char *text)
{
    const struct rca_trace_name_key k = tidy(key);
    const struct rca_trace_name *old = find(names, &k);
    const size_t hole = old ? (size_t)(old - names->items) : SIZE_MAX;
    char *copy RCA_CLEANUP(rca_freep) = NULL;
    struct rca_trace_name *items;

    if (old && !strcmp(old->text, text))
        return 0;
    if (names->n >= MOST)
        return -ENOSPC;
    copy = strdup(text);
    items = rca_grow(names->items, names->n, &names->cap, sizeof(*items));
    if (items)
        names->items = items;
    if (!copy || !items ||
        rca_map_set(&names->by_key, &k, sizeof(k), (uint32_t)names->n))
        return -ENOMEM;
    items[names->n] = (struct rca_trace_name){.key = k};
    items[names->n].text = RCA_TAKE(copy);
    if (hole != SIZE_MAX)
        rca_freep(&items[hole].text);
    names->n++;
    return 0;
}

int rca_trace_names_put(struct rca_trace_names *names,
                        enum rca_trace_name_kind kind, uint64_t a, uint64_t b,
                        const char *text)
{
    return rca_trace_names_set(
        names, &(struct rca_trace_name_key){.kind = kind, .a = a, .b = b},
        text);
}

const char *rca_trace_names_get(const struct rca_trace_names *names,
                                const struct rca_trace_name_key *key)
{
    const struct rca_trace_name *found = find(names, key);

    return found ? found->text : NULL;
}

int rca_trace_names_each(const struct rca_trace_names *names, size_t from,
                         rca_trace_name_visit *visit, void *arg)
{
    for (size_t i = from; i < names->n; i++) {
        const struct rca_trace_name *name = &names->items[i];
        const int r = name->text ? visit(arg, &name->key, name->text) : 0;

        if (r < 0)
            return r;
    }
    return 0;
}

size_t rca_trace_names_count(const struct rca_trace_names *names)
{
    return names->n;
}

/* --- the common ones ------------------------------------------------------- */

const char *rca_trace_name_netns(const struct rca_trace_names *names,
                                 uint32_t netns)
{
    return rca_trace_names_get(
        names,
        &(struct rca_trace_name_key){.kind = RCA_TRACE_NAME_NETNS, .a = netns});
}

const char *rca_trace_name_device(const struct rca_trace_names *names,
                                  uint32_t netns, uint32_t ifindex)
{
    return rca_trace_names_get(
        names, &(struct rca_trace_name_key){
                   .kind = RCA_TRACE_NAME_DEVICE, .a = netns, .b = ifindex});
}

const char *rca_trace_name_reason(const struct rca_trace_names *names,
                                  uint32_t reason)
{
    return rca_trace_names_get(
        names, &(struct rca_trace_name_key){.kind = RCA_TRACE_NAME_REASON,
                                            .a = reason});
}

struct rca_trace_name_key rca_trace_service_key(
    const struct rca_trace_endpoint *end)
{
    struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_SERVICE,
                                     .c = (uint32_t)end->port << 16 |
                                          end->family,
                                     .d = end->netns};
    const size_t size = end->family == AF_INET ? 4 : sizeof(end->address);
    unsigned char address[16] = {0};

    memcpy(address, end->address, size);
    memcpy(&key.a, address, sizeof(key.a));
    memcpy(&key.b, address + sizeof(key.a), sizeof(key.b));
    return key;
}

static const char *service_at(const struct rca_trace_names *names,
                              const struct rca_trace_event *event,
                              const __u8 address[16], uint16_t port)
{
    struct rca_trace_endpoint end = {
        .family = event->flow.family, .port = port, .netns = event->netns};
    struct rca_trace_name_key key;
    const char *text;

    memcpy(end.address, address, sizeof(end.address));
    key = rca_trace_service_key(&end);
    text = rca_trace_names_get(names, &key);
    if (text)
        return text;
    key.d = 0;
    return rca_trace_names_get(names, &key);
}

const char *rca_trace_name_service(const struct rca_trace_names *names,
                                   const struct rca_trace_event *event)
{
    const struct rca_trace_flow *flow = &event->flow;
    const char *text;

    if (flow->family != AF_INET && flow->family != AF_INET6)
        return NULL;
    text = service_at(names, event, flow->destination, flow->destination_port);
    return text ? text
                : service_at(names, event, flow->source, flow->source_port);
}

/* FNV-1a, 64 bits: G. Fowler, L. C. Noll, K.-P. Vo, 1991. */
static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *b = (const unsigned char *)bytes;

    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    return h;
}

uint64_t rca_trace_rule_key(const struct rca_trace_rule *rule)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    h = hash(h, &rule->handle, sizeof(rule->handle));
    h = hash(h, &rule->family, sizeof(rule->family));
    h = hash(h, rule->table, strnlen(rule->table, sizeof(rule->table)));
    h = hash(h, "", 1);
    return hash(h, rule->chain, strnlen(rule->chain, sizeof(rule->chain)));
}

/* --- places in the kernel --------------------------------------------------- */

const char *rca_trace_name_place(struct rca_trace_names *names,
                                 uint64_t address)
{
    const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_PLACE,
                                           .a = address};
    const char *known = rca_trace_names_get(names, &key);
    char text[RCA_TRACE_PLACE_SIZE];

    if (known || !address)
        return known;
    if (!names->places_read) {
        names->places_read = 1;
        /* without memory or the right to it there are none */
        (void)!rca_trace_places_read("/proc/kallsyms", &names->places);
    }
    if (!rca_trace_places_find(&names->places, address, text) ||
        rca_trace_names_set(names, &key, text))
        return NULL;
    return rca_trace_names_get(names, &key);
}
