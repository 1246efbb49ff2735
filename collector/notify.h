/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * notify - tell the service manager that the collector has started, is alive,
 * and stops: the datagrams of sd_notify(3), without its library.
 *
 * The socket is opened and connected once, at the start, so that nothing but
 * send(2) is needed after privileges are gone. Without a service manager every
 * call does nothing. What cannot be sent is not worth a word: the manager's
 * own time limit notices. Not thread safe. A NULL notify is nobody to tell.
 */

#include "graph/base/base.h"

/** struct rca_notify - all zero but @fd = -1: nobody to tell
 * @period: between signs of life, nanoseconds; 0: none are wanted
 * @due:    the next of them, monotonic time */
struct rca_notify {
    int fd; /* owned; -1: nobody to tell */
    rca_time period;
    rca_time due;
};

#define RCA_NOTIFY_NONE ((struct rca_notify){.fd = -1})

/**
 * rca_notify_open() - connect to the service manager
 * @socket:        of NOTIFY_SOCKET: a path, or '@' and an abstract name; NULL
 *                 or "" where nobody asks
 * @watchdog_usec: of WATCHDOG_USEC: microseconds, decimal, or NULL; signs of
 *                 life are sent twice as often
 * @ret_notify:    the caller's, ended by rca_notify_close()
 *
 * Return: 0; -EINVAL if @socket is neither or too long; RCA_ESYNTAX or -ERANGE
 *         for @watchdog_usec; -errno of socket(2) and connect(2).
 */
RCA_MUST_CHECK int rca_notify_open(const char *socket,
                                   const char *watchdog_usec,
                                   struct rca_notify *ret_notify);

/** rca_notify_send() - @state as in sd_notify(3): "READY=1", "STATUS=..." */
void rca_notify_send(const struct rca_notify *notify, const char *state);

/** rca_notify_alive() - "WATCHDOG=1" if one is due at @now (monotonic); meant
 * to be called each time the loop wakes */
void rca_notify_alive(struct rca_notify *notify, rca_time now);

/** rca_notify_close() - and nobody to tell after it */
void rca_notify_close(struct rca_notify *notify);
