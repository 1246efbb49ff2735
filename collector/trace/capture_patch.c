/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/capture_patch.h"

#include <errno.h>
#include <string.h>

#define INSN sizeof(struct bpf_insn)
#define SKIP 2 /* instructions that jump over the rest */

static struct bpf_insn get(const unsigned char *at)
{
    struct bpf_insn insn;

    memcpy(&insn, at, INSN);
    return insn;
}

static _Bool is_mark(const struct bpf_insn *insn, uint32_t magic)
{
    return insn->code == (BPF_ALU64 | BPF_MOV | BPF_K) && insn->dst_reg == 0 &&
           (uint32_t)insn->imm == magic;
}

static _Bool is_nothing(const struct bpf_insn *insn)
{
    return insn->code == (BPF_JMP | BPF_JA) && insn->off == 0 && insn->imm == 0;
}

static _Bool is_place(const unsigned char *at, size_t left, uint32_t magic,
                      size_t room)
{
    struct bpf_insn insn;

    if (left / INSN <= room)
        return 0;
    insn = get(at);
    if (!is_mark(&insn, magic))
        return 0;
    for (size_t i = 1; i <= room; i++) {
        insn = get(at + i * INSN);
        if (!is_nothing(&insn))
            return 0;
    }
    return 1;
}

static void write_code(unsigned char *place, size_t room,
                       const struct rca_trace_code *code)
{
    const size_t left = room - code->n;
    const struct bpf_insn rest[SKIP] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_5},
        {.code = BPF_JMP | BPF_JEQ | BPF_K,
         .dst_reg = BPF_REG_5,
         .off = (__s16)(left - SKIP)},
    };

    if (code->n)
        memcpy(place, code->insns, code->n * INSN);
    if (left > SKIP && left <= INT16_MAX)
        memcpy(place + code->n * INSN, rest, sizeof(rest));
}

/* Code lies at multiples of 8 in the file. */
int rca_trace_patch(void *elf, size_t size, uint32_t magic, size_t room,
                    const struct rca_trace_code *code)
{
    unsigned char *bytes = (unsigned char *)elf, *place = NULL;

    if (code->n > room)
        return -E2BIG;
    for (size_t i = 0; i + INSN <= size; i += INSN) {
        if (!is_place(bytes + i, size - i, magic, room))
            continue;
        if (place)
            return RCA_ECORRUPT;
        place = bytes + i + INSN;
    }
    if (!place)
        return RCA_ECORRUPT;
    write_code(place, room, code);
    return 0;
}
