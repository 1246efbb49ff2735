/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

#include "tests/harness/oom.h"
#include "tests/unit/collector/tree.h"

static void a_file_is_read_again_and_again(void **state)
{
    struct rca_text text = {0};
    char root[64];
    int fd;

    (void)state;
    tree_make(root);
    tree_write(root, "net/stat", "one\n");
    fd = rca_file_open(root, "net/stat");
    assert_true(fd >= 0);
    assert_ok(rca_file_read(fd, &text));
    assert_string_equal(text.data, "one\n");
    assert_int_equal(text.len, 4);
    tree_write(root, "net/stat", "longer than one\n");
    assert_ok(rca_file_read(fd, &text));
    assert_string_equal(text.data, "longer than one\n");
    tree_write(root, "net/stat", "");
    assert_ok(rca_file_read(fd, &text));
    assert_string_equal(text.data, "");
    assert_int_equal(text.len, 0);
    rca_file_close(&fd);
    assert_int_equal(fd, -1);
    rca_file_close(&fd); /* harmless */
    rca_text_done(&text);
    assert_null(text.data);
    tree_remove(root);
}

/* The same, also where the end is where the buffer is. */
static void a_file_in_one_piece_is_read_whole(void **state)
{
    static const off_t sizes[] = {0, 1, 8190, 8191, 8192, 16383, 100000};
    struct rca_text text = {0};
    char root[64], path[128];
    int fd;

    (void)state;
    tree_make(root);
    tree_write(root, "stat", "one\n");
    (void)snprintf(path, sizeof(path), "%s/stat", root);
    fd = rca_file_open(root, "stat");
    assert_ok(rca_file_read_single(fd, &text));
    assert_string_equal(text.data, "one\n");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(sizes); i++) {
        rca_text_done(&text);
        assert_ok(truncate(path, sizes[i]));
        assert_ok(rca_file_read_single(fd, &text));
        assert_int_equal(text.len, sizes[i]);
        assert_int_equal(text.data[text.len], 0);
    }
    assert_ok(truncate(path, 5 << 20));
    assert_err(rca_file_read_single(fd, &text), -EFBIG);
    assert_err(rca_file_read_single(-1, &text), -EBADF);
    rca_text_done(&text);
    rca_file_close(&fd);
    tree_remove(root);
}

/* More than the first buffer, and more than may be. */
static void the_buffer_grows_to_a_limit(void **state)
{
    struct rca_text text = {0};
    char root[64], path[128];
    int fd;

    (void)state;
    tree_make(root);
    tree_write(root, "big", "");
    (void)snprintf(path, sizeof(path), "%s/big", root);
    assert_ok(truncate(path, 100000));
    fd = rca_file_open(root, "big");
    assert_ok(rca_file_read(fd, &text));
    assert_int_equal(text.len, 100000);
    assert_ok(truncate(path, 5 << 20));
    assert_err(rca_file_read(fd, &text), -EFBIG);
    rca_text_done(&text);
    rca_file_close(&fd);
    tree_remove(root);
}

static void what_cannot_be_opened_says_why(void **state)
{
    char root[64], name[PATH_MAX + 8];

    (void)state;
    tree_make(root);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_err(rca_file_open(root, "nothing"), -ENOENT);
    assert_err(rca_file_open(root, name), -ENAMETOOLONG);
    tree_remove(root);
}

static void what_cannot_be_read_says_why(void **state)
{
    struct rca_text text = {0};

    (void)state;
    assert_err(rca_file_read(-1, &text), -EBADF);
    oom_after(0);
    rca_text_done(&text);
    assert_err(rca_file_read(0, &text), -ENOMEM);
    oom_after(-1);
    assert_null(text.data);
}

static void as_many_files_as_may_be_are_asked_for(void **state)
{
    struct rlimit was, now;
    size_t most;

    (void)state;
    assert_ok(getrlimit(RLIMIT_NOFILE, &was));
    now = (struct rlimit){64, was.rlim_max};
    assert_ok(setrlimit(RLIMIT_NOFILE, &now));
    most = rca_file_most();
    assert_ok(getrlimit(RLIMIT_NOFILE, &now));
    assert_ok(setrlimit(RLIMIT_NOFILE, &was));
    assert_int_equal(most, was.rlim_max);
    assert_int_equal(now.rlim_cur, was.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_again_and_again),
        cmocka_unit_test(a_file_in_one_piece_is_read_whole),
        cmocka_unit_test(the_buffer_grows_to_a_limit),
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(as_many_files_as_may_be_are_asked_for),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
