/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Packet filters as eBPF, through the verifier and the compiler of the kernel at
 * hand: each of them is taken, and decides of random packets as libpcap's
 * interpreter does. Skipped where programs may not be loaded.
 */

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "collector/trace/filter_classic.h"
#include "collector/trace/filter_ebpf.h"
#include "tests/harness/packets.h"

#define FILTERS 1000 /* of each kind */
#define PACKETS 50

/* What the program finds in its map, as the kernel side of a capture does. */
struct slot {
    uint32_t captured;
    uint32_t length;
    unsigned char head[PACKET_MAX];
};

/* 0: not permitted here. */
static int open_map(void)
{
    const int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "packet", sizeof(int),
                                   sizeof(struct slot), 1, NULL);

    if (map < 0)
        print_message("not permitted to make BPF maps\n");
    return map < 0 ? 0 : map;
}

#define BEFORE 5

/* r1 = head, r2 = captured, of which the verifier is to know the bound, r3 =
 * length; then the filter; exit */
static int load(const struct rca_trace_code *code, int map, char *log,
                size_t log_size)
{
    const struct bpf_insn before[BEFORE] = {
        {.code = BPF_LD | BPF_DW,
         .dst_reg = 1,
         .src_reg = BPF_PSEUDO_MAP_VALUE,
         .imm = map},
        {0},
        {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1},
        {.code = BPF_LDX | BPF_MEM | BPF_W,
         .dst_reg = 3,
         .src_reg = 1,
         .off = offsetof(struct slot, length)},
        {.code = BPF_ALU64 | BPF_ADD,
         .dst_reg = 1,
         .imm = offsetof(struct slot, head)},
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
    return bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "filter", "GPL", all,
                         BEFORE + code->n + 1, &opts);
}

static _Bool run(int prog, int map, const struct random_packet *p)
{
    struct bpf_test_run_opts opts = {.sz = sizeof(opts)};
    struct slot slot = {.captured = (uint32_t)p->captured,
                        .length = (uint32_t)p->length};
    const int zero = 0;

    memcpy(slot.head, p->bytes, sizeof(slot.head));
    assert_ok(bpf_map_update_elem(map, &zero, &slot, BPF_ANY));
    assert_ok(bpf_prog_test_run_opts(prog, &opts));
    assert_in_range(opts.retval, 0, 1);
    return opts.retval == 1;
}

/* @what says what the filter is, if it fails; @odd: no compiler makes such a
 * program: a verifier that sees less than later ones do may refuse it */
struct trial {
    const struct sock_filter *f;
    size_t n;
    _Bool link;
    const char *what;
    _Bool odd;
};

struct rig {
    int map;
    uint64_t seed;
    unsigned filters, pairs, taken, refused;
    size_t longest;
};

static void compare(struct rig *rig, const struct trial *t, int prog)
{
    for (int i = 0; i < PACKETS; i++) {
        struct random_packet p;
        _Bool want;

        random_packet(&rig->seed, t->link, &p);
        want = rca_classic_run(t->f, p.bytes, p.captured, p.length) != 0;
        if (run(prog, rig->map, &p) != want)
            fail_msg("libpcap says %d, the kernel %d: %s", want, !want,
                     t->what);
        rig->pairs++;
        rig->taken += want;
    }
}

static void compare_all(struct rig *rig, const struct trial *t)
{
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
    static char log[65536];
    int prog;

    assert_ok(rca_classic_translate(t->f, t->n, PACKET_MAX, NULL, &code));
    prog = load(&code, rig->map, NULL, 0);
    if (prog < 0) {
        (void)load(&code, rig->map, log, sizeof(log));
        print_message("%s: the verifier says: ...%s\n", t->what,
                      log + (strlen(log) > 800 ? strlen(log) - 800 : 0));
        assert_true(t->odd);
        rig->refused++;
        return;
    }
    compare(rig, t, prog);
    (void)close(prog);
    rig->filters++;
    if (code.n > rig->longest)
        rig->longest = code.n;
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

static void tell(const char *what, const struct rig *t)
{
    print_message("%s: %u pairs of %u filters, %u taken, %u filters refused; "
                  "the longest has %zu instructions\n",
                  what, t->pairs, t->filters, t->taken, t->refused, t->longest);
}

static void expressions_decide_in_the_kernel_as_in_libpcap(void **state)
{
    struct rig rig = {.map = open_map(), .seed = test_seed()};

    (void)state;
    if (!permitted(rig.map))
        skip();
    while (rig.filters < FILTERS) {
        struct rca_classic c RCA_CLEANUP(rca_classic_done) = {0};
        const _Bool link = random_below(&rig.seed, 2);
        char text[1000];

        random_expression(&rig.seed, text, sizeof(text));
        if (rca_classic_compile(text, link, NULL, &c) == 0)
            compare_all(&rig, &(struct trial){c.insns, c.n, link, text, 0});
    }
    (void)close(rig.map);
    tell("expressions", &rig);
}

static void programs_decide_in_the_kernel_as_in_libpcap(void **state)
{
    struct rig rig = {.map = open_map(), .seed = test_seed()};
    char what[32];

    (void)state;
    if (!permitted(rig.map))
        skip();
    while (rig.filters < FILTERS) {
        struct sock_filter f[PROGRAM_MAX];
        const size_t n = random_program(&rig.seed, f);

        (void)snprintf(what, sizeof(what), "program %u", rig.filters);
        compare_all(&rig, &(struct trial){f, n, 1, what, 1});
    }
    (void)close(rig.map);
    tell("programs", &rig);
    assert_true(rig.refused * 100 <= rig.filters);
}

/* As many as `rca trace` has room for, and then some. */
static void a_long_expression_passes_the_verifier(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_classic c RCA_CLEANUP(rca_classic_done) = {0};
    struct rig rig = {.map = open_map(), .seed = test_seed()};

    (void)state;
    if (!permitted(rig.map))
        skip();
    for (unsigned i = 0; i < 300; i++)
        rca_buf_fmt(&buf, "%s(host 10.1.%u.%u and tcp port %u)",
                    i ? " or " : "", i / 200, i % 200, 1000 + i);
    rca_buf_str(&buf, " or udp[8:4] & 0xff = 7 or udp port 53");
    assert_ok(rca_classic_compile(buf.text, 1, NULL, &c));
    for (int i = 0; i < 20; i++)
        compare_all(&rig, &(struct trial){c.insns, c.n, 1, "a long one", 0});
    (void)close(rig.map);
    tell("a long one", &rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_decide_in_the_kernel_as_in_libpcap),
        cmocka_unit_test(programs_decide_in_the_kernel_as_in_libpcap),
        cmocka_unit_test(a_long_expression_passes_the_verifier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
