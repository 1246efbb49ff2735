/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/privileged_ovs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "collector/privileged_wire.h"
#include "graph/base/parse.h"

#define WAIT_MS 1500 /* under what the collector waits for its helper */
#define MAX_BYTES (8U << 20) /* some 5,000 ports */

static const char *const questions[] = {
    [RCA_OVS_DATABASE] =
        "{\"id\":0,\"method\":\"transact\",\"params\":[\"Open_vSwitch\","
        "{\"op\":\"select\",\"table\":\"Bridge\",\"where\":[],\"columns\":"
        "[\"_uuid\",\"name\",\"ports\",\"datapath_type\",\"fail_mode\"]},"
        "{\"op\":\"select\",\"table\":\"Port\",\"where\":[],\"columns\":"
        "[\"_uuid\",\"name\",\"interfaces\",\"tag\"]},"
        "{\"op\":\"select\",\"table\":\"Interface\",\"where\":[],\"columns\":"
        "[\"_uuid\",\"name\",\"type\",\"admin_state\",\"link_state\","
        "\"link_speed\",\"error\",\"ifindex\",\"mac_in_use\",\"statistics\","
        "\"options\"]}]}",
    [RCA_OVS_DPIF] = "{\"id\":0,\"method\":\"dpif/show\",\"params\":[]}",
    [RCA_OVS_COVERAGE] =
        "{\"id\":0,\"method\":\"coverage/show\",\"params\":[]}",
    [RCA_OVS_UPCALLS] = "{\"id\":0,\"method\":\"upcall/show\",\"params\":[]}",
    [RCA_OVS_DATAPATHS] =
        "{\"id\":0,\"method\":\"dpctl/show\",\"params\":[\"-s\"]}",
};
static_assert(RCA_ARRAY_SIZE(questions) == RCA_OVS_QUERY_COUNT, "one each");

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* The switch's socket has its process number in its name. */
static int read_pid(const char *folder, uint64_t *ret_pid)
{
    char path[PATH_MAX], text[32] = "";
    int fd RCA_CLEANUP(close_fd) = -1;
    ssize_t n;

    (void)snprintf(path, sizeof(path), "%s/ovs-vswitchd.pid", folder);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
    if (n < 0)
        return -errno;
    text[strcspn(text, "\n")] = '\0';
    return rca_parse_u64(text, ret_pid) ? -ENOENT : 0;
}

static int name_socket(const char *folder, enum rca_ovs_query query,
                       struct sockaddr_un *ret_addr)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    uint64_t pid = 0;
    int r = query == RCA_OVS_DATABASE ? 0 : read_pid(folder, &pid);

    if (r < 0)
        return r;
    if (query == RCA_OVS_DATABASE)
        r = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/db.sock",
                     folder);
    else
        r = snprintf(addr.sun_path, sizeof(addr.sun_path),
                     "%s/ovs-vswitchd.%llu.ctl", folder,
                     (unsigned long long)pid);
    if (r >= (int)sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    *ret_addr = addr;
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A daemon that sends a byte now and then must not hold us: what is left of
 * the time is set anew before each read. */
static int limit_wait(int fd, int64_t deadline)
{
    const int64_t left = deadline - now_ms();
    const struct timeval tv = {.tv_sec = left / 1000,
                               .tv_usec = left % 1000 * 1000};

    if (left <= 0)
        return -ETIMEDOUT;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)))
        return -errno;
    return 0;
}

static int ask(const struct sockaddr_un *addr, const char *question,
               int64_t deadline)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const size_t len = strlen(question);
    int r;

    if (fd < 0)
        return -errno;
    r = limit_wait(fd, deadline);
    if (r == 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
        r = -errno;
    if (r == 0 && send(fd, question, len, MSG_NOSIGNAL) != (ssize_t)len)
        r = -EIO;
    if (r == 0)
        return fd;
    (void)close(fd);
    return r;
}

/* Copy one object from @from to @to. */
static int copy_answer(int from, int to, int64_t deadline)
{
    struct rca_wire_json json = {0};
    char buf[8192];
    size_t total = 0;
    int r = 0;

    while (r == 0) {
        ssize_t n;

        r = limit_wait(from, deadline);
        if (r < 0)
            return r;
        n = recv(from, buf, sizeof(buf), 0);
        if (n <= 0)
            return n == 0 ? -EIO : errno == EAGAIN ? -ETIMEDOUT : -errno;
        total += (size_t)n;
        if (total > MAX_BYTES)
            return -EFBIG;
        if (write(to, buf, (size_t)n) != n)
            return -EIO;
        r = rca_wire_json_feed(&json, buf, (size_t)n);
    }
    return r < 0 ? -EPROTO : 0;
}

int rca_privileged_ovs_ask(const char *folder, enum rca_ovs_query query)
{
    const int64_t deadline = now_ms() + WAIT_MS;
    struct sockaddr_un addr = {0};
    int from RCA_CLEANUP(close_fd) = -1;
    int to, r = name_socket(folder, query, &addr);

    if (r < 0)
        return r;
    from = ask(&addr, questions[query], deadline);
    if (from < 0)
        return from;
    to = memfd_create("ovs", MFD_CLOEXEC);
    if (to < 0)
        return -errno;
    r = copy_answer(from, to, deadline);
    if (r == 0 && lseek(to, 0, SEEK_SET) == 0)
        return to;
    (void)close(to);
    return r < 0 ? r : -EIO;
}
