/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * config_yaml - how config.c reads its one YAML document: mappings by tables of
 * keys, so that every mapping has the same checks, and each complaint says
 * where. Only for the configuration's own files.
 */

#include <yaml.h>

#include "collector/config.h"

/** most keys of a mapping's table: a bit each */
#define RCA_YAML_MAX_KEYS 32

/** struct rca_yaml - the document being read
 * @config: into which; @rule: into which of its names */
struct rca_yaml {
    yaml_document_t *doc;
    const char *file;
    struct rca_diag *diag;
    struct rca_config *config;
    struct rca_name_rule *rule;
};

/** struct rca_yaml_key - of a mapping; @read: gets its value, and its own
 * number in the table */
struct rca_yaml_key {
    const char *name;
    int (*read)(struct rca_yaml *r, const yaml_node_t *value, size_t number);
};

/** rca_yaml_wrong() - fill the diagnostic; returns RCA_ESYNTAX */
RCA_PRINTF(3, 4)
int rca_yaml_wrong(struct rca_yaml *r, const yaml_node_t *at,
                   const char *format, ...);
/** rca_yaml_unknown() - "unknown WHAT 'WORD'; did you mean 'X'? known: ..." */
int rca_yaml_unknown(struct rca_yaml *r, const yaml_node_t *at,
                     const char *what, const char *const *names, size_t n);

const yaml_node_t *rca_yaml_node(struct rca_yaml *r, int index);
/** rca_yaml_text() - the text of a scalar that says something, or NULL */
const char *rca_yaml_text(const yaml_node_t *node);
/** rca_yaml_set() - replace the owned *@slot by a copy; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_yaml_set(char **slot, const char *text);

/** rca_yaml_mapping() - read each pair by its key of @keys: unknown and twice
 * are refused; 0, RCA_ESYNTAX or what a reader returned */
RCA_MUST_CHECK int rca_yaml_mapping(struct rca_yaml *r, const yaml_node_t *node,
                                    const struct rca_yaml_key *keys, size_t n);

/**
 * rca_yaml_list() - a sequence of words into *@slot, comma-separated (owned)
 * @check: of each word's node: 0, or what it returns ends the reading
 * @want:  what is said of something else, "sources must be a list, as [..]"
 */
RCA_MUST_CHECK int rca_yaml_list(struct rca_yaml *r, const yaml_node_t *value,
                                 int (*check)(struct rca_yaml *r,
                                              const yaml_node_t *at),
                                 const char *want, char **slot);

/** rca_yaml_read() - the one document of @text, whose root is a mapping; 0,
 * RCA_ESYNTAX, -ENOMEM. @r: all but its document is set */
RCA_MUST_CHECK int rca_yaml_read(struct rca_yaml *r, const char *text,
                                 size_t size, const struct rca_yaml_key *keys,
                                 size_t n);
