/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/evidence.h"
#include "cli/evidence_flow.h"
#include "cli/json_read.h"
#include "cli/progress.h"
#include "cli/record_store.h"

static const struct rca_usage usage = {
    "explain",
    "rca explain [--entity NAME] [--metric NAME]\n"
    "                   [--at TIME | --from TIME --to TIME] [--top 5]\n"
    "                   [--method NAME [--exact]] [--evidence TIME]\n"
    "                   [--format FORMAT [--simple]] [-o FILE]\n"
    "       rca explain --read FILE [--format FORMAT [--simple]] [-o FILE]",
    "Name the root cause of what is wrong with an entity: text on a terminal,\n"
    "DOT when redirected, the suffix of -o decides otherwise. Without --entity\n"
    "the most severe symptom is explained, without times the latest incident.\n"
    "Another --method than the default only ranks: it gives no shares and does\n"
    "not say how sure it is. On the host itself --evidence captures the packets\n"
    "that it is about and says where they die; for 2 s it does so by itself where\n"
    "the answer points at the network. --read tells an answer again, from JSON.\n"
    "Exit: 0 a cause was named, 3 the entity is normal, 4 no clear cause.",
    "  rca explain --entity web\n"
    "  rca explain --entity web --at 14:02 -o why.svg\n"
    "  rca explain --entity web -o report.html\n"
    "  rca explain --entity service/web@host-3 | dot -Tpng > why.png\n"
    "  rca explain --entity web -o why.json && rca explain --read why.json\n"
    "  rca explain --entity web --method murphy\n"
    "  sudo rca explain --entity web --evidence 5s\n",
};

static const char *const formats[] = {"text", "dot",     "json", "svg",
                                      "png",  "mermaid", "html", NULL};
static_assert(RCA_ARRAY_SIZE(formats) == RCA_FORMAT_COUNT + 1,
              "every format has a name");

struct options {
    struct rca_explain_options explain;
    const char *entity;
    const char *output;
    const char *read; /* an answer, in place of a store */
    rca_time evidence; /* 0: none; RCA_EVIDENCE_UNSET: by itself */
    _Bool simple;
    uint64_t top;
    int format; /* -1: by suffix or terminal */
    int method;
};

static int by_suffix(const char *path)
{
    const char *dot = strrchr(path, '.');

    for (int i = 0; dot && formats[i]; i++) {
        const char *suffix = i == RCA_FORMAT_TEXT      ? "txt"
                             : i == RCA_FORMAT_MERMAID ? "mmd"
                                                       : formats[i];

        if (strcmp(dot + 1, suffix) == 0 || strcmp(dot + 1, formats[i]) == 0)
            return i;
    }
    (void)fprintf(stderr,
                  "rca explain: '%s': the suffix is none of .txt .dot .json "
                  ".svg .png .mmd .html; or give --format\n",
                  path);
    return -1;
}

static int pick_format(struct options *o)
{
    if (o->format < 0 && o->output)
        o->format = by_suffix(o->output);
    else if (o->format < 0)
        o->format = isatty(STDOUT_FILENO) && !o->simple ? RCA_FORMAT_TEXT
                                                        : RCA_FORMAT_DOT;
    if (o->format < 0)
        return RCA_EXIT_USAGE;
    if (!o->simple || o->format == RCA_FORMAT_DOT ||
        o->format == RCA_FORMAT_SVG || o->format == RCA_FORMAT_PNG)
        return -1;
    (void)fprintf(stderr,
                  "rca explain: --simple goes with dot, svg and png, not %s\n",
                  formats[o->format]);
    return RCA_EXIT_USAGE;
}

/* What an answer was about cannot be asked of it again. */
static int check_read(const struct options *o)
{
    const struct rca_explain_options *x = &o->explain;

    if (!o->read || (!o->entity && !x->metric && x->at == RCA_TIME_NONE &&
                     x->from == RCA_TIME_NONE && x->to == RCA_TIME_NONE &&
                     o->evidence <= 0))
        return -1;
    (void)fprintf(stderr, "rca explain: --read goes without --entity, "
                          "--metric, --evidence and times\n");
    return RCA_EXIT_USAGE;
}

static int parse(int argc, char **argv, struct options *o)
{
    const char *methods[RCA_METHOD_COUNT + 1] = {NULL}, *evidence = NULL;
    const struct rca_arg args[] = {
        {"entity", 'e', RCA_ARG_TEXT, "NAME", &o->entity, NULL,
         "name, kind/name or kind/name@host"},
        {"metric", 'm', RCA_ARG_TEXT, "NAME", &o->explain.metric, NULL,
         "the symptom (its most abnormal one)"},
        {"at", 0, RCA_ARG_TIME, "TIME", &o->explain.at, NULL,
         "the incident that holds this time"},
        {"from", 0, RCA_ARG_TIME, "TIME", &o->explain.from, NULL,
         "begin of the incident"},
        {"to", 0, RCA_ARG_TIME, "TIME", &o->explain.to, NULL,
         "end of the incident"},
        {"top", 0, RCA_ARG_NUMBER, "N", &o->top, NULL,
         "causes to list, at most (5)"},
        {"method", 0, RCA_ARG_CHOICE, "NAME", &o->method, methods,
         "attribution (default), murphy, baro, nsigma, circa"},
        {"exact", 0, RCA_ARG_FLAG, NULL, &o->explain.exact, NULL,
         "murphy in closed form, without sampling"},
        {"evidence", 0, RCA_ARG_TEXT, "TIME", &evidence, NULL,
         "capture packets so long (by itself 2s; 0: not)"},
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &o->format, formats,
         "text, dot, json, svg, png, mermaid or html"},
        {"simple", 0, RCA_ARG_FLAG, NULL, &o->simple, NULL,
         "DOT with plain labels, for other tools"},
        {"read", 0, RCA_ARG_TEXT, "FILE", &o->read, NULL,
         "tell the answer in FILE, JSON, again"},
        {"output", 'o', RCA_ARG_TEXT, "FILE", &o->output, NULL,
         "write there, whole or not at all"},
        {0},
    };
    int r;

    for (unsigned i = 0; i < RCA_METHOD_COUNT; i++)
        methods[i] = rca_method_name((enum rca_method)i);
    r = rca_args_parse(argc, argv, args, &usage, 0, NULL);
    if (r >= 0)
        return r;
    o->explain.method = (enum rca_method)o->method;
    if (o->explain.at != RCA_TIME_NONE &&
        (o->explain.from != RCA_TIME_NONE || o->explain.to != RCA_TIME_NONE)) {
        (void)fprintf(stderr,
                      "rca explain: --at goes without --from and --to\n");
        return RCA_EXIT_USAGE;
    }
    if (o->explain.from != RCA_TIME_NONE && o->explain.to != RCA_TIME_NONE &&
        o->explain.from >= o->explain.to) {
        (void)fprintf(stderr, "rca explain: --from must be before --to\n");
        return RCA_EXIT_USAGE;
    }
    o->explain.top = (size_t)o->top;
    r = rca_evidence_option("explain", evidence, &o->evidence);
    r = r >= 0 ? r : check_read(o);
    return r >= 0 ? r : pick_format(o);
}

/* the whole of a file, which is text; 0 or -errno */
static int read_file(const char *path, char **ret_text, size_t *ret_length)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text RCA_CLEANUP(rca_freep) = NULL;
    size_t room = 0;
    ssize_t n;
    int r = 0;

    if (!f)
        return -errno;
    errno = 0;
    n = getdelim(&text, &room, '\0', f);
    if (n < 0)
        r = errno ? -errno : RCA_ESYNTAX;
    if (f != stdin)
        (void)fclose(f);
    if (r)
        return r;
    *ret_text = RCA_TAKE(text);
    *ret_length = (size_t)n;
    return 0;
}

static int read_answer(const char *path, struct rca_explanation **ret_e)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct rca_diag diag = {0};
    size_t length = 0;
    int r = read_file(path, &text, &length);

    if (r)
        return rca_say(path, NULL, r);
    r = rca_json_read(text, length, path, &diag, ret_e);
    return r ? rca_say("cannot read an answer", &diag, r) : -1;
}

static int make(const struct rca_open *open, struct options *o,
                struct rca_explanation **ret_e)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_verdicts verdicts;
    const struct rca_entity *entity;
    int r = o->entity ? rca_open_entity(open, o->entity, &entity) : -1;

    if (r >= 0)
        return r;
    if (o->entity)
        o->explain.entity = entity->id;
    r = rca_open_model(open, &model);
    if (r >= 0)
        return r;
    r = rca_store_verdicts(open->store, &verdicts);
    if (r)
        return rca_say("cannot read the feedback", NULL, r);
    o->explain.shift = verdicts.shift;
    r = rca_explain(open->store, model, &o->explain, ret_e);
    if (r == RCA_EUNKNOWN && o->explain.metric)
        return rca_unknown_metric(model, o->entity ? entity : NULL,
                                  o->explain.metric);
    if (r == RCA_EUNKNOWN)
        return rca_say(o->entity ? "nothing is measured of that entity"
                                 : "no service, client or call is measured; "
                                   "give --entity",
                       NULL, r);
    if (r == RCA_ETOOFEW)
        return rca_say("too little data in the incident or before it", NULL, r);
    return r ? rca_say("cannot explain", NULL, r) : -1;
}

static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
    (void)signal;
    stop = 1;
}

/* Ctrl-C ends the capture, not the answer. */
static int capture(const struct rca_cli *cli, rca_time length,
                   struct rca_explanation *e)
{
    struct rca_progress_line line RCA_CLEANUP(rca_progress_end) =
        rca_progress_begin(cli, "capture packets");
    const struct sigaction act = {.sa_handler = on_stop};
    const struct rca_evidence evidence = {.length = length,
                                          .stop = &stop,
                                          .tell = rca_progress_tell,
                                          .arg = &line,
                                          .config = &cli->config};
    struct sigaction before;
    int r;

    stop = 0;
    (void)sigaction(SIGINT, &act, &before);
    r = rca_evidence_take(&evidence, e);
    (void)sigaction(SIGINT, &before, NULL);
    return r;
}

/* Unasked only for a person, who waits or wrote it to a file, and where the
 * answer points at the network; what cannot be is then left out unless a
 * privilege would help. Return: -1, or an exit code. */
static int add_evidence(const struct rca_cli *cli, const struct rca_open *open,
                        const struct options *o, struct rca_explanation *e)
{
    const _Bool asked = o->evidence > 0;
    const char *why;
    int r = 0;

    if (!asked && (o->evidence == 0 || !rca_evidence_is_network(e) ||
                   (!o->output && !isatty(STDOUT_FILENO))))
        return -1;
    if (rca_evidence_is_live(&open->info, e, &why))
        r = capture(cli, asked ? o->evidence : RCA_EVIDENCE_SHORT, e);
    else if (asked)
        r = rca_evidence_refuse(e, why);
    return r ? rca_say("cannot capture", NULL, r) : -1;
}

static int ask(struct rca_cli *cli, struct options *o,
               struct rca_explanation **ret_e)
{
    struct rca_open open;
    int r = rca_open_store(cli, &open);

    if (r >= 0)
        return r;
    r = make(&open, o, ret_e);
    r = r >= 0 ? r : add_evidence(cli, &open, o, *ret_e);
    rca_open_done(&open);
    return r;
}

int rca_cmd_explain(struct rca_cli *cli, int argc, char **argv)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
    struct options o = {
        .explain = {.entity = RCA_ID_NONE,
                    .from = RCA_TIME_NONE,
                    .to = RCA_TIME_NONE,
                    .at = RCA_TIME_NONE,
                    .seed = 1},
        .evidence = RCA_EVIDENCE_UNSET,
        .top = 5,
        .format = -1,
    };
    int r = parse(argc, argv, &o);

    if (r >= 0)
        return r;
    r = o.read ? read_answer(o.read, &e) : ask(cli, &o, &e);
    if (r >= 0 || !e)
        return r;
    r = rca_output(e, (enum rca_format)o.format, o.output,
                   (cli->colour ? RCA_STYLE_COLOUR : 0) |
                       (o.simple ? RCA_STYLE_SIMPLE : 0));
    if (r == RCA_ENOSUPPORT)
        return RCA_EXIT_MISSING;
    if (r)
        return rca_say(o.output ? o.output : "cannot write", NULL, r);
    return (int)rca_exit_of(e->verdict);
}
