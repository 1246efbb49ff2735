/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The parts of the start that need no privileges; the rest is in
 * tests/bpf/confined_test.c and tests/cli/privileges_test.sh.
 */

#include "collector/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/test.h"

static void old_kernels_want_a_capability_to_read_maps(void **state)
{
    (void)state;
    assert_true(rca_confine_bpf("5.15.0-91-generic", 2));
    assert_true(rca_confine_bpf("5.18.19", 1));
    assert_true(rca_confine_bpf("4.19.0", 1));
    assert_false(rca_confine_bpf("5.15.0", 0));
    assert_false(rca_confine_bpf("5.19.0", 2));
    assert_false(rca_confine_bpf("6.1.0-28-amd64", 2));
    assert_false(rca_confine_bpf("6.18.44-x", 2));
    assert_false(rca_confine_bpf("10.0", 2));
}

static void a_user_that_is_not_there_is_named(void **state)
{
    struct rca_diag diag = {0};
    struct rca_user user = {.uid = 7};

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_err(rca_user_find("nobody-of-that-name", &diag, &user),
               RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "nobody-of-that-name"));
    assert_err(rca_user_find("root", &diag, &user), RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "root"));
    assert_int_equal(user.uid, 7);
    assert_ok(rca_user_find(NULL, &diag, &user));
    assert_true(user.uid != 0);
}

static void changes_need_a_helper_to_undo_them(void **state)
{
    const struct rca_confine_options options = {.keep = 1, .allow_changes = 1};
    struct rca_confine confine = {0};
    struct rca_diag diag = {0};

    (void)state;
    assert_err(rca_confine_begin(&options, &diag, &confine), RCA_ENOSUPPORT);
    assert_non_null(strstr(diag.text, "--keep-privileges"));
    assert_null(confine.helper);
}

static unsigned owner(const char *folder, const char *name)
{
    char path[256];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_ok(lstat(path, &st));
    return st.st_uid;
}

static void touch(const char *folder, const char *name)
{
    char path[256];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
}

/* What has a second name, or is another's, could be a trap. */
static void only_files_of_root_alone_are_given_away(void **state)
{
    const struct rca_confine confine = {.user = {.uid = 65534, .gid = 65534}};
    char folder[] = "/tmp/rca-confine-XXXXXX", a[256], b[256];

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    touch(folder, "x.db");
    touch(folder, "x.db-lock");
    touch(folder, "x.db-wal");
    touch(folder, "target");
    (void)snprintf(a, sizeof(a), "%s/x.db-wal", folder);
    (void)snprintf(b, sizeof(b), "%s/second", folder);
    assert_ok(link(a, b));
    (void)snprintf(b, sizeof(b), "%s/x.db-shm", folder);
    (void)snprintf(a, sizeof(a), "%s/target", folder);
    assert_ok(symlink(a, b));
    (void)snprintf(a, sizeof(a), "%s/x.db-lock", folder);
    assert_ok(chown(a, 1234, 1234));

    (void)snprintf(a, sizeof(a), "%s/x.db", folder);
    rca_confine_files(&confine, a, 0);
    assert_int_equal(owner(folder, "x.db"), 65534);
    assert_int_equal(owner(folder, "x.db-lock"), 1234);
    assert_int_equal(owner(folder, "x.db-wal"), 0);
    assert_int_equal(owner(folder, "x.db-shm"), 0);
    assert_int_equal(owner(folder, "target"), 0);
    assert_int_equal(owner(folder, "."), 0);
    rca_confine_files(&confine, a, 1);
    assert_int_equal(owner(folder, "."), 65534);

    for (size_t i = 0; i < 6; i++) {
        static const char *const names[] = {"x.db",   "x.db-lock", "x.db-wal",
                                            "second", "x.db-shm",  "target"};

        (void)snprintf(a, sizeof(a), "%s/%s", folder, names[i]);
        assert_ok(unlink(a));
    }
    assert_ok(rmdir(folder));
}

static void nothing_is_given_away_when_all_is_kept(void **state)
{
    const struct rca_confine confine = {.user = {.uid = 65534, .gid = 65534},
                                        .keep = 1};
    char folder[] = "/tmp/rca-confine-XXXXXX", a[256];

    (void)state;
    assert_non_null(mkdtemp(folder));
    touch(folder, "x.db");
    (void)snprintf(a, sizeof(a), "%s/x.db", folder);
    rca_confine_files(&confine, a, 1);
    assert_int_equal(owner(folder, "x.db"), geteuid());
    assert_ok(unlink(a));
    assert_ok(rmdir(folder));
}

/* In a child, for good: each call in the list of what only an attacker wants
 * kills, what nobody thought of fails, what the loop does works. */
static int confined(int (*body)(void))
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        if (rca_privileges_reduce(getuid(), getgid(), 0) ||
            rca_privileges_filter_collector())
            _exit(100);
        _exit(body());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_a_program(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
    return 1;
}

static int become_root(void)
{
    return setuid(0) ? 1 : 2;
}

static int start_a_process(void)
{
    return fork() < 0 ? 0 : 1;
}

static int allocate_and_read(void)
{
    void *p = malloc(10 << 20);
    const int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    char c;

    if (!p || fd < 0 || read(fd, &c, 1) != 1)
        return 1;
    free(p);
    return 0;
}

static void the_filter_does_what_it_says(void **state)
{
    (void)state;
    assert_int_equal(confined(allocate_and_read), 0);
    assert_int_equal(confined(start_a_process), 0);
    assert_int_equal(confined(run_a_program), -31); /* SIGSYS */
    assert_int_equal(confined(become_root), -31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_kernels_want_a_capability_to_read_maps),
        cmocka_unit_test(a_user_that_is_not_there_is_named),
        cmocka_unit_test(changes_need_a_helper_to_undo_them),
        cmocka_unit_test(only_files_of_root_alone_are_given_away),
        cmocka_unit_test(nothing_is_given_away_when_all_is_kept),
        cmocka_unit_test(the_filter_does_what_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
