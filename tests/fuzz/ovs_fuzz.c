/* SPDX-License-Identifier: GPL-3.0-or-later */

/* ovs_fuzz - any bytes as answers of Open vSwitch's daemons, and as the texts
 * in them. */

#include <stdlib.h>
#include <string.h>

#include "collector/ovs_msg.h"
#include "tests/harness/fuzz.h"

static int see_port(void *arg, const struct rca_ovs_port *port)
{
    (void)arg;
    if (!port->name[0] || !port->bridge[0] ||
        !memchr(port->name, 0, sizeof(port->name)))
        abort();
    return 0;
}

static void see_stats(void *arg, const char *name,
                      const struct rca_traffic *stats)
{
    (void)stats;
    *(size_t *)arg += strlen(name);
}

static void read_text(const char *text)
{
    struct rca_ovs_datapath d = {0};
    struct rca_ovs_upcalls u = {0};
    uint64_t events[RCA_OVS_EVENTS];
    size_t n = 0;

    if (rca_ovs_read_datapaths(text, &d, see_stats, &n) && d.hit)
        abort();
    rca_ovs_read_upcalls(text, &u);
    rca_ovs_read_coverage(text, events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *inside = NULL;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    (void)!rca_ovs_parse_database(text, size, see_port, NULL);
    if (rca_ovs_parse_text(text, size, &inside) == 0)
        read_text(inside);
    free(inside);
    read_text(text);
    free(text);
    return 0;
}
