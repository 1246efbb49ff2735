/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * packet - the headers at the beginning of a packet, and a line of text for it.
 *
 * Ethernet, 802.1Q and 802.1ad (two tags), ARP, IPv4 with options, IPv6 with
 * extension headers, TCP with options, UDP, ICMP, ICMPv6, SCTP's ports, and
 * what lies in VXLAN and Geneve is named. Any bytes: what is cut short is
 * parsed as far as it goes.
 *
 * Sources: RFC 791, 792, 768, 826, 4443, 8200, 9293, 9260, 7348, 8926; IEEE
 * 802.1Q.
 */

#include "bpf/events_trace.h"
#include "graph/base/buf.h"

enum rca_packet_layer {
    RCA_PACKET_ETHER = 1,
    RCA_PACKET_VLAN = 2,
    RCA_PACKET_ARP = 4,
    RCA_PACKET_IPV4 = 8,
    RCA_PACKET_IPV6 = 16,
    RCA_PACKET_TCP = 32,
    RCA_PACKET_UDP = 64,
    RCA_PACKET_ICMP = 128, /* and ICMPv6 */
};

/** struct rca_packet - @layers: which of the fields hold something; numbers in
 * host order; @cut: a header did not fit in what is there */
struct rca_packet {
    unsigned layers;
    _Bool cut;
    unsigned char source_mac[6], destination_mac[6];
    uint16_t ethertype;
    uint16_t vlan[2];
    unsigned vlans;
    struct {
        uint16_t operation;
        unsigned char source_mac[6], source[4], target_mac[6], target[4];
    } arp;
    struct {
        uint8_t protocol, ttl, tos; /* IPv6: next header, hop limit, class */
        uint16_t id; /* IPv4 */
        uint32_t label; /* IPv6 */
        uint16_t fragment_at; /* bytes */
        _Bool more_fragments, dont_fragment;
        uint32_t length; /* of the whole, header included */
    } ip;
    struct {
        uint32_t sequence, acknowledged;
        uint16_t window;
        uint8_t flags;
        uint32_t payload; /* bytes */
    } tcp;
    struct {
        uint16_t length;
    } udp;
    struct {
        uint8_t type, code;
        uint16_t id, sequence;
    } icmp;
    struct {
        uint16_t port; /* 4789: VXLAN, 6081: Geneve, 0: neither */
        uint32_t vni;
        struct rca_trace_flow flow; /* of the packet in it; family 0: none */
    } tunnel;
    struct rca_trace_flow flow; /* as in an event */
};

/** rca_packet_parse() - @link: begins with an Ethernet header, else with that of
 * IP; O(n), no more than 8 extension headers of IPv6 */
void rca_packet_parse(const unsigned char *bytes, size_t n, _Bool link,
                      struct rca_packet *ret_packet);

/** rca_packet_text() - one line without its end, printable ASCII: "10.0.0.1:5000
 * > 10.0.0.2:80 tcp S seq 1 ack 0 win 64240 len 0", "arp who-has 10.0.0.2 tell
 * 10.0.0.1"; TCP's flags as FSRP.UEW, '.' is ACK */
void rca_packet_text(const struct rca_packet *packet, struct rca_buf *buf);
/** rca_packet_brief() - the same without numbers of sequence and window */
void rca_packet_brief(const struct rca_packet *packet, struct rca_buf *buf);
/** rca_packet_flow_text() - "10.0.0.1:5000 > 10.0.0.2:80 udp"; "" without
 * addresses */
void rca_packet_flow_text(const struct rca_trace_flow *flow,
                          struct rca_buf *buf);
/** rca_packet_address_text() - "10.0.0.1:5000", of the source or the destination;
 * "" without addresses */
void rca_packet_address_text(const struct rca_trace_flow *flow, _Bool source,
                             struct rca_buf *buf);
