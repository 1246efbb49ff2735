/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/test.h"

/* what @level and @text write to standard error */
static const char *written(enum rca_log_level level, const char *text,
                           char buf[4096])
{
    const int saved = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    size_t n;

    assert_non_null(file);
    assert_true(saved >= 0);
    (void)fflush(stderr);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    rca_log(level, "%s", text);
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    rewind(file);
    n = fread(buf, 1, 4095, file);
    buf[n] = '\0';
    (void)fclose(file);
    return buf;
}

static void warnings_show_and_chatter_does_not(void **state)
{
    char buf[4096];

    (void)state;
    assert_string_equal(written(RCA_LOG_WARN, "slow", buf),
                        "rca: warning: slow\n");
    assert_string_equal(written(RCA_LOG_ERROR, "broken", buf),
                        "rca: error: broken\n");
    assert_string_equal(written(RCA_LOG_INFO, "fine", buf), "");
    rca_log_set(RCA_LOG_DEBUG);
    assert_string_equal(written(RCA_LOG_INFO, "fine", buf), "rca: fine\n");
    assert_string_equal(written(RCA_LOG_DEBUG, "x", buf), "rca: debug: x\n");
    rca_log_set(RCA_LOG_ERROR);
    assert_string_equal(written(RCA_LOG_WARN, "slow", buf), "");
    rca_log_set(RCA_LOG_WARN);
}

static void a_line_is_one_line_without_escapes(void **state)
{
    char buf[4096], wide[3000];

    (void)state;
    assert_string_equal(written(RCA_LOG_WARN, "a\nb\033[1m", buf),
                        "rca: warning: a?b?[1m\n");
    memset(wide, 'x', sizeof(wide));
    wide[sizeof(wide) - 1] = '\0';
    written(RCA_LOG_WARN, wide, buf);
    assert_true(strlen(buf) < 1100);
    assert_int_equal(buf[strlen(buf) - 1], '\n');
}

static void errno_stays(void **state)
{
    char buf[4096];

    (void)state;
    errno = ENOTTY;
    rca_log(RCA_LOG_DEBUG, "hidden");
    assert_int_equal(errno, ENOTTY);
    written(RCA_LOG_WARN, "x", buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_show_and_chatter_does_not),
        cmocka_unit_test(a_line_is_one_line_without_escapes),
        cmocka_unit_test(errno_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
