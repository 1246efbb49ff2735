/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * packets - random packets, and random filters for them: expressions in
 * pcap-filter(7)'s language, and classic programs that no compiler makes.
 *
 * Addresses, ports and tags are drawn from few, so that filters match. For tests
 * that compare one interpreter with another.
 */

#include <arpa/inet.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/test.h"

#define PACKET_MAX 256
#define PROGRAM_MAX 80

/** struct random_packet - @captured of its @length bytes are in @bytes; what is
 * behind them is noise that may not count */
struct random_packet {
    unsigned char bytes[PACKET_MAX];
    size_t captured, length;
};

static inline unsigned random_below(uint64_t *seed, unsigned n)
{
    return (unsigned)(test_random(seed) * n);
}

static inline unsigned random_of(uint64_t *seed, const unsigned *of, size_t n)
{
    return of[random_below(seed, (unsigned)n)];
}
#define RANDOM_OF(seed, ...)                                                   \
    random_of((seed), (const unsigned[]){__VA_ARGS__},                         \
              RCA_ARRAY_SIZE(((const unsigned[]){__VA_ARGS__})))

static inline const char *random_word(uint64_t *seed, const char *const *of,
                                      size_t n)
{
    return of[random_below(seed, (unsigned)n)];
}
#define RANDOM_WORD(seed, ...)                                                 \
    random_word((seed), (const char *const[]){__VA_ARGS__},                    \
                RCA_ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

/* --- packets ----------------------------------------------------------------- */

static inline void packet_u8(struct random_packet *p, unsigned x)
{
    p->bytes[p->length++] = (unsigned char)x;
}

static inline void packet_u16(struct random_packet *p, unsigned x)
{
    packet_u8(p, x >> 8);
    packet_u8(p, x & 255);
}

static inline void packet_u32(struct random_packet *p, unsigned x)
{
    packet_u16(p, x >> 16);
    packet_u16(p, x & 0xffff);
}

static inline unsigned random_port(uint64_t *seed)
{
    return RANDOM_OF(seed, 22, 53, 80, 443, 8080, 65535);
}

static inline unsigned random_host(uint64_t *seed)
{
    return 0x0a000000 | random_below(seed, 4) << 8 | random_below(seed, 4);
}

static inline void packet_transport(struct random_packet *p, uint64_t *seed,
                                    unsigned protocol)
{
    if (protocol == 1 || protocol == 58) {
        packet_u8(p, RANDOM_OF(seed, 0, 3, 8, 128, 135));
        packet_u8(p, random_below(seed, 4));
    } else {
        packet_u16(p, random_port(seed));
        packet_u16(p, random_port(seed));
    }
    if (protocol == 6) {
        packet_u32(p, random_below(seed, 1000));
        packet_u32(p, random_below(seed, 1000));
        packet_u16(p, 0x5000 | random_below(seed, 64));
    }
    for (unsigned n = random_below(seed, 40); n > 0; n--)
        packet_u8(p, random_below(seed, 256));
}

static inline void packet_ipv4(struct random_packet *p, uint64_t *seed)
{
    const unsigned words = 5 + (random_below(seed, 4) ? 0 : 2);
    const unsigned protocol = RANDOM_OF(seed, 1, 6, 6, 17, 17, 47, 132);

    packet_u16(p, (0x40 | words) << 8);
    packet_u16(p, 20 + random_below(seed, 80));
    packet_u16(p, random_below(seed, 0x10000));
    packet_u16(p, RANDOM_OF(seed, 0, 0, 0x4000, 0x2000, 185));
    packet_u8(p, 64);
    packet_u8(p, protocol);
    packet_u16(p, 0);
    packet_u32(p, random_host(seed));
    packet_u32(p, random_below(seed, 5) ? random_host(seed) : 0xe0000001);
    for (unsigned i = 5; i < words; i++)
        packet_u32(p, 0x01010101);
    packet_transport(p, seed, protocol);
}

static inline void packet_ipv6(struct random_packet *p, uint64_t *seed)
{
    const unsigned protocol = RANDOM_OF(seed, 6, 17, 58, 44, 0);

    packet_u32(p, 0x60000000 | random_below(seed, 4));
    packet_u16(p, random_below(seed, 100));
    packet_u8(p, protocol);
    packet_u8(p, 64);
    for (int i = 0; i < 2; i++) {
        packet_u32(p, random_below(seed, 4) ? 0xfd000000 : 0xff020000);
        packet_u32(p, 0);
        packet_u32(p, 0);
        packet_u32(p, random_below(seed, 3));
    }
    packet_transport(p, seed, protocol);
}

static inline void packet_arp(struct random_packet *p, uint64_t *seed)
{
    packet_u32(p, 0x00010800);
    packet_u16(p, 0x0604);
    packet_u16(p, 1 + random_below(seed, 2));
    for (int i = 0; i < 2; i++) {
        packet_u16(p, 0x0200);
        packet_u32(p, random_below(seed, 4));
        packet_u32(p, random_host(seed));
    }
}

static inline void packet_ether(struct random_packet *p, uint64_t *seed,
                                unsigned type)
{
    for (int i = 0; i < 2; i++) {
        const _Bool broadcast = i == 0 && !random_below(seed, 4);

        packet_u16(p, broadcast ? 0xffff : 0x0200);
        packet_u32(p, broadcast ? 0xffffffff : random_below(seed, 4));
    }
    for (unsigned n = RANDOM_OF(seed, 0, 0, 0, 1, 2); n > 0; n--) {
        packet_u16(p, RANDOM_OF(seed, 0x8100, 0x88a8, 0x9100));
        packet_u16(p, RANDOM_OF(seed, 0, 5, 6, 4095));
    }
    packet_u16(p, type);
}

static inline void packet_formed(struct random_packet *p, uint64_t *seed,
                                 _Bool link)
{
    const unsigned type =
        RANDOM_OF(seed, 0x0800, 0x0800, 0x0800, 0x86dd, 0x0806);

    if (link)
        packet_ether(p, seed, type);
    if (type == 0x0806 && link)
        packet_arp(p, seed);
    else if (type == 0x86dd)
        packet_ipv6(p, seed);
    else
        packet_ipv4(p, seed);
}

/** random_packet() - one of two well-formed, one of four cut short; @link: it
 * begins with an Ethernet header */
static inline void random_packet(uint64_t *seed, _Bool link,
                                 struct random_packet *ret)
{
    const _Bool formed = random_below(seed, 2);

    ret->length = 0;
    if (formed)
        packet_formed(ret, seed, link);
    else
        ret->length = random_below(seed, PACKET_MAX + 1);
    ret->captured = ret->length;
    if (ret->captured && !random_below(seed, 4))
        ret->captured = random_below(seed, (unsigned)ret->captured);
    for (size_t i = formed ? ret->captured : 0; i < PACKET_MAX; i++)
        ret->bytes[i] = (unsigned char)random_below(seed, 256);
    if (!random_below(seed, 8))
        ret->length += random_below(seed, 2000);
}

/* --- expressions -------------------------------------------------------------- */

struct sentence {
    char *text;
    size_t n, max;
};

RCA_PRINTF(2, 3)
static inline void say(struct sentence *s, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(s->text + s->n, s->max - s->n, format, args);
    va_end(args);
    s->n = n < 0 || (size_t)n >= s->max - s->n ? s->max - 1 : s->n + (size_t)n;
}

static inline void say_number(struct sentence *s, uint64_t *seed)
{
    say(s, "%u",
        RANDOM_OF(seed, 0, 1, 2, 4, 5, 7, 15, 16, 31, 64, 80, 255, 256, 2048,
                  65535, 0x7fffffff, 0x80000000, 0xffffffff));
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as @depth */
static inline void say_value(struct sentence *s, uint64_t *seed, int depth)
{
    switch (depth > 0 ? random_below(seed, 5) : random_below(seed, 2)) {
    case 0:
        say_number(s, seed);
        return;
    case 1:
        say(s, "%s",
            RANDOM_WORD(seed, "len", "ip[0]", "ip[2:2]", "tcp[13]",
                        "ether[12:2]", "ip[16:4]", "udp[4:2]"));
        return;
    case 2:
        say(s, "%s[",
            RANDOM_WORD(seed, "ip", "tcp", "udp", "icmp", "ether", "ip6", "arp",
                        "link"));
        say_value(s, seed, depth - 1);
        say(s, "%s]", RANDOM_WORD(seed, "", ":1", ":2", ":4"));
        return;
    case 3:
        say(s, "-");
        say_value(s, seed, 0);
        return;
    default:
        say(s, "(");
        say_value(s, seed, depth - 1);
        say(s, " %s ",
            RANDOM_WORD(seed, "+", "-", "*", "/", "%", "&", "|", "^", "<<",
                        ">>"));
        say_value(s, seed, depth - 1);
        say(s, ")");
        return;
    }
}

static inline void say_address(struct sentence *s, uint64_t *seed)
{
    const char *way =
        RANDOM_WORD(seed, "", "src ", "dst ", "src or dst ", "src and dst ");

    switch (random_below(seed, 6)) {
    case 0:
        say(s, "%sport %u", way, random_port(seed));
        return;
    case 1:
        say(s, "%s %sport %u", RANDOM_WORD(seed, "tcp", "udp", "sctp"), way,
            random_port(seed));
        return;
    case 2:
        say(s, "%sportrange %u-%u", way, random_below(seed, 100),
            100 + random_below(seed, 9000));
        return;
    case 3:
        say(s, "%shost 10.0.%u.%u", way, random_below(seed, 4),
            random_below(seed, 4));
        return;
    case 4:
        say(s, "%snet 10.0.%u.0/%u", way, random_below(seed, 4),
            24 + random_below(seed, 2) * 8);
        return;
    default:
        say(s, "%shost fd00::%u", way, random_below(seed, 3));
        return;
    }
}

static inline void say_primitive(struct sentence *s, uint64_t *seed)
{
    switch (random_below(seed, 8)) {
    case 0:
    case 1:
        say_address(s, seed);
        return;
    case 2:
        say_value(s, seed, 2);
        say(s, " %s ", RANDOM_WORD(seed, "<", "<=", ">", ">=", "=", "!="));
        say_value(s, seed, 1);
        return;
    case 3:
        say(s, "%s %u", RANDOM_WORD(seed, "less", "greater"),
            random_below(seed, 200));
        return;
    case 4:
        say(s, "%s",
            RANDOM_WORD(seed, "vlan", "vlan 5", "ether broadcast",
                        "ether multicast", "ether host 02:00:00:00:00:01",
                        "ether proto 0x86dd", "arp"));
        return;
    case 5:
        say(s, "ip proto %u", RANDOM_OF(seed, 1, 6, 17, 47));
        return;
    default:
        say(s, "%s",
            RANDOM_WORD(seed, "ip", "ip6", "tcp", "udp", "icmp", "icmp6",
                        "sctp", "ip multicast", "ip6 multicast",
                        "tcp[tcpflags] & (tcp-syn|tcp-ack) != 0",
                        "icmp[icmptype] = icmp-echo"));
        return;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as @depth */
static inline void say_expression(struct sentence *s, uint64_t *seed, int depth)
{
    if (depth == 0 || !random_below(seed, 3)) {
        say_primitive(s, seed);
        return;
    }
    say(s, "%s(", random_below(seed, 4) ? "" : "not ");
    say_expression(s, seed, depth - 1);
    say(s, " %s ", RANDOM_WORD(seed, "and", "or"));
    say_expression(s, seed, depth - 1);
    say(s, ")");
}

/** random_expression() - cut to fit; libpcap may refuse it */
static inline void random_expression(uint64_t *seed, char *ret, size_t max)
{
    struct sentence s = {.text = ret, .max = max};

    ret[0] = '\0';
    say_expression(&s, seed, 3);
}

/* --- programs ----------------------------------------------------------------- */

static inline struct sock_filter random_instruction(uint64_t *seed,
                                                    unsigned left)
{
    struct sock_filter f = {
        .code = (uint16_t)RANDOM_OF(
            seed, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80, 0x81, 0xb1, 0x00,
            0x01, 0x60, 0x61, 0x02, 0x03, 0x07, 0x87, 0x84, 0x04, 0x0c, 0x14,
            0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c,
            0x74, 0x7c, 0x94, 0x9c, 0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x2d,
            0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16),
        .k = random_below(seed, 8)
                 ? random_below(seed, 40)
                 : RANDOM_OF(seed, 200, 252, 253, 254, 255, 256, 0x7fffffff,
                             0x80000000, 0xfffffffc, 0xffffffff)};

    if (BPF_CLASS(f.code) == BPF_JMP) {
        f.jt = (uint8_t)random_below(seed, left < 12 ? left : 12);
        f.jf = (uint8_t)random_below(seed, left < 12 ? left : 12);
    }
    if (f.code == 0x05)
        f.k = random_below(seed, left < 3 ? left : 3);
    if (f.code == 0x64 || f.code == 0x74)
        f.k %= 32;
    if (f.code == 0x34 || f.code == 0x94)
        f.k += !f.k;
    if (f.code == 0x60 || f.code == 0x61 || f.code == 0x02 || f.code == 0x03)
        f.k %= BPF_MEMWORDS;
    /* to return early is dull */
    if (BPF_CLASS(f.code) == BPF_RET && random_below(seed, 4))
        f = (struct sock_filter){.code = 0x54, .k = 0x3f};
    return f;
}

/** random_program() - up to PROGRAM_MAX instructions; its memory is written
 * before it is read, as libpcap's interpreter does not clear it */
static inline size_t random_program(uint64_t *seed, struct sock_filter *ret)
{
    const unsigned n = 1 + random_below(seed, PROGRAM_MAX - BPF_MEMWORDS - 1);

    for (unsigned i = 0; i < BPF_MEMWORDS; i++)
        ret[i] = (struct sock_filter){.code = BPF_ST, .k = i};
    for (unsigned i = 0; i < n - 1; i++)
        ret[BPF_MEMWORDS + i] = random_instruction(seed, n - 1 - i);
    ret[BPF_MEMWORDS + n - 1] = (struct sock_filter){
        .code = BPF_RET | (random_below(seed, 2) ? BPF_A : BPF_K),
        .k = random_below(seed, 2)};
    return BPF_MEMWORDS + n;
}
