/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/probe.h"

#include <errno.h>
#include <stdio.h>

#include "collector/trace/capture.h"

#define SMALL 65536 /* bytes: nothing comes */

static void tell(const struct rca_trace_feature *from, struct rca_feature *to)
{
    *to = (struct rca_feature){.state =
                                   from->on ? RCA_FEATURE_ON : RCA_FEATURE_OFF};
    (void)snprintf(to->name, sizeof(to->name), "trace: %.40s", from->name);
    (void)snprintf(to->how, sizeof(to->how), "%s", from->how);
    (void)snprintf(to->lost, sizeof(to->lost), "%s", from->lost);
}

static void tell_off(int err, const struct rca_diag *diag,
                     struct rca_feature *to)
{
    *to = (struct rca_feature){.state = RCA_FEATURE_OFF};
    (void)snprintf(to->name, sizeof(to->name), "trace");
    (void)snprintf(to->how, sizeof(to->how), "%.95s",
                   diag->text[0] ? diag->text : rca_strerror(err));
    (void)snprintf(to->lost, sizeof(to->lost),
                   "packets on their way: rca trace, explain --evidence");
}

int rca_trace_probe(const char *without, struct rca_feature *ret_features,
                    size_t max, size_t *ret_n)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct rca_trace_capture *capture RCA_CLEANUP(rca_trace_close) = NULL;
    struct rca_trace_options options = {
        .meta = "point == drop && point == read", /* never */
        .buffer = SMALL,
        .without = without};
    const struct rca_trace_feature *features;
    struct rca_diag diag = {0};
    unsigned must;
    int r = rca_trace_parts_parse("auto,stack", &diag, &options.wanted, &must);

    if (r == 0)
        r = rca_trace_names_new(&names);
    if (r == 0)
        r = rca_trace_open(&options, names, &diag, &capture);
    if (r == -ENOMEM)
        return r;
    *ret_n = 0;
    if (r) {
        tell_off(r, &diag, ret_features);
        *ret_n = 1;
        return 0;
    }
    features = rca_trace_features(capture, ret_n);
    *ret_n = *ret_n < max ? *ret_n : max;
    for (size_t i = 0; i < *ret_n; i++)
        tell(&features[i], &ret_features[i]);
    return 0;
}
