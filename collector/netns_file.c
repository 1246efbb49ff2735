/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/netns_file.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "collector/file.h"

struct opening {
    int netns_fd;
    const char *name;
    int result;
};

/* Not /proc/net: that is the process', whose main thread stays at home. */
static void *open_there(void *arg)
{
    struct opening *o = arg;

    if (setns(o->netns_fd, CLONE_NEWNET))
        o->result = -errno;
    else
        o->result = rca_file_open("/proc/thread-self/net", o->name);
    return NULL;
}

int rca_netns_file_open(int netns_fd, const char *name)
{
    struct opening o = {.netns_fd = netns_fd, .name = name, .result = -EINVAL};
    pthread_t thread;
    const int r = pthread_create(&thread, NULL, open_there, &o);

    if (r)
        return -r;
    (void)pthread_join(thread, NULL);
    return o.result;
}
