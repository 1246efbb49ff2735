/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_packet - copies the beginning of a packet.
 *
 * Where a packet begins depends on where it is: on the way in its data begin at
 * the network layer and the link layer lies before them; given to a device, they
 * begin at the link layer; elsewhere the offsets of both are known, or are not.
 */

#include "bpf/vmlinux_trace.h"

#include <bpf/bpf_endian.h>

#include "bpf/trace_slot.h"

#define NO_MAC 0xffffu
#define LINK_MAX (ETH_HLEN + 8) /* with two tags */
#define TAG 4
#define MAC_ADDRESSES 12

/* --- where it begins -------------------------------------------------------- */

static __always_inline _Bool has_tag(const struct slot *s)
{
    if (bpf_core_field_exists(struct sk_buff___tag, vlan_present))
        return BPF_CORE_READ_BITFIELD((const struct sk_buff___tag *)s->skb,
                                      vlan_present);
    return skb_of(s)->vlan_proto != 0;
}

static __always_inline _Bool is_link(__u32 mac, __u32 net)
{
    return mac != NO_MAC && net >= mac + ETH_HLEN && net <= mac + LINK_MAX;
}

/* Offset from skb->head; @ret_link: of an Ethernet header. */
static __always_inline __u32 find_begin(const struct slot *s, _Bool *ret_link)
{
    const struct sk_buff___t *skb = skb_of(s);
    const __u32 data = (__u32)((__u64)skb->data - (__u64)skb->head);
    const __u32 point = s->e.point;
    __u32 mac = skb->mac_header, net = skb->network_header;

    if (point == RCA_TRACE_RECEIVE || point == RCA_TRACE_LOOP)
        net = data; /* and the network header is not set yet */
    else if (point >= RCA_TRACE_QUEUE && point <= RCA_TRACE_TRANSMIT)
        mac = data;
    *ret_link = is_link(mac, net);
    if (*ret_link)
        return mac;
    if (point >= RCA_TRACE_QUEUE && point <= RCA_TRACE_TRANSMIT)
        return data;
    return net ? net : data;
}

/* --- copying ---------------------------------------------------------------- */

/* With the tag that the device took off. */
static __always_inline __u32 copy_tagged(struct slot *s, const void *from,
                                         __u32 room)
{
    const struct sk_buff___t *skb = skb_of(s);
    __u16 tci = skb->vlan_tci;

    if (room < ETH_HLEN)
        return 0;
    room -= MAC_ADDRESSES;
    if (room > RCA_TRACE_SNAP - MAC_ADDRESSES - TAG)
        room = RCA_TRACE_SNAP - MAC_ADDRESSES - TAG;
    if (bpf_probe_read_kernel(s->e.head, MAC_ADDRESSES, from) ||
        bpf_probe_read_kernel(s->e.head + MAC_ADDRESSES + TAG, room,
                              from + MAC_ADDRESSES))
        return 0;
    *(__be16 *)(s->e.head + MAC_ADDRESSES) = skb->vlan_proto;
    *(__be16 *)(s->e.head + MAC_ADDRESSES + 2) = bpf_htons(tci);
    return room + MAC_ADDRESSES + TAG;
}

static __always_inline __u32 copy_plain(struct slot *s, const void *from,
                                        __u32 room)
{
    if (room > RCA_TRACE_SNAP)
        room = RCA_TRACE_SNAP;
    if (!room || bpf_probe_read_kernel(s->e.head, room, from))
        return 0;
    return room;
}

/* The part that lies in one piece: headers always do where they were looked
 * at. */
static __always_inline void copy_head(struct slot *s)
{
    const struct sk_buff___t *skb = skb_of(s);
    const __u32 data = (__u32)((__u64)skb->data - (__u64)skb->head);
    _Bool link = 0;
    const __u32 begin = find_begin(s, &link);
    const __u32 room = skb->tail > begin ? skb->tail - begin : 0;
    const _Bool tag = has_tag(s);

    s->e.has = link ? RCA_TRACE_HAS_LINK : 0;
    s->e.length = skb->len + data - begin;
    s->e.vlan = 0;
    if (tag)
        s->e.vlan = 0x10000u | skb->vlan_tci;
    if (tag && link) {
        s->e.captured = copy_tagged(s, skb->head + begin, room);
        s->e.length += TAG;
    } else {
        s->e.captured = copy_plain(s, skb->head + begin, room);
    }
}
