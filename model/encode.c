/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A model as bytes: "RCAM", version, checksum of the rest (FNV-1a over words
 * of 8 bytes, 64 bits), header, then the variables. Numbers are little-endian, doubles as their
 * bits, names as a length and bytes.
 */

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "graph/base/buf.h"
#include "graph/base/err.h"
#include "model/learned.h"

#define MAGIC 0x4d414352U /* "RCAM" */
#define VERSION 2U
#define HEAD_BYTES 16 /* magic, version, checksum */
/* the least that one variable takes: what a hostile count is checked with */
#define VARIABLE_BYTES (4 + 2 + 3 * 8 + 4 + 4 + 1 + 1)

static uint64_t checksum(const unsigned char *p, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037), word = 0;

    for (; n >= 8; n -= 8, p += 8) {
        memcpy(&word, p, 8);
        h = (h ^ le64toh(word)) * UINT64_C(1099511628211);
        h ^= h >> 32;
    }
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(1099511628211);
    return h;
}

/* --- writing -------------------------------------------------------------- */

static void put(struct rca_buf *b, uint64_t v, size_t bytes)
{
    char le[8];

    for (size_t i = 0; i < bytes; i++)
        le[i] = (char)(unsigned char)(v >> (8 * i));
    rca_buf_put(b, le, bytes);
}

static void put_double(struct rca_buf *b, double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    put(b, bits, 8);
}

static void put_floats(struct rca_buf *b, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof(bits));
        put(b, bits, 4);
    }
}

static void put_known(struct rca_buf *b, const struct rca_known *k)
{
    const float left[2] = {(float)k->left.centre, (float)k->left.scale};

    put(b, k->spread.n, 4);
    put(b, k->spread.constant, 1);
    put(b, k->n_parents, 1);
    if (k->spread.n == 0)
        return;
    put_floats(b, k->habit.usual, RCA_HABIT_LENGTHS);
    put_floats(b, k->habit.shift, RCA_HABIT_LENGTHS);
    if (k->n_parents == 0)
        return;
    for (uint32_t i = 0; i < k->n_parents; i++)
        put(b, k->parent[i], 4);
    put_floats(b, k->weight, k->n_parents);
    put(b, k->left.n, 4);
    put_floats(b, left, 2);
    put_floats(b, k->left_habit.usual, RCA_HABIT_LENGTHS);
}

static void put_variable(struct rca_buf *b, const struct rca_learned *v)
{
    const size_t len = strlen(v->metric);

    put(b, v->entity, 4);
    put(b, len, 2);
    rca_buf_put(b, v->metric, len);
    put_double(b, v->centre);
    put_double(b, v->scale);
    put_double(b, v->residual_scale);
    put(b, v->n_parents, 4);
    for (uint32_t i = 0; i < v->n_parents; i++) {
        put(b, v->parent[i], 4);
        put_double(b, v->weight[i]);
    }
    put_known(b, &v->known);
}

int rca_model_encode(const struct rca_model *model, void **ret_data,
                     size_t *ret_size)
{
    struct rca_buf body RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_buf all RCA_CLEANUP(rca_buf_done) = {0};
    size_t size;
    char *text;
    int err;

    put(&body, (uint64_t)model->from, 8);
    put(&body, (uint64_t)model->to, 8);
    put(&body, (uint64_t)model->step, 8);
    put(&body, model->rows, 8);
    put(&body, model->n_vars, 4);
    for (size_t v = 0; v < model->n_vars; v++)
        put_variable(&body, &model->vars[v]);
    if (body.err)
        return body.err;
    put(&all, MAGIC, 4);
    put(&all, VERSION, 4);
    put(&all, checksum((const unsigned char *)body.text, body.len), 8);
    rca_buf_put(&all, body.text, body.len);
    size = all.len;
    err = rca_buf_take(&all, &text);
    if (err)
        return err;
    *ret_data = text;
    *ret_size = size;
    return 0;
}

/* --- reading -------------------------------------------------------------- */

/* a reader that fails once and for all; reads 0 afterwards */
struct cursor {
    const unsigned char *p, *end;
    _Bool bad;
};

static uint64_t get(struct cursor *c, size_t bytes)
{
    uint64_t v = 0;

    if (c->bad || (size_t)(c->end - c->p) < bytes) {
        c->bad = 1;
        return 0;
    }
    memcpy(&v, c->p, bytes);
    c->p += bytes;
    return le64toh(v);
}

static double get_double(struct cursor *c)
{
    const uint64_t bits = get(c, 8);
    double x;

    memcpy(&x, &bits, sizeof(x));
    if (!isfinite(x))
        c->bad = 1;
    return x;
}

static void get_floats(struct cursor *c, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)get(c, 4);

        memcpy(&x[i], &bits, sizeof(bits));
        if (!isfinite(x[i]))
            c->bad = 1;
    }
}

static void get_left(struct cursor *c, const struct rca_model *m,
                     struct rca_known *k)
{
    float left[2];

    for (uint32_t i = 0; i < k->n_parents; i++) {
        k->parent[i] = (uint32_t)get(c, 4);
        c->bad |= k->parent[i] >= m->n_vars;
    }
    get_floats(c, k->weight, k->n_parents);
    k->left.n = (size_t)get(c, 4);
    get_floats(c, left, 2);
    k->left.centre = (double)left[0];
    k->left.scale = (double)left[1];
    get_floats(c, k->left_habit.usual, RCA_HABIT_LENGTHS);
    c->bad |= !(k->left.scale > 0);
}

static void get_known(struct cursor *c, const struct rca_model *m,
                      struct rca_learned *v)
{
    struct rca_known *k = &v->known;
    uint64_t constant;

    k->spread = (struct rca_spread){.centre = v->centre, .scale = v->scale};
    k->spread.n = (size_t)get(c, 4);
    constant = get(c, 1);
    k->spread.constant = constant != 0;
    k->n_parents = (uint32_t)get(c, 1);
    c->bad |= constant > 1 || k->n_parents > RCA_PAST_PARENTS ||
              (k->spread.n == 0 && k->n_parents > 0);
    if (c->bad || k->spread.n == 0)
        return;
    get_floats(c, k->habit.usual, RCA_HABIT_LENGTHS);
    get_floats(c, k->habit.shift, RCA_HABIT_LENGTHS);
    if (k->n_parents)
        get_left(c, m, k);
}

static int get_name(struct cursor *c, struct rca_arena *strings,
                    const char **ret_name)
{
    const size_t len = (size_t)get(c, 2);
    char name[256];

    if (c->bad || len == 0 || len >= sizeof(name) ||
        (size_t)(c->end - c->p) < len || memchr(c->p, 0, len))
        return RCA_ECORRUPT;
    memcpy(name, c->p, len);
    name[len] = '\0';
    c->p += len;
    *ret_name = rca_arena_text(strings, name);
    return *ret_name ? 0 : -ENOMEM;
}

static int get_variable(struct cursor *c, struct rca_model *m,
                        struct rca_learned *v)
{
    int err;

    v->entity = (rca_id)get(c, 4);
    err = get_name(c, &m->strings, &v->metric);
    if (err)
        return err;
    v->centre = get_double(c);
    v->scale = get_double(c);
    v->residual_scale = get_double(c);
    v->n_parents = (uint32_t)get(c, 4);
    if (c->bad || v->scale <= 0 || v->residual_scale < 0 ||
        v->n_parents > RCA_LEARNED_PARENTS)
        return RCA_ECORRUPT;
    for (uint32_t i = 0; i < v->n_parents; i++) {
        v->parent[i] = (uint32_t)get(c, 4);
        v->weight[i] = get_double(c);
        if (v->parent[i] >= m->n_vars)
            return RCA_ECORRUPT;
    }
    get_known(c, m, v);
    m->n_factors += v->n_parents > 0;
    return c->bad ? RCA_ECORRUPT : 0;
}

static int get_model(struct cursor *c, struct rca_model *m)
{
    int err = 0;

    m->from = (rca_time)get(c, 8);
    m->to = (rca_time)get(c, 8);
    m->step = (rca_time)get(c, 8);
    m->rows = (size_t)get(c, 8);
    m->n_vars = (size_t)get(c, 4);
    if (c->bad || m->step <= 0 || m->to <= m->from ||
        m->n_vars > (size_t)(c->end - c->p) / VARIABLE_BYTES)
        return RCA_ECORRUPT;
    m->vars = calloc(m->n_vars + 1, sizeof(*m->vars));
    if (!m->vars)
        return -ENOMEM;
    for (size_t v = 0; v < m->n_vars && !err; v++) {
        err = get_variable(c, m, &m->vars[v]);
        m->n_entities += v == 0 || m->vars[v].entity != m->vars[v - 1].entity;
    }
    if (!err && c->p != c->end)
        err = RCA_ECORRUPT;
    return err;
}

int rca_model_decode(const void *data, size_t size,
                     struct rca_model **ret_model)
{
    struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
    struct cursor c = {.p = data};
    int err;

    if (!data || size < HEAD_BYTES)
        return RCA_ECORRUPT;
    c.end = c.p + size;
    if (get(&c, 4) != MAGIC)
        return RCA_ECORRUPT;
    if (get(&c, 4) != VERSION)
        return RCA_ESCHEMA;
    if (get(&c, 8) !=
        checksum((const unsigned char *)data + HEAD_BYTES, size - HEAD_BYTES))
        return RCA_ECORRUPT;
    m = calloc(1, sizeof(*m));
    if (!m)
        return -ENOMEM;
    err = get_model(&c, m);
    if (err)
        return err;
    *ret_model = RCA_TAKE(m);
    return 0;
}
