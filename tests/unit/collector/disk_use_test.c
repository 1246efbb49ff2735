/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/disk_use.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define SECOND(n) ((n)*RCA_SECOND)

static const struct rca_disk_user a_on_1 = {.cgroup = 10, .disk = 1};
static const struct rca_disk_user b_on_1 = {.cgroup = 11, .disk = 1};

static struct rca_disk_use use(uint64_t reads, uint64_t writes)
{
    return (struct rca_disk_use){.requests = {reads, writes},
                                 .bytes = {reads * 4096, writes * 512},
                                 .sum_ns = (reads + writes) * 1000};
}

static void add(struct rca_disk_book *book, const struct rca_disk_user *user,
                struct rca_disk_use what, const char *path)
{
    assert_ok(rca_disk_book_add(book, user, &what, path));
}

struct wanted {
    const char *path;
    struct rca_disk_total total; /* .path NULL: not found */
    size_t n;
};

static void pick(void *arg, const struct rca_disk_total *total)
{
    struct wanted *w = arg;

    w->n++;
    if (!strcmp(total->path, w->path))
        w->total = *total;
}

static struct rca_disk_total total_of(const struct rca_disk_book *book,
                                      const char *path)
{
    struct wanted w = {.path = path};

    rca_disk_book_totals(book, pick, &w);
    return w.total;
}

static void count_edge(void *arg, const char *path, __u32 disk)
{
    assert_non_null(path);
    assert_int_equal(disk, 1);
    ++*(size_t *)arg;
}

static size_t edges(const struct rca_disk_book *book)
{
    size_t n = 0;

    rca_disk_book_edges(book, count_edge, &n);
    return n;
}

static void count_forgotten(void *arg, const struct rca_disk_user *user)
{
    assert_int_equal(user->disk, 1);
    ++*(size_t *)arg;
}

static void use_counts_for_the_group_and_all_above(void **state)
{
    struct rca_disk_book *book RCA_CLEANUP(rca_disk_book_free) = NULL;

    (void)state;
    assert_ok(rca_disk_book_new(&book));
    rca_disk_book_begin(book, SECOND(1));
    add(book, &a_on_1, use(3, 1), "top/a");
    add(book, &b_on_1, use(2, 0), "top/b");
    assert_int_equal(total_of(book, "top/a").use.requests[0], 3);
    assert_int_equal(total_of(book, "top/b").use.bytes[0], 2 * 4096);
    assert_int_equal(total_of(book, "top").use.requests[0], 5);
    assert_int_equal(total_of(book, "top").use.requests[1], 1);
    assert_int_equal(total_of(book, "top").use.sum_ns, 6000);
    assert_true(total_of(book, "top").fresh);
    assert_int_equal(edges(book), 2);

    rca_disk_book_begin(book, SECOND(2));
    add(book, &a_on_1, use(4, 1), "top/a");
    add(book, &b_on_1, use(2, 0), "top/b");
    assert_int_equal(total_of(book, "top").use.requests[0], 6);
    assert_false(total_of(book, "top").fresh);
}

static void the_root_is_nobody(void **state)
{
    struct rca_disk_book *book RCA_CLEANUP(rca_disk_book_free) = NULL;
    struct wanted w = {.path = ""};

    (void)state;
    assert_ok(rca_disk_book_new(&book));
    rca_disk_book_begin(book, SECOND(1));
    add(book, &a_on_1, use(3, 1), "");
    rca_disk_book_totals(book, pick, &w);
    assert_int_equal(w.n, 0);
}

/* A cgroup made anew has another number under the same path, and a probe that
 * is opened anew begins at 0: totals only grow. */
static void totals_outlive_what_counted_them(void **state)
{
    struct rca_disk_book *book RCA_CLEANUP(rca_disk_book_free) = NULL;

    (void)state;
    assert_ok(rca_disk_book_new(&book));
    rca_disk_book_begin(book, SECOND(1));
    add(book, &a_on_1, use(3, 0), "a");
    add(book, &b_on_1, use(4, 0), "a");
    add(book, &a_on_1, use(1, 0), "a");
    assert_int_equal(total_of(book, "a").use.requests[0], 8);
}

static void what_is_not_used_is_forgotten(void **state)
{
    struct rca_disk_book *book RCA_CLEANUP(rca_disk_book_free) = NULL;
    size_t forgotten = 0;

    (void)state;
    assert_ok(rca_disk_book_new(&book));
    rca_disk_book_begin(book, SECOND(1));
    add(book, &a_on_1, use(3, 0), "a");
    add(book, &b_on_1, use(3, 0), "b");
    rca_disk_book_begin(book, SECOND(602));
    add(book, &a_on_1, use(3, 0), "a");
    add(book, &b_on_1, use(4, 0), "b");
    assert_int_equal(edges(book), 1);
    rca_disk_book_begin(book, SECOND(3700));
    rca_disk_book_end(book, count_forgotten, &forgotten);
    assert_int_equal(forgotten, 1);
    assert_null(total_of(book, "a").path);
    assert_int_equal(total_of(book, "b").use.requests[0], 4);
    add(book, &b_on_1, use(5, 0), "b");
    assert_int_equal(total_of(book, "b").use.requests[0], 5);
}

static void without_memory_growth_waits(void **state)
{
    const struct rca_disk_use some = use(3, 0);

    (void)state;
    for (long n = 0; n < 12; n++) {
        struct rca_disk_book *book RCA_CLEANUP(rca_disk_book_free) = NULL;
        int r;

        oom_after(n);
        r = rca_disk_book_new(&book);
        if (r == 0) {
            rca_disk_book_begin(book, SECOND(1));
            r = rca_disk_book_add(book, &a_on_1, &some, "top/a");
        }
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        if (!book)
            continue;
        add(book, &a_on_1, some, "top/a");
        assert_int_equal(total_of(book, "top").use.requests[0], 3);
        assert_int_equal(total_of(book, "top/a").use.requests[0], 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_counts_for_the_group_and_all_above),
        cmocka_unit_test(the_root_is_nobody),
        cmocka_unit_test(totals_outlive_what_counted_them),
        cmocka_unit_test(what_is_not_used_is_forgotten),
        cmocka_unit_test(without_memory_growth_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
