/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/config_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/buf.h"
#include "graph/base/name.h"

/*
 * The text is loaded as a document of nodes, of which each carries its place.
 */

/* --- what is wrong, and where --------------------------------------------- */

int rca_yaml_wrong(struct rca_yaml *r, const yaml_node_t *at,
                   const char *format, ...)
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
int rca_yaml_unknown(struct rca_yaml *r, const yaml_node_t *at,
                     const char *what, const char *const *names, size_t n)
{
    const char *word = (const char *)at->data.scalar.value;
    const size_t near = rca_name_nearest(word, names, n);
    struct rca_buf known RCA_CLEANUP(rca_buf_done) = {0};

    for (size_t i = 0; i < n; i++)
        rca_buf_fmt(&known, "%s%s", i ? ", " : "", names[i]);
    return rca_yaml_wrong(r, at, "unknown %s '%.64s'%s%s%s known: %s", what,
                          word, near < n ? "; did you mean '" : ";",
                          near < n ? names[near] : "", near < n ? "'?" : "",
                          known.text && !known.err ? known.text : "");
}

/* --- nodes ---------------------------------------------------------------- */

const yaml_node_t *rca_yaml_node(struct rca_yaml *r, int index)
{
    return yaml_document_get_node(r->doc, index);
}

/* The text of a scalar that says something, or NULL. */
const char *rca_yaml_text(const yaml_node_t *node)
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

int rca_yaml_set(char **slot, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    free(*slot);
    *slot = copy;
    return 0;
}

static int read_pair(struct rca_yaml *r, const yaml_node_pair_t *pair,
                     const struct rca_yaml_key *keys, size_t n, uint32_t *seen)
{
    const yaml_node_t *key = rca_yaml_node(r, pair->key);
    const yaml_node_t *value = rca_yaml_node(r, pair->value);
    const char *name = rca_yaml_text(key);
    const char *names[RCA_YAML_MAX_KEYS];
    size_t i = 0;

    if (!name)
        return rca_yaml_wrong(r, key, "a key must be a word");
    while (i < n && strcmp(keys[i].name, name) != 0)
        i++;
    if (i == n) {
        for (size_t k = 0; k < n; k++)
            names[k] = keys[k].name;
        return rca_yaml_unknown(r, key, "key", names, n);
    }
    if (*seen & UINT32_C(1) << i)
        return rca_yaml_wrong(r, key, "key '%s' is here twice", name);
    *seen |= UINT32_C(1) << i;
    return keys[i].read(r, value, i);
}

int rca_yaml_mapping(struct rca_yaml *r, const yaml_node_t *node,
                     const struct rca_yaml_key *keys, size_t n)
{
    uint32_t seen = 0;
    int result = 0;

    assert(n <= RCA_YAML_MAX_KEYS);
    if (node->type != YAML_MAPPING_NODE)
        return rca_yaml_wrong(r, node, "expected 'key: value' lines");
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
         result == 0 && p < node->data.mapping.pairs.top; p++)
        result = read_pair(r, p, keys, n, &seen);
    return result;
}

/* --- lists ---------------------------------------------------------------- */

int rca_yaml_list(struct rca_yaml *r, const yaml_node_t *value,
                  int (*check)(struct rca_yaml *r, const yaml_node_t *at),
                  const char *want, char **slot)
{
    struct rca_buf list RCA_CLEANUP(rca_buf_done) = {0};
    char *text = NULL;
    int result = 0;

    if (value->type != YAML_SEQUENCE_NODE ||
        value->data.sequence.items.start == value->data.sequence.items.top)
        return rca_yaml_wrong(r, value, "%s", want);
    for (const yaml_node_item_t *i = value->data.sequence.items.start;
         result == 0 && i < value->data.sequence.items.top; i++) {
        const yaml_node_t *node = rca_yaml_node(r, *i);

        result = check(r, node);
        if (result == 0)
            rca_buf_fmt(&list, "%s%s", list.len ? "," : "",
                        (const char *)node->data.scalar.value);
    }
    if (result == 0)
        result = rca_buf_take(&list, &text);
    if (result == 0) {
        free(*slot);
        *slot = text;
    }
    return result;
}

/* --- the document --------------------------------------------------------- */

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

static int read_root(struct rca_yaml *r, yaml_parser_t *parser,
                     const struct rca_yaml_key *keys, size_t n)
{
    yaml_document_t doc;
    const yaml_node_t *root;
    int result = 0;

    if (!yaml_parser_load(parser, &doc))
        return broken(parser, r->file, r->diag);
    r->doc = &doc;
    root = yaml_document_get_root_node(&doc);
    if (root)
        result = rca_yaml_mapping(r, root, keys, n);
    if (result == 0 && root)
        result = expect_end(parser, r->file, r->diag);
    yaml_document_delete(&doc);
    r->doc = NULL;
    return result;
}

int rca_yaml_read(struct rca_yaml *r, const char *text, size_t size,
                  const struct rca_yaml_key *keys, size_t n)
{
    yaml_parser_t parser;
    int result;

    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    result = read_root(r, &parser, keys, n);
    yaml_parser_delete(&parser);
    return result;
}
