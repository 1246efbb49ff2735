/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * One program for all services: a thread for each connection, HTTP/1.1 with
 * keep-alive, and for each thread its own connections to what it calls.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli/demo/stage.h"

#define REPLY_MAX 16384
#define CALLS_MAX 2

/** struct part - what a role does for one request */
struct part {
    unsigned work_us; /* processor time */
    unsigned body; /* bytes of the reply */
    enum demo_role calls[CALLS_MAX];
    unsigned n_calls;
    unsigned pages; /* read from the data file, one request at a time */
};

static const struct part parts[DEMO_ROLE_COUNT] = {
    [DEMO_FRONTEND] = {300, 1000, {DEMO_CART, DEMO_CATALOG}, 2, 0},
    [DEMO_CART] = {250, 600, {DEMO_CACHE, DEMO_DB}, 2, 0},
    [DEMO_CATALOG] = {400, 2000, {DEMO_CACHE, DEMO_DB}, 2, 0},
    [DEMO_CACHE] = {60, 300, {0}, 0, 0},
    [DEMO_DB] = {150, 4000, {0}, 0, 64},
};

struct server {
    enum demo_role role;
    struct demo_control *control;
    int data; /* file, or -1 */
    pthread_mutex_t disk;
};

struct connection {
    struct server *server;
    int fd;
    unsigned seed;
    int calls[CALLS_MAX];
};

static double loops_per_us;

static void spin(unsigned long loops)
{
    for (volatile unsigned long i = 0; i < loops; i = i + 1)
        ;
}

static double now_us(clockid_t clock)
{
    struct timespec ts;

    (void)clock_gettime(clock, &ts);
    return 1e6 * (double)ts.tv_sec + 1e-3 * (double)ts.tv_nsec;
}

void demo_burn(unsigned us)
{
    if (loops_per_us == 0) { /* once in each process, by processor time */
        double start = now_us(CLOCK_THREAD_CPUTIME_ID);

        spin(2000000);
        loops_per_us = 2e6 / (now_us(CLOCK_THREAD_CPUTIME_ID) - start);
    }
    spin((unsigned long)(loops_per_us * us));
}

int demo_connect(enum demo_role role)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(DEMO_PORT)};
    struct timeval limit = {.tv_sec = 3};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    to.sin_addr.s_addr = htonl(0x0a580000U | demo_role_address(role));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* The whole reply: head, then as many bytes as it announces. */
static int read_reply(int fd)
{
    char reply[REPLY_MAX + 1];
    size_t have = 0, want = sizeof(reply) - 1;

    while (have < want) {
        ssize_t n = recv(fd, reply + have, sizeof(reply) - 1 - have, 0);
        const char *body, *length;

        if (n <= 0)
            return 0;
        have += (size_t)n;
        reply[have] = '\0';
        body = strstr(reply, "\r\n\r\n");
        length = strstr(reply, "Content-Length: ");
        if (body && length)
            want = (size_t)(body + 4 - reply) +
                   strtoul(length + strlen("Content-Length: "), NULL, 10);
    }
    return (int)strtoul(reply + strlen("HTTP/1.1 "), NULL, 10);
}

int demo_call(int *fd, enum demo_role role)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: demo\r\n\r\n";
    int status = 0;

    if (*fd < 0)
        *fd = demo_connect(role);
    if (*fd < 0)
        return 0;
    if (send(*fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
        status = read_reply(*fd);
    if (!status) {
        (void)close(*fd);
        *fd = -1;
    }
    return status;
}

static void read_pages(struct connection *c, unsigned pages)
{
    struct server *s = c->server;
    const struct timespec seek = {.tv_nsec = 500000};
    char page[4096];

    if (s->data < 0 || !pages)
        return;
    (void)pthread_mutex_lock(&s->disk);
    (void)nanosleep(&seek, NULL);
    for (unsigned i = 0; i < pages; i++) {
        off_t at = rand_r(&c->seed) % (DEMO_DATA_BYTES / 4096) * 4096L;

        if (pread(s->data, page, sizeof(page), at) < 0)
            break;
    }
    (void)pthread_mutex_unlock(&s->disk);
}

/* Return: whether all went well. */
static _Bool do_part(struct connection *c)
{
    const struct part *part = &parts[c->server->role];
    struct demo_control *control = c->server->control;
    unsigned slow_us = atomic_load(&control->slow_us[c->server->role]);
    _Bool good = 1;

    demo_burn(part->work_us);
    read_pages(c, part->pages);
    for (unsigned i = 0; i < part->n_calls; i++)
        good &= demo_call(&c->calls[i], part->calls[i]) == 200;
    if (slow_us)
        (void)usleep(slow_us);
    if ((unsigned)rand_r(&c->seed) % 1000 <
        atomic_load(&control->errors_permille[c->server->role]))
        good = 0;
    return good;
}

static int reply(struct connection *c, _Bool good)
{
    char text[REPLY_MAX];
    unsigned body = good ? parts[c->server->role].body : 20;
    int head = snprintf(text, sizeof(text),
                        "HTTP/1.1 %s\r\nContent-Length: %u\r\n\r\n",
                        good ? "200 OK" : "500 Internal Server Error", body);

    memset(text + head, 'x', body);
    return send(c->fd, text, (size_t)head + body, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    char request[1024];

    for (;;) {
        ssize_t n = recv(c->fd, request, sizeof(request), 0);

        if (n <= 0 || reply(c, do_part(c)))
            break;
        atomic_fetch_add(&c->server->control->served[c->server->role], 1);
    }
    for (size_t i = 0; i < CALLS_MAX; i++) {
        if (c->calls[i] >= 0)
            (void)close(c->calls[i]);
    }
    (void)close(c->fd);
    free(c);
    return NULL;
}

static int start_thread(struct server *server, int fd)
{
    struct connection *c = calloc(1, sizeof(*c));
    int on = 1;
    pthread_t thread;

    if (!c)
        return -1;
    *c = (struct connection){
        .server = server, .fd = fd, .seed = (unsigned)fd, .calls = {-1, -1}};
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (pthread_create(&thread, NULL, serve, c)) {
        free(c);
        return -1;
    }
    (void)pthread_detach(thread);
    return 0;
}

static int listen_on(unsigned port)
{
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
        listen(fd, 256))
        _exit(1);
    return fd;
}

/* Read once from end to end, so that its pages are cached, for this cgroup. */
static int open_data(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char block[65536];

    while (fd >= 0 && read(fd, block, sizeof(block)) > 0)
        ;
    /* from now on read-ahead would fetch far more than is asked for */
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    return fd;
}

_Noreturn void demo_app_run(enum demo_role role, struct demo_control *control,
                            const char *data)
{
    struct server server = {.role = role,
                            .control = control,
                            .data = -1,
                            .disk = PTHREAD_MUTEX_INITIALIZER};
    int listener = listen_on(DEMO_PORT);

    if (parts[role].pages)
        server.data = open_data(data);
    demo_burn(1);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && start_thread(&server, fd))
            (void)close(fd);
    }
}
