/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/progress.h"

#include <time.h>
#include <unistd.h>

#include "graph/base/time.h"

/* Who waits for less is told nothing. */
#define PATIENCE RCA_SECOND
/* Between two words: as fast as an eye follows; in a log seldom. */
#define EACH_ON_TERMINAL (RCA_SECOND / 5)
#define EACH_IN_LOG (10 * RCA_SECOND)
/* Below this part the time left would be a guess. */
#define MIN_PART 0.01

static rca_time monotonic(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (rca_time)t.tv_sec * RCA_SECOND + t.tv_nsec;
}

struct rca_progress_line rca_progress_begin(const struct rca_cli *cli,
                                            const char *what)
{
    const _Bool terminal = isatty(STDERR_FILENO) != 0;

    return (struct rca_progress_line){
        .what = what,
        .began = monotonic(),
        .terminal = terminal,
        .off = cli->verbosity < (terminal ? 0 : 1),
        .passes = 1,
    };
}

/* Of all passes. */
static double whole(struct rca_progress_line *line, double part)
{
    part = part > 0 ? (part < 1 ? part : 1) : 0;
    if (part < line->part && line->pass + 1 < line->passes)
        line->pass++;
    line->part = part;
    return (line->pass + part) / line->passes;
}

_Bool rca_progress_text(struct rca_progress_line *line, rca_time now,
                        double part, char ret_text[RCA_PROGRESS_TEXT_SIZE])
{
    const rca_time each = line->terminal ? EACH_ON_TERMINAL : EACH_IN_LOG;
    const rca_time passed = now - line->began;
    const double done = whole(line, part);
    char left[RCA_TIME_TEXT_SIZE];
    rca_time rest;

    if (line->off || passed < PATIENCE ||
        (line->told && now - line->told < each))
        return 0;
    line->told = now;
    if (done < MIN_PART) {
        (void)snprintf(ret_text, RCA_PROGRESS_TEXT_SIZE, "rca: %s: %.0f %%",
                       line->what, 100 * done);
        return 1;
    }
    rest = (rca_time)((double)passed * (1 - done) / done);
    rest = (rest + RCA_SECOND - 1) / RCA_SECOND * RCA_SECOND;
    (void)snprintf(ret_text, RCA_PROGRESS_TEXT_SIZE,
                   "rca: %s: %.0f %%, %s left", line->what, 100 * done,
                   rest ? rca_duration_text(rest, left) : "0 s");
    return 1;
}

void rca_progress_tell(void *arg, double part)
{
    struct rca_progress_line *line = arg;
    char text[RCA_PROGRESS_TEXT_SIZE];

    if (rca_progress_text(line, monotonic(), part, text))
        (void)fprintf(stderr, line->terminal ? "\r%s\033[K" : "%s\n", text);
}

void rca_progress_count(void *arg, size_t done, size_t n)
{
    rca_progress_tell(arg, n ? (double)done / (double)n : 1);
}

void rca_progress_erase(struct rca_progress_line *line)
{
    if (line->told && line->terminal)
        (void)fputs("\r\033[K", stderr);
}

void rca_progress_end(struct rca_progress_line *line)
{
    rca_progress_erase(line);
    line->told = 0;
    line->off = 1;
}
