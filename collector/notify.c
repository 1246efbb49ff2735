/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "graph/base/parse.h"

#define USEC 1000 /* nanoseconds */
#define MAX_USEC ((uint64_t)INT64_MAX / USEC)

static int parse_period(const char *text, rca_time *ret_period)
{
    uint64_t usec = 0;
    const int r = text && *text ? rca_parse_u64(text, &usec) : 0;

    if (r < 0)
        return r;
    if (usec > MAX_USEC)
        return -ERANGE;
    *ret_period = (rca_time)usec * USEC / 2;
    return 0;
}

/* An abstract name begins with a zero byte and has no end but its length. */
static int address(const char *name, struct sockaddr_un *addr, socklen_t *len)
{
    const size_t n = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || !name[1] ||
        n >= sizeof(addr->sun_path))
        return -EINVAL;
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(addr->sun_path, name, n);
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    if (name[0] == '@')
        addr->sun_path[0] = 0;
    return 0;
}

int rca_notify_open(const char *socket_name, const char *watchdog_usec,
                    struct rca_notify *ret_notify)
{
    struct rca_notify notify = RCA_NOTIFY_NONE;
    struct sockaddr_un addr;
    socklen_t len = 0;
    int r = 0;

    if (!socket_name || !*socket_name) {
        *ret_notify = notify;
        return 0;
    }
    r = address(socket_name, &addr, &len);
    if (r == 0)
        r = parse_period(watchdog_usec, &notify.period);
    if (r < 0)
        return r;
    notify.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify.fd < 0)
        return -errno;
    if (connect(notify.fd, (const struct sockaddr *)&addr, len)) {
        r = -errno;
        rca_notify_close(&notify);
        return r;
    }
    *ret_notify = notify;
    return 0;
}

void rca_notify_send(const struct rca_notify *notify, const char *state)
{
    if (notify && notify->fd >= 0)
        (void)send(notify->fd, state, strlen(state), MSG_NOSIGNAL);
}

void rca_notify_alive(struct rca_notify *notify, rca_time now)
{
    if (!notify || notify->fd < 0 || !notify->period || now < notify->due)
        return;
    rca_notify_send(notify, "WATCHDOG=1");
    notify->due = now + notify->period;
}

void rca_notify_close(struct rca_notify *notify)
{
    if (notify->fd >= 0)
        (void)close(notify->fd);
    *notify = RCA_NOTIFY_NONE;
}
