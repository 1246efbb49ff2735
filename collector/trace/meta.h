/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * meta - a filter over what the kernel knows of a packet and its headers do not
 * say: "reason == no_socket && netns == web", "service == cart || mark & 0xff == 7".
 *
 *   expression  = and { "||" and };  and = not { "&&" not }
 *   not         = "!" not | "(" expression ")" | comparison
 *   comparison  = FIELD [ "&" NUMBER ] ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) VALUE
 *               | FIELD "in" "{" VALUE { "," VALUE } "}"
 *
 * Fields and their types: netns (name or inode number), device (name, in any
 * namespace, or number), mark, length, port (either one, of TCP, UDP, UDP-Lite,
 * DCCP, SCTP), vlan (id, of packets with a tag), pid, cpu (numbers), protocol
 * (name or number), cgroup (path; those below it count), reason, point, service,
 * command (names). A NUMBER is decimal or, after 0x, hexadecimal; a name with
 * other than letters, digits and "._:/@+-" stands in double quotes. Names
 * compare with == and != and "in" only, and a mask is for numbers. A comparison
 * of the wrong type, an unknown field or name is refused with where it stands
 * and what is there.
 *
 * What a packet does not have equals nothing and is neither more nor less: `a
 * != b` is `!(a == b)`, and so holds for it. A name that stands for several
 * numbers equals each of them; which these are is settled when the expression
 * is compiled. A blank expression takes everything.
 */

#include "bpf/events_trace.h"
#include "collector/trace/filter.h"

/** struct rca_trace_endpoint - where a service listens; @netns: 0: anywhere, else
 * only there (a loopback address) */
struct rca_trace_endpoint {
    unsigned char address[16]; /* IPv4 in the first 4 bytes */
    uint8_t family;
    uint16_t port;
    uint32_t netns;
};

/** struct rca_trace_lookup - what turns names into numbers; @arg is passed on.
 * Each writes at most @max and returns how many there are, 0: no such name. */
struct rca_trace_lookup {
    size_t (*netns)(void *arg, const char *name, uint64_t *ret, size_t max);
    size_t (*reason)(void *arg, const char *name, uint64_t *ret, size_t max);
    size_t (*cgroup)(void *arg, const char *path, uint64_t *ret, size_t max);
    /* pairs of (netns, ifindex), as netns << 32 | ifindex */
    size_t (*device)(void *arg, const char *name, uint64_t *ret, size_t max);
    size_t (*service)(void *arg, const char *name,
                      struct rca_trace_endpoint *ret, size_t max);
    /* all names of a field ("device"), perhaps some twice, for what is said of
     * one that is not there; or NULL */
    void (*each)(void *arg, const char *field,
                 void (*visit)(void *to, const char *name), void *to);
    void *arg;
};

struct rca_trace_meta;

/** rca_trace_meta_new() - 0; RCA_ESYNTAX or RCA_EUNKNOWN, said in @diag (its
 * column is where); -E2BIG, said likewise (over 64 comparisons, or names for too
 * many numbers); -ENOMEM. @lookup is needed for the call only, or NULL */
RCA_MUST_CHECK int rca_trace_meta_new(const char *expression,
                                      const struct rca_trace_lookup *lookup,
                                      struct rca_diag *diag,
                                      struct rca_trace_meta **ret_meta);
void rca_trace_meta_free(struct rca_trace_meta **meta);

/** rca_trace_meta_matches() - whether it takes the event */
_Bool rca_trace_meta_matches(const struct rca_trace_meta *meta,
                             const struct rca_trace_event *event);

/** Instructions that a translation has at most. */
#define RCA_TRACE_META_CODE 1024

/** rca_trace_meta_translate() - the same as eBPF: as rca_trace_filter_translate(),
 * but r1 is a struct rca_trace_event, all of which may be read, and no stack is
 * used. 0; -E2BIG (over RCA_TRACE_META_CODE instructions); -ENOMEM */
RCA_MUST_CHECK int rca_trace_meta_translate(const struct rca_trace_meta *meta,
                                            struct rca_trace_code *ret_code);
