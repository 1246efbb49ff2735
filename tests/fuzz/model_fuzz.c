/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A model from any bytes is refused, or is one that can be shown and encodes
 * to the same bytes. The checksum is mended first, to get past it. */

#include "model/model.h"

#include <string.h>

#include "tests/harness/fuzz.h"

static uint64_t checksum(const uint8_t *p, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037), word = 0;

    for (; n >= 8; n -= 8, p += 8) {
        for (size_t i = 0; i < 8; i++)
            word = word >> 8 | (uint64_t)p[i] << 56;
        h = (h ^ word) * UINT64_C(1099511628211);
        h ^= h >> 32;
    }
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(1099511628211);
    return h;
}

static void check(const struct rca_model *m, const uint8_t *data, size_t size)
{
    void *again = NULL;
    size_t n = 0;

    for (size_t v = 0; v < rca_model_variables(m); v++) {
        struct rca_factor_view view;

        rca_model_view(m, v, &view);
        if (!view.metric || view.n_parents > 10 || !(view.scale > 0))
            abort();
    }
    if (rca_model_encode(m, &again, &n))
        abort();
    if (n != size || memcmp(again, data, n) != 0)
        abort();
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct rca_model *m = NULL;

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    if (size >= 16) {
        const uint64_t sum = checksum(copy + 16, size - 16);

        for (size_t i = 0; i < 8; i++)
            copy[8 + i] = (uint8_t)(sum >> (8 * i));
    }
    if (rca_model_decode(copy, size, &m) == 0)
        check(m, copy, size);
    rca_model_free(&m);
    free(copy);
    return 0;
}
