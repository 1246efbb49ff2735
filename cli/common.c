/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/common.h"

#include <errno.h>
#include <string.h>

#include "graph/base/name.h"
#include "graph/base/parse.h"

static enum rca_exit exit_of_error(int err)
{
    switch (err) {
    case RCA_ENOSUPPORT:
    case -EPERM:
        return RCA_EXIT_MISSING;
    case RCA_ETOOFEW:
        return RCA_EXIT_UNCLEAR;
    case RCA_EUNKNOWN:
    case RCA_EAMBIGUOUS:
        return RCA_EXIT_USAGE;
    default:
        return RCA_EXIT_ERROR;
    }
}

int rca_say(const char *what, const struct rca_diag *diag, int err)
{
    const char *file = diag && diag->text[0] ? diag->file : "";
    const unsigned line = diag ? diag->line : 0;

    if (!strcmp(file, what)) /* is named already */
        file = "";
    (void)fprintf(stderr, "rca: %s: %s", what, file);
    if (*file && line)
        (void)fprintf(stderr, ":%u", line);
    (void)fprintf(stderr, "%s%s\n", *file ? ": " : "",
                  diag && diag->text[0] ? diag->text : rca_strerror(err));
    return (int)exit_of_error(err);
}

int rca_open_store(const struct rca_cli *cli, struct rca_open *ret_open)
{
    struct rca_open open = {0};
    struct rca_diag diag = {0};
    int r = rca_store_open(cli->db, RCA_STORE_READ, &diag, &open.store);

    if (r == -ENOENT) {
        (void)fprintf(stderr,
                      "rca: no store '%s': run 'rca collect' first, or name "
                      "another with --db\n",
                      cli->db);
        return RCA_EXIT_ERROR;
    }
    r = r ? r : rca_store_info(open.store, &open.info);
    if (!r && open.info.last == RCA_TIME_NONE) {
        rca_open_done(&open);
        (void)fprintf(stderr, "rca: '%s' holds no data yet\n", cli->db);
        return RCA_EXIT_UNCLEAR;
    }
    r = r ? r
          : rca_store_graph(open.store, open.info.first, open.info.last,
                            &open.graph);
    if (r) {
        rca_open_done(&open);
        return rca_say(cli->db, &diag, r);
    }
    *ret_open = open;
    return -1;
}

void rca_open_done(struct rca_open *open)
{
    rca_graph_free(&open->graph);
    rca_store_close(&open->store);
}

int rca_keep_model(struct rca_store *store, const struct rca_model *model)
{
    void *data RCA_CLEANUP(rca_freep) = NULL;
    struct rca_model_info info;
    size_t size;
    int r = rca_model_encode(model, &data, &size);

    rca_model_info(model, &info);
    return r ? r : rca_store_put(store, "model", info.to, data, size);
}

int rca_load_model(struct rca_store *store, struct rca_model **ret_model)
{
    void *data RCA_CLEANUP(rca_freep) = NULL;
    rca_time when;
    size_t size;
    int r = rca_store_get(store, "model", &when, &data, &size);

    return r ? r : rca_model_decode(data, size, ret_model);
}

int rca_open_model(const struct rca_open *open, struct rca_model **ret_model)
{
    int r = rca_load_model(open->store, ret_model);

    if (r > 0) {
        (void)fprintf(stderr, "rca: there is no model yet: run 'rca train "
                              "--window 24h' (or as long as there are data)\n");
        return RCA_EXIT_UNCLEAR;
    }
    if (r == RCA_ESCHEMA) {
        (void)fprintf(stderr, "rca: the model is of another version of rca: "
                              "run 'rca train' again\n");
        return RCA_EXIT_ERROR;
    }
    return r ? rca_say("the model cannot be read, train again", NULL, r) : -1;
}

static void print_entity(const struct rca_entity *e)
{
    (void)fprintf(stderr, "  %s/%s%s%s\n", rca_kind_name(e->kind), e->name,
                  e->host[0] ? "@" : "", e->host);
}

int rca_open_entity(const struct rca_open *open, const char *text,
                    const struct rca_entity **ret_entity)
{
    uint32_t node, list[16];
    size_t n = 0;
    int r = rca_graph_match(open->graph, text, &node, list, &n);

    if (!r) {
        *ret_entity = rca_graph_entity(open->graph, node);
        return -1;
    }
    if (r == RCA_EAMBIGUOUS)
        (void)fprintf(stderr, "rca: '%s' is one of several, say which:\n",
                      text);
    else
        (void)fprintf(stderr, "rca: there is no entity '%s'%s\n", text,
                      n ? ": did you mean" : "; see 'rca show entities'");
    for (size_t i = 0; i < n; i++)
        print_entity(rca_graph_entity(open->graph, list[i]));
    return RCA_EXIT_USAGE;
}

int rca_unknown_metric(const struct rca_model *model,
                       const struct rca_entity *entity, const char *name)
{
    const size_t n = rca_model_variables(model);
    const char **names RCA_CLEANUP(rca_freep) =
        (const char **)calloc(n + 1, sizeof(*names));
    size_t known = 0, near;

    for (size_t i = 0; names && i < n; i++) {
        struct rca_factor_view view;

        rca_model_view(model, i, &view);
        if (!entity || view.entity == entity->id)
            names[known++] = view.metric;
    }
    near = known ? rca_name_nearest(name, names, known) : known;
    if (entity)
        (void)fprintf(stderr, "rca: %s has no metric '%s'", entity->name, name);
    else
        (void)fprintf(stderr, "rca: no entity has a metric '%s'", name);
    if (near < known)
        (void)fprintf(stderr, ": did you mean '%s'?\n", names[near]);
    else
        (void)fprintf(stderr, "; see 'rca show series'\n");
    return RCA_EXIT_USAGE;
}

int rca_share_option(const char *command, const char *name, const char *text,
                     double most, double *ret_share)
{
    char copy[32];
    const size_t n = text ? strlen(text) : 0;
    const _Bool percent = n && text[n - 1] == '%';
    double value;

    if (!text)
        return -1;
    (void)snprintf(copy, sizeof(copy), "%.*s", (int)(n - percent), text);
    if (n < sizeof(copy) && !rca_parse_f64(copy, &value)) {
        value = percent ? value / 100 : value;
        if (value > 0 && value <= most) {
            *ret_share = value;
            return -1;
        }
    }
    (void)fprintf(stderr,
                  "rca %s: --%s wants a share as 5%% or 0.05, not '%s'\n",
                  command, name, text);
    return RCA_EXIT_USAGE;
}

const char *const rca_profile_choices[] = {"light", "standard", "deep", NULL};
static_assert(RCA_ARRAY_SIZE(rca_profile_choices) == RCA_PROFILE_COUNT + 1,
              "as rca_profile_name()");

int rca_watch_apply(const struct rca_watch_args *args, const char *command,
                    struct rca_config *config)
{
    char *copy;

    if (args->profile >= 0)
        config->profile = (enum rca_profile)args->profile;
    if (args->budget && rca_config_budget(args->budget, &config->cpu_budget)) {
        (void)fprintf(stderr,
                      "rca %s: --cpu-budget wants a share of one core as 1%%, "
                      "or off, not '%s'\n",
                      command, args->budget);
        return RCA_EXIT_USAGE;
    }
    if (!args->without)
        return -1;
    copy = strdup(args->without);
    if (!copy)
        return rca_say(command, NULL, -ENOMEM);
    free(config->without);
    config->without = copy;
    return -1;
}
