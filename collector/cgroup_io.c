/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/cgroup_io.h"

#include <math.h>
#include <string.h>

/* struct cursor - what is left of a text or line */
struct cursor {
    const char *p, *end;
};

static _Bool next_line(struct cursor *all, struct cursor *ret_line)
{
    const char *nl;

    if (all->p == all->end)
        return 0;
    nl = memchr(all->p, '\n', (size_t)(all->end - all->p));
    *ret_line = (struct cursor){all->p, nl ? nl : all->end};
    all->p = nl ? nl + 1 : all->end;
    return 1;
}

/* Digits up to one of @stop or the end, that fit. */
static _Bool number(struct cursor *c, const char *stop, uint64_t *ret)
{
    const char *from = c->p;
    uint64_t v = 0;

    for (; c->p < c->end && !strchr(stop, *c->p); c->p++) {
        const unsigned digit = (unsigned)(*c->p - '0');

        if (digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, digit, &v))
            return 0;
    }
    if (c->p == from)
        return 0;
    *ret = v;
    return 1;
}

static _Bool skip(struct cursor *c, char what)
{
    if (c->p == c->end || *c->p != what)
        return 0;
    c->p++;
    return 1;
}

/* "8:16 " and its place in @io; NULL if it is not that, or if there is no room.
 */
static struct rca_io_disk *disk_of(struct cursor *line, struct rca_io *io)
{
    uint64_t major, minor;
    uint32_t disk;

    if (!number(line, ":", &major) || !skip(line, ':') ||
        !number(line, " ", &minor) || !skip(line, ' ') || major > 0xfff ||
        minor > 0xfffff)
        return NULL;
    disk = RCA_DISK_DEV(major, minor);
    for (size_t i = 0; i < io->n; i++) {
        if (io->disks[i].disk == disk)
            return &io->disks[i];
    }
    if (io->n == RCA_IO_DISKS)
        return NULL;
    io->disks[io->n] = (struct rca_io_disk){.disk = disk};
    return &io->disks[io->n++];
}

static _Bool next_word(struct cursor *line, struct cursor *ret_word)
{
    while (skip(line, ' '))
        ;
    ret_word->p = line->p;
    while (line->p < line->end && *line->p != ' ')
        line->p++;
    ret_word->end = line->p;
    return ret_word->p < ret_word->end;
}

/* If @word is "KEY=NUMBER" with one of @keys, set its number. */
static void pair(struct cursor word, const char *const keys[RCA_IO_COUNTS],
                 uint64_t values[RCA_IO_COUNTS])
{
    uint64_t v;

    for (unsigned i = 0; i < RCA_IO_COUNTS; i++) {
        const size_t n = strlen(keys[i]);
        struct cursor c = word;

        if ((size_t)(c.end - c.p) <= n || memcmp(c.p, keys[i], n) != 0)
            continue;
        c.p += n;
        if (number(&c, "", &v))
            values[i] = v;
        return;
    }
}

static const char *const stat_keys[] = {"rbytes=", "wbytes=", "rios=", "wios="};
static const char *const max_keys[] = {"rbps=", "wbps=", "riops=", "wiops="};

void rca_io_stat(const char *text, size_t len, struct rca_io *io)
{
    struct cursor all = {text, text + len}, line, word;

    while (next_line(&all, &line)) {
        struct rca_io_disk *d = disk_of(&line, io);

        while (d && next_word(&line, &word))
            pair(word, stat_keys, d->done);
    }
}

void rca_io_max(const char *text, size_t len, struct rca_io *io)
{
    struct cursor all = {text, text + len}, line, word;

    while (next_line(&all, &line)) {
        struct rca_io_disk *d = disk_of(&line, io);

        while (d && next_word(&line, &word))
            pair(word, max_keys, d->limit);
    }
}

static _Bool is_word(struct cursor word, const char *text)
{
    const size_t n = strlen(text);

    return (size_t)(word.end - word.p) == n && !memcmp(word.p, text, n);
}

void rca_io_v1_done(const char *text, size_t len, _Bool bytes,
                    struct rca_io *io)
{
    const unsigned first = bytes ? RCA_IO_READ_BYTES : RCA_IO_READS;
    struct cursor all = {text, text + len}, line, word;
    uint64_t v;

    while (next_line(&all, &line)) {
        struct rca_io_disk *d = disk_of(&line, io);

        if (!d || !next_word(&line, &word) || !skip(&line, ' ') ||
            !number(&line, "", &v))
            continue;
        if (is_word(word, "Read"))
            d->done[first] = v;
        else if (is_word(word, "Write"))
            d->done[first + 1] = v;
    }
}

void rca_io_v1_limit(const char *text, size_t len, enum rca_io_count what,
                     struct rca_io *io)
{
    struct cursor all = {text, text + len}, line;
    uint64_t v;

    while (next_line(&all, &line)) {
        struct rca_io_disk *d = disk_of(&line, io);

        if (d && number(&line, "", &v))
            d->limit[what] = v;
    }
}

_Bool rca_io_limited(const struct rca_io *io)
{
    for (unsigned what = 0; what < RCA_IO_COUNTS; what++) {
        if (!isnan(rca_io_lowest(io, (enum rca_io_count)what)))
            return 1;
    }
    return 0;
}

static const struct rca_io_disk *find_disk(const struct rca_io *io,
                                           uint32_t disk)
{
    for (size_t i = 0; i < io->n; i++) {
        if (io->disks[i].disk == disk)
            return &io->disks[i];
    }
    return NULL;
}

double rca_io_limit_ratio(const struct rca_io *before, const struct rca_io *now,
                          double seconds)
{
    static const struct rca_io_disk none;
    double most = NAN;

    for (size_t i = 0; seconds > 0 && i < now->n; i++) {
        const struct rca_io_disk *d = &now->disks[i];
        const struct rca_io_disk *was = find_disk(before, d->disk);

        was = was ? was : &none;
        for (unsigned what = 0; what < RCA_IO_COUNTS; what++) {
            if (!d->limit[what] || d->done[what] < was->done[what])
                continue;
            most = fmax((double)(d->done[what] - was->done[what]) / seconds /
                            (double)d->limit[what],
                        most);
        }
    }
    return most;
}

double rca_io_lowest(const struct rca_io *io, enum rca_io_count what)
{
    double lowest = NAN;

    for (size_t i = 0; i < io->n; i++) {
        if (io->disks[i].limit[what])
            lowest = fmin((double)io->disks[i].limit[what], lowest);
    }
    return lowest;
}
