/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "collector/config.h"
#include "collector/source.h"
#include "tests/harness/test.h"

/*
 * docs/rca.yaml says that its commented lines are the defaults. Tests run in
 * the project's folder.
 */
#define EXAMPLE "docs/rca.yaml"

/* Settings are commented as "#key: value" and, below a key, "#  key: value";
 * prose has one space after the '#'. Return: where the line's YAML begins. */
static const char *uncomment(const char *line)
{
    const _Bool setting =
        line[0] == '#' &&
        (islower((unsigned char)line[1]) || (line[1] == ' ' && line[2] == ' '));

    return line + setting;
}

static void the_example_shows_the_defaults(void **state)
{
    struct rca_config got RCA_CLEANUP(rca_config_done) = {0};
    struct rca_config want RCA_CLEANUP(rca_config_done) = {0};
    const struct rca_source *const *table = rca_source_table();
    char text[1 << 16] = "", line[1024];
    size_t len = 0;
    FILE *f = fopen(EXAMPLE, "re");

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) && len < sizeof(text))
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
                                uncomment(line));
    (void)fclose(f);
    assert_true(len < sizeof(text));
    assert_ok(rca_config_parse(text, len, EXAMPLE, NULL, &got));
    assert_ok(rca_config_init(&want));
    assert_string_equal(got.db, want.db);
    assert_int_equal(got.interval, want.interval);
    assert_int_equal(got.retention, want.retention);
    assert_int_equal(got.profile, want.profile);
    assert_null(got.without);
    assert_null(want.without);
    assert_true(got.cpu_budget == want.cpu_budget);
    assert_memory_equal(got.limit, want.limit, sizeof(got.limit));
    assert_int_equal(got.n_names, want.n_names);
    /* the default is NULL, all of them: the example lists them */
    assert_null(want.sources);
    for (; *table; table++)
        assert_non_null(strstr(got.sources, (*table)->name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_shows_the_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
