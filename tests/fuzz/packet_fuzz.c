/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a packet: the first says whether it begins with a link. */

#include "collector/trace/packet.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/fuzz.h"

static void check(const struct rca_packet *packet)
{
    struct rca_buf buf = {0};

    rca_packet_text(packet, &buf);
    rca_buf_str(&buf, "\n");
    rca_packet_brief(packet, &buf);
    for (size_t i = 0; i < buf.len; i++) {
        if (buf.text[i] != '\n' && (buf.text[i] < ' ' || buf.text[i] > '~'))
            abort();
    }
    if (buf.len > 600)
        abort();
    rca_buf_done(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    struct rca_packet packet;

    if (!copy || !size) {
        free(copy);
        return 0;
    }
    memcpy(copy, data + 1, size - 1);
    rca_packet_parse(copy, size - 1, data[0] & 1, &packet);
    if (packet.vlans > 2 || (packet.flow.fragment && packet.flow.source_port))
        abort();
    check(&packet);
    free(copy);
    return 0;
}
