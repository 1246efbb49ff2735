/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * point - names of the places in the stack at which a packet is seen, of what
 * can be asked for, and of the numbers in an event. Static strings; no I/O.
 */

#include "bpf/events_trace.h"
#include "graph/base/err.h"

/** rca_trace_point_name() - "receive", "drop"; "?" for others */
const char *rca_trace_point_name(unsigned point);
/** rca_trace_point_parse() - RCA_EUNKNOWN if there is none of that name */
RCA_MUST_CHECK int rca_trace_point_parse(const char *name,
                                         enum rca_trace_point *ret_point);

/** enum rca_trace_part - what -c names: a collector */
enum rca_trace_part {
    RCA_TRACE_PART_SKB, /* packets at the points of the stack */
    RCA_TRACE_PART_TRACKING, /* one id for a packet */
    RCA_TRACE_PART_DROP, /* drops, with the reason and the place */
    RCA_TRACE_PART_STACK, /* and the kernel's stack; never in `auto` */
    RCA_TRACE_PART_DEV, /* devices by name */
    RCA_TRACE_PART_NS, /* network namespaces by name */
    RCA_TRACE_PART_CT, /* entries of connection tracking */
    RCA_TRACE_PART_NFT, /* rules of nftables that decide */
    RCA_TRACE_PART_OVS, /* Open vSwitch */
    RCA_TRACE_PART_TCP, /* state of the socket, its service */
    RCA_TRACE_PART_COUNT,
};

const char *rca_trace_part_name(enum rca_trace_part part);

/**
 * rca_trace_parts_parse() - the list of -c: "auto", "auto,nft", "drop,ct"
 * @ret_wanted: set of 1 << part; @ret_must: of these, those that were named and
 *              must work
 *
 * Return: 0; RCA_EUNKNOWN, said in @diag with the nearest name.
 */
RCA_MUST_CHECK int rca_trace_parts_parse(const char *list,
                                         struct rca_diag *diag,
                                         unsigned *ret_wanted,
                                         unsigned *ret_must);

/** names of numbers in events, for text and JSON; "?" for what is not known;
 * of a rule's verdict: "accept", "drop", "jump", ... */
const char *rca_trace_verdict_name(int verdict);
const char *rca_trace_tcp_state_name(unsigned state);
/** rca_trace_conntrack_name() - "new", "established", "related", "reply"... */
const char *rca_trace_conntrack_name(unsigned state);
