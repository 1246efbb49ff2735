/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * names - what the numbers in events are called on this host: kept with the
 * events, so that a file says the same elsewhere and later.
 *
 * A table from a key to a text, and what fills it from the kernel. Copied in;
 * texts are tidied by whoever prints them. Not thread safe.
 */

#include "bpf/events_trace.h"
#include "collector/trace/meta.h"

enum rca_trace_name_kind {
    RCA_TRACE_NAME_NETNS =
        1, /* a: inode; "" is never kept, the host's own is "host" */
    RCA_TRACE_NAME_DEVICE, /* a: inode of the namespace, b: ifindex */
    RCA_TRACE_NAME_REASON, /* a: number */
    RCA_TRACE_NAME_CGROUP, /* a: number as bpf/events.h has it ("cgroups");
                            * path without the leading '/' */
    RCA_TRACE_NAME_PLACE, /* a: address in the kernel; "tcp_v4_rcv+0x1f" */
    RCA_TRACE_NAME_STACK, /* a: number; places, one a line */
    RCA_TRACE_NAME_RULE, /* a: rca_trace_rule_key(), b: inode of the namespace;
                          * the rule as `nft` prints it */
    RCA_TRACE_NAME_SERVICE, /* address of the service in a and b (IPv4 in the
                             * first 4 bytes of a, network order), c: port << 16 |
                             * family; netns of a loopback address in d */
    RCA_TRACE_NAME_KINDS,
};

struct rca_trace_name_key {
    uint32_t kind;
    uint32_t c;
    uint64_t a, b, d;
};

struct rca_trace_names;
struct rca_observer;

RCA_MUST_CHECK int rca_trace_names_new(struct rca_trace_names **ret_names);
void rca_trace_names_free(struct rca_trace_names **names);

/** rca_trace_names_use() - let services be called as @config says, which lives
 * longer; NULL: as they call themselves. Before the first reading. */
struct rca_config;
void rca_trace_names_use(struct rca_trace_names *names,
                         const struct rca_config *config);

/** rca_trace_names_set() - add or replace; 0, -ENOMEM, -ENOSPC (over 1,000,000) */
RCA_MUST_CHECK int rca_trace_names_set(struct rca_trace_names *names,
                                       const struct rca_trace_name_key *key,
                                       const char *text);
/** rca_trace_names_get() - or NULL; good until the next set */
const char *rca_trace_names_get(const struct rca_trace_names *names,
                                const struct rca_trace_name_key *key);
/** rca_trace_names_each() - in the order in which they were added; number
 * @from on: what was added or replaced since is visited. Returns what @visit
 * did if that is negative, else 0. rca_trace_names_count() - where to go on */
typedef int rca_trace_name_visit(void *arg,
                                 const struct rca_trace_name_key *key,
                                 const char *text);
int rca_trace_names_each(const struct rca_trace_names *names, size_t from,
                         rca_trace_name_visit *visit, void *arg);
size_t rca_trace_names_count(const struct rca_trace_names *names);

/** the common ones; NULL where there is none. rca_trace_name_service(): of the
 * service that listens at the packet's destination, else at its source */
const char *rca_trace_name_netns(const struct rca_trace_names *names,
                                 uint32_t netns);
const char *rca_trace_name_device(const struct rca_trace_names *names,
                                  uint32_t netns, uint32_t ifindex);
const char *rca_trace_name_reason(const struct rca_trace_names *names,
                                  uint32_t reason);
const char *rca_trace_name_service(const struct rca_trace_names *names,
                                   const struct rca_trace_event *event);
/** rca_trace_rule_key() - a number for family, table, chain and handle */
uint64_t rca_trace_rule_key(const struct rca_trace_rule *rule);

/** rca_trace_name_place() - of an address in the kernel ("tcp_v4_rcv+0x1f",
 * "nft_do_chain+0x2a [nf_tables]"), kept from then on; NULL if it is not known,
 * in a file, or without the right to read /proc/kallsyms. The first call takes
 * about a tenth of a second, the others O(log symbols). */
const char *rca_trace_name_place(struct rca_trace_names *names,
                                 uint64_t address);

/** rca_trace_names_lookup() - for rca_trace_meta_new(), from what is in @names,
 * which lives longer. A cgroup's path stands for those below it, too; a service
 * for all its ports, "NAME:PORT" for one. */
struct rca_trace_lookup rca_trace_names_lookup(struct rca_trace_names *names);

/**
 * rca_trace_names_read() - fill in what this host has: namespaces, devices,
 * drop reasons, cgroups, services; again to refresh. What may not be read is
 * left out, what is gone stays. Takes milliseconds to tens of them. A service
 * is called as `rca collect` calls it: by who holds the socket that listens.
 *
 * Return: 0, -ENOMEM.
 */
RCA_MUST_CHECK int rca_trace_names_read(struct rca_trace_names *names);

struct rca_netns;
/** rca_trace_names_namespaces() - of collector/observer.h, as they were read
 * last, with their descriptors; good until the next read */
const struct rca_netns *rca_trace_names_namespaces(
    const struct rca_trace_names *names, size_t *ret_n);

/** rca_trace_names_observer() - who knows the host's network namespaces
 * (collector/observer.h), as of the last rca_trace_names_read(); NULL before
 * the first. Owned by @names. */
struct rca_observer *rca_trace_names_observer(
    const struct rca_trace_names *names);
