/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * metas - random meta filters and events, and what a filter is to decide, by
 * rules of its own: an expression is drawn again from the same seed for every
 * event, and evaluated as it is drawn.
 */

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "collector/trace/meta.h"
#include "collector/trace/point.h"
#include "tests/harness/test.h"

#define META_TEXT 4096

/* --- a host with few names ------------------------------------------------------- */

static const struct meta_number {
    const char *field, *name;
    uint64_t number;
} meta_numbers[] = {
    {"netns", "web", 7},
    {"netns", "many", 8},
    {"netns", "many", 4026531992},
    {"netns", "many", 9},
    {"device", "eth0", UINT64_C(7) << 32 | 2},
    {"device", "eth0", UINT64_C(4026531992) << 32 | 3},
    {"device", "lo", UINT64_C(8) << 32 | 1},
    {"reason", "no_socket", 3},
    {"reason", "twice", 5},
    {"reason", "twice", 0x30001},
    {"cgroup", "a/b", 20},
    {"cgroup", "a/b", UINT64_C(1) << 63 | 20},
    {"cgroup", "c.slice", UINT64_C(0xffffffff00000014)},
};

static const struct meta_service {
    const char *name, *address;
    uint16_t port;
    uint32_t netns;
} meta_services[] = {
    {"cart", "10.0.0.1", 80, 0},     {"cart", "127.0.0.1", 80, 7},
    {"cart", "fd00::1", 80, 0},      {"db", "200.0.0.2", 5432, 0},
    {"db", "::1", 5432, 4026531992},
};

static inline size_t meta_find(const char *field, const char *name,
                               uint64_t *ret, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(meta_numbers) && n < max; i++) {
        if (!strcmp(meta_numbers[i].field, field) &&
            !strcmp(meta_numbers[i].name, name))
            ret[n++] = meta_numbers[i].number;
    }
    return n;
}

static inline size_t meta_netns(void *arg, const char *name, uint64_t *ret,
                                size_t max)
{
    (void)arg;
    return meta_find("netns", name, ret, max);
}

static inline size_t meta_device(void *arg, const char *name, uint64_t *ret,
                                 size_t max)
{
    (void)arg;
    return meta_find("device", name, ret, max);
}

static inline size_t meta_reason(void *arg, const char *name, uint64_t *ret,
                                 size_t max)
{
    (void)arg;
    return meta_find("reason", name, ret, max);
}

static inline size_t meta_cgroup(void *arg, const char *name, uint64_t *ret,
                                 size_t max)
{
    (void)arg;
    return meta_find("cgroup", name, ret, max);
}

static inline struct rca_trace_endpoint meta_endpoint(
    const struct meta_service *s)
{
    struct rca_trace_endpoint end = {.port = s->port, .netns = s->netns};

    end.family = strchr(s->address, ':') ? AF_INET6 : AF_INET;
    (void)inet_pton(end.family, s->address, end.address);
    return end;
}

static inline size_t meta_service(void *arg, const char *name,
                                  struct rca_trace_endpoint *ret, size_t max)
{
    size_t n = 0;

    (void)arg;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(meta_services) && n < max; i++) {
        if (!strcmp(meta_services[i].name, name))
            ret[n++] = meta_endpoint(&meta_services[i]);
    }
    return n;
}

static inline void meta_each(void *arg, const char *field,
                             void (*visit)(void *to, const char *name),
                             void *to)
{
    (void)arg;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(meta_numbers); i++) {
        if (!strcmp(meta_numbers[i].field, field))
            visit(to, meta_numbers[i].name);
    }
    for (size_t i = 0;
         !strcmp(field, "service") && i < RCA_ARRAY_SIZE(meta_services); i++)
        visit(to, meta_services[i].name);
}

static const struct rca_trace_lookup meta_lookup = {.netns = meta_netns,
                                                    .reason = meta_reason,
                                                    .cgroup = meta_cgroup,
                                                    .device = meta_device,
                                                    .service = meta_service,
                                                    .each = meta_each};

/* --- chance ---------------------------------------------------------------------- */

static inline unsigned meta_below(uint64_t *seed, unsigned n)
{
    return (unsigned)(test_random(seed) * n);
}

#define META_PICK(seed, array)                                                 \
    ((array)[meta_below((seed), RCA_ARRAY_SIZE(array))])

static const uint32_t meta_small[] = {
    0, 1, 2, 3, 5, 7, 8, 255, 0x101, 0x7fffffff, 0x80000000, 0xffffffff};
static const uint16_t meta_ports[] = {0, 80, 5432, 443, 65535};
static const char *const meta_commands[] = {"", "nginx", "nginx-worker",
                                            "fifteen-letters"};
static const uint8_t meta_protocols[] = {1, 6, 17, 58, 132, 2, 255};

/** meta_event() - a random one, of numbers that filters ask for, with garbage
 * where nobody looks */
static inline void meta_event(uint64_t *seed, struct rca_trace_event *e)
{
    static const uint32_t netns[] = {7, 8, 9, 4026531992, 1, 0};
    static const uint32_t reasons[] = {3, 5, 0x30001, 1};
    static const uint64_t cgroups[] = {20, UINT64_C(1) << 63 | 20,
                                       UINT64_C(0xffffffff00000014), 1};
    const char *command = META_PICK(seed, meta_commands);
    struct rca_trace_endpoint end;

    memset(e, (int)meta_below(seed, 256), sizeof(*e));
    e->point = meta_below(seed, 2) ? RCA_TRACE_DROP : 1 + meta_below(seed, 20);
    e->has = meta_below(seed, 2) ? RCA_TRACE_HAS_REASON | 1 : 1;
    e->netns = META_PICK(seed, netns);
    e->ifindex = meta_below(seed, 4);
    e->reason = META_PICK(seed, reasons);
    e->cgroup = META_PICK(seed, cgroups);
    e->mark = META_PICK(seed, meta_small);
    e->length = META_PICK(seed, meta_small);
    e->pid = META_PICK(seed, meta_small);
    e->cpu = META_PICK(seed, meta_small);
    e->vlan =
        meta_below(seed, 2) ? 0x10000 | META_PICK(seed, meta_small) % 9 : 0;
    memcpy(e->command, command, strlen(command) + 1);
    memset(&e->flow, 0, sizeof(e->flow));
    end = meta_endpoint(&META_PICK(seed, meta_services));
    memcpy(meta_below(seed, 2) ? e->flow.source : e->flow.destination,
           end.address, sizeof(end.address));
    e->flow.source_port = META_PICK(seed, meta_ports);
    e->flow.destination_port = META_PICK(seed, meta_ports);
    e->flow.family = meta_below(seed, 8) ? end.family : 0;
    e->flow.protocol = META_PICK(seed, meta_protocols);
    e->flow.fragment = !meta_below(seed, 6);
}

/* --- expressions ------------------------------------------------------------------ */

struct meta_text {
    uint64_t *seed;
    const struct rca_trace_event *event;
    char *text;
    size_t len;
    unsigned comparisons;
};

RCA_PRINTF(2, 3)
static inline void meta_put(struct meta_text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    t->len +=
        (size_t)vsnprintf(t->text + t->len, META_TEXT - t->len, format, args);
    va_end(args);
}

static inline _Bool meta_ordered(unsigned op, uint64_t a, uint64_t b)
{
    switch (op) {
    case 0:
        return a == b;
    case 1:
        return a != b;
    case 2:
        return a < b;
    case 3:
        return a <= b;
    case 4:
        return a > b;
    default:
        return a >= b;
    }
}

/* A field that is a number: of the packet if @there. */
static inline _Bool meta_draw_number(struct meta_text *t)
{
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
    static const char *const fields[] = {"mark", "length", "pid",
                                         "cpu",  "vlan",   "port"};
    const struct rca_trace_event *e = t->event;
    const struct rca_trace_flow *f = &e->flow;
    const unsigned field = meta_below(t->seed, RCA_ARRAY_SIZE(fields));
    const unsigned op = meta_below(t->seed, RCA_ARRAY_SIZE(ops));
    const uint32_t numbers[] = {e->mark, e->length, e->pid, e->cpu,
                                e->vlan & 0xfff};
    uint32_t mask = UINT32_MAX;
    uint32_t value = field == 5   ? META_PICK(t->seed, meta_ports)
                     : field == 4 ? meta_below(t->seed, 9)
                                  : META_PICK(t->seed, meta_small);
    _Bool there = field != 4 || e->vlan & 0x10000, is;

    meta_put(t, "%s", fields[field]);
    if (!meta_below(t->seed, 3)) {
        mask = META_PICK(t->seed, meta_small);
        meta_put(t, meta_below(t->seed, 2) ? " & 0x%x" : "&%u", mask);
    }
    meta_put(t, meta_below(t->seed, 2) ? " %s %u" : "%s0x%x", ops[op], value);
    /* what is not there is neither more nor less, and so "!=" */
    if (field < 5) {
        is = there &&
             meta_ordered(op == 1 ? 0 : op, numbers[field] & mask, value);
        return op == 1 ? !is : is;
    }
    there = f->family && !f->fragment &&
            (f->protocol == 6 || f->protocol == 17 || f->protocol == 132);
    is = there &&
         (meta_ordered(op == 1 ? 0 : op, f->source_port & mask, value) ||
          meta_ordered(op == 1 ? 0 : op, f->destination_port & mask, value));
    return op == 1 ? !is : is;
}

static inline _Bool meta_is_service(const struct rca_trace_event *e,
                                    const char *name)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(meta_services); i++) {
        const struct rca_trace_endpoint end = meta_endpoint(&meta_services[i]);
        const size_t size = end.family == AF_INET ? 4 : 16;

        if (strcmp(meta_services[i].name, name) != 0 ||
            e->flow.family != end.family ||
            (end.netns && e->netns != end.netns))
            continue;
        if ((e->flow.source_port == end.port &&
             !memcmp(e->flow.source, end.address, size)) ||
            (e->flow.destination_port == end.port &&
             !memcmp(e->flow.destination, end.address, size)))
            return 1;
    }
    return 0;
}

static inline _Bool meta_is(const struct rca_trace_event *e, const char *field,
                            const char *name)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(meta_numbers); i++) {
        const uint64_t n = meta_numbers[i].number;

        if (strcmp(meta_numbers[i].field, field) != 0 ||
            strcmp(meta_numbers[i].name, name) != 0)
            continue;
        if ((*field == 'n' && e->netns == n) ||
            (*field == 'd' && e->netns == n >> 32 &&
             e->ifindex == (uint32_t)n) ||
            (*field == 'c' && e->cgroup == n) ||
            (*field == 'r' && e->point == RCA_TRACE_DROP &&
             e->has & RCA_TRACE_HAS_REASON && e->reason == n))
            return 1;
    }
    return 0;
}

/* A value of a field that has names, and whether the event has it. */
static inline _Bool meta_draw_name(struct meta_text *t, unsigned field)
{
    const struct rca_trace_event *e = t->event;
    static const struct {
        const char *name;
        uint8_t number;
    } protocols[] = {{"tcp", 6},    {"udp", 17}, {"icmp", 1},
                     {"icmp6", 58}, {"2", 2},    {"0xff", 255}};
    const struct meta_number *number = &META_PICK(t->seed, meta_numbers);
    const unsigned p = meta_below(t->seed, RCA_ARRAY_SIZE(protocols));
    const char *command = META_PICK(t->seed, meta_commands);
    const char *service = META_PICK(t->seed, meta_services).name;
    const unsigned point = 1 + meta_below(t->seed, 20);

    switch (field) {
    case 0:
        while (strcmp(number->field, "netns") != 0)
            number = &META_PICK(t->seed, meta_numbers);
        break;
    case 1:
        while (strcmp(number->field, "device") != 0)
            number = &META_PICK(t->seed, meta_numbers);
        break;
    case 2:
        while (strcmp(number->field, "reason") != 0)
            number = &META_PICK(t->seed, meta_numbers);
        break;
    case 3:
        while (strcmp(number->field, "cgroup") != 0)
            number = &META_PICK(t->seed, meta_numbers);
        break;
    case 4:
        meta_put(t, "%s", rca_trace_point_name(point));
        return e->point == point;
    case 5:
        meta_put(t, "%s", protocols[p].name);
        return e->flow.family && e->flow.protocol == protocols[p].number;
    case 6:
        meta_put(t, "\"%s\"", command);
        return !strncmp(e->command, command, 16);
    case 7:
        meta_put(t, "%s", service);
        return meta_is_service(e, service);
    default:
        meta_put(t, "%u", point);
        return field == 8 ? e->netns == point : e->ifindex == point;
    }
    meta_put(t, meta_below(t->seed, 2) ? "%s" : "\"%s\"", number->name);
    return meta_is(e, number->field, number->name);
}

static inline _Bool meta_draw_names(struct meta_text *t)
{
    static const char *const fields[] = {
        "netns",    "device",  "reason",  "cgroup", "point",
        "protocol", "command", "service", "netns",  "device"};
    const unsigned field = meta_below(t->seed, RCA_ARRAY_SIZE(fields));
    const unsigned how = meta_below(t->seed, 3);
    _Bool is = 0;

    meta_put(t, "%s ", fields[field]);
    if (how < 2) {
        meta_put(t, how ? "!= " : "==");
        is = meta_draw_name(t, field);
        return how ? !is : is;
    }
    meta_put(t, "in {");
    for (unsigned i = 0, n = 1 + meta_below(t->seed, 3); i < n; i++) {
        meta_put(t, i ? ", " : "");
        is |= meta_draw_name(t, field);
        t->comparisons++;
    }
    meta_put(t, "}");
    return is;
}

/* NOLINTNEXTLINE(misc-no-recursion): @depth levels */
static inline _Bool meta_draw(struct meta_text *t, unsigned depth)
{
    const unsigned kind = depth ? meta_below(t->seed, 6) : 0;
    _Bool is;

    if (kind < 2 || t->comparisons > 50) {
        t->comparisons++;
        return meta_below(t->seed, 2) ? meta_draw_number(t)
                                      : meta_draw_names(t);
    }
    if (kind == 2) {
        meta_put(t, "!(");
        is = !meta_draw(t, depth - 1);
        meta_put(t, ")");
        return is;
    }
    meta_put(t, "(");
    is = meta_draw(t, depth - 1);
    for (unsigned i = 0, n = 1 + meta_below(t->seed, 2); i < n; i++) {
        meta_put(t, kind < 5 ? " && " : "||");
        is = kind < 5 ? meta_draw(t, depth - 1) & is
                      : meta_draw(t, depth - 1) | is;
    }
    meta_put(t, ")");
    return is;
}

/** meta_expression() - the expression of @seed, into @text, and whether it takes
 * @event */
static inline _Bool meta_expression(uint64_t seed,
                                    const struct rca_trace_event *event,
                                    char text[META_TEXT])
{
    struct meta_text t = {.seed = &seed, .event = event, .text = text};

    for (int i = 0; i < 10; i++) /* nearby seeds begin alike */
        (void)test_random(&seed);
    return meta_draw(&t, 4);
}
