/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/source.h"

/* In the order in which they run; see the header. */
static const struct rca_source *const table[] = {
    &rca_source_cgroup, &rca_source_task, &rca_source_host, &rca_source_sock,
    &rca_source_drop,   &rca_source_link, &rca_source_nft,  NULL,
};

const struct rca_source *const *rca_source_table(void)
{
    return table;
}
