/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/load.h"

#include <errno.h>
#include <string.h>

#include "cli/common.h"
#include "cli/trace/line.h"

static void say_incomplete(const char *path, const struct rca_trace_file *file)
{
    const struct rca_trace_loss *loss = &file->about.stats.loss;
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};

    if (!file->about.complete) {
        (void)fprintf(stderr,
                      "rca: '%s' has no end: it was cut, or is still being "
                      "written; %zu events are there\n",
                      path, file->n);
        return;
    }
    if (!(loss->ring | loss->nested | loss->netlink | loss->late |
          loss->untracked))
        return;
    rca_trace_put_losses(loss, &text);
    (void)fprintf(stderr, "rca: '%s' is not complete: lost %s\n", path,
                  text.text ? text.text : "");
}

int rca_trace_load(const char *path, struct rca_trace_file *ret_file)
{
    const _Bool own = strcmp(path, "-") != 0;
    struct rca_diag diag = {0};
    FILE *in = own ? fopen(path, "re") : stdin;
    int r;

    if (!in)
        return rca_say(path, NULL, -errno);
    r = rca_trace_read(in, path, &diag, ret_file);
    if (own)
        (void)fclose(in);
    if (r) {
        (void)rca_say(path, &diag, r);
        return RCA_EXIT_ERROR;
    }
    say_incomplete(path, ret_file);
    return -1;
}

int rca_trace_choice_new(const char *filter, const char *meta,
                         struct rca_trace_names *names, struct rca_diag *diag,
                         struct rca_trace_choice *ret_choice)
{
    const struct rca_trace_lookup lookup = rca_trace_names_lookup(names);
    struct rca_trace_choice choice RCA_CLEANUP(rca_trace_choice_done) = {0};
    int r = 0;

    if (filter)
        r = rca_trace_filter_new(filter, diag, &choice.filter);
    if (!r && meta)
        r = rca_trace_meta_new(meta, &lookup, diag, &choice.meta);
    if (r)
        return r;
    ret_choice->filter = RCA_TAKE(choice.filter);
    ret_choice->meta = RCA_TAKE(choice.meta);
    return 0;
}

void rca_trace_choice_done(struct rca_trace_choice *choice)
{
    rca_trace_filter_free(&choice->filter);
    rca_trace_meta_free(&choice->meta);
}

_Bool rca_trace_choice_takes(const struct rca_trace_choice *choice,
                             const struct rca_trace_event *event)
{
    const enum rca_trace_layer layer =
        event->has & RCA_TRACE_HAS_LINK ? RCA_TRACE_L2 : RCA_TRACE_L3;

    if (choice->filter &&
        (!event->captured ||
         !rca_trace_filter_matches(choice->filter, layer, event->head,
                                   event->captured, event->length)))
        return 0;
    return !choice->meta || rca_trace_meta_matches(choice->meta, event);
}
