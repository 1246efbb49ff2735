/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* traffic - what an interface has carried, whoever counts it. */

#include "collector/observer.h"

/** struct rca_traffic - totals since the interface was made; received is what
 * came in. Which losses are errors and which are drops, who counts decides. */
struct rca_traffic {
    uint64_t receive_packets, transmit_packets;
    uint64_t receive_bytes, transmit_bytes;
    uint64_t receive_errors, transmit_errors;
    uint64_t receive_drops, transmit_drops;
};

/** rca_traffic_report() - as the series receive_bytes_total and so on */
void rca_traffic_report(const struct rca_traffic *traffic,
                        struct rca_observer *obs, rca_id entity);
