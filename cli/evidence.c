/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/evidence.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/evidence_flow.h"
#include "cli/evidence_tell.h"
#include "collector/privileges.h"
#include "collector/trace/capture.h"
#include "graph/base/time.h"

/* The newest sample is not older than so many steps, and than so long. */
#define FRESH_STEPS 5
#define FRESH (15 * RCA_SECOND)
/* An incident that ended so long ago is over. */
#define OVER (120 * RCA_SECOND)
#define POLL_MS 100

/* --- whether ------------------------------------------------------------------*/

int rca_evidence_length(const char *text, rca_time *ret_length)
{
    rca_time length = 0;
    const int r =
        strcmp(text, "0") == 0 ? 0 : rca_duration_parse(text, &length);

    if (r)
        return r;
    if (length > RCA_EVIDENCE_LONGEST)
        return -ERANGE;
    *ret_length = length;
    return 0;
}

int rca_evidence_option(const char *command, const char *text,
                        rca_time *ret_length)
{
    if (!text || !rca_evidence_length(text, ret_length))
        return -1;
    (void)fprintf(stderr,
                  "rca %s: --evidence takes a duration of up to 10min, as 5s, "
                  "or 0 for none, not '%s'\n",
                  command, text);
    return RCA_EXIT_USAGE;
}

const char *rca_evidence_dead(const struct rca_store_info *info,
                              const struct rca_explanation *e, const char *host,
                              rca_time now)
{
    const rca_time steps = FRESH_STEPS * info->interval;
    const rca_time fresh = steps > FRESH ? steps : FRESH;

    if (strcmp(e->symptom.host ? e->symptom.host : "", host) != 0)
        return "it is another host's";
    if (info->last == RCA_TIME_NONE || now - info->last > fresh)
        return "nothing is collected now (rca collect)";
    if (e->to != RCA_TIME_NONE && now - e->to > fresh + OVER)
        return "the incident is over";
    return NULL;
}

_Bool rca_evidence_is_live(const struct rca_store_info *info,
                           const struct rca_explanation *e,
                           const char **ret_why)
{
    struct utsname uts;

    *ret_why = uname(&uts)
                   ? "this host has no name"
                   : rca_evidence_dead(info, e, uts.nodename, rca_time_now());
    return !*ret_why;
}

_Bool rca_evidence_is_permitted(void)
{
    return rca_privileges_has(CAP_SYS_ADMIN) ||
           (rca_privileges_has(CAP_BPF) && rca_privileges_has(CAP_PERFMON) &&
            rca_privileges_has(CAP_NET_ADMIN));
}

int rca_evidence_refuse(struct rca_explanation *e, const char *why)
{
    const struct rca_packets p = {
        .from = RCA_TIME_NONE, .to = RCA_TIME_NONE, .unseen = why};

    return rca_explanation_set_packets(e, &p);
}

/* --- capture ------------------------------------------------------------------*/

/* struct taking - a capture under way; all owned but @evidence */
struct taking {
    const struct rca_evidence *evidence;
    struct rca_trace_names *names;
    struct rca_evidence_flow flow;
    struct rca_trace_summary *summary;
    struct rca_trace_capture *capture;
    struct rca_trace_suspects suspects;
    struct rca_packets about;
    char filter[1024];
};

static void taking_done(struct taking *t)
{
    rca_trace_close(&t->capture);
    rca_trace_suspects_done(&t->suspects);
    rca_trace_summary_free(&t->summary);
    rca_evidence_flow_done(&t->flow);
    rca_trace_names_free(&t->names);
}

static int count(void *arg, const struct rca_trace_event *event)
{
    struct taking *t = (struct taking *)arg;

    return rca_trace_summary_add(t->summary, event);
}

/* Where packets die, and enough to count the others. */
static int begin(struct taking *t, struct rca_diag *diag)
{
    const struct rca_trace_options options = {
        .filter = t->flow.filter,
        .meta = *t->flow.meta ? t->flow.meta : NULL,
        .wanted = 1U << RCA_TRACE_PART_SKB | 1U << RCA_TRACE_PART_TRACKING |
                  1U << RCA_TRACE_PART_DROP | 1U << RCA_TRACE_PART_DEV |
                  1U << RCA_TRACE_PART_NS | 1U << RCA_TRACE_PART_NFT,
        .must = 1U << RCA_TRACE_PART_DROP,
        .points = 1U << RCA_TRACE_RECEIVE | 1U << RCA_TRACE_QUEUE |
                  1U << RCA_TRACE_DROP | 1U << RCA_TRACE_RULE,
    };

    return rca_trace_open(&options, t->names, diag, &t->capture);
}

static rca_time monotonic(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * RCA_SECOND + ts.tv_nsec;
}

/* Return: 0, -ENOMEM, or what went wrong with the capture. */
static int run(struct taking *t)
{
    const struct rca_evidence *ev = t->evidence;
    const rca_time began = monotonic();
    rca_time passed = 0;
    int r = 0;

    while (r >= 0 && passed < ev->length && !(ev->stop && *ev->stop)) {
        r = rca_trace_poll(t->capture, POLL_MS, count, t);
        passed = monotonic() - began;
        if (ev->tell)
            ev->tell(ev->arg, (double)passed / (double)ev->length);
    }
    r = r < 0 ? r : rca_trace_finish(t->capture, count, t);
    return r < 0 ? r : 0;
}

static int finish(struct taking *t, struct rca_explanation *e)
{
    struct rca_trace_stats stats;
    const int r = rca_trace_suspects_look(&t->suspects, t->names);

    if (r)
        return r;
    rca_trace_stats(t->capture, &stats);
    t->about.lost = stats.loss.ring + stats.loss.nested + stats.loss.netlink;
    return rca_evidence_tell(t->summary, t->names, &t->suspects, &t->about, e);
}

/* what a person would give to `rca trace record` */
static void describe(struct taking *t)
{
    const struct rca_evidence_flow *f = &t->flow;

    (void)snprintf(t->filter, sizeof(t->filter), "%s%s%s%s%s", f->filter,
                   *f->filter && *f->meta ? " " : "", *f->meta ? "-m '" : "",
                   f->meta, *f->meta ? "'" : "");
    t->about.filter = t->filter;
    t->about.what = f->what;
    t->about.unseen = *f->unseen ? f->unseen : NULL;
}

static int capture(struct taking *t, struct rca_explanation *e)
{
    struct rca_diag diag = {0};
    int r = rca_trace_suspects_look(&t->suspects, t->names);

    r = r ? r : begin(t, &diag);
    if (r == -ENOMEM)
        return r;
    if (r)
        return rca_evidence_refuse(e,
                                   diag.text[0] ? diag.text : rca_strerror(r));
    t->about.from = rca_time_now();
    r = run(t);
    t->about.to = rca_time_now();
    if (r == -ENOMEM)
        return r;
    return r ? rca_evidence_refuse(e, rca_strerror(r)) : finish(t, e);
}

int rca_evidence_take(const struct rca_evidence *evidence,
                      struct rca_explanation *e)
{
    struct taking t RCA_CLEANUP(taking_done) = {.evidence = evidence};
    struct rca_trace_lookup lookup;
    int r;

    if (!rca_evidence_is_permitted())
        return rca_evidence_refuse(e, "it needs root, or CAP_BPF, CAP_PERFMON "
                                      "and CAP_NET_ADMIN");
    r = rca_trace_names_new(&t.names);
    if (r == 0)
        rca_trace_names_use(t.names, evidence->config);
    r = r ? r : rca_trace_names_read(t.names);
    r = r ? r : rca_trace_summary_new(0, &t.summary);
    if (r)
        return r;
    lookup = rca_trace_names_lookup(t.names);
    r = rca_evidence_flow(e, &lookup, &t.flow);
    if (r == RCA_EUNKNOWN)
        return rca_evidence_refuse(e, t.flow.unseen);
    if (r)
        return r;
    describe(&t);
    return capture(&t, e);
}
