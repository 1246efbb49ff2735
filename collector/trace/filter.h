/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * filter - a packet filter in pcap-filter(7)'s language, for user space and for
 * the kernel.
 *
 * libpcap compiles the expression to classic BPF, twice: for packets that begin
 * with an Ethernet header (L2), and for those that begin with their IP header
 * (L3), as on the way out before a device is known. libpcap's own interpreter
 * runs it in user space; rca_trace_filter_translate() makes eBPF of it for the
 * kernel. An expression that asks for the link layer ("ether host ...") never
 * matches at L3.
 *
 * Source: S. McCanne, V. Jacobson, "The BSD Packet Filter", USENIX Winter 1993;
 * instructions: Linux, Documentation/bpf/standardization/instruction-set.rst.
 */

#include <linux/bpf.h>

#include "graph/base/buf.h"
#include "graph/base/err.h"

enum rca_trace_layer { RCA_TRACE_L2, RCA_TRACE_L3, RCA_TRACE_LAYERS };

/** struct rca_trace_code - eBPF instructions; @insns owned */
struct rca_trace_code {
    struct bpf_insn *insns;
    size_t n;
};

void rca_trace_code_done(struct rca_trace_code *code);

struct rca_trace_filter;

/** rca_trace_filter_new() - compile @expression ("" takes everything); 0;
 * RCA_ESYNTAX, with libpcap's words in @diag; -ENOMEM. Not thread safe before
 * libpcap 1.8. */
RCA_MUST_CHECK int rca_trace_filter_new(const char *expression,
                                        struct rca_diag *diag,
                                        struct rca_trace_filter **ret_filter);
void rca_trace_filter_free(struct rca_trace_filter **filter);

/** rca_trace_filter_matches() - whether it takes the packet
 * @captured: bytes of @packet that are there; @length: that it had */
_Bool rca_trace_filter_matches(const struct rca_trace_filter *filter,
                               enum rca_trace_layer layer,
                               const unsigned char *packet, size_t captured,
                               size_t length);

/**
 * rca_trace_filter_translate() - the same as eBPF
 * @snap: bytes that may be read of a packet
 *
 * The code is the body of a function: on entry r1 is the packet, of which the
 * verifier lets @snap bytes be read, r2 how many of these are there (at most
 * @snap), r3 the packet's length, all 64 bits wide; it uses r0 to r5 and 64
 * bytes of stack from r10 down and no more, calls nothing, jumps forward only, and ends in
 * one way: past its last instruction, with r0 0 or 1. O(n).
 *
 * Return: 0; RCA_ENOSUPPORT (an instruction that cannot be done there, said in
 *         @diag); -ENOMEM.
 */
RCA_MUST_CHECK int rca_trace_filter_translate(
    const struct rca_trace_filter *filter, enum rca_trace_layer layer,
    size_t snap, struct rca_diag *diag, struct rca_trace_code *ret_code);

/** rca_trace_filter_print() - the classic program as `tcpdump -d` does, a line
 * for each instruction; rca_trace_code_print() - the eBPF likewise */
void rca_trace_filter_print(const struct rca_trace_filter *filter,
                            enum rca_trace_layer layer, struct rca_buf *buf);
void rca_trace_code_print(const struct rca_trace_code *code,
                          struct rca_buf *buf);
