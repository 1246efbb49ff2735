/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* profile - how much is watched, and so what it costs. */

#include "graph/base/err.h"

enum rca_profile {
    RCA_PROFILE_LIGHT, /* polls and rare events: nothing in a request's path */
    RCA_PROFILE_STANDARD, /* + hooks on sockets, disks and queues */
    RCA_PROFILE_DEEP, /* + what only an open incident is worth */
    RCA_PROFILE_COUNT,
};

const char *rca_profile_name(enum rca_profile profile);
/** rca_profile_parse() - 0, or RCA_EUNKNOWN and @ret_profile unchanged */
RCA_MUST_CHECK int rca_profile_parse(const char *name,
                                     enum rca_profile *ret_profile);
