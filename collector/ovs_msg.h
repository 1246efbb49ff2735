/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * ovs_msg - answers of Open vSwitch's daemons, read into plain structures. No
 * I/O; texts need no NUL, and may be anything.
 *
 * Database: RFC 7047, tables of ovs-vswitchd.conf.db(5). Switch: ovs-appctl(8),
 * whose texts are for people: what is not as expected is passed over.
 */

#include "collector/traffic.h"
#include "graph/base/err.h"

#define RCA_OVS_NAME_SIZE 64

/** struct rca_ovs_port - an interface of a bridge
 * @peer:  name of the other end of a patch port, or ""
 * @local: the bridge's own interface, which is down on many
 * @down:  set down, without a carrier, or not there at all
 * @stats: as of the last 5 s; all 0 where there are none */
struct rca_ovs_port {
    char bridge[RCA_OVS_NAME_SIZE];
    char name[RCA_OVS_NAME_SIZE];
    char peer[RCA_OVS_NAME_SIZE];
    _Bool local, down;
    struct rca_traffic stats;
};

/** rca_ovs_visit_port - a negative return ends the visit and is handed up */
typedef int rca_ovs_visit_port(void *arg, const struct rca_ovs_port *port);

/**
 * rca_ovs_parse_database() - visit each interface of each bridge, in an answer
 * to RCA_OVS_DATABASE (collector/privileged.h)
 *
 * Rows that lack something are passed over. Return: 0, what @visit returned,
 * RCA_ESYNTAX (no such answer), RCA_ENOSUPPORT (an answer that says error).
 */
RCA_MUST_CHECK int rca_ovs_parse_database(const char *text, size_t len,
                                          rca_ovs_visit_port *visit, void *arg);

/** rca_ovs_parse_text() - the text in a switch's answer, which the caller
 * frees; 0, -ENOMEM, RCA_ESYNTAX, RCA_ENOSUPPORT (it says error) */
RCA_MUST_CHECK int rca_ovs_parse_text(const char *text, size_t len,
                                      char **ret_text);

/** struct rca_ovs_datapath - sums over all of them */
struct rca_ovs_datapath {
    uint64_t hit, missed, lost, flows;
};

/** rca_ovs_visit_stats - @name: of the port in its datapath */
typedef void rca_ovs_visit_stats(void *arg, const char *name,
                                 const struct rca_traffic *stats);

/** rca_ovs_read_datapaths() - of "dpctl/show -s"; @ret: 0 or RCA_ESYNTAX
 * (without one line of look-ups) */
RCA_MUST_CHECK int rca_ovs_read_datapaths(const char *text,
                                          struct rca_ovs_datapath *ret,
                                          rca_ovs_visit_stats *visit,
                                          void *arg);

/** struct rca_ovs_upcalls - of all datapaths: @flows their sum, the others of
 * the one that is worst; @limit 0: not told */
struct rca_ovs_upcalls {
    uint64_t flows, limit, dump_ms;
};

/** rca_ovs_read_upcalls() - of "upcall/show" */
void rca_ovs_read_upcalls(const char *text, struct rca_ovs_upcalls *ret);

/** enum rca_ovs_event - counters of "coverage/show" that mean trouble; see the
 * table in ovs_msg.c */
enum rca_ovs_event {
    RCA_OVS_ERRORS, /* of netlink, flows, transactions, translations */
    RCA_OVS_DROPS, /* packets dropped by datapath or by translation */
    RCA_OVS_FLOW_LIMIT, /* flows refused or evicted for want of room */
    RCA_OVS_MAC_MOVES, /* an address seen at another port: a loop */
    RCA_OVS_PORT_CHANGES, /* ports that came, went, up or down */
    RCA_OVS_EVENTS,
};

/** rca_ovs_read_coverage() - what was never hit is not listed, and 0 */
void rca_ovs_read_coverage(const char *text, uint64_t ret[RCA_OVS_EVENTS]);
