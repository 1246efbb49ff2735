/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * status - what `rca status` says, gathered from a store: the collector's own
 * series of the last hour before the newest sample, and what it could not
 * watch.
 */

#include "cli/common.h"
#include "cli/record_store.h"

/** struct rca_status_loss - "rca_lost_WHAT_total" of a host; @total: since the
 * collector's start; @hour: in the last hour */
struct rca_status_loss {
    char *what; /* owned */
    const char *host;
    double total, hour;
};

/** struct rca_status_self - a collector's cost over the last hour; NAN: not
 * known */
struct rca_status_self {
    const char *host;
    double cpu_cores, bpf_cores;
    double tick_median_seconds, tick_max_seconds;
    double resident_bytes;
    double profile; /* enum rca_profile */
    uint64_t ticks;
};

/** struct rca_status_feature - strings borrowed from the status */
struct rca_status_feature {
    const char *name, *state, *how, *lost;
};

enum rca_status_model {
    RCA_STATUS_MODEL_NONE,
    RCA_STATUS_MODEL_DAMAGED,
    RCA_STATUS_MODEL_OK,
};

/** struct rca_status - all lists owned; hosts' names borrowed from @open */
struct rca_status {
    const struct rca_open *open;
    const char *db;
    rca_time now;
    enum rca_status_model model_state;
    struct rca_model_info model;
    size_t model_bytes;
    struct rca_status_self *hosts;
    size_t n_hosts, cap_hosts;
    struct rca_status_loss *losses; /* in order of host and name */
    size_t n_losses, cap_losses;
    struct rca_status_feature *features;
    size_t n_features, cap_features;
    char *features_text;
    struct rca_verdicts verdicts; /* of kept incidents */
};

/** rca_status_read() - 0, -ENOMEM, or the store's errors */
RCA_MUST_CHECK int rca_status_read(const struct rca_open *open, const char *db,
                                   rca_time now, struct rca_status *ret_status);
void rca_status_done(struct rca_status *status);

/** rca_status_json() - as one object (docs: rca status --help) */
RCA_MUST_CHECK int rca_status_json(const struct rca_status *status,
                                   char **ret_text);
