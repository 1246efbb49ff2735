/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/outfile.h"
#include "cli/trace/event_json.h"
#include "cli/trace/load.h"
#include "cli/trace/pcapng.h"
#include "cli/trace/select.h"
#include "cli/trace/trace.h"

static const struct rca_usage usage = {
    "trace export",
    "rca trace export --pcapng|--json [-f FILTER] [-m META] FILE [-o OUT]",
    "Write what 'rca trace record -o FILE' recorded for other programs: pcapng\n"
    "for Wireshark and tshark, with an interface for each device of each network\n"
    "namespace and what is known of each event as a comment on its packet; or\n"
    "JSON, an object a line (docs/trace.schema.json). Events without bytes of a\n"
    "packet are not in pcapng, and counted. OUT is there whole or not at all.",
    "  rca trace export --pcapng web.trace -o web.pcapng\n"
    "  rca trace export --pcapng web.trace -o - | tshark -r - -T fields \\\n"
    "      -e frame.interface_name -e frame.comment\n"
    "  rca trace export --json -f 'udp port 53' dns.trace | jq .reason_name\n"
    "  rca trace export --json -m 'point == drop' -o drops.json all.trace\n",
};

struct asked {
    _Bool pcapng, json;
    const char *filter, *meta, *out, *in;
};

static int wrong(const char *what)
{
    (void)fprintf(stderr, "rca trace export: %s; see rca trace export --help\n",
                  what);
    return RCA_EXIT_USAGE;
}

static _Bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static _Bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* What is not said is seen from the name of the file. */
static int check(struct asked *a)
{
    const _Bool to_screen = !a->out || strcmp(a->out, "-") == 0;

    if (!a->in)
        return wrong("which recording? name its FILE");
    if (a->pcapng && a->json)
        return wrong("--pcapng or --json, not both");
    if (!a->pcapng && !a->json && a->out) {
        a->pcapng = ends_with(a->out, ".pcapng");
        a->json = ends_with(a->out, ".json") || ends_with(a->out, ".jsonl");
    }
    if (!a->pcapng && !a->json)
        return wrong("in which format? --pcapng or --json");
    if (a->pcapng && to_screen && isatty(STDOUT_FILENO))
        return wrong("pcapng is not for the eye: name a file with -o");
    if (!to_screen && is_same_file(a->in, a->out))
        return wrong("-o is the recording itself: name another file");
    return -1;
}

static int choose(const struct asked *a, struct rca_trace_file *file)
{
    struct rca_diag diag = {0};
    const int r = rca_trace_select(file, a->filter, a->meta, &diag);

    if (!r)
        return -1;
    (void)rca_say("trace export", &diag, r);
    return r == RCA_ESYNTAX || r == RCA_EUNKNOWN || r == -E2BIG
               ? RCA_EXIT_USAGE
               : RCA_EXIT_ERROR;
}

/* struct events - those that are wanted are in the file's list, and @all of them
 * here, both in order of time */
struct events {
    struct rca_trace_file file;
    const struct rca_trace_event **all; /* owned */
    size_t n_all;
};

static void events_done(struct events *events)
{
    free((void *)events->all);
    rca_trace_file_done(&events->file);
}

static int write_pcapng(const struct events *events, FILE *out,
                        uint64_t *ret_left_out)
{
    const struct rca_trace_file *file = &events->file;
    struct rca_pcapng p RCA_CLEANUP(rca_pcapng_done) = {0};
    int r = rca_pcapng_begin(out, file->names, &file->about, &p);
    size_t next = 0;

    for (size_t i = 0; i < events->n_all && r == 0; i++) {
        const _Bool wanted =
            next < file->n && file->events[next] == events->all[i];

        next += wanted;
        r = wanted ? rca_pcapng_put(&p, events->all[i])
                   : rca_pcapng_note(&p, events->all[i]);
    }
    *ret_left_out = p.left_out;
    return r;
}

static int write_json(const struct rca_trace_file *file, FILE *out)
{
    struct rca_buf line RCA_CLEANUP(rca_buf_done) = {0};

    for (size_t i = 0; i < file->n; i++) {
        line.len = 0;
        rca_trace_event_json(file->events[i], file->names, &line);
        if (line.err)
            return line.err;
        errno = 0;
        if (fwrite(line.text, 1, line.len, out) != line.len)
            return errno ? -errno : -EIO;
    }
    return 0;
}

static int write_all(const struct asked *a, const struct events *events,
                     uint64_t *ret_left_out)
{
    struct rca_outfile out RCA_CLEANUP(rca_outfile_done) = {0};
    int r = rca_outfile_open(a->out, &out);

    if (r == 0)
        r = a->pcapng ? write_pcapng(events, out.f, ret_left_out)
                      : write_json(&events->file, out.f);
    return r ? r : rca_outfile_commit(&out);
}

static void tell(const struct rca_cli *cli, uint64_t left_out)
{
    if (left_out && cli->verbosity >= 0)
        (void)fprintf(stderr,
                      "rca: %llu events without bytes of a packet are not in "
                      "it\n",
                      (unsigned long long)left_out);
}

static int read_events(const struct asked *a, struct events *events)
{
    struct rca_trace_file *file = &events->file;
    const int r = rca_trace_load(a->in, file);

    if (r >= 0)
        return r;
    events->all = calloc(file->n + 1, sizeof(void *));
    if (!events->all)
        return rca_say("trace export", NULL, -ENOMEM);
    for (size_t i = 0; i < file->n; i++)
        events->all[i] = file->events[i];
    events->n_all = file->n;
    return choose(a, file);
}

static int run(const struct rca_cli *cli, const struct asked *a)
{
    struct events events RCA_CLEANUP(events_done) = {0};
    uint64_t left_out = 0;
    int r = read_events(a, &events);

    if (r >= 0)
        return r;
    r = write_all(a, &events, &left_out);
    if (r == -EPIPE)
        return RCA_EXIT_DONE; /* as of `| head` */
    if (r)
        return rca_say(a->out ? a->out : "standard output", NULL, r);
    tell(cli, left_out);
    return RCA_EXIT_DONE;
}

int rca_trace_cmd_export(struct rca_cli *cli, int argc, char **argv)
{
    struct asked a = {0};
    const struct rca_arg args[] = {
        {"", 0, RCA_ARG_WORD, "FILE", NULL, NULL, NULL},
        {"pcapng", 0, RCA_ARG_FLAG, NULL, &a.pcapng, NULL,
         "a capture file (of -o *.pcapng)"},
        {"json", 0, RCA_ARG_FLAG, NULL, &a.json, NULL,
         "an object a line (of -o *.json, *.jsonl)"},
        {"filter", 'f', RCA_ARG_TEXT, "FILTER", &a.filter, NULL,
         "only packets that pcap-filter(7) takes"},
        {"meta", 'm', RCA_ARG_TEXT, "META", &a.meta, NULL,
         "only events that this takes: 'point == drop'"},
        {"output", 'o', RCA_ARG_TEXT, "FILE", &a.out, NULL,
         "write there (standard output)"},
        {0},
    };
    int r = rca_args_parse(argc, argv, args, &usage, 1, &a.in);

    if (r < 0)
        r = check(&a);
    return r >= 0 ? r : run(cli, &a);
}
