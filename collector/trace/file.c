/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/file.h"

#include <errno.h>
#include <string.h>

#include "collector/trace/file_own.h"

_Bool rca_trace_file_possible(void)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

static int put(FILE *out, const void *bytes, size_t n)
{
    errno = 0;
    if (n && fwrite(bytes, 1, n, out) != n)
        return errno ? -errno : -EIO;
    return 0;
}

/* A block of @type: @a and then @b. */
static int put_block(FILE *out, enum rca_trace_block type, const void *a,
                     size_t size_a, const void *b, size_t size_b)
{
    const uint32_t head[2] = {type, (uint32_t)(size_a + size_b)};
    int r = put(out, head, sizeof(head));

    r = r ? r : put(out, a, size_a);
    return r ? r : put(out, b, size_b);
}

static size_t text_length(const char *text)
{
    return strnlen(text, RCA_TRACE_BLOCK_MAX);
}

static int put_text(FILE *out, enum rca_trace_text which, const char *text)
{
    const uint32_t number = which;

    return text ? put_block(out, RCA_TRACE_BLOCK_TEXT, &number, sizeof(number),
                            text, text_length(text))
                : 0;
}

int rca_trace_write_begin(FILE *out, const struct rca_trace_about *about)
{
    const uint32_t numbers[2] = {RCA_TRACE_FILE_VERSION,
                                 sizeof(struct rca_trace_event)};
    int r;

    if (!rca_trace_file_possible())
        return RCA_ENOSUPPORT;
    r = put(out, RCA_TRACE_FILE_MAGIC, RCA_TRACE_FILE_MAGIC_SIZE);
    r = r ? r : put(out, numbers, sizeof(numbers));
    r = r ? r : put_text(out, RCA_TRACE_TEXT_FILTER, about->filter);
    r = r ? r : put_text(out, RCA_TRACE_TEXT_META, about->meta);
    r = r ? r : put_text(out, RCA_TRACE_TEXT_KERNEL, about->kernel);
    r = r ? r : put_text(out, RCA_TRACE_TEXT_HOST, about->host);
    return r ? r : put_text(out, RCA_TRACE_TEXT_UNSEEN, about->unseen);
}

int rca_trace_write_event(FILE *out, const struct rca_trace_event *event)
{
    size_t size = offsetof(struct rca_trace_event, head);

    size += event->captured < RCA_TRACE_SNAP ? event->captured : RCA_TRACE_SNAP;
    return put_block(out, RCA_TRACE_BLOCK_EVENT, event, size, NULL, 0);
}

static int put_name(void *arg, const struct rca_trace_name_key *key,
                    const char *text)
{
    return put_block((FILE *)arg, RCA_TRACE_BLOCK_NAME, key, sizeof(*key), text,
                     text_length(text));
}

int rca_trace_write_names(FILE *out, const struct rca_trace_names *names,
                          size_t from)
{
    return rca_trace_names_each(names, from, put_name, out);
}

int rca_trace_write_end(FILE *out, const struct rca_trace_stats *stats)
{
    const struct rca_trace_loss *loss = &stats->loss;
    const uint64_t numbers[RCA_TRACE_END_NUMBERS] = {
        stats->seen,   stats->matched, loss->ring,      loss->nested,
        loss->netlink, loss->late,     loss->untracked,
    };

    return put_block(out, RCA_TRACE_BLOCK_END, numbers, sizeof(numbers), NULL,
                     0);
}
