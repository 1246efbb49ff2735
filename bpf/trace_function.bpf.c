// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * trace_function - packets at any function of the kernel that takes one: a
 * kprobe at its entry. The cookie of each attachment says which argument is the
 * packet, from 0.
 */

#include <asm/ptrace.h>

#include <bpf/bpf_tracing.h>

#include "bpf/trace_see.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Read apart: the verifier takes no register of ctx by a computed offset. */
#define KEEP(value) asm volatile("" : "+r"(value))

static __always_inline __u64 argument(struct pt_regs *ctx, __u64 at)
{
    __u64 a0 = PT_REGS_PARM1(ctx), a1 = PT_REGS_PARM2(ctx);
    __u64 a2 = PT_REGS_PARM3(ctx), a3 = PT_REGS_PARM4(ctx);
    __u64 a4 = PT_REGS_PARM5(ctx);

    KEEP(a0);
    KEEP(a1);
    KEEP(a2);
    KEEP(a3);
    KEEP(a4);
    return at == 0 ? a0 : at == 1 ? a1 : at == 2 ? a2 : at == 3 ? a3 : a4;
}

SEC("kprobe")
int on_function(struct pt_regs *ctx)
{
    const __u64 skb = argument(ctx, bpf_get_attach_cookie(ctx));

    return see(ctx, skb, WHAT(RCA_TRACE_FUNCTION, 0), bpf_get_func_ip(ctx), 0);
}
