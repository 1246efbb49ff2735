/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * probe - what `rca trace` can see on this host, for `rca doctor`.
 */

#include "collector/observer.h"

/**
 * rca_trace_probe() - start a capture of nothing, ask it for its features, end
 * it: about a tenth of a second
 * @without: hooks not to use, comma-separated, or NULL
 * @ret_features: at most @max, their names after "trace: "; one that is off,
 *                with the reason, where there can be no capture at all
 *
 * Return: 0, -ENOMEM.
 */
RCA_MUST_CHECK int rca_trace_probe(const char *without,
                                   struct rca_feature *ret_features, size_t max,
                                   size_t *ret_n);
