/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_list.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "graph/base/err.h"

/* Exit codes of the child before it is nft, which has 0 and 1. */
enum { EXIT_ABSENT = 101, EXIT_CLOSED };

static const char *const paths[] = {"/usr/sbin/nft", "/sbin/nft",
                                    "/usr/local/sbin/nft", "/usr/bin/nft"};

/* Only what may be called between fork and exec. */
static void run_nft(int netns, int out)
{
    char nft[] = "nft", handles[] = "-a", stateless[] = "-s", terse[] = "-t",
         list[] = "list", ruleset[] = "ruleset", locale[] = "LC_ALL=C";
    char *const args[] = {nft, handles, stateless, terse, list, ruleset, NULL};
    char *const env[] = {locale, NULL};
    const int null = open("/dev/null", O_RDWR);

    if (netns >= 0 && setns(netns, CLONE_NEWNET))
        _exit(EXIT_CLOSED);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
        _exit(EXIT_CLOSED);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(paths); i++)
        (void)execve(paths[i], args, env);
    _exit(EXIT_ABSENT);
}

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 0: the end. */
static int read_some(int fd, int64_t deadline, struct rca_buf *text)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    const int64_t left = deadline - now_ms();
    char part[16384];
    ssize_t n;

    if (left <= 0)
        return -ETIMEDOUT;
    if (poll(&p, 1, (int)left) <= 0)
        return 1; /* interrupted, or late: the deadline says */
    n = read(fd, part, sizeof(part));
    if (n < 0)
        return errno == EINTR ? 1 : -errno;
    rca_buf_put(text, part, (size_t)n);
    if (text->err)
        return text->err;
    return n == 0 ? 0 : text->len > RCA_TRACE_NFT_LIST_BYTES ? -EFBIG : 1;
}

static int read_all(int fd, struct rca_buf *text)
{
    const int64_t deadline = now_ms() + RCA_TRACE_NFT_LIST_MS;
    int r = 1;

    while (r > 0)
        r = read_some(fd, deadline, text);
    return r;
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno; /* somebody ignores SIGCHLD: it is gone */
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_ABSENT)
        return -ENOENT;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CLOSED)
        return -EPERM;
    return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : RCA_ENOSUPPORT;
}

int rca_trace_nft_list(int netns, struct rca_buf *text)
{
    int ends[2], r, ended;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    pid = fork();
    if (pid == 0)
        run_nft(netns, ends[1]);
    (void)close(ends[1]);
    r = pid < 0 ? -EAGAIN : read_all(ends[0], text);
    (void)close(ends[0]);
    if (pid < 0)
        return r;
    if (r < 0)
        (void)kill(pid, SIGKILL);
    ended = wait_for(pid);
    return r < 0 ? r : ended == -ECHILD ? 0 : ended;
}
