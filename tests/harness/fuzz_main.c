/* SPDX-License-Identifier: GPL-3.0-or-later */

/* fuzz_main - run a fuzz target over FILE..., with any compiler. */

#include <stdio.h>
#include <stdlib.h>

#include "graph/base/base.h"
#include "tests/harness/fuzz.h"

static int replay(const char *path)
{
    const size_t cap = 1 << 20;
    uint8_t *data RCA_CLEANUP(rca_freep) = malloc(cap);
    FILE *f = fopen(path, "rb");
    uint8_t *exact RCA_CLEANUP(rca_freep) = NULL;
    size_t n;

    if (!f || !data) {
        perror(path);
        if (f)
            (void)fclose(f);
        return -1;
    }
    n = fread(data, 1, cap, f);
    (void)fclose(f);

    /* of the exact size, so that memcheck sees a read past the end */
    exact = realloc(data, n ? n : 1);
    data = NULL;
    if (!exact)
        return -1;
    return LLVMFuzzerTestOneInput(exact, n);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]))
            return EXIT_FAILURE;
    }
    printf("%s: %d inputs replayed\n", argv[0], argc - 1);
    return EXIT_SUCCESS;
}
