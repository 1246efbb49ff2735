/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * keepalive - requests and replies over one connection of the loopback, one
 * thread at both ends, so that its processor time holds all of the path.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEEPALIVE_REQUEST = 40, KEEPALIVE_REPLY = 512 };

/** keepalive_cpu_us() - processor time of this thread so far */
static inline double keepalive_cpu_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec * 1e-3;
}

/** keepalive_dial() - a connection over the loopback: both ends; 0 or -1 */
static inline int keepalive_dial(int ends[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;

    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || ends[0] < 0 ||
        bind(listener, (struct sockaddr *)&at, len) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&at, &len) ||
        connect(ends[0], (struct sockaddr *)&at, len))
        return -1;
    ends[1] = accept(listener, NULL, NULL);
    (void)close(listener);
    for (int i = 0; i < 2; i++)
        (void)setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return ends[1] < 0 ? -1 : 0;
}

/** keepalive_window() - processor time of a window, microseconds a request */
static inline double keepalive_window(const int ends[2], int requests)
{
    char buf[KEEPALIVE_REPLY] = "HTTP/1.1 200 OK\r\n";
    const double start = keepalive_cpu_us();

    for (int i = 0; i < requests; i++) {
        if (send(ends[0], buf, KEEPALIVE_REQUEST, 0) != KEEPALIVE_REQUEST ||
            recv(ends[1], buf + KEEPALIVE_REQUEST,
                 KEEPALIVE_REPLY - KEEPALIVE_REQUEST, 0) != KEEPALIVE_REQUEST ||
            send(ends[1], buf, KEEPALIVE_REPLY, 0) != KEEPALIVE_REPLY ||
            recv(ends[0], buf, KEEPALIVE_REPLY, MSG_WAITALL) != KEEPALIVE_REPLY)
            abort();
    }
    return (keepalive_cpu_us() - start) / requests;
}

/** keepalive_compare() - of two doubles, for qsort() */
static inline int keepalive_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}
