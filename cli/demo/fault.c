/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/demo/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
    [DEMO_FAULT_CPU] = "cpu",       [DEMO_FAULT_LOSS] = "loss",
    [DEMO_FAULT_LINK] = "link",     [DEMO_FAULT_SLOW] = "slow",
    [DEMO_FAULT_ERRORS] = "errors", [DEMO_FAULT_SURGE] = "surge",
    [DEMO_FAULT_FREEZE] = "freeze", [DEMO_FAULT_MEMORY] = "memory",
};
static_assert(RCA_ARRAY_SIZE(names) == DEMO_FAULT_COUNT,
              "every fault has a name");

/* How hard each one hits: enough to be felt at the frontend, no more. */
#define SLOW_US 25000
#define ERRORS_PERMILLE 300
#define SURGE_FACTOR 8
#define LOSS_PERCENT 6
#define LINK_HEADROOM 1.1 /* of what the link carries now */
#define FROZEN_US 350000
#define RUNNING_US 650000
#define MEMORY_BYTES (DEMO_DATA_BYTES / 3)

const char *demo_fault_name(enum demo_fault fault)
{
    return names[fault];
}

int demo_fault_parse(const char *name, enum demo_fault *ret)
{
    for (size_t i = 0; i < DEMO_FAULT_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum demo_fault)i;
            return 0;
        }
    }
    return RCA_EUNKNOWN;
}

_Bool demo_fault_can_hit(enum demo_fault fault, enum demo_role target)
{
    switch (fault) {
    case DEMO_FAULT_CPU:
        return target == DEMO_CATALOG; /* its quota is shared */
    case DEMO_FAULT_MEMORY:
        return target == DEMO_DB; /* it lives from its cache */
    case DEMO_FAULT_SURGE:
        return target == DEMO_CLIENT;
    case DEMO_FAULT_LOSS:
    case DEMO_FAULT_LINK:
    case DEMO_FAULT_SLOW:
    case DEMO_FAULT_ERRORS:
    case DEMO_FAULT_FREEZE:
        return target >= DEMO_CART && target <= DEMO_DB;
    case DEMO_FAULT_COUNT:
        break;
    }
    return 0;
}

enum demo_role demo_fault_target(enum demo_fault fault, unsigned choice)
{
    enum demo_role can[DEMO_ROLE_COUNT] = {0};
    unsigned n = 0;

    for (unsigned i = 0; i < DEMO_ROLE_COUNT; i++) {
        if (demo_fault_can_hit(fault, (enum demo_role)i))
            can[n++] = (enum demo_role)i;
    }
    return can[n ? choice % n : 0];
}

static void accept_name(struct demo_injection *in, enum rca_kind kind,
                        const char *prefix, const char *name)
{
    size_t i = in->n_truths++;

    in->truths[i].kind = kind;
    (void)snprintf(in->truths[i].name, sizeof(in->truths[i].name), "%s%s",
                   prefix, name);
}

static int burn(const struct demo_stage *stage, struct demo_injection *in)
{
    /* without a quota to share there is nothing to take away */
    int r = demo_cgroup_quota("pod", 0.5);

    if (r)
        return r;
    (void)snprintf(in->what, sizeof(in->what),
                   "the batch job eats the processor quota that it shares "
                   "with %s",
                   demo_role_name(in->target));
    accept_name(in, RCA_KIND_CGROUP, DEMO_CGROUP "/pod/", "batch");
    atomic_store(&stage->control->hogs, 2);
    return 0;
}

static int drop(const struct demo_stage *stage, struct demo_injection *in)
{
    const char *name = demo_role_name(in->target);
    pid_t pid = stage->pid[in->target];
    char line[200];
    int r = demo_run(pid, "nft add table ip filter");

    r = r ? r
          : demo_run(pid, "nft add chain ip filter input "
                          "{ type filter hook input priority 0 ; }");
    (void)snprintf(line, sizeof(line),
                   "nft add rule ip filter input meta l4proto tcp "
                   "numgen random mod 100 < %d counter drop",
                   LOSS_PERCENT);
    r = r ? r : demo_run(pid, line);
    if (r)
        return r;
    (void)snprintf(in->what, sizeof(in->what),
                   "an nftables rule drops %d %% of the packets to %s",
                   LOSS_PERCENT, name);
    accept_name(in, RCA_KIND_RULE, name, ":");
    accept_name(in, RCA_KIND_NIC, name, "/eth0");
    accept_name(in, RCA_KIND_NIC, "switch/", name);
    accept_name(in, RCA_KIND_NETNS, "", name);
    return 0;
}

/* Bytes sent on eth0 so far, in the network namespace of @pid; or -1. */
static double sent_bytes(pid_t pid)
{
    char path[64], line[512];
    double sent = -1;
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        char *at = strstr(line, "eth0:");

        for (int field = 0; at && field < 9; field++) { /* the 9th: sent */
            at = strpbrk(at, " :");
            at = at ? at + strspn(at, " :") : NULL;
        }
        if (at)
            sent = strtod(at, NULL);
    }
    if (f)
        (void)fclose(f);
    return sent;
}

static int narrow(const struct demo_stage *stage, struct demo_injection *in)
{
    const char *name = demo_role_name(in->target);
    pid_t pid = stage->pid[in->target];
    double rate, before = sent_bytes(pid);
    char line[160];
    int r;

    (void)sleep(3);
    rate = LINK_HEADROOM * 8 * (sent_bytes(pid) - before) / 3;
    (void)snprintf(line, sizeof(line),
                   "tc qdisc replace dev eth0 root tbf rate %.0fbit "
                   "burst 2000 limit 60000",
                   rate);
    r = demo_run(pid, line);
    if (r)
        return r;
    (void)snprintf(in->what, sizeof(in->what),
                   "the link of %s is limited to %.1f Mbit/s", name,
                   1e-6 * rate);
    accept_name(in, RCA_KIND_QDISC, name, "/eth0:tbf");
    accept_name(in, RCA_KIND_NIC, name, "/eth0");
    return 0;
}

static int freeze(const struct demo_stage *stage, struct demo_injection *in)
{
    const char *name = demo_role_name(in->target);
    pid_t pid = stage->pid[in->target];

    in->helper = fork();
    if (in->helper < 0)
        return -errno;
    while (in->helper == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (kill(pid, SIGSTOP))
            _exit(1);
        (void)usleep(FROZEN_US);
        (void)kill(pid, SIGCONT);
        (void)usleep(RUNNING_US);
    }
    (void)snprintf(in->what, sizeof(in->what),
                   "%s is stopped for %d ms every second", name,
                   FROZEN_US / 1000);
    accept_name(in, RCA_KIND_SERVICE, "", name);
    return 0;
}

static int squeeze(struct demo_injection *in)
{
    int r = demo_cgroup_memory(demo_role_name(in->target), MEMORY_BYTES);

    if (r)
        return r;
    (void)snprintf(in->what, sizeof(in->what),
                   "the cgroup of %s may keep only %ld MiB of its %ld MiB "
                   "file in memory",
                   demo_role_name(in->target), MEMORY_BYTES >> 20,
                   DEMO_DATA_BYTES >> 20);
    accept_name(in, RCA_KIND_CGROUP, DEMO_CGROUP "/",
                demo_role_name(in->target));
    return 0;
}

static int ask(const struct demo_stage *stage, struct demo_injection *in)
{
    struct demo_control *control = stage->control;
    const char *name = demo_role_name(in->target);

    if (in->fault == DEMO_FAULT_SLOW) {
        atomic_store(&control->slow_us[in->target], SLOW_US);
        (void)snprintf(in->what, sizeof(in->what),
                       "%s needs %d ms more for each request", name,
                       SLOW_US / 1000);
        accept_name(in, RCA_KIND_SERVICE, "", name);
    } else if (in->fault == DEMO_FAULT_ERRORS) {
        atomic_store(&control->errors_permille[in->target], ERRORS_PERMILLE);
        (void)snprintf(in->what, sizeof(in->what),
                       "%d %% of the replies of %s are errors",
                       ERRORS_PERMILLE / 10, name);
        accept_name(in, RCA_KIND_SERVICE, "", name);
    } else {
        atomic_store(&control->load_per_s, SURGE_FACTOR * DEMO_LOAD_PER_S);
        (void)snprintf(in->what, sizeof(in->what),
                       "%s sends %d requests/s, not %d", name,
                       SURGE_FACTOR * DEMO_LOAD_PER_S, DEMO_LOAD_PER_S);
        accept_name(in, RCA_KIND_CLIENT, "", name);
    }
    return 0;
}

static const char *missing(enum demo_fault fault)
{
    switch (fault) {
    case DEMO_FAULT_CPU:
        return "needs processor quotas for cgroups";
    case DEMO_FAULT_LOSS:
        return "needs 'nft' (package nftables) and numgen in the kernel";
    case DEMO_FAULT_LINK:
        return "needs 'tc' (package iproute2) and tbf in the kernel";
    case DEMO_FAULT_MEMORY:
        return "needs memory limits for cgroups";
    case DEMO_FAULT_SLOW:
    case DEMO_FAULT_ERRORS:
    case DEMO_FAULT_SURGE:
    case DEMO_FAULT_FREEZE:
    case DEMO_FAULT_COUNT:
        break;
    }
    return "cannot be injected";
}

int demo_fault_inject(const struct demo_stage *stage, enum demo_fault fault,
                      enum demo_role target, struct rca_diag *diag,
                      struct demo_injection *ret_injection)
{
    struct demo_injection in = {.fault = fault, .target = target};
    int r;

    if (fault == DEMO_FAULT_CPU)
        r = burn(stage, &in);
    else if (fault == DEMO_FAULT_LOSS)
        r = drop(stage, &in);
    else if (fault == DEMO_FAULT_LINK)
        r = narrow(stage, &in);
    else if (fault == DEMO_FAULT_FREEZE)
        r = freeze(stage, &in);
    else if (fault == DEMO_FAULT_MEMORY)
        r = squeeze(&in);
    else
        r = ask(stage, &in);
    if (r)
        return rca_diag_set(diag, RCA_ENOSUPPORT, "", 0, "fault '%s' %s",
                            names[fault], missing(fault));

    *ret_injection = in;
    return 0;
}

void demo_fault_end(struct demo_injection *in)
{
    if (in->helper <= 0)
        return;
    (void)kill(in->helper, SIGKILL);
    (void)waitpid(in->helper, NULL, 0);
    in->helper = 0;
}

_Bool demo_fault_is(const struct demo_injection *in, enum rca_kind kind,
                    const char *name)
{
    for (size_t i = 0; i < in->n_truths; i++) {
        const char *want = in->truths[i].name;

        if (in->truths[i].kind != kind)
            continue;
        if (strcmp(name, want) == 0 ||
            (kind == RCA_KIND_RULE && strncmp(name, want, strlen(want)) == 0))
            return 1;
    }
    return 0;
}
