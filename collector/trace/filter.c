/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/filter.h"

#include <errno.h>

#include "collector/trace/filter_classic.h"
#include "collector/trace/filter_ebpf.h"

struct rca_trace_filter {
    struct rca_classic program[RCA_TRACE_LAYERS];
};

void rca_trace_code_done(struct rca_trace_code *code)
{
    rca_freep(&code->insns);
    code->n = 0;
}

void rca_trace_filter_free(struct rca_trace_filter **filter)
{
    if (!*filter)
        return;
    for (size_t i = 0; i < RCA_TRACE_LAYERS; i++)
        rca_classic_done(&(*filter)->program[i]);
    rca_freep(filter);
}

int rca_trace_filter_new(const char *expression, struct rca_diag *diag,
                         struct rca_trace_filter **ret_filter)
{
    struct rca_trace_filter *f RCA_CLEANUP(rca_trace_filter_free) =
        calloc(1, sizeof(*f));
    int r;

    if (!f)
        return -ENOMEM;
    r = rca_classic_compile(expression, 1, diag, &f->program[RCA_TRACE_L2]);
    if (r)
        return r;
    /* what is right there and wrong here asks for the link layer */
    r = rca_classic_compile(expression, 0, NULL, &f->program[RCA_TRACE_L3]);
    if (r == RCA_ESYNTAX)
        r = rca_classic_nothing(&f->program[RCA_TRACE_L3]);
    if (r)
        return r;
    *ret_filter = RCA_TAKE(f);
    return 0;
}

_Bool rca_trace_filter_matches(const struct rca_trace_filter *filter,
                               enum rca_trace_layer layer,
                               const unsigned char *packet, size_t captured,
                               size_t length)
{
    return rca_classic_run(filter->program[layer].insns, packet, captured,
                           length) != 0;
}

int rca_trace_filter_translate(const struct rca_trace_filter *filter,
                               enum rca_trace_layer layer, size_t snap,
                               struct rca_diag *diag,
                               struct rca_trace_code *ret_code)
{
    const struct rca_classic *program = &filter->program[layer];

    return rca_classic_translate(program->insns, program->n, snap, diag,
                                 ret_code);
}

void rca_trace_filter_print(const struct rca_trace_filter *filter,
                            enum rca_trace_layer layer, struct rca_buf *buf)
{
    rca_classic_print(filter->program[layer].insns, filter->program[layer].n,
                      buf);
}
