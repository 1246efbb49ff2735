/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The names of a host of several namespaces, with processes that listen in
 * them, read from the running kernel.
 */

#include <signal.h>
#include <sys/prctl.h>

#include "collector/config.h"
#include "collector/trace/names.h"
#include "tests/bpf/net.h"

#define LISTENERS 3

/* struct child - a process in namespace @netns that calls its UTS namespace
 * @node ("": ours) and listens at these addresses, port 0: none */
struct child {
    const char *netns;
    const char *node;
    struct {
        const char *address;
        uint16_t port;
    } at[LISTENERS];
    pid_t pid;
};

static int listen_at(const char *address, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port)};
    const _Bool six = strchr(address, ':') != NULL;
    const int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

    if (six)
        return inet_pton(AF_INET6, address, &v6.sin6_addr) == 1 &&
                       bind(fd, (struct sockaddr *)&v6, sizeof(v6)) == 0
                   ? listen(fd, 5)
                   : -1;
    return inet_pton(AF_INET, address, &v4.sin_addr) == 1 &&
                   bind(fd, (struct sockaddr *)&v4, sizeof(v4)) == 0
               ? listen(fd, 5)
               : -1;
}

/* -1: the namespace is a new one, without a name. */
static int live(const struct child *c)
{
    char path[64];
    int fd;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)snprintf(path, sizeof(path), "/run/netns/%s", c->netns);
    if (!c->netns[0]) {
        if (unshare(CLONE_NEWNET))
            return 1;
    } else {
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || setns(fd, CLONE_NEWNET))
            return 1;
    }
    if (c->node[0] &&
        (unshare(CLONE_NEWUTS) || sethostname(c->node, strlen(c->node))))
        return 1;
    for (int i = 0; i < LISTENERS && c->at[i].port; i++) {
        if (listen_at(c->at[i].address, c->at[i].port))
            return 1;
    }
    return 0;
}

static void begin(struct child *c)
{
    int fds[2];
    char ready = 'n';

    assert_ok(pipe(fds));
    c->pid = fork();
    if (c->pid == 0) {
        ready = live(c) ? 'n' : 'y';
        (void)!write(fds[1], &ready, 1);
        (void)close(fds[0]);
        (void)close(fds[1]);
        for (;;)
            (void)pause();
    }
    assert_true(c->pid > 0);
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &ready, 1), 1);
    (void)close(fds[0]);
    assert_int_equal(ready, 'y');
}

static void end(struct child *c)
{
    if (c->pid <= 0)
        return;
    (void)kill(c->pid, SIGKILL);
    (void)waitpid(c->pid, NULL, 0);
    c->pid = 0;
}

static uint64_t netns_of(const struct child *c)
{
    char path[64];
    struct stat st = {0};

    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)c->pid);
    assert_ok(stat(path, &st));
    return st.st_ino;
}

static const char *service(const struct rca_trace_names *names, uint64_t netns,
                           const char *address, uint16_t port)
{
    struct rca_trace_event e = {.netns = (uint32_t)netns};

    e.flow.family = strchr(address, ':') ? AF_INET6 : AF_INET;
    e.flow.destination_port = port;
    assert_int_equal(inet_pton(e.flow.family, address, e.flow.destination), 1);
    return rca_trace_name_service(names, &e);
}

static uint32_t index_of(const char *netns, const char *device)
{
    char line[128];
    unsigned index = 0;
    FILE *in;

    (void)snprintf(line, sizeof(line),
                   "ip netns exec %s cat /sys/class/net/%s/ifindex", netns,
                   device);
    in = popen(line, "r"); /* NOLINT(cert-env33-c): constant lines of tests */
    assert_non_null(in);
    assert_int_equal(fscanf(in, "%u", &index), 1); /* NOLINT(cert-err34-c) */
    (void)pclose(in);
    return index;
}

static void namespaces_and_devices_have_their_names(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    const uint32_t c = (uint32_t)net_inode("c"), s = (uint32_t)net_inode("s");

    (void)state;
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_read(names));
    assert_string_equal(rca_trace_name_netns(names, (uint32_t)net_inode("")),
                        "host");
    assert_string_equal(rca_trace_name_netns(names, c), "c");
    assert_string_equal(rca_trace_name_netns(names, s), "s");
    assert_string_equal(rca_trace_name_device(names, c, index_of("c", "eth0")),
                        "eth0");
    assert_string_equal(rca_trace_name_device(names, c, 1), "lo");
    assert_string_equal(rca_trace_name_device(names, (uint32_t)net_inode("sw"),
                                              index_of("sw", "pc")),
                        "pc");
}

static void a_namespace_that_appears_is_named_at_the_next_reading(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct child child RCA_CLEANUP(end) = {.netns = "", .node = ""};
    struct rca_trace_lookup look;
    uint64_t found[4];
    size_t before;

    (void)state;
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_read(names));
    before = rca_trace_names_count(names);
    net_run("ip netns add late; ip -n late link add d0 type veth");
    begin(&child);
    assert_ok(rca_trace_names_read(names));
    net_run("ip netns del late");
    assert_true(rca_trace_names_count(names) > before);
    look = rca_trace_names_lookup(names);
    assert_int_equal(look.netns(look.arg, "late", found, 4), 1);
    assert_int_equal(look.device(look.arg, "d0", found, 4), 1);
    /* by what lives in it: its cgroup, or its command */
    assert_non_null(rca_trace_name_netns(names, (uint32_t)netns_of(&child)));
    assert_ok(rca_trace_names_read(names));
}

static void a_service_is_where_its_process_listens(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct child child RCA_CLEANUP(end) = {
        .netns = "s", .node = "cartbox", .at = {{"10.9.0.2", 8080}}};
    const uint64_t s = net_inode("s");

    (void)state;
    begin(&child);
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_read(names));
    assert_string_equal(service(names, s, "10.9.0.2", 8080), "cartbox");
    assert_string_equal(service(names, 0, "10.9.0.2", 8080), "cartbox");
    assert_null(service(names, s, "10.9.0.2", 8081));
    assert_null(service(names, s, "127.0.0.1", 8080));
}

static void one_at_any_address_is_at_each_of_its_namespace(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct child child RCA_CLEANUP(end) = {
        .netns = "s",
        .node = "cartbox",
        .at = {{"0.0.0.0", 8080}, {"10.9.0.2", 9090}, {"::", 7070}}};
    const uint64_t s = net_inode("s");

    (void)state;
    begin(&child);
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_read(names));
    assert_string_equal(service(names, 0, "10.9.0.2", 8080), "cartbox:8080");
    assert_string_equal(service(names, s, "127.0.0.1", 8080), "cartbox:8080");
    assert_null(service(names, 0, "127.0.0.1", 8080));
    assert_null(service(names, 0, "10.9.0.1", 8080));
    assert_string_equal(service(names, 0, "10.9.0.2", 9090), "cartbox:9090");
    assert_null(service(names, s, "127.0.0.1", 9090));
    assert_string_equal(service(names, 0, "10.9.0.2", 7070), "cartbox:7070");
}

static void the_configuration_has_the_first_word(void **state)
{
    char name[] = "metrics";
    struct rca_name_rule rule = {.port = 9090, .name = name};
    const struct rca_config config = {.names = &rule, .n_names = 1};
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct child child RCA_CLEANUP(end) = {
        .netns = "s",
        .node = "cartbox",
        .at = {{"10.9.0.2", 8080}, {"10.9.0.2", 9090}}};

    (void)state;
    begin(&child);
    assert_ok(rca_trace_names_new(&names));
    rca_trace_names_use(names, &config);
    assert_ok(rca_trace_names_read(names));
    assert_string_equal(service(names, 0, "10.9.0.2", 9090), "metrics");
    assert_string_equal(service(names, 0, "10.9.0.2", 8080), "cartbox");
}

static void a_service_that_begins_is_found_at_the_next_reading(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct child one RCA_CLEANUP(end) = {
        .netns = "s", .node = "cartbox", .at = {{"0.0.0.0", 8080}}};
    struct child two RCA_CLEANUP(end) = {
        .netns = "c", .node = "webbox", .at = {{"127.0.0.1", 8080}}};

    (void)state;
    begin(&one);
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_read(names));
    assert_null(service(names, net_inode("c"), "127.0.0.1", 8080));
    begin(&two);
    assert_ok(rca_trace_names_read(names));
    assert_string_equal(service(names, net_inode("c"), "127.0.0.1", 8080),
                        "webbox");
    assert_string_equal(service(names, net_inode("s"), "127.0.0.1", 8080),
                        "cartbox");
}

static void one_address_in_two_namespaces_is_each_one_s(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct child one RCA_CLEANUP(end) = {
        .netns = "s", .node = "cartbox", .at = {{"0.0.0.0", 8080}}};
    struct child two RCA_CLEANUP(end) = {
        .netns = "c", .node = "webbox", .at = {{"0.0.0.0", 8080}}};

    (void)state;
    net_run("for n in c s; do ip -n $n addr add 10.77.0.1/32 dev lo; done");
    begin(&one);
    begin(&two);
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_read(names));
    net_run("for n in c s; do ip -n $n addr del 10.77.0.1/32 dev lo; done");
    assert_string_equal(service(names, net_inode("s"), "10.77.0.1", 8080),
                        "cartbox");
    assert_string_equal(service(names, net_inode("c"), "10.77.0.1", 8080),
                        "webbox");
    assert_null(service(names, 0, "10.77.0.1", 8080));
}

/* In every hierarchy that a task's cgroup may be told by; what is no hierarchy
 * has no number. */
static void a_cgroup_s_number_is_its_folder_s(void **state)
{
    static const char *const roots[] = {
        "/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpu"};
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct rca_trace_lookup look;
    uint64_t found[4] = {0};
    struct stat st;
    char name[32], folder[128];
    int r;

    (void)state;
    (void)snprintf(name, sizeof(name), "trace-names-%d", (int)getpid());
    for (size_t i = 0; i < RCA_ARRAY_SIZE(roots); i++) {
        (void)snprintf(folder, sizeof(folder), "%s/%s", roots[i], name);
        if (mkdir(folder, 0755))
            continue;
        assert_ok(stat(folder, &st));
        assert_ok(rca_trace_names_new(&names));
        r = rca_trace_names_read(names);
        assert_ok(rmdir(folder));
        assert_ok(r);
        look = rca_trace_names_lookup(names);
        if (look.cgroup(look.arg, name, found, 4))
            assert_true(found[0] << 4 == (uint64_t)st.st_ino << 4);
        rca_trace_names_free(&names);
    }
}

static void reasons_are_those_of_this_kernel(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct rca_trace_lookup look;
    uint64_t found[4];

    (void)state;
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_read(names));
    look = rca_trace_names_lookup(names);
    if (access("/sys/kernel/btf/vmlinux", R_OK))
        return;
    if (look.reason(look.arg, "no_socket", found, 4) == 0) {
        print_message("this kernel gives no reasons: skipped\n");
        return;
    }
    assert_string_equal(rca_trace_name_reason(names, (uint32_t)found[0]),
                        "no_socket");
}

static int no_test(void)
{
    print_message("1..0 # SKIP not permitted: no network namespaces\n");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(namespaces_and_devices_have_their_names),
        cmocka_unit_test(a_namespace_that_appears_is_named_at_the_next_reading),
        cmocka_unit_test(a_service_is_where_its_process_listens),
        cmocka_unit_test(one_at_any_address_is_at_each_of_its_namespace),
        cmocka_unit_test(the_configuration_has_the_first_word),
        cmocka_unit_test(a_service_that_begins_is_found_at_the_next_reading),
        cmocka_unit_test(one_address_in_two_namespaces_is_each_one_s),
        cmocka_unit_test(a_cgroup_s_number_is_its_folder_s),
        cmocka_unit_test(reasons_are_those_of_this_kernel),
    };

    if (!net_enter())
        return no_test();
    net_switch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
