/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/traffic.h"

void rca_traffic_report(const struct rca_traffic *traffic,
                        struct rca_observer *obs, rca_id entity)
{
    const struct {
        const char *series;
        uint64_t value;
    } values[] = {
        {"receive_bytes_total", traffic->receive_bytes},
        {"transmit_bytes_total", traffic->transmit_bytes},
        {"receive_packets_total", traffic->receive_packets},
        {"transmit_packets_total", traffic->transmit_packets},
        {"receive_drops_total", traffic->receive_drops},
        {"transmit_drops_total", traffic->transmit_drops},
        {"receive_errors_total", traffic->receive_errors},
        {"transmit_errors_total", traffic->transmit_errors},
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(values); i++)
        rca_observe_value(obs, entity, values[i].series,
                          (double)values[i].value);
}
