/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define FIRST_BYTES 8192
#define MAX_BYTES (4U << 20) /* /proc/stat of 4096 processors is under 1 MiB */

void rca_text_done(struct rca_text *text)
{
    free(text->data);
    *text = (struct rca_text){0};
}

int rca_file_open(const char *folder, const char *name)
{
    char path[PATH_MAX];
    const int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd;

    if (n < 0 || (size_t)n >= sizeof(path))
        return -ENAMETOOLONG;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

void rca_file_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int widen(struct rca_text *text)
{
    const size_t cap = text->cap ? 2 * text->cap : FIRST_BYTES;
    char *more;

    if (cap > MAX_BYTES)
        return -EFBIG;
    more = realloc(text->data, cap);
    if (!more)
        return -ENOMEM;
    text->data = more;
    text->cap = cap;
    return 0;
}

static int read_text(int fd, _Bool single, struct rca_text *text)
{
    _Bool more = 1;

    text->len = 0;
    while (more) {
        size_t room;
        ssize_t n;
        int r;

        if (text->len + 1 >= text->cap) {
            r = widen(text);
            if (r < 0)
                return r;
        }
        room = text->cap - text->len - 1;
        n = pread(fd, text->data + text->len, room, (off_t)text->len);
        if (n < 0)
            return -errno;
        text->len += (size_t)n;
        more = single ? (size_t)n == room : n > 0;
    }
    text->data[text->len] = '\0';
    return 0;
}

/* procfs renders a file anew at offset 0, and hands out at most a page or so
 * at once: read on until nothing more comes. */
int rca_file_read(int fd, struct rca_text *text)
{
    return read_text(fd, 0, text);
}

int rca_file_read_single(int fd, struct rca_text *text)
{
    return read_text(fd, 1, text);
}

size_t rca_file_most(void)
{
    struct rlimit lim, more;

    if (getrlimit(RLIMIT_NOFILE, &lim))
        return 0;
    more = (struct rlimit){lim.rlim_max, lim.rlim_max};
    if (lim.rlim_cur < lim.rlim_max && !setrlimit(RLIMIT_NOFILE, &more))
        lim = more;
    return lim.rlim_cur;
}
