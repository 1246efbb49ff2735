/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The renderers against golden files, byte for byte (RCA_GOLDEN=write makes
 * them anew: look at the difference before it is committed). */

#include "cli/render.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/words.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/cli/stories.h"

static char *read_golden(const char *path)
{
    const size_t room = 1 << 20;
    char *want = calloc(room, 1);
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    assert_non_null(want);
    assert_true(fread(want, 1, room - 1, f) > 0);
    (void)fclose(f);
    return want;
}

static void compare(const char *text, const char *path)
{
    char *want RCA_CLEANUP(rca_freep) = NULL;
    FILE *f = getenv("RCA_GOLDEN") ? fopen(path, "w") : NULL;

    if (f) {
        (void)fputs(text, f);
        (void)fclose(f);
    }
    want = read_golden(path);
    assert_string_equal(text, want);
}

/* tests/golden/NAME.SUFFIX of each format that is text */
static void golden(const struct rca_explanation *e, const char *name)
{
    static const struct {
        enum rca_format format;
        unsigned style;
        const char *suffix;
    } formats[] = {{RCA_FORMAT_TEXT, 0, "txt"},
                   {RCA_FORMAT_DOT, 0, "dot"},
                   {RCA_FORMAT_DOT, RCA_STYLE_SIMPLE, "simple.dot"},
                   {RCA_FORMAT_MERMAID, 0, "mmd"},
                   {RCA_FORMAT_JSON, 0, "json"}};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(formats); i++) {
        char *text RCA_CLEANUP(rca_freep) = NULL;
        char path[128];

        assert_ok(rca_render(e, formats[i].format, formats[i].style, &text));
        (void)snprintf(path, sizeof(path), "tests/golden/%s.%s", name,
                       formats[i].suffix);
        compare(text, path);
    }
}

static void a_cause_is_told(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    golden(&s.e, "cause");
}

static void an_unclear_answer_lists_candidates(void **state)
{
    struct story s;

    (void)state;
    story_unclear(&s);
    golden(&s.e, "unclear");
}

static void a_normal_entity_is_a_valid_graph_too(void **state)
{
    struct story s;

    (void)state;
    story_normal(&s);
    golden(&s.e, "normal");
}

static void hostile_names_stay_characters(void **state)
{
    struct story s;

    (void)state;
    story_hostile(&s);
    golden(&s.e, "hostile");
}

static void cards_of_one_of_several_hosts_share_a_frame(void **state)
{
    struct story s;

    (void)state;
    story_hosts(&s);
    golden(&s.e, "hosts");
}

static void the_largest_answer_has_fifteen_cards(void **state)
{
    struct story_max m;

    (void)state;
    story_max(&m);
    golden(&m.s.e, "max");
}

static void captured_packets_are_told(void **state)
{
    struct story s;

    (void)state;
    story_packets(&s);
    golden(&s.e, "packets");
}

static void hostile_packets_stay_characters(void **state)
{
    struct story s;

    (void)state;
    story_hostile_packets(&s);
    golden(&s.e, "hostile-packets");
}

static void every_allocation_may_fail(void **state)
{
    struct story s;

    (void)state;
    story_packets(&s);
    for (unsigned f = 0; f < 2 * RCA_FORMAT_COUNT; f++) {
        const enum rca_format format = (enum rca_format)(f / 2);
        int r = -1;

        if (format == RCA_FORMAT_SVG || format == RCA_FORMAT_PNG)
            continue; /* drawn from DOT */

        for (long n = 0; r != 0 && n < 1000; n++) {
            char *text RCA_CLEANUP(rca_freep) = NULL;

            oom_after(n);
            r = rca_render(&s.e, format, f % 2 ? RCA_STYLE_SIMPLE : 0, &text);
            oom_after(-1);
            assert_true(r == 0 || text == NULL);
        }
        assert_ok(r);
    }
}

static void verdicts_have_their_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(rca_exit_of(RCA_VERDICT_CAUSE), 0);
    assert_int_equal(rca_exit_of(RCA_VERDICT_NORMAL), 3);
    assert_int_equal(rca_exit_of(RCA_VERDICT_UNCLEAR), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cause_is_told),
        cmocka_unit_test(an_unclear_answer_lists_candidates),
        cmocka_unit_test(a_normal_entity_is_a_valid_graph_too),
        cmocka_unit_test(hostile_names_stay_characters),
        cmocka_unit_test(cards_of_one_of_several_hosts_share_a_frame),
        cmocka_unit_test(the_largest_answer_has_fifteen_cards),
        cmocka_unit_test(captured_packets_are_told),
        cmocka_unit_test(hostile_packets_stay_characters),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(verdicts_have_their_exit_codes),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/render", tests, NULL, NULL);
}
