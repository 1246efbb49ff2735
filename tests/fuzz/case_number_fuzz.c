/* SPDX-License-Identifier: GPL-3.0-or-later */

/* case_number_fuzz - a cell's number is strtod(3)'s, bit for bit. */

#include <math.h>

#include "tests/fuzz/case_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_text text = text_of(data, size);
    double got, want;
    char *end;

    if (!rca_csv_number(text.bytes, &got) && !isnan(got) &&
        strcspn(text.bytes, "tTfF") == strlen(text.bytes)) {
        want = strtod(text.bytes, &end);
        must(!*end && got == want && signbit(got) == signbit(want));
    }
    rca_case_text_done(&text);
    return 0;
}
