/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/args.h"
#include "cli/common.h"
#include "graph/base/time.h"

static const struct rca_usage usage = {
    "status",
    "rca status",
    "What is in the store: how much, since when, how fresh; the model's age;\n"
    "what could not be watched.",
    "  rca status\n  rca --db /tmp/try.db status\n",
};

static void print_store(const struct rca_store_info *info, const char *db)
{
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE], c[RCA_TIME_TEXT_SIZE];

    printf("store     %s, %.1f MB\n", db, 1e-6 * (double)info->file_bytes);
    printf("data      %s to %s, every %s\n", rca_time_utc(info->first, a),
           rca_time_utc(info->last, b), rca_duration_text(info->interval, c));
    printf("newest    %s ago\n",
           rca_duration_text(rca_time_now() - info->last, a));
    printf("holds     %llu entities, %llu edges, %llu series, %llu samples",
           (unsigned long long)info->entities, (unsigned long long)info->edges,
           (unsigned long long)info->series, (unsigned long long)info->samples);
    if (info->samples)
        printf(", %.2f bytes each",
               (double)info->file_bytes / (double)info->samples);
    printf("\n");
}

static void print_model(struct rca_store *store)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    void *data RCA_CLEANUP(rca_freep) = NULL;
    char from[RCA_TIME_TEXT_SIZE], to[RCA_TIME_TEXT_SIZE];
    struct rca_model_info info;
    rca_time when;
    size_t size;
    int r = rca_store_get(store, "model", &when, &data, &size);

    if (r) {
        printf("model     none: rca train --window 24h\n");
        return;
    }
    if (rca_model_decode(data, size, &model)) {
        printf("model     damaged or of another version: train again\n");
        return;
    }
    rca_model_info(model, &info);
    printf("model     %zu metrics of %zu entities, from %s to %s, %.1f MB\n",
           info.variables, info.entities, rca_time_utc(info.from, from),
           rca_time_utc(info.to, to), 1e-6 * (double)size);
}

static void print_lost(struct rca_store *store)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    void *data RCA_CLEANUP(rca_freep) = NULL;
    char *rest, *line;
    rca_time when;
    size_t size;

    if (rca_store_get(store, "features", &when, &data, &size))
        return;
    text = strndup(data, size);
    for (rest = text; rest && (line = strsep(&rest, "\n"));) {
        const char *name = strsep(&line, "\t");
        const char *state = strsep(&line, "\t");
        const char *how = strsep(&line, "\t");

        if (line && strcmp(state, "off") == 0)
            printf("not seen  %s (%s: %s)\n", line, name, how);
    }
}

int rca_cmd_status(struct rca_cli *cli, int argc, char **argv)
{
    const struct rca_arg args[] = {{0}};
    struct rca_open open;
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    r = r >= 0 ? r : rca_open_store(cli, &open);
    if (r >= 0)
        return r;
    print_store(&open.info, cli->db);
    print_model(open.store);
    print_lost(open.store);
    rca_open_done(&open);
    return RCA_EXIT_DONE;
}
