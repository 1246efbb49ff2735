/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/source.h"

#include <string.h>

/* In the order in which they run; see the header. */
static const struct rca_source *const table[] = {
    &rca_source_cgroup, &rca_source_task, &rca_source_host, &rca_source_sock,
    &rca_source_drop,   &rca_source_link, &rca_source_nft,  NULL,
};

const struct rca_source *const *rca_source_table(void)
{
    return table;
}

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
        if (strcmp(name, profiles[i]))
            continue;
        *ret_profile = (enum rca_profile)i;
        return 0;
    }
    return RCA_EUNKNOWN;
}

_Bool rca_source_may(const struct rca_source_env *env, const char *hook)
{
    const size_t len = strlen(hook);
    const char *at = env->without;

    while (at && *at) {
        const size_t n = strcspn(at, ",");

        if (n == len && !memcmp(at, hook, n))
            return 0;
        at += n + (at[n] == ',');
    }
    return 1;
}
