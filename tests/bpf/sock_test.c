/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Loads the real programs and talks TCP over the loopback of a network
 * namespace of its own, so that nothing else is counted. Needs CAP_BPF,
 * CAP_PERFMON and CAP_SYS_ADMIN; skipped where the kernel says no.
 */

#include "tests/bpf/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/observer_state.h"

/* --- tests ------------------------------------------------------------------------ */

static void every_request_of_one_connection_is_counted(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    const pid_t pid = start_server(port, 1, 0);
    const int fd = dial(port);
    const unsigned n = count(100000);

    (void)state;
    ask(fd, n);
    (void)close(fd);
    end_server(pid);
    print_message("%u requests\n", n);
    assert_halves(probe, port, n, 1);
    assert_nothing_lost(probe);
}

static void ask_on_connections(uint16_t port, unsigned n)
{
    const pid_t pid = start_server(port, n, 0);

    while (n--) {
        const int fd = dial(port);

        ask(fd, 1);
        (void)close(fd);
    }
    end_server(pid);
}

static void every_short_connection_is_counted(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    const unsigned n = count(5000);

    (void)state;
    ask_on_connections(port, n);
    print_message("%u connections\n", n);
    assert_halves(probe, port, n, n);
}

static void replies_that_say_error_are_counted(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    const pid_t pid = start_server(port, 1, 4);
    const int fd = dial(port);

    (void)state;
    ask(fd, 1000);
    (void)close(fd);
    end_server(pid);
    assert_int_equal(counted(probe, port, RCA_SOCK_SERVER).sum.errors, 250);
    assert_int_equal(counted(probe, port, RCA_SOCK_CLIENT).sum.errors, 0);
}

static void a_stopped_server_shows_in_the_queue_time(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    const pid_t pid = start_server(port, 1, 0);
    const int fd = dial(port);
    struct rca_sock_edge s, c;
    char buf[REPLY] = {0};
    uint32_t epoch;
    int status;

    (void)state;
    ask(fd, 1);
    assert_ok(kill(pid, SIGSTOP));
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    epoch = rca_sock_probe_epoch(probe) + 1;
    assert_int_equal(send(fd, buf, REQUEST, 0), REQUEST);
    (void)usleep(300000);
    assert_ok(kill(pid, SIGCONT));
    assert_int_equal(recv(fd, buf, REPLY, MSG_WAITALL), REPLY);
    (void)close(fd);
    end_server(pid);

    s = counted(probe, port, RCA_SOCK_SERVER);
    c = counted(probe, port, RCA_SOCK_CLIENT);
    assert_int_equal(s.max_epoch[epoch & 1], epoch);
    assert_true(s.max_ns[epoch & 1][RCA_SOCK_QUEUE] > 280 * MS);
    assert_true(s.max_ns[epoch & 1][RCA_SOCK_SERVICE] < 100 * MS);
    assert_true(c.max_ns[epoch & 1][RCA_SOCK_LATENCY] > 280 * MS);
    assert_true(s.max_ns[!(epoch & 1)][RCA_SOCK_QUEUE] < 280 * MS);
}

static void a_wait_to_be_accepted_is_queue_time(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    const int listener = listen_on(port);
    const int fd = dial(port);
    char buf[REQUEST] = {0};
    struct rca_sock_edge s;
    int child;

    (void)state;
    assert_int_equal(send(fd, buf, REQUEST, 0), REQUEST);
    (void)usleep(150000);
    child = accept(listener, NULL, NULL);
    assert_int_equal(recv(child, buf, REQUEST, 0), REQUEST);
    assert_int_equal(send(child, buf, 1, 0), 1);
    (void)close(child);
    (void)close(fd);
    (void)close(listener);
    s = counted(probe, port, RCA_SOCK_SERVER);
    assert_int_equal(s.sum.requests, 1);
    assert_true(s.sum_ns[RCA_SOCK_QUEUE] > 140 * MS);
}

static void refused_connects_are_failures(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    struct rca_sock_edge c;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(dial(port), -1);
    c = counted(probe, port, RCA_SOCK_CLIENT);
    assert_int_equal(c.sum.failures, 3);
    assert_int_equal(c.sum.connections, 0);
    assert_int_equal(c.sum.resets, 0);
    assert_int_equal(c.pid, getpid());
}

static void a_connection_opened_before_has_the_right_roles(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close) struct rca_sock_probe *probe = NULL;
    const uint16_t port = next_port++;
    const pid_t pid = start_server(port, 1, 0);
    const int fd = dial(port);
    struct rca_sock_edge s, c;

    (void)state;
    ask(fd, 5);
    probe = open_probe();
    ask(fd, 10);
    (void)close(fd);
    end_server(pid);
    s = counted(probe, port, RCA_SOCK_SERVER);
    c = counted(probe, port, RCA_SOCK_CLIENT);
    /* a hook on a function misses the return of the recv() that the server
     * was in when it came */
    assert_true(s.sum.requests == 10 || s.sum.requests == 9);
    assert_int_equal(c.sum.requests, 10);
    assert_int_equal(s.sum.connections + c.sum.connections, 0);
    assert_int_equal(s.pid, pid);
    assert_int_equal(c.pid, getpid());
}

static void a_reset_is_counted_once_on_each_side(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    const int listener = listen_on(port);
    const int fd = dial(port);
    const int child = accept(listener, NULL, NULL);
    struct rca_sock_edge s, c;
    char buf[REQUEST] = {0};

    (void)state;
    assert_int_equal(send(fd, buf, REQUEST, 0), REQUEST);
    (void)close(child); /* with data unread */
    assert_int_equal(recv(fd, buf, REQUEST, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    (void)close(fd);
    (void)close(listener);
    s = counted(probe, port, RCA_SOCK_SERVER);
    c = counted(probe, port, RCA_SOCK_CLIENT);
    assert_int_equal(s.sum.resets, 1);
    assert_int_equal(s.resets_sent, 1);
    assert_int_equal(c.sum.resets, 1);
    assert_int_equal(c.resets_sent + c.vanished, 0);
}

static void a_request_given_up_is_an_error(void **state)
{
    RCA_CLEANUP(rca_sock_probe_close)
    struct rca_sock_probe *probe = open_probe();
    const uint16_t port = next_port++;
    const int listener = listen_on(port);
    char buf[REQUEST] = {0};
    struct rca_sock_edge c;

    (void)state;
    for (int i = 0; i < 2; i++) { /* a good-bye, then a time-out */
        const int fd = dial(port);

        assert_int_equal(send(fd, buf, REQUEST, 0), REQUEST);
        (void)usleep((useconds_t)i * 150000);
        (void)close(fd);
    }
    (void)close(listener);
    c = counted(probe, port, RCA_SOCK_CLIENT);
    assert_int_equal(c.sum.requests, 1);
    assert_int_equal(c.sum.errors, 1);
    assert_true(c.sum_ns[RCA_SOCK_LATENCY] > 140 * MS);
}

/* --- the source as a whole ---------------------------------------------------------- */

static double value_of(struct rca_observer *obs, enum rca_kind kind,
                       const char *name, const char *series)
{
    const rca_id entity = rca_observe_entity(obs, kind, name);
    rca_id id;

    if (!rca_map_get(&obs->series, series, strlen(series), &id))
        return NAN;
    for (size_t i = 0; i < obs->n_samples; i++) {
        if (obs->samples[i].entity == entity && obs->samples[i].series == id)
            return obs->samples[i].value;
    }
    return NAN;
}

static void tick(struct rca_observer *obs, void *source, int at)
{
    rca_observer_begin(obs, (1700000000 + at) * RCA_SECOND);
    assert_ok(rca_source_sock.tick(source, obs));
}

static void services_and_calls_come_out(void **state)
{
    const struct rca_source_env env = {.proc = "/proc",
                                       .sys = "/sys",
                                       .host = "testhost",
                                       .profile = RCA_PROFILE_STANDARD};
    RCA_CLEANUP(close_observer) struct rca_observer *obs = NULL;
    const uint16_t port = next_port++;
    void *source = NULL;
    pid_t pid;
    int fd;

    (void)state;
    assert_ok(rca_observer_new(NULL, "testhost", &obs));
    assert_ok(rca_source_sock.open(&env, obs, &source));
    pid = start_server(port, 1, 10);
    fd = dial(port);
    for (int i = 0; i < 5; i++) {
        ask(fd, 20);
        tick(obs, source, i);
        if (i < 4)
            assert_ok(rca_observer_commit(obs));
    }
    (void)close(fd);
    end_server(pid);
    assert_close(
        value_of(obs, RCA_KIND_SERVICE, "testserver", "requests_total"), 100,
        0);
    assert_close(
        value_of(obs, RCA_KIND_CALL, "sock_test->testserver", "requests_total"),
        100, 0);
    assert_close(
        value_of(obs, RCA_KIND_CLIENT, "sock_test", "request_errors_total"), 10,
        0);
    assert_ok(rca_observer_commit(obs));
    rca_source_sock.close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_of_one_connection_is_counted),
        cmocka_unit_test(every_short_connection_is_counted),
        cmocka_unit_test(replies_that_say_error_are_counted),
        cmocka_unit_test(a_stopped_server_shows_in_the_queue_time),
        cmocka_unit_test(a_wait_to_be_accepted_is_queue_time),
        cmocka_unit_test(refused_connects_are_failures),
        cmocka_unit_test(a_connection_opened_before_has_the_right_roles),
        cmocka_unit_test(a_reset_is_counted_once_on_each_side),
        cmocka_unit_test(a_request_given_up_is_an_error),
        cmocka_unit_test(services_and_calls_come_out),
    };

    return cmocka_run_group_tests_name("bpf/sock", tests, enter_namespace,
                                       NULL);
}
