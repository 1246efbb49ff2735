/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * meta_field - what can be compared, and how: fields that are one number of the
 * event, and those that are more.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/trace/meta_own.h"
#include "collector/trace/point.h"
#include "graph/base/name.h"

#define NUMBERS_MOST 512 /* that one name stands for */

#define AT(member) ((uint16_t)offsetof(struct rca_trace_event, member))
#define SIZE(member) sizeof(((struct rca_trace_event *)0)->member)

/* A test of @member, all of it. */
#define IS(member, sign, number)                                               \
    ((struct rca_meta_test){.offset = AT(member),                              \
                            .size = SIZE(member),                              \
                            .op = (uint8_t)(sign),                             \
                            .mask = UINT64_MAX,                                \
                            .value = (number)})
#define HAS(member, bits)                                                      \
    ((struct rca_meta_test){.offset = AT(member),                              \
                            .size = SIZE(member),                              \
                            .op = RCA_META_NE,                                 \
                            .mask = (bits),                                    \
                            .value = 0})

static void add_test(struct rca_meta_build *build, uint32_t node,
                     struct rca_meta_test test)
{
    rca_meta_add(build->meta, node, rca_meta_test(build->meta, test));
}

/* --- names that are not there --------------------------------------------------- */

#define SHOWN 8

struct names {
    const char *name[512];
    size_t n;
};

static void note(void *to, const char *name)
{
    struct names *names = (struct names *)to;

    for (size_t i = 0; i < names->n; i++) {
        if (!strcmp(names->name[i], name))
            return;
    }
    if (names->n < RCA_ARRAY_SIZE(names->name) && *name)
        names->name[names->n++] = name;
}

static void list(const struct names *names, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < names->n && i < SHOWN && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%.40s",
                                i ? ", " : "", names->name[i]);
    if (names->n > SHOWN && len < size)
        (void)snprintf(text + len, size - len, ", ...");
}

static void refuse_name(struct rca_meta_build *build, const char *what,
                        const struct names *names, const char *name)
{
    const size_t near = rca_name_nearest(name, names->name, names->n);
    char text[SHOWN * 44];

    list(names, text, sizeof(text));
    if (!names->n)
        rca_meta_refuse(build, RCA_EUNKNOWN,
                        "no %s is called '%.64s', and none is known", what,
                        name);
    else if (names->n > SHOWN && near < names->n)
        rca_meta_refuse(build, RCA_EUNKNOWN,
                        "no %s is called '%.64s': did you mean '%.64s'?", what,
                        name, names->name[near]);
    else
        rca_meta_refuse(build, RCA_EUNKNOWN,
                        "no %s is called '%.64s' (there %s %s)", what, name,
                        names->n > 1 ? "are" : "is", text);
}

static void refuse_unknown(struct rca_meta_build *build, const char *field,
                           const char *what, const char *name)
{
    struct names names = {.n = 0};

    if (build->lookup->each)
        build->lookup->each(build->lookup->arg, field, note, &names);
    refuse_name(build, what, &names, name);
}

static _Bool is_too_many(struct rca_meta_build *build, size_t n)
{
    if (n >= NUMBERS_MOST)
        rca_meta_refuse(build, -E2BIG, "this name stands for over %d numbers",
                        NUMBERS_MOST);
    return n >= NUMBERS_MOST;
}

/* --- fields that are more than a number ------------------------------------------ */

typedef size_t find_numbers(void *arg, const char *name, uint64_t *ret,
                            size_t max);

/* The numbers of a name; or the value itself, if it is one and @or_number. 0
 * and refused if there are none. */
static size_t find(struct rca_meta_build *build, find_numbers *by_name,
                   const struct rca_meta_value *value, _Bool or_number,
                   uint64_t *numbers)
{
    const size_t n = by_name ? by_name(build->lookup->arg, value->text, numbers,
                                       NUMBERS_MOST)
                             : 0;

    if (n || !or_number || !value->is_number)
        return is_too_many(build, n) ? 0 : n;
    numbers[0] = value->number;
    return 1;
}

static uint32_t compare_netns(struct rca_meta_build *build, enum rca_meta_op op,
                              uint64_t mask, const struct rca_meta_value *value)
{
    const uint32_t any = rca_meta_node(build->meta, RCA_META_ANY);
    uint64_t numbers[NUMBERS_MOST];
    const size_t n = find(build, build->lookup->netns, value, 1, numbers);

    (void)mask;
    if (!n)
        refuse_unknown(build, "netns", "network namespace", value->text);
    for (size_t i = 0; i < n; i++)
        add_test(build, any, IS(netns, op, (uint32_t)numbers[i]));
    return any;
}

static uint32_t compare_device(struct rca_meta_build *build,
                               enum rca_meta_op op, uint64_t mask,
                               const struct rca_meta_value *value)
{
    const uint32_t any = rca_meta_node(build->meta, RCA_META_ANY);
    uint64_t numbers[NUMBERS_MOST];
    const size_t n = find(build, build->lookup->device, value, 0, numbers);

    (void)mask;
    if (!n && value->is_number)
        add_test(build, any, IS(ifindex, op, value->number));
    else if (!n)
        refuse_unknown(build, "device", "device", value->text);
    for (size_t i = 0; i < n; i++) {
        const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);

        add_test(build, all, IS(netns, op, numbers[i] >> 32));
        add_test(build, all, IS(ifindex, op, (uint32_t)numbers[i]));
        rca_meta_add(build->meta, any, all);
    }
    return any;
}

static uint32_t compare_cgroup(struct rca_meta_build *build,
                               enum rca_meta_op op, uint64_t mask,
                               const struct rca_meta_value *value)
{
    const uint32_t any = rca_meta_node(build->meta, RCA_META_ANY);
    uint64_t numbers[NUMBERS_MOST];
    const size_t n = find(build, build->lookup->cgroup, value, 0, numbers);

    (void)mask;
    if (!n)
        refuse_unknown(build, "cgroup", "cgroup", value->text);
    for (size_t i = 0; i < n; i++)
        add_test(build, any, IS(cgroup, op, numbers[i]));
    return any;
}

static uint32_t compare_reason(struct rca_meta_build *build,
                               enum rca_meta_op op, uint64_t mask,
                               const struct rca_meta_value *value)
{
    const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);
    const uint32_t any = rca_meta_node(build->meta, RCA_META_ANY);
    uint64_t numbers[NUMBERS_MOST];
    const size_t n = find(build, build->lookup->reason, value, 0, numbers);

    (void)mask;
    if (!n)
        refuse_unknown(build, "reason", "drop reason", value->text);
    for (size_t i = 0; i < n; i++)
        add_test(build, any, IS(reason, op, (uint32_t)numbers[i]));
    add_test(build, all, IS(point, RCA_META_EQ, RCA_TRACE_DROP));
    add_test(build, all, HAS(has, RCA_TRACE_HAS_REASON));
    rca_meta_add(build->meta, all, any);
    return all;
}

static uint32_t compare_point(struct rca_meta_build *build, enum rca_meta_op op,
                              uint64_t mask, const struct rca_meta_value *value)
{
    enum rca_trace_point point = RCA_TRACE_POINT_COUNT;
    struct names names = {.n = 0};

    (void)mask;
    if (rca_trace_point_parse(value->text, &point)) {
        for (unsigned i = 1; i < RCA_TRACE_POINT_COUNT; i++)
            note(&names, rca_trace_point_name(i));
        refuse_name(build, "point", &names, value->text);
    }
    return rca_meta_test(build->meta, IS(point, op, point));
}

static const struct {
    const char *name;
    uint8_t number;
} protocols[] = {
    {"tcp", IPPROTO_TCP},      {"udp", IPPROTO_UDP},   {"icmp", IPPROTO_ICMP},
    {"icmp6", IPPROTO_ICMPV6}, {"sctp", IPPROTO_SCTP}, {"gre", IPPROTO_GRE},
    {"esp", IPPROTO_ESP},
};

static uint32_t compare_protocol(struct rca_meta_build *build,
                                 enum rca_meta_op op, uint64_t mask,
                                 const struct rca_meta_value *value)
{
    const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);
    uint64_t number = value->number;
    struct names names = {.n = 0};
    size_t i = 0;

    (void)mask;
    for (; i < RCA_ARRAY_SIZE(protocols); i++) {
        if (!strcmp(protocols[i].name, value->text))
            break;
        note(&names, protocols[i].name);
    }
    if (i < RCA_ARRAY_SIZE(protocols))
        number = protocols[i].number;
    else if (!value->is_number)
        refuse_name(build, "protocol", &names, value->text);
    add_test(build, all, IS(flow.family, RCA_META_NE, 0));
    add_test(build, all, IS(flow.protocol, op, number));
    return all;
}

/* As the kernel keeps it: 15 bytes and a NUL. What is after it is not read. */
static uint32_t compare_command(struct rca_meta_build *build,
                                enum rca_meta_op op, uint64_t mask,
                                const struct rca_meta_value *value)
{
    const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);
    const size_t len = strnlen(value->text, SIZE(command) - 1);
    unsigned char text[16] = {0}, bits[16] = {0};

    (void)mask;
    memcpy(text, value->text, len);
    memset(bits, 0xff, len + 1);
    for (size_t i = 0; i < sizeof(text) && bits[i]; i += 8) {
        struct rca_meta_test test = {.size = 8, .op = (uint8_t)op};

        test.offset = (uint16_t)(AT(command) + i);
        memcpy(&test.value, text + i, sizeof(test.value));
        memcpy(&test.mask, bits + i, sizeof(test.mask));
        add_test(build, all, test);
    }
    return all;
}

/* What is the first byte of an address in memory is so in a test, too. */
static void add_address(struct rca_meta_build *build, uint32_t all,
                        uint16_t offset, const struct rca_trace_endpoint *end)
{
    struct rca_meta_test test = {
        .offset = offset, .op = RCA_META_EQ, .mask = UINT64_MAX};
    uint32_t v4;

    if (end->family == AF_INET) {
        memcpy(&v4, end->address, sizeof(v4));
        test.size = sizeof(v4);
        test.value = v4;
        add_test(build, all, test);
        return;
    }
    test.size = 8;
    memcpy(&test.value, end->address, 8);
    add_test(build, all, test);
    test.offset = (uint16_t)(offset + 8);
    memcpy(&test.value, end->address + 8, 8);
    add_test(build, all, test);
}

static uint32_t make_side(struct rca_meta_build *build,
                          const struct rca_trace_endpoint *end, _Bool source)
{
    const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);

    add_test(build, all,
             source ? IS(flow.source_port, RCA_META_EQ, end->port)
                    : IS(flow.destination_port, RCA_META_EQ, end->port));
    add_address(build, all, source ? AT(flow.source) : AT(flow.destination),
                end);
    return all;
}

static uint32_t compare_service(struct rca_meta_build *build,
                                enum rca_meta_op op, uint64_t mask,
                                const struct rca_meta_value *value)
{
    const uint32_t any = rca_meta_node(build->meta, RCA_META_ANY);
    struct rca_trace_endpoint ends[NUMBERS_MOST];
    size_t n = build->lookup->service
                   ? build->lookup->service(build->lookup->arg, value->text,
                                            ends, NUMBERS_MOST)
                   : 0;

    (void)op; /* == only */
    (void)mask;
    if (!n)
        refuse_unknown(build, "service", "service that listens", value->text);
    if (is_too_many(build, n))
        n = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);
        const uint32_t side = rca_meta_node(build->meta, RCA_META_ANY);

        add_test(build, all, IS(flow.family, RCA_META_EQ, ends[i].family));
        if (ends[i].netns)
            add_test(build, all, IS(netns, RCA_META_EQ, ends[i].netns));
        rca_meta_add(build->meta, side, make_side(build, &ends[i], 0));
        rca_meta_add(build->meta, side, make_side(build, &ends[i], 1));
        rca_meta_add(build->meta, all, side);
        rca_meta_add(build->meta, any, all);
    }
    return any;
}

static uint32_t compare_vlan(struct rca_meta_build *build, enum rca_meta_op op,
                             uint64_t mask, const struct rca_meta_value *value)
{
    const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);
    struct rca_meta_test test = IS(vlan, op, value->number);

    test.mask = mask & 0xfff;
    add_test(build, all, HAS(vlan, 0x10000));
    add_test(build, all, test);
    return all;
}

static uint32_t compare_port(struct rca_meta_build *build, enum rca_meta_op op,
                             uint64_t mask, const struct rca_meta_value *value)
{
    static const uint8_t with_ports[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
                                         IPPROTO_UDPLITE, IPPROTO_DCCP};
    const uint32_t all = rca_meta_node(build->meta, RCA_META_ALL);
    const uint32_t has = rca_meta_node(build->meta, RCA_META_ANY);
    const uint32_t any = rca_meta_node(build->meta, RCA_META_ANY);
    struct rca_meta_test source = IS(flow.source_port, op, value->number);
    struct rca_meta_test destination =
        IS(flow.destination_port, op, value->number);

    source.mask = destination.mask = mask & UINT16_MAX;
    add_test(build, any, destination);
    add_test(build, any, source);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(with_ports); i++)
        add_test(build, has, IS(flow.protocol, RCA_META_EQ, with_ports[i]));
    rca_meta_add(build->meta, all, any);
    rca_meta_add(build->meta, all, has);
    add_test(build, all, IS(flow.family, RCA_META_NE, 0));
    add_test(build, all, IS(flow.fragment, RCA_META_EQ, 0));
    return all;
}

/* --- the table ------------------------------------------------------------------- */

#define PLAIN(field, member)                                                   \
    {                                                                          \
        field, UINT32_MAX, AT(member), SIZE(member), 1, NULL                   \
    }

static const struct rca_meta_field fields[] = {
    {"netns", UINT32_MAX, 0, 0, 0, compare_netns},
    {"device", INT32_MAX, 0, 0, 0, compare_device},
    PLAIN("mark", mark),
    PLAIN("length", length),
    {"port", UINT16_MAX, 0, 0, 1, compare_port},
    {"vlan", 0xfff, 0, 0, 1, compare_vlan},
    PLAIN("pid", pid),
    PLAIN("cpu", cpu),
    {"protocol", UINT8_MAX, 0, 0, 0, compare_protocol},
    {"cgroup", 0, 0, 0, 0, compare_cgroup},
    {"reason", 0, 0, 0, 0, compare_reason},
    {"point", 0, 0, 0, 0, compare_point},
    {"service", 0, 0, 0, 0, compare_service},
    {"command", 0, 0, 0, 0, compare_command},
};

const struct rca_meta_field *rca_meta_field(const char *name)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(fields); i++) {
        if (!strcmp(fields[i].name, name))
            return &fields[i];
    }
    return NULL;
}

size_t rca_meta_fields(const char **names, size_t max)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(fields) && i < max; i++)
        names[i] = fields[i].name;
    return RCA_ARRAY_SIZE(fields);
}

uint32_t rca_meta_compare(struct rca_meta_build *build,
                          const struct rca_meta_field *field,
                          enum rca_meta_op op, uint64_t mask,
                          const struct rca_meta_value *value)
{
    struct rca_meta_test test = {.offset = field->offset,
                                 .size = field->size,
                                 .op = (uint8_t)op,
                                 .mask = mask & field->most,
                                 .value = value->number};

    if (field->is_plain && !value->is_number)
        rca_meta_refuse(build, RCA_ESYNTAX,
                        "%s compares with a number, and '%.64s' is none",
                        field->name, value->text);
    else if (field->most && value->is_number && value->number > field->most)
        rca_meta_refuse(build, RCA_ESYNTAX, "%s is at most %llu", field->name,
                        (unsigned long long)field->most);
    if (build->err)
        return 0;
    return field->own ? field->own(build, op, mask, value)
                      : rca_meta_test(build->meta, test);
}
