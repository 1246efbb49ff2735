/* SPDX-License-Identifier: GPL-3.0-or-later */

/* case_graph_fuzz - any bytes as graph.csv: a diagnostic, or a whole case. */

#include "tests/fuzz/case_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_text text = text_of(data, size), table;
    struct rca_case_parts parts = {.labels = {.start = 0}};
    struct rca_diag diag = {0};
    const int err = rca_edges_read(&text, &diag, &parts.edges);

    small_table(&table, &parts.table);
    if (err)
        told(err, &diag);
    else
        make_case(&parts);
    rca_case_parts_done(&parts);
    rca_case_text_done(&table);
    rca_case_text_done(&text);
    return 0;
}
