/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/profile.h"

#include <string.h>

static const char *const profiles[] = {
    [RCA_PROFILE_LIGHT] = "light",
    [RCA_PROFILE_STANDARD] = "standard",
    [RCA_PROFILE_DEEP] = "deep",
};
static_assert(RCA_ARRAY_SIZE(profiles) == RCA_PROFILE_COUNT, "a name each");

const char *rca_profile_name(enum rca_profile profile)
{
    return profiles[profile];
}

int rca_profile_parse(const char *name, enum rca_profile *ret_profile)
{
    for (unsigned i = 0; i < RCA_PROFILE_COUNT; i++) {
        if (strcmp(name, profiles[i]) != 0)
            continue;
        *ret_profile = (enum rca_profile)i;
        return 0;
    }
    return RCA_EUNKNOWN;
}
