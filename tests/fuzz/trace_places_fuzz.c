/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lines of any bytes as those of /proc/kallsyms: addresses are found in order. */

#include <string.h>

#include "collector/trace/places.h"
#include "tests/harness/fuzz.h"

static void look(const struct rca_trace_places *places)
{
    char text[RCA_TRACE_PLACE_SIZE];

    for (size_t i = 0; i < places->n; i++) {
        if (i && places->items[i].address < places->items[i - 1].address)
            abort();
        if (!rca_trace_places_find(places, places->items[i].address, text) ||
            !strstr(text, "+0x0"))
            abort();
    }
    (void)rca_trace_places_find(places, UINT64_MAX, text);
    (void)rca_trace_places_find(places, 0, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_trace_places places RCA_CLEANUP(rca_trace_places_done) = {0};
    const char *at = (const char *)data;
    const char *end = at + size;

    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const char *next = line ? line + 1 : end;

        if (rca_trace_places_add(&places, at, (size_t)(next - at)))
            return 0;
        at = next;
    }
    rca_trace_places_sort(&places);
    look(&places);
    return 0;
}
