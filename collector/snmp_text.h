/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * snmp_text - the counters of /proc/net/{snmp,netstat,snmp6,sockstat} that
 * show faults of a network namespace, and those of softnet_stat and
 * stat/{arp_cache,ndisc_cache}, which are the host's (net/ipv4/proc.c,
 * net/ipv6/proc.c, net/core/net-procfs.c, net/core/neighbour.c; names after RFC
 * 1213, 4022, 4113, 4293 and proc(5)).
 *
 * Readers take any bytes, need no NUL and allocate nothing: a line that is not
 * as expected is passed over.
 */

#include "graph/base/base.h"

/** enum rca_snmp_value - what is kept; several of the kernel's may be one of
 * ours, see the table in snmp_text.c */
enum rca_snmp_value {
    RCA_SNMP_CONNECT_FAILURES,
    RCA_SNMP_CONNECTION_RESETS,
    RCA_SNMP_RETRANSMITS,
    RCA_SNMP_TCP_ABORTS,
    RCA_SNMP_TCP_LISTEN_OVERFLOWS,
    RCA_SNMP_TCP_RECEIVE_DROPS,
    RCA_SNMP_TCP_RESETS_SENT,
    RCA_SNMP_TCP_SYN_QUEUE_FULL,
    RCA_SNMP_TCP_TIMEOUTS,
    RCA_SNMP_UDP_NO_PORT,
    RCA_SNMP_UDP_RECEIVE_DROPS,
    RCA_SNMP_CHECKSUM_ERRORS,
    RCA_SNMP_IP_DISCARDS,
    RCA_SNMP_IP_FRAGMENT_FAILURES,
    RCA_SNMP_IP_NO_ROUTE,
    RCA_SNMP_UNREACHABLE_RECEIVED,
    RCA_SNMP_UNREACHABLE_SENT,
    RCA_SNMP_SOCKETS, /* the last ones: gauges */
    RCA_SNMP_TIME_WAIT,
    RCA_SNMP_ORPHANS, /* of the whole host */
    RCA_SNMP_TCP_PAGES, /* likewise */
    RCA_SNMP_COUNT,
};

/** struct rca_snmp - all-zero is empty
 * @value: sums; @found: set of 1 << enum rca_snmp_value that were there */
struct rca_snmp {
    uint64_t value[RCA_SNMP_COUNT];
    uint32_t found;
};

/** rca_snmp_read_pairs() - of "snmp" and "netstat", lines in pairs: names, then
 * numbers; rca_snmp_read_lines() - of "snmp6", a name and a number a line;
 * rca_snmp_read_sockstat() - "TCP: inuse 1 ...". All add to @snmp. */
void rca_snmp_read_pairs(const char *text, size_t len, struct rca_snmp *snmp);
void rca_snmp_read_lines(const char *text, size_t len, struct rca_snmp *snmp);
void rca_snmp_read_sockstat(const char *text, size_t len,
                            struct rca_snmp *snmp);

/** struct rca_softnet - sums over processors, 32 bits wide in the kernel
 * @drops:    packets for which the processor's backlog had no room
 * @squeezes: times that its budget ended before the work did */
struct rca_softnet {
    uint64_t drops, squeezes;
};

/** rca_softnet_read() - 0, or RCA_ESYNTAX without one sound line */
RCA_MUST_CHECK int rca_softnet_read(const char *text, size_t len,
                                    struct rca_softnet *ret);

/** struct rca_neigh - sums over processors
 * @failures:   addresses that nobody answered for
 * @table_full: entries refused for want of room */
struct rca_neigh {
    uint64_t failures, table_full;
};

/** rca_neigh_read() - adds to @neigh; 0, or RCA_ESYNTAX without a header that
 * has both columns and one sound line */
RCA_MUST_CHECK int rca_neigh_read(const char *text, size_t len,
                                  struct rca_neigh *neigh);
