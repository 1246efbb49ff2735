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
#include "tests/unit/cli/story.h"

static void compare(const char *text, const char *path)
{
    const char *how = getenv("RCA_GOLDEN");
    char want[32768];
    size_t n;
    FILE *f = fopen(path, how ? "w" : "r");

    assert_non_null(f);
    if (how) {
        (void)fputs(text, f);
        (void)fclose(f);
        return;
    }
    n = fread(want, 1, sizeof(want) - 1, f);
    (void)fclose(f);
    want[n] = '\0';
    assert_string_equal(text, want);
}

static void golden(const struct rca_explanation *e, enum rca_format format,
                   const char *path)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;

    assert_ok(rca_render(e, format, 0, &text));
    compare(text, path);
}

static void a_cause_is_told_in_all_formats(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    golden(&s.e, RCA_FORMAT_TEXT, "tests/golden/cause.txt");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/cause.dot");
    golden(&s.e, RCA_FORMAT_JSON, "tests/golden/cause.json");
}

static void an_unclear_answer_lists_candidates(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    s.e.verdict = RCA_VERDICT_UNCLEAR;
    s.causes[0].confidence = 0.31;
    golden(&s.e, RCA_FORMAT_TEXT, "tests/golden/unclear.txt");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/unclear.dot");
}

static void a_normal_entity_is_a_valid_graph_too(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    s.e.verdict = RCA_VERDICT_NORMAL;
    s.e.n_causes = 0;
    s.e.n_nodes = 1;
    s.nodes[0] = s.nodes[2];
    s.e.n_flows = 0;
    golden(&s.e, RCA_FORMAT_TEXT, "tests/golden/normal.txt");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/normal.dot");
}

static void hostile_names_stay_characters(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "a\"b\\N<i>&\n\xff];}");
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/hostile.dot");
    golden(&s.e, RCA_FORMAT_JSON, "tests/golden/hostile.json");
}

static void cards_of_one_of_several_hosts_share_a_frame(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    s.nodes[2].card.host = "host-4";
    s.nodes[3].card.host = "";
    golden(&s.e, RCA_FORMAT_DOT, "tests/golden/hosts.dot");
}

static void every_allocation_may_fail(void **state)
{
    static const enum rca_format formats[] = {RCA_FORMAT_TEXT, RCA_FORMAT_DOT,
                                              RCA_FORMAT_JSON};
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    for (size_t f = 0; f < RCA_ARRAY_SIZE(formats); f++) {
        int r = -1;

        for (long n = 0; r != 0 && n < 1000; n++) {
            char *text RCA_CLEANUP(rca_freep) = NULL;

            oom_after(n);
            r = rca_render(&s.e, formats[f], 0, &text);
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
        cmocka_unit_test(a_cause_is_told_in_all_formats),
        cmocka_unit_test(an_unclear_answer_lists_candidates),
        cmocka_unit_test(a_normal_entity_is_a_valid_graph_too),
        cmocka_unit_test(hostile_names_stay_characters),
        cmocka_unit_test(cards_of_one_of_several_hosts_share_a_frame),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(verdicts_have_their_exit_codes),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/render", tests, NULL, NULL);
}
