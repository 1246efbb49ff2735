/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/filter_classic.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

static_assert(sizeof(struct sock_filter) == sizeof(struct bpf_insn) &&
                  offsetof(struct sock_filter, k) ==
                      offsetof(struct bpf_insn, k),
              "the same instructions");

static const struct bpf_insn *as_pcap(const struct sock_filter *insns)
{
    return (const struct bpf_insn *)(const void *)insns;
}

static int copy(const void *insns, size_t n, struct rca_classic *ret)
{
    ret->insns = malloc(n * sizeof(*ret->insns));
    if (!ret->insns)
        return -ENOMEM;
    memcpy(ret->insns, insns, n * sizeof(*ret->insns));
    ret->n = n;
    return 0;
}

/* "inbound" and such are read at offsets where no packet has bytes: a kernel's
 * socket has an answer there, and nobody else. */
static int check_offsets(const struct rca_classic *c, struct rca_diag *diag)
{
    for (size_t i = 0; i < c->n; i++) {
        if (BPF_CLASS(c->insns[i].code) == BPF_LD &&
            BPF_MODE(c->insns[i].code) == BPF_ABS &&
            c->insns[i].k >= (uint32_t)SKF_AD_OFF)
            return rca_diag_set(diag, RCA_ESYNTAX, "", 0,
                                "it asks for what is not in the packet "
                                "(as 'inbound' and 'outbound' do)");
    }
    return 0;
}

int rca_classic_compile(const char *expression, _Bool link,
                        struct rca_diag *diag, struct rca_classic *ret_program)
{
    pcap_t *dead =
        pcap_open_dead(link ? DLT_EN10MB : DLT_RAW, RCA_CLASSIC_SNAP);
    struct rca_classic c RCA_CLEANUP(rca_classic_done) = {0};
    struct bpf_program program;
    int r;

    if (!dead)
        return -ENOMEM;
    if (pcap_compile(dead, &program, expression, 1, PCAP_NETMASK_UNKNOWN)) {
        r = rca_diag_set(diag, RCA_ESYNTAX, "", 0, "%s", pcap_geterr(dead));
    } else {
        r = copy(program.bf_insns, program.bf_len, &c);
        pcap_freecode(&program);
    }
    pcap_close(dead);
    if (r == 0)
        r = check_offsets(&c, diag);
    if (r)
        return r;
    ret_program->n = c.n;
    ret_program->insns = RCA_TAKE(c.insns);
    return 0;
}

int rca_classic_nothing(struct rca_classic *ret_program)
{
    static const struct sock_filter nothing = {.code = BPF_RET | BPF_K};

    return copy(&nothing, 1, ret_program);
}

void rca_classic_done(struct rca_classic *program)
{
    rca_freep(&program->insns);
    program->n = 0;
}

_Bool rca_classic_valid(const struct sock_filter *insns, size_t n)
{
    return n <= INT32_MAX && bpf_validate(as_pcap(insns), (int)n);
}

uint32_t rca_classic_run(const struct sock_filter *insns,
                         const unsigned char *packet, size_t captured,
                         size_t length)
{
    return bpf_filter(as_pcap(insns), packet, (u_int)length, (u_int)captured);
}

void rca_classic_print(const struct sock_filter *insns, size_t n,
                       struct rca_buf *buf)
{
    for (size_t i = 0; i < n; i++)
        rca_buf_fmt(buf, "%s\n", bpf_image(as_pcap(insns) + i, (int)i));
}
