/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The page of an explanation: byte for byte, names as text whatever they hold,
 * and a picture of which only what draws is kept. */

#include "cli/html.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/render.h"
#include "cli/sha256.h"
#include "graph/base/err.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/cli/story.h"

static const char drawing[] =
    "<?xml version=\"1.0\"?>\n<!-- by hand -->\n"
    "<svg width=\"9pt\" viewBox=\"0 0 9 9\" xmlns=\"http://www.w3.org/2000/svg\""
    "><g id=\"n0\" class=\"node cause\"><title>n0</title><g id=\"a_n0\">"
    "<a xlink:href=\"#n0\" xlink:title=\"batch&#45;job\"><path fill=\"#fff4ec\" "
    "d=\"M0,0 9,9\"/><text x=\"1\" y=\"2\">batch&#45;job</text></a></g></g>"
    "</svg>\n";

static char *page_of(const struct rca_explanation *e, const char *svg)
{
    struct rca_buf buf = {0};
    char *text = NULL;

    assert_ok(rca_render_html(e, svg, &buf));
    assert_ok(rca_buf_take(&buf, &text));
    return text;
}

static void compare(const char *text, const char *path)
{
    static char want[1 << 17];
    const char *how = getenv("RCA_GOLDEN");
    FILE *f = fopen(path, how ? "w" : "r");
    size_t n;

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

static void a_cause_makes_a_page(void **state)
{
    char *page RCA_CLEANUP(rca_freep) = NULL;
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    page = page_of(&s.e, drawing);
    compare(page, "tests/golden/cause.html");
}

static void captured_packets_make_a_table(void **state)
{
    char *page RCA_CLEANUP(rca_freep) = NULL;
    struct story s;

    (void)state;
    story_packets(&s);
    page = page_of(&s.e, drawing);
    compare(page, "tests/golden/packets.html");
}

/* Pages may lack what others have: none is left half said. */
static void a_page_has_what_there_is(void **state)
{
    struct story s;

    (void)state;
    for (int k = 0; k < 3; k++) {
        char *page RCA_CLEANUP(rca_freep) = NULL;

        story_tell(&s, "batch-job");
        s.e.verdict = k == 0   ? RCA_VERDICT_NORMAL
                      : k == 1 ? RCA_VERDICT_UNCLEAR
                               : RCA_VERDICT_CAUSE;
        s.e.n_causes = s.e.n_parts = k == 0 ? 0 : 2;
        s.e.n_unseen = 0;
        s.nodes[0].chart.n = 0;
        s.nodes[1].card.host = "";
        s.causes[1].share = s.causes[1].confidence = NAN;
        s.e.n_left_out = 7;
        page = page_of(&s.e, NULL);
        assert_non_null(strstr(page, "apt install graphviz"));
        assert_non_null(strstr(page, "There is no data to draw."));
        assert_non_null(strstr(page, "7 weaker cards are left out"));
        assert_true(!strstr(page, "Root causes") == (k < 2));
        assert_true(!strstr(page, "Candidates") == (k != 1));
        assert_true(!strstr(page, "id=\"change\"") == (k == 0));
        assert_null(strstr(page, "nan"));
        assert_non_null(strstr(page, "</html>\n"));
    }
}

static void a_method_may_only_rank(void **state)
{
    char *page RCA_CLEANUP(rca_freep) = NULL;
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    s.causes[0].share = s.causes[1].share = NAN;
    s.e.n_parts = 0;
    page = page_of(&s.e, NULL);
    assert_non_null(
        strstr(page, "This method ranks causes, and says no more."));
    assert_null(strstr(page, "data-label=\"share\""));
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void names_stay_text(void **state)
{
    static const char reversed[] = {'\xe2', '\x80', '\xae', '\0'};
    char name[128];
    char *plain RCA_CLEANUP(rca_freep) = NULL;
    char *page RCA_CLEANUP(rca_freep) = NULL;
    struct story s;

    (void)state;
    (void)snprintf(name, sizeof(name),
                   "</script><script>document.title='hijacked'</script>\"'&"
                   "<!--\xff\n%s",
                   reversed);
    story_tell(&s, "batch-job");
    plain = page_of(&s.e, NULL);
    story_tell(&s, name);
    s.e.symptom.name = s.nodes[3].card.name = s.nodes[3].card.host = name;
    s.e.symptom.label = s.nodes[1].card.label = s.nodes[2].card.metric = name;
    s.checked[0] = s.unseen[0] = s.causes[0].reasons[0] = name;
    s.flows[0].verb = name;
    s.packets = (struct rca_packets){
        .what = name, .filter = name, .unseen = name, .died = 1, .n_deaths = 1};
    s.packets.deaths[0] =
        (struct rca_packet_death){name, name, name, name, name, name, name, 1};
    s.e.packets = &s.packets;
    page = page_of(&s.e, NULL);
    assert_int_equal(count(page, "<script"), count(plain, "<script"));
    assert_int_equal(count(page, "</script"), count(plain, "</script"));
    assert_int_equal(count(page, "<!--"), 0);
    assert_int_equal(count(page, "\xff"), 0);
    assert_int_equal(count(page, reversed), 0);
    assert_int_equal(count(page, "'hijacked'"), count(page, "title='hijacked"));
}

/* The page takes what has no number, or too large a one, for no data. */
static void odd_numbers_draw_nothing(void **state)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e300, -1e308, 0};
    struct story s;

    (void)state;
    for (size_t k = 0; k < RCA_ARRAY_SIZE(odd); k++) {
        char *page RCA_CLEANUP(rca_freep) = NULL;

        story_tell(&s, "batch-job");
        s.points[0][3] = s.nodes[1].chart.low = odd[k];
        s.nodes[2].chart.instead = s.parts[0].amount = odd[k];
        s.e.symptom.before = s.nodes[3].card.before = odd[k];
        s.nodes[3].chart.from = k % 2 ? RCA_TIME_NONE : INT64_MAX;
        s.e.from = k % 2 ? RCA_TIME_NONE : INT64_MAX;
        page = page_of(&s.e, NULL);
        assert_null(strstr(page, "\"nan"));
        assert_null(strstr(page, "\"inf"));
        assert_null(strstr(page, "=\"-nan"));
        assert_null(strstr(page, "=\"-inf"));
    }
}

/* @want NULL: not well-formed */
static void check_picture(const char *svg, const char *want)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct story s;

    story_tell(&s, "batch-job");
    if (!want) {
        assert_err(rca_html_picture(&buf, &s.e, svg), RCA_ESYNTAX);
        assert_null(buf.text);
        return;
    }
    assert_ok(rca_html_picture(&buf, &s.e, svg));
    if (!strstr(buf.text, want))
        print_error("%s\n", buf.text);
    assert_non_null(strstr(buf.text, want));
    assert_null(strstr(buf.text, "evil"));
}

static void of_a_picture_only_what_draws_is_kept(void **state)
{
    (void)state;
    check_picture("<svg onload=\"evil\"><g style=\"evil\" fill=\"red\"/></svg>",
                  "<g fill=\"red\"/></svg>\n");
    check_picture("<svg><script>evil()</script><text>a</text></svg>",
                  "><text>a</text></svg>");
    check_picture("<svg><foreignObject><svg><text>evil</text></svg>"
                  "</foreignObject><image href=\"evil\"/><g></g></svg>",
                  "><g></g></svg>");
    check_picture("<svg><a xlink:href=\"javascript:evil\"><path/></a></svg>",
                  "><g><path/></g></svg>");
    check_picture("<svg><path fill=\"url(#evil)\" d=\"M1\"/></svg>",
                  "><path d=\"M1\"/></svg>");
    check_picture("<svg><text class=\"a>b\" x=\"1\">&lt;& ></text></svg>",
                  "><text x=\"1\">&lt;&amp; &gt;</text></svg>");
    check_picture("<svg><g id=\"n99\"><a><text>x</text></a></g></svg>",
                  "><g><g><text>x</text></g></g></svg>");
    check_picture("<svg><g id=\"n2\"><a href=\"evil\">x</a></g></svg>",
                  "<a id=\"card-2\" href=\"#chart-2\" role=\"button\"");
}

static void what_is_no_picture_is_refused(void **state)
{
    (void)state;
    check_picture("", NULL);
    check_picture("hello", NULL);
    check_picture("<html></html>", NULL);
    check_picture("<svg>", NULL);
    check_picture("<svg", NULL);
    check_picture("<svg></svg></svg>", NULL);
    check_picture("<svg><!-- </svg>", NULL);
    check_picture("<svg>< g></svg>", NULL);
    check_picture("<svg><g a=\"></svg>", NULL);
    check_picture("<g><svg></svg></g>", NULL);
}

static void deep_pictures_are_refused(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    rca_buf_str(&buf, "<svg>");
    for (int k = 0; k < 40; k++)
        rca_buf_str(&buf, "<g>");
    check_picture(buf.text, NULL);
}

static void every_allocation_may_fail(void **state)
{
    struct story s;
    int r = -1;

    (void)state;
    story_packets(&s);
    for (long n = 0; r != 0 && n < 1000; n++) {
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

        oom_after(n);
        r = rca_render_html(&s.e, drawing, &buf);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        assert_true(r || strstr(buf.text, "card-0"));
    }
    assert_ok(r);
}

/* FIPS 180-4's own examples: one block, two, and a million of 'a' */
static void digests_are_those_of_the_standard(void **state)
{
    static const char two[] =
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static char million[1000000];
    char got[RCA_SHA256_BASE64];

    (void)state;
    memset(million, 'a', sizeof(million));
    assert_string_equal(rca_sha256_base64("abc", 3, got),
                        "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    assert_string_equal(rca_sha256_base64("", 0, got),
                        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_string_equal(rca_sha256_base64(two, 56, got),
                        "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=");
    assert_string_equal(rca_sha256_base64(million, sizeof(million), got),
                        "zcduXJkU+5KBocfihNc+Z/GAmkiklyAOBG05zMcRLNA=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cause_makes_a_page),
        cmocka_unit_test(captured_packets_make_a_table),
        cmocka_unit_test(a_page_has_what_there_is),
        cmocka_unit_test(a_method_may_only_rank),
        cmocka_unit_test(names_stay_text),
        cmocka_unit_test(odd_numbers_draw_nothing),
        cmocka_unit_test(of_a_picture_only_what_draws_is_kept),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(deep_pictures_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(digests_are_those_of_the_standard),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/html", tests, NULL, NULL);
}
