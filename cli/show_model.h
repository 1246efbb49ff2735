/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * show_model - `rca show --model`: the model in words.
 */

#include "cli/common.h"

/** rca_show_model() - window and size of what was learned, the weight of each
 * piece of evidence, how confidence is made; on standard output. An exit code;
 * a store without a model is no error. */
int rca_show_model(const struct rca_open *open);
