/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The helper for real: each verb in namespaces of the test's own, asked by a
 * process that has given up everything itself; what it keeps; what it refuses.
 */

#include "collector/privileged.h"

#include <linux/capability.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/un.h>

#include "collector/netlink.h"
#include "collector/privileged_socket.h"
#include "collector/privileges.h"
#include "graph/base/log.h"
#include "tests/bpf/net.h"

#define USER 65534

static void stop_helper(struct rca_privileged **helper)
{
    rca_privileged_stop(helper);
}

static struct rca_privileged *start(const char *ovs, _Bool allow_changes)
{
    const struct rca_privileged_options options = {
        .uid = USER, .gid = USER, .ovs = ovs, .allow_changes = allow_changes};
    struct rca_privileged *helper = NULL;

    assert_ok(rca_privileged_start(&options, &helper));
    return helper;
}

/* Run @body in a child that has given up all privileges, with a helper that
 * has not; it calls exit(0) through _exit if all its asserts hold. */
static void unprivileged(void (*body)(struct rca_privileged *helper))
{
    struct rca_privileged *helper = start(NULL, 0);
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        assert_ok(rca_privileges_reduce(USER, USER, 0));
        assert_ok(rca_privileges_filter_collector());
        body(helper);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    rca_privileged_stop(&helper);
}

#define CHECK(what)                                                            \
    do {                                                                       \
        if (!(what)) {                                                         \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);   \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

/* --- what it has ----------------------------------------------------------- */

static uint64_t status_of(int pid, const char *key, int base)
{
    char path[64], line[256];
    uint64_t value = UINT64_MAX;
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
            value = strtoull(line + strlen(key) + 1, NULL, base);
    }
    (void)fclose(f);
    return value;
}

static void it_keeps_three_capabilities(void **state)
{
    const uint64_t caps = UINT64_C(1) << CAP_SYS_ADMIN |
                          UINT64_C(1) << CAP_NET_ADMIN |
                          UINT64_C(1) << CAP_SYS_PTRACE;
    struct rca_privileged *helper RCA_CLEANUP(stop_helper) = start(NULL, 0);
    const int pid = rca_privileged_pid(helper);

    (void)state;
    assert_true(status_of(pid, "CapEff", 16) == caps);
    assert_true(status_of(pid, "CapPrm", 16) == caps);
    assert_true(status_of(pid, "CapInh", 16) == 0);
    assert_true(status_of(pid, "CapBnd", 16) == 0);
    assert_true(status_of(pid, "CapAmb", 16) == 0);
    assert_true(status_of(pid, "NoNewPrivs", 10) == 1);
    assert_true(status_of(pid, "Seccomp", 10) == 2);
    assert_true(status_of(pid, "Uid", 10) == USER);
    assert_true(status_of(pid, "Gid", 10) == USER);
}

static void it_ends_with_the_one_who_asks(void **state)
{
    struct rca_privileged *helper = start(NULL, 0);
    const int pid = rca_privileged_pid(helper);

    (void)state;
    rca_privileged_stop(&helper);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* --- what it does ---------------------------------------------------------- */

static void open_namespaces(struct rca_privileged *helper)
{
    struct stat st, ours;
    const int fd = rca_privileged_netns_of(helper, getppid());
    const int named = rca_privileged_netns_named(helper, "s");

    CHECK(rca_privileged_netns_of(NULL, getppid()) == -EACCES);
    CHECK(fd >= 0 && !fstat(fd, &st) && !stat("/proc/self/ns/net", &ours));
    CHECK(st.st_ino == ours.st_ino);
    CHECK(named >= 0 && !fstat(named, &st) && st.st_ino != ours.st_ino);
    CHECK(rca_privileged_netns_named(helper, "none") == -ENOENT);
    CHECK(rca_privileged_netns_named(helper, "../../etc/passwd") == -EPERM);
    CHECK(rca_privileged_netns_of(helper, -1) == -EPERM);
    CHECK(rca_privileged_netns_of(helper, 0x7ffffff0) == -ENOENT);
}

static void it_opens_namespaces(void **state)
{
    (void)state;
    unprivileged(open_namespaces);
}

static int count_chain(void *arg, const struct nlmsghdr *msg)
{
    *(int *)arg +=
        msg->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN);
    return 0;
}

static int dump_chains(struct rca_netlink *nl)
{
    struct {
        struct nlmsghdr header;
        struct nfgenmsg gen;
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN},
        .gen = {.version = NFNETLINK_V0},
    };
    int n = 0;
    const int r = rca_netlink_dump(nl, &request.header, count_chain, &n);

    return r < 0 ? r : n;
}

static void read_firewalls(struct rca_privileged *helper)
{
    const int ns = rca_privileged_netns_named(helper, "s");
    struct rca_netlink *nl = NULL, *own = NULL;

    CHECK(ns >= 0);
    CHECK(rca_netlink_open(helper, NETLINK_NETFILTER, ns, &nl) == 0);
    CHECK(dump_chains(nl) == 2);
    CHECK(rca_netlink_open(helper, NETLINK_NETFILTER, -1, &own) == 0);
    CHECK(dump_chains(own) == 0);
    rca_netlink_close(&nl);
    rca_netlink_close(&own);
    CHECK(rca_netlink_open(NULL, NETLINK_NETFILTER, -1, &own) == 0);
    CHECK(dump_chains(own) == -EPERM);
    rca_netlink_close(&own);
}

static void it_reads_firewalls_elsewhere(void **state)
{
    (void)state;
    net_run("ip netns exec s nft 'add table ip t; add chain ip t a;"
            "add chain ip t b'");
    unprivileged(read_firewalls);
}

static void open_files(struct rca_privileged *helper)
{
    const int ns = rca_privileged_netns_named(helper, "s");
    char text[4096] = "";
    const int fd = rca_privileged_net_file(helper, RCA_NET_FILE_SNMP, ns);

    CHECK(ns >= 0 && fd >= 0);
    CHECK(pread(fd, text, sizeof(text) - 1, 0) > 0);
    CHECK(strstr(text, "Udp: "));
    for (int i = 0; i < RCA_NET_FILE_COUNT; i++) {
        const int f = rca_privileged_net_file(helper, (enum rca_net_file)i, ns);

        CHECK(f >= 0 || f == -ENOENT); /* no conntrack in this kernel */
        CHECK(f < 0 || pread(f, text, sizeof(text), 0) > 0);
    }
    CHECK(rca_privileged_net_file(helper, RCA_NET_FILE_COUNT, ns) == -EPERM);
    CHECK(rca_privileged_net_file(helper, RCA_NET_FILE_SNMP, fd) == -EINVAL);
}

static void it_opens_counters_elsewhere(void **state)
{
    (void)state;
    unprivileged(open_files);
}

static void measure(struct rca_privileged *helper)
{
    CHECK(rca_privileged_bpf_stats(NULL) == -EPERM);
    CHECK(rca_privileged_bpf_stats(helper) > 0);
}

static void it_turns_on_run_times(void **state)
{
    (void)state;
    unprivileged(measure);
}

/* --- what it refuses -------------------------------------------------------- */

static int send_type(struct rca_privileged *helper, int type, int flags)
{
    struct nlmsghdr msg = {.nlmsg_len = sizeof(msg),
                           .nlmsg_type = (uint16_t)type,
                           .nlmsg_flags = (uint16_t)flags};
    const int fd = rca_privileged_netlink(helper, NETLINK_NETFILTER, -1);
    const int r = rca_privileged_send(helper, fd, &msg, sizeof(msg));

    (void)close(fd);
    return r;
}

static void it_sends_nothing_that_changes(void **state)
{
    struct rca_privileged *helper RCA_CLEANUP(stop_helper) = start(NULL, 0);

    (void)state;
    assert_ok(send_type(helper, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
                        NLM_F_REQUEST));
    for (int subsys = 0; subsys < NFNL_SUBSYS_COUNT; subsys++) {
        assert_int_equal(
            send_type(helper, subsys << 8 | NFT_MSG_NEWRULE, NLM_F_REQUEST),
            -EPERM);
    }
    assert_int_equal(send_type(helper,
                               NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE,
                               NLM_F_REQUEST),
                     -EPERM);
    assert_int_equal(send_type(helper,
                               NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETOBJ_RESET,
                               NLM_F_REQUEST | NLM_F_DUMP),
                     -EPERM);
    assert_int_equal(send_type(helper, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST),
                     -EPERM);
    assert_int_equal(rca_privileged_netlink(helper, NETLINK_AUDIT, -1), -EPERM);
    assert_int_equal(rca_privileged_turn_on(helper, RCA_SETTING_DELAYACCT),
                     -EPERM);
    assert_true(rca_privileged_pid(helper) > 0);
}

/* Bytes of a hostile collector, past the checks of its own side. */
static void it_ends_on_what_is_malformed(void **state)
{
    struct rca_privileged *helper = start(NULL, 0);
    struct rca_wire_request bad = {.magic = RCA_WIRE_MAGIC,
                                   .verb = RCA_VERB_COUNT};
    const int socket = *(const int *)helper; /* its first member */
    const int pid = rca_privileged_pid(helper);
    struct pollfd end = {.fd = socket, .events = POLLIN};
    int status = 0;

    (void)state;
    assert_ok(rca_privileged_write(socket, &bad, sizeof(bad), NULL, 0));
    assert_int_equal(poll(&end, 1, 10000), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    rca_log_set(RCA_LOG_ERROR);
    assert_int_equal(rca_privileged_bpf_stats(helper), -EPIPE);
    rca_log_set(RCA_LOG_WARN);
    assert_int_equal(rca_privileged_pid(helper), 0);
    rca_privileged_stop(&helper);
}

/* --- settings --------------------------------------------------------------- */

static char setting(const char *path)
{
    char c = '?';
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && read(fd, &c, 1) != 1)
        c = '?';
    (void)close(fd);
    return c;
}

static void set_off(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_int_equal(write(fd, "0", 1), 1);
    (void)close(fd);
}

static void setting_comes_back(enum rca_setting which, const char *path)
{
    struct rca_privileged *helper;
    int report[2];
    pid_t pid;
    char c = 0;

    if (setting(path) == '?')
        return; /* not in this kernel */
    set_off(path);
    assert_ok(pipe(report));
    pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        helper = start(NULL, 1);
        CHECK(rca_privileged_turn_on(helper, which) == 0);
        c = setting(path);
        CHECK(write(report[1], &c, 1) == 1);
        (void)pause();
    }
    assert_int_equal(read(report[0], &c, 1), 1);
    assert_int_equal(c, '1');
    assert_ok(kill(pid, SIGKILL));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (int i = 0; setting(path) != '0' && i < 200; i++)
        (void)usleep(50000);
    assert_int_equal(setting(path), '0');
    (void)close(report[0]);
    (void)close(report[1]);
}

/* In the test's own network namespace: the host's is left alone. What all
 * namespaces share is only changed in a guest of qemu.sh. */
static void settings_come_back_when_we_are_killed(void **state)
{
    (void)state;
    setting_comes_back(RCA_SETTING_CONNTRACK_ACCT,
                       "/proc/sys/net/netfilter/nf_conntrack_acct");
    if (getenv("RCA_TEST_SMALL"))
        setting_comes_back(RCA_SETTING_DELAYACCT,
                           "/proc/sys/kernel/task_delayacct");
}

/* --- Open vSwitch ----------------------------------------------------------- */

#define OVS "/run/ovs"

/* Answer one question as the daemons do, in two pieces. */
static void answer_one(int listener)
{
    static const char first[] = "{\"id\":0,\"result\":\"a } \\\" b",
                      second[] = "\"}";
    char buf[2048];
    const int fd = accept(listener, NULL, NULL);

    if (read(fd, buf, sizeof(buf)) > 0 &&
        write(fd, first, sizeof(first) - 1) > 0) {
        (void)usleep(20000);
        (void)!write(fd, second, sizeof(second) - 1);
    }
    (void)pause();
}

static pid_t serve(const char *name)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    (void)snprintf(addr.sun_path, sizeof(addr.sun_path), OVS "/%s", name);
    assert_ok(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)));
    assert_ok(chmod(addr.sun_path, 0600));
    assert_ok(listen(fd, 1));
    pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer_one(fd);
    }
    (void)close(fd);
    return pid;
}

static void it_asks_open_vswitch(void **state)
{
    struct rca_privileged *helper;
    char text[256] = "";
    pid_t pid[2];
    int fd;

    (void)state;
    net_run("mkdir " OVS " && echo 77 > " OVS "/ovs-vswitchd.pid");
    helper = start(OVS, 0);
    assert_true(status_of(rca_privileged_pid(helper), "CapEff", 16) &
                UINT64_C(1) << CAP_DAC_OVERRIDE);
    assert_int_equal(rca_privileged_ovs(helper, OVS, RCA_OVS_DATABASE),
                     -ENOENT);
    pid[0] = serve("db.sock");
    pid[1] = serve("ovs-vswitchd.77.ctl");
    fd = rca_privileged_ovs(helper, OVS, RCA_OVS_DATABASE);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, sizeof(text)), 28);
    assert_string_equal(text, "{\"id\":0,\"result\":\"a } \\\" b\"}");
    (void)close(fd);
    fd = rca_privileged_ovs(helper, OVS, RCA_OVS_DPIF);
    assert_true(fd >= 0);
    (void)close(fd);
    for (int i = 0; i < 2; i++) {
        (void)kill(pid[i], SIGKILL);
        (void)waitpid(pid[i], NULL, 0);
    }
    rca_privileged_stop(&helper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_keeps_three_capabilities),
        cmocka_unit_test(it_ends_with_the_one_who_asks),
        cmocka_unit_test(it_opens_namespaces),
        cmocka_unit_test(it_reads_firewalls_elsewhere),
        cmocka_unit_test(it_opens_counters_elsewhere),
        cmocka_unit_test(it_turns_on_run_times),
        cmocka_unit_test(it_sends_nothing_that_changes),
        cmocka_unit_test(it_ends_on_what_is_malformed),
        cmocka_unit_test(settings_come_back_when_we_are_killed),
        cmocka_unit_test(it_asks_open_vswitch),
    };

    if (!net_enter()) {
        printf("skipped: needs root\n");
        return 0;
    }
    net_switch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
