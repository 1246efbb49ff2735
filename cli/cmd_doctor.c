/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/capability.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/trace/probe.h"
#include "collector/collect.h"
#include "collector/privileges.h"

static const struct rca_usage usage = {
    "doctor",
    "rca doctor [--profile P] [--without HOOK,...] [--hooks]",
    "Try every source on this host, and what 'rca trace' needs, and print what\n"
    "works and how: on, twin (by the second choice of hook) or off, then with the\n"
    "reason, what is not seen without it, and how to have it. Exit 5 if nothing\n"
    "of eBPF works.",
    "  sudo rca doctor\n"
    "  sudo rca doctor --profile light\n"
    "  sudo rca doctor --hooks\n",
};

/** Kernels on which the project's own tests were run (README.md). */
static const char tested[] = "6.18, 6.12, 6.1";

/* What each capability is for at the start; docs/SECURITY.md. */
static const struct {
    unsigned cap;
    const char *name, *lost;
} caps[] = {
    {CAP_BPF, "CAP_BPF", "nearly all: no eBPF program can be loaded"},
    {CAP_PERFMON, "CAP_PERFMON", "nearly all: no eBPF program can be loaded"},
    {CAP_NET_ADMIN, "CAP_NET_ADMIN", "firewall rules, conntrack tables"},
    {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "inside other network namespaces"},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "namespaces without a name"},
};

static void print_privileges(const struct rca_config *config)
{
    struct rca_user user;
    _Bool any = 0;

    printf("privileges");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(caps); i++) {
        const _Bool has = rca_privileges_has(caps[i].cap);

        any = any || has;
        if (has)
            printf(" %s", caps[i].name);
    }
    printf("%s\n", any ? "" : " none");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(caps); i++) {
        if (!rca_privileges_has(caps[i].cap))
            printf("privileges lack %s; not seen: %s\n", caps[i].name,
                   caps[i].lost);
    }
    if (any && rca_user_find(config->user, NULL, &user) == 0)
        printf("helper    keeps a few of them; collecting goes on as user %s, "
               "with none\n",
               user.name);
}

static void print_host(const struct rca_config *config)
{
    struct utsname uts;

    if (uname(&uts))
        return;
    printf("kernel    %s %s (tested on %s)\n", uts.release, uts.machine,
           tested);
    printf("types     %s\n", access("/sys/kernel/btf/vmlinux", R_OK)
                                 ? "no BTF: eBPF programs cannot be fitted to "
                                   "this kernel (CONFIG_DEBUG_INFO_BTF)"
                                 : "/sys/kernel/btf/vmlinux");
    printf("user      %s\n",
           geteuid() == 0 ? "root"
                          : "not root: run 'sudo rca doctor' to see what "
                            "root could watch");
    print_privileges(config);
    printf("profile   %s\n", rca_profile_name(config->profile));
}

/* What to do about a feature that is off, by how its source says why. */
static const char *hint(const struct rca_feature *f)
{
    static const struct {
        const char *why, *what;
    } hints[] = {
        {"'without'", "leave it out of --without and of the configuration"},
        {"'light'", "--profile standard"},
        {"'standard'", "--deep 60s, or --profile deep"},
        {"'deep'", "--deep 60s, or --profile deep"},
        {"CAP_", "run as root, or with that capability"},
        {"not permitted", "run as root"},
        {"Permission denied", "run as root"},
        {"cgroup v2 is not mounted",
         "boot with systemd.unified_cgroup_hierarchy=1"},
        {"pressure", "boot with psi=1 (CONFIG_PSI)"},
        {"BTF", "a kernel with CONFIG_DEBUG_INFO_BTF"},
        {"nf_tables", "modprobe nf_tables"},
        {"ctnetlink", "modprobe nf_conntrack_netlink"},
        {"kernel", "another kernel"},
        {"needs ", "another kernel"},
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(hints); i++) {
        if (strstr(f->how, hints[i].why))
            return hints[i].what;
    }
    return NULL;
}

static const char *state_name(enum rca_feature_state state)
{
    switch (state) {
    case RCA_FEATURE_ON:
        return "on";
    case RCA_FEATURE_TWIN:
        return "twin";
    case RCA_FEATURE_OFF:
        break;
    }
    return "off";
}

/* Whether a hook of eBPF is in use, by how the sources name it. */
static _Bool is_ebpf(const struct rca_feature *f)
{
    static const char *const hooks[] = {"iter/",   "tp_btf/", "raw_tp/",
                                        "fentry",  "kprobe",  "tp/",
                                        "sockops", "skb/"};

    if (f->state == RCA_FEATURE_OFF)
        return 0;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(hooks); i++) {
        if (strstr(f->how, hooks[i]))
            return 1;
    }
    return 0;
}

static void print_feature(const struct rca_feature *f)
{
    const char *what = hint(f);

    printf("%-38s %-5s %s\n", f->name, state_name(f->state), f->how);
    if (f->state != RCA_FEATURE_OFF)
        return;
    if (f->lost[0])
        printf("%-38s       not seen: %s\n", "", f->lost);
    if (what)
        printf("%-38s       to have it: %s\n", "", what);
}

#define TRACE_FEATURES 64

/* What a capture of packets would see here. */
static int print_trace(const struct rca_config *config)
{
    struct rca_feature features[TRACE_FEATURES];
    size_t n;
    const int r =
        rca_trace_probe(config->without, features, TRACE_FEATURES, &n);

    for (size_t i = 0; r == 0 && i < n; i++)
        print_feature(&features[i]);
    return r;
}

static int print_hooks(const struct rca_hooks *hooks)
{
    for (size_t i = 0; i < hooks->n; i++)
        printf("%s\t%s\t%s\n", hooks->items[i].name, hooks->items[i].source,
               hooks->items[i].off ? "off" : "on");
    return RCA_EXIT_DONE;
}

int rca_cmd_doctor(struct rca_cli *cli, int argc, char **argv)
{
    struct rca_watch_args watch = {.profile = -1};
    _Bool only_hooks = 0;
    const struct rca_arg args[] = {
        {"profile", 'p', RCA_ARG_CHOICE, "P", &watch.profile,
         rca_profile_choices, "as that of 'rca collect'"},
        {"without", 0, RCA_ARG_TEXT, "HOOK,...", &watch.without, NULL,
         "as that of 'rca collect'"},
        {"hooks", 0, RCA_ARG_FLAG, NULL, &only_hooks, NULL,
         "only list what 'without' can name, with its source"},
        {0},
    };
    struct rca_hooks hooks RCA_CLEANUP(rca_hooks_done) = {0};
    struct rca_diag diag = {0};
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = NULL;
    const struct rca_feature *f;
    _Bool ebpf = 0;
    size_t n;
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    if (r < 0)
        r = rca_watch_apply(&watch, "doctor", &cli->config);
    if (r >= 0)
        return r;
    r = rca_collect_probe(&cli->config, &diag, &obs, &hooks);
    if (r)
        return rca_say("cannot look", &diag, r);
    if (only_hooks)
        return print_hooks(&hooks);

    print_host(&cli->config);
    f = rca_observer_features(obs, &n);
    printf("\n%-38s %-5s %s\n", "feature", "state", "how, or why not");
    for (size_t i = 0; i < n; i++) {
        print_feature(&f[i]);
        ebpf |= is_ebpf(&f[i]);
    }
    r = print_trace(&cli->config);
    if (r)
        return rca_say("cannot look", NULL, r);
    if (!ebpf)
        printf("\nnothing of eBPF works: requests, latency and calls are not "
               "seen\n");
    return ebpf ? RCA_EXIT_DONE : RCA_EXIT_MISSING;
}
