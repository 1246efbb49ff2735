/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * anomaly - how far out each variable is in the incident, by three measures.
 *
 * All are sustained deviations in robust scales over what earlier windows of
 * the same length show (model/robust.h): about 1 is usual.
 */

#include "model/scene.h"

/**
 * struct rca_anomaly - of one variable
 * @strength:    against all normal rows
 * @local:       against the last normal rows only: what drifts is not odd
 * @unexplained: of what its neighbours leave, by a factor fitted to the normal
 *               rows; never much above @strength
 * @bad:         1: moved in its bad direction; less where it improved
 * @appeared, @vanished: it was not measured before (most rows before), and is
 *               (is not) in the incident
 */
struct rca_anomaly {
    double strength, local, unexplained, bad;
    _Bool appeared, vanished;
};

/**
 * rca_anomaly_new() - of all variables of @scene
 * @ret_list: scene->w->n_vars of them, owned by the caller, free(3)
 *
 * O(variables * (rows + candidates * rows)). 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_anomaly_new(const struct rca_scene *scene,
                                   struct rca_anomaly **ret_list);
