/* SPDX-License-Identifier: GPL-3.0-or-later */

/* dump_fuzz - any bytes as a line of JSON lines, and as a whole file: a
 * diagnostic, or a line that is whole. */

#include "datasets/dump.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/err.h"
#include "tests/harness/fuzz.h"

static void must(int truth)
{
    if (!truth)
        abort();
}

static void check_line(const struct rca_dump_line *line)
{
    const char *key;
    json_t *value;

    must(line->node.name && line->node.name[0] && line->node.host);
    must(line->node.kind < RCA_KIND_COUNT);
    if (line->type != RCA_DUMP_VALUES) {
        must(line->first >= 0 && line->first <= line->last);
        return;
    }
    must(line->time >= 0);
    json_object_foreach(line->values, key, value)
    {
        must(json_is_null(value) || isfinite(json_number_value(value)));
    }
}

static void read_all(const uint8_t *data, size_t size)
{
    struct rca_dump_info info = {0};
    struct rca_diag diag = {0};
    void *copy = malloc(size);
    FILE *f;
    int err;

    must(copy != NULL);
    memcpy(copy, data, size);
    f = fmemopen(copy, size, "r");
    must(f != NULL);
    err = rca_dump_read(f, "fuzz", NULL, &diag, &info);
    must(err == 0 || (err == RCA_ESYNTAX && diag.text[0] && diag.line));
    (void)fclose(f);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_dump_line line = {0};
    struct rca_diag diag = {0};
    const int err = rca_dump_parse((const char *)data, size, &diag, &line);

    if (err)
        must(err == RCA_ESYNTAX && diag.text[0] && !line.root);
    else
        check_line(&line);
    rca_dump_line_done(&line);
    if (size)
        read_all(data, size);
    return 0;
}
