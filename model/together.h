/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * together - which variables move with the symptom in the recent past: the
 * mean of Pearson's and Spearman's correlation (absolute values) over the
 * incident and a stretch before it.
 */

#include "model/scene.h"

/**
 * rca_together_new() - only variables of the symptom's role; 0 for the others
 * @ret_list: 0..1, by variable; owned by the caller, free(3)
 *
 * O(variables * rows log rows), rows = 4 times the incident. 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_together_new(const struct rca_scene *scene,
                                    uint32_t symptom, double **ret_list);
