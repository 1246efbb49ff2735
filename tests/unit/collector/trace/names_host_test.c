/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The names of the host that the test runs on: what every host has. */

#include <errno.h>
#include <sys/stat.h>

#include "collector/trace/names.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static struct rca_trace_names *names;

static int open_names(void **state)
{
    (void)state;
    return rca_trace_names_new(&names);
}

static int close_names(void **state)
{
    (void)state;
    rca_trace_names_free(&names);
    return 0;
}

static void our_own_namespace_is_the_host_s(void **state)
{
    struct stat st;

    (void)state;
    assert_ok(stat("/proc/self/ns/net", &st));
    assert_ok(rca_trace_names_read(names));
    assert_string_equal(rca_trace_name_netns(names, (uint32_t)st.st_ino),
                        "host");
    assert_string_equal(rca_trace_name_device(names, (uint32_t)st.st_ino, 1),
                        "lo");
}

static void reading_again_adds_nothing_where_nothing_changed(void **state)
{
    struct stat st;

    (void)state;
    assert_ok(stat("/proc/self/ns/net", &st));
    for (int i = 0; i < 8; i++)
        assert_ok(rca_trace_names_read(names));
    assert_string_equal(rca_trace_name_netns(names, (uint32_t)st.st_ino),
                        "host");
}

/* The first reading takes hundreds of allocations: not each of them fails. */
static void a_reading_without_memory_can_be_repeated(void **state)
{
    (void)state;
    for (long n = 0; n < 400; n = n < 24 ? n + 1 : n * 5 / 4) {
        int r;

        oom_after(n);
        r = rca_trace_names_read(names);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        assert_ok(rca_trace_names_read(names));
        if (n % 3 == 0) {
            rca_trace_names_free(&names);
            assert_ok(rca_trace_names_new(&names));
        }
    }
}

#define WITH_NAMES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, open_names, close_names)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_NAMES(our_own_namespace_is_the_host_s),
        WITH_NAMES(reading_again_adds_nothing_where_nothing_changed),
        WITH_NAMES(a_reading_without_memory_can_be_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
