/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/match_key.h"

#include <linux/if_ether.h>

#define TRANSPORT_BYTES 8
#define TAGS_MAX 2

struct bytes {
    const uint8_t *at;
    size_t n;
};

static _Bool skip(struct bytes *b, size_t n)
{
    if (b->n < n)
        return 0;
    b->at += n;
    b->n -= n;
    return 1;
}

static unsigned type_at(const struct bytes *b)
{
    return (unsigned)b->at[0] << 8 | b->at[1];
}

/* To the network header; false: it is not there, or not IP. */
static _Bool skip_link(struct bytes *b)
{
    unsigned type = 0;

    if (b->n < ETH_HLEN)
        return 0;
    (void)skip(b, ETH_HLEN - 2);
    type = type_at(b);
    for (int i = 0;
         i < TAGS_MAX && (type == ETH_P_8021Q || type == ETH_P_8021AD); i++) {
        if (!skip(b, 4) || b->n < 2)
            return 0;
        type = type_at(b);
    }
    (void)skip(b, 2);
    return type == ETH_P_IP || type == ETH_P_IPV6;
}

static uint64_t add(uint64_t hash, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t add_transport(uint64_t hash, const struct bytes *b)
{
    return add(hash, b->at, b->n < TRANSPORT_BYTES ? b->n : TRANSPORT_BYTES);
}

/* Id and fragment, protocol, addresses. */
static uint64_t add_ipv4(uint64_t hash, struct bytes b)
{
    const size_t header = (size_t)(b.at[0] & 15) * 4;

    if (header < 20 || b.n < header)
        return 0;
    hash = add(hash, b.at + 4, 4);
    hash = add(hash, b.at + 9, 1);
    hash = add(hash, b.at + 12, 8);
    (void)skip(&b, header);
    return add_transport(hash, &b);
}

/* Next header, addresses; what follows it, whatever it is. */
static uint64_t add_ipv6(uint64_t hash, struct bytes b)
{
    hash = add(hash, b.at + 6, 1);
    hash = add(hash, b.at + 8, 32);
    (void)skip(&b, 40);
    return add_transport(hash, &b);
}

uint64_t rca_trace_match_key(const struct rca_trace_event *event)
{
    const uint64_t start = UINT64_C(0xcbf29ce484222325);
    struct bytes b = {event->head, event->captured};
    uint64_t hash = 0;

    if (b.n > sizeof(event->head))
        b.n = sizeof(event->head);
    if (event->has & RCA_TRACE_HAS_LINK && !skip_link(&b))
        return 0;
    if (b.n >= 20 && b.at[0] >> 4 == 4)
        hash = add_ipv4(start, b);
    else if (b.n >= 40 && b.at[0] >> 4 == 6)
        hash = add_ipv6(start, b);
    return hash;
}
