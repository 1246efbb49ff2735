/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * kind - the closed lists: kinds of entity, roles and units of metrics, kinds
 * of edge. Each has a table of its names; the names are what the store, the
 * case files and the commands use.
 */

#include "graph/base/base.h"

enum rca_kind {
    RCA_KIND_HOST,
    RCA_KIND_SERVICE, /* something that listens */
    RCA_KIND_CLIENT, /* something that calls and does not listen */
    RCA_KIND_CALL, /* one caller-callee pair, "caller->callee" */
    RCA_KIND_CGROUP,
    RCA_KIND_PROCESS, /* all processes of one command in one cgroup */
    RCA_KIND_NETNS,
    RCA_KIND_NIC,
    RCA_KIND_QDISC,
    RCA_KIND_DISK,
    RCA_KIND_FILESYSTEM,
    RCA_KIND_RULE,
    RCA_KIND_CONNTRACK,
    RCA_KIND_BRIDGE,
    RCA_KIND_PEER, /* a remote address that is not ours */
    RCA_KIND_OTHER,
    RCA_KIND_PROBE, /* an outside measurement point, never a cause */
    RCA_KIND_COUNT,
};

enum rca_role {
    RCA_ROLE_LOAD,
    RCA_ROLE_USAGE,
    RCA_ROLE_SATURATION,
    RCA_ROLE_LATENCY,
    RCA_ROLE_ERROR,
    RCA_ROLE_OTHER,
    RCA_ROLE_COUNT, /* load..error: the order of influence in one entity */
};

enum rca_unit {
    RCA_UNIT_NONE,
    RCA_UNIT_SECONDS,
    RCA_UNIT_BYTES,
    RCA_UNIT_CORES, /* seconds of processor time a second */
    RCA_UNIT_RATIO, /* 0 to 1, or seconds a second of waiting */
    RCA_UNIT_PER_SECOND,
    RCA_UNIT_BYTES_PER_SECOND,
    RCA_UNIT_COUNT,
};

/** Edges are stored from the dependent to what it depends on. */
enum rca_edge_kind {
    RCA_EDGE_CALLS, /* caller to callee; caller to call; call to callee */
    RCA_EDGE_RUNS_ON, /* service or process to cgroup to host */
    RCA_EDGE_USES, /* user to disk, nic, qdisc */
    RCA_EDGE_PART_OF, /* member to whole; a call is part of its caller */
    RCA_EDGE_LINK, /* undirected, stored once */
    RCA_EDGE_FILTERED_BY, /* to a rule or table that its packets pass */
    RCA_EDGE_COUNT,
};

const char *rca_kind_name(enum rca_kind kind);
const char *rca_role_name(enum rca_role role);
const char *rca_edge_name(enum rca_edge_kind kind);
/** rca_unit_suffix() - of a number in this unit: "s", "cores", "/s", "ratio",
 * ""; rca_value_text() scales for people */
const char *rca_unit_suffix(enum rca_unit unit);

/** rca_*_parse() - 0, or RCA_EUNKNOWN and @ret unchanged */
RCA_MUST_CHECK int rca_kind_parse(const char *name, enum rca_kind *ret);
RCA_MUST_CHECK int rca_role_parse(const char *name, enum rca_role *ret);
RCA_MUST_CHECK int rca_edge_parse(const char *name, enum rca_edge_kind *ret);
