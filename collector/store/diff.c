/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/diff.h"

#include "graph/base/err.h"

struct edit {
    size_t stay, go, come;
};

/* The edit that follows @i of the old and @j of the new list. */
static struct edit next_edit(const struct rca_vec_key *old, size_t i,
                             const struct rca_vec_key *now, size_t j)
{
    struct edit e = {0};

    while (i < old->n && j < now->n && old->at[i] == now->at[j]) {
        e.stay++;
        i++;
        j++;
    }
    while (i < old->n && (j == now->n || old->at[i] < now->at[j])) {
        e.go++;
        i++;
    }
    while (j < now->n && (i == old->n || now->at[j] < old->at[i])) {
        e.come++;
        j++;
    }
    return e;
}

static _Bool is_edit(const struct edit *e)
{
    return e->go || e->come;
}

static size_t count_edits(const struct rca_vec_key *old,
                          const struct rca_vec_key *now)
{
    struct edit e = next_edit(old, 0, now, 0);
    size_t n = 0, i = 0, j = 0;

    for (; is_edit(&e); e = next_edit(old, i, now, j)) {
        n++;
        i += e.stay + e.go;
        j += e.stay + e.come;
    }
    return n;
}

void rca_diff_put(const struct rca_vec_key *old, const struct rca_vec_key *now,
                  struct rca_buf *out)
{
    struct edit e = next_edit(old, 0, now, 0);
    size_t i = 0, j = 0;

    rca_varint_put(out, count_edits(old, now));
    for (; is_edit(&e); e = next_edit(old, i, now, j)) {
        rca_varint_put(out, e.stay);
        rca_varint_put(out, e.go);
        rca_varint_put(out, e.come);
        j += e.stay;
        for (size_t k = 0; k < e.come; k++, j++)
            rca_varint_put(out, now->at[j] - (j ? now->at[j - 1] : 0));
        i += e.stay + e.go;
    }
}

static int push(struct rca_vec_key *ret, uint64_t key)
{
    if (ret->n && key <= ret->at[ret->n - 1])
        return RCA_ECORRUPT;
    return rca_vec_push(ret, key);
}

static int keep(const struct rca_vec_key *old, size_t from, size_t n,
                struct rca_vec_key *ret)
{
    int err = 0;

    for (size_t i = 0; !err && i < n; i++)
        err = push(ret, old->at[from + i]);
    return err;
}

static int add(struct rca_reader *r, uint64_t n, struct rca_vec_key *ret)
{
    int err = 0;

    for (uint64_t i = 0; !err && i < n; i++) {
        uint64_t key, last = ret->n ? ret->at[ret->n - 1] : 0;

        if (rca_varint_get(r, &key) || __builtin_add_overflow(key, last, &key))
            return RCA_ECORRUPT;
        err = push(ret, key);
    }
    return err;
}

int rca_diff_get(struct rca_reader *r, const struct rca_vec_key *old,
                 struct rca_vec_key *ret)
{
    uint64_t edits, stay, go, come;
    size_t i = 0;
    int err = 0;

    ret->n = 0;
    if (rca_varint_get(r, &edits))
        return RCA_ECORRUPT;
    for (; !err && edits > 0; edits--) {
        if (rca_varint_get(r, &stay) || rca_varint_get(r, &go) ||
            rca_varint_get(r, &come) || stay > old->n - i ||
            go > old->n - i - stay)
            return RCA_ECORRUPT;
        err = keep(old, i, stay, ret);
        i += stay + go;
        if (!err)
            err = add(r, come, ret);
    }
    return err ? err : keep(old, i, old->n - i, ret);
}
