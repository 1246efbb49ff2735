/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int rca_outfile_beside(const char *path, char ret_temporary[PATH_MAX])
{
    mode_t mask = umask(0);
    int fd;

    (void)umask(mask);
    if (snprintf(ret_temporary, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX)
        return -ENAMETOOLONG;
    fd = mkostemp(ret_temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    (void)fchmod(fd, 0666 & ~mask);
    return fd;
}

_Bool rca_outfile_replaceable(const char *path)
{
    struct stat st;

    return lstat(path, &st) != 0 || S_ISREG(st.st_mode);
}

int rca_outfile_open(const char *path, struct rca_outfile *ret_file)
{
    struct rca_outfile *file = ret_file;
    int fd;

    file->f = NULL;
    file->path[0] = file->temporary[0] = '\0';
    if (!path || strcmp(path, "-") == 0) {
        file->f = stdout;
        return 0;
    }
    if (snprintf(file->path, sizeof(file->path), "%s", path) >=
        (int)sizeof(file->path))
        return -ENAMETOOLONG;
    if (rca_outfile_replaceable(path)) {
        fd = rca_outfile_beside(path, file->temporary);
        if (fd < 0)
            file->temporary[0] = '\0';
    } else {
        fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        fd = fd < 0 ? -errno : fd;
    }
    if (fd < 0)
        return fd;
    file->f = fdopen(fd, "w");
    if (file->f)
        return 0;
    (void)close(fd);
    rca_outfile_done(file);
    return -ENOMEM;
}

int rca_outfile_commit(struct rca_outfile *file)
{
    FILE *f = RCA_TAKE(file->f);
    int r = 0;

    errno = 0;
    if (fflush(f) || ferror(f))
        r = errno ? -errno : -EIO;
    if (f != stdout && fclose(f) && !r)
        r = errno ? -errno : -EIO;
    if (!r && file->temporary[0]) {
        r = rename(file->temporary, file->path) ? -errno : 0;
        if (!r)
            file->temporary[0] = '\0';
    }
    rca_outfile_done(file);
    return r;
}

void rca_outfile_done(struct rca_outfile *file)
{
    if (file->f && file->f != stdout)
        (void)fclose(file->f);
    file->f = NULL;
    if (file->temporary[0])
        (void)unlink(file->temporary);
    file->temporary[0] = '\0';
}
