/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static int parse(const char *text, struct rca_diag *diag,
                 struct rca_config *config)
{
    return rca_config_parse(text, strlen(text), "rca.yaml", diag, config);
}

/* Refused at line:column, and what is said has @want in it. */
static void refuse(const char *text, unsigned line, unsigned column,
                   const char *want)
{
    struct rca_diag diag = {{0}, 0, 0, {0}};
    struct rca_config config = {.n_names = 77};

    assert_err(parse(text, &diag, &config), RCA_ESYNTAX);
    assert_int_equal(config.n_names, 77);
    assert_string_equal(diag.file, "rca.yaml");
    if (!strstr(diag.text, want))
        fail_msg("'%s' does not say '%s'", diag.text, want);
    assert_int_equal(diag.line, line);
    assert_int_equal(diag.column, column);
    assert_err(parse(text, NULL, &config), RCA_ESYNTAX);
}

static void nothing_gives_the_defaults(void **state)
{
    static const char *const texts[] = {"", "# only a comment\n", "{}"};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(texts); i++) {
        struct rca_config c RCA_CLEANUP(rca_config_done) = {0};

        assert_ok(parse(texts[i], NULL, &c));
        assert_string_equal(c.db, "/var/lib/rca/rca.db");
        assert_int_equal(c.interval, RCA_SECOND);
        assert_int_equal(c.retention, RCA_SECOND * 86400 * 7);
        assert_int_equal(c.retention_coarse, RCA_SECOND * 86400 * 90);
        assert_int_equal(c.max_size, 2000000000);
        assert_null(c.sources);
        assert_null(c.without);
        assert_null(c.ovs);
        assert_int_equal(c.profile, RCA_PROFILE_STANDARD);
        assert_close(c.cpu_budget, 0.01, 1e-12);
        assert_null(c.user);
        assert_false(c.allow_changes);
        assert_int_equal(c.limit[RCA_KIND_CALL], 2000);
        assert_int_equal(c.limit[RCA_KIND_HOST], 0);
        assert_int_equal(c.n_names, 0);
    }
}

static void every_key_is_read(void **state)
{
    struct rca_config c RCA_CLEANUP(rca_config_done) = {0};

    (void)state;
    assert_ok(parse("db: /tmp/x.db\n"
                    "interval: 250ms\n"
                    "retention: 2d\n"
                    "retention_coarse: none\n"
                    "max_size: 500MB\n"
                    "sources: [host, cgroup]\n"
                    "profile: light\n"
                    "without: [iter/task, \"tp_btf/kfree_skb\"]\n"
                    "cpu_budget: 0.5%\n"
                    "user: watcher\n"
                    "allow_system_changes: true\n"
                    "ovs: /tmp/switch\n"
                    "limits: {service: 5, call: 6}\n"
                    "names:\n"
                    "  - {port: 5432, name: postgres}\n"
                    "  - cgroup: \"/system.slice/web*\"\n"
                    "    name: web\n",
                    NULL, &c));
    assert_string_equal(c.db, "/tmp/x.db");
    assert_int_equal(c.interval, RCA_SECOND / 4);
    assert_int_equal(c.retention, RCA_SECOND * 86400 * 2);
    assert_int_equal(c.retention_coarse, 0);
    assert_int_equal(c.max_size, 500000000);
    assert_string_equal(c.sources, "host,cgroup");
    assert_int_equal(c.profile, RCA_PROFILE_LIGHT);
    assert_string_equal(c.without, "iter/task,tp_btf/kfree_skb");
    assert_close(c.cpu_budget, 0.005, 1e-12);
    assert_string_equal(c.user, "watcher");
    assert_true(c.allow_changes);
    assert_string_equal(c.ovs, "/tmp/switch");
    assert_int_equal(c.limit[RCA_KIND_SERVICE], 5);
    assert_int_equal(c.limit[RCA_KIND_CALL], 6);
    assert_int_equal(c.limit[RCA_KIND_PEER], 500);
    assert_int_equal(c.n_names, 2);
    assert_int_equal(c.names[0].port, 5432);
    assert_null(c.names[0].cgroup);
    assert_string_equal(c.names[0].name, "postgres");
    assert_int_equal(c.names[1].port, 0);
    assert_string_equal(c.names[1].cgroup, "system.slice/web*");
}

static void an_unknown_key_is_refused_with_the_nearest(void **state)
{
    (void)state;
    refuse("db: x\nintervall: 1s\n", 2, 1, "did you mean 'interval'?");
    refuse("db: x\nintervall: 1s\n", 2, 1, "known: db, interval, retention");
    refuse("limits:\n  servce: 1\n", 2, 3, "did you mean 'service'?");
    refuse("names: [{prt: 1, name: x}]\n", 1, 10, "did you mean 'port'?");
    refuse("ovs: here\n", 1, 6, "ovs must be the path of a folder");
    refuse("sources: [hots]\n", 1, 11, "did you mean 'host'?");
    refuse("retention_coarse: 5min\n", 1, 19, "at least 1h");
    refuse("max_size: 2\n", 1, 11, "at least 10MB");
    refuse("max_size: 9MB\n", 1, 11, "at least 10MB");
    refuse("max_size: -2GB\n", 1, 11, "at least 10MB");
    refuse("max_size: 99999999999999TB\n", 1, 11, "at least 10MB");
    refuse("profile: dep\n", 1, 10, "did you mean 'deep'?");
    refuse("zzzzzz: 1\n", 1, 1, "unknown key 'zzzzzz'; known: db");
}

static void a_key_may_be_there_once(void **state)
{
    (void)state;
    refuse("db: x\ndb: y\n", 2, 1, "twice");
    refuse("limits: {call: 1, call: 1}\n", 1, 19, "twice");
    refuse("names: [{port: 1, name: x, name: y}]\n", 1, 28, "twice");
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
    (void)state;
    refuse("- a\n", 1, 1, "expected 'key: value'");
    refuse("just words\n", 1, 1, "expected 'key: value'");
    refuse("[a]: 1\n", 1, 1, "a key must be a word");
    refuse("db: [x]\n", 1, 5, "db must be the path");
    refuse("db: ~\n", 1, 5, "db must be the path");
    refuse("db: \"a\\0b\"\n", 1, 5, "db must be the path");
    refuse("interval: 1\n", 1, 11, "interval must be a duration");
    refuse("interval: 10ms\n", 1, 11, "at least 100ms");
    refuse("retention: soon\n", 1, 12, "retention must be a duration");
    refuse("sources: host\n", 1, 10, "sources must be a list");
    refuse("sources: []\n", 1, 10, "sources must be a list");
    refuse("sources: [[host]]\n", 1, 11, "a source must be a word");
    refuse("profile: []\n", 1, 10, "profile must be a word");
    refuse("without: iter/task\n", 1, 10, "without must be a list");
    refuse("without: [\"a,b\"]\n", 1, 11, "a hook must be a word");
    refuse("user: [a]\n", 1, 7, "name of a user");
    refuse("allow_system_changes: 1\n", 1, 23, "true or false");
    refuse("cpu_budget: 1\n", 1, 13, "share of one core");
    refuse("cpu_budget: 0%\n", 1, 13, "share of one core");
    refuse("cpu_budget: 1001%\n", 1, 13, "share of one core");
    refuse("cpu_budget: nan%\n", 1, 13, "share of one core");
    refuse("limits: 5\n", 1, 9, "expected 'key: value'");
    refuse("limits: {call: 0}\n", 1, 16, "from 1 to 100000");
    refuse("limits: {call: 100001}\n", 1, 16, "from 1 to 100000");
    refuse("limits: {call: -1}\n", 1, 16, "from 1 to 100000");
    refuse("names: {a: b}\n", 1, 8, "names must be a list");
    refuse("names: [{port: 65536, name: x}]\n", 1, 16, "from 1 to 65535");
    refuse("names: [{port: 0, name: x}]\n", 1, 16, "from 1 to 65535");
    refuse("names: [{port: 1, name: []}]\n", 1, 25, "name must be a text");
    refuse("names: [{cgroup: {}, name: x}]\n", 1, 18, "cgroup must be");
}

static void a_rule_needs_a_name_and_something_to_match(void **state)
{
    (void)state;
    refuse("names:\n  - {port: 1}\n", 2, 5, "needs a name");
    refuse("names:\n  - {name: x}\n", 2, 5, "needs a port, a cgroup");
}

static void what_is_not_one_yaml_document_is_refused(void **state)
{
    static char big[(1 << 20) + 2];
    struct rca_config c;

    (void)state;
    refuse("db: [x\n", 2, 1, "did not find");
    refuse("a: b\n\tc: d\n", 2, 1, "tab character");
    refuse("db: x\n---\ndb: y\n", 3, 0, "second document");
    refuse("db: *nobody\n", 1, 5, "undefined alias");
    memset(big, '#', sizeof(big) - 1);
    assert_err(parse(big, NULL, &c), RCA_ESYNTAX);
}

static void a_file_is_read_and_a_missing_one_named(void **state)
{
    char path[] = "/tmp/rca-config-XXXXXX";
    struct rca_config c RCA_CLEANUP(rca_config_done) = {0};
    struct rca_diag diag = {{0}, 0, 0, {0}};
    const int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "db: z\n", 6), 6);
    assert_ok(close(fd));
    assert_ok(rca_config_load(path, &diag, &c));
    assert_string_equal(c.db, "z");
    assert_ok(unlink(path));
    assert_err(rca_config_load(path, &diag, &c), -ENOENT);
    assert_string_equal(diag.file, path);
    assert_non_null(strstr(diag.text, "cannot open"));
    assert_string_equal(c.db, "z");
    assert_err(rca_config_load("/", &diag, &c), -EIO);
}

static void no_memory_changes_nothing(void **state)
{
    static const char text[] = "db: x\nsources: [host]\n"
                               "names: [{port: 1, cgroup: c, name: n}]\n";

    (void)state;
    for (long n = 0; n < 100; n++) {
        struct rca_config c = {.n_names = 77};
        int r;

        oom_after(n);
        r = parse(text, NULL, &c);
        if (!oom_hit()) {
            oom_after(-1);
            assert_ok(r);
            rca_config_done(&c);
            return;
        }
        oom_after(-1);
        assert_err(r, -ENOMEM);
        assert_int_equal(c.n_names, 77);
    }
    fail_msg("no end of allocations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gives_the_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(an_unknown_key_is_refused_with_the_nearest),
        cmocka_unit_test(a_key_may_be_there_once),
        cmocka_unit_test(values_of_the_wrong_kind_are_refused),
        cmocka_unit_test(a_rule_needs_a_name_and_something_to_match),
        cmocka_unit_test(what_is_not_one_yaml_document_is_refused),
        cmocka_unit_test(a_file_is_read_and_a_missing_one_named),
        cmocka_unit_test(no_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
