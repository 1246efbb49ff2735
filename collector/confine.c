/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "graph/base/log.h"

#define GIVEN_UP "privileges given up"

/* --- the start ------------------------------------------------------------ */

/* What the helper would be for. */
static _Bool has_any(void)
{
    return rca_privileges_has(CAP_SYS_ADMIN) ||
           rca_privileges_has(CAP_NET_ADMIN) ||
           rca_privileges_has(CAP_SYS_PTRACE);
}

static int start_helper(const struct rca_confine_options *options,
                        struct rca_diag *diag, struct rca_confine *confine)
{
    const struct rca_privileged_options how = {
        .uid = confine->user.uid,
        .gid = confine->user.gid,
        .ovs = options->ovs,
        .allow_changes = options->allow_changes,
    };
    const int r = rca_privileged_start(&how, &confine->helper);

    return r < 0 ? rca_diag_set(diag, r, "", 0,
                                "the privileged helper does not start: %s",
                                rca_strerror(r))
                 : 0;
}

int rca_confine_begin(const struct rca_confine_options *options,
                      struct rca_diag *diag, struct rca_confine *ret_confine)
{
    struct rca_confine confine = {.keep = options->keep,
                                  .allow_changes = options->allow_changes};
    int r = 0;

    if (options->allow_changes && (options->keep || geteuid() != 0))
        return rca_diag_set(diag, RCA_ENOSUPPORT, "", 0,
                            "--allow-system-changes needs root, and a helper "
                            "to undo them: not with --keep-privileges");
    if (!options->keep)
        r = rca_user_find(options->user, diag, &confine.user);
    if (r == 0 && !options->keep && has_any())
        r = start_helper(options, diag, &confine);
    if (r == 0)
        *ret_confine = confine;
    return r;
}

void rca_confine_end(struct rca_confine *confine)
{
    rca_privileged_stop(&confine->helper);
}

/* --- files ---------------------------------------------------------------- */

/* By a descriptor that neither follows a link nor, when closed, drops the
 * locks that SQLite has on the file. */
static int give(const char *path, mode_t type, const struct rca_user *user)
{
    const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    int r = 0;

    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? 0 : -errno;
    if (fstat(fd, &st) ||
        (st.st_uid == 0 && (st.st_mode & S_IFMT) == type &&
         (type == S_IFDIR || st.st_nlink == 1) &&
         fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH)))
        r = -errno;
    (void)close(fd);
    return r;
}

void rca_confine_files(const struct rca_confine *confine, const char *db,
                       _Bool folder)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    const char *slash = strrchr(db, '/');
    char path[PATH_MAX];
    int r = 0;

    if (confine->keep || geteuid() != 0)
        return;
    for (size_t i = 0; r == 0 && i < RCA_ARRAY_SIZE(ends); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", db, ends[i]);
        r = give(path, S_IFREG, &confine->user);
    }
    if (r == 0 && folder && slash) {
        (void)snprintf(path, sizeof(path), "%.*s", (int)(slash - db), db);
        r = give(path, S_IFDIR, &confine->user);
    }
    if (r < 0)
        rca_log(RCA_LOG_WARN, "cannot give '%s' to user '%s' and go on: %s",
                path, confine->user.name, rca_strerror(r));
}

/* --- giving up ------------------------------------------------------------ */

static void turn_on(const struct rca_confine *confine)
{
    static const char *const names[] = {
        [RCA_SETTING_DELAYACCT] = "kernel.task_delayacct",
        [RCA_SETTING_CONNTRACK_ACCT] = "net.netfilter.nf_conntrack_acct",
    };

    for (int i = 0; i < RCA_SETTING_COUNT; i++) {
        const int r =
            rca_privileged_turn_on(confine->helper, (enum rca_setting)i);

        if (r < 0 && r != -ENOENT)
            rca_log(RCA_LOG_WARN, "cannot turn on %s and go on: %s", names[i],
                    rca_strerror(r));
    }
}

static void show_given_up(const struct rca_confine *confine, uint64_t kept,
                          _Bool filtered, struct rca_observer *obs)
{
    char how[128];

    if (confine->keep) {
        rca_observer_feature(obs, GIVEN_UP, RCA_FEATURE_OFF,
                             "--keep-privileges",
                             "safety: the collector could change this host");
        return;
    }
    (void)snprintf(how, sizeof(how), "user %s, %s, %s", confine->user.name,
                   kept ? "CAP_BPF for this old kernel" : "no capabilities",
                   filtered ? "seccomp" : "no seccomp in this kernel");
    rca_observer_feature(obs, GIVEN_UP, RCA_FEATURE_ON, how, "");
}

static void show_helper(const struct rca_confine *confine,
                        struct rca_observer *obs)
{
    char how[96];

    if (!confine->helper)
        return;
    (void)snprintf(how, sizeof(how), "process %d",
                   rca_privileged_pid(confine->helper));
    rca_observer_feature(obs, RCA_PRIVILEGED_FEATURE, RCA_FEATURE_ON, how, "");
}

_Bool rca_confine_bpf(const char *release, int disabled)
{
    char *end = NULL;
    const unsigned long major = strtoul(release, &end, 10);
    const unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

    return disabled > 0 && (major < 5 || (major == 5 && minor < 19));
}

/* Capabilities to keep: none, if the kernel lets us. */
static uint64_t to_keep(void)
{
    struct utsname uts = {0};
    char text[4] = "0";
    const int fd = open("/proc/sys/kernel/unprivileged_bpf_disabled",
                        O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!read(fd, text, sizeof(text) - 1);
        (void)close(fd);
    }
    if (uname(&uts) || !rca_confine_bpf(uts.release, text[0] - '0'))
        return 0;
    return UINT64_C(1) << CAP_BPF;
}

int rca_confine_enter(const struct rca_confine *confine,
                      struct rca_observer *obs, struct rca_diag *diag)
{
    const uint64_t keep = to_keep();
    int r = 0;

    rca_observer_set_privileged(obs, confine->helper);
    show_helper(confine, obs);
    if (confine->keep) {
        show_given_up(confine, 0, 0, obs);
        return 0;
    }
    if (confine->allow_changes)
        turn_on(confine);
    r = rca_privileges_reduce(confine->user.uid, confine->user.gid, keep);
    if (r < 0)
        return rca_diag_set(diag, r, "", 0, "cannot give up privileges: %s",
                            rca_strerror(r));
    r = rca_privileges_filter_collector();
    if (r < 0 && r != RCA_ENOSUPPORT)
        return rca_diag_set(diag, r, "", 0, "cannot filter system calls: %s",
                            rca_strerror(r));
    show_given_up(confine, keep, r == 0, obs);
    return 0;
}
