/* SPDX-License-Identifier: GPL-3.0-or-later */

/* When packets may be captured; the capture itself is tests/cli/evidence_test.sh. */

#include "cli/evidence.h"

#include <errno.h>
#include <string.h>

#include "graph/base/err.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/cli/story.h"

static void lengths_are_durations_or_none(void **state)
{
    rca_time length = -7;

    (void)state;
    assert_ok(rca_evidence_length("5s", &length));
    assert_true(length == 5 * RCA_SECOND);
    assert_ok(rca_evidence_length("0", &length));
    assert_true(length == 0);
    assert_ok(rca_evidence_length("10min", &length));
    assert_err(rca_evidence_length("601s", &length), -ERANGE);
    assert_err(rca_evidence_length("5", &length), RCA_ESYNTAX);
    assert_err(rca_evidence_length("", &length), RCA_ESYNTAX);
    assert_true(length == 600 * RCA_SECOND);
}

static void an_option_is_taken_or_refused(void **state)
{
    rca_time length = -7;

    (void)state;
    assert_int_equal(rca_evidence_option("explain", NULL, &length), -1);
    assert_true(length == -7);
    assert_int_equal(rca_evidence_option("explain", "2s", &length), -1);
    assert_true(length == 2 * RCA_SECOND);
    assert_int_equal(rca_evidence_option("explain", "soon", &length), 2);
    assert_true(length == 2 * RCA_SECOND);
}

/* Why the story, whose incident ended at 120 s, is not live at @now. */
static const char *why(rca_time now, rca_time last, rca_time interval,
                       const char *host)
{
    const struct rca_store_info info = {.last = last, .interval = interval};
    struct story s;

    story_tell(&s, "batch-job");
    return rca_evidence_dead(&info, &s.e, host, now);
}

static void only_what_goes_on_here_is_live(void **state)
{
    (void)state;
    assert_null(why(AT(121), AT(120), RCA_SECOND, "host-3"));
    assert_null(why(AT(135), AT(120), RCA_SECOND, "host-3"));
    assert_string_equal(why(AT(136), AT(120), RCA_SECOND, "host-3"),
                        "nothing is collected now (rca collect)");
    assert_null(why(AT(136), AT(120), 10 * RCA_SECOND, "host-3"));
    assert_string_equal(why(AT(121), AT(120), RCA_SECOND, "host-4"),
                        "it is another host's");
    assert_string_equal(why(AT(121), RCA_TIME_NONE, 0, "host-3"),
                        "nothing is collected now (rca collect)");
    assert_null(why(AT(255), AT(254), RCA_SECOND, "host-3"));
    assert_string_equal(why(AT(256), AT(254), RCA_SECOND, "host-3"),
                        "the incident is over");
}

static void a_refusal_is_an_answer(void **state)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));

    (void)state;
    assert_non_null(e);
    oom_after(0);
    assert_err(rca_evidence_refuse(e, "no way"), -ENOMEM);
    oom_after(-1);
    assert_null(e->packets);
    assert_ok(rca_evidence_refuse(e, "no way"));
    assert_string_equal(e->packets->unseen, "no way");
    assert_true(e->packets->from == e->packets->to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_durations_or_none),
        cmocka_unit_test(an_option_is_taken_or_refused),
        cmocka_unit_test(only_what_goes_on_here_is_live),
        cmocka_unit_test(a_refusal_is_an_answer),
    };

    return cmocka_run_group_tests_name("cli/evidence", tests, NULL, NULL);
}
