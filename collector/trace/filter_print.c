/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * eBPF as text, in the spelling of the kernel's verifier: w0 is the low half of
 * r0. Enough for what filters are made of.
 */

#include "collector/trace/filter.h"

static const char *const alu[16] = {"+=",  "-=", "*=", "/=", "|=", "&=",  "<<=",
                                    ">>=", NULL, "%=", "^=", "=",  "s>>="};
static const char *const comparison[16] = {NULL, "==", ">",   ">=", "&",
                                           "!=", "s>", "s>=", NULL, NULL,
                                           "<",  "<=", "s<",  "s<="};
static const char *const size[4] = {"u32", "u16", "u8", "u64"};

static const char *size_of(struct bpf_insn insn)
{
    return size[BPF_SIZE(insn.code) >> 3];
}

static void put_operand(struct rca_buf *buf, struct bpf_insn insn, char bank)
{
    if (BPF_SRC(insn.code) == BPF_X)
        rca_buf_fmt(buf, "%c%u", bank, insn.src_reg);
    else if (insn.imm < 0)
        rca_buf_fmt(buf, "0x%x", (unsigned)insn.imm);
    else
        rca_buf_fmt(buf, "%d", insn.imm);
}

static void put_alu(struct rca_buf *buf, struct bpf_insn insn)
{
    const char bank = BPF_CLASS(insn.code) == BPF_ALU64 ? 'r' : 'w';
    const unsigned op = BPF_OP(insn.code), to = insn.dst_reg;

    if (op == BPF_NEG) {
        rca_buf_fmt(buf, "%c%u = -%c%u", bank, to, bank, to);
    } else if (op == BPF_END) {
        rca_buf_fmt(buf, "r%u = %s%d r%u", to,
                    BPF_SRC(insn.code) == BPF_TO_BE ? "be" : "le", insn.imm,
                    to);
    } else if (alu[op >> 4]) {
        rca_buf_fmt(buf, "%c%u %s ", bank, to, alu[op >> 4]);
        put_operand(buf, insn, bank);
    }
}

static void put_jump(struct rca_buf *buf, struct bpf_insn insn, size_t at)
{
    const char bank = BPF_CLASS(insn.code) == BPF_JMP32 ? 'w' : 'r';
    const unsigned op = BPF_OP(insn.code);

    if (op == BPF_EXIT) {
        rca_buf_str(buf, "exit");
        return;
    }
    if (op == BPF_CALL) {
        rca_buf_fmt(buf, "call %d", insn.imm);
        return;
    }
    if (comparison[op >> 4]) {
        rca_buf_fmt(buf, "if %c%u %s ", bank, insn.dst_reg,
                    comparison[op >> 4]);
        put_operand(buf, insn, bank);
        rca_buf_str(buf, " ");
    }
    rca_buf_fmt(buf, "goto %zu", (size_t)((ptrdiff_t)at + 1 + insn.off));
}

static void put_memory(struct rca_buf *buf, struct bpf_insn insn)
{
    const unsigned class = BPF_CLASS(insn.code);

    if (class == BPF_LDX)
        rca_buf_fmt(buf, "r%u = *(%s *)(r%u %+d)", insn.dst_reg, size_of(insn),
                    insn.src_reg, insn.off);
    else if (class == BPF_STX)
        rca_buf_fmt(buf, "*(%s *)(r%u %+d) = r%u", size_of(insn), insn.dst_reg,
                    insn.off, insn.src_reg);
    else
        rca_buf_fmt(buf, "*(%s *)(r%u %+d) = %d", size_of(insn), insn.dst_reg,
                    insn.off, insn.imm);
}

/* The only one of two: a constant of 64 bits. */
static void put_wide(struct rca_buf *buf, const struct bpf_insn *insn)
{
    const uint64_t high = (uint32_t)insn[1].imm;

    rca_buf_fmt(buf, "r%u = 0x%llx", insn->dst_reg,
                (unsigned long long)(high << 32 | (uint32_t)insn->imm));
}

/* Return: how many instructions that were. */
static size_t put_one(struct rca_buf *buf, const struct rca_trace_code *code,
                      size_t i)
{
    const struct bpf_insn insn = code->insns[i];

    switch (BPF_CLASS(insn.code)) {
    case BPF_ALU:
    case BPF_ALU64:
        put_alu(buf, insn);
        return 1;
    case BPF_JMP:
    case BPF_JMP32:
        put_jump(buf, insn, i);
        return 1;
    case BPF_LD:
        if (i + 1 < code->n)
            put_wide(buf, &code->insns[i]);
        return 2;
    default:
        put_memory(buf, insn);
        return 1;
    }
}

void rca_trace_code_print(const struct rca_trace_code *code,
                          struct rca_buf *buf)
{
    for (size_t i = 0; i < code->n;) {
        rca_buf_fmt(buf, "(%03zu) ", i);
        i += put_one(buf, code, i);
        rca_buf_str(buf, "\n");
    }
}
