/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/pack.h"

#include "graph/base/err.h"

/** First byte of a pack; a chunk begins with its version, which is small. */
#define MAGIC 0x50

void rca_pack_done(struct rca_pack *pack)
{
    rca_buf_done(&pack->bytes);
}

void rca_pack_clear(struct rca_pack *pack)
{
    pack->bytes.len = 0;
    pack->n = 0;
}

void rca_pack_put(struct rca_pack *pack, rca_id entity, const char *chunk,
                  size_t len)
{
    const char magic = MAGIC;

    if (pack->n++ == 0) {
        rca_buf_put(&pack->bytes, &magic, 1);
        pack->first = entity;
        pack->last = 0;
    }
    rca_varint_put(&pack->bytes, entity - pack->last);
    rca_varint_put(&pack->bytes, len);
    rca_buf_put(&pack->bytes, chunk, len);
    pack->last = entity;
}

void rca_pack_read(const uint8_t *row, size_t len, rca_id entity,
                   struct rca_pack_reader *ret)
{
    *ret = (struct rca_pack_reader){.left = {row, row + len}, .entity = entity};
    ret->single = len == 0 || *row != MAGIC;
    if (!ret->single)
        ret->left.p++;
}

static int next_single(struct rca_pack_reader *r)
{
    if (r->started)
        return 0;
    r->started = 1;
    r->chunk = r->left.p;
    r->len = rca_reader_left(&r->left);
    return 1;
}

int rca_pack_next(struct rca_pack_reader *r)
{
    const rca_id first = r->started ? r->entity : 0;
    uint64_t delta, len;

    if (r->single)
        return next_single(r);
    if (r->left.p == r->left.end)
        return r->started ? 0 : RCA_ECORRUPT;
    if (rca_varint_get(&r->left, &delta) || rca_varint_get(&r->left, &len) ||
        delta >= RCA_ID_NONE - first || (r->started && delta == 0) ||
        len > rca_reader_left(&r->left))
        return RCA_ECORRUPT;
    if (!r->started && delta != r->entity)
        return RCA_ECORRUPT; /* the key names another */
    r->entity = (rca_id)(first + delta);
    r->started = 1;
    r->chunk = r->left.p;
    r->len = len;
    r->left.p += len;
    return 1;
}
