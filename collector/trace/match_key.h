/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * match_key - what of a packet's headers stays the same between two points of
 * one namespace where no NAT lies between: not TTL, checksum of the network
 * header, nor what a rule may set (DSCP).
 */

#include "bpf/events_trace.h"
#include "graph/base/base.h"

/** rca_trace_match_key() - of the event's head; 0: no IPv4 or IPv6 header. A
 * hash (FNV-1a, 64 bits; Fowler, Noll, Vo): equal keys of unequal packets are
 * not to be expected. O(1) */
uint64_t rca_trace_match_key(const struct rca_trace_event *event);
