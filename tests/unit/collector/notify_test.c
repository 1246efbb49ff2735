/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "graph/base/err.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/tree.h"

/* struct box - a service manager that listens at @path */
struct box {
    char root[64], path[96];
    int fd;
};

static int setup(void **state)
{
    static struct box box;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    tree_make(box.root);
    (void)snprintf(box.path, sizeof(box.path), "%s/notify", box.root);
    (void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", box.path);
    box.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(box.fd >= 0);
    assert_ok(bind(box.fd, (const struct sockaddr *)&addr, sizeof(addr)));
    *state = &box;
    return 0;
}

static int teardown(void **state)
{
    struct box *box = *state;

    (void)close(box->fd);
    tree_remove(box->root);
    return 0;
}

/* The next datagram must be @want; NULL: there must be none. */
static void expect(int fd, const char *want)
{
    char text[64];
    const ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

    if (!want) {
        assert_int_equal(n, -1);
        assert_int_equal(errno, EAGAIN);
        return;
    }
    assert_true(n >= 0);
    text[n] = 0;
    assert_string_equal(text, want);
}

static void what_is_said_arrives(void **state)
{
    const struct box *box = *state;
    struct rca_notify notify RCA_CLEANUP(rca_notify_close) = RCA_NOTIFY_NONE;

    assert_ok(rca_notify_open(box->path, NULL, &notify));
    rca_notify_send(&notify, "READY=1");
    rca_notify_send(&notify, "STOPPING=1");
    expect(box->fd, "READY=1");
    expect(box->fd, "STOPPING=1");
    expect(box->fd, NULL);
    rca_notify_close(&notify);
    rca_notify_close(&notify); /* nothing is left to close */
    rca_notify_send(&notify, "READY=1");
    expect(box->fd, NULL);
}

static void signs_of_life_come_twice_as_often_as_asked_for(void **state)
{
    const struct box *box = *state;
    struct rca_notify notify RCA_CLEANUP(rca_notify_close) = RCA_NOTIFY_NONE;

    assert_ok(rca_notify_open(box->path, "60000000", &notify));
    rca_notify_alive(&notify, 1 * RCA_SECOND);
    expect(box->fd, "WATCHDOG=1");
    rca_notify_alive(&notify, 31 * RCA_SECOND - 1);
    expect(box->fd, NULL);
    rca_notify_alive(&notify, 31 * RCA_SECOND);
    expect(box->fd, "WATCHDOG=1");
    rca_notify_alive(&notify, 31 * RCA_SECOND);
    expect(box->fd, NULL);
}

static void without_a_watchdog_no_sign_of_life_is_sent(void **state)
{
    const struct box *box = *state;
    struct rca_notify notify RCA_CLEANUP(rca_notify_close) = RCA_NOTIFY_NONE;

    assert_ok(rca_notify_open(box->path, "0", &notify));
    rca_notify_alive(&notify, RCA_SECOND);
    expect(box->fd, NULL);
}

static void abstract_names_are_reached(void **state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct rca_notify notify RCA_CLEANUP(rca_notify_close) = RCA_NOTIFY_NONE;
    char name[64];
    const int n =
        snprintf(name, sizeof(name), "@rca-notify-%ld", (long)getpid());
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const socklen_t len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n);

    (void)state;
    assert_true(fd >= 0);
    memcpy(addr.sun_path + 1, name + 1, (size_t)n - 1);
    assert_ok(bind(fd, (const struct sockaddr *)&addr, len));
    assert_ok(rca_notify_open(name, NULL, &notify));
    rca_notify_send(&notify, "READY=1");
    expect(fd, "READY=1");
    (void)close(fd);
    rca_notify_send(&notify, "STOPPING=1"); /* to nobody: not a word */
}

static void nobody_to_tell_is_no_failure(void **state)
{
    struct rca_notify notify = {.fd = 7};

    (void)state;
    assert_ok(rca_notify_open(NULL, "60000000", &notify));
    assert_int_equal(notify.fd, -1);
    assert_ok(rca_notify_open("", NULL, &notify));
    rca_notify_send(&notify, "READY=1");
    rca_notify_alive(&notify, RCA_SECOND);
    rca_notify_send(NULL, "READY=1");
    rca_notify_alive(NULL, RCA_SECOND);
    rca_notify_close(&notify);
}

static void bad_addresses_and_numbers_change_nothing(void **state)
{
    const struct box *box = *state;
    struct rca_notify notify = {.fd = 7, .period = 5};
    char gone[110], longest[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

    (void)snprintf(gone, sizeof(gone), "%s-gone", box->path);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[0] = '/';
    longest[sizeof(longest) - 1] = 0;
    assert_err(rca_notify_open("relative", NULL, &notify), -EINVAL);
    assert_err(rca_notify_open("@", NULL, &notify), -EINVAL);
    assert_err(rca_notify_open("/", NULL, &notify), -EINVAL);
    assert_err(rca_notify_open(longest, NULL, &notify), -EINVAL);
    assert_err(rca_notify_open(gone, NULL, &notify), -ENOENT);
    assert_err(rca_notify_open(box->path, "soon", &notify), RCA_ESYNTAX);
    assert_err(rca_notify_open(box->path, "9223372036854776", &notify),
               -ERANGE);
    assert_int_equal(notify.fd, 7);
    assert_int_equal(notify.period, 5);
}

#define with_box(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(what_is_said_arrives),
        with_box(signs_of_life_come_twice_as_often_as_asked_for),
        with_box(without_a_watchdog_no_sign_of_life_is_sent),
        cmocka_unit_test(abstract_names_are_reached),
        cmocka_unit_test(nobody_to_tell_is_no_failure),
        with_box(bad_addresses_and_numbers_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
