/* SPDX-License-Identifier: GPL-3.0-or-later */

/* snmp_fuzz - any bytes to every reader of the network stack's counters. */

#include <stdlib.h>

#include "collector/snmp_text.h"
#include "tests/harness/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct rca_snmp snmp = {.found = 0};
    struct rca_softnet softnet = {.drops = 1};
    struct rca_neigh neigh = {.failures = 0};

    rca_snmp_read_pairs(text, size, &snmp);
    rca_snmp_read_lines(text, size, &snmp);
    rca_snmp_read_sockstat(text, size, &snmp);
    for (unsigned i = 0; i < RCA_SNMP_COUNT; i++) {
        if (snmp.value[i] && !(snmp.found & UINT32_C(1) << i))
            abort();
    }
    if (rca_softnet_read(text, size, &softnet) && softnet.drops != 1)
        abort();
    if (rca_neigh_read(text, size, &neigh) && neigh.failures)
        abort();
    return 0;
}
