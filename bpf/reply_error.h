/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * reply_error - whether a reply says that the request failed, by its first
 * bytes. Plain C, so that it is tested outside the kernel, too.
 *
 * A service that answers "500" looks healthy to TCP. What is encrypted or in
 * another protocol is taken for a success, and so is what a caller did wrong
 * where the protocol tells that apart (HTTP 4xx, CLIENT_ERROR, MOVED).
 */

#ifdef __bpf__
#include "bpf/vmlinux_min.h"
#else
#include <stdbool.h>
#endif

/** Bytes to look at; what a shorter reply lacks is 0. */
#define RCA_REPLY_SIZE 24

/* RFC 9112, 4: "HTTP/1.1 503 ..." */
static inline __attribute__((__always_inline__)) bool rca_http_error(
    const unsigned char *b)
{
    return b[1] == 'T' && b[2] == 'T' && b[3] == 'P' && b[4] == '/' &&
           b[5] == '1' && b[8] == ' ' && b[9] == '5';
}

/* RESP: "-ERR ...", "-OOM ..."; but "-MOVED", "-ASK" send the client on */
static inline __attribute__((__always_inline__)) bool rca_redis_error(
    const unsigned char *b)
{
    if (b[1] == 'M' && b[2] == 'O' && b[3] == 'V')
        return false;
    if (b[1] == 'A' && b[2] == 'S' && b[3] == 'K')
        return false;
    return b[1] >= 'A' && b[1] <= 'Z' && b[2] >= 'A' && b[2] <= 'Z' &&
           b[3] >= 'A' && b[3] <= 'Z';
}

/* memcached's protocol.txt: "SERVER_ERROR out of memory..." */
static inline __attribute__((__always_inline__)) bool rca_memcached_error(
    const unsigned char *b)
{
    return b[1] == 'E' && b[2] == 'R' && b[6] == '_' && b[7] == 'E' &&
           b[8] == 'R' && b[9] == 'R';
}

/* memcached's binary protocol: status 0x82 (out of memory), 0x84 to 0x86
 * (internal, busy, temporary) */
static inline __attribute__((__always_inline__)) bool
rca_memcached_binary_error(const unsigned char *b)
{
    return !b[5] && !b[6] && b[7] >= 0x82 && b[7] <= 0x86 && b[7] != 0x83;
}

/* ErrorResponse: 'E', length, severity; its words are in the server's language.
 * After ParseComplete ('1') and BindComplete ('2'), when it came that far. */
static inline __attribute__((__always_inline__)) bool rca_postgres_error(
    const unsigned char *b)
{
    return b[0] == 'E' && !b[1] && !b[2] && (b[3] || b[4] > 4) && b[5] == 'S';
}

static inline __attribute__((__always_inline__)) bool rca_postgres_empty(
    const unsigned char *b, unsigned char type)
{
    return b[0] == type && !b[1] && !b[2] && !b[3] && b[4] == 4;
}

/* ERR_Packet: length (3), number (1), 0xff, code (2), '#', SQL state */
static inline __attribute__((__always_inline__)) bool rca_mysql_error(
    const unsigned char *b)
{
    return b[4] == 0xff && b[7] == '#' && !b[2] && b[3] && b[3] < 16;
}

/** rca_reply_says_error() - @b: RCA_REPLY_SIZE bytes. MySQL's first byte is a
 * length: any. */
static inline __attribute__((__always_inline__)) bool rca_reply_says_error(
    const unsigned char *b)
{
    switch (b[0]) {
    case 'H':
        if (rca_http_error(b))
            return true;
        break;
    case '-':
        if (rca_redis_error(b))
            return true;
        break;
    case 'S':
        if (rca_memcached_error(b))
            return true;
        break;
    case 0x81:
        if (rca_memcached_binary_error(b))
            return true;
        break;
    case 'E':
        if (rca_postgres_error(b))
            return true;
        break;
    case '1':
        if (rca_postgres_empty(b, '1') && rca_postgres_error(b + 5))
            return true;
        if (rca_postgres_empty(b, '1') && rca_postgres_empty(b + 5, '2') &&
            rca_postgres_error(b + 10))
            return true;
        break;
    case '2':
        if (rca_postgres_empty(b, '2') && rca_postgres_error(b + 5))
            return true;
        break;
    default:
        break;
    }
    return rca_mysql_error(b);
}
