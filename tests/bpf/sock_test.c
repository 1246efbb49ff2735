/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Loads the real programs and talks TCP over the loopback of a network
 * namespace of its own, so that nothing else is counted. Needs CAP_BPF,
 * CAP_PERFMON and CAP_SYS_ADMIN; skipped where the kernel says no.
 */

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
#include "collector/sock_probe.h"
#include "collector/source.h"
#include "tests/harness/test.h"

#define REQUEST 64
#define REPLY 512
#define MS 1000000ULL

static uint32_t netns; /* of this test */
static uint16_t next_port = 20000;

/* --- the two ends -------------------------------------------------------------- */

static struct sockaddr_in address(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int dial(uint16_t port)
{
    const struct sockaddr_in to = address(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static int listen_on(uint16_t port)
{
    const struct sockaddr_in at = address(port);
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_ok(bind(fd, (const struct sockaddr *)&at, sizeof(at)));
    assert_ok(listen(fd, 64));
    return fd;
}

/* Answers every request until the other side closes; each @bad-th with an
 * error. */
static void serve(int fd, unsigned bad)
{
    char buf[REPLY];
    unsigned served = 0;

    while (recv(fd, buf, REQUEST, MSG_WAITALL) == REQUEST) {
        const int status = bad && ++served % bad == 0 ? 503 : 200;

        memset(buf, '.', sizeof(buf));
        (void)snprintf(buf, sizeof(buf), "HTTP/1.1 %d ", status);
        if (send(fd, buf, REPLY, 0) != REPLY)
            break;
    }
}

/* A child that serves @n connections, one after the other, and ends. */
static pid_t start_server(uint16_t port, unsigned n, unsigned bad)
{
    const int listener = listen_on(port);
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0) {
        (void)close(listener);
        return pid;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "testserver");
    while (n--) {
        const int fd = accept(listener, NULL, NULL);

        serve(fd, bad);
        (void)close(fd);
    }
    _exit(0);
}

static void ask(int fd, unsigned n)
{
    char buf[REPLY];

    memset(buf, 'x', sizeof(buf));
    while (n--) {
        assert_int_equal(send(fd, buf, REQUEST, 0), REQUEST);
        assert_int_equal(recv(fd, buf, REPLY, MSG_WAITALL), REPLY);
    }
}

static void end_server(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* --- what was counted ------------------------------------------------------------ */

struct wanted {
    uint16_t port;
    uint8_t role;
    unsigned found;
    struct rca_sock_key key;
    struct rca_sock_edge edge;
};

static int pick(void *arg, const struct rca_sock_key *key,
                const struct rca_sock_edge *edge)
{
    struct wanted *w = (struct wanted *)arg;

    if (key->netns != netns || key->port != w->port || key->role != w->role)
        return 0;
    w->found++;
    w->key = *key;
    w->edge = *edge;
    return 0;
}

static struct rca_sock_edge counted(struct rca_sock_probe *probe, uint16_t port,
                                    uint8_t role)
{
    struct wanted w = {.port = port, .role = role};

    assert_ok(rca_sock_probe_read(probe, pick, &w));
    assert_int_equal(w.found, 1);
    assert_int_equal(w.key.local[0], htonl(INADDR_LOOPBACK));
    assert_int_equal(w.key.remote[0], htonl(INADDR_LOOPBACK));
    return w.edge;
}

static uint64_t in_buckets(const struct rca_sock_edge *e, unsigned what)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < RCA_LATENCY_BUCKETS; i++)
        n += e->bucket[what][i];
    return n;
}

static void close_observer(struct rca_observer **obs)
{
    rca_observer_free(obs);
}

static struct rca_sock_probe *open_probe(void)
{
    const struct rca_source_env env = {.profile = RCA_PROFILE_STANDARD};
    struct rca_observer *obs RCA_CLEANUP(close_observer) = NULL;
    struct rca_sock_probe *probe = NULL;
    int r;

    assert_ok(rca_observer_new(NULL, "testhost", &obs));
    r = rca_sock_probe_open(&(struct rca_sock_options){.env = &env}, obs,
                            &probe);
    if (r == RCA_ENOSUPPORT && !netns) {
        print_message("not permitted here\n");
        skip();
    }
    assert_ok(r);
    return probe;
}

static void assert_nothing_lost(const struct rca_sock_probe *probe)
{
    const struct rca_sock_losses l = rca_sock_probe_losses(probe);
    const struct rca_sock_sum none = {0};

    assert_memory_equal(&l.missing, &none, sizeof(none));
    assert_memory_equal(&l.folded, &none, sizeof(none));
    assert_int_equal(l.sockets, 0);
}

/* Both halves tell the same story. */
static void assert_halves(struct rca_sock_probe *probe, uint16_t port,
                          uint64_t requests, uint64_t connections)
{
    const struct rca_sock_edge s = counted(probe, port, RCA_SOCK_SERVER);
    const struct rca_sock_edge c = counted(probe, port, RCA_SOCK_CLIENT);

    assert_int_equal(s.sum.requests, requests);
    assert_int_equal(c.sum.requests, requests);
    assert_int_equal(s.sum.connections, connections);
    assert_int_equal(c.sum.connections, connections);
    assert_int_equal(s.sum.received_bytes, requests * REQUEST);
    assert_int_equal(c.sum.sent_bytes, requests * REQUEST);
    assert_int_equal(s.sum.sent_bytes, requests * REPLY);
    assert_int_equal(c.sum.received_bytes, requests * REPLY);
    assert_int_equal(
        s.sum.failures + c.sum.failures + s.sum.resets + c.sum.resets, 0);
    for (unsigned what = 0; what < RCA_SOCK_TIMES; what++)
        assert_int_equal(in_buckets(&s, what), requests);
    assert_int_equal(in_buckets(&c, RCA_SOCK_LATENCY), requests);
    assert_int_equal(s.sum_ns[RCA_SOCK_LATENCY],
                     s.sum_ns[RCA_SOCK_SERVICE] + s.sum_ns[RCA_SOCK_QUEUE]);
    assert_true(c.sum_ns[RCA_SOCK_LATENCY] > s.sum_ns[RCA_SOCK_SERVICE]);
}

/* --- tests ------------------------------------------------------------------------ */

/* An emulated machine is a hundred times slower: RCA_TEST_SMALL is set there. */
static unsigned count(unsigned all)
{
    return getenv("RCA_TEST_SMALL") ? all / 50 : all;
}

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
    char buf[REQUEST] = {0};

    (void)state;
    assert_int_equal(send(fd, buf, REQUEST, 0), REQUEST);
    (void)close(child); /* with data unread */
    assert_int_equal(recv(fd, buf, REQUEST, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    (void)close(fd);
    (void)close(listener);
    assert_int_equal(counted(probe, port, RCA_SOCK_SERVER).sum.resets, 1);
    assert_int_equal(counted(probe, port, RCA_SOCK_CLIENT).sum.resets, 1);
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

/* --- set-up ------------------------------------------------------------------------- */

static int enter_namespace(void **state)
{
    struct ifreq lo = {.ifr_name = "lo"};
    struct stat st;
    int fd;

    (void)state;
    if (unshare(CLONE_NEWNET))
        return 0; /* the tests skip themselves */
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo))
        return -1;
    lo.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &lo) || stat("/proc/self/ns/net", &st))
        return -1;
    (void)close(fd);
    netns = (uint32_t)st.st_ino;
    return 0;
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
