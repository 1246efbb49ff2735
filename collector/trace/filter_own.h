/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * filter_own - a translation as it goes on, for filter_ebpf.c and filter_load.c
 * only.
 */

#include "collector/trace/filter_ebpf.h"

enum {
    A = BPF_REG_0,
    PACKET = BPF_REG_1,
    CAPTURED = BPF_REG_2,
    LENGTH = BPF_REG_3,
    X = BPF_REG_4,
    ADDRESS = BPF_REG_5,
    STACK = BPF_REG_10,
};

#define MOST_OF_ONE 8 /* instructions for one */
#define MOST_AROUND (2 + BPF_MEMWORDS + 4) /* at the begin and the end */
#define WORD ((int)sizeof(uint32_t))
#define MEMORY (-BPF_MEMWORDS * WORD)

/* what a step says of the instruction after it */
enum { GO_ON, END };

/* @to: of each jump put, the place it goes to, + 1; places are the indices of
 * classic instructions, n to reject, n + 1 to accept, n + 2 for the end.
 * @at: where a place is in @out; @reached: that something goes there */
struct translation {
    const struct sock_filter *in;
    size_t n, snap;
    struct rca_diag *diag;
    struct bpf_insn *out; /* owned */
    size_t n_out;
    size_t *to, *at; /* owned */
    _Bool *reached; /* owned */
};

static inline size_t at_reject(const struct translation *t)
{
    return t->n;
}

static inline size_t at_accept(const struct translation *t)
{
    return t->n + 1;
}

static inline size_t at_end(const struct translation *t)
{
    return t->n + 2;
}

static inline int refuse(const struct translation *t, const char *why, size_t i)
{
    return rca_diag_set(t->diag, RCA_ENOSUPPORT, "", 0,
                        "the kernel cannot run the filter: %s (instruction "
                        "%zu)",
                        why, i);
}

static inline void put(struct translation *t, struct bpf_insn insn)
{
    t->out[t->n_out++] = insn;
}

/* As 32 bits: @op is BPF_ADD, BPF_MOV, ... */
static inline void alu_k(struct translation *t, unsigned op, unsigned reg,
                         uint32_t k)
{
    put(t, (struct bpf_insn){.code = (__u8)(BPF_ALU | op | BPF_K),
                             .dst_reg = reg & 15,
                             .imm = (__s32)k});
}

static inline void alu_x(struct translation *t, unsigned op, unsigned reg,
                         unsigned from)
{
    put(t, (struct bpf_insn){.code = (__u8)(BPF_ALU | op | BPF_X),
                             .dst_reg = reg & 15,
                             .src_reg = from & 15});
}

/* Jump to @place if @insn, a jump without its offset, says so. */
static inline void jump_if(struct translation *t, struct bpf_insn insn,
                           size_t place)
{
    t->reached[place] = 1;
    t->to[t->n_out] = place + 1;
    put(t, insn);
}

static inline void jump(struct translation *t, size_t place)
{
    jump_if(t, (struct bpf_insn){.code = BPF_JMP | BPF_JA}, place);
}

static inline int reject_here(struct translation *t)
{
    jump(t, at_reject(t));
    return END;
}

/** rca_translation_load() - an instruction that loads or stores; GO_ON, END,
 * RCA_ENOSUPPORT */
int rca_translation_load(struct translation *t, const struct sock_filter *f);
