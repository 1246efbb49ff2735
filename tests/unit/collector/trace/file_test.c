/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/file.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define HEAD offsetof(struct rca_trace_event, head)
#define START 16 /* bytes before the first block */

static const struct rca_trace_name_key name_key = {.kind = RCA_TRACE_NAME_NETNS,
                                                   .a = 4};

static struct rca_trace_event event(uint64_t time, uint32_t captured)
{
    struct rca_trace_event e;

    memset(&e, 0, sizeof(e));
    e.time = time;
    e.id = 7;
    e.point = RCA_TRACE_RULE;
    e.has = RCA_TRACE_HAS_RULE;
    e.netns = 4;
    e.captured = captured;
    memset(e.head, 0x5a, sizeof(e.head));
    memset(e.detail.rule.table, 'x', sizeof(e.detail.rule.table));
    return e;
}

static const struct rca_trace_stats stats = {
    .seen = 1,
    .matched = 2,
    .loss = {3, 4, 5, 6, 7},
};

/* A recording of three events, the middle one late; @ret_text is the caller's */
static size_t record(char **ret_text)
{
    const struct rca_trace_about about = {
        .filter = "tcp", .kernel = "6.1", .unseen = "nft: not permitted"};
    const struct rca_trace_event events[] = {event(10, 20), event(30, 256),
                                             event(20, 0)};
    struct rca_trace_names *names = NULL;
    size_t n;
    FILE *out = open_memstream(ret_text, &n);

    assert_non_null(out);
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_set(names, &name_key, "web"));
    assert_ok(rca_trace_write_begin(out, &about));
    assert_ok(rca_trace_write_names(out, names, 0));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(events); i++)
        assert_ok(rca_trace_write_event(out, &events[i]));
    assert_ok(rca_trace_write_end(out, &stats));
    assert_int_equal(fclose(out), 0);
    rca_trace_names_free(&names);
    return n;
}

static int read_text(char *text, size_t n, struct rca_diag *diag,
                     struct rca_trace_file *ret)
{
    FILE *in = n ? fmemopen(text, n, "r") : fopen("/dev/null", "r");
    int r;

    assert_non_null(in);
    r = rca_trace_read(in, "x", diag, ret);
    (void)fclose(in);
    return r;
}

static void what_was_written_is_read(void **state)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const size_t n = record(&text);
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};

    (void)state;
    assert_ok(read_text(text, n, NULL, &file));
    assert_string_equal(file.about.filter, "tcp");
    assert_null(file.about.meta);
    assert_string_equal(file.about.kernel, "6.1");
    assert_string_equal(file.about.unseen, "nft: not permitted");
    assert_true(file.about.complete);
    assert_memory_equal(&file.about.stats, &stats, sizeof(stats));
    assert_string_equal(rca_trace_names_get(file.names, &name_key), "web");
    assert_int_equal(file.n, 3);
    assert_int_equal(file.events[0]->time, 10);
    assert_int_equal(file.events[1]->time, 20);
    assert_int_equal(file.events[2]->time, 30);
    assert_int_equal(file.events[0]->captured, 20);
    assert_int_equal(file.events[2]->captured, 256);
    assert_int_equal(file.events[2]->head[255], 0x5a);
    assert_int_equal(strlen(file.events[0]->detail.rule.table),
                     RCA_TRACE_NAME - 1);
}

/* Under ASan: nothing is freed twice, or not at all. */
static void who_reads_may_leave_events_out(void **state)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const size_t n = record(&text);
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};

    (void)state;
    assert_ok(read_text(text, n, NULL, &file));
    file.events[0] = file.events[1];
    file.n = 1;
}

/* As after kill -9, at any byte: what is whole counts. */
static void a_cut_file_counts_up_to_its_cut(void **state)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const size_t all = record(&text);

    (void)state;
    for (size_t n = 0; n < all; n++) {
        struct rca_trace_file file = {0};
        struct rca_diag diag = {0};
        const int r = read_text(text, n, &diag, &file);

        if (n < START) {
            assert_err(r, RCA_ESYNTAX);
            assert_non_null(strstr(diag.text, n < 8 ? "not a file" : "ends"));
        } else {
            assert_ok(r);
            assert_false(file.about.complete);
            assert_true(file.n <= 3);
        }
        rca_trace_file_done(&file);
    }
}

static void a_late_storm_is_sorted(void **state)
{
    const struct rca_trace_about about = {0};
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    (void)state;
    assert_ok(rca_trace_write_begin(out, &about));
    for (uint64_t i = 1000; i > 0; i--) {
        const struct rca_trace_event e = event(i, 0);

        assert_ok(rca_trace_write_event(out, &e));
    }
    assert_int_equal(fclose(out), 0);
    assert_ok(read_text(text, n, NULL, &file));
    assert_int_equal(file.n, 1000);
    for (size_t i = 0; i < file.n; i++)
        assert_int_equal(file.events[i]->time, i + 1);
}

static void refuse(char *text, size_t n, int err, const char *words)
{
    struct rca_trace_file file = {0};
    struct rca_diag diag = {0};

    assert_err(read_text(text, n, &diag, &file), err);
    assert_non_null(strstr(diag.text, words));
    assert_string_equal(diag.file, "x");
}

static void put_block(char *at, uint32_t type, uint32_t size)
{
    memcpy(at, &type, 4);
    memcpy(at + 4, &size, 4);
}

static void broken_files_are_refused(void **state)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    char other[] = "no such thing, but long enough";
    const size_t n = record(&text);

    (void)state;
    refuse(other, sizeof(other), RCA_ESYNTAX, "not a file");
    refuse(other, 0, RCA_ESYNTAX, "not a file");
    put_block(text + START, 1, 8);
    refuse(text, n, RCA_ESYNTAX, "at byte 16: an event of impossible length");
    put_block(text + START, 1, sizeof(struct rca_trace_event) + 1);
    refuse(text, n, RCA_ESYNTAX, "an event of impossible length");
}

static void each_kind_of_block_is_checked(void **state)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const size_t n = record(&text);

    (void)state;
    put_block(text + START, 2, 31);
    refuse(text, n, RCA_ESYNTAX, "a name without its key");
    put_block(text + START, 3, 3);
    refuse(text, n, RCA_ESYNTAX, "a text that does not say of what");
    put_block(text + START, 4, 55);
    refuse(text, n, RCA_ESYNTAX, "an end without its numbers");
    put_block(text + START, 2, 1U << 31);
    refuse(text, n, RCA_ESYNTAX, "a block of impossible length");
    text[8] = 9;
    refuse(text, n, RCA_ESCHEMA, "version 9 of the format; this program reads");
    text[8] = 1;
    text[12]++;
    refuse(text, n, RCA_ESCHEMA, "version 1");
}

static void unknown_blocks_and_names_are_passed_over(void **state)
{
    struct rca_trace_file file RCA_CLEANUP(rca_trace_file_done) = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const size_t n = record(&text);
    char *more RCA_CLEANUP(rca_freep) = calloc(1, n + 5000 + 8 + 40 + 12);

    (void)state;
    assert_non_null(more);
    memcpy(more, text, START);
    put_block(more + START, 77, 5000);
    put_block(more + START + 5008, 2, 32); /* a name of kind 0 */
    put_block(more + START + 5048, 3, 4); /* a text number 0 */
    memcpy(more + START + 5060, text + START, n - START);
    assert_ok(read_text(more, n + 5060, NULL, &file));
    assert_int_equal(file.n, 3);
    assert_true(file.about.complete);
}

static void a_full_disk_is_said(void **state)
{
    const struct rca_trace_about about = {.filter = "tcp"};
    const struct rca_trace_event e = event(1, 256);
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    if (!full)
        skip();
    (void)setvbuf(full, NULL, _IONBF, 0);
    assert_err(rca_trace_write_begin(full, &about), -ENOSPC);
    assert_err(rca_trace_write_event(full, &e), -ENOSPC);
    assert_err(rca_trace_write_end(full, &stats), -ENOSPC);
    (void)fclose(full);
}

static void unreadable_files_are_said(void **state)
{
    struct rca_trace_file file;
    FILE *folder = fopen("/", "r");

    (void)state;
    assert_non_null(folder);
    assert_err(rca_trace_read(folder, "x", NULL, &file), -EISDIR);
    (void)fclose(folder);
}

static void every_allocation_may_fail(void **state)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const size_t n = record(&text);
    int r = -ENOMEM;

    (void)state;
    for (long k = 0; r; k++) {
        struct rca_trace_file file = {0};

        oom_after(k);
        r = read_text(text, n, NULL, &file);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        rca_trace_file_done(&file);
        assert_true(k < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(who_reads_may_leave_events_out),
        cmocka_unit_test(a_cut_file_counts_up_to_its_cut),
        cmocka_unit_test(a_late_storm_is_sorted),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(each_kind_of_block_is_checked),
        cmocka_unit_test(unknown_blocks_and_names_are_passed_over),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(unreadable_files_are_said),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
