/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/drop_btf.h"

#include <bpf/btf.h>

unsigned rca_drop_args(const struct btf *btf)
{
    const int id =
        btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
    const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

    if (t) /* typedef of a pointer to a function */
        t = btf__type_by_id(btf, t->type);
    if (t)
        t = btf__type_by_id(btf, t->type);
    if (!t || !btf_is_func_proto(t) || btf_vlen(t) < 3)
        return 2;
    return btf_vlen(t) - 1U; /* the first is the tracepoint's own */
}

static const char *enum_name(const struct btf *btf, const struct btf_type *t,
                             unsigned i, uint32_t *ret_value)
{
    const struct btf_enum *e = btf_enum(t) + i;

    *ret_value = (uint32_t)e->val;
    return btf__name_by_offset(btf, e->name_off);
}

static void read_subsystems(const struct btf *btf,
                            struct rca_drop_reasons *reasons)
{
    const int id =
        btf__find_by_name_kind(btf, "skb_drop_reason_subsys", BTF_KIND_ENUM);
    const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

    for (unsigned i = 0; t && i < btf_vlen(t); i++) {
        uint32_t value;
        const char *name = enum_name(btf, t, i, &value);

        if (name)
            rca_drop_reasons_add_subsys(reasons, name, value);
    }
}

int rca_drop_btf_reasons(const struct btf *btf,
                         struct rca_drop_reasons *reasons)
{
    const int id =
        btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);
    const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
    int r = 0;

    for (unsigned i = 0; t && r == 0 && i < btf_vlen(t); i++) {
        uint32_t value;
        const char *name = enum_name(btf, t, i, &value);

        if (name)
            r = rca_drop_reasons_add(reasons, name, value);
    }
    read_subsystems(btf, reasons);
    return r;
}
