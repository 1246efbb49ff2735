/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/types.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "graph/base/name.h"

#define MODULES "/sys/kernel/btf"
#define MAX_MODULES 1024
#define SUGGESTIONS 3

struct rca_trace_types {
    struct btf
        *all[1 + MAX_MODULES]; /* owned; those of modules need the first */
    size_t n;
};

/* --- reading it -------------------------------------------------------------- */

void rca_trace_types_free(struct rca_trace_types **types)
{
    struct rca_trace_types *k = *types;

    *types = NULL;
    if (!k)
        return;
    while (k->n > 0)
        btf__free(k->all[--k->n]);
    free(k);
}

int rca_trace_types_new(struct btf *btf, struct rca_trace_types **ret_types)
{
    struct rca_trace_types *k = calloc(1, sizeof(*k));

    if (!k)
        return -ENOMEM;
    k->all[k->n++] = btf;
    *ret_types = k;
    return 0;
}

/* What cannot be read is left out. */
static void add_modules(struct rca_trace_types *k)
{
    DIR *dir = opendir(MODULES);

    for (const struct dirent *e; dir && (e = readdir(dir));) {
        struct btf *btf;

        if (e->d_name[0] == '.' || !strcmp(e->d_name, "vmlinux") ||
            k->n == RCA_ARRAY_SIZE(k->all))
            continue;
        btf = btf__load_module_btf(e->d_name, k->all[0]);
        if (btf)
            k->all[k->n++] = btf;
    }
    if (dir)
        (void)closedir(dir);
}

int rca_trace_types_open(struct rca_trace_types **ret_types)
{
    struct btf *btf = btf__load_vmlinux_btf();
    int r;

    if (!btf)
        return errno == ENOMEM ? -ENOMEM : RCA_ENOSUPPORT;
    r = rca_trace_types_new(btf, ret_types);
    if (r) {
        btf__free(btf);
        return r;
    }
    add_modules(*ret_types);
    return 0;
}

/* --- looking things up ------------------------------------------------------- */

/* The type of that kind and name, and in which BTF; NULL: none. */
static const struct btf_type *find(const struct rca_trace_types *k,
                                   const char *name, uint32_t kind,
                                   const struct btf **ret_btf)
{
    for (size_t i = 0; i < k->n; i++) {
        const int id = btf__find_by_name_kind(k->all[i], name, kind);

        if (id <= 0)
            continue;
        *ret_btf = k->all[i];
        return btf__type_by_id(k->all[i], (uint32_t)id);
    }
    return NULL;
}

_Bool rca_trace_types_has(const struct rca_trace_types *types,
                          const char *function)
{
    const struct btf *btf;

    return find(types, function, BTF_KIND_FUNC, &btf) != NULL;
}

long rca_trace_types_bit(const struct rca_trace_types *types, const char *type,
                         const char *field)
{
    const struct btf *btf;
    const struct btf_type *t = find(types, type, BTF_KIND_STRUCT, &btf);

    for (uint32_t i = 0; t && i < btf_vlen(t); i++) {
        const char *name = btf__name_by_offset(btf, btf_members(t)[i].name_off);

        if (name && !strcmp(name, field))
            return (long)btf_member_bit_offset(t, i);
    }
    return -1;
}

/* --- packets ----------------------------------------------------------------- */

static const struct btf_type *skip_const(const struct btf *btf, uint32_t id)
{
    const struct btf_type *t = btf__type_by_id(btf, id);

    while (t && (btf_is_mod(t) || btf_is_typedef(t)))
        t = btf__type_by_id(btf, t->type);
    return t;
}

static _Bool is_packet(const struct btf *btf, uint32_t id)
{
    const struct btf_type *t = skip_const(btf, id);
    const char *name;

    if (!t || !btf_is_ptr(t))
        return 0;
    t = skip_const(btf, t->type);
    name = t && (btf_is_struct(t) || btf_is_fwd(t))
               ? btf__name_by_offset(btf, t->name_off)
               : NULL;
    return name && !strcmp(name, "sk_buff");
}

/* Which argument of the function is a packet; -1: none. */
static int packet_of(const struct btf *btf, const struct btf_type *function)
{
    const struct btf_type *proto = btf__type_by_id(btf, function->type);

    for (uint32_t i = 0; proto && btf_is_func_proto(proto) &&
                         i < btf_vlen(proto) && i < RCA_TRACE_ARGUMENTS;
         i++) {
        if (is_packet(btf, btf_params(proto)[i].type))
            return (int)i;
    }
    return -1;
}

/** struct list - names of functions, of which only the array is owned */
struct list {
    const char **names;
    size_t n, cap;
};

static void list_done(struct list *list)
{
    free(list->names);
}

static int list_add(struct list *list, const char *name)
{
    if (list->n == list->cap) {
        const size_t cap = list->cap ? 2 * list->cap : 1024;
        const char **names = realloc(list->names, cap * sizeof(*names));

        if (!names)
            return -ENOMEM;
        list->names = names;
        list->cap = cap;
    }
    list->names[list->n++] = name;
    return 0;
}

/* Functions of the @i-th BTF that take a packet. */
static int list_packets(const struct rca_trace_types *k, size_t i,
                        struct list *list)
{
    const struct btf *btf = k->all[i];
    const uint32_t first = i > 0 ? btf__type_cnt(k->all[0]) : 1;

    for (uint32_t id = first; id < btf__type_cnt(btf); id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);

        if (btf_is_func(t) && packet_of(btf, t) >= 0 &&
            list_add(list, btf__name_by_offset(btf, t->name_off)))
            return -ENOMEM;
    }
    return 0;
}

static void suggest(struct list *list, const char *word, struct rca_buf *buf)
{
    for (int i = 0; i < SUGGESTIONS; i++) {
        const size_t at = rca_name_nearest(word, list->names, list->n);
        const char *name = at < list->n ? list->names[at] : NULL;

        if (!name)
            return;
        rca_buf_fmt(buf, "%s'%s'", i ? ", " : "; the nearest: ", name);
        for (size_t j = 0; j < list->n;) { /* modules may share a name */
            if (!strcmp(list->names[j], name))
                list->names[j] = list->names[--list->n];
            else
                j++;
        }
    }
}

static int refuse_name(const struct rca_trace_types *k, const char *function,
                       struct rca_diag *diag)
{
    RCA_CLEANUP(list_done) struct list list = {.names = NULL};
    struct rca_buf buf = {.text = NULL};
    char *text = NULL;

    for (size_t i = 0; i < k->n; i++) {
        if (list_packets(k, i, &list))
            return -ENOMEM;
    }
    suggest(&list, function, &buf);
    if (rca_buf_take(&buf, &text))
        return -ENOMEM;
    rca_diag_set(diag, 0, "", 0,
                 "this kernel has no function '%s' that can be probed%s",
                 function, text);
    free(text);
    return RCA_EUNKNOWN;
}

RCA_PRINTF(2, 0)
static void print(void *buf, const char *format, va_list args)
{
    char text[512];

    (void)vsnprintf(text, sizeof(text), format, args);
    rca_buf_str((struct rca_buf *)buf, text);
}

static int refuse_prototype(const struct btf *btf,
                            const struct btf_type *function, const char *name,
                            struct rca_diag *diag)
{
    const struct btf_dump_emit_type_decl_opts opts = {.sz = sizeof(opts),
                                                      .field_name = name};
    struct rca_buf buf = {.text = NULL};
    struct btf_dump *dump = btf_dump__new(btf, print, &buf, NULL);
    char *text = NULL;

    if (dump)
        (void)btf_dump__emit_type_decl(dump, function->type, &opts);
    btf_dump__free(dump);
    if (rca_buf_take(&buf, &text))
        return -ENOMEM;
    rca_diag_set(diag, 0, "", 0,
                 "'%s' has no 'struct sk_buff *' among its first %d arguments:"
                 " %s",
                 name, RCA_TRACE_ARGUMENTS, text);
    free(text);
    return RCA_ESYNTAX;
}

int rca_trace_types_packet(const struct rca_trace_types *types,
                           const char *function, struct rca_diag *diag,
                           unsigned *ret_argument)
{
    const struct btf *btf = NULL;
    const struct btf_type *t = find(types, function, BTF_KIND_FUNC, &btf);
    int at;

    if (!t)
        return refuse_name(types, function, diag);
    at = packet_of(btf, t);
    if (at < 0)
        return refuse_prototype(btf, t, function, diag);
    *ret_argument = (unsigned)at;
    return 0;
}
