/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/kind.h"

#include <string.h>

#include "graph/base/err.h"

static const char *const kinds[] = {
    [RCA_KIND_HOST] = "host",
    [RCA_KIND_SERVICE] = "service",
    [RCA_KIND_CLIENT] = "client",
    [RCA_KIND_CALL] = "call",
    [RCA_KIND_CGROUP] = "cgroup",
    [RCA_KIND_PROCESS] = "process",
    [RCA_KIND_NETNS] = "netns",
    [RCA_KIND_NIC] = "nic",
    [RCA_KIND_QDISC] = "qdisc",
    [RCA_KIND_DISK] = "disk",
    [RCA_KIND_FILESYSTEM] = "filesystem",
    [RCA_KIND_RULE] = "rule",
    [RCA_KIND_CONNTRACK] = "conntrack",
    [RCA_KIND_BRIDGE] = "bridge",
    [RCA_KIND_PEER] = "peer",
    [RCA_KIND_OTHER] = "other",
    [RCA_KIND_PROBE] = "probe",
};
static_assert(RCA_ARRAY_SIZE(kinds) == RCA_KIND_COUNT, "a name each");

static const char *const roles[] = {
    [RCA_ROLE_LOAD] = "load",
    [RCA_ROLE_USAGE] = "usage",
    [RCA_ROLE_SATURATION] = "saturation",
    [RCA_ROLE_LATENCY] = "latency",
    [RCA_ROLE_ERROR] = "error",
    [RCA_ROLE_OTHER] = "other",
};
static_assert(RCA_ARRAY_SIZE(roles) == RCA_ROLE_COUNT, "a name each");

static const char *const edges[] = {
    [RCA_EDGE_CALLS] = "calls", [RCA_EDGE_RUNS_ON] = "runs_on",
    [RCA_EDGE_USES] = "uses",   [RCA_EDGE_PART_OF] = "part_of",
    [RCA_EDGE_LINK] = "link",   [RCA_EDGE_FILTERED_BY] = "filtered_by",
};
static_assert(RCA_ARRAY_SIZE(edges) == RCA_EDGE_COUNT, "a name each");

static const char *const suffixes[] = {
    [RCA_UNIT_NONE] = "",
    [RCA_UNIT_SECONDS] = "s",
    [RCA_UNIT_BYTES] = "B",
    [RCA_UNIT_CORES] = "cores",
    [RCA_UNIT_RATIO] = "ratio",
    [RCA_UNIT_PER_SECOND] = "/s",
    [RCA_UNIT_BYTES_PER_SECOND] = "B/s",
};
static_assert(RCA_ARRAY_SIZE(suffixes) == RCA_UNIT_COUNT, "a suffix each");

const char *rca_kind_name(enum rca_kind kind)
{
    return kinds[kind];
}

const char *rca_role_name(enum rca_role role)
{
    return roles[role];
}

const char *rca_edge_name(enum rca_edge_kind kind)
{
    return edges[kind];
}

const char *rca_unit_suffix(enum rca_unit unit)
{
    return suffixes[unit];
}

/* index of @name among @n names, or RCA_EUNKNOWN */
static int find_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(names[i], name))
            return (int)i;
    }
    return RCA_EUNKNOWN;
}

int rca_kind_parse(const char *name, enum rca_kind *ret)
{
    const int found = find_name(kinds, RCA_KIND_COUNT, name);

    if (found < 0)
        return found;
    *ret = (enum rca_kind)found;
    return 0;
}

int rca_role_parse(const char *name, enum rca_role *ret)
{
    const int found = find_name(roles, RCA_ROLE_COUNT, name);

    if (found < 0)
        return found;
    *ret = (enum rca_role)found;
    return 0;
}

int rca_edge_parse(const char *name, enum rca_edge_kind *ret)
{
    const int found = find_name(edges, RCA_EDGE_COUNT, name);

    if (found < 0)
        return found;
    *ret = (enum rca_edge_kind)found;
    return 0;
}
