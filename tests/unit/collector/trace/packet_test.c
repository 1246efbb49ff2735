/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Packets made by hand; what tcpdump 4.99 says of each is the same (checked
 * once; its words differ). */

#include "collector/trace/packet.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static const struct sample {
    const char *name, *hex, *text;
} samples[] = {
    /* clang-format off */
    {"syn",
     "02000000000202000000000108004500003000074000400600000a0000010a000002"
     "1388005000000001000000007002faf000000000020405b401010402",
     "10.0.0.1:5000 > 10.0.0.2:80 tcp S seq 1 ack 0 win 64240 len 0"},
    {"data_with_ip_options",
     "02000000000202000000000108004600003100070000400600000a0000010a000002"
     "94040000005013880000006400000002501801f50000000068656c6c6f",
     "10.0.0.1:80 > 10.0.0.2:5000 tcp P. seq 100 ack 2 win 501 len 5"},
    {"udp_tagged_twice",
     "02000000000202000000000188a8000a810060070800450000260007000040110000"
     "0a0000010a00000204d200350012000030313233343536373839",
     "vlan 10 vlan 7 10.0.0.1:1234 > 10.0.0.2:53 udp len 10"},
    {"later_fragment",
     "020000000002020000000001080045000024000700b9401100000a0000010a000002"
     "78787878787878787878787878787878",
     "10.0.0.1 > 10.0.0.2 udp fragment"},
    {"first_fragment",
     "02000000000202000000000108004500002400072000401100000a0000010a000002"
     "00070009001000007979797979797979",
     "10.0.0.1:7 > 10.0.0.2:9 udp first fragment len 8"},
    {"echo",
     "02000000000202000000000108004500002000070000400100000a0000010a000002"
     "080000000003000161626364",
     "10.0.0.1 > 10.0.0.2 icmp echo request id 3 seq 1"},
    {"unreachable",
     "02000000000202000000000108004500003800070000400100000a0000020a000001"
     "03030000000000004500001c00070000401100000a0000010a000002000100020008"
     "0000",
     "10.0.0.2 > 10.0.0.1 icmp port unreachable"},
    {"who_has",
     "020000000002020000000001080600010800060400010200000000010a0000010000"
     "000000000a000002",
     "arp who-has 10.0.0.2 tell 10.0.0.1"},
    {"is_at",
     "020000000002020000000001080600010800060400020200000000020a0000020200"
     "000000010a000001",
     "arp 10.0.0.2 is-at 02:00:00:00:00:02"},
    {"tcp6",
     "02000000000202000000000186dd600123450014063f20010db80000000000000000"
     "0000000120010db8000000000000000000000002138801bb00000009000000085011"
     "004000000000",
     "[2001:db8::1]:5000 > [2001:db8::2]:443 tcp F. seq 9 ack 8 win 64 len"
     " 0"},
    {"udp6_behind_extensions",
     "02000000000202000000000186dd600123450023003f20010db80000000000000000"
     "0000000120010db80000000000000000000000023c000104000000002c0001040000"
     "0000110000010000004d00350fa0000b0000616263",
     "[2001:db8::1]:53 > [2001:db8::2]:4000 udp first fragment len 3"},
    {"later_fragment6",
     "02000000000202000000000186dd6001234500102c3f20010db80000000000000000"
     "0000000120010db8000000000000000000000002110005a80000004d7a7a7a7a7a7a"
     "7a7a",
     "2001:db8::1 > 2001:db8::2 udp fragment"},
    {"neighbour",
     "02000000000202000000000186dd6001234500183a3f20010db80000000000000000"
     "0000000120010db8000000000000000000000002870000000000000020010db80000"
     "00000000000000000002",
     "2001:db8::1 > 2001:db8::2 icmp6 neighbour solicitation"},
    {"echo6",
     "02000000000202000000000186dd6001234500083a3f20010db80000000000000000"
     "0000000120010db80000000000000000000000028000000000050006",
     "2001:db8::1 > 2001:db8::2 icmp6 echo request id 5 seq 6"},
    {"vxlan",
     "02000000000202000000000108004500006200070000401100000a0000010a000002"
     "9c4012b5004e00000800000000002a00020000000002020000000001080045000030"
     "00074000400600000a0000010a0000021388005000000001000000007002faf00000"
     "0000020405b401010402",
     "10.0.0.1:40000 > 10.0.0.2:4789 udp len 70 vxlan 42: 10.0.0.1:5000 > "
     "10.0.0.2:80 tcp"},
    {"geneve",
     "02000000000202000000000108004500005a00070000401100000a0000010a000002"
     "9c4017c1004600000200655800002b00010280016161616102000000000202000000"
     "000108004500002000070000400100000a0000010a00000208000000000300016162"
     "6364",
     "10.0.0.1:40000 > 10.0.0.2:6081 udp len 62 geneve 43: 10.0.0.1 > "
     "10.0.0.2 icmp"},
    {"sctp",
     "02000000000202000000000108004500002000070000408400000a0000010a000002"
     "0b590b5a0000000000000000",
     "10.0.0.1:2905 > 10.0.0.2:2906 sctp"},
    {"gre",
     "02000000000202000000000108004500001800070000402f00000a0000010a000002"
     "00000800",
     "10.0.0.1 > 10.0.0.2 gre"},
    {"lldp",
     "0180c200000e02000000000188cc020704",
     "02:00:00:00:00:01 > 01:80:c2:00:00:0e type 0x88cc"},
    {"unknown_protocol",
     "0200000000020200000000010800450000140007000040c800000a0000010a000002",
     "10.0.0.1 > 10.0.0.2 protocol 200"},
    /* clang-format on */
};

static size_t bytes_of(const struct sample *sample, unsigned char *ret)
{
    const size_t n = strlen(sample->hex) / 2;

    for (size_t i = 0; i < n; i++) {
        const char digits[3] = {sample->hex[2 * i], sample->hex[2 * i + 1]};

        ret[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return n;
}

static const struct sample *sample(const char *name)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(samples); i++) {
        if (strcmp(samples[i].name, name) == 0)
            return &samples[i];
    }
    fail();
    return NULL;
}

static struct rca_packet parsed(const char *name)
{
    unsigned char bytes[256];
    struct rca_packet p;

    rca_packet_parse(bytes, bytes_of(sample(name), bytes), 1, &p);
    return p;
}

static void each_sample_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(samples); i++) {
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
        const struct rca_packet p = parsed(samples[i].name);

        rca_packet_text(&p, &buf);
        assert_string_equal(buf.text, samples[i].text);
        assert_false(p.cut);
    }
}

static void a_segment_has_all_its_fields(void **state)
{
    const struct rca_packet p = parsed("data_with_ip_options");

    (void)state;
    assert_int_equal(p.layers,
                     RCA_PACKET_ETHER | RCA_PACKET_IPV4 | RCA_PACKET_TCP);
    assert_int_equal(p.ethertype, 0x800);
    assert_int_equal(p.source_mac[5], 1);
    assert_int_equal(p.destination_mac[5], 2);
    assert_int_equal(p.ip.ttl, 64);
    assert_int_equal(p.ip.id, 7);
    assert_int_equal(p.ip.length, 49);
    assert_false(p.ip.dont_fragment);
    assert_true(parsed("syn").ip.dont_fragment);
    assert_int_equal(p.tcp.sequence, 100);
    assert_int_equal(p.tcp.acknowledged, 2);
    assert_int_equal(p.tcp.window, 501);
    assert_int_equal(p.tcp.flags, 0x18);
    assert_int_equal(p.tcp.payload, 5);
    assert_int_equal(p.flow.family, AF_INET);
    assert_int_equal(p.flow.protocol, 6);
    assert_int_equal(p.flow.tcp_flags, 0x18);
    assert_int_equal(p.flow.source_port, 80);
    assert_int_equal(p.flow.destination_port, 5000);
    assert_int_equal(p.flow.source[3], 1);
    assert_int_equal(p.flow.destination[3], 2);
}

static void other_layers_have_all_their_fields(void **state)
{
    const struct rca_packet tagged = parsed("udp_tagged_twice");
    const struct rca_packet later = parsed("later_fragment");
    const struct rca_packet echo = parsed("echo");
    const struct rca_packet arp = parsed("is_at");
    const struct rca_packet six = parsed("tcp6");
    const struct rca_packet geneve = parsed("geneve");

    (void)state;
    assert_int_equal(tagged.vlans, 2);
    assert_int_equal(tagged.vlan[0], 10);
    assert_int_equal(tagged.vlan[1], 7);
    assert_int_equal(tagged.udp.length, 18);
    assert_int_equal(later.ip.fragment_at, 1480);
    assert_true(later.flow.fragment);
    assert_int_equal(later.flow.source_port, 0);
    assert_int_equal(echo.icmp.type, 8);
    assert_int_equal(echo.flow.source_port, 3);
    assert_int_equal(arp.arp.operation, 2);
    assert_int_equal(arp.arp.target[3], 1);
    assert_int_equal(arp.arp.target_mac[5], 1);
    assert_int_equal(arp.flow.family, 0);
    assert_int_equal(six.ip.label, 0x12345);
    assert_int_equal(six.ip.length, 60);
    assert_int_equal(six.ip.ttl, 63);
    assert_int_equal(six.flow.source[15], 1);
    assert_int_equal(geneve.tunnel.port, 6081);
    assert_int_equal(geneve.tunnel.vni, 43);
    assert_int_equal(geneve.tunnel.flow.protocol, 1);
}

static void without_a_link_the_header_of_ip_is_first(void **state)
{
    unsigned char bytes[256];
    struct rca_packet p;
    size_t n = bytes_of(sample("syn"), bytes);

    (void)state;
    rca_packet_parse(bytes + 14, n - 14, 0, &p);
    assert_int_equal(p.layers, RCA_PACKET_IPV4 | RCA_PACKET_TCP);
    assert_int_equal(p.flow.destination_port, 80);
    n = bytes_of(sample("echo6"), bytes);
    rca_packet_parse(bytes + 14, n - 14, 0, &p);
    assert_int_equal(p.layers, RCA_PACKET_IPV6 | RCA_PACKET_ICMP);
}

/* Whatever is cut off: nothing beyond is read (under ASan), what was there
 * before stays, and it is said. */
static void cut_packets_are_told_as_far_as_they_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(samples); i++) {
        unsigned char bytes[256];
        const size_t all = bytes_of(&samples[i], bytes);

        for (size_t n = 0; n < all; n++) {
            unsigned char *copy = malloc(n ? n : 1);
            struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
            struct rca_packet p;

            assert_non_null(copy);
            memcpy(copy, bytes, n);
            rca_packet_parse(copy, n, 1, &p);
            rca_packet_text(&p, &buf);
            assert_non_null(buf.text);
            if (n < 14)
                assert_string_equal(buf.text, "(cut)");
            free(copy);
        }
    }
}

static void a_cut_segment_keeps_its_addresses(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    unsigned char bytes[256];
    struct rca_packet p;

    (void)state;
    (void)bytes_of(sample("syn"), bytes);
    rca_packet_parse(bytes, 14 + 20 + 10, 1, &p);
    assert_true(p.cut);
    rca_packet_text(&p, &buf);
    assert_string_equal(buf.text, "10.0.0.1:0 > 10.0.0.2:0 tcp (cut)");
}

static void impossible_lengths_are_cut(void **state)
{
    unsigned char bytes[256];
    struct rca_packet p;
    const size_t n = bytes_of(sample("syn"), bytes);

    (void)state;
    bytes[14] = 0x44; /* a header of 16 bytes */
    rca_packet_parse(bytes, n, 1, &p);
    assert_true(p.cut);
    assert_int_equal(p.layers, RCA_PACKET_ETHER);
    bytes[14] = 0x45;
    bytes[14 + 20 + 12] = 0x40; /* TCP's, likewise */
    rca_packet_parse(bytes, n, 1, &p);
    assert_true(p.cut);
    bytes[14 + 20 + 12] = 0x50;
    bytes[16] = bytes[17] = 0; /* whole length 0, as of large segments */
    rca_packet_parse(bytes, n, 1, &p);
    assert_false(p.cut);
    assert_int_equal(p.tcp.payload, 0);
    bytes[14] = 0x55; /* no such version */
    rca_packet_parse(bytes, n, 1, &p);
    assert_int_equal(p.flow.family, 0);
}

static void flows_and_briefs_are_shorter(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    const struct rca_packet p = parsed("syn");
    const struct rca_trace_flow none = {0};

    (void)state;
    rca_packet_brief(&p, &buf);
    assert_string_equal(buf.text, "10.0.0.1:5000 > 10.0.0.2:80 tcp S len 0");
    rca_buf_done(&buf);
    rca_packet_flow_text(&p.flow, &buf);
    assert_string_equal(buf.text, "10.0.0.1:5000 > 10.0.0.2:80 tcp");
    rca_buf_done(&buf);
    rca_packet_flow_text(&none, &buf);
    assert_null(buf.text);
}

static void numbers_without_a_name_stay_numbers(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_packet p = parsed("unreachable");

    (void)state;
    p.icmp.type = 77;
    p.icmp.code = 5;
    rca_packet_text(&p, &buf);
    assert_string_equal(buf.text, "10.0.0.2 > 10.0.0.1 icmp type 77 code 5");
    rca_buf_done(&buf);
    p = parsed("syn");
    p.tcp.flags = 0;
    rca_packet_brief(&p, &buf);
    assert_string_equal(buf.text,
                        "10.0.0.1:5000 > 10.0.0.2:80 tcp no flags len 0");
    rca_buf_done(&buf);
    p = parsed("who_has");
    p.arp.operation = 9;
    rca_packet_text(&p, &buf);
    assert_string_equal(buf.text, "arp operation 9 10.0.0.1 > 10.0.0.2");
}

static void without_memory_the_buffer_says_so(void **state)
{
    const struct rca_packet p = parsed("vxlan");
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    (void)state;
    oom_after(0);
    rca_packet_text(&p, &buf);
    oom_after(-1);
    assert_err(buf.err, -12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sample_is_told),
        cmocka_unit_test(a_segment_has_all_its_fields),
        cmocka_unit_test(other_layers_have_all_their_fields),
        cmocka_unit_test(without_a_link_the_header_of_ip_is_first),
        cmocka_unit_test(cut_packets_are_told_as_far_as_they_go),
        cmocka_unit_test(a_cut_segment_keeps_its_addresses),
        cmocka_unit_test(impossible_lengths_are_cut),
        cmocka_unit_test(flows_and_briefs_are_shorter),
        cmocka_unit_test(numbers_without_a_name_stay_numbers),
        cmocka_unit_test(without_memory_the_buffer_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
