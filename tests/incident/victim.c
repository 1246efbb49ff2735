/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * victim - one process of a small application, which a fault of the network
 * hits: client -> front -> back, HTTP/1.1 over TCP, each in a network
 * namespace of its own and with a host name of its own.
 *
 *     victim client NAME ADDRESS RATE          requests a second, open loop
 *     victim front NAME ADDRESS fresh|keep     asks back for each request; over
 *                                              a new connection, or the last
 *     victim back NAME - BACKLOG [PAUSE_MS]    SIGUSR1: pauses so long each
 *                                              time before it accepts
 *     victim fill NAME - 0                     fills the table of tracked
 *                                              connections, and ends
 *
 * ADDRESS is of whom it calls; all serve PORT. Ends with its parent.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <math.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bpf/conntrack_fill.h"

#define PORT 8080
#define WORKERS 12 /* of the client */
#define MOST_WAITING 100 /* requests of the client; more are not made */
#define PATIENCE_MS 2500 /* of the client; of front half of it */
#define BODY 1200

struct part {
    const char *callee; /* NULL: calls nobody */
    _Bool keep; /* connections */
    int patience_ms;
    double rate_per_s;
    sem_t waiting;
};

static atomic_bool slow;

static void on_signal(int signal)
{
    (void)signal;
    atomic_store(&slow, !atomic_load(&slow));
}

static void sleep_ms(int ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000L};

    while (nanosleep(&left, &left))
        ;
}

/* --- calling -------------------------------------------------------------- */

static int dial(const struct part *part)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    const struct timeval limit = {part->patience_ms / 1000,
                                  part->patience_ms % 1000 * 1000L};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || inet_pton(AF_INET, part->callee, &to.sin_addr) != 1)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* The status of a reply that came whole, else 0. */
static int read_reply(int fd)
{
    char reply[BODY + 512];
    size_t have = 0, want = sizeof(reply) - 1;

    while (have < want) {
        const ssize_t n = recv(fd, reply + have, sizeof(reply) - 1 - have, 0);
        const char *body, *length;

        if (n <= 0)
            return 0;
        have += (size_t)n;
        reply[have] = '\0';
        body = strstr(reply, "\r\n\r\n");
        length = strstr(reply, "Length: ");
        if (body && length)
            want = (size_t)(body + 4 - reply) + strtoul(length + 8, NULL, 10);
    }
    return (int)strtol(reply + strlen("HTTP/1.1 "), NULL, 10);
}

static _Bool call(const struct part *part, int *fd)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: victim\r\n\r\n";
    int status = 0;

    if (*fd < 0)
        *fd = dial(part);
    if (*fd >= 0 && send(*fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
        status = read_reply(*fd);
    if (*fd >= 0 && (!status || !part->keep)) {
        (void)close(*fd);
        *fd = -1;
    }
    return status == 200;
}

/* --- serving -------------------------------------------------------------- */

struct connection {
    const struct part *part;
    int fd;
};

static void *serve(void *arg)
{
    struct connection c = *(struct connection *)arg;
    char text[BODY + 512];
    int callee = -1;

    free(arg);
    while (recv(c.fd, text, sizeof(text), 0) > 0) {
        const _Bool good = !c.part->callee || call(c.part, &callee);
        const int body = good ? BODY : 10;
        const int head = snprintf(text, sizeof(text),
                                  "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n",
                                  good ? "200 OK" : "502 Bad Gateway", body);

        memset(text + head, 'x', (size_t)body);
        if (send(c.fd, text, (size_t)head + (size_t)body, MSG_NOSIGNAL) < 0)
            break;
    }
    if (callee >= 0)
        (void)close(callee);
    (void)close(c.fd);
    return NULL;
}

static void hand_over(const struct part *part, int fd)
{
    struct connection *c = malloc(sizeof(*c));
    const int on = 1;
    pthread_t thread;

    if (!c)
        exit(1);
    *c = (struct connection){part, fd};
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (pthread_create(&thread, NULL, serve, c))
        exit(1);
    (void)pthread_detach(thread);
}

static _Noreturn void run_server(const struct part *part, int backlog,
                                 int pause_ms)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_port = htons(PORT)};
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 ||
        bind(listener, (const struct sockaddr *)&any, sizeof(any)) ||
        listen(listener, backlog))
        exit(1);
    for (;;) {
        int fd;

        if (atomic_load(&slow))
            sleep_ms(pause_ms);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            hand_over(part, fd);
    }
}

/* --- the client ------------------------------------------------------------*/

static void *work(void *arg)
{
    struct part *part = (struct part *)arg;
    int fd = -1;

    for (;;) {
        if (sem_wait(&part->waiting) == 0 && !call(part, &fd))
            sleep_ms(20);
    }
    return NULL;
}

static _Noreturn void run_client(struct part *part)
{
    unsigned seed = (unsigned)getpid();
    pthread_t thread;

    if (sem_init(&part->waiting, 0, 0))
        exit(1);
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&thread, NULL, work, part))
            exit(1);
    for (;;) {
        const double u = (rand_r(&seed) + 1.0) / (RAND_MAX + 1.0);
        int queued = 0;

        sleep_ms((int)lround(-log(u) / part->rate_per_s * 1000));
        if (!sem_getvalue(&part->waiting, &queued) && queued < MOST_WAITING)
            (void)sem_post(&part->waiting);
    }
}

/* --- who it is -------------------------------------------------------------*/

/* A switch in user space sees packets as they are handed over: whole, and with
 * their checksum. */
static void offload_nothing(void)
{
    static const __u32 what[] = {ETHTOOL_STXCSUM, ETHTOOL_STSO};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
        struct ethtool_value value = {.cmd = what[i]};
        struct ifreq request = {.ifr_name = "eth0", .ifr_data = (char *)&value};

        (void)ioctl(fd, SIOCETHTOOL, &request);
    }
    (void)close(fd);
}

static void enter(const char *name)
{
    char path[80];
    int fd;

    (void)snprintf(path, sizeof(path), "/run/netns/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) || unshare(CLONE_NEWUTS) ||
        sethostname(name, strlen(name))) {
        perror(name);
        exit(1);
    }
    (void)close(fd);
    offload_nothing();
}

int main(int argc, char **argv)
{
    const struct sigaction act = {.sa_handler = on_signal,
                                  .sa_flags = SA_RESTART};
    struct part part = {.patience_ms = PATIENCE_MS, .keep = 1};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigaction(SIGUSR1, &act, NULL);
    if (argc < 5)
        return 2;
    if (!strcmp(argv[1], "fill"))
        return conntrack_fill(argv[2], CONNTRACK_FILL_MOST) ? 1 : 0;
    enter(argv[2]);
    part.callee = strcmp(argv[3], "-") ? argv[3] : NULL;
    if (!strcmp(argv[1], "client")) {
        part.rate_per_s = strtod(argv[4], NULL);
        run_client(&part);
    }
    part.patience_ms /= 2;
    part.keep = strcmp(argv[4], "fresh") != 0;
    run_server(&part, part.callee ? 128 : (int)strtol(argv[4], NULL, 10),
               argc > 5 ? (int)strtol(argv[5], NULL, 10) : 0);
}
