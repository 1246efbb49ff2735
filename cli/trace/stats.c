/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/stats.h"

#include <stdio.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/show.h"
#include "cli/trace/load.h"
#include "cli/trace/trace.h"

static const struct rca_usage usage = {
    "trace stats",
    "rca trace stats FILE [--format text|json] [--utc]",
    "Count what 'rca trace record -o FILE' wrote: where packets died (reason,\n"
    "place in the kernel, rule, namespace and device, first and last), the ten\n"
    "services and flows with most packets, events by point, what was lost and\n"
    "what was off. -: standard input.",
    "  rca trace stats web.trace\n"
    "  rca trace stats web.trace --format json\n",
};

int rca_trace_cmd_stats(struct rca_cli *cli, int argc, char **argv)
{
    static const char *const formats[] = {"text", "json", NULL};
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    struct rca_trace_numbers numbers RCA_CLEANUP(rca_trace_numbers_done) = {0};
    struct rca_trace_view view = {.colour = cli->colour};
    struct rca_buf buf = {0};
    const char *path = NULL;
    int json = 0;
    const struct rca_arg args[] = {
        {"", 0, RCA_ARG_WORD, "FILE", NULL, NULL, NULL},
        {"format", 0, RCA_ARG_CHOICE, "F", &json, formats, "text or json"},
        {"utc", 0, RCA_ARG_FLAG, NULL, &view.utc, NULL,
         "print times in UTC, not in local time"},
        {0},
    };
    int r = rca_args_parse(argc, argv, args, &usage, 1, &path);

    if (r >= 0)
        return r;
    if (!path) {
        (void)fprintf(stderr, "rca trace stats: which file? see rca trace "
                              "stats --help\n");
        return RCA_EXIT_USAGE;
    }
    r = rca_trace_load(path, &file);
    if (r >= 0)
        return r;
    view.names = file.names;
    r = rca_trace_count(&file, &numbers);
    if (r)
        return rca_say("trace stats", NULL, r);
    (void)!(json ? rca_trace_stats_json(&numbers, &view, &buf)
                 : rca_trace_stats_text(&numbers, &view, &buf));
    return rca_show_put(&buf);
}
