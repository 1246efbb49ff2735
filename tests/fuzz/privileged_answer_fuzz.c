/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram as an answer of the privileged helper, and any text in pieces as
 * an answer of Open vSwitch's. The first byte is the number of descriptors, and
 * where the text is cut. */

#include <stdlib.h>
#include <string.h>

#include "collector/privileged_wire.h"
#include "tests/harness/fuzz.h"

/* In one piece or in two, the end is found alike. */
static void check_json(const char *text, size_t len, size_t cut)
{
    struct rca_wire_json one = {0}, two = {0};
    const int whole = rca_wire_json_feed(&one, text, len);
    int parts;

    cut = cut < len ? cut : len;
    parts = rca_wire_json_feed(&two, text, cut);
    if (parts == 0)
        parts = rca_wire_json_feed(&two, text + cut, len - cut);
    if (whole != parts || whole > 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_wire_answer answer;
    char *copy;

    if (!size)
        return 0;
    copy = malloc(size > 1 ? size - 1 : 1); /* exactly as long */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    if (rca_wire_parse_answer(copy, size - 1, data[0] & 3, &answer) == 0 &&
        (answer.result > 0 || answer.result < -4095 || answer.n_fds > 1))
        abort();
    check_json(copy, size - 1, data[0]);
    free(copy);
    return 0;
}
