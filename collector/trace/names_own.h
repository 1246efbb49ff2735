/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * names_own - what the table of names is made of, for its own files only:
 * names.c (the table), names_lookup.c, names_read*.c (what fills it from the
 * host), places.c.
 */

#include "collector/map.h"
#include "collector/trace/names.h"
#include "collector/trace/places.h"

struct rca_trace_host;

/** struct rca_trace_name - @text: owned; NULL: replaced by a later one */
struct rca_trace_name {
    struct rca_trace_name_key key;
    char *text;
};

struct rca_trace_names {
    struct rca_trace_name *items; /* owned; in the order of adding */
    size_t n, cap;
    struct rca_map by_key; /* place in @items */
    const struct rca_config *config; /* borrowed, or NULL */
    struct rca_trace_host *host; /* owned; NULL: nothing was read from it */
    struct rca_trace_places places;
    _Bool places_read;
};

/** rca_trace_host_free() - of names_read.c */
void rca_trace_host_free(struct rca_trace_host **host);

/** rca_trace_names_put() - rca_trace_names_set() with the key in parts */
RCA_MUST_CHECK int rca_trace_names_put(struct rca_trace_names *names,
                                       enum rca_trace_name_kind kind,
                                       uint64_t a, uint64_t b,
                                       const char *text);

/** rca_trace_service_key() - of an address and port, @netns as in struct
 * rca_trace_endpoint */
struct rca_trace_name_key rca_trace_service_key(
    const struct rca_trace_endpoint *end);
