/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * In this order: the bounding set needs CAP_SETPCAP, the groups CAP_SETGID, the
 * user CAP_SETUID; PR_SET_KEEPCAPS lets what is to be kept survive the change
 * of the user, and capset(2) then leaves only that.
 */

#define NOBODY 65534 /* where not even "nobody" has an entry */

static int get_caps(struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct header = {.version =
                                                  _LINUX_CAPABILITY_VERSION_3};

    return syscall(SYS_capget, &header, data) ? -errno : 0;
}

static int set_caps(const struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct header = {.version =
                                                  _LINUX_CAPABILITY_VERSION_3};

    return syscall(SYS_capset, &header, data) ? -errno : 0;
}

_Bool rca_privileges_has(unsigned cap)
{
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return get_caps(data) == 0 &&
           data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

/* --- the user ------------------------------------------------------------- */

static int look_up(const char *name, struct rca_user *ret_user)
{
    char buf[4096];
    struct passwd entry, *found = NULL;

    if (getpwnam_r(name, &entry, buf, sizeof(buf), &found) || !found)
        return RCA_EUNKNOWN;
    ret_user->uid = entry.pw_uid;
    ret_user->gid = entry.pw_gid;
    (void)snprintf(ret_user->name, sizeof(ret_user->name), "%s", name);
    return 0;
}

int rca_user_find(const char *name, struct rca_diag *diag,
                  struct rca_user *ret_user)
{
    struct rca_user user = {.uid = NOBODY, .gid = NOBODY, .name = "nobody"};

    if (!rca_privileges_has(CAP_SETUID) || !rca_privileges_has(CAP_SETGID)) {
        user = (struct rca_user){.uid = geteuid(), .gid = getegid()};
        (void)snprintf(user.name, sizeof(user.name), "%u", user.uid);
    } else if (name && look_up(name, &user)) {
        return rca_diag_set(diag, RCA_EUNKNOWN, "", 0,
                            "there is no user '%s' to run as", name);
    } else if (!name && look_up("rca", &user)) {
        (void)look_up("nobody", &user);
    }
    if (user.uid == 0 && name)
        return rca_diag_set(diag, RCA_EUNKNOWN, "", 0,
                            "'%s' is root: name another user to run as, or "
                            "give --keep-privileges",
                            name);
    *ret_user = user;
    return 0;
}

/* --- capabilities --------------------------------------------------------- */

static int clear_bounding(void)
{
    if (!rca_privileges_has(CAP_SETPCAP))
        return 0; /* PR_SET_NO_NEW_PRIVS makes it idle */
    for (unsigned long cap = 0; cap < 64; cap++) {
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
            return errno == EINVAL && cap ? 0 : -errno; /* the last one */
    }
    return 0;
}

static int change_user(unsigned uid, unsigned gid)
{
    if (rca_privileges_has(CAP_SETGID) &&
        (setgroups(0, NULL) || setresgid(gid, gid, gid)))
        return -errno;
    if (!rca_privileges_has(CAP_SETUID))
        return 0;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setresuid(uid, uid, uid))
        return -errno;
    return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) ? -errno : 0;
}

static int keep_only(uint64_t keep)
{
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    int r = get_caps(data);

    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].permitted &= (uint32_t)(keep >> 32 * i);
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return r < 0 ? r : set_caps(data);
}

int rca_privileges_reduce(unsigned uid, unsigned gid, uint64_t keep)
{
    int r = clear_bounding();

    if (r == 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) &&
        errno != EINVAL)
        r = -errno;
    if (r == 0)
        r = change_user(uid, gid);
    if (r == 0)
        r = keep_only(keep);
    if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        r = -errno;
    /* nobody of the same user looks into us, or leaves a core of us */
    if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        r = -errno;
    return r;
}
