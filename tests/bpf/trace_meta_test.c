/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Meta filters as eBPF, through the verifier and the compiler of the kernel at
 * hand, over an event in a map as the kernel side of a capture has it. Skipped
 * where programs may not be loaded.
 */

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "tests/harness/metas.h"

#define FILTERS 1000
#define EVENTS 20
#define BEFORE 2

/* 0: not permitted here. */
static int open_map(void)
{
    const int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "event", sizeof(int),
                                   sizeof(struct rca_trace_event), 1, NULL);

    if (map < 0)
        print_message("not permitted to make BPF maps\n");
    return map < 0 ? 0 : map;
}

/* r1 = the event; then the filter; exit */
static int load(const struct rca_trace_code *code, int map, char *log,
                size_t log_size)
{
    const struct bpf_insn before[BEFORE] = {
        {.code = BPF_LD | BPF_DW,
         .dst_reg = 1,
         .src_reg = BPF_PSEUDO_MAP_VALUE,
         .imm = map},
        {0},
    };
    const struct bpf_insn leave = {.code = BPF_JMP | BPF_EXIT};
    const struct bpf_prog_load_opts opts = {.sz = sizeof(opts),
                                            .log_buf = log,
                                            .log_size = (uint32_t)log_size,
                                            .log_level = log ? 1 : 0};
    struct bpf_insn *all RCA_CLEANUP(rca_freep) =
        calloc(BEFORE + code->n + 1, sizeof(*all));

    memcpy(all, before, sizeof(before));
    memcpy(all + BEFORE, code->insns, code->n * sizeof(*all));
    all[BEFORE + code->n] = leave;
    return bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "meta", "GPL", all,
                         BEFORE + code->n + 1, &opts);
}

static _Bool run(int prog, int map, const struct rca_trace_event *e)
{
    struct bpf_test_run_opts opts = {.sz = sizeof(opts)};
    const int zero = 0;

    assert_ok(bpf_map_update_elem(map, &zero, e, BPF_ANY));
    assert_ok(bpf_prog_test_run_opts(prog, &opts));
    assert_in_range(opts.retval, 0, 1);
    return opts.retval == 1;
}

/* Whether programs may be loaded and run here. */
static _Bool permitted(int map)
{
    struct bpf_insn take = {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1};
    const struct rca_trace_code code = {&take, 1};
    struct bpf_test_run_opts opts = {.sz = sizeof(opts)};
    const int prog = map ? load(&code, map, NULL, 0) : -1;
    _Bool can;

    if (prog < 0) {
        print_message("not permitted to load BPF programs\n");
        return 0;
    }
    can = bpf_prog_test_run_opts(prog, &opts) == 0;
    if (!can)
        print_message("this kernel cannot run a raw tracepoint for a test\n");
    (void)close(prog);
    return can;
}

static int load_filter(const char *text, int map)
{
    struct rca_trace_meta *meta RCA_CLEANUP(rca_trace_meta_free) = NULL;
    struct rca_trace_code code = {0};
    static char log[65536];
    int prog;

    assert_ok(rca_trace_meta_new(text, &meta_lookup, NULL, &meta));
    assert_ok(rca_trace_meta_translate(meta, &code));
    prog = load(&code, map, NULL, 0);
    if (prog < 0) {
        (void)load(&code, map, log, sizeof(log));
        fail_msg("%s: the verifier says: %.60000s", text, log);
    }
    free(code.insns);
    return prog;
}

static void random_expressions_decide_in_the_kernel_as_they_should(void **state)
{
    uint64_t seed = test_seed();
    const int map = open_map();
    unsigned taken = 0;

    (void)state;
    if (!permitted(map))
        skip();
    for (int i = 0; i < FILTERS; i++) {
        const uint64_t expression = seed + 1;
        struct rca_trace_event e;
        char text[META_TEXT];
        int prog;

        meta_event(&seed, &e);
        (void)meta_expression(expression, &e, text);
        prog = load_filter(text, map);
        for (int k = 0; k < EVENTS; k++) {
            const _Bool want = meta_expression(expression, &e, text);

            if (run(prog, map, &e) != want)
                fail_msg("the kernel says %d: %s", !want, text);
            taken += want;
            meta_event(&seed, &e);
        }
        (void)close(prog);
    }
    (void)close(map);
    print_message("%d pairs, %u taken\n", FILTERS * EVENTS, taken);
}

static size_t many(void *arg, const char *name, uint64_t *ret, size_t max)
{
    (void)arg;
    (void)name;
    assert_true(max >= 500);
    for (uint64_t i = 0; i < 500; i++)
        ret[i] = UINT32_MAX - i;
    return 500;
}

/* As long as a translation can be. */
static void the_longest_passes_the_verifier(void **state)
{
    const struct rca_trace_lookup lookup = {.netns = many};
    struct rca_trace_meta *meta RCA_CLEANUP(rca_trace_meta_free) = NULL;
    struct rca_trace_event e = {.netns = UINT32_MAX - 499};
    struct rca_trace_code code = {0};
    const int map = open_map();
    int prog;

    (void)state;
    if (!permitted(map))
        skip();
    assert_ok(rca_trace_meta_new("netns in {a, b}", &lookup, NULL, &meta));
    assert_ok(rca_trace_meta_translate(meta, &code));
    print_message("%zu instructions\n", code.n);
    prog = load(&code, map, NULL, 0);
    assert_true(prog >= 0);
    assert_true(run(prog, map, &e));
    e.netns--;
    assert_false(run(prog, map, &e));
    free(code.insns);
    (void)close(prog);
    (void)close(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            random_expressions_decide_in_the_kernel_as_they_should),
        cmocka_unit_test(the_longest_passes_the_verifier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
