/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A cursor walks over the bytes; each header takes what it needs from it, or
 * says that the packet is cut and ends the walk. No header is read before it is
 * known to be there as a whole.
 */

#include "collector/trace/packet.h"

#include <netinet/in.h>
#include <string.h>

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_ARP = 0x0806,
    TYPE_ETHERNET = 0x6558, /* a whole frame */
    TYPE_VLAN = 0x8100,
    TYPE_IPV6 = 0x86dd,
    TYPE_QINQ = 0x88a8,
    PORT_VXLAN = 4789,
    PORT_GENEVE = 6081,
    MAX_EXTENSIONS = 8,
};

struct cursor {
    const unsigned char *at;
    size_t left;
    struct rca_packet *packet;
    unsigned inner; /* type of what a tunnel carries from here on, 0: none */
};

static uint16_t get16(const unsigned char *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const unsigned char *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* The next @n bytes, or NULL: they are not there. */
static const unsigned char *take(struct cursor *c, size_t n)
{
    const unsigned char *at = c->at;

    if (n > c->left) {
        c->packet->cut = 1;
        return NULL;
    }
    c->at += n;
    c->left -= n;
    return at;
}

/* --- above IP ------------------------------------------------------------- */

/* Its header; what it carries is left to rca_packet_parse(). */
static void parse_tunnel(struct cursor *c, uint16_t port)
{
    const unsigned char *h = take(c, 8);

    if (!h)
        return;
    c->packet->tunnel.port = port;
    c->packet->tunnel.vni = get32(h + 4) >> 8;
    if (port == PORT_VXLAN || take(c, (size_t)(h[0] & 0x3f) * 4))
        c->inner = port == PORT_VXLAN ? TYPE_ETHERNET : get16(h + 2);
}

static void parse_tcp(struct cursor *c, uint32_t length)
{
    struct rca_packet *p = c->packet;
    const unsigned char *h = take(c, 20);
    uint32_t own;

    if (!h)
        return;
    own = (uint32_t)(h[12] >> 4) * 4;
    p->layers |= RCA_PACKET_TCP;
    p->flow.source_port = get16(h);
    p->flow.destination_port = get16(h + 2);
    p->flow.tcp_flags = p->tcp.flags = h[13];
    p->tcp.sequence = get32(h + 4);
    p->tcp.acknowledged = get32(h + 8);
    p->tcp.window = get16(h + 14);
    p->tcp.payload = own <= length ? length - own : 0;
    if (own < 20 || !take(c, own - 20))
        p->cut = 1;
}

static void parse_udp(struct cursor *c)
{
    struct rca_packet *p = c->packet;
    const unsigned char *h = take(c, 8);

    if (!h)
        return;
    p->layers |= RCA_PACKET_UDP;
    p->flow.source_port = get16(h);
    p->flow.destination_port = get16(h + 2);
    p->udp.length = get16(h + 4);
    if (p->flow.destination_port == PORT_VXLAN ||
        p->flow.destination_port == PORT_GENEVE)
        parse_tunnel(c, p->flow.destination_port);
}

static void parse_icmp(struct cursor *c, _Bool six)
{
    struct rca_packet *p = c->packet;
    const unsigned char *h = take(c, 8);

    if (!h)
        return;
    p->layers |= RCA_PACKET_ICMP;
    p->icmp.type = h[0];
    p->icmp.code = h[1];
    if (six ? h[0] == 128 || h[0] == 129
            : h[0] == 0 || h[0] == 8 || h[0] == 13 || h[0] == 14) {
        p->icmp.id = p->flow.source_port = get16(h + 4);
        p->icmp.sequence = get16(h + 6);
    }
}

static void parse_ports(struct cursor *c)
{
    const unsigned char *h = take(c, 4);

    if (!h)
        return;
    c->packet->flow.source_port = get16(h);
    c->packet->flow.destination_port = get16(h + 2);
}

static void parse_transport(struct cursor *c, uint32_t length)
{
    struct rca_packet *p = c->packet;

    p->flow.protocol = p->ip.protocol;
    p->flow.fragment = p->ip.fragment_at != 0;
    if (p->flow.fragment)
        return;
    if (p->ip.protocol == IPPROTO_TCP)
        parse_tcp(c, length);
    else if (p->ip.protocol == IPPROTO_UDP)
        parse_udp(c);
    else if (p->ip.protocol == IPPROTO_ICMP || p->ip.protocol == IPPROTO_ICMPV6)
        parse_icmp(c, p->ip.protocol == IPPROTO_ICMPV6);
    else if (p->ip.protocol == IPPROTO_SCTP ||
             p->ip.protocol == IPPROTO_UDPLITE ||
             p->ip.protocol == IPPROTO_DCCP)
        parse_ports(c);
}

/* --- IP ------------------------------------------------------------------- */

static void parse_ipv4(struct cursor *c)
{
    struct rca_packet *p = c->packet;
    const unsigned char *h = take(c, 20);
    uint32_t own;

    if (!h || h[0] >> 4 != 4 || (h[0] & 0xf) < 5) {
        p->cut = 1;
        return;
    }
    own = (uint32_t)(h[0] & 0xf) * 4;
    p->layers |= RCA_PACKET_IPV4;
    p->ip.tos = h[1];
    p->ip.length = get16(h + 2);
    p->ip.id = get16(h + 4);
    p->ip.dont_fragment = (h[6] & 0x40) != 0;
    p->ip.more_fragments = (h[6] & 0x20) != 0;
    p->ip.fragment_at = (uint16_t)((get16(h + 6) & 0x1fff) * 8);
    p->ip.ttl = h[8];
    p->ip.protocol = h[9];
    p->flow.family = AF_INET;
    memcpy(p->flow.source, h + 12, 4);
    memcpy(p->flow.destination, h + 16, 4);
    if (take(c, own - 20))
        parse_transport(c, p->ip.length > own ? p->ip.length - own : 0);
}

static _Bool is_extension(unsigned next)
{
    return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
           next == IPPROTO_FRAGMENT || next == IPPROTO_DSTOPTS ||
           next == IPPROTO_AH || next == IPPROTO_MH;
}

/* Length of the extension header @h, of which 8 bytes are there. */
static size_t extension_length(unsigned kind, const unsigned char *h)
{
    if (kind == IPPROTO_FRAGMENT)
        return 8;
    return kind == IPPROTO_AH ? ((size_t)h[1] + 2) * 4 : ((size_t)h[1] + 1) * 8;
}

/* Walks over the extension headers. Return: their bytes, -1: cut. */
static int64_t skip_extensions(struct cursor *c)
{
    struct rca_packet *p = c->packet;
    int64_t length = 0;

    for (int i = 0; i < MAX_EXTENSIONS && is_extension(p->ip.protocol); i++) {
        const unsigned char *h = take(c, 8);
        size_t own;

        if (!h)
            return -1;
        own = extension_length(p->ip.protocol, h);
        if (p->ip.protocol == IPPROTO_FRAGMENT) {
            p->ip.fragment_at = get16(h + 2) & 0xfff8;
            p->ip.more_fragments = h[3] & 1;
        }
        p->ip.protocol = h[0];
        if (own < 8 || !take(c, own - 8))
            return -1;
        length += (int64_t)own;
        if (p->ip.fragment_at)
            break;
    }
    return length;
}

static void parse_ipv6(struct cursor *c)
{
    struct rca_packet *p = c->packet;
    const unsigned char *h = take(c, 40);
    int64_t extensions;
    uint32_t payload;

    if (!h || h[0] >> 4 != 6) {
        p->cut = 1;
        return;
    }
    payload = get16(h + 4);
    p->layers |= RCA_PACKET_IPV6;
    p->ip.tos = (uint8_t)(get16(h) >> 4);
    p->ip.label = get32(h) & 0xfffff;
    p->ip.length = payload + 40;
    p->ip.protocol = h[6];
    p->ip.ttl = h[7];
    p->flow.family = AF_INET6;
    memcpy(p->flow.source, h + 8, 16);
    memcpy(p->flow.destination, h + 24, 16);
    extensions = skip_extensions(c);
    if (extensions >= 0)
        parse_transport(c, payload > extensions ? payload - (uint32_t)extensions
                                                : 0);
    else
        p->flow.protocol = p->ip.protocol;
}

/* --- below IP ------------------------------------------------------------- */

static void parse_arp(struct cursor *c)
{
    struct rca_packet *p = c->packet;
    const unsigned char *h = take(c, 28);

    if (!h)
        return;
    if (get32(h) != 0x00010800 || h[4] != 6 || h[5] != 4)
        return; /* of other networks: nothing to say */
    p->layers |= RCA_PACKET_ARP;
    p->arp.operation = get16(h + 6);
    memcpy(p->arp.source_mac, h + 8, 6);
    memcpy(p->arp.source, h + 14, 4);
    memcpy(p->arp.target_mac, h + 18, 6);
    memcpy(p->arp.target, h + 24, 4);
}

static void parse_network(struct cursor *c, unsigned type)
{
    if (type == TYPE_IPV4)
        parse_ipv4(c);
    else if (type == TYPE_IPV6)
        parse_ipv6(c);
    else if (type == TYPE_ARP)
        parse_arp(c);
}

static void parse_ethernet(struct cursor *c)
{
    struct rca_packet *p = c->packet;
    const unsigned char *h = take(c, 14);

    if (!h)
        return;
    p->layers |= RCA_PACKET_ETHER;
    memcpy(p->destination_mac, h, 6);
    memcpy(p->source_mac, h + 6, 6);
    p->ethertype = get16(h + 12);
    while (p->vlans < RCA_ARRAY_SIZE(p->vlan) &&
           (p->ethertype == TYPE_VLAN || p->ethertype == TYPE_QINQ)) {
        h = take(c, 4);
        if (!h)
            return;
        p->layers |= RCA_PACKET_VLAN;
        p->vlan[p->vlans++] = get16(h) & 0xfff;
        p->ethertype = get16(h + 2);
    }
    parse_network(c, p->ethertype);
}

/* What is in the tunnel where @outer stopped. */
static void parse_inner(const struct cursor *outer)
{
    struct rca_packet inner = {0};
    struct cursor c = {.at = outer->at, .left = outer->left, .packet = &inner};

    if (outer->inner == TYPE_ETHERNET)
        parse_ethernet(&c);
    else
        parse_network(&c, outer->inner);
    outer->packet->tunnel.flow = inner.flow;
    outer->packet->cut |= inner.cut;
}

void rca_packet_parse(const unsigned char *bytes, size_t n, _Bool link,
                      struct rca_packet *ret_packet)
{
    struct cursor c = {.at = bytes, .left = n, .packet = ret_packet};

    *ret_packet = (struct rca_packet){0};
    if (link)
        parse_ethernet(&c);
    else if (n == 0)
        ret_packet->cut = 1;
    else
        parse_network(&c, bytes[0] >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4);
    if (c.inner)
        parse_inner(&c);
}
