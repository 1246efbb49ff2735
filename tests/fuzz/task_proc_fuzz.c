/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the parsers of /proc/PID take from any bytes stays within bounds. */

#include "collector/task_proc.h"

#include <string.h>

#include "tests/harness/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char path[RCA_CGROUP_PATH_MAX];
    struct rca_task task;
    uint64_t cpu, wait;

    if (!rca_task_parse_cgroup(text, size, path) &&
        (path[0] == '/' || !memchr(path, 0, sizeof(path))))
        abort();
    if (!rca_task_parse_stat(text, size, 100, &task) &&
        !memchr(task.comm, 0, sizeof(task.comm)))
        abort();
    if (!rca_task_parse_schedstat(text, size, &cpu, &wait) && size < 3)
        abort();
    return 0;
}
