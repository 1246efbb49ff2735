/* SPDX-License-Identifier: GPL-3.0-or-later */

/* record_fuzz - a kept incident from any bytes is refused with a reason, or is
 * one that can be shown, compared and encoded again to the same bytes. */

#include <errno.h>
#include <string.h>

#include "cli/record_text.h"
#include "tests/harness/fuzz.h"

static void show(const struct rca_record *r)
{
    struct rca_buf buf = {0};

    rca_record_line(&buf, r);
    rca_record_show(&buf, r);
    rca_record_compare(&buf, r, r);
    rca_record_summary(&buf, r);
    (void)rca_record_confidence(r);
    if (buf.err)
        abort();
    rca_buf_done(&buf);
}

static void repeat(const struct rca_record *r)
{
    struct rca_record *back = NULL;
    char *one = NULL, *two = NULL;

    if (rca_record_encode(r, &one) ||
        rca_record_decode(one, strlen(one), NULL, &back) ||
        rca_record_encode(back, &two) || strcmp(one, two) != 0)
        abort();
    free(one);
    free(two);
    rca_record_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_record *r = NULL;
    struct rca_diag diag = {0};
    const int err = rca_record_decode(data, size, &diag, &r);

    if (err && err != -ENOMEM && !diag.text[0])
        abort();
    if (err)
        return 0;
    show(r);
    repeat(r);
    rca_record_free(&r);
    return 0;
}
