/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * privileged - the few things that need privileges after the start.
 *
 * `rca collect` gives up all privileges once its BPF programs are attached
 * (collector/privileges.h). What containers that appear later still need is
 * done by a small helper process that keeps a few capabilities and knows
 * nothing but the verbs below. It is forked before anything else is opened, is
 * asked over a socketpair, and answers with a descriptor or an error. It takes
 * the asking process for hostile: every request is checked, none names a path,
 * and one that is malformed ends the conversation (docs/SECURITY.md).
 *
 * Every function takes NULL for the helper and then does the same directly,
 * with the privileges that the caller has: in tests, in `rca doctor`, and with
 * --keep-privileges. Sources get it from rca_observer_privileged() or from
 * their environment. Not thread safe. An answer takes at most 2 s.
 *
 * All return a descriptor (close-on-exec, the caller's) or 0 on success, and
 * otherwise -errno of what was done for us, -EPERM (not a thing that the helper
 * does) or -EPIPE (the helper is gone: said once; the rest goes on without).
 */

#include "graph/base/err.h"

struct rca_privileged;

/** The feature that says whether there is a helper, and what is lost when it
 * has ended before its time. */
#define RCA_PRIVILEGED_FEATURE "privileged helper"
#define RCA_PRIVILEGED_LOST                                                    \
    "namespaces that appear, firewall rules, conntrack, Open vSwitch, run "    \
    "times of programs"

/** rca_privileged_netns_of() - the network namespace that process @pid is in;
 * rca_privileged_netns_named() - the one called @name in /run/netns. To be
 * passed to the functions below; -EAGAIN: it is no namespace (yet). */
RCA_MUST_CHECK int rca_privileged_netns_of(struct rca_privileged *helper,
                                           int pid);
RCA_MUST_CHECK int rca_privileged_netns_named(struct rca_privileged *helper,
                                              const char *name);

/** rca_privileged_netlink() - bound netlink socket of family @bus:
 * NETLINK_ROUTE, NETLINK_SOCK_DIAG (inet_diag), NETLINK_NETFILTER (nf_tables,
 * conntrack). @netns: descriptor of the namespace, or -1 for our own. */
RCA_MUST_CHECK int rca_privileged_netlink(struct rca_privileged *helper,
                                          int bus, int netns);

/**
 * rca_privileged_send() - send @request, one netlink message of @len bytes, to
 * the kernel over @socket, which is from rca_privileged_netlink()
 *
 * The kernel looks at who sends, not only at who opened the socket: what needs
 * CAP_NET_ADMIN to *read* (nfnetlink) goes through here. The answer is read
 * from the socket by the caller. Only messages that read are let through:
 * NFT_MSG_GET{GEN,TABLE,CHAIN,RULE,SET,SETELEM,OBJ,FLOWTABLE},
 * IPCTNL_MSG_CT_GET{,_STATS,_STATS_CPU}, IPCTNL_MSG_EXP_GET{,_STATS_CPU}.
 */
RCA_MUST_CHECK int rca_privileged_send(struct rca_privileged *helper,
                                       int socket, const void *request,
                                       size_t len);

/** enum rca_net_file - a file about one network namespace; conntrack's other
 * counters are for ctnetlink to tell (GET_STATS_CPU) */
enum rca_net_file {
    RCA_NET_FILE_SNMP, /* /proc/net/snmp, and so on */
    RCA_NET_FILE_SNMP6,
    RCA_NET_FILE_NETSTAT,
    RCA_NET_FILE_SOCKSTAT,
    RCA_NET_FILE_SOCKSTAT6,
    RCA_NET_FILE_SOFTNET_STAT,
    RCA_NET_FILE_CONNTRACK_COUNT, /* /proc/sys/net/netfilter/nf_conntrack_* */
    RCA_NET_FILE_CONNTRACK_MAX,
    RCA_NET_FILE_COUNT,
};

/** rca_privileged_net_file() - open @file of namespace @netns (-1: our own)
 * for reading; it stays with that namespace and can be read again and again */
RCA_MUST_CHECK int rca_privileged_net_file(struct rca_privileged *helper,
                                           enum rca_net_file file, int netns);

/** rca_privileged_bpf_stats() - the kernel measures the run time of BPF
 * programs for as long as the descriptor is open */
RCA_MUST_CHECK int rca_privileged_bpf_stats(struct rca_privileged *helper);

/** rca_privileged_attach_nf() - attach @prog, a loaded BPF program of type
 * netfilter, in namespace @netns (-1: our own); returns its link
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6; @hook: NF_INET_PRE_ROUTING, ... */
RCA_MUST_CHECK int rca_privileged_attach_nf(struct rca_privileged *helper,
                                            int prog, int netns, int family,
                                            int hook, int priority);

/** enum rca_ovs_query - a fixed question to Open vSwitch */
enum rca_ovs_query {
    RCA_OVS_DATABASE, /* db.sock: bridges, ports, interfaces */
    RCA_OVS_DPIF, /* ovs-vswitchd.PID.ctl: dpif/show */
    RCA_OVS_COVERAGE, /* coverage/show */
    RCA_OVS_UPCALLS, /* upcall/show */
    RCA_OVS_DATAPATHS, /* dpctl/show -s: ports with their counters */
    RCA_OVS_QUERY_COUNT,
};

/**
 * rca_privileged_ovs() - ask Open vSwitch: its sockets are root's, and take
 * orders too, so that only the answer comes out
 * @folder: of its sockets ("/run/openvswitch"); a helper uses that which it
 *          was started with
 *
 * Return: descriptor of a file with the one JSON object of the answer, at its
 * start; -ENOENT (not running), -ETIMEDOUT, -EFBIG (over 8 MiB).
 */
RCA_MUST_CHECK int rca_privileged_ovs(struct rca_privileged *helper,
                                      const char *folder,
                                      enum rca_ovs_query query);

/** enum rca_setting - of the kernel; what it costs is why it is not on */
enum rca_setting {
    RCA_SETTING_DELAYACCT, /* kernel.task_delayacct: waits of tasks for I/O */
    RCA_SETTING_CONNTRACK_ACCT, /* net.netfilter.nf_conntrack_acct: bytes */
    RCA_SETTING_COUNT,
};

/** rca_privileged_turn_on() - set it to 1, only with --allow-system-changes:
 * -EPERM without, and without a helper. What it was comes back when this
 * process ends, however it ends. */
RCA_MUST_CHECK int rca_privileged_turn_on(struct rca_privileged *helper,
                                          enum rca_setting setting);

/* --- life of the helper: for the loop ------------------------------------- */

/** struct rca_privileged_options - borrowed for the call
 * @uid, @gid:     to run as from then on
 * @ovs:           folder of Open vSwitch's sockets, or NULL
 * @allow_changes: of settings of the kernel; the helper then stays root */
struct rca_privileged_options {
    unsigned uid, gid;
    const char *ovs;
    _Bool allow_changes;
};

/** rca_privileged_start() - fork the helper; call it early, while this process
 * is small and has few descriptors. The child does not return.
 * Return: 0 or -errno. */
RCA_MUST_CHECK int rca_privileged_start(
    const struct rca_privileged_options *options,
    struct rca_privileged **ret_helper);
/** rca_privileged_stop() - end it: it undoes what it changed; waits for that.
 * NULL is fine */
void rca_privileged_stop(struct rca_privileged **helper);
/** rca_privileged_pid() - of the helper; 0 if it is gone or there is none */
int rca_privileged_pid(const struct rca_privileged *helper);
