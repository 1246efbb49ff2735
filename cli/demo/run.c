/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/demo/stage.h"
#include "graph/base/log.h"

#define MAX_WORDS 48
#define NOT_FOUND 127

static int split(char *line, char *words[MAX_WORDS + 1])
{
    char *next = line;
    size_t n = 0;

    while (next && n < MAX_WORDS)
        words[n++] = strsep(&next, " ");
    words[n] = NULL;
    return next ? -E2BIG : 0;
}

static int enter_netns(pid_t pid)
{
    char path[64];
    int fd, r;

    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = setns(fd, CLONE_NEWNET) ? -errno : 0;
    (void)close(fd);
    return r;
}

static _Noreturn void become(char *words[], pid_t netns_of, int out)
{
    if (netns_of && enter_netns(netns_of))
        _exit(126);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    (void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    (void)execvp(words[0], words);
    _exit(errno == ENOENT ? NOT_FOUND : 126);
}

int demo_run(pid_t netns_of, const char *line)
{
    char copy[512], said[256];
    char *words[MAX_WORDS + 1];
    int out[2], status;
    ssize_t n;
    pid_t pid;

    (void)snprintf(copy, sizeof(copy), "%s", line);
    if (split(copy, words) || pipe2(out, O_CLOEXEC))
        return -errno;
    pid = fork();
    if (pid == 0)
        become(words, netns_of, out[1]);
    (void)close(out[1]);
    if (pid < 0) {
        (void)close(out[0]);
        return -errno;
    }

    n = read(out[0], said, sizeof(said) - 1);
    said[n > 0 ? n : 0] = '\0';
    said[strcspn(said, "\n")] = '\0';
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    (void)close(out[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    rca_log(RCA_LOG_DEBUG, "'%s' failed: %s", line, said);
    return WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND ? -ENOENT
                                                                 : -EIO;
}
