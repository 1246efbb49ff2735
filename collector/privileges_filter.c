/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/privileges.h"

/*
 * The collector's list is wide where a C library may come to use another call
 * in its next version, and what is not on it fails with EPERM, so that a library
 * nobody thought of costs a feature and not the collector. The helper's is what
 * its verbs need, and all else ends it.
 */

#ifdef __SANITIZE_ADDRESS__
/* Its search for leaks at the end traces the process: given up with the rest. */
int __lsan_is_turned_off(void); /* NOLINT: the name is the sanitizer's */
int __lsan_is_turned_off(void) /* NOLINT */
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
}
#endif

static void release(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

static int add(scmp_filter_ctx filter, uint32_t action, const int *calls,
               size_t n)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        r = seccomp_rule_add(filter, action, calls[i], 0);
        if (r == -EDOM) /* not a call of this machine */
            r = 0;
    }
    return r;
}

/* Allow @call where argument @arg has one of @values. */
static int add_values(scmp_filter_ctx filter, int call, unsigned arg,
                      const uint64_t *values, size_t n)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        const struct scmp_arg_cmp is = {arg, SCMP_CMP_EQ, (uint32_t)values[i],
                                        0};

        r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &is);
    }
    return r;
}

static int load(scmp_filter_ctx filter)
{
    int r;

    /* a binary tree: ten comparisons a call, not a hundred */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    r = seccomp_load(filter);
    return r == -EINVAL || r == -ENOSYS || r == -ECANCELED ? RCA_ENOSUPPORT : r;
}

/* What every C program does: memory, time, descriptors, its end. */
static const int basics[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(pwrite64),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstatfs),
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(clock_getres),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(tgkill), /* of itself: abort(3) */
};

/* --- the collector -------------------------------------------------------- */

static const int collector_calls[] = {
    /* files: procfs, cgroupfs, and what SQLite does with a database */
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(dup),
    SCMP_SYS(dup3),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(utimensat),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchown),
    SCMP_SYS(flock),
    SCMP_SYS(umask),
    SCMP_SYS(msync),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(memfd_create),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(ioctl),
    /* waiting */
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(signalfd4),
    SCMP_SYS(pause),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigsuspend),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(setitimer),
    SCMP_SYS(alarm),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    SCMP_SYS(pipe2),
    /* itself and the machine */
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getpgrp),
    SCMP_SYS(getpgid),
    SCMP_SYS(getsid),
    SCMP_SYS(capget),
    SCMP_SYS(prctl),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(times),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrlimit),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(getcpu),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(membarrier),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(getpriority),
    SCMP_SYS(mincore),
    /* sockets: netlink, and that of the service manager */
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(shutdown),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendmmsg),
};

static const uint64_t families[] = {AF_UNIX, AF_NETLINK};

/* The read side, and attaching again what was loaded (a change of profile). */
static const uint64_t collector_bpf[] = {
    BPF_MAP_LOOKUP_ELEM,
    BPF_MAP_UPDATE_ELEM,
    BPF_MAP_DELETE_ELEM,
    BPF_MAP_GET_NEXT_KEY,
    BPF_MAP_LOOKUP_AND_DELETE_ELEM,
    BPF_MAP_LOOKUP_BATCH,
    BPF_MAP_LOOKUP_AND_DELETE_BATCH,
    BPF_MAP_UPDATE_BATCH,
    BPF_MAP_DELETE_BATCH,
    BPF_OBJ_GET_INFO_BY_FD,
    BPF_LINK_CREATE,
    BPF_LINK_UPDATE,
    BPF_LINK_DETACH,
    BPF_RAW_TRACEPOINT_OPEN,
    BPF_ITER_CREATE,
};

/* Never used by any library on its own account. */
static const int attacks[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setregid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(capset),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
};

/* A thread, but no process. */
static int add_clone(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp thread = {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD,
                                        CLONE_THREAD};

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                  &thread);
}

/* Its own limits may be read, not set: prlimit64(0, ..., NULL, ...). */
static int add_prlimit(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp to_read[] = {{0, SCMP_CMP_EQ, 0, 0},
                                           {2, SCMP_CMP_EQ, 0, 0}};

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64),
                                  RCA_ARRAY_SIZE(to_read), to_read);
}

int rca_privileges_filter_collector(void)
{
    scmp_filter_ctx filter RCA_CLEANUP(release) =
        seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int r;

    if (!filter)
        return -ENOMEM;
    r = add(filter, SCMP_ACT_ALLOW, basics, RCA_ARRAY_SIZE(basics));
    if (r == 0)
        r = add(filter, SCMP_ACT_ALLOW, collector_calls,
                RCA_ARRAY_SIZE(collector_calls));
    if (r == 0)
        r = add_values(filter, SCMP_SYS(socket), 0, families,
                       RCA_ARRAY_SIZE(families));
    if (r == 0)
        r = add_values(filter, SCMP_SYS(bpf), 0, collector_bpf,
                       RCA_ARRAY_SIZE(collector_bpf));
    if (r == 0)
        r = add_clone(filter);
    if (r == 0)
        r = add_prlimit(filter);
    if (r == 0)
        r = add(filter, SCMP_ACT_KILL_PROCESS, attacks,
                RCA_ARRAY_SIZE(attacks));
    return r < 0 ? r : load(filter);
}

/* --- the helper ----------------------------------------------------------- */

static const int helper_calls[] = {
    SCMP_SYS(setns),
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(memfd_create),
};

static const uint64_t helper_bpf[] = {BPF_LINK_CREATE, BPF_ENABLE_STATS};

static int add_open(scmp_filter_ctx filter, _Bool may_write)
{
    static const int flags = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;

    if (may_write)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 0);
    return seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
        SCMP_CMP32(2, SCMP_CMP_MASKED_EQ, (unsigned)flags, O_RDONLY));
}

int rca_privileges_filter_helper(_Bool may_write)
{
    static const uint64_t requests[] = {NS_GET_NSTYPE};
    scmp_filter_ctx filter RCA_CLEANUP(release) =
        seccomp_init(SCMP_ACT_KILL_PROCESS);
    int r;

    if (!filter)
        return -ENOMEM;
    r = add(filter, SCMP_ACT_ALLOW, basics, RCA_ARRAY_SIZE(basics));
    if (r == 0)
        r = add(filter, SCMP_ACT_ALLOW, helper_calls,
                RCA_ARRAY_SIZE(helper_calls));
    if (r == 0)
        r = add_values(filter, SCMP_SYS(socket), 0, families,
                       RCA_ARRAY_SIZE(families));
    if (r == 0)
        r = add_values(filter, SCMP_SYS(bpf), 0, helper_bpf,
                       RCA_ARRAY_SIZE(helper_bpf));
    if (r == 0)
        r = add_values(filter, SCMP_SYS(ioctl), 1, requests,
                       RCA_ARRAY_SIZE(requests));
    if (r == 0)
        r = add_open(filter, may_write);
    return r < 0 ? r : load(filter);
}
