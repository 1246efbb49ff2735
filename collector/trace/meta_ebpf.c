/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * meta_ebpf - the tree as eBPF that jumps past what no longer matters.
 *
 * Code for a node jumps to a label if the node is @want, and falls through
 * otherwise; so a chain of "and" is a jump for each part. All jumps go forward,
 * to labels that are placed later: those that wait for one are a list through
 * their own offsets. What r0 holds is known between two labels, and is not
 * loaded twice.
 *
 * Source: Aho, Lam, Sethi, Ullman, Compilers, 2nd ed. 2006, section 6.6
 * (short-circuit code) and 6.7 (backpatching).
 */

#include <errno.h>
#include <string.h>

#include "collector/trace/meta_own.h"

/* struct emitter - @loaded: the test whose number is in r0; size 0: none */
struct emitter {
    const struct rca_trace_meta *meta;
    struct bpf_insn *insns; /* RCA_TRACE_META_CODE of them */
    size_t n;
    struct rca_meta_test loaded;
    _Bool full;
};

/* The last jump to a label that is not placed yet, 1 more than its number; 0:
 * nobody jumps there. Its offset is how far back the one before it is. */
struct label {
    size_t last;
};

static void emit(struct emitter *e, struct bpf_insn insn)
{
    if (e->n == RCA_TRACE_META_CODE)
        e->full = 1;
    else
        e->insns[e->n++] = insn;
}

/* r2 = @value, 64 bits: two instructions. */
static void emit_number(struct emitter *e, uint64_t value)
{
    emit(e, (struct bpf_insn){.code = BPF_LD | BPF_DW,
                              .dst_reg = BPF_REG_2,
                              .imm = (__s32)(uint32_t)value});
    emit(e, (struct bpf_insn){.imm = (__s32)(uint32_t)(value >> 32)});
}

static void jump(struct emitter *e, struct bpf_insn insn, struct label *to)
{
    insn.off = (__s16)(to->last ? e->n + 1 - to->last : 0);
    emit(e, insn);
    to->last = e->n;
}

static void place(struct emitter *e, const struct label *label)
{
    size_t at = label->last;

    while (at && !e->full) {
        struct bpf_insn *insn = &e->insns[at - 1];
        const size_t back = (size_t)insn->off;

        insn->off = (__s16)(e->n - at);
        at = back ? at - back : 0;
    }
    if (label->last)
        e->loaded.size = 0;
}

/* --- tests --------------------------------------------------------------------- */

static uint64_t all_of(uint8_t size)
{
    return size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

/* r0 = the number, masked. */
static void load(struct emitter *e, const struct rca_meta_test *test)
{
    static const uint8_t sizes[] = {
        [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};
    const uint64_t all = all_of(test->size), mask = test->mask & all;

    if (e->loaded.size == test->size && e->loaded.offset == test->offset &&
        e->loaded.mask == mask)
        return;
    emit(e, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | sizes[test->size],
                              .dst_reg = BPF_REG_0,
                              .src_reg = BPF_REG_1,
                              .off = (__s16)test->offset});
    if (mask != all && test->size < 8) {
        emit(e, (struct bpf_insn){.code = BPF_ALU | BPF_AND | BPF_K,
                                  .dst_reg = BPF_REG_0,
                                  .imm = (__s32)(uint32_t)mask});
    } else if (mask != all) {
        emit_number(e, mask);
        emit(e, (struct bpf_insn){.code = BPF_ALU64 | BPF_AND | BPF_X,
                                  .dst_reg = BPF_REG_0,
                                  .src_reg = BPF_REG_2});
    }
    e->loaded = (struct rca_meta_test){
        .offset = test->offset, .size = test->size, .mask = mask};
}

/* Jumps if the test is @want. Up to 32 bits, all in one instruction; values
 * that the number cannot have were refused. */
static void emit_test(struct emitter *e, const struct rca_meta_test *test,
                      _Bool want, struct label *to)
{
    static const uint8_t codes[RCA_META_OPS][2] = {
        [RCA_META_EQ] = {BPF_JNE, BPF_JEQ}, [RCA_META_NE] = {BPF_JEQ, BPF_JNE},
        [RCA_META_LT] = {BPF_JGE, BPF_JLT}, [RCA_META_LE] = {BPF_JGT, BPF_JLE},
        [RCA_META_GT] = {BPF_JLE, BPF_JGT}, [RCA_META_GE] = {BPF_JLT, BPF_JGE},
    };
    const uint8_t code = codes[test->op][want];

    load(e, test);
    if (test->size < 8) {
        jump(e,
             (struct bpf_insn){.code = BPF_JMP32 | code | BPF_K,
                               .dst_reg = BPF_REG_0,
                               .imm = (__s32)(uint32_t)test->value},
             to);
        return;
    }
    emit_number(e, test->value);
    jump(e,
         (struct bpf_insn){.code = BPF_JMP | code | BPF_X,
                           .dst_reg = BPF_REG_0,
                           .src_reg = BPF_REG_2},
         to);
}

/* --- the tree -------------------------------------------------------------------- */

static void emit_node(struct emitter *e, uint32_t node, _Bool want,
                      struct label *to);

/* A part that is @ends settles it: of "any" one that is true. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be */
static void emit_parts(struct emitter *e, const struct rca_meta_node *n,
                       _Bool want, struct label *to)
{
    const _Bool ends = n->kind == RCA_META_ANY;
    struct label past = {0};

    for (uint32_t part = n->first; part; part = e->meta->nodes[part].next) {
        const _Bool is_last = !e->meta->nodes[part].next;

        if (ends == want)
            emit_node(e, part, want, to);
        else
            emit_node(e, part, is_last ? want : ends, is_last ? to : &past);
    }
    if (!n->first && want != ends)
        jump(e, (struct bpf_insn){.code = BPF_JMP | BPF_JA}, to);
    place(e, &past);
}

/* NOLINTNEXTLINE(misc-no-recursion): as emit_parts() */
static void emit_node(struct emitter *e, uint32_t node, _Bool want,
                      struct label *to)
{
    const struct rca_meta_node *n = &e->meta->nodes[node];

    if (n->kind == RCA_META_TEST)
        emit_test(e, &n->test, want, to);
    else if (n->kind == RCA_META_NOT)
        emit_node(e, n->first, !want, to);
    else
        emit_parts(e, n, want, to);
}

/* r5 = @value: what comes out. */
static void emit_set(struct emitter *e, int value)
{
    emit(e, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K,
                              .dst_reg = BPF_REG_5,
                              .imm = value});
}

int rca_trace_meta_translate(const struct rca_trace_meta *meta,
                             struct rca_trace_code *ret_code)
{
    struct bpf_insn *insns RCA_CLEANUP(rca_freep) =
        calloc(RCA_TRACE_META_CODE, sizeof(*insns));
    struct emitter e = {.meta = meta, .insns = insns};
    struct label out = {0};

    if (!insns)
        return -ENOMEM;
    emit_set(&e, 0);
    if (meta->root)
        emit_node(&e, meta->root, 0, &out);
    emit_set(&e, 1);
    place(&e, &out);
    emit(&e, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
                               .dst_reg = BPF_REG_0,
                               .src_reg = BPF_REG_5});
    if (e.full)
        return -E2BIG;
    *ret_code = (struct rca_trace_code){.insns = RCA_TAKE(insns), .n = e.n};
    return 0;
}
