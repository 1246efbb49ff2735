/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/probe_share.h"

#include <errno.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/events_trace_place.h"
#include "collector/trace/capture_patch.h"

#define CONSTANTS ".rodata"

/* --- filters ----------------------------------------------------------------- */

/* An object in which nothing filters has no such place. */
static int patch(void *elf, size_t size, uint32_t magic, size_t room,
                 const struct rca_trace_code *code)
{
    const int r = rca_trace_patch(elf, size, magic, room, code);

    return r == RCA_ECORRUPT ? 0 : r;
}

int rca_trace_share_filters(const void *elf, size_t size,
                            const struct rca_trace_plan *plan, void **ret_elf)
{
    void *copy RCA_CLEANUP(rca_freep) = malloc(size);
    int r = 0;

    if (!copy)
        return -ENOMEM;
    memcpy(copy, elf, size);
    if (plan)
        r = patch(copy, size, RCA_TRACE_MAGIC_L2, RCA_TRACE_PLACE_PACKET,
                  &plan->packet[RCA_TRACE_L2]);
    if (plan && r == 0)
        r = patch(copy, size, RCA_TRACE_MAGIC_L3, RCA_TRACE_PLACE_PACKET,
                  &plan->packet[RCA_TRACE_L3]);
    if (plan && r == 0)
        r = patch(copy, size, RCA_TRACE_MAGIC_META, RCA_TRACE_PLACE_META,
                  &plan->meta);
    if (r == 0)
        *ret_elf = RCA_TAKE(copy);
    return r;
}

/* --- constants --------------------------------------------------------------- */

/** struct constants - of an object, by its BTF; @section NULL: it has none */
struct constants {
    const struct btf *btf;
    const struct btf_type *section;
    const char *bytes;
    size_t size;
    struct bpf_map *map;
};

static struct constants find_constants(const struct bpf_object *object)
{
    struct constants c = {.btf = bpf_object__btf(object),
                          .map =
                              bpf_object__find_map_by_name(object, CONSTANTS)};
    int id;

    if (!c.map || !c.btf)
        return c;
    id = btf__find_by_name_kind(c.btf, CONSTANTS, BTF_KIND_DATASEC);
    c.bytes = (const char *)bpf_map__initial_value(c.map, &c.size);
    if (id > 0 && c.bytes)
        c.section = btf__type_by_id(c.btf, (uint32_t)id);
    return c;
}

static const char *name_of(const struct constants *c,
                           const struct btf_var_secinfo *at)
{
    const struct btf_type *t = btf__type_by_id(c->btf, at->type);

    return t ? btf__name_by_offset(c->btf, t->name_off) : "";
}

static const struct btf_var_secinfo *find(const struct constants *c,
                                          const char *name)
{
    for (uint32_t i = 0; i < btf_vlen(c->section); i++) {
        const struct btf_var_secinfo *at = btf_var_secinfos(c->section) + i;

        if (!strcmp(name_of(c, at), name))
            return at;
    }
    return NULL;
}

static int share_constants(struct bpf_object *object,
                           const struct bpf_object *with)
{
    const struct constants to = find_constants(object);
    const struct constants from = find_constants(with);
    char *bytes RCA_CLEANUP(rca_freep) = NULL;

    if (!to.section || !from.section)
        return 0;
    bytes = malloc(to.size);
    if (!bytes)
        return -ENOMEM;
    memcpy(bytes, to.bytes, to.size);
    for (uint32_t i = 0; i < btf_vlen(to.section); i++) {
        const struct btf_var_secinfo *at = btf_var_secinfos(to.section) + i;
        const struct btf_var_secinfo *other = find(&from, name_of(&to, at));

        if (other && other->size == at->size &&
            at->offset + at->size <= to.size &&
            other->offset + other->size <= from.size)
            memcpy(bytes + at->offset, from.bytes + other->offset, at->size);
    }
    return bpf_map__set_initial_value(to.map, bytes, to.size);
}

/* --- maps -------------------------------------------------------------------- */

int rca_trace_share(struct bpf_object *object, const struct bpf_object *with)
{
    struct bpf_map *map;
    int r = share_constants(object, with);

    bpf_object__for_each_map(map, object)
    {
        const struct bpf_map *other =
            bpf_object__find_map_by_name(with, bpf_map__name(map));

        if (r == 0 && other && !bpf_map__is_internal(map))
            r = bpf_map__reuse_fd(map, bpf_map__fd(other));
    }
    return r;
}
