/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Loads of a translation: from the packet, within bounds that the verifier can
 * see, and from the memory, which is on the stack.
 */

#include "collector/trace/filter_own.h"

static unsigned width(unsigned code)
{
    return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

/* Load @reg from @base + @offset, which are in bounds; network order. */
static void fetch(struct translation *t, unsigned code, unsigned reg,
                  unsigned base, uint32_t offset)
{
    put(t, (struct bpf_insn){.code = (__u8)(BPF_LDX | BPF_MEM | BPF_SIZE(code)),
                             .dst_reg = reg & 15,
                             .src_reg = base & 15,
                             .off = (__s16)(int32_t)offset});
    if (BPF_SIZE(code) != BPF_B)
        put(t, (struct bpf_insn){.code = BPF_ALU | BPF_END | BPF_TO_BE,
                                 .dst_reg = reg & 15,
                                 .imm = (__s32)(8 * width(code))});
}

static int load_absolute(struct translation *t, const struct sock_filter *f,
                         unsigned reg)
{
    const unsigned w = width(f->code);

    if (f->k > t->snap || w > t->snap - f->k)
        return reject_here(t);
    jump_if(t,
            (struct bpf_insn){.code = BPF_JMP | BPF_JLT | BPF_K,
                              .dst_reg = CAPTURED,
                              .imm = (__s32)(f->k + w)},
            at_reject(t));
    fetch(t, f->code, reg, PACKET, f->k);
    return GO_ON;
}

/* X + k does not wrap: libpcap compares before it adds. */
static int load_indexed(struct translation *t, const struct sock_filter *f)
{
    const unsigned w = width(f->code);

    if (f->k > t->snap || w > t->snap - f->k)
        return reject_here(t);
    alu_x(t, BPF_MOV, ADDRESS, X);
    jump_if(t,
            (struct bpf_insn){.code = BPF_JMP | BPF_JGT | BPF_K,
                              .dst_reg = ADDRESS,
                              .imm = (__s32)(t->snap - w - f->k)},
            at_reject(t));
    put(t, (struct bpf_insn){.code = BPF_ALU64 | BPF_ADD,
                             .dst_reg = ADDRESS,
                             .imm = (__s32)(f->k + w)});
    jump_if(t,
            (struct bpf_insn){.code = BPF_JMP | BPF_JGT | BPF_X,
                              .dst_reg = ADDRESS,
                              .src_reg = CAPTURED},
            at_reject(t));
    put(t, (struct bpf_insn){.code = BPF_ALU64 | BPF_ADD | BPF_X,
                             .dst_reg = ADDRESS,
                             .src_reg = PACKET});
    fetch(t, f->code, A, ADDRESS, -w);
    return GO_ON;
}

static int load_memory(struct translation *t, const struct sock_filter *f,
                       unsigned reg)
{
    if (f->k >= BPF_MEMWORDS)
        return refuse(t, "no such word of memory", (size_t)(f - t->in));
    put(t, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
                             .dst_reg = reg & 15,
                             .src_reg = STACK,
                             .off = (__s16)(MEMORY + WORD * (int)f->k)});
    return GO_ON;
}

static int store(struct translation *t, const struct sock_filter *f,
                 unsigned reg)
{
    if (f->k >= BPF_MEMWORDS)
        return refuse(t, "no such word of memory", (size_t)(f - t->in));
    put(t, (struct bpf_insn){.code = BPF_STX | BPF_MEM | BPF_W,
                             .dst_reg = STACK,
                             .src_reg = reg & 15,
                             .off = (__s16)(MEMORY + WORD * (int)f->k)});
    return GO_ON;
}

/* X = 4 * the low half of a byte: the length of an IPv4 header */
static int load_header_length(struct translation *t,
                              const struct sock_filter *f)
{
    if (load_absolute(t, f, X) == END)
        return END;
    alu_k(t, BPF_AND, X, 15);
    alu_k(t, BPF_LSH, X, 2);
    return GO_ON;
}

int rca_translation_load(struct translation *t, const struct sock_filter *f)
{
    switch (f->code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_LD | BPF_H | BPF_ABS:
    case BPF_LD | BPF_B | BPF_ABS:
        return load_absolute(t, f, A);
    case BPF_LD | BPF_W | BPF_IND:
    case BPF_LD | BPF_H | BPF_IND:
    case BPF_LD | BPF_B | BPF_IND:
        return load_indexed(t, f);
    case BPF_LDX | BPF_B | BPF_MSH:
        return load_header_length(t, f);
    case BPF_LD | BPF_MEM:
        return load_memory(t, f, A);
    case BPF_LDX | BPF_MEM:
        return load_memory(t, f, X);
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
        alu_k(t, BPF_MOV, BPF_CLASS(f->code) == BPF_LD ? A : X, f->k);
        return GO_ON;
    case BPF_LD | BPF_LEN:
    case BPF_LDX | BPF_LEN:
        alu_x(t, BPF_MOV, BPF_CLASS(f->code) == BPF_LD ? A : X, LENGTH);
        return GO_ON;
    case BPF_ST:
    case BPF_STX:
        return store(t, f, f->code == BPF_ST ? A : X);
    default:
        return refuse(t, "an unknown instruction", (size_t)(f - t->in));
    }
}
