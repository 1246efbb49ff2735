/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/disk_probe.h"

#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/disk.skel.h"

#define BATCH 64

struct rca_disk_probe {
    struct disk_bpf *skel; /* owned */
    enum rca_disk_hook hook;
    _Bool attached;
    /* room for a batch of either map */
    struct rca_disk_key keys[BATCH];
    struct rca_disk_io ios[BATCH];
    struct rca_disk_user users[BATCH];
    struct rca_disk_use uses[BATCH];
};

void rca_disk_probe_close(struct rca_disk_probe **probe)
{
    struct rca_disk_probe *p = *probe;

    *probe = NULL;
    if (!p)
        return;
    disk_bpf__destroy(p->skel);
    free(p);
}

static void choose(struct disk_bpf *skel, _Bool raw)
{
    (void)bpf_program__set_autoload(skel->progs.on_insert, !raw);
    (void)bpf_program__set_autoload(skel->progs.on_issue, !raw);
    (void)bpf_program__set_autoload(skel->progs.on_complete, !raw);
    (void)bpf_program__set_autoload(skel->progs.on_insert_raw, raw);
    (void)bpf_program__set_autoload(skel->progs.on_issue_raw, raw);
    (void)bpf_program__set_autoload(skel->progs.on_complete_raw, raw);
}

static int attach(struct rca_disk_probe *p)
{
    const int r = disk_bpf__attach(p->skel);

    p->attached = r == 0;
    return r;
}

int rca_disk_probe_open(enum rca_disk_hook hook,
                        struct rca_disk_probe **ret_probe)
{
    struct rca_disk_probe *p RCA_CLEANUP(rca_disk_probe_close) =
        calloc(1, sizeof(*p));
    int r;

    if (!p)
        return -ENOMEM;
    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    p->hook = hook;
    p->skel = disk_bpf__open();
    if (!p->skel)
        return -errno;
    choose(p->skel, hook == RCA_DISK_HOOK_RAW_TP);
    r = disk_bpf__load(p->skel);
    if (r == 0)
        r = attach(p);
    if (r < 0)
        return r;
    p->skel->bss->epoch = 1; /* 0 is what entries begin with */
    *ret_probe = RCA_TAKE(p);
    return 0;
}

int rca_disk_probe_attach(struct rca_disk_probe *probe, _Bool on)
{
    if (on)
        return probe->attached ? 0 : attach(probe);
    disk_bpf__detach(probe->skel);
    probe->attached = 0;
    return 0;
}

uint32_t rca_disk_probe_epoch(struct rca_disk_probe *probe)
{
    return __atomic_fetch_add(&probe->skel->bss->epoch, 1, __ATOMIC_RELAXED);
}

int rca_disk_probe_read(struct rca_disk_probe *p, rca_disk_visit_io *visit,
                        void *arg)
{
    const int fd = bpf_map__fd(p->skel->maps.disks);
    uint32_t at = 0, n;
    int more = 1, r;

    for (int first = 1; more; first = 0) {
        n = BATCH;
        r = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, p->keys, p->ios,
                                 &n, NULL);
        more = r == 0;
        if (r && errno != ENOENT)
            return -errno;
        for (uint32_t i = 0; i < n; i++) {
            r = visit(arg, &p->keys[i], &p->ios[i]);
            if (r)
                return r;
        }
    }
    return 0;
}

int rca_disk_probe_users(struct rca_disk_probe *p, rca_disk_visit_use *visit,
                         void *arg)
{
    const int fd = bpf_map__fd(p->skel->maps.users);
    uint32_t at = 0, n;
    int more = 1, r;

    for (int first = 1; more; first = 0) {
        n = BATCH;
        r = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, p->users, p->uses,
                                 &n, NULL);
        more = r == 0;
        if (r && errno != ENOENT)
            return -errno;
        for (uint32_t i = 0; i < n; i++) {
            r = visit(arg, &p->users[i], &p->uses[i]);
            if (r)
                return r;
        }
    }
    return 0;
}

void rca_disk_probe_forget(struct rca_disk_probe *probe,
                           const struct rca_disk_user *user)
{
    (void)bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.users), user);
}

struct rca_disk_losses rca_disk_probe_losses(const struct rca_disk_probe *probe)
{
    return (struct rca_disk_losses){.disks = probe->skel->bss->lost,
                                    .users = probe->skel->bss->nobody,
                                    .untimed = probe->skel->bss->untimed};
}

size_t rca_disk_probe_programs(const struct rca_disk_probe *probe, int *fds,
                               size_t max)
{
    const struct bpf_program *progs[] = {
        probe->skel->progs.on_insert,    probe->skel->progs.on_issue,
        probe->skel->progs.on_complete,  probe->skel->progs.on_insert_raw,
        probe->skel->progs.on_issue_raw, probe->skel->progs.on_complete_raw,
    };
    size_t n = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(progs) && n < max; i++) {
        const int fd = bpf_program__fd(progs[i]);

        if (fd >= 0)
            fds[n++] = fd;
    }
    return n;
}
