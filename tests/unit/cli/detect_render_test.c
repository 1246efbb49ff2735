/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is abnormal, as it is printed, against golden files byte for byte
 * (RCA_GOLDEN=write makes them anew). */

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/detect.h"
#include "cli/show.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define AT(s) ((1700000000 + (s)) * RCA_SECOND)

/** struct story - a hand-made detection and the room for its lists */
struct story {
    struct rca_detection d;
    struct rca_finding findings[5];
    struct rca_group groups[3];
};

static struct rca_finding finding_of(enum rca_kind kind, const char *name,
                                     const char *metric, const char *label)
{
    struct rca_finding f = {.card = {.kind = kind,
                                     .name = name,
                                     .host = "vm",
                                     .metric = metric,
                                     .label = label,
                                     .before = NAN,
                                     .after = NAN,
                                     .factor = NAN,
                                     .strength = NAN,
                                     .onset = AT(20)},
                            .to = AT(300),
                            .p = NAN};

    return f;
}

static void set(struct rca_finding *f, enum rca_role role, enum rca_unit unit,
                double before, double after)
{
    f->card.role = role;
    f->card.unit = unit;
    f->card.before = before;
    f->card.after = after;
    f->card.factor = before > 0 ? after / before : NAN;
    f->card.strength = 12.5;
    f->p = 3e-7;
}

static void tell(struct story *s, const char *name)
{
    struct rca_finding *f;

    memset(s, 0, sizeof(*s));
    f = s->findings;
    f[0] = finding_of(RCA_KIND_SERVICE, name, "request_latency_mean_seconds",
                      "latency mean");
    set(&f[0], RCA_ROLE_LATENCY, RCA_UNIT_SECONDS, 0.046, 0.189);
    f[0].is_symptom = 1;
    f[1] = finding_of(RCA_KIND_CALL, "web->stock", "request_error_ratio",
                      "errors");
    set(&f[1], RCA_ROLE_ERROR, RCA_UNIT_RATIO, 0, 0.05);
    f[1].is_symptom = 1;
    f[1].group = 1;
    f[1].card.onset = AT(250);
    f[2] = finding_of(RCA_KIND_CGROUP,
                      "kubepods.slice/kubepods-burstable.slice/batch-job",
                      "cpu_usage_cores", "CPU used");
    set(&f[2], RCA_ROLE_USAGE, RCA_UNIT_CORES, 0.1, 7.4);
    f[2].card.onset = AT(0);
    f[3] = finding_of(RCA_KIND_CGROUP, "batch-job", "", "appeared");
    f[3].change = RCA_CHANGE_APPEARED;
    f[4] = finding_of(RCA_KIND_SERVICE, "mail", "", "vanished");
    f[4].change = RCA_CHANGE_VANISHED;
    f[4].group = 2;
    s->groups[0] = (struct rca_group){0, 3, 2, 1, AT(0), AT(300)};
    s->groups[1] = (struct rca_group){1, 1, 1, 1, AT(250), AT(300)};
    s->groups[2] = (struct rca_group){4, 1, 1, 0, AT(20), AT(300)};
    s->d = (struct rca_detection){.from = AT(0),
                                  .to = AT(300),
                                  .stretch = 60 * RCA_SECOND,
                                  .trained_from = AT(-7200),
                                  .trained_to = AT(-600),
                                  .n_metrics = 214,
                                  .n_entities = 37,
                                  .n_tested = 214,
                                  .fdr = 0.05,
                                  .n_findings = 5,
                                  .n_groups = 3,
                                  .findings = f,
                                  .groups = s->groups};
}

static void compare(const char *text, const char *path)
{
    const char *how = getenv("RCA_GOLDEN");
    char want[8192];
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

/* as text where @view is given, else as JSON */
static char *render(const struct story *s, const struct rca_detect_view *view)
{
    struct rca_buf buf = {0};
    char *text = NULL;

    assert_ok(view ? rca_detect_text(&s->d, view, &buf)
                   : rca_detect_json(&s->d, &buf));
    assert_ok(rca_buf_take(&buf, &text));
    return text;
}

static void golden(const struct story *s, const struct rca_detect_view *view,
                   const char *path)
{
    char *text RCA_CLEANUP(rca_freep) = render(s, view);

    compare(text, path);
}

static const struct rca_detect_view brief = {.now = AT(360)};
static const struct rca_detect_view all = {.all = 1, .now = AT(360)};

static void incidents_are_told_a_line_each(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "web");
    golden(&s, &brief, "tests/golden/detect.txt");
    golden(&s, &all, "tests/golden/detect-all.txt");
    golden(&s, NULL, "tests/golden/detect.json");
}

static void nothing_is_told_with_what_was_looked_at(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "web");
    s.d.n_findings = s.d.n_groups = 0;
    golden(&s, &brief, "tests/golden/detect-normal.txt");
    golden(&s, NULL, "tests/golden/detect-normal.json");
}

static void times_of_another_day_can_be_typed(void **state)
{
    const struct rca_detect_view later = {.now = AT(3 * 86400)};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    struct story s;

    (void)state;
    tell(&s, "web");
    s.d.fdr = 0.07;
    text = render(&s, &later);
    assert_non_null(strstr(text, "--from @1700000020 --to @1700000300\n"));
    assert_non_null(strstr(text, "at most 7 % is expected"));
}

/* no line is wider than a terminal, and nothing but printable text is left */
static void hostile_names_stay_text(void **state)
{
    static const char *const names[] = {"a\"b\\N<i>&\n\x1b[31m\xff];}",
                                        "<script>\xc2\x85", "",
                                        "-rf $(reboot)"};
    char huge[10001];
    struct story s;

    (void)state;
    memset(huge, 'x', 10000);
    huge[10000] = '\0';
    for (size_t i = 0; i <= RCA_ARRAY_SIZE(names); i++) {
        char *text RCA_CLEANUP(rca_freep) = NULL;
        char *json RCA_CLEANUP(rca_freep) = NULL;
        char *rest;
        json_t *root;

        tell(&s, i < RCA_ARRAY_SIZE(names) ? names[i] : huge);
        s.findings[1].card.label = s.findings[0].card.name;
        text = render(&s, &all);
        json = render(&s, NULL);
        root = json_loads(json, 0, NULL);
        assert_non_null(root);
        json_decref(root);
        assert_null(strchr(text, '\x1b'));
        assert_null(strstr(text, "explain --entity service/-rf"));
        rest = text;
        for (char *line; (line = strsep(&rest, "\n"));)
            assert_true(rca_show_width(line) <= 80 ||
                        strstr(line, "rca explain"));
    }
}

static void colour_is_only_added(void **state)
{
    const struct rca_detect_view coloured = {
        .all = 1, .colour = 1, .now = AT(360)};
    char *text RCA_CLEANUP(rca_freep) = NULL, *to;
    char *plain RCA_CLEANUP(rca_freep) = NULL;
    struct story s;

    (void)state;
    tell(&s, "web");
    plain = render(&s, &all);
    text = to = render(&s, &coloured);
    assert_non_null(strchr(text, '\x1b'));
    for (const char *from = text; *from; from++) {
        if (*from == '\x1b')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    }
    *to = '\0';
    assert_string_equal(text, plain);
}

static void every_allocation_may_fail(void **state)
{
    struct story s;

    (void)state;
    tell(&s, "web");
    for (int json = 0; json < 2; json++) {
        _Bool more = 1;

        for (long n = 0; more; n++) {
            struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
            int err;

            oom_after(n);
            err = json ? rca_detect_json(&s.d, &buf)
                       : rca_detect_text(&s.d, &all, &buf);
            more = oom_hit();
            oom_after(-1);
            assert_int_equal(err != 0, more);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incidents_are_told_a_line_each),
        cmocka_unit_test(nothing_is_told_with_what_was_looked_at),
        cmocka_unit_test(times_of_another_day_can_be_typed),
        cmocka_unit_test(hostile_names_stay_text),
        cmocka_unit_test(colour_is_only_added),
        cmocka_unit_test(every_allocation_may_fail),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
