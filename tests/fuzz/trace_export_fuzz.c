/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whatever a recording holds, the capture file that is made of it is sound, and
 * its JSON is JSON. */

#include <jansson.h>
#include <stdio.h>

#include "cli/trace/event_json.h"
#include "cli/trace/pcapng.h"
#include "cli/trace/select.h"
#include "tests/harness/fuzz.h"
#include "tests/harness/pcapng.h"

static void try_pcapng(const struct rca_trace_file *file)
{
    struct rca_pcapng p RCA_CLEANUP(rca_pcapng_done) = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct pcapng_reader r = {0};
    size_t n;
    FILE *out = open_memstream(&text, &n);

    if (!out || rca_pcapng_begin(out, file->names, &file->about, &p))
        abort();
    for (size_t i = 0; i < file->n; i++) {
        if (rca_pcapng_put(&p, file->events[i]))
            abort();
    }
    (void)fclose(out);
    if (pcapng_read(text, n, &r) || r.packets != p.packets ||
        r.comments != p.packets || p.packets + p.left_out != file->n)
        abort();
}

static void try_json(const struct rca_trace_file *file)
{
    for (size_t i = 0; i < file->n; i++) {
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
        json_t *json;

        rca_trace_event_json(file->events[i], file->names, &buf);
        json = buf.err ? NULL
                       : json_loads(buf.text, JSON_DECODE_INT_AS_REAL, NULL);
        if (!json || memchr(buf.text, '\n', buf.len - 1))
            abort();
        json_decref(json);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    char *copy RCA_CLEANUP(rca_freep) = malloc(size + 1);
    FILE *in;
    int r;

    if (!copy)
        abort();
    memcpy(copy, data, size);
    copy[size] = 0;
    in = fmemopen(copy, size + 1, "r"); /* what is too much is a cut block */
    if (!in)
        abort();
    r = rca_trace_read(in, "fuzz", NULL, &file);
    (void)fclose(in);
    if (r)
        return 0;
    try_pcapng(&file);
    try_json(&file);
    if (rca_trace_select(&file, "udp", "point == drop", NULL))
        abort();
    return 0;
}
