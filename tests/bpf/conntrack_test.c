/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Connections are tracked in a namespace of the test's own, and its table is
 * filled until nothing more goes in: with entries made over ctnetlink, as
 * established connections, which are not evicted. The limit itself is the
 * host's and is not touched.
 */

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "tests/bpf/net_fixture.h"

static const struct rca_source_env env = {
    .proc = "/proc", .sys = "/sys", .host = "h"};

/* More would take too much memory: half a kilobyte each. */
#define MOST_ENTRIES 300000

static const char *const setup_lines =
    "echo 'table ip t { chain o { type filter hook output priority 0;"
    "  ct state new counter; }; }' | ip netns exec c nft -f -";

static int setup(void **state)
{
    return net_setup(state, &rca_source_conntrack, &env, setup_lines);
}

static double value(struct net_fixture *f, const char *name, const char *series)
{
    return net_value(f->obs, RCA_KIND_CONNTRACK, name, series);
}

static void a_table_in_use_is_an_entity(void **state)
{
    struct net_fixture *f = net_get(state);

    net_tick(f, 2);
    assert_int_equal(f->obs->in_use[RCA_KIND_CONNTRACK], 0);
    /* nobody answers: each port is a connection of its own */
    for (uint16_t port = 2000; port < 2030; port++)
        net_send("c", "10.9.0.2", port, 1);
    net_tick(f, 3);
    assert_int_equal(f->obs->in_use[RCA_KIND_CONNTRACK], 1);
    assert_close(value(f, "c:conntrack", "conntrack_entries"), 30, 0);
    assert_true(value(f, "c:conntrack", "conntrack_limit") > 30);
    assert_close(value(f, "c:conntrack", "conntrack_full_ratio"),
                 30 / value(f, "c:conntrack", "conntrack_limit"), 1e-12);
    assert_close(value(f, "c:conntrack", "conntrack_drops_total"), 0, 0);
}

static void users_are_filtered_by_the_table(void **state)
{
    struct net_fixture *f = net_get(state);
    rca_id call, other, table;

    rca_observer_begin(f->obs, 4 * RCA_SECOND);
    call = rca_observe_entity(f->obs, RCA_KIND_CALL, "a->b");
    other = rca_observe_entity(f->obs, RCA_KIND_CLIENT, "other");
    net_endpoint(f->obs, call, "c", "10.9.0.1", 80);
    net_endpoint(f->obs, call, "s", "10.9.0.2", 80);
    net_endpoint(f->obs, other, "s", "127.0.0.1", 0);
    assert_ok(rca_source_conntrack.tick(f->source, f->obs));
    table = rca_observe_entity(f->obs, RCA_KIND_CONNTRACK, "c:conntrack");
    assert_int_equal(net_edges(f->obs, call, table, RCA_EDGE_FILTERED_BY), 1);
    assert_int_equal(net_edges(f->obs, other, table, RCA_EDGE_FILTERED_BY), 0);
    assert_int_equal(
        net_edges(f->obs, rca_observe_entity(f->obs, RCA_KIND_NIC, "c/eth0"),
                  table, RCA_EDGE_FILTERED_BY),
        1);
    assert_int_equal(net_edges(f->obs, table,
                               rca_observe_entity(f->obs, RCA_KIND_NETNS, "c"),
                               RCA_EDGE_PART_OF),
                     1);
}

/* --- a full table ---------------------------------------------------------- */

static void put_tuple(struct nlmsghdr *msg, uint16_t type, uint32_t src,
                      uint32_t dst, uint16_t sport, uint16_t dport)
{
    struct nlattr *tuple = mnl_attr_nest_start(msg, type);
    struct nlattr *part = mnl_attr_nest_start(msg, CTA_TUPLE_IP);

    mnl_attr_put_u32(msg, CTA_IP_V4_SRC, htonl(src));
    mnl_attr_put_u32(msg, CTA_IP_V4_DST, htonl(dst));
    mnl_attr_nest_end(msg, part);
    part = mnl_attr_nest_start(msg, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(msg, CTA_PROTO_NUM, IPPROTO_UDP);
    mnl_attr_put_u16(msg, CTA_PROTO_SRC_PORT, htons(sport));
    mnl_attr_put_u16(msg, CTA_PROTO_DST_PORT, htons(dport));
    mnl_attr_nest_end(msg, part);
    mnl_attr_nest_end(msg, tuple);
}

static struct nlmsghdr *put_entry(char *at, uint32_t i)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(at);
    struct nfgenmsg *gen = NULL;
    const uint32_t src = 0x0a640000 + (i >> 14);
    const uint16_t port = (uint16_t)(1024 + (i & 0x3fff));

    msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
    msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
    msg->nlmsg_seq = i + 1;
    gen = mnl_nlmsg_put_extra_header(msg, sizeof(*gen));
    gen->nfgen_family = AF_INET;
    put_tuple(msg, CTA_TUPLE_ORIG, src, 0x0a090002, port, 53);
    put_tuple(msg, CTA_TUPLE_REPLY, 0x0a090002, src, 53, port);
    mnl_attr_put_u32(msg, CTA_TIMEOUT, htonl(3600));
    mnl_attr_put_u32(msg, CTA_STATUS,
                     htonl(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
    return msg;
}

/* Until the kernel refuses one; answers come for refusals only. */
static int fill_here(uint32_t most)
{
    static _Alignas(8) char buf[32768], answer[4096];
    struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
    uint32_t i = 0;

    if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
        return 1;
    while (i < most) {
        size_t len = 0;

        for (int k = 0; k < 128; k++)
            len += put_entry(buf + len, i++)->nlmsg_len;
        if (mnl_socket_sendto(nl, buf, len) < 0)
            return 1;
        if (recv(mnl_socket_get_fd(nl), answer, sizeof(answer), MSG_DONTWAIT) >
            0)
            return 0;
    }
    return 1;
}

static _Bool fill(const char *netns, uint32_t most)
{
    char path[64];
    int status = 0;
    const pid_t pid = fork();

    (void)snprintf(path, sizeof(path), "/run/netns/%s", netns);
    if (pid == 0) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || setns(fd, CLONE_NEWNET))
            _exit(1);
        _exit(fill_here(most));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status == 0;
}

static void a_full_table_shows_in_the_next_tick(void **state)
{
    struct net_fixture *f = net_get(state);
    double drops, limit;

    net_tick(f, 5);
    limit = value(f, "c:conntrack", "conntrack_limit");
    drops = value(f, "c:conntrack", "conntrack_drops_total");
    if (limit > MOST_ENTRIES) {
        print_message("the table is too large to fill\n");
        skip();
    }
    assert_true(fill("c", (uint32_t)limit + 1000));
    for (uint16_t port = 3000; port < 3040; port++)
        net_send("c", "10.9.0.2", port, 1);
    net_tick(f, 6);
    /* those of the first test may have been evicted for some of them */
    assert_close(value(f, "c:conntrack", "conntrack_full_ratio"), 1, 0.001);
    assert_true(value(f, "c:conntrack", "conntrack_drops_total") - drops +
                    value(f, "c:conntrack", "conntrack_early_drops_total") >=
                40);
    assert_true(value(f, "c:conntrack", "conntrack_drops_total") > drops);
}

static void a_hook_left_out_is_not_used(void **state)
{
    struct rca_source_env without = env;
    struct net_fixture *f = net_get(state);
    void *source = NULL;

    without.without = "ctnetlink";
    assert_err(rca_source_conntrack.open(&without, f->obs, &source),
               RCA_ENOSUPPORT);
    assert_null(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_in_use_is_an_entity),
        cmocka_unit_test(users_are_filtered_by_the_table),
        cmocka_unit_test(a_full_table_shows_in_the_next_tick),
        cmocka_unit_test(a_hook_left_out_is_not_used),
    };

    return cmocka_run_group_tests_name("bpf/conntrack", tests, setup,
                                       net_teardown);
}
