/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A client behind a router calls a virtual address; the router sends that on to
 * a server, in its own name. Both halves are one call, and nobody is a peer.
 */

#include <signal.h>
#include <sys/prctl.h>

#include "collector/source.h"
#include "tests/bpf/net.h"

#define REQUESTS 200
#define ERRORS 20 /* of these: each tenth */
#define SIZE 32

struct world {
    struct rca_observer *obs;
    void *source;
    pid_t server, client;
    int go, going; /* ends of a pipe: a byte for each round of requests */
    int ticks;
};

/* c 10.83.1.1 -- r -- 10.83.2.1 s; 10.83.9.1 is virtual */
static const char *const lines =
    "set -e; for n in c r s; do ip netns add $n; ip -n $n link set lo up; done;"
    "ip link add eth0 netns c type veth peer name rc netns r;"
    "ip link add eth0 netns s type veth peer name rs netns r;"
    "ip -n c addr add 10.83.1.1/24 dev eth0; ip -n c link set eth0 up;"
    "ip -n s addr add 10.83.2.1/24 dev eth0; ip -n s link set eth0 up;"
    "ip -n r addr add 10.83.1.254/24 dev rc; ip -n r link set rc up;"
    "ip -n r addr add 10.83.2.254/24 dev rs; ip -n r link set rs up;"
    "ip -n c route add default via 10.83.1.254;"
    "ip -n s route add default via 10.83.2.254;"
    "ip netns exec r sysctl -qw net.ipv4.ip_forward=1;"
    "echo 'table ip n {"
    "  chain pre { type nat hook prerouting priority -100;"
    "    ip daddr 10.83.9.1 tcp dport 80 dnat to 10.83.2.1:8080; };"
    "  chain post { type nat hook postrouting priority 100;"
    "    oifname \"rs\" masquerade; }; }' | ip netns exec r nft -f -;";

static void enter(const char *netns)
{
    char path[64];
    int fd;

    (void)snprintf(path, sizeof(path), "/run/netns/%s", netns);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        _exit(1);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static struct sockaddr_in at(const char *addr, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (inet_pton(AF_INET, addr, &to.sin_addr) != 1)
        _exit(1);
    return to;
}

static void serve(int ready)
{
    const struct sockaddr_in any = at("0.0.0.0", 8080);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    char buf[SIZE];

    if (bind(listener, (const struct sockaddr *)&any, sizeof(any)) ||
        listen(listener, 8) || write(ready, "", 1) != 1)
        _exit(1);
    for (unsigned n = 0;;) {
        const int fd = accept(listener, NULL, NULL);

        while (recv(fd, buf, SIZE, MSG_WAITALL) == SIZE) {
            memset(buf, '.', SIZE);
            (void)snprintf(buf, SIZE, "HTTP/1.1 %d ",
                           ++n % 10 == 0 ? 500 : 200);
            (void)send(fd, buf, SIZE, MSG_NOSIGNAL);
        }
        (void)close(fd);
    }
}

/* A connection and half of all requests for each byte that comes. */
static void call(int go, int done)
{
    const struct sockaddr_in to = at("10.83.9.1", 80);
    char buf[SIZE] = {0};

    while (read(go, buf, 1) == 1) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (connect(fd, (const struct sockaddr *)&to, sizeof(to)))
            _exit(1);
        for (int i = 0; i < REQUESTS / 2; i++) {
            if (send(fd, buf, SIZE, 0) != SIZE ||
                recv(fd, buf, SIZE, MSG_WAITALL) != SIZE)
                _exit(2);
        }
        (void)close(fd);
        if (write(done, "", 1) != 1)
            _exit(3);
    }
    _exit(0);
}

/* Wait for a byte of a child's that may have failed. */
static void await(int fd)
{
    char c;

    assert_int_equal(read(fd, &c, 1), 1);
}

static void start_both(struct world *w)
{
    int go[2], back[2];

    assert_ok(pipe(go));
    assert_ok(pipe(back));
    w->server = fork();
    if (w->server == 0) {
        enter("s");
        serve(back[1]);
    }
    await(back[0]);
    w->client = fork();
    if (w->client == 0) {
        (void)close(go[1]);
        enter("c");
        call(go[0], back[1]);
    }
    (void)close(go[0]);
    (void)close(back[1]);
    w->go = go[1];
    w->going = back[0];
}

static void one_round(struct world *w)
{
    assert_int_equal(write(w->go, "", 1), 1);
    await(w->going);
}

static void tick(struct world *w)
{
    if (w->ticks)
        assert_ok(rca_observer_commit(w->obs));
    rca_observer_begin(w->obs, (1700000000 + w->ticks++) * RCA_SECOND);
    assert_ok(rca_source_sock.tick(w->source, w->obs));
}

static void done(struct world *w)
{
    int status;

    (void)close(w->go);
    (void)close(w->going);
    (void)kill(w->server, SIGKILL);
    (void)waitpid(w->server, &status, 0);
    (void)waitpid(w->client, &status, 0);
    rca_source_sock.close(&w->source);
    rca_observer_free(&w->obs);
}

static enum rca_feature_state translation(const struct world *w)
{
    size_t n;
    const struct rca_feature *f = rca_observer_features(w->obs, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(f[i].name, "address translation"))
            return f[i].state;
    }
    return RCA_FEATURE_OFF;
}

static struct world open_world(void **state, const char *without)
{
    static struct rca_source_env env;
    struct world w = {0};

    if (!*state) {
        print_message("needs CAP_SYS_ADMIN for namespaces\n");
        skip();
    }
    env = (struct rca_source_env){.proc = "/proc",
                                  .sys = "/sys",
                                  .host = "testhost",
                                  .profile = RCA_PROFILE_STANDARD,
                                  .without = without};
    start_both(&w);
    assert_ok(rca_observer_new(NULL, "testhost", &w.obs));
    assert_ok(rca_source_sock.open(&env, w.obs, &w.source));
    rca_observer_begin(w.obs, 1700000000 * RCA_SECOND);
    return w;
}

/* Of this test: other connections of the machine are seen, too. */
static unsigned count_by_address(const struct world *w, enum rca_kind kind)
{
    unsigned n = 0;

    for (size_t i = 0; i < w->obs->n_ents; i++)
        n += w->obs->ents[i].kind == kind &&
             memmem(w->obs->ents[i].key, w->obs->ents[i].len, "10.83.", 6);
    return n;
}

/* The client calls the server; its requests and their errors are all there. */
static void assert_one_call(struct world *w)
{
    one_round(w);
    tick(w);
    tick(w);
    one_round(w);
    for (int i = 0; i < 5; i++)
        tick(w);
    assert_close(net_value(w->obs, RCA_KIND_CALL, "c->s", "requests_total"),
                 REQUESTS, 0);
    assert_close(net_value(w->obs, RCA_KIND_SERVICE, "s", "requests_total"),
                 REQUESTS, 0);
    assert_close(
        net_value(w->obs, RCA_KIND_CALL, "c->s", "request_errors_total"),
        ERRORS, 1e-9);
    assert_int_equal(count_by_address(w, RCA_KIND_CALL), 0);
    assert_int_equal(count_by_address(w, RCA_KIND_PEER), 0);
    assert_true(net_edges(w->obs,
                          rca_observe_entity(w->obs, RCA_KIND_CLIENT, "c"),
                          rca_observe_entity(w->obs, RCA_KIND_SERVICE, "s"),
                          RCA_EDGE_CALLS) > 0);
}

/* The first connection is there before anybody looks. */
static void a_call_through_translation_is_one(void **state)
{
    RCA_CLEANUP(done) struct world w = open_world(state, NULL);

    print_message("%s\n", translation(&w) == RCA_FEATURE_ON ? "netfilter link"
                                                            : "ctnetlink");
    assert_one_call(&w);
}

static void without_the_program_connections_are_dumped(void **state)
{
    RCA_CLEANUP(done) struct world w = open_world(state, "netfilter");

    assert_int_equal(translation(&w), RCA_FEATURE_TWIN);
    assert_one_call(&w);
}

static void without_either_there_are_peers(void **state)
{
    RCA_CLEANUP(done)
    struct world w = open_world(state, "netfilter,ctnetlink");

    assert_int_equal(translation(&w), RCA_FEATURE_OFF);
    one_round(&w);
    for (int i = 0; i < 5; i++)
        tick(&w);
    assert_int_equal(count_by_address(&w, RCA_KIND_PEER), 2);
}

/* Once attached, the program alone tells of connections that begin. */
static void the_program_tells_of_new_connections(void **state)
{
    RCA_CLEANUP(done) struct world w = open_world(state, "ctnetlink");

    if (translation(&w) != RCA_FEATURE_ON) {
        print_message("no netfilter programs in this kernel\n");
        skip();
    }
    tick(&w); /* attaches */
    assert_one_call(&w);
}

static int setup(void **state)
{
    static int permitted;

    if (!net_enter())
        return 0;
    net_run(lines);
    permitted = 1;
    *state = &permitted;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_through_translation_is_one),
        cmocka_unit_test(without_the_program_connections_are_dumped),
        cmocka_unit_test(without_either_there_are_peers),
        cmocka_unit_test(the_program_tells_of_new_connections),
    };

    return cmocka_run_group_tests_name("bpf/nat", tests, setup, NULL);
}
