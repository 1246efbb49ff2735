/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * pcapng - a strict reader of capture files, of this machine's byte order, for
 * what cli/trace/pcapng.h writes: every block and option is whole, padded with
 * zeros, and refers to what was there before.
 *
 * Source: IETF, draft-ietf-opsawg-pcapng.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/name.h"

#define PCAPNG_INTERFACES 8 /* whose names are kept */

struct pcapng_packet {
    uint32_t interface, captured, length;
    uint64_t time, id;
    const char *bytes;
};

/** struct pcapng_reader - what was in the file */
struct pcapng_reader {
    unsigned sections, interfaces, packets, comments;
    char name[PCAPNG_INTERFACES][200];
    uint16_t link[PCAPNG_INTERFACES];
    struct pcapng_packet last;
};

static inline uint32_t pcapng_u32(const char *at)
{
    uint32_t x;

    memcpy(&x, at, sizeof(x));
    return x;
}

static inline uint16_t pcapng_u16(const char *at)
{
    uint16_t x;

    memcpy(&x, at, sizeof(x));
    return x;
}

/* Printable UTF-8, or what is wrong. */
static inline const char *pcapng_text(const char *at, size_t n)
{
    char text[5000];

    if (n >= sizeof(text))
        return "a text that is too long";
    memcpy(text, at, n);
    text[n] = '\0';
    for (size_t i = 0; i < n;) {
        const size_t step = rca_name_char(text + i);

        if (!step)
            return "a text that is not printable";
        i += step;
    }
    return NULL;
}

static inline const char *pcapng_option(struct pcapng_reader *r, uint32_t type,
                                        uint16_t option, const char *value,
                                        uint16_t n)
{
    const _Bool text = option == 1 || (type == 0x0a0d0d0a && option <= 4) ||
                       (type == 1 && option == 2);

    if (type == 6 && option == 1)
        r->comments++;
    if (type == 6 && option == 5) {
        if (n != 8)
            return "an id that is not of 8 bytes";
        memcpy(&r->last.id, value, n);
    }
    if (type == 1 && option == 2 && r->interfaces < PCAPNG_INTERFACES)
        (void)snprintf(r->name[r->interfaces], sizeof(r->name[0]), "%.*s",
                       (int)n, value);
    return text ? pcapng_text(value, n) : NULL;
}

static inline const char *pcapng_options(struct pcapng_reader *r, uint32_t type,
                                         const char *at, size_t n)
{
    while (n >= 4) {
        const uint16_t option = pcapng_u16(at), size = pcapng_u16(at + 2);
        const size_t padded = (size + 3U) & ~3U;
        const char *wrong;

        if (option == 0)
            return size || n != 4 ? "options that do not end" : NULL;
        if (padded > n - 4)
            return "an option past the end";
        if (memcmp(at + 4 + size, "\0\0\0", padded - size) != 0)
            return "padding that is not zero";
        wrong = pcapng_option(r, type, option, at + 4, size);
        if (wrong)
            return wrong;
        at += 4 + padded;
        n -= 4 + padded;
    }
    return "no end of options";
}

/* @at: the block's body, @n bytes. */
static inline const char *pcapng_packet(struct pcapng_reader *r, const char *at,
                                        size_t n)
{
    struct pcapng_packet *p = &r->last;
    size_t padded;

    if (n < 20)
        return "a packet without its numbers";
    *p = (struct pcapng_packet){.interface = pcapng_u32(at),
                                .time = (uint64_t)pcapng_u32(at + 4) << 32 |
                                        pcapng_u32(at + 8),
                                .captured = pcapng_u32(at + 12),
                                .length = pcapng_u32(at + 16),
                                .bytes = at + 20};
    padded = ((size_t)p->captured + 3) & ~(size_t)3;
    if (p->interface >= r->interfaces)
        return "a packet of no interface";
    if (!p->captured || p->length < p->captured || padded > n - 20)
        return "a packet of another length";
    r->packets++;
    return pcapng_options(r, 6, at + 20 + padded, n - 20 - padded);
}

static inline const char *pcapng_block(struct pcapng_reader *r, uint32_t type,
                                       const char *at, size_t n)
{
    const char *wrong;

    switch (type) {
    case 0x0a0d0d0a:
        if (r->sections++ || n < 16 || pcapng_u32(at) != 0x1a2b3c4d)
            return "no section";
        return pcapng_options(r, type, at + 16, n - 16);
    case 1:
        if (n < 8)
            return "an interface without its numbers";
        if (r->interfaces < PCAPNG_INTERFACES)
            r->link[r->interfaces] = pcapng_u16(at);
        wrong = pcapng_options(r, type, at + 8, n - 8);
        r->interfaces++;
        return wrong;
    case 6:
        return pcapng_packet(r, at, n);
    default:
        return "an unknown block";
    }
}

/** pcapng_read() - NULL, or what is wrong with the @n bytes */
static inline const char *pcapng_read(const char *bytes, size_t n,
                                      struct pcapng_reader *ret)
{
    while (n) {
        const uint32_t length = n >= 12 ? pcapng_u32(bytes + 4) : 0;
        const char *wrong;

        if (length < 12 || length % 4 || length > n ||
            pcapng_u32(bytes + length - 4) != length)
            return "a block of another length";
        wrong = pcapng_block(ret, pcapng_u32(bytes), bytes + 8, length - 12);
        if (wrong)
            return wrong;
        if (!ret->sections)
            return "no section before the rest";
        bytes += length;
        n -= length;
    }
    return NULL;
}
