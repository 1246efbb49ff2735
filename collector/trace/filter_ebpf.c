/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The accumulator A is r0 and the index X r4, always as 32 bits with 0 above;
 * r5 is for addresses; r1 to r3 stay as they came. The 16 words of memory are
 * the stack's first 64 bytes. A packet is accepted or rejected at one place
 * each, at the end.
 *
 * The verifier must see the bounds of every load: of one at a constant offset
 * they are constant; else X is compared with what fits in @snap, as 64 bits, and
 * then what is loaded with r2, which is exact. It does not take instructions
 * that nothing reaches: as jumps go forward only, one pass knows those when it
 * comes to them, and leaves them out.
 */

#include "collector/trace/filter_ebpf.h"

#include <errno.h>
#include <string.h>

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

static void translation_done(struct translation *t)
{
    free(t->out);
    free(t->to);
    free(t->at);
    free(t->reached);
}

static size_t at_reject(const struct translation *t)
{
    return t->n;
}

static size_t at_accept(const struct translation *t)
{
    return t->n + 1;
}

static size_t at_end(const struct translation *t)
{
    return t->n + 2;
}

static int refuse(const struct translation *t, const char *why, size_t i)
{
    return rca_diag_set(t->diag, RCA_ENOSUPPORT, "", 0,
                        "the kernel cannot run the filter: %s (instruction "
                        "%zu)",
                        why, i);
}

static void put(struct translation *t, struct bpf_insn insn)
{
    t->out[t->n_out++] = insn;
}

/* As 32 bits: @op is BPF_ADD, BPF_MOV, ... */
static void alu_k(struct translation *t, unsigned op, unsigned reg, uint32_t k)
{
    put(t, (struct bpf_insn){.code = (__u8)(BPF_ALU | op | BPF_K),
                             .dst_reg = reg & 15,
                             .imm = (__s32)k});
}

static void alu_x(struct translation *t, unsigned op, unsigned reg,
                  unsigned from)
{
    put(t, (struct bpf_insn){.code = (__u8)(BPF_ALU | op | BPF_X),
                             .dst_reg = reg & 15,
                             .src_reg = from & 15});
}

/* Where a jump to @place ends: one that only jumps on or returns is not worth
 * the way. */
static size_t destination(const struct translation *t, size_t place)
{
    while (place < t->n) {
        const struct sock_filter *f = &t->in[place];

        if (f->code == (BPF_RET | BPF_K))
            return f->k ? at_accept(t) : at_reject(t);
        if (f->code != (BPF_JMP | BPF_JA) || f->k >= t->n - place - 1)
            return place;
        place += 1 + f->k;
    }
    return place;
}

/* Jump to @place if @insn, a jump without its offset, says so. */
static void jump_if(struct translation *t, struct bpf_insn insn, size_t place)
{
    t->reached[place] = 1;
    t->to[t->n_out] = place + 1;
    put(t, insn);
}

static void jump(struct translation *t, size_t place)
{
    jump_if(t, (struct bpf_insn){.code = BPF_JMP | BPF_JA}, place);
}

static int reject_here(struct translation *t)
{
    jump(t, at_reject(t));
    return END;
}

/* --- loads ------------------------------------------------------------------- */

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

/* --- arithmetic -------------------------------------------------------------- */

/* BPF_LSH and BPF_RSH by X: 32 and more leave nothing */
static void shift(struct translation *t, unsigned op)
{
    put(t, (struct bpf_insn){.code = BPF_JMP32 | BPF_JLT | BPF_K,
                             .dst_reg = X,
                             .off = 2,
                             .imm = 32});
    alu_k(t, BPF_MOV, A, 0);
    put(t, (struct bpf_insn){.code = BPF_JMP | BPF_JA, .off = 1});
    alu_x(t, op, A, X);
}

static int arithmetic_x(struct translation *t, unsigned op)
{
    if (op == BPF_LSH || op == BPF_RSH) {
        shift(t, op);
        return GO_ON;
    }
    if (op == BPF_DIV || op == BPF_MOD)
        jump_if(t,
                (struct bpf_insn){.code = BPF_JMP32 | BPF_JEQ | BPF_K,
                                  .dst_reg = X},
                at_reject(t));
    alu_x(t, op, A, X);
    return GO_ON;
}

static int arithmetic(struct translation *t, const struct sock_filter *f)
{
    const unsigned op = BPF_OP(f->code);

    if (f->code == (BPF_ALU | BPF_NEG)) {
        alu_k(t, BPF_NEG, A, 0);
        return GO_ON;
    }
    if (op == BPF_NEG || op > BPF_XOR)
        return refuse(t, "an unknown instruction", (size_t)(f - t->in));
    if (BPF_SRC(f->code) == BPF_X)
        return arithmetic_x(t, op);
    if ((op == BPF_LSH || op == BPF_RSH) && f->k >= 32)
        return refuse(t, "a shift by 32 bits or more", (size_t)(f - t->in));
    if ((op == BPF_DIV || op == BPF_MOD) && f->k == 0)
        return refuse(t, "a division by 0", (size_t)(f - t->in));
    alu_k(t, op, A, f->k);
    return GO_ON;
}

/* --- jumps ------------------------------------------------------------------- */

/* The opposite comparison; BPF_JSET has none. */
static unsigned opposite(unsigned op)
{
    switch (op) {
    case BPF_JEQ:
        return BPF_JNE;
    case BPF_JGT:
        return BPF_JLE;
    case BPF_JGE:
        return BPF_JLT;
    default:
        return 0;
    }
}

static int branch(struct translation *t, const struct sock_filter *f)
{
    const size_t next = (size_t)(f - t->in) + 1;
    unsigned op = BPF_OP(f->code);
    size_t yes = destination(t, next + f->jt);
    size_t no = destination(t, next + f->jf);

    if (yes == no) {
        jump(t, yes);
        return END;
    }
    if (yes == next && opposite(op)) {
        op = opposite(op);
        yes = no;
        no = next;
    }
    jump_if(
        t,
        (struct bpf_insn){.code = (__u8)(BPF_JMP32 | op | BPF_SRC(f->code)),
                          .dst_reg = A,
                          .src_reg = BPF_SRC(f->code) == BPF_X ? X : 0,
                          .imm = BPF_SRC(f->code) == BPF_X ? 0 : (__s32)f->k},
        yes);
    if (no == next)
        return GO_ON;
    jump(t, no);
    return END;
}

static int jump_classic(struct translation *t, const struct sock_filter *f)
{
    const size_t i = (size_t)(f - t->in), left = t->n - i - 1;

    if (f->code == (BPF_JMP | BPF_JA)) {
        if ((int32_t)f->k < 0)
            return refuse(t, "it has a loop, as of 'protochain'", i);
        if (f->k >= left)
            return refuse(t, "a jump past its end", i);
        jump(t, destination(t, i + 1 + f->k));
        return END;
    }
    if (BPF_OP(f->code) == BPF_JA || BPF_OP(f->code) > BPF_JSET)
        return refuse(t, "an unknown instruction", i);
    if (f->jt >= left || f->jf >= left)
        return refuse(t, "a jump past its end", i);
    return branch(t, f);
}

static int give_back(struct translation *t, const struct sock_filter *f)
{
    if (f->code == (BPF_RET | BPF_K)) {
        jump(t, f->k ? at_accept(t) : at_reject(t));
        return END;
    }
    if (f->code != (BPF_RET | BPF_A))
        return refuse(t, "an unknown instruction", (size_t)(f - t->in));
    jump_if(
        t, (struct bpf_insn){.code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = A},
        at_accept(t));
    return reject_here(t);
}

/* --- the whole --------------------------------------------------------------- */

static int load(struct translation *t, const struct sock_filter *f)
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
    default:
        return refuse(t, "an unknown instruction", (size_t)(f - t->in));
    }
}

static int step(struct translation *t, const struct sock_filter *f)
{
    if (f->code > UINT8_MAX)
        return refuse(t, "an unknown instruction", (size_t)(f - t->in));
    switch (BPF_CLASS(f->code)) {
    case BPF_ALU:
        return arithmetic(t, f);
    case BPF_JMP:
        return jump_classic(t, f);
    case BPF_RET:
        return give_back(t, f);
    default:
        break;
    }
    switch (f->code) {
    case BPF_ST:
        return store(t, f, A);
    case BPF_STX:
        return store(t, f, X);
    case BPF_MISC | BPF_TAX:
        alu_x(t, BPF_MOV, X, A);
        return GO_ON;
    case BPF_MISC | BPF_TXA:
        alu_x(t, BPF_MOV, A, X);
        return GO_ON;
    default:
        return load(t, f);
    }
}

/* A, X and the words of memory that are read begin as 0. */
static void begin(struct translation *t)
{
    unsigned read = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct sock_filter *f = &t->in[i];

        if ((f->code == (BPF_LD | BPF_MEM) || f->code == (BPF_LDX | BPF_MEM)) &&
            f->k < BPF_MEMWORDS)
            read |= 1U << f->k;
    }
    alu_k(t, BPF_MOV, A, 0);
    alu_k(t, BPF_MOV, X, 0);
    for (int k = 0; k < BPF_MEMWORDS; k++) {
        if (read & 1U << k)
            put(t, (struct bpf_insn){.code = BPF_ST | BPF_MEM | BPF_W,
                                     .dst_reg = STACK,
                                     .off = (__s16)(MEMORY + WORD * k)});
    }
}

static void finish(struct translation *t)
{
    if (t->reached[at_accept(t)]) {
        t->at[at_accept(t)] = t->n_out;
        alu_k(t, BPF_MOV, A, 1);
        if (t->reached[at_reject(t)])
            jump(t, at_end(t));
    }
    if (t->reached[at_reject(t)]) {
        t->at[at_reject(t)] = t->n_out;
        alu_k(t, BPF_MOV, A, 0);
    }
    t->at[at_end(t)] = t->n_out;
}

/* All jumps go forward: @to is after it. */
static int resolve(struct translation *t)
{
    for (size_t i = 0; i < t->n_out; i++) {
        size_t distance;

        if (!t->to[i])
            continue;
        distance = t->at[t->to[i] - 1] - i - 1;
        if (distance > INT16_MAX)
            return rca_diag_set(t->diag, RCA_ENOSUPPORT, "", 0,
                                "the kernel cannot run the filter: it is too "
                                "long (%zu instructions)",
                                t->n_out);
        t->out[i].off = (__s16)distance;
    }
    return 0;
}

static int translate(struct translation *t)
{
    begin(t);
    t->reached[0] = 1;
    for (size_t i = 0; i < t->n; i++) {
        int r;

        if (!t->reached[i])
            continue;
        t->at[i] = t->n_out;
        r = step(t, &t->in[i]);
        if (r < 0)
            return r;
        if (r == GO_ON && i + 1 == t->n)
            return refuse(t, "it does not return", i);
        if (r == GO_ON)
            t->reached[i + 1] = 1;
    }
    finish(t);
    return resolve(t);
}

int rca_classic_translate(const struct sock_filter *insns, size_t n,
                          size_t snap, struct rca_diag *diag,
                          struct rca_trace_code *ret_code)
{
    const size_t most = n * MOST_OF_ONE + MOST_AROUND;
    struct translation t RCA_CLEANUP(translation_done) = {
        .in = insns, .n = n, .snap = snap, .diag = diag};
    int r;

    assert(snap <= INT16_MAX);
    if (n == 0)
        return refuse(&t, "it is empty", 0);
    t.out = calloc(most, sizeof(*t.out));
    t.to = calloc(most, sizeof(*t.to));
    t.at = calloc(n + 3, sizeof(*t.at));
    t.reached = calloc(n + 3, sizeof(*t.reached));
    if (!t.out || !t.to || !t.at || !t.reached)
        return -ENOMEM;
    r = translate(&t);
    if (r)
        return r;
    ret_code->n = t.n_out;
    ret_code->insns = RCA_TAKE(t.out);
    return 0;
}
