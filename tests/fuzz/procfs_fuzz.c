/* SPDX-License-Identifier: GPL-3.0-or-later */

/* procfs_fuzz - any bytes to every reader of kernel text. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cgroup.h"
#include "collector/cgroup_io.h"
#include "tests/harness/fuzz.h"

static void must(int truth)
{
    if (!truth)
        abort();
}

static void read_disks(const char *text, size_t size)
{
    struct rca_disk_line d;
    size_t pos = 0, next;

    while ((next = rca_procfs_disk(text, size, pos, &d))) {
        must(next > pos && next <= size);
        must(d.name[0] && strlen(d.name) < sizeof(d.name));
        pos = next;
    }
}

static void read_mounts(const char *text, size_t size)
{
    static struct rca_mount m;
    size_t pos = 0, next;

    while ((next = rca_procfs_mount(text, size, pos, &m))) {
        must(next > pos && next <= size);
        must(m.point[0] && strnlen(m.point, RCA_MOUNT_PATH) < RCA_MOUNT_PATH);
        must(m.type[0] && strnlen(m.type, 32) < 32);
        pos = next;
    }
}

static void read_cgroup(const char *text, size_t size)
{
    double values[RCA_CGROUP_VALUES];

    for (unsigned i = 0; i < RCA_CGROUP_VALUES; i++)
        values[i] = NAN;
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++)
        rca_cgroup_parse(i, text, size, values);
    rca_cgroup_finish(values);
    for (unsigned i = 0; i < RCA_CGROUP_VALUES; i++)
        must(isnan(values[i]) || values[i] >= 0);
}

static void read_io(const char *text, size_t size)
{
    struct rca_io io = {.n = 0};

    rca_io_stat(text, size, &io);
    rca_io_max(text, size, &io);
    rca_io_v1_done(text, size, 1, &io);
    rca_io_v1_limit(text, size, RCA_IO_WRITES, &io);
    must(io.n <= RCA_IO_DISKS);
    for (unsigned i = 0; i < RCA_IO_COUNTS; i++) {
        const double lowest = rca_io_lowest(&io, (enum rca_io_count)i);

        must(isnan(lowest) || (lowest > 0 && rca_io_limited(&io)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[RCA_CGROUP_TREES][RCA_MOUNT_PATH];
    const char *text = (const char *)data;
    struct rca_cpu_ticks all, cpus[8] = {{0}};
    struct rca_cpu_modes modes;
    struct rca_loadavg load;
    struct rca_field f[] = {{.key = "ctxt"}, {.key = "MemAvailable"}};

    (void)!rca_procfs_cpus(text, size, &all, cpus, 8);
    (void)!rca_procfs_cpu_modes(text, size, &modes);
    must(rca_procfs_loadavg(text, size, &load) || load.load >= 0);
    must(rca_procfs_fields(text, size, f, 2) ==
         (size_t)f[0].found + (size_t)f[1].found);
    read_disks(text, size);
    read_mounts(text, size);
    read_cgroup(text, size);
    read_io(text, size);
    rca_procfs_cgroup_mounts(text, size, path);
    for (unsigned i = 0; i < RCA_CGROUP_TREES; i++)
        must(strnlen(path[i], RCA_MOUNT_PATH) < RCA_MOUNT_PATH);
    return 0;
}
