/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "cli/trace/answers.h"
#include "cli/trace/stats.h"
#include "collector/map.h"
#include "collector/trace/packet.h"
#include "graph/base/name.h"

/* struct book - tallies by name, while they are counted */
struct book {
    struct rca_trace_tally *list; /* owned, and its names */
    size_t n, cap;
    struct rca_map by_name;
};

static void free_tallies(struct rca_trace_tally **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((*list)[i].name);
    free(*list);
    *list = NULL;
}

static void close_book(struct book *book)
{
    free_tallies(&book->list, book->n);
    rca_map_done(&book->by_name);
}

static int add(struct book *book, const char *name, uint64_t died)
{
    const size_t length = strlen(name);
    struct rca_trace_tally *grown;
    uint32_t at;
    char *copy;

    if (!rca_map_get(&book->by_name, name, length, &at)) {
        grown = rca_grow(book->list, book->n, &book->cap, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        book->list = grown;
        copy = strdup(name);
        at = (uint32_t)book->n;
        if (!copy || rca_map_set(&book->by_name, name, length, at)) {
            free(copy);
            return -ENOMEM;
        }
        book->list[book->n++] = (struct rca_trace_tally){.name = copy};
    }
    book->list[at].packets++;
    book->list[at].died += died;
    return 0;
}

static int by_packets(const void *a, const void *b)
{
    const struct rca_trace_tally *x = (const struct rca_trace_tally *)a;
    const struct rca_trace_tally *y = (const struct rca_trace_tally *)b;

    if (x->packets != y->packets)
        return x->packets > y->packets ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void take_book(struct book *book, struct rca_trace_tally **ret_list,
                      size_t *ret_n)
{
    if (book->n)
        qsort(book->list, book->n, sizeof(*book->list), by_packets);
    *ret_n = book->n;
    book->n = 0;
    *ret_list = RCA_TAKE(book->list);
}

/* --- packets -------------------------------------------------------------- */

/* Both ways of a connection are one flow, told from the higher port, which is
 * mostly the client's. */
static int add_flow(struct book *book, const struct rca_trace_flow *flow,
                    uint64_t died)
{
    struct rca_trace_flow told = *flow;
    struct rca_buf text = {0};
    char *name RCA_CLEANUP(rca_freep) = NULL;
    int r;

    if (flow->source_port < flow->destination_port && flow->source_port) {
        memcpy(told.source, flow->destination, sizeof(told.source));
        memcpy(told.destination, flow->source, sizeof(told.destination));
        told.source_port = flow->destination_port;
        told.destination_port = flow->source_port;
    }
    rca_packet_flow_text(&told, &text);
    r = rca_buf_take(&text, &name);
    return r || !name[0] ? r : add(book, name, died);
}

static int add_service(struct book *book, const char *service, uint64_t died)
{
    struct rca_buf text = {0};
    char *name RCA_CLEANUP(rca_freep) = NULL;
    int r;

    if (!service)
        return 0;
    rca_trace_put_name(service, RCA_NAME_MAX, &text);
    r = rca_buf_take(&text, &name);
    return r ? r : add(book, name, died);
}

/* One packet: its first flow, the service that any of its steps knows. */
static int add_packet(const struct rca_trace_names *names,
                      const struct rca_trace_event *const *steps, size_t n,
                      struct book *flows, struct book *services)
{
    const struct rca_trace_flow *flow = NULL;
    const char *service = NULL;
    uint64_t died = 0;
    int r = 0;

    for (size_t i = 0; i < n; i++) {
        if (steps[i]->point == RCA_TRACE_DROP)
            died = 1;
        if (!flow && steps[i]->flow.family)
            flow = &steps[i]->flow;
        if (!service)
            service = rca_trace_name_service(names, steps[i]);
    }
    if (flow)
        r = add_flow(flows, flow, died);
    return r ? r : add_service(services, service, died);
}

/* "10.0.0.2:80 (web)" */
static int add_refused(struct book *book, const struct rca_trace_names *names,
                       const struct rca_trace_event *e)
{
    const char *service = rca_trace_name_service(names, e);
    struct rca_buf text = {0};
    char *name RCA_CLEANUP(rca_freep) = NULL;
    int r;

    rca_packet_address_text(&e->flow, 0, &text);
    if (service) {
        rca_buf_str(&text, " (");
        rca_trace_put_name(service, RCA_NAME_MAX, &text);
        rca_buf_str(&text, ")");
    }
    r = rca_buf_take(&text, &name);
    return r ? r : add(book, name, 1);
}

static int count_refused(const struct rca_trace_file *file,
                         const struct rca_trace_journey *list, size_t n,
                         struct rca_trace_numbers *ret)
{
    struct rca_trace_answers *answers RCA_CLEANUP(rca_trace_answers_free) =
        NULL;
    struct book book RCA_CLEANUP(close_book) = {0};
    int r = rca_trace_answers_new(file, &answers);

    for (size_t i = 0; !r && i < n; i++) {
        const struct rca_trace_event *e = rca_trace_unanswered(
            answers, file->events + list[i].first, list[i].n);

        if (e)
            r = add_refused(&book, file->names, e);
    }
    if (r == 0)
        take_book(&book, &ret->refused, &ret->n_refused);
    return r;
}

static int count_packets(struct rca_trace_file *file,
                         struct rca_trace_numbers *ret)
{
    struct rca_trace_journey *list RCA_CLEANUP(rca_freep) = NULL;
    struct book flows RCA_CLEANUP(close_book) = {0};
    struct book services RCA_CLEANUP(close_book) = {0};
    size_t n = 0;
    int r = rca_trace_journeys(file->events, file->n, &list, &n);

    for (size_t i = 0; !r && i < n; i++)
        r = add_packet(file->names, file->events + list[i].first, list[i].n,
                       &flows, &services);
    r = r ? r : count_refused(file, list, n, ret);
    if (r)
        return r;
    take_book(&flows, &ret->flows, &ret->n_flows);
    take_book(&services, &ret->services, &ret->n_services);
    return 0;
}

int rca_trace_count(struct rca_trace_file *file, struct rca_trace_numbers *ret)
{
    int r = rca_trace_summary_new(file->n, &ret->summary);

    ret->file = file;
    for (size_t i = 0; !r && i < file->n; i++) {
        const struct rca_trace_event *e = file->events[i];

        r = rca_trace_summary_add(ret->summary, e);
        if (e->point < RCA_TRACE_POINT_COUNT)
            ret->points[e->point]++;
    }
    r = r ? r : count_packets(file, ret);
    if (r)
        return r;
    ret->packets = rca_trace_summary_packets(ret->summary);
    ret->deaths = rca_trace_summary_deaths(ret->summary, &ret->n_deaths);
    for (size_t i = 0; i < ret->n_deaths; i++)
        ret->died += ret->deaths[i].packets;
    return 0;
}

void rca_trace_numbers_done(struct rca_trace_numbers *numbers)
{
    rca_trace_summary_free(&numbers->summary);
    free_tallies(&numbers->flows, numbers->n_flows);
    free_tallies(&numbers->services, numbers->n_services);
    free_tallies(&numbers->refused, numbers->n_refused);
    *numbers = (struct rca_trace_numbers){0};
}
