/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * picture_fuzz - any bytes as what dot drew: refused, or a part of the page that
 * draws and does nothing else.
 */

#include <string.h>

#include "cli/html.h"
#include "tests/fuzz/html_check.h"
#include "tests/harness/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    char *svg RCA_CLEANUP(rca_freep) = malloc(size + 1);
    struct rca_node node = {
        .card = {.name = "a", .label = "b", .host = "", .metric = "c"}};
    const struct rca_explanation e = {.n_nodes = 1, .nodes = &node};
    int r;

    if (!svg)
        return 0;
    if (size)
        memcpy(svg, data, size);
    svg[size] = '\0';
    r = rca_html_picture(&buf, &e, svg);
    html_check_that(r <= 0 && (r == 0) == (buf.len > 0));
    if (!r)
        html_check_that(html_check(buf.text) == 0);
    return 0;
}
