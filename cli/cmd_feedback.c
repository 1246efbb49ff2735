/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/record_store.h"
#include "graph/base/time.h"

static const struct rca_usage usage = {
    "feedback",
    "rca feedback ID --right|--wrong [--cause NAME] [--note TEXT]",
    "Say whether the first-named cause of a kept incident was right. It is\n"
    "kept with the incident, a later word replaces it, and later answers are\n"
    "as sure as their predecessors were right ('rca status' tells by how\n"
    "much). ID as in 'rca incidents': the beginning of one, or 'last'.",
    "  rca feedback last --right\n"
    "  rca feedback 2026-11-22-1402 --wrong --cause disk/vda --note \"RAID "
    "rebuild\"\n",
};

struct options {
    _Bool right, wrong;
    const char *cause, *note;
};

static int parse(int argc, char **argv, struct options *o, const char **ret_id)
{
    const struct rca_arg args[] = {
        {"incident", 0, RCA_ARG_WORD, "ID", NULL, NULL, NULL},
        {"right", 'r', RCA_ARG_FLAG, NULL, &o->right, NULL,
         "the first-named cause was the cause"},
        {"wrong", 'w', RCA_ARG_FLAG, NULL, &o->wrong, NULL, "it was not"},
        {"cause", 'c', RCA_ARG_TEXT, "NAME", &o->cause, NULL,
         "what the cause was"},
        {"note", 'n', RCA_ARG_TEXT, "TEXT", &o->note, NULL,
         "anything worth remembering"},
        {0},
    };
    const int r = rca_args_parse(argc, argv, args, &usage, 1, ret_id);

    if (r >= 0)
        return r;
    if (*ret_id && o->right != o->wrong)
        return -1;
    (void)fprintf(stderr, "rca feedback: %s; see rca feedback --help\n",
                  *ret_id ? "say --right or --wrong"
                          : "of which incident? an ID or 'last'");
    return RCA_EXIT_USAGE;
}

static void report(const struct rca_record *record,
                   const struct rca_records *all)
{
    struct rca_verdicts v;

    if (rca_records_verdicts(all, &v))
        return;
    printf("%s: %s. Of %zu answers %zu were right: later ones are as sure as "
           "that\n",
           record->id, rca_feedback_name(record->feedback), v.right + v.wrong,
           v.right);
}

static int judge(struct rca_store *store, const char *id,
                 const struct options *o)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    struct rca_record *record;
    size_t at = 0;
    int r = rca_records_read(store, &all);

    if (r)
        return rca_say("cannot read the incidents", NULL, r);
    r = rca_records_find(&all, id, &at);
    if (r) {
        (void)fprintf(stderr, "rca feedback: %s '%s'; see 'rca incidents'\n",
                      r == RCA_EAMBIGUOUS ? "several incidents begin with"
                                          : "there is no incident",
                      id);
        return RCA_EXIT_USAGE;
    }
    record = all.list[at];
    r = rca_record_judge(record,
                         o->right ? RCA_FEEDBACK_RIGHT : RCA_FEEDBACK_WRONG,
                         o->cause, o->note);
    record->judged = rca_time_now();
    r = r ? r : rca_record_put(store, record);
    if (r)
        return rca_say("cannot keep the feedback", NULL, r);
    report(record, &all);
    return RCA_EXIT_DONE;
}

int rca_cmd_feedback(struct rca_cli *cli, int argc, char **argv)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_diag diag = {0};
    struct options o = {0};
    const char *id;
    int r = parse(argc, argv, &o, &id);

    if (r >= 0)
        return r;
    r = rca_store_open(cli->db, RCA_STORE_NOTES, &diag, &store);
    return r ? rca_say(cli->db, &diag, r) : judge(store, id, &o);
}
