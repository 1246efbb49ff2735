/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What `rca trace` is made of: each subcommand has its own file, options and
 * help; this one finds it.
 */

#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/trace/trace.h"
#include "graph/base/buf.h"

static const struct rca_command subcommands[] = {
    {"record", rca_trace_cmd_record, "watch packets, and print or keep them"},
    {"show", rca_trace_cmd_show, "events of a recording, or packets' ways"},
    {"stats", rca_trace_cmd_stats, "where packets of a recording died"},
    {"export", rca_trace_cmd_export, "for Wireshark and tshark, or as JSON"},
    {"filter", rca_trace_cmd_filter,
     "check a packet filter, print its programs"},
    {0},
};

/* without the row of zeros */
#define N_SUBCOMMANDS (RCA_ARRAY_SIZE(subcommands) - 1)

static const struct rca_command *find(const char *name)
{
    for (size_t i = 0; subcommands[i].name; i++) {
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    }
    return NULL;
}

/* Run the subcommand that is named, or let it complete its words; -1: none is.
 * What is to be completed has its mark first, before the subcommand. */
static int dispatch(struct rca_cli *cli, int argc, char **argv)
{
    const _Bool complete = argc > 3 && strcmp(argv[1], RCA_ARGS_COMPLETE) == 0;
    const struct rca_command *sub = NULL;

    if (argc > 1)
        sub = find(argv[complete ? 2 : 1]);
    if (!sub)
        return -1;
    if (complete) {
        char *mark = argv[1];

        argv[1] = argv[2];
        argv[2] = mark;
    }
    return sub->run(cli, argc - 1, argv + 1);
}

/* Anything but a subcommand: its mistakes, help, completion of the first word */
static int other(int argc, char **argv, const char *text)
{
    const struct rca_usage usage = {
        "trace",
        "rca trace SUBCOMMAND [...]",
        text,
        "  rca help trace\n",
    };
    const char *names[N_SUBCOMMANDS + 1] = {NULL}, *word;
    const struct rca_arg args[] = {
        {"", 0, RCA_ARG_WORD, NULL, NULL, names, NULL},
        {0},
    };
    int r;

    for (size_t i = 0; subcommands[i].name; i++)
        names[i] = subcommands[i].name;
    r = rca_args_parse(argc, argv, args, &usage, 1, &word);
    if (r >= 0)
        return r;
    (void)fprintf(stderr, "rca trace: what of it? see rca trace --help\n");
    return RCA_EXIT_USAGE;
}

int rca_cmd_trace(struct rca_cli *cli, int argc, char **argv)
{
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
    int r = dispatch(cli, argc, argv);

    if (r >= 0)
        return r;
    rca_buf_str(&text,
                "Packet events of this host: which way packets go, and where "
                "they die.\nEach of these has its own --help; man rca-trace "
                "has worked examples.\n");
    for (size_t i = 0; subcommands[i].name; i++)
        rca_buf_fmt(&text, "\n  %-11s %s", subcommands[i].name,
                    subcommands[i].summary);
    return other(argc, argv, text.err ? "" : text.text);
}
