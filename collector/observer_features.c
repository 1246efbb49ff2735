/* SPDX-License-Identifier: GPL-3.0-or-later */

/* observer_features - what works and what is lost, by name. */

#include <stdio.h>
#include <string.h>

#include "collector/observer_state.h"
#include "graph/base/buf.h"
#include "graph/base/log.h"

static const char *const state_names[] = {
    [RCA_FEATURE_ON] = "on",
    [RCA_FEATURE_TWIN] = "twin",
    [RCA_FEATURE_OFF] = "off",
};

/* Copy @from, cut to @size bytes; what would break the text form is blank. */
static void copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from ? from : "");
    for (char *p = to; *p; p++) {
        if ((unsigned char)*p < ' ')
            *p = ' ';
    }
}

static struct rca_feature *find_feature(struct rca_observer *obs,
                                        const char *name)
{
    for (size_t i = 0; i < obs->n_features; i++) {
        if (!strcmp(obs->features[i].name, name))
            return &obs->features[i];
    }
    return NULL;
}

void rca_observer_feature(struct rca_observer *obs, const char *name,
                          enum rca_feature_state state, const char *how,
                          const char *lost)
{
    struct rca_feature f = {.state = state};
    struct rca_feature *old;

    copy_text(f.name, sizeof(f.name), name);
    copy_text(f.how, sizeof(f.how), how);
    copy_text(f.lost, sizeof(f.lost), lost);
    old = find_feature(obs, f.name);
    if (old && !memcmp(old, &f, sizeof(f)))
        return;
    if (state == RCA_FEATURE_OFF && (!old || old->state != RCA_FEATURE_OFF))
        rca_log(RCA_LOG_INFO, "%s: off (%s); not seen: %s", f.name, f.how,
                f.lost);
    if (!old) {
        if (rca_observer_grow(obs, &obs->features, &obs->cap_features,
                              obs->n_features, sizeof(*obs->features)))
            return;
        old = &obs->features[obs->n_features++];
    }
    *old = f;
    obs->features_changes++;
}

const struct rca_feature *rca_observer_features(const struct rca_observer *obs,
                                                size_t *ret_n)
{
    *ret_n = obs->n_features;
    return obs->features;
}

unsigned rca_observer_features_changes(const struct rca_observer *obs)
{
    return obs->features_changes;
}

int rca_observer_features_text(const struct rca_observer *obs, char **ret_text)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    for (size_t i = 0; i < obs->n_features; i++) {
        const struct rca_feature *f = &obs->features[i];

        rca_buf_fmt(&buf, "%s\t%s\t%s\t%s\n", f->name, state_names[f->state],
                    f->how, f->lost);
    }
    return rca_buf_take(&buf, ret_text);
}
