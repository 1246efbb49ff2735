/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/args.h"
#include "cli/status.h"
#include "collector/source.h"
#include "graph/base/time.h"

static const struct rca_usage usage = {
    "status",
    "rca status [--format text|json]",
    "What is in the store: how much, since when, how fresh, how large; the\n"
    "model's age; what the collector costs and what it lost, over the hour\n"
    "before the newest sample; what could not be watched. Exit 4 while the store\n"
    "is empty.",
    "  rca status\n"
    "  rca --db /tmp/try.db status\n"
    "  rca status --format json | jq '.lost[] | select(.last_hour > 0)'\n",
};

static void print_store(const struct rca_status *s)
{
    const struct rca_store_info *info = &s->open->info;
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE], c[RCA_TIME_TEXT_SIZE];

    printf("store     %s, %.1f MB\n", s->db, 1e-6 * (double)info->file_bytes);
    printf("data      %s to %s, every %s\n", rca_time_utc(info->first, a),
           rca_time_utc(info->last, b), rca_duration_text(info->interval, c));
    printf("newest    %s ago\n", rca_duration_text(s->now - info->last, a));
    printf("holds     %" PRIu64 " entities, %" PRIu64 " edges, %" PRIu64
           " series, %" PRIu64 " samples",
           info->entities, info->edges, info->series, info->samples);
    if (info->samples)
        printf(", %.2f bytes each",
               (double)info->file_bytes / (double)info->samples);
    printf("\nsizes     %" PRIu64 " chunks of %.1f MB, %" PRIu64
           " ticks not yet packed\n",
           info->chunks, 1e-6 * (double)info->chunk_bytes, info->head_rows);
}

static void print_model(const struct rca_status *s)
{
    char from[RCA_TIME_TEXT_SIZE], to[RCA_TIME_TEXT_SIZE];

    if (s->model_state == RCA_STATUS_MODEL_NONE)
        printf("model     none: rca train --window 24h\n");
    else if (s->model_state == RCA_STATUS_MODEL_DAMAGED)
        printf("model     damaged or of another version: train again\n");
    else
        printf("model     %zu metrics of %zu entities, from %s to %s, %.1f "
               "MB\n",
               s->model.variables, s->model.entities,
               rca_time_utc(s->model.from, from), rca_time_utc(s->model.to, to),
               1e-6 * (double)s->model_bytes);
}

/* where the series of several hosts are in the store */
static void print_host(const struct rca_status *s, const char *host)
{
    if (s->n_hosts > 1)
        printf(" of %s", host);
}

static void print_cost(const struct rca_status *s,
                       const struct rca_status_self *h)
{
    const _Bool known = h->profile >= 0 && h->profile < RCA_PROFILE_COUNT;
    char value[32];

    printf("collector");
    print_host(s, h->host);
    printf(" %s", known ? rca_profile_name((enum rca_profile)h->profile)
                        : "profile ?");
    if (!isnan(h->cpu_cores))
        printf(", %.2f %% of a core", 100 * h->cpu_cores);
    if (!isnan(h->bpf_cores))
        printf(" and %.2f %% in eBPF", 100 * h->bpf_cores);
    if (!isnan(h->resident_bytes))
        printf(", %s",
               rca_value_text(h->resident_bytes, RCA_UNIT_BYTES, value));
    printf("\nticks     %" PRIu64 " in the last hour, each %s", h->ticks,
           rca_value_text(h->tick_median_seconds, RCA_UNIT_SECONDS, value));
    printf(" (at most %s)\n",
           rca_value_text(h->tick_max_seconds, RCA_UNIT_SECONDS, value));
}

static void print_losses(const struct rca_status *s)
{
    size_t shown = 0;

    for (size_t i = 0; i < s->n_losses; i++) {
        const struct rca_status_loss *l = &s->losses[i];

        if (l->total <= 0 && l->hour <= 0)
            continue;
        printf("lost      %s", l->what);
        print_host(s, l->host);
        printf(": %.0f in the last hour, %.0f since the collector's start\n",
               l->hour, l->total);
        shown++;
    }
    if (s->n_losses && !shown)
        printf("lost      nothing\n");
}

static void print_features(const struct rca_status *s)
{
    for (size_t i = 0; i < s->n_features; i++) {
        const struct rca_status_feature *f = &s->features[i];

        if (strcmp(f->state, "off") == 0)
            printf("not seen  %s (%s: %s)\n", f->lost, f->name, f->how);
    }
}

static void print_verdicts(const struct rca_verdicts *v)
{
    if (v->right + v->wrong)
        printf("feedback  %zu right, %zu wrong: confidence shifted by %+.1f "
               "(logits)\n",
               v->right, v->wrong, v->shift);
}

static int print_text(const struct rca_status *s)
{
    print_store(s);
    print_model(s);
    for (size_t i = 0; i < s->n_hosts; i++)
        print_cost(s, &s->hosts[i]);
    print_losses(s);
    print_verdicts(&s->verdicts);
    print_features(s);
    return RCA_EXIT_DONE;
}

static int print_json(const struct rca_status *s)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const int r = rca_status_json(s, &text);

    if (r)
        return rca_say("cannot write", NULL, r);
    (void)fputs(text, stdout);
    return RCA_EXIT_DONE;
}

static int print(const struct rca_open *open, const char *db, _Bool json)
{
    struct rca_status status RCA_CLEANUP(rca_status_done) = {0};
    const int r = rca_status_read(open, db, rca_time_now(), &status);

    if (r)
        return rca_say(db, NULL, r);
    return json ? print_json(&status) : print_text(&status);
}

int rca_cmd_status(struct rca_cli *cli, int argc, char **argv)
{
    static const char *const formats[] = {"text", "json", NULL};
    int format = 0;
    const struct rca_arg args[] = {
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &format, formats,
         "text or json (text)"},
        {0},
    };
    struct rca_open open;
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    r = r >= 0 ? r : rca_open_store(cli, &open);
    if (r >= 0)
        return r;
    r = print(&open, cli->db, format == 1);
    rca_open_done(&open);
    return r;
}
