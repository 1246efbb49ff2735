/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * privileged_wire - what goes over the socketpair between the collector and
 * its privileged helper, and the checks on it. No I/O here: the helper takes
 * these bytes for hostile, and so does the collector.
 *
 * One datagram is one request: struct rca_wire_request, then @size bytes of
 * payload, with @n_fds descriptors beside it. One answer each.
 */

#include "graph/base/err.h"

/** enum rca_verb - see collector/privileged.h; what the fields mean:
 * verb         number  hook, priority  payload             descriptors
 * NETNS_OF     pid     -               -                   -
 * NETNS_NAMED  -       -               name, no NUL        -
 * NETLINK      bus     -               -                   [namespace]
 * SEND         -       -               one netlink message socket
 * NET_FILE     file    -               -                   [namespace]
 * BPF_STATS    -       -               -                   -
 * ATTACH_NF    family  yes             -                   program, [namespace]
 * OVS          query   -               -                   -
 * TURN_ON      setting -               -                   - */
enum rca_verb {
    RCA_VERB_NETNS_OF = 1,
    RCA_VERB_NETNS_NAMED,
    RCA_VERB_NETLINK,
    RCA_VERB_SEND,
    RCA_VERB_NET_FILE,
    RCA_VERB_BPF_STATS,
    RCA_VERB_ATTACH_NF,
    RCA_VERB_OVS,
    RCA_VERB_TURN_ON,
    RCA_VERB_COUNT,
};

#define RCA_WIRE_MAGIC 0x52434131U /* "RCA1" */
#define RCA_WIRE_PAYLOAD 2048 /* most bytes; a netlink request has under 200 */
#define RCA_WIRE_FDS 2 /* most descriptors */

/** struct rca_wire_request - all of it in the machine's own byte order */
struct rca_wire_request {
    uint32_t magic;
    uint32_t verb;
    int32_t number;
    int32_t hook;
    int32_t priority;
    uint32_t n_fds;
    uint32_t size;
};
static_assert(sizeof(struct rca_wire_request) == 28, "no padding");

/** struct rca_wire_answer - @result: 0 or -errno; @n_fds: 0 or 1 */
struct rca_wire_answer {
    uint32_t magic;
    int32_t result;
    uint32_t n_fds;
};
static_assert(sizeof(struct rca_wire_answer) == 12, "no padding");

/**
 * rca_wire_parse_request() - check a datagram of @len bytes that came with
 * @n_fds descriptors
 * @buf: any bytes, any alignment; @ret_payload points into it
 *
 * Return: 0 or RCA_ESYNTAX: unknown verb, sizes that do not agree, a number
 * out of the verb's range, a name with '/' or NUL in it.
 */
RCA_MUST_CHECK int rca_wire_parse_request(const void *buf, size_t len,
                                          size_t n_fds,
                                          struct rca_wire_request *ret_request,
                                          const void **ret_payload);

/** rca_wire_parse_answer() - the same for an answer: 0 or RCA_ESYNTAX */
RCA_MUST_CHECK int rca_wire_parse_answer(const void *buf, size_t len,
                                         size_t n_fds,
                                         struct rca_wire_answer *ret_answer);

/** rca_wire_may_send() - whether @msg is one whole netlink message of @len
 * bytes that only reads, see rca_privileged_send() */
_Bool rca_wire_may_send(const void *msg, size_t len);

/** struct rca_wire_json - where the end of a JSON object is, that comes in
 * pieces: braces outside of strings are counted. All-zero at the start. */
struct rca_wire_json {
    unsigned depth;
    _Bool in_string, escaped, begun;
};

/** rca_wire_json_feed() - 1 once the object has ended within @len bytes of
 * @text; 0: more to come; RCA_ESYNTAX: that is no object */
RCA_MUST_CHECK int rca_wire_json_feed(struct rca_wire_json *json,
                                      const char *text, size_t len);
