/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/disk_name.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collector/file.h"

static void replace(char *name, char from, char to)
{
    for (; *name; name++) {
        if (*name == from)
            *name = to;
    }
}

static int copy_name(const char *name, size_t len, char ret[RCA_DISK_NAME])
{
    if (!len || len >= RCA_DISK_NAME)
        return -ENAMETOOLONG;
    memcpy(ret, name, len);
    ret[len] = '\0';
    replace(ret, '!', '/');
    return 0;
}

/* Where the last part of the first @n bytes of a path begins. */
static size_t last_part(const char *path, size_t n)
{
    while (n && path[n - 1] != '/')
        n--;
    return n;
}

/* @link leads to a folder like .../block/sda/sda1; one that has a file
 * "partition" is a partition, and the folder above it is its disk, which is
 * wanted if @whole. */
static int follow(const char *link, _Bool whole, char ret_name[RCA_DISK_NAME])
{
    char to[PATH_MAX], file[PATH_MAX + 16];
    const ssize_t n = readlink(link, to, sizeof(to));
    size_t end, at;

    if (n < 0)
        return -errno;
    end = (size_t)n;
    at = last_part(to, end);
    (void)snprintf(file, sizeof(file), "%s/partition", link);
    if (whole && at && access(file, F_OK) == 0) {
        end = at - 1;
        at = last_part(to, end);
    }
    return copy_name(to + at, end - at, ret_name);
}

int rca_disk_whole(const char *sys, unsigned major, unsigned minor,
                   char ret_name[RCA_DISK_NAME])
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sys, major, minor);
    return follow(path, 1, ret_name);
}

int rca_disk_name(const char *sys, unsigned major, unsigned minor,
                  char ret_name[RCA_DISK_NAME])
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sys, major, minor);
    return follow(path, 0, ret_name);
}

int rca_disk_of_node(const char *sys, const char *path,
                     char ret_name[RCA_DISK_NAME])
{
    struct stat st;

    if (stat(path, &st))
        return -errno;
    if (!S_ISBLK(st.st_mode))
        return -ENOTBLK;
    return rca_disk_whole(sys, major(st.st_rdev), minor(st.st_rdev), ret_name);
}

_Bool rca_disk_is_whole(const char *sys, const char *name)
{
    char path[PATH_MAX], clean[RCA_DISK_NAME];

    (void)snprintf(path, sizeof(path), "%s/block", sys);
    if (access(path, F_OK))
        return 1; /* no sysfs to ask */
    (void)snprintf(clean, sizeof(clean), "%s", name);
    replace(clean, '/', '!');
    (void)snprintf(path, sizeof(path), "%s/block/%s", sys, clean);
    return access(path, F_OK) == 0;
}

static void slaves(const char *folder, rca_disk_found *found, void *arg)
{
    char path[PATH_MAX], whole[RCA_DISK_NAME];
    const struct dirent *d;
    DIR *dir = opendir(folder);

    while (dir && (d = readdir(dir))) {
        const int n = snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);

        if (d->d_name[0] != '.' && n > 0 && (size_t)n < sizeof(path) &&
            !follow(path, 1, whole))
            found(arg, whole);
    }
    if (dir)
        (void)closedir(dir);
}

/* The disk of the file system that has the file behind a loop device. */
static void backing(const char *sys, const char *folder, rca_disk_found *found,
                    void *arg)
{
    struct rca_text text RCA_CLEANUP(rca_text_done) = {0};
    char whole[RCA_DISK_NAME];
    struct stat st;
    int fd = rca_file_open(folder, "loop/backing_file");

    if (fd < 0)
        return;
    if (!rca_file_read(fd, &text) && text.len) {
        text.data[strcspn(text.data, "\n")] = '\0';
        if (!stat(text.data, &st) &&
            !rca_disk_whole(sys, major(st.st_dev), minor(st.st_dev), whole))
            found(arg, whole);
    }
    rca_file_close(&fd);
}

void rca_disk_below(const char *sys, const char *name, rca_disk_found *found,
                    void *arg)
{
    char folder[PATH_MAX], path[PATH_MAX + 16], clean[RCA_DISK_NAME];

    (void)snprintf(clean, sizeof(clean), "%s", name);
    replace(clean, '/', '!');
    (void)snprintf(folder, sizeof(folder), "%s/block/%s", sys, clean);
    (void)snprintf(path, sizeof(path), "%s/slaves", folder);
    slaves(path, found, arg);
    backing(sys, folder, found, arg);
}
