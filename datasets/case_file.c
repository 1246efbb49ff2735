/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/case_parts.h"
#include "graph/base/time.h"

struct fd {
    int n;
};

static void close_fd(struct fd *fd)
{
    if (fd->n >= 0)
        (void)close(fd->n);
}

/* @size bytes and a NUL; the file may have shrunk */
static int read_bytes(int fd, size_t size, struct rca_text *text)
{
    text->bytes = malloc(size + 1);
    if (!text->bytes)
        return -ENOMEM;
    while (text->size < size) {
        const ssize_t n = read(fd, text->bytes + text->size, size - text->size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        text->size += (size_t)n;
    }
    text->bytes[text->size] = '\0';
    return 0;
}

static int read_file(struct rca_text *text, struct rca_diag *diag)
{
    /* a FIFO would wait for its writer */
    struct fd fd RCA_CLEANUP(close_fd) = {
        open(text->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat st;
    int err;

    if (fd.n < 0)
        return errno == ENOENT
                   ? -ENOENT
                   : rca_diag_set(diag, -errno, text->path, 0,
                                  "cannot be read: %s", rca_strerror(-errno));
    if (fstat(fd.n, &st) == 0 && !S_ISREG(st.st_mode))
        return rca_diag_set(diag, RCA_ESYNTAX, text->path, 0,
                            "expected a regular file");
    err = read_bytes(fd.n, (size_t)st.st_size, text);
    return err ? rca_diag_set(diag, err, text->path, 0, "cannot be read: %s",
                              rca_strerror(err))
               : 0;
}

int rca_case_text_read(const char *folder, const char *name,
                       struct rca_text *ret_text, struct rca_diag *diag)
{
    struct rca_text text RCA_CLEANUP(rca_case_text_done) = {0};
    const size_t size = strlen(folder) + strlen(name) + 2;
    int err;

    text.path = malloc(size);
    if (!text.path)
        return -ENOMEM;
    (void)snprintf(text.path, size, "%s/%s", folder, name);
    err = read_file(&text, diag);
    if (err)
        return err;
    *ret_text = text;
    text = (struct rca_text){0};
    return 0;
}

void rca_case_text_done(struct rca_text *text)
{
    free(text->bytes);
    free(text->path);
    *text = (struct rca_text){0};
}

int rca_case_time_text(const char *text, rca_time *ret_time)
{
    char utc[RCA_TIME_TEXT_SIZE + 1];
    rca_time time;

    /* a date only: no "now" and no "10 min ago" */
    if (strlen(text) < 19 || text[4] != '-')
        return RCA_ESYNTAX;
    (void)snprintf(utc, sizeof(utc), "%sZ", text);
    if ((rca_time_parse(utc, 0, &time) && rca_time_parse(text, 0, &time)) ||
        time > (rca_time)RCA_CASE_TIME_MAX * RCA_SECOND)
        return RCA_ESYNTAX;
    *ret_time = time;
    return 0;
}
