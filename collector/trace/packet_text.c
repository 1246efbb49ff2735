/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "collector/trace/packet.h"

/* --- names of numbers ----------------------------------------------------- */

struct name {
    int number, code; /* code -1: any */
    const char *name;
};

static const struct name protocols[] = {
    {IPPROTO_TCP, -1, "tcp"},         {IPPROTO_UDP, -1, "udp"},
    {IPPROTO_ICMP, -1, "icmp"},       {IPPROTO_ICMPV6, -1, "icmp6"},
    {IPPROTO_SCTP, -1, "sctp"},       {IPPROTO_GRE, -1, "gre"},
    {IPPROTO_ESP, -1, "esp"},         {IPPROTO_AH, -1, "ah"},
    {IPPROTO_IGMP, -1, "igmp"},       {IPPROTO_IPIP, -1, "ipip"},
    {IPPROTO_IPV6, -1, "ip6"},        {IPPROTO_DCCP, -1, "dccp"},
    {IPPROTO_UDPLITE, -1, "udplite"},
};

static const struct name icmp_types[] = {
    {0, -1, "echo reply"},         {3, 0, "net unreachable"},
    {3, 1, "host unreachable"},    {3, 2, "protocol unreachable"},
    {3, 3, "port unreachable"},    {3, 4, "fragmentation needed"},
    {3, 9, "net prohibited"},      {3, 10, "host prohibited"},
    {3, 13, "prohibited"},         {3, -1, "unreachable"},
    {5, -1, "redirect"},           {8, -1, "echo request"},
    {11, -1, "time exceeded"},     {12, -1, "parameter problem"},
    {13, -1, "timestamp request"}, {14, -1, "timestamp reply"},
};

static const struct name icmp6_types[] = {
    {1, 0, "no route"},
    {1, 1, "prohibited"},
    {1, 3, "address unreachable"},
    {1, 4, "port unreachable"},
    {1, -1, "unreachable"},
    {2, -1, "packet too big"},
    {3, -1, "time exceeded"},
    {4, -1, "parameter problem"},
    {128, -1, "echo request"},
    {129, -1, "echo reply"},
    {133, -1, "router solicitation"},
    {134, -1, "router advertisement"},
    {135, -1, "neighbour solicitation"},
    {136, -1, "neighbour advertisement"},
};

static const char *find(const struct name *names, size_t n, int number,
                        int code)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i].number == number &&
            (names[i].code < 0 || names[i].code == code))
            return names[i].name;
    }
    return NULL;
}

static void put_protocol(unsigned protocol, struct rca_buf *buf)
{
    const char *name =
        find(protocols, RCA_ARRAY_SIZE(protocols), (int)protocol, -1);

    if (name)
        rca_buf_str(buf, name);
    else
        rca_buf_fmt(buf, "protocol %u", protocol);
}

/* --- addresses ------------------------------------------------------------ */

static _Bool has_ports(const struct rca_trace_flow *flow)
{
    return !flow->fragment &&
           (flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP ||
            flow->protocol == IPPROTO_SCTP || flow->protocol == IPPROTO_DCCP ||
            flow->protocol == IPPROTO_UDPLITE);
}

static void put_address(const struct rca_trace_flow *flow,
                        const unsigned char *address, unsigned port,
                        struct rca_buf *buf)
{
    const _Bool six = flow->family == AF_INET6, ports = has_ports(flow);
    char text[INET6_ADDRSTRLEN] = "?";

    (void)inet_ntop(flow->family, address, text, sizeof(text));
    rca_buf_fmt(buf, six && ports ? "[%s]" : "%s", text);
    if (ports)
        rca_buf_fmt(buf, ":%u", port);
}

void rca_packet_address_text(const struct rca_trace_flow *flow, _Bool source,
                             struct rca_buf *buf)
{
    if (flow->family != AF_INET && flow->family != AF_INET6)
        return;
    if (source)
        put_address(flow, flow->source, flow->source_port, buf);
    else
        put_address(flow, flow->destination, flow->destination_port, buf);
}

void rca_packet_flow_text(const struct rca_trace_flow *flow,
                          struct rca_buf *buf)
{
    if (flow->family != AF_INET && flow->family != AF_INET6)
        return;
    rca_packet_address_text(flow, 1, buf);
    rca_buf_str(buf, " > ");
    rca_packet_address_text(flow, 0, buf);
    rca_buf_str(buf, " ");
    put_protocol(flow->protocol, buf);
    if (flow->fragment)
        rca_buf_str(buf, " fragment");
}

static void put_mac(const unsigned char mac[6], struct rca_buf *buf)
{
    rca_buf_fmt(buf, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                mac[3], mac[4], mac[5]);
}

/* --- the line ------------------------------------------------------------- */

static void put_arp(const struct rca_packet *p, struct rca_buf *buf)
{
    char source[INET_ADDRSTRLEN] = "?", target[INET_ADDRSTRLEN] = "?";

    (void)inet_ntop(AF_INET, p->arp.source, source, sizeof(source));
    (void)inet_ntop(AF_INET, p->arp.target, target, sizeof(target));
    if (p->arp.operation == 1) {
        rca_buf_fmt(buf, "arp who-has %s tell %s", target, source);
    } else if (p->arp.operation == 2) {
        rca_buf_fmt(buf, "arp %s is-at ", source);
        put_mac(p->arp.source_mac, buf);
    } else {
        rca_buf_fmt(buf, "arp operation %u %s > %s", p->arp.operation, source,
                    target);
    }
}

static void put_tcp(const struct rca_packet *p, _Bool brief,
                    struct rca_buf *buf)
{
    static const char letters[] = "FSRP.UEW";
    char flags[sizeof(letters)];
    size_t n = 0;

    for (unsigned i = 0; i < 8; i++) {
        if (p->tcp.flags & 1U << i)
            flags[n++] = letters[i];
    }
    flags[n] = '\0';
    rca_buf_fmt(buf, " %s", n ? flags : "no flags");
    if (!brief)
        rca_buf_fmt(buf, " seq %u ack %u win %u", p->tcp.sequence,
                    p->tcp.acknowledged, p->tcp.window);
    rca_buf_fmt(buf, " len %u", p->tcp.payload);
}

static void put_icmp(const struct rca_packet *p, struct rca_buf *buf)
{
    const _Bool six = p->ip.protocol == IPPROTO_ICMPV6;
    const char *name = six ? find(icmp6_types, RCA_ARRAY_SIZE(icmp6_types),
                                  p->icmp.type, p->icmp.code)
                           : find(icmp_types, RCA_ARRAY_SIZE(icmp_types),
                                  p->icmp.type, p->icmp.code);

    if (name)
        rca_buf_fmt(buf, " %s", name);
    else
        rca_buf_fmt(buf, " type %u code %u", p->icmp.type, p->icmp.code);
    if (p->icmp.id || p->icmp.sequence)
        rca_buf_fmt(buf, " id %u seq %u", p->icmp.id, p->icmp.sequence);
}

static void put_tunnel(const struct rca_packet *p, struct rca_buf *buf)
{
    if (!p->tunnel.port)
        return;
    rca_buf_fmt(buf, " %s %u", p->tunnel.port == 4789 ? "vxlan" : "geneve",
                p->tunnel.vni);
    if (p->tunnel.flow.family)
        rca_buf_str(buf, ": ");
    rca_packet_flow_text(&p->tunnel.flow, buf);
}

static void put_ip(const struct rca_packet *p, _Bool brief, struct rca_buf *buf)
{
    rca_packet_flow_text(&p->flow, buf);
    if (p->ip.more_fragments && !p->flow.fragment)
        rca_buf_str(buf, " first fragment");
    if (p->layers & RCA_PACKET_TCP)
        put_tcp(p, brief, buf);
    else if (p->layers & RCA_PACKET_UDP)
        rca_buf_fmt(buf, " len %u", p->udp.length < 8 ? 0 : p->udp.length - 8);
    else if (p->layers & RCA_PACKET_ICMP)
        put_icmp(p, buf);
    put_tunnel(p, buf);
}

static void put(const struct rca_packet *p, _Bool brief, struct rca_buf *buf)
{
    for (unsigned i = 0; i < p->vlans; i++)
        rca_buf_fmt(buf, "vlan %u ", p->vlan[i]);
    if (p->layers & (RCA_PACKET_IPV4 | RCA_PACKET_IPV6)) {
        put_ip(p, brief, buf);
    } else if (p->layers & RCA_PACKET_ARP) {
        put_arp(p, buf);
    } else if (p->layers & RCA_PACKET_ETHER) {
        put_mac(p->source_mac, buf);
        rca_buf_str(buf, " > ");
        put_mac(p->destination_mac, buf);
        rca_buf_fmt(buf, " type 0x%04x", p->ethertype);
    }
    if (p->cut)
        rca_buf_str(buf, p->layers ? " (cut)" : "(cut)");
}

void rca_packet_text(const struct rca_packet *packet, struct rca_buf *buf)
{
    put(packet, 0, buf);
}

void rca_packet_brief(const struct rca_packet *packet, struct rca_buf *buf)
{
    put(packet, 1, buf);
}
