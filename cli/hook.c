/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/log.h"

/* --- its surroundings ---------------------------------------------------------*/

static void free_list(char ***list)
{
    for (char **s = *list; s && *s; s++)
        free(*s);
    free(*list);
    *list = NULL;
}

static char *assignment(const struct rca_hook_word *word)
{
    const char *value = word->value ? word->value : "";
    const size_t size = strlen(word->name) + strlen(value) + 2;
    char *text = malloc(size);

    if (text)
        (void)snprintf(text, size, "%s=%s", word->name, value);
    return text;
}

/* whether @line assigns to one of @words */
static _Bool is_replaced(const char *line, const struct rca_hook_word *words,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t length = strlen(words[i].name);

        if (strncmp(line, words[i].name, length) == 0 && line[length] == '=')
            return 1;
    }
    return 0;
}

/* our own environment and @words, owned by the caller; NULL: no memory */
static char **surroundings(const struct rca_hook_word *words, size_t n)
{
    char **list RCA_CLEANUP(free_list) = NULL;
    size_t m = 0, k = 0;

    while (environ && environ[m])
        m++;
    list = calloc(m + n + 1, sizeof(*list));
    for (size_t i = 0; list && i < n; i++) {
        list[k] = assignment(&words[i]);
        if (!list[k++])
            return NULL;
    }
    for (size_t i = 0; list && i < m; i++) {
        if (is_replaced(environ[i], words, n))
            continue;
        list[k] = strdup(environ[i]);
        if (!list[k++])
            return NULL;
    }
    return RCA_TAKE(list);
}

/* --- start --------------------------------------------------------------------*/

static int set_up(posix_spawnattr_t *attr, posix_spawn_file_actions_t *files)
{
    sigset_t none, back;
    int r;

    (void)sigemptyset(&none);
    (void)sigemptyset(&back);
    (void)sigaddset(&back, SIGINT);
    (void)sigaddset(&back, SIGTERM);
    (void)sigaddset(&back, SIGPIPE);
    r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
                                           POSIX_SPAWN_SETSIGDEF |
                                           POSIX_SPAWN_SETSIGMASK);
    r = r ? r : posix_spawnattr_setpgroup(attr, 0);
    r = r ? r : posix_spawnattr_setsigdefault(attr, &back);
    r = r ? r : posix_spawnattr_setsigmask(attr, &none);
    r = r ? r
          : posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null",
                                             O_RDONLY, 0);
    return r ? r
             : posix_spawn_file_actions_adddup2(files, STDERR_FILENO,
                                                STDOUT_FILENO);
}

/* Return: 0 or an errno, positive. */
static int spawn(const char *command, char **env, pid_t *ret_pid)
{
    char sh[] = "sh", option[] = "-c";
    char *copy RCA_CLEANUP(rca_freep) = strdup(command);
    char *argv[] = {sh, option, copy, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int r;

    if (!copy || posix_spawnattr_init(&attr))
        return ENOMEM;
    r = posix_spawn_file_actions_init(&files);
    if (!r) {
        r = set_up(&attr, &files);
        r = r ? r : posix_spawn(ret_pid, "/bin/sh", &files, &attr, argv, env);
        (void)posix_spawn_file_actions_destroy(&files);
    }
    (void)posix_spawnattr_destroy(&attr);
    return r;
}

int rca_hook_start(struct rca_hooks *hooks, const char *command,
                   const struct rca_hook_word *words, size_t n, rca_time now)
{
    char **env RCA_CLEANUP(free_list) = NULL;
    size_t slot = 0;
    pid_t pid = 0;
    int r;

    while (slot < RCA_HOOKS && hooks->running[slot].pid)
        slot++;
    if (slot == RCA_HOOKS)
        return -EAGAIN;
    env = surroundings(words, n);
    if (!env)
        return -ENOMEM;
    r = spawn(command, env, &pid);
    if (r)
        return -r;
    hooks->running[slot].pid = pid;
    hooks->running[slot].until = now + RCA_HOOK_LIMIT;
    return 0;
}

/* --- end ----------------------------------------------------------------------*/

/* end what is left of its group, too */
static void end(struct rca_hooks *hooks, size_t slot)
{
    const pid_t pid = hooks->running[slot].pid;

    (void)kill(-pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    hooks->running[slot].pid = 0;
}

size_t rca_hooks_reap(struct rca_hooks *hooks, rca_time now)
{
    size_t left = 0;

    for (size_t i = 0; i < RCA_HOOKS; i++) {
        const pid_t pid = hooks->running[i].pid;
        int status = 0;

        if (!pid)
            continue;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            hooks->running[i].pid = 0;
            if (!WIFEXITED(status) || WEXITSTATUS(status))
                rca_log(RCA_LOG_WARN, "the hook failed (%s %d), and go on",
                        WIFEXITED(status) ? "exit code" : "signal",
                        WIFEXITED(status) ? WEXITSTATUS(status)
                                          : WTERMSIG(status));
        } else if (now >= hooks->running[i].until) {
            rca_log(RCA_LOG_WARN,
                    "the hook did not end in 30 s and was ended, and go on");
            end(hooks, i);
        } else {
            left++;
        }
    }
    return left;
}

void rca_hooks_end(struct rca_hooks *hooks)
{
    for (size_t i = 0; i < RCA_HOOKS; i++) {
        if (hooks->running[i].pid)
            end(hooks, i);
    }
}
