/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Nothing in a file is believed: a block is as long as it says only if so much
 * comes, and memory is taken for what came, not for what was promised.
 */

#include <errno.h>
#include <string.h>

#include "collector/trace/file_own.h"

#define HEAD offsetof(struct rca_trace_event, head)
/* what is passed over at a time */
#define SKIP 4096

/* struct rca_trace_own - what is freed in the end */
struct rca_trace_own {
    struct rca_trace_event **events;
    const struct rca_trace_event **view; /* the same, for the caller */
    size_t n, cap;
    char *texts[RCA_TRACE_TEXT_COUNT];
};

/* struct reader - @offset: of the block at hand */
struct reader {
    FILE *in;
    const char *path;
    struct rca_diag *diag;
    uint64_t offset;
    struct rca_trace_file file;
};

/* struct block - one that was read; @bytes has one byte more, which is 0 */
struct block {
    uint32_t type, size;
    unsigned char
        bytes[sizeof(struct rca_trace_name_key) + RCA_TRACE_BLOCK_MAX + 1];
};

static int damaged(const struct reader *r, const char *what)
{
    return rca_diag_set(r->diag, RCA_ESYNTAX, r->path, 0, "at byte %llu: %s",
                        (unsigned long long)r->offset, what);
}

/* Return: 0 @n bytes were read, 1 the file ended before, -errno. */
static int get(struct reader *r, void *bytes, size_t n)
{
    errno = 0;
    if (fread(bytes, 1, n, r->in) == n)
        return 0;
    return ferror(r->in) ? (errno ? -errno : -EIO) : 1;
}

static int skip(struct reader *r, uint32_t n)
{
    unsigned char bytes[SKIP];
    int e = 0;

    for (; !e && n; n -= n < SKIP ? n : SKIP)
        e = get(r, bytes, n < SKIP ? n : SKIP);
    return e;
}

/* --- what blocks hold ----------------------------------------------------- */

static void end_string(char *text)
{
    text[RCA_TRACE_NAME - 1] = '\0';
}

/* Strings end, and nothing is said to be there that is not. */
static void make_sound(struct rca_trace_event *event, size_t captured)
{
    event->captured = (uint32_t)captured;
    event->command[sizeof(event->command) - 1] = '\0';
    if (event->has & RCA_TRACE_HAS_OVS) {
        event->has &= ~(uint32_t)(RCA_TRACE_HAS_RULE | RCA_TRACE_HAS_TCP);
        end_string(event->detail.ovs.bridge);
        end_string(event->detail.ovs.port);
    } else if (event->has & RCA_TRACE_HAS_RULE) {
        event->has &= ~(uint32_t)RCA_TRACE_HAS_TCP;
        end_string(event->detail.rule.table);
        end_string(event->detail.rule.chain);
    }
}

static int add_event(struct reader *r, const struct block *block)
{
    struct rca_trace_own *own = r->file.own;
    struct rca_trace_event **grown, *event;

    if (block->size < HEAD || block->size > sizeof(*event))
        return damaged(r, "an event of impossible length");
    grown = rca_grow((void *)own->events, own->n, &own->cap, sizeof(void *));
    if (!grown)
        return -ENOMEM;
    own->events = grown;
    event = malloc(block->size);
    if (!event)
        return -ENOMEM;
    memcpy(event, block->bytes, block->size);
    make_sound(event, block->size - HEAD);
    own->events[own->n++] = event;
    return 0;
}

static int add_name(struct reader *r, const struct block *block)
{
    struct rca_trace_name_key key;
    int e;

    if (block->size < sizeof(key))
        return damaged(r, "a name without its key");
    memcpy(&key, block->bytes, sizeof(key));
    if (key.kind == 0 || key.kind >= RCA_TRACE_NAME_KINDS)
        return 0; /* of a later version */
    e = rca_trace_names_set(r->file.names, &key,
                            (const char *)block->bytes + sizeof(key));
    return e == -ENOSPC ? damaged(r, "too many names") : e;
}

static int add_text(struct reader *r, const struct block *block)
{
    char **texts = r->file.own->texts;
    uint32_t which;

    if (block->size < sizeof(which))
        return damaged(r, "a text that does not say of what");
    memcpy(&which, block->bytes, sizeof(which));
    if (which == 0 || which >= RCA_TRACE_TEXT_COUNT || texts[which])
        return 0;
    texts[which] = strdup((const char *)block->bytes + sizeof(which));
    return texts[which] ? 0 : -ENOMEM;
}

static int add_end(struct reader *r, const struct block *block)
{
    struct rca_trace_stats *stats = &r->file.about.stats;
    struct rca_trace_loss *loss = &stats->loss;
    uint64_t n[RCA_TRACE_END_NUMBERS];

    if (block->size < sizeof(n))
        return damaged(r, "an end without its numbers");
    memcpy(n, block->bytes, sizeof(n));
    stats->seen = n[0];
    stats->matched = n[1];
    *loss = (struct rca_trace_loss){n[2], n[3], n[4], n[5], n[6]};
    r->file.about.complete = 1;
    return 0;
}

static int add(struct reader *r, const struct block *block)
{
    switch (block->type) {
    case RCA_TRACE_BLOCK_EVENT:
        return add_event(r, block);
    case RCA_TRACE_BLOCK_NAME:
        return add_name(r, block);
    case RCA_TRACE_BLOCK_TEXT:
        return add_text(r, block);
    default:
        return add_end(r, block);
    }
}

/* --- the file ------------------------------------------------------------- */

static int read_head(struct reader *r)
{
    char magic[RCA_TRACE_FILE_MAGIC_SIZE];
    uint32_t numbers[2];
    int e = get(r, magic, sizeof(magic));

    if (e < 0)
        return e;
    if (e || memcmp(magic, RCA_TRACE_FILE_MAGIC, sizeof(magic)) != 0)
        return rca_diag_set(r->diag, RCA_ESYNTAX, r->path, 0,
                            "not a file of 'rca trace record'");
    e = get(r, numbers, sizeof(numbers));
    if (e)
        return e < 0 ? e : damaged(r, "the file ends in its first line");
    if (numbers[0] != RCA_TRACE_FILE_VERSION ||
        numbers[1] != sizeof(struct rca_trace_event))
        return rca_diag_set(r->diag, RCA_ESCHEMA, r->path, 0,
                            "version %u of the format; this program reads "
                            "version %d",
                            numbers[0], RCA_TRACE_FILE_VERSION);
    r->offset = sizeof(magic) + sizeof(numbers);
    return 0;
}

/* Return: 0; 1 the file ends here; else a failure. */
static int read_block(struct reader *r, struct block *block)
{
    uint32_t head[2];
    int e = get(r, head, sizeof(head));

    if (e)
        return e;
    block->type = head[0];
    block->size = head[1];
    if (block->type == 0 || block->type > RCA_TRACE_BLOCK_END) {
        e = skip(r, block->size);
    } else {
        if (block->size >= sizeof(block->bytes))
            return damaged(r, "a block of impossible length");
        e = get(r, block->bytes, block->size);
        if (!e) {
            block->bytes[block->size] = '\0';
            e = add(r, block);
        }
    }
    r->offset += sizeof(head) + block->size;
    return e;
}

static int by_time(const void *a, const void *b)
{
    const struct rca_trace_event *x = *(const struct rca_trace_event *const *)a;
    const struct rca_trace_event *y = *(const struct rca_trace_event *const *)b;

    return (x->time > y->time) - (x->time < y->time);
}

/* They come in order but for the few that were late: an insertion of each,
 * which keeps ties as they came, unless the file is against us. */
static void sort(struct rca_trace_event **events, size_t n)
{
    size_t moves = 0;

    for (size_t i = 1; i < n; i++) {
        struct rca_trace_event *event = events[i];
        size_t k = i;

        for (; k && events[k - 1]->time > event->time; k--, moves++)
            events[k] = events[k - 1];
        events[k] = event;
        if (moves > 32 * n) {
            qsort((void *)events, n, sizeof(void *), by_time);
            return;
        }
    }
}

/* What was read, as the caller sees it. */
static int show(struct rca_trace_file *file)
{
    struct rca_trace_own *own = file->own;

    sort(own->events, own->n);
    own->view =
        (const struct rca_trace_event **)calloc(own->n + 1, sizeof(void *));
    if (!own->view)
        return -ENOMEM;
    for (size_t i = 0; i < own->n; i++)
        own->view[i] = own->events[i];
    file->events = own->view;
    file->n = own->n;
    file->about.filter = own->texts[RCA_TRACE_TEXT_FILTER];
    file->about.meta = own->texts[RCA_TRACE_TEXT_META];
    file->about.kernel = own->texts[RCA_TRACE_TEXT_KERNEL];
    file->about.host = own->texts[RCA_TRACE_TEXT_HOST];
    file->about.unseen = own->texts[RCA_TRACE_TEXT_UNSEEN];
    return 0;
}

int rca_trace_read(FILE *in, const char *path, struct rca_diag *diag,
                   struct rca_trace_file *ret_file)
{
    struct block *block RCA_CLEANUP(rca_freep) = malloc(sizeof(*block));
    struct reader r = {.in = in, .path = path, .diag = diag};
    int e = block ? rca_trace_names_new(&r.file.names) : -ENOMEM;

    r.file.own = calloc(1, sizeof(*r.file.own));
    if (!r.file.own)
        e = -ENOMEM;
    if (!e && !rca_trace_file_possible())
        e = RCA_ENOSUPPORT;
    e = e ? e : read_head(&r);
    while (!e)
        e = read_block(&r, block);
    if (e > 0)
        e = show(&r.file);
    if (e < 0) {
        rca_trace_file_done(&r.file);
        return e;
    }
    *ret_file = r.file;
    return 0;
}

void rca_trace_file_done(struct rca_trace_file *file)
{
    struct rca_trace_own *own = file->own;

    for (size_t i = 0; own && i < own->n; i++)
        free(own->events[i]);
    for (size_t i = 0; own && i < RCA_TRACE_TEXT_COUNT; i++)
        free(own->texts[i]);
    if (own) {
        free((void *)own->events);
        free((void *)own->view);
    }
    free(own);
    rca_trace_names_free(&file->names);
    *file = (struct rca_trace_file){0};
}
