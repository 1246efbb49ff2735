/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What stands on cards and below them. */

#include "cli/card.h"

#include <string.h>
#include <time.h>

#include "tests/harness/test.h"
#include "tests/unit/cli/stories.h"

static void check_wrapped(const char *text, size_t width, const char *want)
{
    char *have RCA_CLEANUP(rca_freep) = NULL;
    struct rca_buf buf = {0};

    rca_card_wrap(&buf, text, width);
    assert_ok(rca_buf_take(&buf, &have));
    assert_string_equal(have, want);
}

static void lines_break_at_blanks_then_marks_then_anywhere(void **state)
{
    (void)state;
    check_wrapped("", 10, "");
    check_wrapped("ten chars!", 10, "ten chars!");
    check_wrapped("one two three", 10, "one two\nthree");
    check_wrapped("rca-demo/pod/batch", 10, "rca-demo/\npod/batch");
    check_wrapped("abcdefghijkl", 10, "abcdefghij\nkl");
    /* all marks stay before the break */
    check_wrapped("AWS::ECS::Fargate", 10, "AWS::ECS::\nFargate");
    check_wrapped("AWSS::ECS::Fargate", 10, "AWSS::\nECS::\nFargate");
    /* no number is cut where a blank is */
    check_wrapped("rose from 0.328", 12, "rose from\n0.328");
    check_wrapped("12345678.901234", 10, "12345678.9\n01234");
    /* a blank far to the left would leave the line empty */
    check_wrapped("a bcdefgh-ijklm", 10, "a bcdefgh-\nijklm");
    check_wrapped("one\ntwo three four", 10, "one\ntwo three\nfour");
    /* characters, not bytes */
    check_wrapped("ääääääääää", 10, "ääääääääää");
    check_wrapped("ääääääääääö", 10, "ääääääääää\nö");
}

static void check_banner(const struct story *s, size_t node, const char *want)
{
    char *have RCA_CLEANUP(rca_freep) = NULL;
    struct rca_buf buf = {0};

    rca_card_banner(&buf, &s->e, &s->nodes[node]);
    assert_ok(rca_buf_take(&buf, &have));
    assert_string_equal(have, want);
}

static void a_banner_says_what_the_card_is(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    check_banner(&s, 0, "#1 ROOT CAUSE · 87 %");
    check_banner(&s, 1, "");
    check_banner(&s, 2, "SYMPTOM");
    check_banner(&s, 3, "#2 POSSIBLE · 7 %");
    s.causes[1].share = NAN;
    check_banner(&s, 3, "#2 POSSIBLE");
    s.nodes[2].rank = 1;
    check_banner(&s, 2, "SYMPTOM AND #1 ROOT CAUSE · 87 %");
    story_unclear(&s);
    check_banner(&s, 0, "#1 POSSIBLE · 87 %");
    story_normal(&s);
    check_banner(&s, 0, "NORMAL");
}

static void several_cards_of_one_of_many_hosts_have_a_frame(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job"); /* all on one */
    assert_false(rca_card_leads_frame(&s.e, 0));
    story_hosts(&s);
    assert_true(rca_card_leads_frame(&s.e, 0));
    assert_false(rca_card_leads_frame(&s.e, 1)); /* the first does */
    assert_false(rca_card_leads_frame(&s.e, 2)); /* alone there */
    assert_false(rca_card_leads_frame(&s.e, 3)); /* not known where */
    s.nodes[0].card.host = ""; /* two unknown ones are not together */
    assert_false(rca_card_leads_frame(&s.e, 0));
}

static void arrows_are_between_one_and_six_points(void **state)
{
    (void)state;
    assert_true(rca_card_width(0.5) == 3);
    assert_true(rca_card_width(0.01) == 1);
    assert_true(rca_card_width(1e300) == 6);
    assert_true(rca_card_width(-1) == 1);
    assert_true(rca_card_width(NAN) == 1);
}

static void take_note(void *context, const char *head, const char *line)
{
    struct rca_buf *buf = context;

    rca_buf_fmt(buf, "%s|%s\n", head, line);
}

static void notes_say_no_more_than_there_is(void **state)
{
    char *have RCA_CLEANUP(rca_freep) = NULL;
    struct rca_buf buf = {0};
    struct story s;

    (void)state;
    story_normal(&s);
    s.e.n_unseen = 0;
    s.e.checked_entities = 1234567;
    rca_card_notes(&s.e, 0, take_note, &buf);
    assert_ok(rca_buf_take(&buf, &have));
    assert_string_equal(have,
                        "Checked, found normal|✓ db: latency, errors\n"
                        "|✓ disk vda: busy\n"
                        "|✓ 1,234,565 more entities (1,204 metrics in all)\n"
                        "How to read this|All times are UTC.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_break_at_blanks_then_marks_then_anywhere),
        cmocka_unit_test(a_banner_says_what_the_card_is),
        cmocka_unit_test(several_cards_of_one_of_many_hosts_have_a_frame),
        cmocka_unit_test(arrows_are_between_one_and_six_points),
        cmocka_unit_test(notes_say_no_more_than_there_is),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/card", tests, NULL, NULL);
}
