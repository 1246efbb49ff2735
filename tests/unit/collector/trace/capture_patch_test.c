/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/capture_patch.h"

#include <errno.h>
#include <string.h>

#include "bpf/events_trace_place.h"
#include "bpf/trace.skel.h"
#include "tests/harness/test.h"

#define MAGIC 0x12345678
#define ROOM 8
#define LENGTH 20
#define AT 5 /* instruction of the mark */

static const struct bpf_insn nothing = {.code = BPF_JMP | BPF_JA};
static const struct bpf_insn mark = {.code = BPF_ALU64 | BPF_MOV | BPF_K,
                                     .imm = MAGIC};
static const struct bpf_insn other = {
    .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = MAGIC};

/* Any code, with one place in it. */
static void make(struct bpf_insn code[LENGTH])
{
    for (size_t i = 0; i < LENGTH; i++)
        code[i] = i > AT && i <= AT + ROOM ? nothing : other;
    code[AT] = mark;
}

static _Bool same(const struct bpf_insn *a, const struct bpf_insn *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static int patch(struct bpf_insn code[LENGTH], struct bpf_insn *insns, size_t n)
{
    const struct rca_trace_code filter = {.insns = insns, .n = n};

    return rca_trace_patch(code, LENGTH * sizeof(*code), MAGIC, ROOM, &filter);
}

static void code_is_written_behind_the_mark(void **state)
{
    struct bpf_insn code[LENGTH], was[LENGTH];
    struct bpf_insn filter[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
    };

    (void)state;
    make(code);
    memcpy(was, code, sizeof(was));
    assert_ok(patch(code, filter, 2));
    for (size_t i = 0; i < LENGTH; i++) {
        if (i <= AT || i > AT + 4)
            assert_true(same(&code[i], &was[i]));
    }
    assert_true(same(&code[AT + 1], &filter[0]));
    assert_true(same(&code[AT + 2], &filter[1]));
}

/* r5 = 0; if r5 == 0 goto the end of the place */
static void the_rest_is_jumped_over(void **state)
{
    struct bpf_insn code[LENGTH];
    struct bpf_insn filter = {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1};

    (void)state;
    make(code);
    assert_ok(patch(code, &filter, 1));
    assert_int_equal(code[AT + 2].code, BPF_ALU64 | BPF_MOV | BPF_K);
    assert_int_equal(code[AT + 2].dst_reg, BPF_REG_5);
    assert_int_equal(code[AT + 2].imm, 0);
    assert_int_equal(code[AT + 3].code, BPF_JMP | BPF_JEQ | BPF_K);
    assert_int_equal(code[AT + 3].dst_reg, BPF_REG_5);
    assert_int_equal(AT + 3 + 1 + code[AT + 3].off, AT + ROOM + 1);
}

static void a_place_may_be_filled(void **state)
{
    struct bpf_insn code[LENGTH];
    struct bpf_insn filter[ROOM + 1];

    (void)state;
    for (size_t n = ROOM - 2; n <= ROOM; n++) {
        make(code);
        memset(filter, 0x55, sizeof(filter));
        assert_ok(patch(code, filter, n));
        for (size_t i = 0; i < ROOM; i++)
            assert_true(same(&code[AT + 1 + i], i < n ? &filter[i] : &nothing));
    }
    assert_int_equal(patch(code, filter, ROOM + 1), -E2BIG);
}

static void what_is_no_place_is_left_alone(void **state)
{
    struct bpf_insn code[LENGTH], was[LENGTH];
    struct bpf_insn filter = {.imm = 1};

    (void)state;
    for (int broken = 0; broken < 4; broken++) {
        make(code);
        if (broken == 0)
            code[AT].imm++;
        if (broken == 1)
            code[AT].dst_reg = 2;
        if (broken == 2)
            code[AT + ROOM] = other; /* too short */
        if (broken == 3)
            code[AT + ROOM].off = 1;
        memcpy(was, code, sizeof(was));
        assert_int_equal(patch(code, &filter, 1), RCA_ECORRUPT);
        assert_memory_equal(code, was, sizeof(was));
    }
}

static void two_places_are_refused(void **state)
{
    struct bpf_insn code[2 * LENGTH], was[2 * LENGTH];
    const struct rca_trace_code none = {.n = 0};

    (void)state;
    make(code);
    make(code + LENGTH);
    memcpy(was, code, sizeof(was));
    assert_int_equal(rca_trace_patch(code, sizeof(code), MAGIC, ROOM, &none),
                     RCA_ECORRUPT);
    assert_memory_equal(code, was, sizeof(was));
}

static void a_place_that_is_cut_off_is_none(void **state)
{
    const struct rca_trace_code none = {.n = 0};
    struct bpf_insn code[LENGTH];

    (void)state;
    make(code);
    for (size_t n = 0; n <= AT + ROOM; n++)
        assert_int_equal(
            rca_trace_patch(code, n * sizeof(*code), MAGIC, ROOM, &none),
            RCA_ECORRUPT);
    assert_ok(rca_trace_patch(code, (AT + ROOM + 1) * sizeof(*code), MAGIC,
                              ROOM, &none));
}

/* As the compiler made it. */
static void the_object_has_all_its_places(void **state)
{
    static const struct {
        uint32_t magic;
        size_t room;
    } places[] = {
        {RCA_TRACE_MAGIC_L2, RCA_TRACE_PLACE_PACKET},
        {RCA_TRACE_MAGIC_L3, RCA_TRACE_PLACE_PACKET},
        {RCA_TRACE_MAGIC_META, RCA_TRACE_PLACE_META},
    };
    struct bpf_insn filter = {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1};
    const struct rca_trace_code code = {.insns = &filter, .n = 1};
    size_t size = 0;
    const void *elf = trace_bpf__elf_bytes(&size);
    unsigned char *copy = malloc(size);

    (void)state;
    assert_non_null(copy);
    memcpy(copy, elf, size);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(places); i++)
        assert_ok(rca_trace_patch(copy, size, places[i].magic, places[i].room,
                                  &code));
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_is_written_behind_the_mark),
        cmocka_unit_test(the_rest_is_jumped_over),
        cmocka_unit_test(a_place_may_be_filled),
        cmocka_unit_test(what_is_no_place_is_left_alone),
        cmocka_unit_test(two_places_are_refused),
        cmocka_unit_test(a_place_that_is_cut_off_is_none),
        cmocka_unit_test(the_object_has_all_its_places),
    };

    return cmocka_run_group_tests_name("collector/trace/capture_patch", tests,
                                       NULL, NULL);
}
