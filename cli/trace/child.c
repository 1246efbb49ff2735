/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 3000
#define NAP_MS 20

int rca_trace_child_start(const char *command,
                          struct rca_trace_child *ret_child)
{
    const pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid == 0) {
        (void)signal(SIGPIPE, SIG_DFL);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    *ret_child = (struct rca_trace_child){.pid = pid};
    return 0;
}

static void look(struct rca_trace_child *child, int flags)
{
    pid_t got;

    if (!child->pid || child->ended)
        return;
    do
        got = waitpid(child->pid, &child->status, flags);
    while (got < 0 && errno == EINTR);
    child->ended = got != 0;
}

_Bool rca_trace_child_ended(struct rca_trace_child *child)
{
    look(child, WNOHANG);
    return child->pid && child->ended;
}

/* It may have reasons not to end by SIGTERM, but not to keep us. */
static void end(struct rca_trace_child *child)
{
    const struct timespec nap = {.tv_nsec = NAP_MS * 1000000L};

    (void)kill(child->pid, SIGTERM);
    for (unsigned i = 0; i < GRACE_MS / NAP_MS; i++) {
        look(child, WNOHANG);
        if (child->ended)
            return;
        (void)nanosleep(&nap, NULL);
    }
    (void)kill(child->pid, SIGKILL);
    look(child, 0);
}

void rca_trace_child_stop(struct rca_trace_child *child, const char *command)
{
    if (!child->pid)
        return;
    look(child, WNOHANG);
    if (!child->ended)
        end(child);
    if (WIFSIGNALED(child->status))
        (void)fprintf(stderr, "rca: '%s' was ended by signal %d (%s)\n",
                      command, WTERMSIG(child->status),
                      strsignal(WTERMSIG(child->status)));
    else
        (void)fprintf(stderr, "rca: '%s' ended with exit code %d\n", command,
                      WEXITSTATUS(child->status));
    *child = (struct rca_trace_child){0};
}
