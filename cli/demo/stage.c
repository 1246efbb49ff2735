/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/demo/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/log.h"

/** struct cast - who plays: name, address, cgroup below DEMO_CGROUP */
static const struct {
    const char *name;
    unsigned address;
    const char *cgroup;
} cast[DEMO_ROLE_COUNT] = {
    [DEMO_CLIENT] = {"client", 10, "client"},
    [DEMO_FRONTEND] = {"frontend", 11, "frontend"},
    [DEMO_CART] = {"cart", 12, "cart"},
    [DEMO_CATALOG] = {"catalog", 13, "pod/catalog"},
    [DEMO_CACHE] = {"cache", 14, "cache"},
    [DEMO_DB] = {"db", 15, "db"},
    [DEMO_BATCH] = {"batch", 0, "pod/batch"},
    [DEMO_SWITCH] = {"switch", 0, "switch"},
};

/* Of a processor, for catalog and batch together: five times what they need
 * in normal times. */
#define POD_CORES 0.5

const char *demo_role_name(enum demo_role role)
{
    return cast[role].name;
}

unsigned demo_role_address(enum demo_role role)
{
    return cast[role].address;
}

static _Noreturn void play(enum demo_role role, struct demo_stage *stage,
                           int ready, int go)
{
    char byte = 0;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, cast[role].name);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN); /* the parent ends us */
    (void)signal(SIGTERM, SIG_DFL);
    if (role != DEMO_BATCH && unshare(CLONE_NEWNET))
        byte = (char)errno;
    if (write(ready, &byte, 1) != 1 || byte || read(go, &byte, 1) != 1)
        _exit(1);

    if (role == DEMO_CLIENT)
        demo_load_run(stage->control);
    if (role == DEMO_BATCH)
        demo_batch_run(stage->control);
    if (role == DEMO_SWITCH) {
        for (;;)
            (void)pause();
    }
    demo_app_run(role, stage->control, stage->data);
}

/* @go: its write end lets all players begin when it is written to. */
static int start(struct demo_stage *stage, enum demo_role role, int go,
                 struct rca_diag *diag)
{
    int ready[2];
    char error = EIO;
    int r;

    if (pipe2(ready, O_CLOEXEC))
        return -errno;
    stage->pid[role] = fork();
    if (stage->pid[role] == 0)
        play(role, stage, ready[1], go);
    (void)close(ready[1]);
    r = stage->pid[role] < 0 ? -errno : 0;
    if (!r && (read(ready[0], &error, 1) != 1 || error))
        r = error == EPERM ? RCA_ENOSUPPORT : -error;
    (void)close(ready[0]);
    if (r)
        return rca_diag_set(diag, r, "", 0,
                            "cannot start '%s' in a network namespace: %s",
                            cast[role].name, rca_strerror(r));
    r = demo_cgroup_enter(cast[role].cgroup, stage->pid[role]);
    if (r)
        return rca_diag_set(diag, r, "", 0,
                            "cannot move '%s' to its cgroup: %s",
                            cast[role].name, rca_strerror(r));
    return 0;
}

static int plug_in(const struct demo_stage *stage, enum demo_role role)
{
    pid_t hub = stage->pid[DEMO_SWITCH], pid = stage->pid[role];
    const char *name = cast[role].name;
    char line[256];
    int r;

    (void)snprintf(line, sizeof(line),
                   "ip link add %s type veth peer name eth0 netns %d", name,
                   (int)pid);
    r = demo_run(hub, line);
    (void)snprintf(line, sizeof(line), "ip link set %s master br0 up", name);
    r = r ? r : demo_run(hub, line);
    (void)snprintf(line, sizeof(line), "ip address add 10.88.0.%u/24 dev eth0",
                   cast[role].address);
    r = r ? r : demo_run(pid, line);
    r = r ? r : demo_run(pid, "ip link set eth0 up");
    return r ? r : demo_run(pid, "ip link set lo up");
}

static int wire(const struct demo_stage *stage, struct rca_diag *diag)
{
    pid_t hub = stage->pid[DEMO_SWITCH];
    int r = demo_run(hub, "ip link add br0 type bridge");

    r = r ? r : demo_run(hub, "ip link set br0 up");
    for (size_t i = 0; i < DEMO_ROLE_COUNT && !r; i++) {
        if (cast[i].address)
            r = plug_in(stage, (enum demo_role)i);
    }
    if (r)
        return rca_diag_set(diag, r, "", 0,
                            "cannot make the demonstration's network with "
                            "'ip' (package iproute2): %s",
                            rca_strerror(r));
    return 0;
}

static int make_groups(struct rca_diag *diag)
{
    int r = demo_cgroup_make("pod");

    for (size_t i = 0; i < DEMO_ROLE_COUNT && !r; i++)
        r = demo_cgroup_make(cast[i].cgroup);
    if (r)
        return rca_diag_set(diag, r, "", 0, "cannot make cgroups: %s",
                            rca_strerror(r));
    if (demo_cgroup_quota("pod", POD_CORES))
        rca_log(RCA_LOG_INFO, "no processor quota for cgroups, and go on");
    return 0;
}

static int make_data(const struct demo_stage *stage, struct rca_diag *diag)
{
    char block[65536];
    int fd = open(stage->data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : 0;

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)(i * 31);
    for (long done = 0; !r && done < DEMO_DATA_BYTES;
         done += (long)sizeof(block)) {
        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
            r = errno ? -errno : -EIO;
    }
    if (!r && fsync(fd))
        r = -errno;
    if (fd >= 0) {
        /* out of the cache: its pages are to belong to the reader's cgroup */
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        (void)close(fd);
    }
    if (r)
        return rca_diag_set(diag, r, stage->data, 0, "cannot be written: %s",
                            rca_strerror(r));
    return 0;
}

static int begin(struct demo_stage *stage, int go, struct rca_diag *diag)
{
    static const char bytes[DEMO_ROLE_COUNT];

    if (write(go, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
        return -errno;
    for (int i = 0; i < 100; i++) {
        if (atomic_load(&stage->control->served[DEMO_CLIENT]) > 10)
            return 0;
        (void)usleep(100000);
    }
    return rca_diag_set(diag, -ETIMEDOUT, "", 0,
                        "the demonstration's application does not answer");
}

static int open_stage(struct demo_stage *stage, const int go[2],
                      struct rca_diag *diag)
{
    int r;

    stage->control = mmap(NULL, sizeof(*stage->control), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage->control == MAP_FAILED) {
        stage->control = NULL;
        return -ENOMEM;
    }
    atomic_store(&stage->control->load_per_s, DEMO_LOAD_PER_S);

    r = make_data(stage, diag);
    r = r ? r : make_groups(diag);
    for (size_t i = 0; i < DEMO_ROLE_COUNT && !r; i++)
        r = start(stage, (enum demo_role)i, go[0], diag);
    r = r ? r : wire(stage, diag);
    return r ? r : begin(stage, go[1], diag);
}

/* One demonstration at a time: they would share cgroups. The lock goes with
 * the process, and children do not keep it. */
#define LOCK "/run/rca-demo.lock"

static int lock_stage(struct rca_diag *diag)
{
    int fd = open(LOCK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock all = {.l_type = F_WRLCK};

    if (fd < 0)
        return rca_diag_set(diag, -errno, LOCK, 0, "'%s' cannot be made: %s",
                            LOCK, rca_strerror(-errno));
    if (fcntl(fd, F_SETLK, &all) == 0)
        return fd;
    (void)close(fd);
    return rca_diag_set(diag, -EBUSY, LOCK, 0,
                        "another demonstration is running");
}

int demo_stage_open(const char *folder, struct rca_diag *diag,
                    struct demo_stage *ret_stage)
{
    struct demo_stage stage = {0};
    int go[2];
    int r = lock_stage(diag);

    if (r < 0)
        return r;
    stage.lock = r;
    (void)snprintf(stage.data, sizeof(stage.data), "%s/db.data", folder);
    if (pipe2(go, O_CLOEXEC)) {
        (void)close(stage.lock);
        return -errno;
    }
    (void)demo_cgroup_remove();
    r = open_stage(&stage, go, diag);
    (void)close(go[0]);
    (void)close(go[1]);
    if (r) {
        demo_stage_close(&stage);
        return r;
    }
    *ret_stage = stage;
    return 0;
}

void demo_stage_close(struct demo_stage *stage)
{
    for (size_t i = 0; i < DEMO_ROLE_COUNT; i++) {
        if (stage->pid[i] > 0)
            (void)kill(stage->pid[i], SIGKILL);
    }
    for (size_t i = 0; i < DEMO_ROLE_COUNT; i++) {
        if (stage->pid[i] > 0)
            (void)waitpid(stage->pid[i], NULL, 0);
        stage->pid[i] = 0;
    }
    (void)demo_cgroup_remove();
    if (stage->data[0])
        (void)unlink(stage->data);
    if (stage->control)
        (void)munmap(stage->control, sizeof(*stage->control));
    stage->control = NULL;
    if (stage->lock > 0)
        (void)close(stage->lock);
    stage->lock = 0;
}

int demo_stage_clean(struct rca_diag *diag)
{
    int fd = lock_stage(diag);
    int removed;

    if (fd < 0)
        return fd;
    removed = demo_cgroup_remove();
    (void)close(fd);
    return removed;
}
