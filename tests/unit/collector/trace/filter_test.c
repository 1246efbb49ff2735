/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/filter.h"

#include <errno.h>
#include <string.h>

#include "collector/trace/filter_classic.h"
#include "collector/trace/filter_ebpf.h"
#include "tests/harness/ebpf.h"
#include "tests/harness/oom.h"
#include "tests/harness/packets.h"

#define SNAP 64

/* Ethernet, IPv4, UDP from 10.0.0.1:5000 to 10.0.0.2:9 */
static const unsigned char udp[] = {
    2,    0, 0, 0,  0,    2,    2, 0, 0,  0,  0, 1, 8,  0, /* Ethernet */
    0x45, 0, 0, 32, 0,    1,    0, 0, 64, 17, 0, 0, 10, 0, 0, 1,
    10,   0, 0, 2,  0x13, 0x88, 0, 9, 0,  12, 0, 0, 1,  2, 3, 4};
#define LINK 14

static struct rca_trace_filter *filter_of(const char *expression)
{
    struct rca_trace_filter *f = NULL;
    struct rca_diag diag = {0};

    if (rca_trace_filter_new(expression, &diag, &f))
        fail_msg("%s: %s", expression, diag.text);
    return f;
}

/* What the translation says of a packet, which no byte may be read behind. */
static int decide(const struct rca_trace_code *code,
                  const unsigned char *packet, size_t captured, size_t length)
{
    unsigned char *exact RCA_CLEANUP(rca_freep) = calloc(1, SNAP);
    const struct ebpf_packet p = {exact, SNAP, captured, length};
    const char *why = NULL;
    int r;

    memcpy(exact, packet, captured);
    r = ebpf_run(code->insns, code->n, &p, &why);
    if (why)
        fail_msg("%s", why);
    return r;
}

static void assert_takes(const char *expression, _Bool at_l2, _Bool at_l3)
{
    struct rca_trace_filter *f RCA_CLEANUP(rca_trace_filter_free) =
        filter_of(expression);

    for (unsigned layer = 0; layer < RCA_TRACE_LAYERS; layer++) {
        struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
        const size_t skip = layer == RCA_TRACE_L3 ? LINK : 0;
        const size_t n = sizeof(udp) - skip;
        const _Bool want = layer == RCA_TRACE_L3 ? at_l3 : at_l2;

        assert_ok(rca_trace_filter_translate(f, layer, SNAP, NULL, &code));
        assert_int_equal(rca_trace_filter_matches(f, layer, udp + skip, n, n),
                         want);
        assert_int_equal(decide(&code, udp + skip, n, n), want);
    }
}

static void a_known_packet_is_taken_or_not(void **state)
{
    (void)state;
    assert_takes("", 1, 1);
    assert_takes("udp dst port 9", 1, 1);
    assert_takes("src host 10.0.0.1 and dst net 10.0.0.0/24", 1, 1);
    assert_takes("udp[8] = 1", 1, 1);
    assert_takes("len = 46", 1, 0);
    assert_takes("tcp", 0, 0);
    assert_takes("udp dst port 10", 0, 0);
    assert_takes("not udp", 0, 0);
    assert_takes("ip6", 0, 0);
}

static void what_asks_for_the_link_layer_never_matches_without(void **state)
{
    (void)state;
    assert_takes("ether host 02:00:00:00:00:01", 1, 0);
    assert_takes("not ether host 02:00:00:00:00:09", 1, 0);
    assert_takes("not vlan", 1, 0);
    assert_takes("not arp", 1, 1);
}

static void a_header_that_was_cut_off_is_not_guessed(void **state)
{
    struct rca_trace_filter *f RCA_CLEANUP(rca_trace_filter_free) =
        filter_of("udp dst port 9");
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};

    (void)state;
    assert_ok(rca_trace_filter_translate(f, RCA_TRACE_L2, SNAP, NULL, &code));
    for (size_t n = 0; n <= sizeof(udp); n++) {
        assert_int_equal(
            rca_trace_filter_matches(f, RCA_TRACE_L2, udp, n, sizeof(udp)),
            n >= 38);
        assert_int_equal(decide(&code, udp, n, sizeof(udp)), n >= 38);
    }
}

/* --- instructions one at a time ------------------------------------------------ */

#define ALL(...)                                                               \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
#define RETURN_A BPF_STMT(BPF_RET | BPF_A, 0)

/* each ends with 0 or something; of 8 bytes, length 9 */
static const unsigned char eight[] = {0x80, 1, 2, 3, 4, 5, 6, 0xf7};
static const struct known {
    const char *name;
    int want;
    struct sock_filter f[8];
} knowns[] = {
    {"the last word", 1,
     ALL(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x040506f7, 0, 1), RETURN_A,
         BPF_STMT(BPF_RET | BPF_K, 0))},
    {"a word that is not whole", 0,
     ALL(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 5), BPF_STMT(BPF_RET | BPF_K, 1))},
    {"behind what may be read", 0,
     ALL(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, SNAP - 1),
         BPF_STMT(BPF_RET | BPF_K, 1))},
    {"X and a constant do not wrap", 0,
     ALL(BPF_STMT(BPF_LDX | BPF_IMM, 0xffffffff),
         BPF_STMT(BPF_LD | BPF_B | BPF_IND, 2), BPF_STMT(BPF_RET | BPF_K, 1))},
    {"at X", 1,
     ALL(BPF_STMT(BPF_LDX | BPF_IMM, 3), BPF_STMT(BPF_LD | BPF_H | BPF_IND, 3),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x06f7, 0, 1), RETURN_A,
         BPF_STMT(BPF_RET | BPF_K, 0))},
    {"the length of a header", 1,
     ALL(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 7),
         BPF_STMT(BPF_MISC | BPF_TXA, 0),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 28, 0, 1), RETURN_A,
         BPF_STMT(BPF_RET | BPF_K, 0))},
    {"the packet's length", 1,
     ALL(BPF_STMT(BPF_LDX | BPF_LEN, 0), BPF_STMT(BPF_LD | BPF_IMM, 9),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), RETURN_A,
         BPF_STMT(BPF_RET | BPF_K, 0))},
    {"a sum wraps at 32 bits", 0,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 0xffffffff),
         BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), RETURN_A)},
    {"a division by X of 0 rejects", 0,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
         BPF_STMT(BPF_RET | BPF_K, 1))},
    {"a remainder by X of 0 rejects", 0,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 0),
         BPF_STMT(BPF_RET | BPF_K, 1))},
    {"a division has no sign", 1,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 0xfffffffe),
         BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0x80000000),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), RETURN_A,
         BPF_STMT(BPF_RET | BPF_K, 0))},
    {"a shift by X of 32 leaves nothing", 0,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_LDX | BPF_IMM, 32),
         BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0), RETURN_A)},
    {"a shift by X of 31", 1,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_LDX | BPF_IMM, 31),
         BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0), RETURN_A)},
    {"a comparison has no sign", 1,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_NEG, 0),
         BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x7fffffff, 0, 1), RETURN_A,
         BPF_STMT(BPF_RET | BPF_K, 0))},
    {"a bit in common, both ways out", 1,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 6),
         BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
         BPF_STMT(BPF_RET | BPF_K, 0), RETURN_A)},
    {"memory is kept", 1,
     ALL(BPF_STMT(BPF_LD | BPF_IMM, 5), BPF_STMT(BPF_ST, 15),
         BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0),
         BPF_STMT(BPF_LDX | BPF_MEM, 15), BPF_STMT(BPF_MISC | BPF_TXA, 0),
         RETURN_A)},
};

static size_t count(const struct sock_filter *f)
{
    size_t n = 0;

    while (n < 8 && (f[n].code || f[n].k))
        n++;
    return n;
}

static void each_instruction_does_what_libpcap_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(knowns); i++) {
        const struct known *k = &knowns[i];
        struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
        const size_t n = count(k->f);

        assert_true(rca_classic_valid(k->f, n));
        assert_ok(rca_classic_translate(k->f, n, SNAP, NULL, &code));
        if (decide(&code, eight, sizeof(eight), 9) != k->want ||
            (rca_classic_run(k->f, eight, sizeof(eight), 9) != 0) != k->want)
            fail_msg("%s", k->name);
    }
}

static void memory_begins_as_zero(void **state)
{
    static const struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_MEM, 3),
                                           RETURN_A};
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};

    (void)state;
    assert_ok(rca_classic_translate(f, 2, SNAP, NULL, &code));
    assert_int_equal(decide(&code, eight, sizeof(eight), 9), 0);
}

/* --- what is refused ------------------------------------------------------------ */

static void mistakes_are_told_in_the_words_of_libpcap(void **state)
{
    static const char *const wrong[] = {
        "udp port",   "no such thing(", "ip and", "host 1.2.3.4.5.6",
        "ip and arp", "port 70000",     "inbound"};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(wrong); i++) {
        struct rca_trace_filter *f = NULL;
        struct rca_diag diag = {0};

        if (rca_trace_filter_new(wrong[i], &diag, &f) != RCA_ESYNTAX)
            fail_msg("%s", wrong[i]);
        assert_null(f);
        assert_string_not_equal(diag.text, "");
    }
}

static void assert_refused(const struct sock_filter *f, size_t n,
                           const char *why)
{
    struct rca_trace_code code = {0};
    struct rca_diag diag = {0};

    assert_err(rca_classic_translate(f, n, SNAP, &diag, &code), RCA_ENOSUPPORT);
    assert_null(code.insns);
    if (!strstr(diag.text, why))
        fail_msg("'%s' says nothing of '%s'", diag.text, why);
}

static void what_the_kernel_cannot_do_is_refused(void **state)
{
    static const struct {
        const char *why;
        struct sock_filter f;
    } wrong[] = {
        {"shift", BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32)},
        {"shift", BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 0xffffffff)},
        {"division", BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0)},
        {"division", BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0)},
        {"loop", BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff)},
        {"past its end", BPF_STMT(BPF_JMP | BPF_JA, 1)},
        {"past its end", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1)},
        {"past its end", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0)},
        {"memory", BPF_STMT(BPF_LD | BPF_MEM, 16)},
        {"memory", BPF_STMT(BPF_STX, 16)},
        {"unknown", BPF_STMT(BPF_LD | BPF_H | BPF_IMM, 0)},
        {"unknown", BPF_STMT(BPF_ALU | 0xb0, 0)},
        {"unknown", BPF_STMT(BPF_ALU | BPF_NEG | BPF_X, 0)},
        {"unknown", BPF_STMT(BPF_JMP | BPF_JA | BPF_X, 0)},
        {"unknown", BPF_STMT(BPF_JMP | 0x50, 0)},
        {"unknown", BPF_STMT(BPF_RET | BPF_X, 0)},
        {"unknown", BPF_STMT(BPF_MISC | 0x10, 0)},
        {"unknown", BPF_STMT(0x100 | BPF_RET, 0)},
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(wrong); i++) {
        const struct sock_filter f[] = {wrong[i].f,
                                        BPF_STMT(BPF_RET | BPF_K, 0)};

        assert_refused(f, 2, wrong[i].why);
    }
    assert_refused(NULL, 0, "empty");
    assert_refused(&(struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, 0), 1,
                   "does not return");
}

static void a_loop_is_refused_with_its_name(void **state)
{
    struct rca_trace_filter *f RCA_CLEANUP(rca_trace_filter_free) =
        filter_of("ip6 protochain 6");
    struct rca_trace_code code = {0};
    struct rca_diag diag = {0};

    (void)state;
    assert_err(rca_trace_filter_translate(f, RCA_TRACE_L2, SNAP, &diag, &code),
               RCA_ENOSUPPORT);
    assert_non_null(strstr(diag.text, "protochain"));
    assert_null(code.insns);
}

static void a_jump_may_be_as_long_as_an_instruction_can_say(void **state)
{
    const size_t most = 40000;
    struct sock_filter *f RCA_CLEANUP(rca_freep) = calloc(most, sizeof(*f));
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
    struct rca_diag diag = {0};

    (void)state;
    for (size_t i = 0; i < most; i++)
        f[i] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_NEG, 0);
    f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0);
    f[most - 1] = (struct sock_filter)RETURN_A;
    assert_refused(f, most, "too long");

    /* behind the load's jump its own second, these, and the 4 of RET A */
    f[32763] = (struct sock_filter)RETURN_A;
    assert_ok(rca_classic_translate(f, 32764, SNAP, &diag, &code));
    assert_int_equal(code.insns[2].off, 32767);
    f[32763] = f[1];
    f[32764] = (struct sock_filter)RETURN_A;
    assert_refused(f, 32765, "too long");
}

/* --- as text --------------------------------------------------------------------- */

static void programs_are_printed(void **state)
{
    struct rca_trace_filter *f RCA_CLEANUP(rca_trace_filter_free) =
        filter_of("ip");
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rca_trace_filter_print(f, RCA_TRACE_L2, &buf);
    assert_string_equal(buf.text, "(000) ldh      [12]\n"
                                  "(001) jeq      #0x800           jt 2\tjf 3\n"
                                  "(002) ret      #262144\n"
                                  "(003) ret      #0\n");
    rca_buf_done(&buf);
    assert_ok(rca_trace_filter_translate(f, RCA_TRACE_L2, SNAP, NULL, &code));
    rca_trace_code_print(&code, &buf);
    assert_string_equal(buf.text, "(000) w0 = 0\n"
                                  "(001) w4 = 0\n"
                                  "(002) if r2 < 14 goto 9\n"
                                  "(003) r0 = *(u16 *)(r1 +12)\n"
                                  "(004) r0 = be16 r0\n"
                                  "(005) if w0 == 2048 goto 7\n"
                                  "(006) goto 9\n"
                                  "(007) w0 = 1\n"
                                  "(008) goto 10\n"
                                  "(009) w0 = 0\n");
}

static void other_instructions_are_printed_too(void **state)
{
    struct bpf_insn insns[] = {
        {.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 3, .imm = 2},
        {.imm = 1},
        {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 10, .off = -8, .imm = 7},
        {.code = BPF_STX | BPF_MEM | BPF_B, .dst_reg = 10, .src_reg = 4},
        {.code = BPF_ALU64 | BPF_RSH | BPF_X, .dst_reg = 1, .src_reg = 2},
        {.code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = 1, .imm = -256},
        {.code = BPF_ALU | BPF_NEG, .dst_reg = 1},
        {.code = BPF_ALU | BPF_END | BPF_TO_LE, .dst_reg = 1, .imm = 32},
        {.code = BPF_JMP | BPF_JSET | BPF_X, .dst_reg = 1, .src_reg = 2},
        {.code = BPF_JMP | BPF_CALL, .imm = 5},
        {.code = BPF_JMP | BPF_EXIT},
    };
    const struct rca_trace_code code = {insns, RCA_ARRAY_SIZE(insns)};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rca_trace_code_print(&code, &buf);
    assert_string_equal(buf.text, "(000) r3 = 0x100000002\n"
                                  "(002) *(u64 *)(r10 -8) = 7\n"
                                  "(003) *(u8 *)(r10 +0) = r4\n"
                                  "(004) r1 >>= r2\n"
                                  "(005) w1 &= 0xffffff00\n"
                                  "(006) w1 = -w1\n"
                                  "(007) r1 = le32 r1\n"
                                  "(008) if r1 & r2 goto 9\n"
                                  "(009) call 5\n"
                                  "(010) exit\n");
}

/* --- random ones ------------------------------------------------------------------ */

/* The verifier refuses instructions that no path comes to. */
static void assert_reached(const struct rca_trace_code *code)
{
    _Bool *reached RCA_CLEANUP(rca_freep) = calloc(code->n + 1, 1);

    reached[0] = 1;
    for (size_t i = 0; i < code->n; i++) {
        const struct bpf_insn insn = code->insns[i];
        const unsigned class = BPF_CLASS(insn.code);
        const _Bool jumps = class == BPF_JMP || class == BPF_JMP32;

        if (!reached[i])
            fail_msg("nothing comes to instruction %zu", i);
        if (jumps)
            reached[i + 1 + (size_t)insn.off] = 1;
        if (!jumps || BPF_OP(insn.code) != BPF_JA)
            reached[i + 1] = 1;
    }
    assert_true(reached[code->n]);
}

/* @fails says what the filter was. Return: whether it took the packet. */
static _Bool compare(const struct sock_filter *f,
                     const struct rca_trace_code *code, uint64_t *seed,
                     _Bool link, const char *what)
{
    struct random_packet p;
    const char *why = NULL;
    _Bool want;
    int got;

    random_packet(seed, link, &p);
    want = rca_classic_run(f, p.bytes, p.captured, p.length) != 0;
    got = ebpf_run(
        code->insns, code->n,
        &(struct ebpf_packet){p.bytes, PACKET_MAX, p.captured, p.length}, &why);
    if (got != (int)want)
        fail_msg("libpcap says %d, the translation %d (%s): %s", want, got,
                 why ? why : "sound", what);
    return want;
}

struct tally {
    unsigned pairs, taken, programs, refused;
};

static void compare_all(const struct sock_filter *f, size_t n, uint64_t *seed,
                        _Bool link, const char *what, struct tally *t)
{
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
    struct rca_diag diag = {0};

    assert_true(rca_classic_valid(f, n));
    if (rca_classic_translate(f, n, PACKET_MAX, &diag, &code))
        fail_msg("%s: %s", diag.text, what);
    assert_reached(&code);
    t->programs++;
    for (int i = 0; i < 50; i++) {
        t->pairs++;
        t->taken += compare(f, &code, seed, link, what);
    }
}

static void tell(const char *what, const struct tally *t)
{
    print_message("%s: %u pairs of %u filters, %u taken, %u expressions "
                  "refused by libpcap\n",
                  what, t->pairs, t->programs, t->taken, t->refused);
}

static void random_expressions_decide_as_in_libpcap(void **state)
{
    const unsigned want = (unsigned)test_rounds(1000);
    uint64_t seed = test_seed();
    struct tally t = {0};

    (void)state;
    while (t.programs < want) {
        struct rca_classic c RCA_CLEANUP(rca_classic_done) = {0};
        const _Bool link = random_below(&seed, 2);
        char text[1000];

        random_expression(&seed, text, sizeof(text));
        if (rca_classic_compile(text, link, NULL, &c)) {
            t.refused++;
            continue;
        }
        compare_all(c.insns, c.n, &seed, link, text, &t);
    }
    tell("expressions", &t);
    assert_true(want < 100 ||
                (t.taken * 20 > t.pairs && t.taken * 20 < t.pairs * 19));
}

static void random_programs_decide_as_in_libpcap(void **state)
{
    const unsigned want = (unsigned)test_rounds(1000);
    uint64_t seed = test_seed();
    struct tally t = {0};
    char what[32];

    (void)state;
    while (t.programs < want) {
        struct sock_filter f[PROGRAM_MAX];
        const size_t n = random_program(&seed, f);

        (void)snprintf(what, sizeof(what), "program %u", t.programs);
        compare_all(f, n, &seed, 1, what, &t);
    }
    tell("programs", &t);
    assert_true(want < 100 ||
                (t.taken * 20 > t.pairs && t.taken * 20 < t.pairs * 19));
}

static void every_failed_allocation_is_reported(void **state)
{
    struct rca_trace_filter *f = NULL;
    struct rca_trace_code code = {0};
    int r = -1;

    (void)state;
    for (long n = 0; r; n++) {
        oom_after(n);
        r = rca_trace_filter_new("udp port 53", NULL, &f);
        assert_true(r == 0 || (r == -ENOMEM && !f && oom_hit()));
    }
    for (long n = 0; !code.insns; n++) {
        oom_after(n);
        r = rca_trace_filter_translate(f, RCA_TRACE_L3, SNAP, NULL, &code);
        assert_true(r == 0 || (r == -ENOMEM && !code.insns && oom_hit()));
    }
    oom_after(-1);
    rca_trace_code_done(&code);
    rca_trace_filter_free(&f);
    rca_trace_filter_free(&f); /* again does nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_packet_is_taken_or_not),
        cmocka_unit_test(what_asks_for_the_link_layer_never_matches_without),
        cmocka_unit_test(a_header_that_was_cut_off_is_not_guessed),
        cmocka_unit_test(each_instruction_does_what_libpcap_does),
        cmocka_unit_test(memory_begins_as_zero),
        cmocka_unit_test(mistakes_are_told_in_the_words_of_libpcap),
        cmocka_unit_test(what_the_kernel_cannot_do_is_refused),
        cmocka_unit_test(a_loop_is_refused_with_its_name),
        cmocka_unit_test(a_jump_may_be_as_long_as_an_instruction_can_say),
        cmocka_unit_test(programs_are_printed),
        cmocka_unit_test(other_instructions_are_printed_too),
        cmocka_unit_test(random_expressions_decide_as_in_libpcap),
        cmocka_unit_test(random_programs_decide_as_in_libpcap),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
