/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/pcapng.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "cli/trace/comment.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
};

/* numbers of options; those from 2 on mean another thing in each block */
enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_SYSTEM = 3,
    SECTION_PROGRAM = 4,
    INTERFACE_NAME = 2,
    INTERFACE_RESOLUTION = 9,
    PACKET_FLAGS = 2,
    PACKET_ID = 5,
};

enum { LINK_ETHERNET = 1, LINK_IP = 101 };
enum { INBOUND = 1, OUTBOUND = 2 }; /* PACKET_FLAGS */

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define NANOSECONDS 9 /* INTERFACE_RESOLUTION: 10^-9 s */
#define TEXT_MAX 4096 /* of the section's */

static void put(struct rca_buf *b, const void *bytes, size_t n)
{
    rca_buf_put(b, (const char *)bytes, n);
}

static void put_u16(struct rca_buf *b, uint16_t x)
{
    put(b, &x, sizeof(x));
}

static void put_u32(struct rca_buf *b, uint32_t x)
{
    put(b, &x, sizeof(x));
}

/* Zeros up to a multiple of 4. */
static void pad(struct rca_buf *b)
{
    put(b, "\0\0\0", -b->len & 3);
}

static void put_option(struct rca_buf *b, uint16_t option, const void *value,
                       size_t n)
{
    put_u16(b, option);
    put_u16(b, (uint16_t)n);
    put(b, value, n);
    pad(b);
}

static void put_text(struct rca_buf *b, uint16_t option, const char *text)
{
    put_option(b, option, text, strlen(text));
}

static void begin(struct rca_buf *b, uint32_t type)
{
    b->len = 0;
    put_u32(b, type);
    put_u32(b, 0); /* its length */
}

/* Ends the options, and the block; writes it. */
static int end(struct rca_pcapng *p)
{
    struct rca_buf *b = &p->block;
    uint32_t length;

    put_u32(b, OPTION_END);
    length = (uint32_t)(b->len + sizeof(length));
    put_u32(b, length);
    if (b->err)
        return b->err;
    memcpy(b->text + sizeof(length), &length, sizeof(length));
    errno = 0;
    if (fwrite(b->text, 1, b->len, p->out) != b->len)
        return errno ? -errno : -EIO;
    return 0;
}

/* "filter: udp; meta: mark == 7; of host a", or "" */
static void describe(const struct rca_trace_about *about, struct rca_buf *buf)
{
    buf->len = 0;
    rca_buf_str(buf, "");
    if (about->filter)
        rca_buf_fmt(buf, "filter: %s; ", about->filter);
    if (about->meta)
        rca_buf_fmt(buf, "meta: %s; ", about->meta);
    if (about->host)
        rca_buf_fmt(buf, "host: %s; ", about->host);
    if (buf->len >= 2)
        buf->text[buf->len -= 2] = '\0';
    rca_trace_text_tidy(buf, TEXT_MAX);
}

static int put_section(struct rca_pcapng *p,
                       const struct rca_trace_about *about)
{
    const int64_t unknown_length = -1;

    describe(about, &p->text);
    if (p->text.err)
        return p->text.err;
    begin(&p->block, BLOCK_SECTION);
    put_u32(&p->block, BYTE_ORDER_MAGIC);
    put_u16(&p->block, 1); /* version 1.0 */
    put_u16(&p->block, 0);
    put(&p->block, &unknown_length, sizeof(unknown_length));
    if (p->text.len)
        put_text(&p->block, OPTION_COMMENT, p->text.text);
    if (about->kernel) {
        p->text.len = 0;
        rca_buf_fmt(&p->text, "Linux %s", about->kernel);
        if (p->text.err)
            return p->text.err;
        rca_trace_text_tidy(&p->text, TEXT_MAX);
        put_text(&p->block, SECTION_SYSTEM, p->text.text);
    }
    put_text(&p->block, SECTION_PROGRAM, "rca trace");
    return end(p);
}

int rca_pcapng_begin(FILE *out, const struct rca_trace_names *names,
                     const struct rca_trace_about *about,
                     struct rca_pcapng *ret_pcapng)
{
    struct rca_pcapng p RCA_CLEANUP(rca_pcapng_done) = {.out = out,
                                                        .names = names};
    const int r = put_section(&p, about);

    if (r)
        return r;
    *ret_pcapng = p;
    p = (struct rca_pcapng){0}; /* handed over */
    return 0;
}

void rca_pcapng_done(struct rca_pcapng *pcapng)
{
    rca_freep(&pcapng->verdicts);
    rca_map_done(&pcapng->interfaces);
    rca_buf_done(&pcapng->block);
    rca_buf_done(&pcapng->text);
}

/* --- interfaces ---------------------------------------------------------------- */

static int put_interface(struct rca_pcapng *p,
                         const struct rca_trace_event *event, _Bool link)
{
    const uint8_t resolution = NANOSECONDS;

    rca_trace_interface(event, p->names, &p->text);
    if (!link)
        rca_buf_str(&p->text, " ip");
    if (p->text.err)
        return p->text.err;
    begin(&p->block, BLOCK_INTERFACE);
    put_u16(&p->block, link ? LINK_ETHERNET : LINK_IP);
    put_u16(&p->block, 0);
    put_u32(&p->block, RCA_TRACE_SNAP);
    put_text(&p->block, INTERFACE_NAME, p->text.text);
    put_option(&p->block, INTERFACE_RESOLUTION, &resolution,
               sizeof(resolution));
    return end(p);
}

/* The number of the interface that the event is of, which may be a new one. */
static int find_interface(struct rca_pcapng *p,
                          const struct rca_trace_event *event,
                          uint32_t *ret_interface)
{
    const _Bool link = event->has & RCA_TRACE_HAS_LINK;
    const uint32_t key[] = {event->netns, event->ifindex, link};
    int r;

    if (rca_map_get(&p->interfaces, key, sizeof(key), ret_interface))
        return 0;
    r = put_interface(p, event, link);
    if (r == 0)
        r = rca_map_set(&p->interfaces, key, sizeof(key), p->n_interfaces);
    if (r == 0)
        *ret_interface = p->n_interfaces++;
    return r;
}

/* --- verdicts ------------------------------------------------------------------ */

/* Ids count up on each processor, whose number is above bit 40. */
static struct rca_pcapng_verdict *verdict_of(const struct rca_pcapng *p,
                                             uint64_t id)
{
    return &p->verdicts[(id ^ id >> 40) % RCA_PCAPNG_VERDICTS];
}

int rca_pcapng_note(struct rca_pcapng *pcapng,
                    const struct rca_trace_event *event)
{
    if (event->point != RCA_TRACE_RULE || !event->id ||
        !(event->has & RCA_TRACE_HAS_RULE) ||
        event->detail.rule.verdict != NF_DROP)
        return 0;
    if (!pcapng->verdicts)
        pcapng->verdicts =
            calloc(RCA_PCAPNG_VERDICTS, sizeof(*pcapng->verdicts));
    if (!pcapng->verdicts)
        return -ENOMEM;
    *verdict_of(pcapng, event->id) = (struct rca_pcapng_verdict){
        .id = event->id, .netns = event->netns, .rule = event->detail.rule};
    return 0;
}

/* Of the rule that dropped the packet, or NULL. */
static const struct rca_trace_rule *find_rule(
    const struct rca_pcapng *p, const struct rca_trace_event *event)
{
    const struct rca_pcapng_verdict *v;

    if (event->point != RCA_TRACE_DROP || !event->id || !p->verdicts)
        return NULL;
    v = verdict_of(p, event->id);
    return v->id == event->id && v->netns == event->netns ? &v->rule : NULL;
}

/* --- packets ------------------------------------------------------------------- */

static uint32_t direction(uint32_t point)
{
    switch (point) {
    case RCA_TRACE_RECEIVE:
    case RCA_TRACE_LOOP:
        return INBOUND;
    case RCA_TRACE_QUEUE:
    case RCA_TRACE_ENQUEUE:
    case RCA_TRACE_DEQUEUE:
    case RCA_TRACE_TRANSMIT:
        return OUTBOUND;
    default:
        return 0;
    }
}

static void put_packet(struct rca_buf *b, const struct rca_trace_event *event,
                       uint32_t interface)
{
    const uint32_t captured = event->captured;

    begin(b, BLOCK_PACKET);
    put_u32(b, interface);
    put_u32(b, (uint32_t)(event->time >> 32));
    put_u32(b, (uint32_t)event->time);
    put_u32(b, captured);
    put_u32(b, event->length > captured ? event->length : captured);
    put(b, event->head, captured);
    pad(b);
}

int rca_pcapng_put(struct rca_pcapng *pcapng,
                   const struct rca_trace_event *event)
{
    const uint32_t flags = direction(event->point);
    struct rca_buf *b = &pcapng->block;
    uint32_t interface;
    int r = rca_pcapng_note(pcapng, event);

    if (!event->captured || r) {
        pcapng->left_out += r == 0;
        return r;
    }
    r = find_interface(pcapng, event, &interface);
    if (r)
        return r;
    rca_trace_comment(event, find_rule(pcapng, event), pcapng->names,
                      &pcapng->text);
    if (pcapng->text.err)
        return pcapng->text.err;
    put_packet(b, event, interface);
    put_text(b, OPTION_COMMENT, pcapng->text.text);
    if (flags)
        put_option(b, PACKET_FLAGS, &flags, sizeof(flags));
    if (event->id)
        put_option(b, PACKET_ID, &event->id, sizeof(event->id));
    r = end(pcapng);
    pcapng->packets += r == 0;
    return r;
}
