/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/record_text.h"

static const struct rca_usage usage = {
    "incidents",
    "rca incidents [list] [--from TIME] [--to TIME] [--format text|json]\n"
    "       rca incidents show ID [--format text|json]\n"
    "       rca incidents compare ID ID",
    "What 'rca watch' explained: all of it, one answer again, or two of them\n"
    "side by side. The beginning of an ID is enough where only one begins so;\n"
    "'last' is the newest. The answers outlive the samples. Exit: 0 done, 4\n"
    "there are none.",
    "  rca incidents\n"
    "  rca incidents list --from -24h\n"
    "  rca incidents show last\n"
    "  rca incidents compare 2026-11-22-1402 last\n",
};

struct options {
    rca_time from, to;
    int format; /* 1: JSON */
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "rca incidents: %s%s%s; see rca incidents --help\n",
                  what, value ? " " : "", value ? value : "");
    return RCA_EXIT_USAGE;
}

static int print(struct rca_buf *buf)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const int r = rca_buf_take(buf, &text);

    if (r) {
        rca_buf_done(buf);
        return rca_say("cannot write", NULL, r);
    }
    (void)fputs(text, stdout);
    return RCA_EXIT_DONE;
}

static _Bool is_within(const struct rca_record *r, const struct options *o)
{
    return (o->from == RCA_TIME_NONE || r->opened >= o->from) &&
           (o->to == RCA_TIME_NONE || r->opened <= o->to);
}

/* newest first */
static int list(const struct rca_records *all, const struct options *o)
{
    struct rca_buf buf = {0};
    size_t n = 0;
    int r;

    if (o->format)
        rca_buf_str(&buf, "{\"schema_version\":1,\"incidents\":[");
    for (size_t i = all->n; i-- > 0;) {
        if (!is_within(all->list[i], o))
            continue;
        if (o->format) {
            rca_buf_str(&buf, n ? ",\n " : "\n ");
            rca_record_summary(&buf, all->list[i]);
        } else {
            rca_record_line(&buf, all->list[i]);
        }
        n++;
    }
    if (o->format)
        rca_buf_str(&buf, "]}\n");
    r = print(&buf);
    if (!n)
        (void)fprintf(stderr,
                      "rca: no incident is kept%s: 'rca watch' keeps what it "
                      "explains\n",
                      all->n ? " of that time" : "");
    return r == RCA_EXIT_DONE && !n ? RCA_EXIT_UNCLEAR : r;
}

/* Return: -1, or an exit code after saying what is wrong. */
static int find(const struct rca_records *all, const char *id,
                const struct rca_record **ret)
{
    size_t at;
    const int r = rca_records_find(all, id, &at);

    if (!r) {
        *ret = all->list[at];
        return -1;
    }
    (void)fprintf(stderr,
                  r == RCA_EAMBIGUOUS
                      ? "rca: several incidents begin with '%s'; see 'rca "
                        "incidents'\n"
                      : "rca: there is no incident '%s'; see 'rca "
                        "incidents'\n",
                  id);
    return RCA_EXIT_USAGE;
}

static int show(const struct rca_records *all, const char *id,
                const struct options *o)
{
    char *json RCA_CLEANUP(rca_freep) = NULL;
    const struct rca_record *record;
    struct rca_buf buf = {0};
    int r = find(all, id, &record);

    if (r >= 0)
        return r;
    if (!o->format) {
        rca_record_show(&buf, record);
        return print(&buf);
    }
    r = rca_record_encode(record, &json);
    if (r)
        return rca_say("cannot write", NULL, r);
    (void)puts(json);
    return RCA_EXIT_DONE;
}

static int compare(const struct rca_records *all, const char *one,
                   const char *other)
{
    const struct rca_record *a, *b;
    struct rca_buf buf = {0};
    int r = find(all, one, &a);

    r = r >= 0 ? r : find(all, other, &b);
    if (r >= 0)
        return r;
    rca_record_compare(&buf, a, b);
    return print(&buf);
}

static int read_all(const struct rca_cli *cli, struct rca_records *ret_all)
{
    struct rca_open open;
    int r = rca_open_store(cli, &open);

    if (r >= 0)
        return r;
    r = rca_records_read(open.store, ret_all);
    rca_open_done(&open);
    if (r)
        return rca_say(cli->db, NULL, r);
    if (ret_all->n_damaged)
        (void)fprintf(stderr,
                      "rca: %zu kept incident%s cannot be read (damaged, or of "
                      "a newer version of rca) and left out\n",
                      ret_all->n_damaged, ret_all->n_damaged == 1 ? "" : "s");
    return -1;
}

static const char *const subjects[] = {"list", "show", "compare", NULL};

static int check_words(const char *const words[3])
{
    if (!words[0] || strcmp(words[0], "list") == 0)
        return words[0] && words[1] ? wrong("unexpected word", words[1]) : -1;
    if (strcmp(words[0], "show") == 0)
        return !words[1]  ? wrong("show which one? an ID or 'last'", NULL)
               : words[2] ? wrong("unexpected word", words[2])
                          : -1;
    return words[1] && words[2] ? -1 : wrong("compare wants two IDs", NULL);
}

int rca_cmd_incidents(struct rca_cli *cli, int argc, char **argv)
{
    static const char *const formats[] = {"text", "json", NULL};
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    struct options o = {.from = RCA_TIME_NONE, .to = RCA_TIME_NONE};
    const struct rca_arg args[] = {
        {"what", 0, RCA_ARG_WORD, NULL, NULL, subjects, NULL},
        {"incident", 0, RCA_ARG_WORD, "ID", NULL, NULL, NULL},
        {"from", 0, RCA_ARG_TIME, "TIME", &o.from, NULL, "that began since"},
        {"to", 0, RCA_ARG_TIME, "TIME", &o.to, NULL, "that began until then"},
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &o.format, formats,
         "text or json (text)"},
        {0},
    };
    const char *words[3];
    int r = rca_args_parse(argc, argv, args, &usage, 3, words);

    r = r >= 0 ? r : check_words(words);
    r = r >= 0 ? r : read_all(cli, &all);
    if (r >= 0)
        return r;
    if (!words[0] || strcmp(words[0], "list") == 0)
        return list(&all, &o);
    if (strcmp(words[0], "show") == 0)
        return show(&all, words[1], &o);
    return compare(&all, words[1], words[2]);
}
