/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/sha256.h"

#include <string.h>

enum { BLOCK = 64, ROUNDS = 64, DIGEST = 32 };

/* FIPS 180-4, 4.2.2 */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static void spread(const unsigned char block[BLOCK], uint32_t w[ROUNDS])
{
    for (size_t t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (size_t t = 16; t < ROUNDS; t++) {
        const uint32_t a = w[t - 15], b = w[t - 2];

        w[t] = w[t - 16] + w[t - 7] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) +
               (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
}

static void digest_block(const unsigned char block[BLOCK], uint32_t h[8])
{
    uint32_t w[ROUNDS], v[8];

    spread(block, w);
    memcpy(v, h, sizeof(v));
    for (size_t t = 0; t < ROUNDS; t++) {
        const uint32_t a = v[0], e = v[4];
        const uint32_t one = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
                             ((e & v[5]) ^ (~e & v[6])) + constants[t] + w[t];
        const uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
                             ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

        memmove(v + 1, v, 7 * sizeof(*v));
        v[4] += one;
        v[0] = one + two;
    }
    for (size_t i = 0; i < 8; i++)
        h[i] += v[i];
}

/* What is left of the text, a one bit, zeros, the length in bits. */
static void digest_end(const unsigned char *tail, size_t left, size_t n,
                       uint32_t h[8])
{
    unsigned char last[2 * BLOCK] = {0};
    const size_t length = left < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    const uint64_t bits = 8 * (uint64_t)n;

    if (left)
        memcpy(last, tail, left);
    last[left] = 0x80;
    for (size_t i = 0; i < 8; i++)
        last[length - 1 - i] = (unsigned char)(bits >> 8 * i);
    for (size_t at = 0; at < length; at += BLOCK)
        digest_block(last + at, h);
}

static const char *base64(const unsigned char in[DIGEST + 1],
                          char buf[RCA_SHA256_BASE64])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                 "stuvwxyz0123456789+/";
    char *to = buf;

    for (size_t i = 0; i <= DIGEST; i += 3) {
        const uint32_t three = (uint32_t)in[i] << 16 |
                               (uint32_t)in[i + 1] << 8 |
                               (i + 2 <= DIGEST ? in[i + 2] : 0);

        for (unsigned shift = 24; shift; shift -= 6)
            *to++ = digits[three >> (shift - 6) & 63];
    }
    buf[RCA_SHA256_BASE64 - 2] = '='; /* 32 bytes leave one digit over */
    buf[RCA_SHA256_BASE64 - 1] = '\0';
    return buf;
}

const char *rca_sha256_base64(const void *bytes, size_t n,
                              char buf[RCA_SHA256_BASE64])
{
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const unsigned char *p = bytes;
    unsigned char digest[DIGEST + 1] = {0};
    size_t left = n;

    for (; left >= BLOCK; left -= BLOCK, p += BLOCK)
        digest_block(p, h);
    digest_end(p, left, n, h);
    for (size_t i = 0; i < DIGEST; i++)
        digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
    return base64(digest, buf);
}
