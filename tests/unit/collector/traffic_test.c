/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/traffic.h"

#include "tests/harness/test.h"
#include "tests/unit/collector/samples.h"

static void each_counter_is_a_series(void **state)
{
    const struct rca_traffic traffic = {.receive_packets = 1,
                                        .transmit_packets = 2,
                                        .receive_bytes = 3,
                                        .transmit_bytes = 4,
                                        .receive_errors = 5,
                                        .transmit_errors = 6,
                                        .receive_drops = 7,
                                        .transmit_drops = 8};
    static const char *const series[] = {
        "receive_packets_total", "transmit_packets_total",
        "receive_bytes_total",   "transmit_bytes_total",
        "receive_errors_total",  "transmit_errors_total",
        "receive_drops_total",   "transmit_drops_total"};
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = NULL;
    rca_id nic;

    (void)state;
    assert_ok(rca_observer_new(NULL, "h", &obs));
    rca_observer_begin(obs, RCA_SECOND);
    nic = rca_observe_entity(obs, RCA_KIND_NIC, "eth0");
    rca_traffic_report(&traffic, obs, nic);
    assert_int_equal(obs->n_samples, RCA_ARRAY_SIZE(series));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(series); i++)
        assert_close(sample_of(obs, nic, series[i]), (double)(i + 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_counter_is_a_series),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
