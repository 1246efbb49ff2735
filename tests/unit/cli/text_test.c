/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The answer fits 15 lines of 80 columns, whatever it has to tell. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/words.h"
#include "tests/harness/test.h"
#include "tests/unit/cli/story.h"

/* without what turns colours on and off */
static void strip(char *text)
{
    char *to = text;

    for (const char *p = text; *p;) {
        if (*p == '\033')
            p += strcspn(p, "m") + 1;
        else
            *to++ = *p++;
    }
    *to = '\0';
}

/* the text, which the caller frees */
static char *text_of(const struct rca_explanation *e, _Bool colour)
{
    char *text = NULL, *line, *rest, *copy;
    int n = 0;

    assert_ok(rca_render(e, RCA_FORMAT_TEXT, colour, &text));
    strip(text);
    copy = rest = strdup(text);
    while ((line = strsep(&rest, "\n")) && rest) {
        n++;
        if (rca_columns(line) > 80)
            fail_msg("%d columns: %s", rca_columns(line), line);
        assert_true(!*line || line[strlen(line) - 1] != ' ');
    }
    if (n > 15)
        fail_msg("%d lines:\n%s", n, text);
    free(copy);
    return text;
}

static void assert_fits(const struct rca_explanation *e)
{
    char *plain = text_of(e, 0), *colour = text_of(e, 1);

    assert_string_equal(plain, colour);
    free(plain);
    free(colour);
}

/* lines joined */
static char *words_of(const struct rca_explanation *e)
{
    char *text = text_of(e, 0);

    for (char *p = text; *p; p++) {
        if (*p == '\n')
            *p = ' ';
    }
    return text;
}

static const enum rca_verdict verdicts[] = {
    RCA_VERDICT_CAUSE, RCA_VERDICT_UNCLEAR, RCA_VERDICT_NORMAL};

static const char *const names[] = {
    "x",
    "kubepods-burstable-pod7d9f8e7d-9f8e-7d9f-8e7d-9f8e7d9f8e7d.slice/cri-cont"
    "ainerd-7d9f8e7d9f8e7d9f8e7d9f8e7d9f8e7d9f8e7d9f8e7d9f8e7d9f8e7d9f8e7d.scope",
    "a name of many words that could be broken between any two of them if need "
    "be and goes on and on",
    "数据库服务数据库服务数据库服务数据库服务数据库服务数据库服务数据库服务",
    "\xff\xfe\033[31mred\n\n\n\n",
    "",
};

static void any_names_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++) {
        for (size_t v = 0; v < RCA_ARRAY_SIZE(verdicts); v++) {
            struct story s;

            story_tell(&s, names[i]);
            s.e.verdict = verdicts[v];
            assert_fits(&s.e);
            s.e.symptom.name = names[i];
            s.e.symptom.label = names[i];
            s.causes[0].card.label = names[i];
            s.causes[1].card.name = names[i];
            s.checked[0] = names[i];
            s.unseen[0] = names[i];
            for (size_t k = 0; k < s.e.n_nodes; k++)
                s.nodes[k].card.name = s.nodes[k].card.label = names[i];
            assert_fits(&s.e);
        }
    }
}

/* with packets in every state, in an answer that has little room */
static void any_packets_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++) {
        for (unsigned k = 0; k < 16; k++) {
            struct rca_cause causes[5];
            struct story s;

            story_packets(&s);
            s.e.causes = causes;
            s.e.n_causes = 5;
            for (size_t c = 0; c < 5; c++)
                causes[c] = s.causes[c > 0];
            s.e.quality.missing = 0.5;
            s.e.verdict = verdicts[k % 3];
            s.packets.what = s.packets.filter = names[i];
            s.packets.unseen = k & 1 ? names[i] : NULL;
            s.packets.packets = k & 2 ? UINT64_MAX : 0;
            s.packets.died = k & 4 ? UINT64_MAX : 0;
            s.packets.n_deaths = k & 4 ? 2 : 0;
            s.packets.to = k & 8 ? s.packets.from : s.packets.to;
            for (size_t d = 0; d < 2; d++)
                s.packets.deaths[d] =
                    (struct rca_packet_death){names[i], k & 8 ? NULL : names[i],
                                              names[i], names[i],
                                              names[i], names[i],
                                              names[i], UINT64_MAX};
            assert_fits(&s.e);
        }
    }
}

static void packets_have_a_line(void **state)
{
    struct story s;
    char *text;

    (void)state;
    story_packets(&s);
    text = words_of(&s.e);
    assert_non_null(
        strstr(text, "packets  315 of 15,204 of web port 8080 died in 5 s: 312 "
                     "by rule          web:filter/input/2, 3 otherwise; 17 "
                     "events were lost"));
    assert_null(strstr(text, "none of the causes"));
    free(text);
    s.causes[0].card.kind = RCA_KIND_NIC;
    text = words_of(&s.e);
    assert_non_null(strstr(text, "         most died by rule web:filter/input/2"
                                 ", which is none of the causes named"));
    free(text);
}

static void any_values_fit(void **state)
{
    static const double wild[] = {0,     -1,     1e-300, 123456.789,
                                  1e300, -1e300, NAN,    INFINITY};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(wild); i++) {
        for (size_t k = 0; k < RCA_ARRAY_SIZE(wild); k++) {
            for (unsigned u = 0; u < RCA_UNIT_COUNT; u++) {
                struct story s;

                story_tell(&s, names[1]);
                s.causes[0].card.before = s.e.symptom.before = wild[i];
                s.causes[0].card.after = s.e.symptom.after = wild[k];
                s.causes[0].card.unit = s.e.symptom.unit = (enum rca_unit)u;
                s.causes[0].value = s.causes[0].low = wild[i];
                s.causes[0].high = wild[k];
                s.causes[0].share = wild[i];
                s.causes[0].confidence = wild[k];
                s.e.unexplained = wild[i];
                s.e.quality.missing = wild[k];
                assert_fits(&s.e);
            }
        }
    }
}

static void what_has_no_room_is_counted(void **state)
{
    struct rca_cause causes[40];
    struct story s;
    char *text;

    (void)state;
    story_tell(&s, "batch-job");
    for (size_t i = 0; i < 40; i++)
        causes[i] = s.causes[1];
    causes[0] = s.causes[0];
    s.e.causes = causes;
    s.e.n_causes = 40;
    text = text_of(&s.e, 0);
    assert_non_null(strstr(text, "    and 35 more\n"));
    assert_non_null(strstr(text, "and 41 more\n"));
    free(text);
}

static void bad_data_is_told(void **state)
{
    struct story s;
    char *text;

    (void)state;
    story_tell(&s, "batch-job");
    text = text_of(&s.e, 0);
    assert_null(strstr(text, "quality"));
    free(text);
    s.e.quality.incident_rows = 4;
    s.e.quality.missing = 0.23;
    s.e.trained_from = s.e.from - 864000 * RCA_SECOND;
    s.e.trained_to = s.e.from - 259200 * RCA_SECOND;
    text = text_of(&s.e, 0);
    assert_non_null(strstr(text, "quality  only 4 samples of the incident; "
                                 "23 % of values missing; "
                                 "model 3 d old\n"));
    free(text);
    s.e.trained_from = s.e.from;
    s.e.trained_to = s.e.to;
    s.e.quality.missing = 0;
    text = text_of(&s.e, 0);
    assert_non_null(strstr(text, "the model knows no time before it"));
    free(text);
}

static void a_symptom_that_is_its_own_cause_is_said_so(void **state)
{
    struct story s;
    char *text;

    (void)state;
    story_tell(&s, "batch-job");
    s.causes[0].card = s.e.symptom;
    text = text_of(&s.e, 0);
    assert_non_null(strstr(text, "Cause: web itself: nothing else that was "
                                 "measured explains it better; 92 % sure."));
    free(text);
    s.causes[0].card.metric = "cpu_usage_cores";
    s.causes[0].card.unit = RCA_UNIT_CORES;
    text = text_of(&s.e, 0);
    assert_non_null(strstr(text, "Cause: web itself uses 0.189 CPU cores"));
    free(text);
}

static void two_causes_of_one_size_are_both_named(void **state)
{
    struct story s;
    char *text;

    (void)state;
    story_tell(&s, "batch-job");
    s.causes[1].share = 0.85;
    text = words_of(&s.e);
    assert_non_null(strstr(text, "But client clients has a share of 85 %"));
    free(text);
}

static void a_method_without_confidence_says_so(void **state)
{
    struct story s;
    char *text;

    (void)state;
    story_tell(&s, "batch-job");
    s.e.method = RCA_METHOD_BARO;
    for (size_t i = 0; i < 2; i++)
        s.causes[i].share = s.causes[i].confidence = s.causes[i].value = NAN;
    text = words_of(&s.e);
    assert_non_null(strstr(text, "ranked by baro, which does not say how"));
    assert_null(strstr(text, "share"));
    assert_null(strstr(text, "what if"));
    free(text);
}

static void an_onset_after_the_symptom_is_not_before_it(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    s.causes[0].card.onset = s.e.symptom.onset + 10 * RCA_SECOND;
    rca_words_sure(&buf, &s.e);
    assert_non_null(strstr(buf.text, "10 s after the symptom"));
}

static void an_unknown_onset_gives_the_time_that_was_looked_at(void **state)
{
    struct story s;
    char *text;

    (void)state;
    story_tell(&s, "batch-job");
    s.e.symptom.onset = RCA_TIME_NONE;
    text = text_of(&s.e, 0);
    assert_non_null(strstr(text, "(4.1×), 22:13:20 to 22:15:20 UTC\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_names_fit),
        cmocka_unit_test(any_packets_fit),
        cmocka_unit_test(packets_have_a_line),
        cmocka_unit_test(any_values_fit),
        cmocka_unit_test(what_has_no_room_is_counted),
        cmocka_unit_test(bad_data_is_told),
        cmocka_unit_test(a_symptom_that_is_its_own_cause_is_said_so),
        cmocka_unit_test(two_causes_of_one_size_are_both_named),
        cmocka_unit_test(a_method_without_confidence_says_so),
        cmocka_unit_test(an_onset_after_the_symptom_is_not_before_it),
        cmocka_unit_test(an_unknown_onset_gives_the_time_that_was_looked_at),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/text", tests, NULL, NULL);
}
