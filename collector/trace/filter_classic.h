/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * filter_classic - classic BPF: made from an expression, run and printed by
 * libpcap. Only for collector/trace/ and its tests.
 *
 * Apart from filter.h, as libpcap and <linux/bpf.h> both have a struct bpf_insn:
 * here an instruction is a struct sock_filter, which is libpcap's byte for byte.
 */

#include <linux/filter.h>

#include "graph/base/buf.h"
#include "graph/base/err.h"

/** What a program returns for a packet that it takes: bytes to keep. That of
 * tcpdump, so that programs print the same. */
#define RCA_CLASSIC_SNAP 262144

/** struct rca_classic - @insns owned */
struct rca_classic {
    struct sock_filter *insns;
    size_t n;
};

/**
 * rca_classic_compile() - of @expression, for packets that begin with an
 * Ethernet header (@link) or with that of IPv4 or IPv6
 *
 * Return: 0; RCA_ESYNTAX, with libpcap's words in @diag, also of an expression
 *         that takes no packet, and one that asks for what is not in it; -ENOMEM.
 */
RCA_MUST_CHECK int rca_classic_compile(const char *expression, _Bool link,
                                       struct rca_diag *diag,
                                       struct rca_classic *ret_program);
/** rca_classic_nothing() - the program that takes no packet; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_classic_nothing(struct rca_classic *ret_program);
void rca_classic_done(struct rca_classic *program);

/** rca_classic_valid() - whether libpcap's interpreter may run it; it knows fewer
 * instructions than this lets pass, and ends the process on the others:
 * rca_classic_translate() refuses those */
_Bool rca_classic_valid(const struct sock_filter *insns, size_t n);

/** rca_classic_run() - what the program returns; @captured bytes of @packet are
 * there, of its @length. A valid one only. */
uint32_t rca_classic_run(const struct sock_filter *insns,
                         const unsigned char *packet, size_t captured,
                         size_t length);

/** rca_classic_print() - as `tcpdump -d` does. Not thread safe: libpcap has one
 * buffer for it. */
void rca_classic_print(const struct sock_filter *insns, size_t n,
                       struct rca_buf *buf);
