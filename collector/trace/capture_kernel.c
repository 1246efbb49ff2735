/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/capture_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "collector/drop_btf.h"

static const struct btf_type *find(const struct btf *btf, const char *name,
                                   uint32_t kind)
{
    const int id = btf__find_by_name_kind(btf, name, kind);

    return id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
}

/* Numbers of what is no drop. */
static int read_consumed(const struct btf *btf, uint32_t ret[2])
{
    struct rca_drop_reasons reasons RCA_CLEANUP(rca_drop_reasons_done) = {0};
    const int r = rca_drop_btf_reasons(btf, &reasons);

    for (size_t i = 0; i < 2; i++)
        ret[i] = reasons.n ? reasons.consumed[i] : UINT32_MAX;
    return r;
}

/* A module brings its own BTF, and is told of in /sys/module with it. */
static _Bool has_conntrack(const struct btf *btf)
{
    return find(btf, "nf_conn", BTF_KIND_STRUCT) ||
           !access("/sys/kernel/btf/nf_conntrack", F_OK);
}

int rca_trace_kernel_read(struct rca_trace_kernel *ret_kernel)
{
    struct btf *btf = btf__load_vmlinux_btf();
    int r;

    if (!btf)
        return errno == ENOMEM ? -ENOMEM : RCA_ENOSUPPORT;
    *ret_kernel = (struct rca_trace_kernel){
        .drop_args = rca_drop_args(btf),
        .netfilter = find(btf, "bpf_nf_ctx", BTF_KIND_STRUCT) != NULL,
        .conntrack = has_conntrack(btf),
        .btf = btf,
    };
    r = read_consumed(btf, ret_kernel->consumed);
    if (r)
        rca_trace_kernel_done(ret_kernel);
    return r;
}

void rca_trace_kernel_done(struct rca_trace_kernel *kernel)
{
    btf__free((struct btf *)kernel->btf);
    kernel->btf = NULL;
}

_Bool rca_trace_kernel_has(const struct rca_trace_kernel *kernel,
                           const char *tracepoint)
{
    char name[80];

    (void)snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
    return find((const struct btf *)kernel->btf, name, BTF_KIND_TYPEDEF) !=
           NULL;
}
