/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Accept queues and listeners that nobody calls, through the source as a whole;
 * like sock_test.c over the loopback of a namespace of its own.
 */

#include "tests/bpf/sock.h"

struct world {
    struct rca_observer *obs;
    void *source;
    int ticks;
};

static void done(struct world *w)
{
    rca_source_sock.close(&w->source);
    rca_observer_free(&w->obs);
}

static struct world open_source(enum rca_profile profile, const char *without)
{
    static struct rca_source_env env;
    struct world w = {0};

    rca_sock_probe_close(&(struct rca_sock_probe *){open_probe()});
    env = (struct rca_source_env){.proc = "/proc",
                                  .sys = "/sys",
                                  .host = "testhost",
                                  .profile = profile,
                                  .without = without};
    assert_ok(rca_observer_new(NULL, "testhost", &w.obs));
    assert_ok(rca_source_sock.open(&env, w.obs, &w.source));
    return w;
}

static void tick(struct world *w)
{
    if (w->ticks)
        assert_ok(rca_observer_commit(w->obs));
    rca_observer_begin(w->obs, (1700000000 + w->ticks++) * RCA_SECOND);
    assert_ok(rca_source_sock.tick(w->source, w->obs));
}

/* A name waits some ticks for its cgroup's, which nobody here tells. */
static void settle(struct world *w)
{
    for (int i = 0; i < 6; i++)
        tick(w);
}

static double value(struct world *w, const char *name, const char *series)
{
    const rca_id entity = rca_observe_entity(w->obs, RCA_KIND_SERVICE, name);
    rca_id id;

    if (!rca_map_get(&w->obs->series, series, strlen(series), &id))
        return NAN;
    for (size_t i = 0; i < w->obs->n_samples; i++) {
        if (w->obs->samples[i].entity == entity &&
            w->obs->samples[i].series == id)
            return w->obs->samples[i].value;
    }
    return NAN;
}

/* Connects that are not waited for; closed by the caller. */
static void knock(uint16_t port, int *fds, int n)
{
    struct sockaddr_storage to;
    const socklen_t len = address(port, &to);

    for (int i = 0; i < n; i++) {
        fds[i] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(fds[i], (const struct sockaddr *)&to, len))
            assert_int_equal(errno, EINPROGRESS);
    }
}

static void close_all(int *fds, int n)
{
    for (int i = 0; i < n; i++)
        (void)close(fds[i]);
}

/* One connection is served; then nobody accepts. */
static void a_full_accept_queue_shows_at_its_service(void **state)
{
    RCA_CLEANUP(done)
    struct world w = open_source(RCA_PROFILE_STANDARD, NULL);
    const uint16_t port = next_port++;
    const int listener = listen_on(port);
    int served[2], waiting[6];

    (void)state;
    assert_ok(listen(listener, 3));
    served[0] = dial(port);
    served[1] = accept(listener, NULL, NULL);
    assert_int_equal(send(served[0], "x", 1, 0), 1);
    assert_int_equal(recv(served[1], &(char){0}, 1, 0), 1);
    assert_int_equal(send(served[1], "y", 1, 0), 1);
    settle(&w);
    assert_close(value(&w, "sock_listen_tes", "accept_queue"), 0, 0);
    assert_close(value(&w, "sock_listen_tes", "accept_queue_limit"), 3, 0);
    assert_close(value(&w, "sock_listen_tes", "accept_queue_ratio"), 0, 0);
    assert_close(value(&w, "sock_listen_tes", "listen_drops_total"), 0, 0);

    knock(port, waiting, 6); /* four are let in; the rest is sent away */
    tick(&w);
    assert_close(value(&w, "sock_listen_tes", "accept_queue"), 4, 0);
    assert_close(value(&w, "sock_listen_tes", "accept_queue_ratio"), 1, 0);
    assert_true(value(&w, "sock_listen_tes", "listen_drops_total") >= 2);
    close_all(waiting, 6);
    close_all(served, 2);
    (void)close(listener);
}

static void who_is_never_served_has_a_service_to_blame(void **state)
{
    RCA_CLEANUP(done)
    struct world w = open_source(RCA_PROFILE_STANDARD, NULL);
    const uint16_t port = next_port++;
    const int listener = listen_on(port);
    int waiting[2];

    (void)state;
    knock(port, waiting, 2);
    settle(&w);
    assert_close(value(&w, "sock_listen_tes", "accept_queue"), 2, 0);
    close_all(waiting, 2);
    (void)close(listener);
}

/* A listener from before the start and one from after it, neither called. */
static void the_light_profile_knows_who_listens(void **state)
{
    const uint16_t early = next_port++;
    const int before = listen_on(early);
    RCA_CLEANUP(done)
    struct world w = open_source(RCA_PROFILE_LIGHT, NULL);
    const uint16_t late = next_port++;
    const int after = listen_on(late);
    char name[32];

    (void)state;
    settle(&w);
    (void)snprintf(name, sizeof(name), "sock_listen_tes:%u", early);
    assert_close(value(&w, name, "accept_queue_limit"), 64, 0);
    (void)snprintf(name, sizeof(name), "sock_listen_tes:%u", late);
    assert_close(value(&w, name, "accept_queue_limit"), 64, 0);
    (void)close(before);
    (void)close(after);
}

static void left_out_it_tells_so_and_goes_on(void **state)
{
    RCA_CLEANUP(done)
    struct world w = open_source(RCA_PROFILE_LIGHT, "inet_diag,task_file");
    size_t n, off = 0;
    const struct rca_feature *f = rca_observer_features(w.obs, &n);
    const int listener = listen_on(next_port++);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        if (f[i].state == RCA_FEATURE_OFF && strstr(f[i].how, "without"))
            off++;
    }
    assert_int_equal(off, 2);
    settle(&w);
    assert_true(isnan(value(&w, "sock_listen_tes", "accept_queue")));
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_accept_queue_shows_at_its_service),
        cmocka_unit_test(who_is_never_served_has_a_service_to_blame),
        cmocka_unit_test(the_light_profile_knows_who_listens),
        cmocka_unit_test(left_out_it_tells_so_and_goes_on),
    };

    return cmocka_run_group_tests_name("bpf/sock_listen", tests,
                                       enter_namespace, NULL);
}
