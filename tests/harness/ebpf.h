/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * ebpf - a small interpreter of eBPF for the code of packet filters, which also
 * holds it to its contract (collector/trace/filter.h): only r0 to r5, forward
 * jumps, reads within the packet and 64 bytes of stack that were written, the
 * one end.
 *
 * Source: Linux, Documentation/bpf/standardization/instruction-set.rst.
 */

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EBPF_PACKET UINT64_C(0x100000000000) /* addresses that are no numbers */
#define EBPF_STACK UINT64_C(0x200000000000)
#define EBPF_STACK_SIZE 64

/** struct ebpf - @why: what was broken, NULL if nothing */
struct ebpf {
    uint64_t reg[11];
    const unsigned char *packet;
    size_t snap;
    unsigned char stack[EBPF_STACK_SIZE];
    _Bool written[EBPF_STACK_SIZE];
    const char *why;
};

static inline uint64_t ebpf_alu(struct ebpf *e, unsigned op, uint64_t a,
                                uint64_t b, unsigned bits)
{
    switch (op) {
    case BPF_ADD:
        return a + b;
    case BPF_SUB:
        return a - b;
    case BPF_MUL:
        return a * b;
    case BPF_DIV:
        return b ? a / b : 0;
    case BPF_MOD:
        return b ? a % b : a;
    case BPF_OR:
        return a | b;
    case BPF_AND:
        return a & b;
    case BPF_XOR:
        return a ^ b;
    case BPF_LSH:
        return a << (b & (bits - 1));
    case BPF_RSH:
        return a >> (b & (bits - 1));
    case BPF_NEG:
        return -a;
    case BPF_MOV:
        return b;
    default:
        e->why = "unknown arithmetic";
        return 0;
    }
}

static inline _Bool ebpf_compare(struct ebpf *e, unsigned op, uint64_t a,
                                 uint64_t b)
{
    switch (op) {
    case BPF_JA:
        return 1;
    case BPF_JEQ:
        return a == b;
    case BPF_JNE:
        return a != b;
    case BPF_JGT:
        return a > b;
    case BPF_JGE:
        return a >= b;
    case BPF_JLT:
        return a < b;
    case BPF_JLE:
        return a <= b;
    case BPF_JSET:
        return (a & b) != 0;
    default:
        e->why = "unknown comparison";
        return 0;
    }
}

static inline size_t ebpf_size(unsigned code)
{
    static const size_t size[] = {4, 2, 1, 8};

    return size[BPF_SIZE(code) >> 3];
}

static inline void ebpf_store(struct ebpf *e, struct bpf_insn i)
{
    const uint64_t at = e->reg[i.dst_reg] + (uint64_t)(int64_t)i.off -
                        (EBPF_STACK - EBPF_STACK_SIZE);
    const size_t n = ebpf_size(i.code);
    const uint64_t value = BPF_CLASS(i.code) == BPF_ST
                               ? (uint64_t)(int64_t)i.imm
                               : e->reg[i.src_reg];

    if (at > EBPF_STACK_SIZE || n > EBPF_STACK_SIZE - at) {
        e->why = "writes outside the stack";
        return;
    }
    memcpy(e->stack + at, &value, n); /* little-endian */
    memset(e->written + at, 1, n);
}

static inline void ebpf_load(struct ebpf *e, struct bpf_insn i)
{
    const uint64_t from = e->reg[i.src_reg] + (uint64_t)(int64_t)i.off;
    const uint64_t packet = from - EBPF_PACKET;
    const uint64_t stack = from - (EBPF_STACK - EBPF_STACK_SIZE);
    const size_t n = ebpf_size(i.code);
    uint64_t value = 0;

    if (packet <= e->snap && n <= e->snap - packet) {
        memcpy(&value, e->packet + packet, n);
    } else if (stack <= EBPF_STACK_SIZE && n <= EBPF_STACK_SIZE - stack) {
        if (memchr(e->written + stack, 0, n))
            e->why = "reads what was not written";
        memcpy(&value, e->stack + stack, n);
    } else {
        e->why = "reads outside packet and stack";
    }
    e->reg[i.dst_reg] = value;
}

static inline void ebpf_swap(struct ebpf *e, struct bpf_insn i)
{
    const uint64_t v = e->reg[i.dst_reg];

    if (BPF_SRC(i.code) != BPF_TO_BE || (i.imm != 16 && i.imm != 32))
        e->why = "unknown change of byte order";
    else
        e->reg[i.dst_reg] = i.imm == 16 ? __builtin_bswap16((uint16_t)v)
                                        : __builtin_bswap32((uint32_t)v);
}

static inline void ebpf_arithmetic(struct ebpf *e, struct bpf_insn i)
{
    const _Bool wide = BPF_CLASS(i.code) == BPF_ALU64;
    uint64_t a = e->reg[i.dst_reg];
    uint64_t b =
        BPF_SRC(i.code) == BPF_X ? e->reg[i.src_reg] : (uint64_t)(int64_t)i.imm;

    if (BPF_OP(i.code) == BPF_END) {
        ebpf_swap(e, i);
        return;
    }
    if (!wide) {
        a = (uint32_t)a;
        b = (uint32_t)b;
    }
    a = ebpf_alu(e, BPF_OP(i.code), a, b, wide ? 64 : 32);
    e->reg[i.dst_reg] = wide ? a : (uint32_t)a;
}

/* Return: how many instructions to pass over. */
static inline size_t ebpf_jump(struct ebpf *e, struct bpf_insn i)
{
    const _Bool wide = BPF_CLASS(i.code) == BPF_JMP;
    uint64_t a = e->reg[i.dst_reg];
    uint64_t b =
        BPF_SRC(i.code) == BPF_X ? e->reg[i.src_reg] : (uint64_t)(int64_t)i.imm;

    if (i.off < 0)
        e->why = "jumps back";
    if (!wide) {
        a = (uint32_t)a;
        b = (uint32_t)b;
    }
    return ebpf_compare(e, BPF_OP(i.code), a, b) ? (size_t)i.off : 0;
}

static inline size_t ebpf_step(struct ebpf *e, struct bpf_insn i)
{
    const unsigned class = BPF_CLASS(i.code);
    const _Bool memory = class == BPF_ST || class == BPF_STX;

    if ((i.dst_reg > 5 && !(memory && i.dst_reg == 10)) ||
        (i.src_reg > 5 && !(class == BPF_LDX && i.src_reg == 10)))
        e->why = "uses a register that is not its own";
    else if (memory)
        ebpf_store(e, i);
    else if (class == BPF_LDX)
        ebpf_load(e, i);
    else if (class == BPF_ALU || class == BPF_ALU64)
        ebpf_arithmetic(e, i);
    else if (class == BPF_JMP || class == BPF_JMP32)
        return ebpf_jump(e, i);
    else
        e->why = "an unknown instruction";
    return 0;
}

/* A number of 64 bits takes the place of two instructions. */
static inline size_t ebpf_wide(struct ebpf *e, const struct bpf_insn *i,
                               size_t left)
{
    if (left < 2 || i[1].code || i[0].src_reg || i[0].dst_reg > 5) {
        e->why = "an unknown load of a number";
        return 0;
    }
    e->reg[i[0].dst_reg] =
        (uint64_t)(uint32_t)i[1].imm << 32 | (uint32_t)i[0].imm;
    return 1;
}

/** struct ebpf_packet - @captured bytes of its @length are there; @snap bytes of
 * @bytes may be read */
struct ebpf_packet {
    const unsigned char *bytes;
    size_t snap, captured, length;
};

/** ebpf_run() - what the code decides; -1: it breaks its contract, and @ret_why
 * says how */
static inline int ebpf_run(const struct bpf_insn *insns, size_t n,
                           const struct ebpf_packet *packet,
                           const char **ret_why)
{
    struct ebpf e = {.packet = packet->bytes, .snap = packet->snap};
    size_t pc = 0;

    e.reg[0] = UINT64_C(0xdead0000dead); /* as it may come */
    e.reg[1] = EBPF_PACKET;
    e.reg[2] = packet->captured;
    e.reg[3] = packet->length;
    e.reg[4] = e.reg[5] = UINT64_MAX;
    e.reg[10] = EBPF_STACK;
    while (pc < n && !e.why) {
        const struct bpf_insn i = insns[pc];

        if (i.code == (BPF_LD | BPF_DW))
            pc += 1 + ebpf_wide(&e, &insns[pc], n - pc);
        else
            pc += 1 + ebpf_step(&e, i);
    }
    if (!e.why && pc != n)
        e.why = "ends elsewhere";
    if (!e.why && e.reg[0] > 1)
        e.why = "the answer is neither 0 nor 1";
    *ret_why = e.why;
    return e.why ? -1 : (int)e.reg[0];
}
