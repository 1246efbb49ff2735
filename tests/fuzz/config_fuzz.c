/* SPDX-License-Identifier: GPL-3.0-or-later */

/* config_fuzz - any bytes as a configuration. */

#include "collector/config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/fuzz.h"

static void must(int truth)
{
    if (!truth)
        abort();
}

static void check(const struct rca_config *config)
{
    must(config->db && config->db[0]);
    must(config->interval >= RCA_SECOND / 10 && config->retention > 0);
    for (size_t i = 0; i < config->n_names; i++) {
        const struct rca_name_rule *r = &config->names[i];

        must(r->name && r->name[0] && r->port <= 65535);
        must(r->port || r->cgroup);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_diag diag = {{0}, 0, 0, {0}};
    struct rca_config config;
    int r = rca_config_parse((const char *)data, size, "fuzz", &diag, &config);

    if (r == 0) {
        check(&config);
        rca_config_done(&config);
    } else if (r == RCA_ESYNTAX) {
        must(diag.text[0] && !strcmp(diag.file, "fuzz"));
    }
    return 0;
}
