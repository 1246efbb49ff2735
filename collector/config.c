/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/config_yaml.h"
#include "collector/source.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"
#include "graph/base/time.h"

#define DEFAULT_DB "/var/lib/rca/rca.db"
#define DEFAULT_INTERVAL RCA_SECOND
#define DEFAULT_RETENTION (RCA_SECOND * 3600 * 24 * 7)
#define DEFAULT_COARSE (RCA_SECOND * 3600 * 24 * 90)
#define DEFAULT_MAX_SIZE UINT64_C(2000000000)
#define MIN_MAX_SIZE UINT64_C(10000000) /* the head and a window or two */
#define MIN_INTERVAL (RCA_SECOND / 10)
#define MAX_BYTES ((size_t)1 << 20) /* of the file: thousands of name rules */
#define MAX_LIMIT 100000 /* entities of a kind; the store holds 2^24 in all */
#define MAX_PORT 65535
#define DEFAULT_BUDGET 0.01 /* of a core; COLLECTOR 5.1 */
#define MIN_BUDGET 0.01 /* percent: less is under what can be measured */
#define MAX_BUDGET 1000.0

/* COLLECTOR 5.3 for call, process and peer; the rest in proportion. */
static const size_t default_limit[RCA_KIND_COUNT] = {
    [RCA_KIND_SERVICE] = 500, [RCA_KIND_CLIENT] = 500,
    [RCA_KIND_CALL] = 2000,   [RCA_KIND_CGROUP] = 1000,
    [RCA_KIND_PROCESS] = 500, [RCA_KIND_NETNS] = 500,
    [RCA_KIND_NIC] = 1000,    [RCA_KIND_QDISC] = 1000,
    [RCA_KIND_DISK] = 200,    [RCA_KIND_FILESYSTEM] = 200,
    [RCA_KIND_RULE] = 2000,   [RCA_KIND_CONNTRACK] = 500,
    [RCA_KIND_BRIDGE] = 200,  [RCA_KIND_PEER] = 500,
    [RCA_KIND_OTHER] = 500,   [RCA_KIND_PROBE] = 500,
};

int rca_config_init(struct rca_config *ret_config)
{
    struct rca_config config = {.interval = DEFAULT_INTERVAL,
                                .retention = DEFAULT_RETENTION,
                                .retention_coarse = DEFAULT_COARSE,
                                .max_size = DEFAULT_MAX_SIZE,
                                .profile = RCA_PROFILE_STANDARD,
                                .cpu_budget = DEFAULT_BUDGET};

    config.db = strdup(DEFAULT_DB);
    if (!config.db)
        return -ENOMEM;
    memcpy(config.limit, default_limit, sizeof(config.limit));
    *ret_config = config;
    return 0;
}

void rca_config_done(struct rca_config *config)
{
    for (size_t i = 0; i < config->n_names; i++) {
        free(config->names[i].cgroup);
        free(config->names[i].name);
    }
    free(config->names);
    free(config->sources);
    free(config->without);
    free(config->user);
    free(config->ovs);
    free(config->db);
    *config = (struct rca_config){0};
}

/* --- values --------------------------------------------------------------- */

static int read_db(struct rca_yaml *r, const yaml_node_t *value, size_t number)
{
    const char *text = rca_yaml_text(value);

    (void)number;
    if (!text)
        return rca_yaml_wrong(r, value, "db must be the path of a file");
    return rca_yaml_set(&r->config->db, text);
}

static int read_user(struct rca_yaml *r, const yaml_node_t *value,
                     size_t number)
{
    const char *text = rca_yaml_text(value);

    (void)number;
    if (!text)
        return rca_yaml_wrong(r, value, "user must be the name of a user");
    return rca_yaml_set(&r->config->user, text);
}

static int read_changes(struct rca_yaml *r, const yaml_node_t *value,
                        size_t number)
{
    const char *text = rca_yaml_text(value);

    (void)number;
    if (!text || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
        return rca_yaml_wrong(r, value,
                              "allow_system_changes must be true or false");
    r->config->allow_changes = text[0] == 't';
    return 0;
}

static int read_ovs(struct rca_yaml *r, const yaml_node_t *value, size_t number)
{
    const char *text = rca_yaml_text(value);

    (void)number;
    if (!text || text[0] != '/')
        return rca_yaml_wrong(
            r, value, "ovs must be the path of a folder, as " RCA_OVS_FOLDER);
    return rca_yaml_set(&r->config->ovs, text);
}

static int read_interval(struct rca_yaml *r, const yaml_node_t *value,
                         size_t number)
{
    const char *text = rca_yaml_text(value);
    rca_time ns;

    (void)number;
    if (!text || rca_duration_parse(text, &ns) || ns < MIN_INTERVAL)
        return rca_yaml_wrong(
            r, value, "interval must be a duration of at least 100ms, as 1s");
    r->config->interval = ns;
    return 0;
}

static int read_retention(struct rca_yaml *r, const yaml_node_t *value,
                          size_t number)
{
    const char *text = rca_yaml_text(value);
    rca_time ns;

    (void)number;
    if (!text || rca_duration_parse(text, &ns) || ns < 60 * RCA_SECOND)
        return rca_yaml_wrong(
            r, value, "retention must be a duration of at least 1min, as 7d");
    r->config->retention = ns;
    return 0;
}

static int read_coarse(struct rca_yaml *r, const yaml_node_t *value,
                       size_t number)
{
    const char *text = rca_yaml_text(value);
    rca_time ns = 0;

    (void)number;
    if (!text || (strcmp(text, "none") != 0 &&
                  (rca_duration_parse(text, &ns) || ns < 3600 * RCA_SECOND)))
        return rca_yaml_wrong(r, value,
                              "retention_coarse must be a duration of at least "
                              "1h, as 90d, or none");
    r->config->retention_coarse = ns;
    return 0;
}

/* "2GB", "500MB": powers of ten, as disks are sold. Return: 0 or -1. */
static int parse_size(const char *text, uint64_t *ret)
{
    static const struct {
        const char *unit;
        uint64_t bytes;
    } units[] = {{"kB", 1000},
                 {"KB", 1000},
                 {"MB", 1000000},
                 {"GB", 1000000000},
                 {"TB", UINT64_C(1000000000000)}};
    char *end;
    uint64_t n;

    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    n = strtoull(text, &end, 10);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(units) && errno == 0; i++) {
        if (strcmp(end, units[i].unit) == 0)
            return __builtin_mul_overflow(n, units[i].bytes, ret) ? -1 : 0;
    }
    return -1;
}

static int read_max_size(struct rca_yaml *r, const yaml_node_t *value,
                         size_t number)
{
    const char *text = rca_yaml_text(value);
    uint64_t bytes = 0;

    (void)number;
    if (!text || (strcmp(text, "none") != 0 &&
                  (parse_size(text, &bytes) || bytes < MIN_MAX_SIZE)))
        return rca_yaml_wrong(
            r, value, "max_size must be at least 10MB, as 2GB, or none");
    r->config->max_size = bytes;
    return 0;
}

/* --- sources -------------------------------------------------------------- */

static int check_source(struct rca_yaml *r, const yaml_node_t *at)
{
    const struct rca_source *const *table = rca_source_table();
    const char *names[RCA_YAML_MAX_KEYS];
    const char *word = rca_yaml_text(at);
    size_t n = 0;

    if (!word)
        return rca_yaml_wrong(r, at, "a source must be a word");
    for (; n < RCA_YAML_MAX_KEYS && table[n]; n++) {
        names[n] = table[n]->name;
        if (!strcmp(names[n], word))
            return 0;
    }
    return rca_yaml_unknown(r, at, "source", names, n);
}

static int read_sources(struct rca_yaml *r, const yaml_node_t *value,
                        size_t number)
{
    (void)number;
    return rca_yaml_list(r, value, check_source,
                         "sources must be a list, as [host, cgroup]",
                         &r->config->sources);
}

/* --- what it may cost ----------------------------------------------------- */

static int check_hook(struct rca_yaml *r, const yaml_node_t *at)
{
    const char *word = rca_yaml_text(at);

    if (!word || strchr(word, ','))
        return rca_yaml_wrong(r, at, "a hook must be a word");
    return 0;
}

static int read_without(struct rca_yaml *r, const yaml_node_t *value,
                        size_t number)
{
    (void)number;
    if (value->type == YAML_SEQUENCE_NODE &&
        value->data.sequence.items.start == value->data.sequence.items.top)
        return 0; /* "[]" is the default */
    return rca_yaml_list(r, value, check_hook,
                         "without must be a list of hooks, as [iter/task]",
                         &r->config->without);
}

static int read_profile(struct rca_yaml *r, const yaml_node_t *value,
                        size_t number)
{
    const char *names[RCA_PROFILE_COUNT];
    const char *text = rca_yaml_text(value);

    (void)number;
    for (unsigned i = 0; i < RCA_PROFILE_COUNT; i++)
        names[i] = rca_profile_name((enum rca_profile)i);
    if (!text)
        return rca_yaml_wrong(r, value, "profile must be a word, as standard");
    if (rca_profile_parse(text, &r->config->profile))
        return rca_yaml_unknown(r, value, "profile", names, RCA_PROFILE_COUNT);
    return 0;
}

int rca_config_budget(const char *text, double *ret_budget)
{
    const size_t len = strlen(text);
    char number[32];
    double percent;

    if (!strcmp(text, "off")) {
        *ret_budget = 0;
        return 0;
    }
    if (len < 2 || len > sizeof(number) || text[len - 1] != '%')
        return RCA_ESYNTAX;
    (void)snprintf(number, sizeof(number), "%.*s", (int)len - 1, text);
    if (rca_parse_f64(number, &percent) || percent < MIN_BUDGET ||
        percent > MAX_BUDGET)
        return RCA_ESYNTAX;
    *ret_budget = percent / 100;
    return 0;
}

static int read_budget(struct rca_yaml *r, const yaml_node_t *value,
                       size_t number)
{
    const char *text = rca_yaml_text(value);

    (void)number;
    if (!text || rca_config_budget(text, &r->config->cpu_budget))
        return rca_yaml_wrong(r, value,
                              "cpu_budget must be a share of one core from "
                              "0.01%% to 1000%%, as 1%%, or off");
    return 0;
}

/* --- limits --------------------------------------------------------------- */

static int read_limit(struct rca_yaml *r, const yaml_node_t *value,
                      size_t number)
{
    const char *text = rca_yaml_text(value);
    uint64_t limit;

    if (!text || rca_parse_u64(text, &limit) || limit < 1 || limit > MAX_LIMIT)
        return rca_yaml_wrong(r, value, "a limit must be a number from 1 to %d",
                              MAX_LIMIT);
    r->config->limit[number] = limit;
    return 0;
}

static int read_limits(struct rca_yaml *r, const yaml_node_t *value,
                       size_t number)
{
    struct rca_yaml_key keys[RCA_KIND_COUNT];

    (void)number;
    for (unsigned k = 0; k < RCA_KIND_COUNT; k++)
        keys[k] =
            (struct rca_yaml_key){rca_kind_name((enum rca_kind)k), read_limit};
    return rca_yaml_mapping(r, value, keys, RCA_KIND_COUNT);
}
static_assert(RCA_KIND_COUNT <= RCA_YAML_MAX_KEYS, "a bit for each kind");

/* --- names ---------------------------------------------------------------- */

static int read_rule_port(struct rca_yaml *r, const yaml_node_t *value,
                          size_t number)
{
    const char *text = rca_yaml_text(value);
    uint64_t port;

    (void)number;
    if (!text || rca_parse_u64(text, &port) || port < 1 || port > MAX_PORT)
        return rca_yaml_wrong(r, value, "port must be a number from 1 to %d",
                              MAX_PORT);
    r->rule->port = (unsigned)port;
    return 0;
}

static int read_rule_cgroup(struct rca_yaml *r, const yaml_node_t *value,
                            size_t number)
{
    const char *text = rca_yaml_text(value);

    (void)number;
    if (!text)
        return rca_yaml_wrong(
            r, value, "cgroup must be a pattern, as \"system.slice/web*\"");
    return rca_yaml_set(&r->rule->cgroup, text + (text[0] == '/' && text[1]));
}

static int read_rule_name(struct rca_yaml *r, const yaml_node_t *value,
                          size_t number)
{
    const char *text = rca_yaml_text(value);

    (void)number;
    if (!text || strlen(text) > RCA_NAME_MAX)
        return rca_yaml_wrong(
            r, value, "name must be a text of at most %d bytes", RCA_NAME_MAX);
    return rca_yaml_set(&r->rule->name, text);
}

static int read_rule(struct rca_yaml *r, const yaml_node_t *value)
{
    static const struct rca_yaml_key keys[] = {{"port", read_rule_port},
                                               {"cgroup", read_rule_cgroup},
                                               {"name", read_rule_name}};
    const int result = rca_yaml_mapping(r, value, keys, RCA_ARRAY_SIZE(keys));

    if (result < 0)
        return result;
    if (!r->rule->name)
        return rca_yaml_wrong(r, value, "a rule needs a name");
    if (!r->rule->port && !r->rule->cgroup)
        return rca_yaml_wrong(r, value,
                              "a rule needs a port, a cgroup, or both");
    return 0;
}

static int read_names(struct rca_yaml *r, const yaml_node_t *value,
                      size_t number)
{
    struct rca_config *config = r->config;
    size_t n;
    int result = 0;

    (void)number;
    if (value->type != YAML_SEQUENCE_NODE)
        return rca_yaml_wrong(r, value, "names must be a list of rules");
    n = (size_t)(value->data.sequence.items.top -
                 value->data.sequence.items.start);
    config->names = calloc(n ? n : 1, sizeof(*config->names));
    if (!config->names)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < n; i++) {
        r->rule = &config->names[config->n_names++];
        result =
            read_rule(r, rca_yaml_node(r, value->data.sequence.items.start[i]));
    }
    return result;
}

/* --- the document --------------------------------------------------------- */

static const struct rca_yaml_key top_keys[] = {
    {"db", read_db},
    {"interval", read_interval},
    {"retention", read_retention},
    {"retention_coarse", read_coarse},
    {"max_size", read_max_size},
    {"sources", read_sources},
    {"profile", read_profile},
    {"without", read_without},
    {"cpu_budget", read_budget},
    {"user", read_user},
    {"allow_system_changes", read_changes},
    {"ovs", read_ovs},
    {"limits", read_limits},
    {"names", read_names},
};

int rca_config_parse(const char *text, size_t size, const char *file,
                     struct rca_diag *diag, struct rca_config *ret_config)
{
    struct rca_config config RCA_CLEANUP(rca_config_done) = {0};
    struct rca_yaml yaml = {.file = file, .diag = diag, .config = &config};
    int r;

    if (size > MAX_BYTES)
        return rca_diag_set(diag, RCA_ESYNTAX, file, 0,
                            "over 1 MiB: not a configuration");
    r = rca_config_init(&config);
    if (r == 0)
        r = rca_yaml_read(&yaml, text, size, top_keys,
                          RCA_ARRAY_SIZE(top_keys));
    if (r < 0)
        return r;
    *ret_config = config;
    config = (struct rca_config){0};
    return 0;
}

/* --- files ---------------------------------------------------------------- */

static int slurp(FILE *f, char *data, size_t *ret_size)
{
    *ret_size = fread(data, 1, MAX_BYTES + 1, f);
    return ferror(f) ? -EIO : 0;
}

int rca_config_load(const char *path, struct rca_diag *diag,
                    struct rca_config *ret_config)
{
    char *data RCA_CLEANUP(rca_freep) = malloc(MAX_BYTES + 1);
    size_t size = 0;
    FILE *f;
    int r;

    if (!data)
        return -ENOMEM;
    f = fopen(path, "re");
    if (!f) {
        r = -errno;
        return rca_diag_set(diag, r, path, 0, "cannot open: %s",
                            rca_strerror(r));
    }
    r = slurp(f, data, &size);
    (void)fclose(f);
    if (r < 0)
        return rca_diag_set(diag, r, path, 0, "cannot read: %s",
                            rca_strerror(r));
    return rca_config_parse(data, size, path, diag, ret_config);
}
