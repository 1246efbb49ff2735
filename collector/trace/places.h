/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * places - functions of the kernel by address, from /proc/kallsyms.
 */

#include "graph/base/base.h"

#define RCA_TRACE_PLACE_SIZE 128

/** struct rca_trace_places - all-zero is empty; owned */
struct rca_trace_place {
    uint64_t address;
    uint32_t name, module; /* places in @text; module 0: the kernel itself */
};

struct rca_trace_places {
    struct rca_trace_place *items;
    size_t n, cap;
    char *text;
    size_t n_text, cap_text;
};

void rca_trace_places_done(struct rca_trace_places *places);

/** rca_trace_places_add() - a line of /proc/kallsyms, any bytes: "ffff... T
 * tcp_v4_rcv\t[module]"; what is no function, or has no address (as they are
 * for those who may not know), is passed over. 0, -ENOMEM */
RCA_MUST_CHECK int rca_trace_places_add(struct rca_trace_places *places,
                                        const char *line, size_t len);

/** rca_trace_places_sort() - once all are added, before the first find */
void rca_trace_places_sort(struct rca_trace_places *places);

/** rca_trace_places_read() - all of file @path, sorted; 0, -ENOMEM, -errno */
RCA_MUST_CHECK int rca_trace_places_read(const char *path,
                                         struct rca_trace_places *places);

/** rca_trace_places_find() - "tcp_v4_rcv+0x1f", "nft_do_chain+0x2a [nf_tables]"
 * of the function that begins at or below @address, at most 1 MiB away; whether
 * there is one; O(log n). Long names are cut. */
_Bool rca_trace_places_find(const struct rca_trace_places *places,
                            uint64_t address, char text[RCA_TRACE_PLACE_SIZE]);
