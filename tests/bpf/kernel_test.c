/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The collector as a whole on the kernel at hand, mostly for others than that of
 * the machine it is written on (`make check-kernels`): it starts with the hooks
 * that this kernel has, counts a known number of requests exactly on both sides,
 * and `rca doctor` says of every hook what is true here.
 */

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "tests/bpf/faults.h"

enum { CONNECTIONS = 10, EACH = 100, REQUEST = 64, REPLY = 512, PORT = 7007 };
#define REQUESTS ((double)(CONNECTIONS * EACH))

static struct faults rig;

/* --- exact counts ------------------------------------------------------------ */

static struct sockaddr_in here(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(PORT),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void serve(const void *arg)
{
    const struct sockaddr_in at = here();
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    char buf[REPLY] = "";

    (void)arg;
    if (bind(listener, (const struct sockaddr *)&at, sizeof(at)) ||
        listen(listener, CONNECTIONS))
        _exit(3);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);

        while (recv(fd, buf, REQUEST, MSG_WAITALL) == REQUEST &&
               send(fd, buf, REPLY, MSG_NOSIGNAL) == REPLY)
            ;
        (void)close(fd);
    }
}

static int dial(void)
{
    const struct sockaddr_in to = here();

    for (int i = 0; i < 100; i++) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
            return fd;
        (void)close(fd);
        (void)usleep(100000); /* it does not listen yet */
    }
    _exit(4);
}

/* Ends with 0 if every request had its whole reply. */
static void generate(const void *arg)
{
    char buf[REPLY] = "";

    (void)arg;
    for (int c = 0; c < CONNECTIONS; c++) {
        const int fd = dial();

        for (int i = 0; i < EACH; i++) {
            if (send(fd, buf, REQUEST, MSG_NOSIGNAL) != REQUEST ||
                recv(fd, buf, REPLY, MSG_WAITALL) != REPLY)
                _exit(5);
        }
        (void)close(fd);
    }
}

/* newest value of @series; NAN without one */
struct newest {
    enum rca_kind kind;
    const char *entity;
    const struct rca_graph *graph;
    double value;
};

static int take_newest(void *arg, const struct rca_slice *s)
{
    struct newest *n = arg;

    for (size_t i = 0; i < s->n_columns; i++) {
        const struct rca_entity *e = rca_graph_entity(
            n->graph, rca_graph_node(n->graph, s->columns[i].entity));

        if (e->kind != n->kind || strcmp(e->name, n->entity) != 0)
            continue;
        for (size_t t = 0; t < s->n_times; t++) {
            if (!isnan(s->columns[i].x[t]))
                n->value = s->columns[i].x[t];
        }
    }
    return 0;
}

static double newest_of(enum rca_kind kind, const char *entity,
                        const char *series)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct newest n = {.kind = kind, .entity = entity, .value = NAN};
    struct rca_slices want = {.to = INT64_MAX, .metric = series, .raw = 1};

    assert_ok(rca_store_open(rig.db, RCA_STORE_READ, NULL, &store));
    assert_ok(rca_store_graph(store, 0, INT64_MAX, &g));
    want.store = store;
    want.graph = n.graph = g;
    assert_ok(rca_slices_read(&want, take_newest, &n));
    return n.value;
}

/* wait for @want, then look once more two ticks later: no more either */
static void assert_exact(enum rca_kind kind, const char *entity,
                         const char *series, double want)
{
    double value = NAN;

    for (int ms = 0; ms < FAULT_WAIT_MS && !(value >= want); ms += 200) {
        value = newest_of(kind, entity, series);
        (void)usleep(200000);
    }
    if (value != want)
        fail_msg("%s of %s/%s is %g, not %g", series, rca_kind_name(kind),
                 entity, value, want);
    print_message("%s of %s/%s: %.0f\n", series, rca_kind_name(kind), entity,
                  value);
}

static int check_losses(void *arg, const struct rca_slice *s)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        ++*(size_t *)arg;
        for (size_t t = 0; t < s->n_times; t++) {
            if (s->columns[i].x[t] > 0)
                fail_msg("%s is %g", s->columns[i].name, s->columns[i].x[t]);
        }
    }
    return 0;
}

static void assert_nothing_lost(void)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_slices want = {
        .to = INT64_MAX, .metric = "rca_lost_sock_*", .raw = 1};
    size_t n = 0;

    assert_ok(rca_store_open(rig.db, RCA_STORE_READ, NULL, &store));
    want.store = store;
    assert_ok(rca_slices_read(&want, check_losses, &n));
    assert_true(n > 0);
    print_message("%zu series of losses of sockets: 0\n", n);
}

static void requests_are_counted_exactly(void **state)
{
    static const struct {
        enum rca_kind kind;
        const char *entity, *series;
        double want;
    } rows[] = {
        {RCA_KIND_SERVICE, "exact", "requests_total", REQUESTS},
        {RCA_KIND_CLIENT, "exact", "requests_total", REQUESTS},
        {RCA_KIND_CALL, "exact->exact", "requests_total", REQUESTS},
        {RCA_KIND_SERVICE, "exact", "connections_total", CONNECTIONS},
        {RCA_KIND_SERVICE, "exact", "received_bytes_total", REQUESTS * REQUEST},
        {RCA_KIND_SERVICE, "exact", "sent_bytes_total", REQUESTS * REPLY},
        {RCA_KIND_CLIENT, "exact", "received_bytes_total", REQUESTS * REPLY},
        {RCA_KIND_SERVICE, "exact", "request_errors_total", 0},
    };
    int status = 0;
    pid_t pid;

    (void)state;
    net_run("ip netns add exact; ip -n exact link set lo up");
    (void)faults_child("exact-server", "exact", serve, NULL);
    (void)usleep(300000);
    pid = faults_child("exact-client", "exact", generate, NULL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < RCA_ARRAY_SIZE(rows); i++)
            assert_exact(rows[i].kind, rows[i].entity, rows[i].series,
                         rows[i].want);
        (void)usleep(2500000);
    }
    assert_nothing_lost();
}

/* --- doctor ------------------------------------------------------------------ */

/* struct line - a feature as it is printed */
struct line {
    char name[64], state[8], how[512], lost[512];
};

struct report {
    struct line lines[96];
    size_t n;
    struct btf *btf; /* of the kernel; owned */
};

#define NAME_WIDTH 38
#define STATE_WIDTH 5

static void trim(char *text)
{
    size_t n = strlen(text);

    while (n && strchr(" \n", text[n - 1]))
        text[--n] = '\0';
}

static void take_line(struct report *r, const char *text)
{
    struct line *l = &r->lines[r->n];
    const char *not_seen = strstr(text, "not seen: ");

    if (text[0] == ' ') {
        if (r->n && not_seen)
            (void)snprintf(r->lines[r->n - 1].lost, sizeof(l->lost), "%s",
                           not_seen + strlen("not seen: "));
        return;
    }
    assert_true(r->n < RCA_ARRAY_SIZE(r->lines));
    assert_true(strlen(text) > NAME_WIDTH + STATE_WIDTH + 2);
    (void)snprintf(l->name, sizeof(l->name), "%.*s", NAME_WIDTH, text);
    (void)snprintf(l->state, sizeof(l->state), "%.*s", STATE_WIDTH,
                   text + NAME_WIDTH + 1);
    (void)snprintf(l->how, sizeof(l->how), "%s",
                   text + NAME_WIDTH + STATE_WIDTH + 2);
    trim(l->name);
    trim(l->state);
    trim(l->how);
    r->n++;
}

/* the table below its heading; blank lines end it */
static void read_doctor(struct report *r)
{
    char path[PATH_MAX], command[PATH_MAX + 32], text[512];
    _Bool table = 0;
    FILE *f;

    assert_non_null(faults_program(path));
    (void)snprintf(command, sizeof(command), "%s doctor", path);
    f = popen(command, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(f);
    while (fgets(text, sizeof(text), f)) {
        if (table && text[0] == '\n')
            break;
        if (table)
            take_line(r, text);
        table |= strncmp(text, "feature ", 8) == 0;
    }
    while (fgets(text, sizeof(text), f))
        ;
    assert_int_equal(pclose(f), 0);
    assert_true(r->n > 0);
}

static _Bool has_tracepoint(const struct report *r, const char *name)
{
    char type[160];

    (void)snprintf(type, sizeof(type), "btf_trace_%s", name);
    return btf__find_by_name_kind(r->btf, type, BTF_KIND_TYPEDEF) > 0;
}

static _Bool has_function(const struct report *r, const char *name)
{
    return btf__find_by_name_kind(r->btf, name, BTF_KIND_FUNC) > 0;
}

/* the word after @before in how, or NULL */
static const char *word_after(const struct line *l, const char *before,
                              char word[128])
{
    const char *at = strstr(l->how, before);

    if (!at)
        return NULL;
    at += strlen(before);
    (void)snprintf(word, 128, "%.*s", (int)strcspn(at, " ,;:)"), at);
    return word;
}

/* Whatever a line names must be there, and what is off must say what it costs. */
static void check_line(const struct report *r, const struct line *l)
{
    static const char *const points[] = {"tp_btf/", "raw_tp/", "tracepoint "};
    char word[128];

    print_message("doctor: %-38s %-5s %s\n", l->name, l->state, l->how);
    if (strcmp(l->state, "off") == 0) {
        assert_true(l->how[0] && l->lost[0]);
        return;
    }
    assert_true(!strcmp(l->state, "on") || !strcmp(l->state, "twin"));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(points); i++) {
        if (word_after(l, points[i], word) && !has_tracepoint(r, word))
            fail_msg("%s: this kernel has no tracepoint %s", l->name, word);
    }
    if (word_after(l, "function ", word) && !has_function(r, word))
        fail_msg("%s: this kernel has no function %s", l->name, word);
    if (l->how[0] == '/' && !strstr(l->how, "PID")) {
        (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(l->how, " ,"),
                       l->how);
        if (access(word, F_OK))
            fail_msg("%s: there is no %s", l->name, word);
    }
}

static const struct line *find(const struct report *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->lines[i].name, name) == 0)
            return &r->lines[i];
    }
    fail_msg("doctor does not speak of '%s'", name);
    return NULL;
}

/* @name is "on" if the first choice is there, else its twin if that is, else
 * off */
static void expect(const struct report *r, const char *name, _Bool first,
                   _Bool twin)
{
    const struct line *l = find(r, name);
    const char *want = first ? "on" : twin ? "twin" : "off";

    if (l && strcmp(l->state, want) != 0)
        fail_msg("'%s' is %s (%s), expected %s", name, l->state, l->how, want);
}

static _Bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void check_choices(const struct report *r)
{
    const _Bool v2 = exists("/sys/fs/cgroup/cgroup.controllers");
    const _Bool v1 = exists("/sys/fs/cgroup/cpu") && !v2;
    const _Bool psi = exists("/proc/pressure/cpu");
    const char *const tracepoints[][2] = {
        {"connections", "inet_sock_set_state"},
        {"resets received", "tcp_receive_reset"},
        {"resets sent", "tcp_send_reset"},
        {"disk requests", "block_rq_complete"},
        {"packet drops", "kfree_skb"},
        {"time in queues", "qdisc_enqueue"},
        {"short-lived processes", "sched_process_free"},
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(tracepoints); i++)
        expect(r, tracepoints[i][0], has_tracepoint(r, tracepoints[i][1]), 0);
    expect(r, "socket sends", has_tracepoint(r, "tcp_sendmsg_locked"),
           has_function(r, "tcp_sendmsg_locked") ||
               has_tracepoint(r, "sock_send_length"));
    expect(r, "reply status", has_tracepoint(r, "tcp_sendmsg_locked"),
           has_function(r, "tcp_sendmsg_locked"));
    expect(r, "socket receives", has_tracepoint(r, "tcp_rcv_space_adjust"), 1);
    expect(r, "drop reasons",
           btf__find_by_name_kind(r->btf, "skb_drop_reason", BTF_KIND_ENUM) > 0,
           0);
    expect(r, "cgroup cpu", v2, v1);
    expect(r, "cgroup memory", v2, v1);
    expect(r, "host cpu pressure", psi, 0);
    expect(r, "processes and run queues", 1, 0);
    expect(r, "network interfaces", 1, 0);
}

static void doctor_says_what_is_true_here(void **state)
{
    struct report r = {.btf = btf__load_vmlinux_btf()};

    (void)state;
    if (libbpf_get_error(r.btf)) {
        print_message("skip: a kernel without BTF\n");
        return;
    }
    read_doctor(&r);
    for (size_t i = 0; i < r.n; i++)
        check_line(&r, &r.lines[i]);
    check_choices(&r);
    btf__free(r.btf);
}

static int end(void **state)
{
    (void)state;
    faults_end(&rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_counted_exactly),
        cmocka_unit_test(doctor_says_what_is_true_here),
    };

    if (!net_enter())
        return faults_skip("namespaces are not permitted");
    if (!faults_start(&rig))
        return faults_skip("the collector does not start");
    return cmocka_run_group_tests_name("bpf/kernel", tests, NULL, end);
}
