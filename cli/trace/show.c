/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/trace/answers.h"
#include "cli/trace/load.h"
#include "cli/trace/select.h"
#include "cli/trace/trace.h"
#include "cli/trace/way.h"

static const struct rca_usage usage = {
    "trace show",
    "rca trace show FILE [-f PCAP-FILTER] [-m META-FILTER] [--journeys]\n"
    "           [--drops] [--stack] [--utc]",
    "Print what 'rca trace record -o FILE' wrote, a line for each event: when,\n"
    "namespace and device, point, packet, what the kernel had to say, number of\n"
    "the packet. Or each packet's way, with the time since its first step, what\n"
    "changed, and how it ended. FILE may still be written, or cut; -: standard\n"
    "input. With --journeys a packet is shown whole if one of its events matches.",
    "  rca trace show web.trace --drops\n"
    "  rca trace show web.trace --journeys -f 'host 10.0.0.2'\n"
    "  rca trace show web.trace -m 'netns == web && point == drop'\n",
};

/* struct asked - the command line */
struct asked {
    const char *file, *filter, *meta;
    _Bool journeys, drops;
    struct rca_trace_view view;
};

static int put(struct rca_buf *buf)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const int r = rca_buf_take(buf, &text);

    if (r)
        return r;
    return fputs(text, stdout) < 0 ? -errno : 0;
}

static int show_events(const struct asked *a, const struct rca_trace_file *file)
{
    for (size_t i = 0; i < file->n; i++) {
        const struct rca_trace_event *e = file->events[i];
        struct rca_buf buf = {0};
        int r;

        if (a->drops && e->point != RCA_TRACE_DROP)
            continue;
        rca_trace_line(&a->view, e, &buf);
        r = put(&buf);
        if (r)
            return r;
    }
    return 0;
}

static _Bool is_asked(const struct asked *a,
                      const struct rca_trace_answers *answers,
                      const struct rca_trace_event *const *steps, size_t n,
                      const struct rca_trace_choice *match)
{
    _Bool drop = !a->drops || rca_trace_unanswered(answers, steps, n);
    _Bool matches = 0;

    for (size_t i = 0; i < n && !(drop && matches); i++) {
        drop = drop || steps[i]->point == RCA_TRACE_DROP;
        matches = matches || rca_trace_choice_takes(match, steps[i]);
    }
    return drop && matches;
}

static int show_journeys(const struct asked *a,
                         const struct rca_trace_file *file,
                         const struct rca_trace_choice *match)
{
    struct rca_trace_answers *answers RCA_CLEANUP(rca_trace_answers_free) =
        NULL;
    struct rca_trace_journey *list RCA_CLEANUP(rca_freep) = NULL;
    struct rca_trace_view view = a->view;
    size_t n = 0;
    int r = rca_trace_answers_new(file, &answers);

    r = r ? r : rca_trace_journeys(file->events, file->n, &list, &n);
    view.answers = answers;
    for (size_t i = 0; !r && i < n; i++) {
        struct rca_buf buf = {0};

        if (!is_asked(a, answers, file->events + list[i].first, list[i].n,
                      match))
            continue;
        rca_trace_way(&view, file->events, &list[i], &buf);
        r = put(&buf);
    }
    return r;
}

/* Whole packets of which an event matches, or the events that match. */
static int show_file(const struct asked *a, struct rca_trace_file *file,
                     struct rca_diag *diag)
{
    struct rca_trace_choice match RCA_CLEANUP(rca_trace_choice_done) = {0};
    int r;

    if (a->journeys) {
        r = rca_trace_choice_new(a->filter, a->meta, file->names, diag, &match);
        return r ? r : show_journeys(a, file, &match);
    }
    r = rca_trace_select(file, a->filter, a->meta, diag);
    return r ? r : show_events(a, file);
}

static int show(struct asked *a)
{
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    struct rca_diag diag = {0};
    int r = rca_trace_load(a->file, &file);

    if (r >= 0)
        return r;
    a->view.names = file.names;
    r = show_file(a, &file, &diag);
    if (r) {
        const int code = rca_say("trace show", &diag, r);

        return diag.text[0] ? RCA_EXIT_USAGE : code;
    }
    return RCA_EXIT_DONE;
}

int rca_trace_cmd_show(struct rca_cli *cli, int argc, char **argv)
{
    struct asked a = {.view.colour = cli->colour};
    const struct rca_arg args[] = {
        {"", 0, RCA_ARG_WORD, "FILE", NULL, NULL, NULL},
        {"filter", 'f', RCA_ARG_TEXT, "EXPR", &a.filter, NULL,
         "only packets that match, as pcap-filter(7) says"},
        {"meta", 'm', RCA_ARG_TEXT, "EXPR", &a.meta, NULL,
         "and this, as reason == no_socket && netns == web"},
        {"journeys", 'j', RCA_ARG_FLAG, NULL, &a.journeys, NULL,
         "the way of each packet, and how it ended"},
        {"drops", 'd', RCA_ARG_FLAG, NULL, &a.drops, NULL,
         "only drops, or packets that were dropped"},
        {"stack", 0, RCA_ARG_FLAG, NULL, &a.view.stack, NULL,
         "with the kernel's stack, where it was recorded"},
        {"utc", 0, RCA_ARG_FLAG, NULL, &a.view.utc, NULL,
         "print times in UTC, not in local time"},
        {0},
    };
    const int r = rca_args_parse(argc, argv, args, &usage, 1, &a.file);

    if (r >= 0)
        return r;
    if (a.file)
        return show(&a);
    (void)fprintf(stderr, "rca trace show: which file? see rca trace show "
                          "--help\n");
    return RCA_EXIT_USAGE;
}
