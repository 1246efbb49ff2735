/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Classic programs of any bytes, and expressions of any text: what is translated
 * keeps to its contract and decides as libpcap's interpreter does. The first
 * byte says which: 'e' for an expression up to a NUL, else it is the number of
 * instructions; the packet follows.
 */

#include <string.h>

#include "collector/trace/filter_classic.h"
#include "collector/trace/filter_ebpf.h"
#include "tests/harness/ebpf.h"
#include "tests/harness/fuzz.h"

#define SNAP 256

/* libpcap's interpreter does not clear its memory: all of it is written first,
 * and that moves no jump from its place. */
#define CLEAR BPF_MEMWORDS

static void compare(const struct sock_filter *f,
                    const struct rca_trace_code *code, const uint8_t *data,
                    size_t size)
{
    unsigned char packet[SNAP] = {0};
    const size_t captured = size < SNAP ? size : SNAP;
    const struct ebpf_packet p = {packet, SNAP, captured, size};
    const char *why = NULL;

    memcpy(packet, data, captured);
    if (ebpf_run(code->insns, code->n, &p, &why) !=
        (rca_classic_run(f, packet, captured, size) != 0))
        abort();
}

static void decide(const struct sock_filter *f, size_t n, const uint8_t *data,
                   size_t size)
{
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    if (rca_classic_translate(f, n, SNAP, NULL, &code))
        return;
    rca_classic_print(f, n, &buf);
    rca_trace_code_print(&code, &buf);
    if (rca_classic_valid(f, n))
        compare(f, &code, data, size);
}

static void try_expression(const uint8_t *data, size_t size)
{
    const uint8_t *nul = memchr(data, 0, size);
    const size_t used = nul ? (size_t)(nul - data) + 1 : 0;

    for (int link = 0; nul && link < 2; link++) {
        struct rca_classic c RCA_CLEANUP(rca_classic_done) = {0};

        if (rca_classic_compile((const char *)data, link, NULL, &c) == 0)
            decide(c.insns, c.n, data + used, size - used);
    }
}

static void try_program(size_t n, const uint8_t *data, size_t size)
{
    struct sock_filter f[CLEAR + UINT8_MAX] = {0};
    const size_t most = size / sizeof(*f);

    if (n > most)
        n = most;
    for (unsigned i = 0; i < CLEAR; i++)
        f[i] = (struct sock_filter)BPF_STMT(BPF_ST, i);
    memcpy(f + CLEAR, data, n * sizeof(*f));
    decide(f, CLEAR + n, data + n * sizeof(*f), size - n * sizeof(*f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == 'e')
        try_expression(data + 1, size - 1);
    else if (size)
        try_program(data[0], data + 1, size - 1);
    return 0;
}
