/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a recording; what is read is written, and read again as the
 * same. */

#include <stdlib.h>
#include <string.h>

#include "collector/trace/file.h"
#include "collector/trace/journey.h"
#include "collector/trace/packet.h"
#include "tests/harness/fuzz.h"

static int read_bytes(const void *bytes, size_t n, struct rca_trace_file *ret)
{
    void *copy = malloc(n);
    FILE *in;
    int r;

    if (!copy)
        abort();
    memcpy(copy, bytes, n);
    in = fmemopen(copy, n, "r");
    if (!in)
        abort();
    r = rca_trace_read(in, "fuzz", NULL, ret);
    (void)fclose(in);
    free(copy);
    return r;
}

static void must(int r)
{
    if (r)
        abort();
}

static char *write_all(const struct rca_trace_file *file, size_t *ret_n)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_n);

    if (!out)
        abort();
    must(rca_trace_write_begin(out, &file->about));
    must(rca_trace_write_names(out, file->names, 0));
    for (size_t i = 0; i < file->n; i++)
        must(rca_trace_write_event(out, file->events[i]));
    if (file->about.complete)
        must(rca_trace_write_end(out, &file->about.stats));
    must(fclose(out));
    return text;
}

static void check_same(const struct rca_trace_file *a,
                       const struct rca_trace_file *b)
{
    if (a->n != b->n || a->about.complete != b->about.complete ||
        rca_trace_names_count(a->names) < rca_trace_names_count(b->names))
        abort();
    for (size_t i = 0; i < a->n; i++) {
        const struct rca_trace_event *x = a->events[i], *y = b->events[i];

        if (x->captured != y->captured ||
            memcmp(x, y,
                   offsetof(struct rca_trace_event, head) + x->captured) != 0)
            abort();
    }
}

/* What reads events must bear them. */
static void use(struct rca_trace_file *file)
{
    struct rca_trace_summary *summary = NULL;
    struct rca_trace_journey *journeys = NULL;
    size_t n;

    must(rca_trace_summary_new(16, &summary));
    for (size_t i = 0; i < file->n; i++) {
        const struct rca_trace_event *e = file->events[i];
        struct rca_packet packet;

        must(rca_trace_summary_add(summary, e));
        rca_packet_parse(e->head, e->captured,
                         (e->has & RCA_TRACE_HAS_LINK) != 0, &packet);
        if (i && e->time < file->events[i - 1]->time)
            abort();
    }
    must(rca_trace_journeys(file->events, file->n, &journeys, &n));
    free(journeys);
    (void)rca_trace_summary_deaths(summary, &n);
    rca_trace_summary_free(&summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_trace_file file = {0}, again = {0};
    char *text;
    size_t n;

    if (!size || read_bytes(data, size, &file))
        return 0;
    text = write_all(&file, &n);
    must(read_bytes(text, n, &again));
    check_same(&file, &again);
    use(&file);
    rca_trace_file_done(&file);
    rca_trace_file_done(&again);
    free(text);
    return 0;
}
