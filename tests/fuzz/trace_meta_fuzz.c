/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Expressions of any text, over an event of any bytes (what follows a NUL): what
 * is taken decides the same in user space and as eBPF, which keeps to its
 * contract; what is refused says why.
 */

#include <errno.h>

#include "tests/harness/ebpf.h"
#include "tests/harness/fuzz.h"
#include "tests/harness/metas.h"

static void decide(const struct rca_trace_meta *meta, const uint8_t *data,
                   size_t size)
{
    struct rca_trace_code code = {0};
    struct rca_trace_event e = {0};
    const struct ebpf_packet p = {(const unsigned char *)&e, sizeof(e),
                                  sizeof(e), sizeof(e)};
    const char *why = NULL;

    memcpy(&e, data, size < sizeof(e) ? size : sizeof(e));
    if (rca_trace_meta_translate(meta, &code))
        return;
    if (ebpf_run(code.insns, code.n, &p, &why) !=
        rca_trace_meta_matches(meta, &e))
        abort();
    free(code.insns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_trace_meta *meta = NULL;
    struct rca_diag diag = {0};
    const size_t len = size ? strnlen((const char *)data, size) : 0;
    const size_t used = len < size ? len + 1 : len;
    char *text = calloc(len + 1, 1);
    int r;

    if (!text)
        return 0;
    if (len)
        memcpy(text, data, len);
    r = rca_trace_meta_new(text, &meta_lookup, &diag, &meta);
    if (r == 0)
        decide(meta, data + used, size - used);
    else if (!diag.text[0] || !diag.column || diag.column > len + 1)
        abort();
    rca_trace_meta_free(&meta);
    free(text);
    return 0;
}
