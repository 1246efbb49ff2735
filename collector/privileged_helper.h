/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * privileged_helper - the helper process itself.
 */

#include "collector/privileged.h"

/**
 * rca_privileged_helper() - become the helper: give up what it does not need,
 * then serve @socket until the other side closes it, set back what was changed
 * and end
 *
 * What stays open is @socket only; signals of the terminal are ignored, so
 * that the collector can end first.
 */
_Noreturn void rca_privileged_helper(
    const struct rca_privileged_options *options, int socket);
