/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/demo/screen.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/time.h"

void demo_screen_say(const struct rca_cli *cli, const char *text)
{
    char clock[RCA_TIME_TEXT_SIZE];

    if (cli->verbosity >= 0)
        (void)fprintf(stderr, "%s %s\n", rca_time_clock(rca_time_now(), clock),
                      text);
}

void demo_screen_begin(const struct rca_cli *cli, unsigned normal_s)
{
    if (cli->verbosity < 0)
        return;
    (void)fprintf(
        stderr,
        "A demonstration: a small real application runs in network namespaces\n"
        "and cgroups of its own, one real fault is put into it, and rca finds\n"
        "the cause. It is told nothing of the fault: it sees what it would see\n"
        "on any host. About %u s; Ctrl-C ends it and cleans up.\n"
        "\n"
        "    client -> frontend -> cart    -> cache, db\n"
        "                       -> catalog -> cache, db    and a batch job\n"
        "\n",
        normal_s + 35);
}

/* @path as it is from here */
static const char *from_here(const char *path)
{
    char here[PATH_MAX];
    size_t n;

    if (!getcwd(here, sizeof(here)))
        return path;
    n = strlen(here);
    return strncmp(path, here, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

/* how this program is called: by its name where it is installed */
static const char *program(char exe[PATH_MAX])
{
    const ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);

    if (n <= 0)
        return "rca";
    exe[n] = '\0';
    return strstr(exe, "/bin/rca") ? "rca" : from_here(exe);
}

static void put_file(const char *folder, const char *file, const char *what)
{
    char path[PATH_MAX + 32];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (access(path, R_OK) == 0)
        (void)fprintf(stderr, "  %s  %s\n", path, what);
}

void demo_screen_end(const struct rca_cli *cli, const char *folder,
                     const char *db)
{
    char exe[PATH_MAX];
    const char *rca;

    if (cli->verbosity < 0)
        return;
    (void)fputs(
        "\n"
        "How to read it\n"
        "  line 1   what is wrong, by how much, since when; line 2 is the cause\n"
        "  share    how much of that would vanish had this one stayed as usual\n"
        "  why      from the cause to what is wrong; =90%=> is how much of the\n"
        "           next one's change comes over that arrow\n"
        "\n"
        "Look at it\n",
        stderr);
    put_file(folder, "report.html", "everything, for a browser");
    put_file(folder, "explain.svg", "the picture");
    rca = program(exe);
    (void)fprintf(
        stderr,
        "  %s --db %s explain -e frontend\n"
        "  (with this --db also the commands that the answer names as "
        "'next')\n"
        "\n"
        "On a host of yours, as root\n"
        "  %s collect            watches it until Ctrl-C\n"
        "  %s train --window 1h  after an hour: what is normal\n"
        "  %s explain            when something is slow: why\n",
        rca, from_here(db), rca, rca, rca);
}
