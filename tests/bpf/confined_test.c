/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Every source for real, in two processes: one that gives up its privileges
 * once all are open, and one that keeps them. Both change their profile up and
 * down and tick in between; then a namespace appears. What works, by which
 * hook, and what is seen of that namespace must be the same.
 */

#include "collector/config.h"
#include "collector/confine.h"
#include "collector/source.h"
#include "tests/bpf/net.h"

#define MAX_SOURCES 32
#define MAX_TEXT 65536

struct watch {
    struct rca_config config;
    struct rca_source_env env;
    struct rca_hooks hooks;
    struct rca_confine confine;
    struct rca_observer *obs;
    const struct rca_source *source[MAX_SOURCES];
    void *state[MAX_SOURCES];
    size_t n;
    rca_time now;
};

#define MUST(expr)                                                             \
    do {                                                                       \
        const int must_ = (expr);                                              \
        if (must_ < 0) {                                                       \
            (void)fprintf(stderr, "%s: %s\n", #expr, rca_strerror(must_));     \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static void open_all(struct watch *w)
{
    const struct rca_source *const *table = rca_source_table();

    for (; *table; table++) {
        w->hooks.source = (*table)->name;
        w->source[w->n] = *table;
        if ((*table)->open(&w->env, w->obs, &w->state[w->n]) == 0)
            w->n++;
    }
}

static void tick(struct watch *w)
{
    w->now += RCA_SECOND;
    rca_observer_begin(w->obs, w->now);
    for (size_t i = 0; i < w->n; i++)
        MUST(w->source[i]->tick(w->state[i], w->obs));
}

static void change_to(struct watch *w, enum rca_profile profile)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->source[i]->set_profile)
            MUST(w->source[i]->set_profile(w->state[i], w->obs, profile));
    }
}

static void start(struct watch *w, _Bool keep)
{
    const struct rca_confine_options options = {.keep = keep};

    MUST(rca_config_init(&w->config));
    w->env = (struct rca_source_env){.proc = "/proc",
                                     .sys = "/sys",
                                     .host = "h",
                                     .config = &w->config,
                                     .profile = RCA_PROFILE_STANDARD,
                                     .hooks = &w->hooks};
    w->now = RCA_SECOND;
    MUST(rca_confine_begin(&options, NULL, &w->confine));
    MUST(rca_observer_new(NULL, "h", &w->obs));
    rca_observer_set_privileged(w->obs, w->confine.helper);
    open_all(w);
    MUST(rca_confine_enter(&w->confine, w->obs, NULL));
}

static double at_later(struct watch *w, enum rca_kind kind, const char *name,
                       const char *series)
{
    return net_value(w->obs, kind, name, series);
}

static void tell(struct watch *w, int out)
{
    char text[MAX_TEXT];
    size_t n, len = 0;
    const struct rca_feature *f = rca_observer_features(w->obs, &n);

    for (size_t i = 0; i < n; i++) {
        if (strstr(f[i].name, "privilege")) /* meant to differ */
            continue;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s|%d|%s\n",
                                f[i].name, (int)f[i].state, f[i].how);
    }
    len += (size_t)snprintf(
        text + len, sizeof(text) - len, "nic %d rule %d netns %d\n",
        !isnan(at_later(w, RCA_KIND_NIC, "late/v0", "receive_bytes_total")),
        !isnan(at_later(w, RCA_KIND_RULE, "late:t/a/2", "rule_packets_total")),
        !isnan(at_later(w, RCA_KIND_NETNS, "late", "udp_no_port_total")));
    if (write(out, text, len) != (ssize_t)len)
        _exit(1);
}

/* In a child: its privileges do not come back. */
static void watch(_Bool keep, int in, int out)
{
    static struct watch w;
    char c;

    start(&w, keep);
    tick(&w);
    change_to(&w, RCA_PROFILE_LIGHT);
    tick(&w);
    change_to(&w, RCA_PROFILE_DEEP);
    tick(&w);
    change_to(&w, RCA_PROFILE_STANDARD);
    tick(&w);
    if (write(out, "!", 1) != 1 || read(in, &c, 1) != 1)
        _exit(1);
    tick(&w);
    tick(&w);
    tell(&w, out);
    for (size_t i = 0; i < w.n; i++)
        w.source[i]->close(&w.state[i]);
    rca_confine_end(&w.confine);
    _exit(0);
}

static void add_namespace(void)
{
    net_run("ip netns add late; ip -n late link add v0 type veth peer name v1;"
            "ip -n late link set v0 up;"
            "echo 'table ip t { chain a { type filter hook output priority 0;"
            "  counter; }; }' | ip netns exec late nft -f -");
}

static void run(_Bool keep, char *text)
{
    int in[2], out[2], status = 0;
    size_t len = 0;
    ssize_t n;
    char c;
    pid_t pid;

    assert_ok(pipe(in));
    assert_ok(pipe(out));
    pid = fork();
    if (pid == 0) {
        (void)close(in[1]);
        (void)close(out[0]);
        watch(keep, in[0], out[1]);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    if (read(out[0], &c, 1) == 1) {
        add_namespace();
        assert_int_equal(write(in[1], "!", 1), 1);
    }
    while ((n = read(out[0], text + len, MAX_TEXT - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    (void)close(in[1]);
    (void)close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    net_run("ip netns del late");
    assert_int_equal(status, 0);
}

static void nothing_is_lost_without_privileges(void **state)
{
    static char with[MAX_TEXT], without[MAX_TEXT];

    (void)state;
    run(1, with);
    run(0, without);
    if (strcmp(without, with) != 0) /* cmocka cuts long strings */
        (void)fprintf(stderr, "without:\n%swith:\n%s", without, with);
    assert_string_equal(without, with);
    assert_non_null(strstr(without, "nic 1 rule 1 netns 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_without_privileges),
    };

    if (!net_enter()) {
        printf("skipped: needs root\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
