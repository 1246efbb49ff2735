/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/ovs_msg.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* --- JSON ----------------------------------------------------------------- */

static void put_json(json_t **json)
{
    json_decref(*json);
}

/* The "result" of an answer: borrowed from @ret_root, which the caller drops. */
static int read_answer(const char *text, size_t len, json_t **ret_root,
                       const json_t **ret_result)
{
    json_t *root RCA_CLEANUP(put_json) =
        json_loadb(text, len, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *error = json_object_get(root, "error");
    const json_t *result = json_object_get(root, "result");

    if (!json_is_object(root))
        return RCA_ESYNTAX;
    if (error && !json_is_null(error))
        return RCA_ENOSUPPORT;
    if (!result)
        return RCA_ESYNTAX;
    *ret_result = result;
    *ret_root = RCA_TAKE(root);
    return 0;
}

int rca_ovs_parse_text(const char *text, size_t len, char **ret_text)
{
    json_t *root RCA_CLEANUP(put_json) = NULL;
    const json_t *result = NULL;
    char *copy;
    int r = read_answer(text, len, &root, &result);

    if (r < 0)
        return r;
    if (!json_is_string(result))
        return RCA_ESYNTAX;
    copy = strdup(json_string_value(result));
    if (!copy)
        return -ENOMEM;
    *ret_text = copy;
    return 0;
}

/* --- the database --------------------------------------------------------- */

/* Tables in the order of the question. */
enum table { TABLE_BRIDGE, TABLE_PORT, TABLE_INTERFACE, TABLES };

/* Values are written ["uuid", X], ["set", [V...]], ["map", [[K, V]...]], or as
 * they are; a set of one is written as that one. */
static _Bool is_tagged(const json_t *value, const char *tag)
{
    const char *first = json_string_value(json_array_get(value, 0));

    return json_array_size(value) == 2 && first && !strcmp(first, tag);
}

static const char *uuid_of(const json_t *value)
{
    return is_tagged(value, "uuid")
               ? json_string_value(json_array_get(value, 1))
               : NULL;
}

static const char *text_of(const json_t *row, const char *column)
{
    return json_string_value(json_object_get(row, column));
}

/* The @i-th of the rows that @value names by their numbers; NULL at the end.*/
static const char *nth_uuid(const json_t *value, size_t i)
{
    if (is_tagged(value, "set"))
        return uuid_of(json_array_get(json_array_get(value, 1), i));
    return i == 0 ? uuid_of(value) : NULL;
}

/* Rows by number: a new object that borrows nothing. */
static json_t *index_rows(const json_t *result, enum table table)
{
    const json_t *rows = json_object_get(json_array_get(result, table), "rows");
    json_t *index = json_object();
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        const char *uuid = uuid_of(json_object_get(row, "_uuid"));

        if (uuid)
            (void)json_object_set(index, uuid, row);
    }
    return index;
}

static uint64_t number_in(const json_t *map, const char *key)
{
    const json_t *pairs = json_array_get(map, 1);
    size_t i;
    const json_t *pair;

    if (!is_tagged(map, "map"))
        return 0;
    json_array_foreach(pairs, i, pair)
    {
        const char *name = json_string_value(json_array_get(pair, 0));
        const json_int_t v = json_integer_value(json_array_get(pair, 1));

        if (name && !strcmp(name, key))
            return v > 0 ? (uint64_t)v : 0; /* -1: not known */
    }
    return 0;
}

static void read_statistics(const json_t *row, struct rca_traffic *ret)
{
    const json_t *map = json_object_get(row, "statistics");

    *ret = (struct rca_traffic){
        .receive_packets = number_in(map, "rx_packets"),
        .transmit_packets = number_in(map, "tx_packets"),
        .receive_bytes = number_in(map, "rx_bytes"),
        .transmit_bytes = number_in(map, "tx_bytes"),
        .receive_errors = number_in(map, "rx_errors"),
        .transmit_errors = number_in(map, "tx_errors"),
        .receive_drops = number_in(map, "rx_dropped"),
        .transmit_drops = number_in(map, "tx_dropped"),
    };
}

static void copy_name(char to[RCA_OVS_NAME_SIZE], const char *name)
{
    (void)snprintf(to, RCA_OVS_NAME_SIZE, "%s", name ? name : "");
}

static void read_peer(const json_t *row, char to[RCA_OVS_NAME_SIZE])
{
    const json_t *map = json_object_get(row, "options");
    const json_t *pairs = is_tagged(map, "map") ? json_array_get(map, 1) : NULL;
    size_t i;
    const json_t *pair;

    json_array_foreach(pairs, i, pair)
    {
        const char *key = json_string_value(json_array_get(pair, 0));

        if (key && !strcmp(key, "peer"))
            copy_name(to, json_string_value(json_array_get(pair, 1)));
    }
}

static _Bool says(const json_t *row, const char *column, const char *word)
{
    const char *text = text_of(row, column);

    return text && !strcmp(text, word);
}

static _Bool read_port(const char *bridge, const json_t *row,
                       struct rca_ovs_port *ret)
{
    const char *name = text_of(row, "name");

    *ret = (struct rca_ovs_port){.local = 0};
    if (!name || !name[0])
        return 0;
    copy_name(ret->bridge, bridge);
    copy_name(ret->name, name);
    read_peer(row, ret->peer);
    ret->local = !strcmp(ret->bridge, ret->name);
    /* "error" is an empty set where there is none */
    ret->down = says(row, "admin_state", "down") ||
                says(row, "link_state", "down") ||
                text_of(row, "error") != NULL;
    read_statistics(row, &ret->stats);
    return 1;
}

static int visit_port(const char *bridge, const json_t *port,
                      const json_t *interfaces, rca_ovs_visit_port *visit,
                      void *arg)
{
    const json_t *members = json_object_get(port, "interfaces");
    struct rca_ovs_port read;
    const char *uuid;
    int r = 0;

    for (size_t i = 0; r >= 0 && (uuid = nth_uuid(members, i)); i++) {
        if (read_port(bridge, json_object_get(interfaces, uuid), &read))
            r = visit(arg, &read);
    }
    return r < 0 ? r : 0;
}

static int visit_bridge(const json_t *bridge, const json_t *ports,
                        const json_t *interfaces, rca_ovs_visit_port *visit,
                        void *arg)
{
    const json_t *members = json_object_get(bridge, "ports");
    const char *name = text_of(bridge, "name");
    const char *uuid;
    int r = 0;

    if (!name || !name[0])
        return 0;
    for (size_t i = 0; r >= 0 && (uuid = nth_uuid(members, i)); i++)
        r = visit_port(name, json_object_get(ports, uuid), interfaces, visit,
                       arg);
    return r;
}

int rca_ovs_parse_database(const char *text, size_t len,
                           rca_ovs_visit_port *visit, void *arg)
{
    json_t *root RCA_CLEANUP(put_json) = NULL;
    json_t *ports RCA_CLEANUP(put_json) = NULL;
    json_t *interfaces RCA_CLEANUP(put_json) = NULL;
    const json_t *result = NULL;
    const json_t *rows, *bridge;
    int r = read_answer(text, len, &root, &result);
    size_t i;

    if (r < 0)
        return r;
    rows = json_object_get(json_array_get(result, TABLE_BRIDGE), "rows");
    if (!json_is_array(rows) || json_array_size(result) < TABLES)
        return RCA_ESYNTAX;
    ports = index_rows(result, TABLE_PORT);
    interfaces = index_rows(result, TABLE_INTERFACE);
    json_array_foreach(rows, i, bridge)
    {
        r = visit_bridge(bridge, ports, interfaces, visit, arg);
        if (r < 0)
            return r;
    }
    return 0;
}
