/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The kernel side's judgement of a reply, against first bytes as servers of
 * each protocol send them. */

#include "bpf/reply_error.h"

#include <string.h>

#include "tests/harness/test.h"

#define REPLY(bytes)                                                           \
    {                                                                          \
        (bytes), sizeof(bytes) - 1                                             \
    }

struct reply {
    const char *bytes;
    size_t len;
};

static bool judge(const struct reply *reply)
{
    unsigned char b[RCA_REPLY_SIZE] = {0};

    memcpy(b, reply->bytes, reply->len < sizeof(b) ? reply->len : sizeof(b));
    return rca_reply_says_error(b);
}

static void errors_are_recognized(void **state)
{
    static const struct reply replies[] = {
        REPLY("HTTP/1.1 500 Internal Server Error\r\n"),
        REPLY("HTTP/1.0 503 Service Unavailable\r\n"),
        REPLY("HTTP/1.1 504 "),
        REPLY("-ERR unknown command 'x'\r\n"), /* Redis */
        REPLY("-OOM command not allowed when used memory > 'maxmemory'.\r\n"),
        REPLY("-LOADING Redis is loading the dataset in memory\r\n"),
        REPLY("-WRONGTYPE Operation against a key\r\n"),
        REPLY("SERVER_ERROR out of memory storing object\r\n"),
        /* memcached, binary: internal error, busy */
        REPLY("\x81\x00\x00\x00\x00\x00\x00\x84\x00\x00\x00\x0e"),
        REPLY("\x81\x01\x00\x00\x00\x00\x00\x85\x00\x00\x00\x00"),
        /* PostgreSQL: ErrorResponse, in the server's language, after what
         * went well of an extended query */
        REPLY("E\0\0\0\x66SERROR\0VERROR\0C42P01\0"),
        REPLY("E\0\0\0\x5eSFATAL\0VFATAL\0C53300\0"),
        REPLY("E\0\0\0\x66SFEHLER\0VERROR\0"),
        REPLY("E\0\0\x01\x02SERROR\0VERROR\0"),
        REPLY("1\0\0\0\x04"
              "E\0\0\0\x66SERROR\0V"),
        REPLY("1\0\0\0\x04"
              "2\0\0\0\x04"
              "E\0\0\0\x66SERROR\0V"),
        REPLY("2\0\0\0\x04"
              "E\0\0\0\x66SERROR\0V"),
        /* MySQL: ERR_Packet 1146, and 1040 while logging in */
        REPLY("\x2d\0\0\x01\xff\x7a\x04#42S02Table 'a.b' doesn't"),
        REPLY("\x1d\0\0\x02\xff\x10\x04#08004Too many connections"),
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(replies); i++) {
        if (!judge(&replies[i]))
            fail_msg("reply %zu is an error", i);
    }
}

static void all_else_is_none(void **state)
{
    static const struct reply replies[] = {
        REPLY(""), REPLY("HTTP/1.1 200 OK\r\n"),
        REPLY("HTTP/1.1 404 Not Found\r\n"), /* the caller's fault */
        REPLY("HTTP/2 500\r\n"), REPLY("HTTP"), REPLY("+OK\r\n"),
        REPLY("$5\r\nhello\r\n"), REPLY(":-1\r\n"), REPLY("-1\r\n"),
        REPLY("-MOVED 3999 127.0.0.1:6381\r\n"), /* goes on elsewhere */
        REPLY("-ASK 3999 127.0.0.1:6381\r\n"), REPLY("STORED\r\n"),
        REPLY("SERVER is fine, thank you\r\n"),
        REPLY("CLIENT_ERROR bad data chunk\r\n"), REPLY("END\r\n"),
        REPLY("ERROR\r\n"),
        /* memcached, binary: fine, no such key, not supported */
        REPLY("\x81\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x09"),
        REPLY("\x81\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x09"),
        REPLY("\x81\x00\x00\x00\x00\x00\x00\x83\x00\x00\x00\x09"),
        /* PostgreSQL: rows, parse and bind complete, ready; a text */
        REPLY("T\0\0\0\x21\0\x01id\0"),
        REPLY("1\0\0\0\x04"
              "2\0\0\0\x04"
              "D\0\0\0\x0b\0\x01"),
        REPLY("Z\0\0\0\x05I"), REPLY("EARLY TO BED"),
        /* MySQL: OK packet, result set, the greeting */
        REPLY("\x07\0\0\x01\0\0\0\x02\0\0\0"),
        REPLY("\x01\0\0\x01\x05\x4c\0\0\x02\x03"
              "def"),
        REPLY("\x4a\0\0\0\x0a"
              "8.0.36\0"),
        REPLY("\x16\x03\x03\0\x7a\x02\0\0\x76\x03\x03"), /* TLS */
        REPLY("\0\0\x12\x04\0\0\0\0\0\0\x03"), /* HTTP/2 settings */
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(replies); i++) {
        if (judge(&replies[i]))
            fail_msg("reply %zu is no error", i);
    }
}

/* Whatever the first bytes are, looking at them reads no further; cut anywhere,
 * no reply becomes an error that whole is none. */
static void any_byte_in_front_is_judged(void **state)
{
    unsigned char b[RCA_REPLY_SIZE];

    (void)state;
    for (unsigned fill = 0; fill < 256; fill++) {
        unsigned errors = 0;

        memset(b, (int)fill, sizeof(b));
        for (unsigned first = 0; first < 256; first++) {
            b[0] = (unsigned char)first;
            errors += rca_reply_says_error(b);
        }
        /* letters after a '-' look like Redis; 0xff..: no '#', no MySQL */
        assert_int_equal(errors, fill >= 'A' && fill <= 'Z');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_recognized),
        cmocka_unit_test(all_else_is_none),
        cmocka_unit_test(any_byte_in_front_is_judged),
    };

    return cmocka_run_group_tests_name("collector/reply_error", tests, NULL,
                                       NULL);
}
