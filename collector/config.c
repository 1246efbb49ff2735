/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "collector/source.h"
#include "graph/base/buf.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"
#include "graph/base/time.h"

/*
 * The text is loaded as a document of nodes, of which each carries its place.
 * A mapping is read by a table of keys, so that every mapping has the same
 * checks: unknown key, duplicate key, wrong kind of value.
 */
#define DEFAULT_DB "/var/lib/rca/rca.db"
#define DEFAULT_INTERVAL RCA_SECOND
#define DEFAULT_RETENTION (RCA_SECOND * 3600 * 24 * 7)
#define MIN_INTERVAL (RCA_SECOND / 10)
#define MAX_BYTES ((size_t)1 << 20) /* of the file: thousands of name rules */
#define MAX_LIMIT 100000 /* entities of a kind; the store holds 2^24 in all */
#define MAX_PORT 65535
#define MAX_KEYS 32 /* of a mapping's table: a bit each */

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

/* struct reader - the document being read
 * @config: into which; @rule: into which of its names */
struct reader {
    yaml_document_t *doc;
    const char *file;
    struct rca_diag *diag;
    struct rca_config *config;
    struct rca_name_rule *rule;
};

/* struct key - of a mapping; @read: gets its value, and its own number */
struct key {
    const char *name;
    int (*read)(struct reader *r, const yaml_node_t *value, size_t number);
};

int rca_config_init(struct rca_config *ret_config)
{
    struct rca_config config = {.interval = DEFAULT_INTERVAL,
                                .retention = DEFAULT_RETENTION};

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
    free(config->db);
    *config = (struct rca_config){0};
}

/* --- what is wrong, and where --------------------------------------------- */

RCA_PRINTF(3, 4)
static int wrong(struct reader *r, const yaml_node_t *at, const char *format,
                 ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)rca_diag_set(r->diag, RCA_ESYNTAX, r->file,
                       (unsigned)at->start_mark.line + 1, "%s", text);
    if (r->diag)
        r->diag->column = (unsigned)at->start_mark.column + 1;
    return RCA_ESYNTAX;
}

/* "unknown WHAT 'WORD'; did you mean 'X'? known: A, B, C" */
static int unknown(struct reader *r, const yaml_node_t *at, const char *what,
                   const char *const *names, size_t n)
{
    const char *word = (const char *)at->data.scalar.value;
    const size_t near = rca_name_nearest(word, names, n);
    struct rca_buf known RCA_CLEANUP(rca_buf_done) = {0};

    for (size_t i = 0; i < n; i++)
        rca_buf_fmt(&known, "%s%s", i ? ", " : "", names[i]);
    return wrong(r, at, "unknown %s '%.64s'%s%s%s known: %s", what, word,
                 near < n ? "; did you mean '" : ";",
                 near < n ? names[near] : "", near < n ? "'?" : "",
                 known.text && !known.err ? known.text : "");
}

/* --- nodes ---------------------------------------------------------------- */

static const yaml_node_t *node_of(struct reader *r, int index)
{
    return yaml_document_get_node(r->doc, index);
}

/* The text of a scalar that says something, or NULL. */
static const char *text_of(const yaml_node_t *node)
{
    const char *text;

    if (node->type != YAML_SCALAR_NODE)
        return NULL;
    text = (const char *)node->data.scalar.value;
    if (strlen(text) != node->data.scalar.length || !text[0])
        return NULL;
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        (!strcmp(text, "~") || !strcmp(text, "null")))
        return NULL;
    return text;
}

static int set_text(char **slot, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    free(*slot);
    *slot = copy;
    return 0;
}

static int read_pair(struct reader *r, const yaml_node_pair_t *pair,
                     const struct key *keys, size_t n, uint32_t *seen)
{
    const yaml_node_t *key = node_of(r, pair->key);
    const yaml_node_t *value = node_of(r, pair->value);
    const char *name = text_of(key);
    const char *names[MAX_KEYS];
    size_t i = 0;

    if (!name)
        return wrong(r, key, "a key must be a word");
    while (i < n && strcmp(keys[i].name, name) != 0)
        i++;
    if (i == n) {
        for (size_t k = 0; k < n; k++)
            names[k] = keys[k].name;
        return unknown(r, key, "key", names, n);
    }
    if (*seen & UINT32_C(1) << i)
        return wrong(r, key, "key '%s' is here twice", name);
    *seen |= UINT32_C(1) << i;
    return keys[i].read(r, value, i);
}

static int read_mapping(struct reader *r, const yaml_node_t *node,
                        const struct key *keys, size_t n)
{
    uint32_t seen = 0;
    int result = 0;

    assert(n <= MAX_KEYS);
    if (node->type != YAML_MAPPING_NODE)
        return wrong(r, node, "expected 'key: value' lines");
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
         result == 0 && p < node->data.mapping.pairs.top; p++)
        result = read_pair(r, p, keys, n, &seen);
    return result;
}

/* --- values --------------------------------------------------------------- */

static int read_db(struct reader *r, const yaml_node_t *value, size_t number)
{
    const char *text = text_of(value);

    (void)number;
    if (!text)
        return wrong(r, value, "db must be the path of a file");
    return set_text(&r->config->db, text);
}

static int read_interval(struct reader *r, const yaml_node_t *value,
                         size_t number)
{
    const char *text = text_of(value);
    rca_time ns;

    (void)number;
    if (!text || rca_duration_parse(text, &ns) || ns < MIN_INTERVAL)
        return wrong(r, value,
                     "interval must be a duration of at least 100ms, as 1s");
    r->config->interval = ns;
    return 0;
}

static int read_retention(struct reader *r, const yaml_node_t *value,
                          size_t number)
{
    const char *text = text_of(value);
    rca_time ns;

    (void)number;
    if (!text || rca_duration_parse(text, &ns) || ns < 60 * RCA_SECOND)
        return wrong(r, value,
                     "retention must be a duration of at least 1min, as 7d");
    r->config->retention = ns;
    return 0;
}

/* --- sources -------------------------------------------------------------- */

static int check_source(struct reader *r, const yaml_node_t *at)
{
    const struct rca_source *const *table = rca_source_table();
    const char *names[MAX_KEYS];
    const char *word = text_of(at);
    size_t n = 0;

    if (!word)
        return wrong(r, at, "a source must be a word");
    for (; n < MAX_KEYS && table[n]; n++) {
        names[n] = table[n]->name;
        if (!strcmp(names[n], word))
            return 0;
    }
    return unknown(r, at, "source", names, n);
}

static int read_sources(struct reader *r, const yaml_node_t *value,
                        size_t number)
{
    struct rca_buf list RCA_CLEANUP(rca_buf_done) = {0};
    char *text = NULL;
    int result = 0;

    (void)number;
    if (value->type != YAML_SEQUENCE_NODE ||
        value->data.sequence.items.start == value->data.sequence.items.top)
        return wrong(r, value, "sources must be a list, as [host, cgroup]");
    for (const yaml_node_item_t *i = value->data.sequence.items.start;
         result == 0 && i < value->data.sequence.items.top; i++) {
        const yaml_node_t *node = node_of(r, *i);

        result = check_source(r, node);
        if (result == 0)
            rca_buf_fmt(&list, "%s%s", list.len ? "," : "",
                        (const char *)node->data.scalar.value);
    }
    if (result == 0)
        result = rca_buf_take(&list, &text);
    if (result == 0) {
        free(r->config->sources);
        r->config->sources = text;
    }
    return result;
}

/* --- limits --------------------------------------------------------------- */

static int read_limit(struct reader *r, const yaml_node_t *value, size_t number)
{
    const char *text = text_of(value);
    uint64_t limit;

    if (!text || rca_parse_u64(text, &limit) || limit < 1 || limit > MAX_LIMIT)
        return wrong(r, value, "a limit must be a number from 1 to %d",
                     MAX_LIMIT);
    r->config->limit[number] = limit;
    return 0;
}

static int read_limits(struct reader *r, const yaml_node_t *value,
                       size_t number)
{
    struct key keys[RCA_KIND_COUNT];

    (void)number;
    for (unsigned k = 0; k < RCA_KIND_COUNT; k++)
        keys[k] = (struct key){rca_kind_name((enum rca_kind)k), read_limit};
    return read_mapping(r, value, keys, RCA_KIND_COUNT);
}
static_assert(RCA_KIND_COUNT <= MAX_KEYS, "a bit for each kind");

/* --- names ---------------------------------------------------------------- */

static int read_rule_port(struct reader *r, const yaml_node_t *value,
                          size_t number)
{
    const char *text = text_of(value);
    uint64_t port;

    (void)number;
    if (!text || rca_parse_u64(text, &port) || port < 1 || port > MAX_PORT)
        return wrong(r, value, "port must be a number from 1 to %d", MAX_PORT);
    r->rule->port = (unsigned)port;
    return 0;
}

static int read_rule_cgroup(struct reader *r, const yaml_node_t *value,
                            size_t number)
{
    const char *text = text_of(value);

    (void)number;
    if (!text)
        return wrong(r, value,
                     "cgroup must be a pattern, as \"system.slice/web*\"");
    return set_text(&r->rule->cgroup, text + (text[0] == '/' && text[1]));
}

static int read_rule_name(struct reader *r, const yaml_node_t *value,
                          size_t number)
{
    const char *text = text_of(value);

    (void)number;
    if (!text || strlen(text) > RCA_NAME_MAX)
        return wrong(r, value, "name must be a text of at most %d bytes",
                     RCA_NAME_MAX);
    return set_text(&r->rule->name, text);
}

static int read_rule(struct reader *r, const yaml_node_t *value)
{
    static const struct key keys[] = {{"port", read_rule_port},
                                      {"cgroup", read_rule_cgroup},
                                      {"name", read_rule_name}};
    const int result = read_mapping(r, value, keys, RCA_ARRAY_SIZE(keys));

    if (result < 0)
        return result;
    if (!r->rule->name)
        return wrong(r, value, "a rule needs a name");
    if (!r->rule->port && !r->rule->cgroup)
        return wrong(r, value, "a rule needs a port, a cgroup, or both");
    return 0;
}

static int read_names(struct reader *r, const yaml_node_t *value, size_t number)
{
    struct rca_config *config = r->config;
    size_t n;
    int result = 0;

    (void)number;
    if (value->type != YAML_SEQUENCE_NODE)
        return wrong(r, value, "names must be a list of rules");
    n = (size_t)(value->data.sequence.items.top -
                 value->data.sequence.items.start);
    config->names = calloc(n ? n : 1, sizeof(*config->names));
    if (!config->names)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < n; i++) {
        r->rule = &config->names[config->n_names++];
        result = read_rule(r, node_of(r, value->data.sequence.items.start[i]));
    }
    return result;
}

/* --- the document --------------------------------------------------------- */

static const struct key top_keys[] = {
    {"db", read_db},
    {"interval", read_interval},
    {"retention", read_retention},
    {"sources", read_sources},
    {"limits", read_limits},
    {"names", read_names},
};

static int broken(const yaml_parser_t *parser, const char *file,
                  struct rca_diag *diag)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    (void)rca_diag_set(diag, RCA_ESYNTAX, file,
                       (unsigned)parser->problem_mark.line + 1, "%s",
                       parser->problem ? parser->problem : "not YAML");
    if (diag)
        diag->column = (unsigned)parser->problem_mark.column + 1;
    return RCA_ESYNTAX;
}

/* Nothing may come after the one document. */
static int expect_end(yaml_parser_t *parser, const char *file,
                      struct rca_diag *diag)
{
    yaml_document_t more;
    const yaml_node_t *root;
    unsigned line;

    if (!yaml_parser_load(parser, &more))
        return broken(parser, file, diag);
    root = yaml_document_get_root_node(&more);
    line = root ? (unsigned)root->start_mark.line + 1 : 0;
    yaml_document_delete(&more);
    if (!root)
        return 0;
    return rca_diag_set(diag, RCA_ESYNTAX, file, line,
                        "a second document; expected one");
}

static int read_document(yaml_parser_t *parser, const char *file,
                         struct rca_diag *diag, struct rca_config *config)
{
    yaml_document_t doc;
    struct reader r = {
        .doc = &doc, .file = file, .diag = diag, .config = config};
    const yaml_node_t *root;
    int result = 0;

    if (!yaml_parser_load(parser, &doc))
        return broken(parser, file, diag);
    root = yaml_document_get_root_node(&doc);
    if (root)
        result = read_mapping(&r, root, top_keys, RCA_ARRAY_SIZE(top_keys));
    if (result == 0 && root)
        result = expect_end(parser, file, diag);
    yaml_document_delete(&doc);
    return result;
}

int rca_config_parse(const char *text, size_t size, const char *file,
                     struct rca_diag *diag, struct rca_config *ret_config)
{
    struct rca_config config RCA_CLEANUP(rca_config_done) = {0};
    yaml_parser_t parser;
    int r;

    if (size > MAX_BYTES)
        return rca_diag_set(diag, RCA_ESYNTAX, file, 0,
                            "over 1 MiB: not a configuration");
    r = rca_config_init(&config);
    if (r < 0)
        return r;
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    r = read_document(&parser, file, diag, &config);
    yaml_parser_delete(&parser);
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
