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

#include "collector/trace/filter_own.h"

static void translation_done(struct translation *t)
{
    free(t->out);
    free(t->to);
    free(t->at);
    free(t->reached);
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
    case BPF_MISC | BPF_TAX:
        alu_x(t, BPF_MOV, X, A);
        return GO_ON;
    case BPF_MISC | BPF_TXA:
        alu_x(t, BPF_MOV, A, X);
        return GO_ON;
    default:
        return rca_translation_load(t, f);
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
