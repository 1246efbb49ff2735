// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * trace_ovs - what Open vSwitch's datapath in the kernel does with a packet.
 *
 * Its tracepoint tells each action of a flow; a flow without actions drops the
 * packet, which only ovs_execute_actions() shows (up to 6.6 the kernel calls
 * that "consumed"). Packets of no flow go up to user space; whether that worked
 * shows when ovs_dp_upcall() is left, and where functions cannot be probed its
 * tracepoint at least tells that it was tried.
 */

#include "bpf/trace_probe.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_IN_BUCKET 16
#define PORT_BUCKETS 1024 /* DP_VPORT_HASH_BUCKETS */
#define NLA_TYPE_MASK 0x3fff

/* include/uapi/linux/openvswitch.h */
#define OVS_ACTION_ATTR_OUTPUT 1
#define OVS_ACTION_ATTR_RECIRC 7
#define OVS_ACTION_ATTR_DROP 24
#define NO_PORT (~0u)
#define DEVICE_NAME 16

static __always_inline void name_port(const struct datapath *dp, __u32 port,
                                      char *name)
{
    struct hlist_head *heads = BPF_CORE_READ(dp, ports);
    struct hlist_node *node;

    bpf_probe_read_kernel(&node, sizeof(node),
                          &heads[port & (PORT_BUCKETS - 1)].first);
    for (int i = 0; i < MAX_IN_BUCKET && node; i++) {
        const struct vport *vport =
            (const void *)((__u64)node -
                           bpf_core_field_offset(struct vport, dp_hash_node));

        if (BPF_CORE_READ(vport, port_no) == port) {
            const struct net_device___probe *dev = BPF_CORE_READ(vport, dev);

            bpf_probe_read_kernel_str(name, DEVICE_NAME, dev->name);
            return;
        }
        node = BPF_CORE_READ(node, next);
    }
}

static __always_inline struct slot *begin(__u32 point,
                                          const struct datapath *dp, __u64 skb,
                                          const struct sw_flow_key *key,
                                          __u32 action)
{
    struct slot *s = probe_begin(skb, point, 0);
    struct rca_trace_ovs *ovs;

    if (!s)
        return NULL;
    ovs = &s->e.detail.ovs;
    ovs->in_port = BPF_CORE_READ(key, phy.in_port);
    ovs->out_port = NO_PORT;
    ovs->recirculation = BPF_CORE_READ(key, recirc_id);
    ovs->action = action;
    name_port(dp, 0, ovs->bridge); /* port 0 is named as the datapath */
    s->e.has |= RCA_TRACE_HAS_OVS;
    return s;
}

SEC("raw_tp/ovs_do_execute_action")
int on_action(struct bpf_raw_tracepoint_args *ctx)
{
    const struct datapath *dp = (const void *)ctx->args[0];
    const struct nlattr *attr = (const void *)ctx->args[3];
    const __u32 type = BPF_CORE_READ(attr, nla_type) & NLA_TYPE_MASK;
    struct slot *s = begin(RCA_TRACE_OVS_ACTION, dp, ctx->args[1],
                           (const void *)ctx->args[2], type);
    __u32 value = 0;

    if (!s)
        return 0;
    bpf_probe_read_kernel(&value, sizeof(value), attr + 1);
    if (type == OVS_ACTION_ATTR_OUTPUT) {
        s->e.detail.ovs.out_port = value;
        name_port(dp, value, s->e.detail.ovs.port);
    } else {
        name_port(dp, s->e.detail.ovs.in_port, s->e.detail.ovs.port);
    }
    if (type == OVS_ACTION_ATTR_RECIRC)
        s->e.detail.ovs.recirculation = value;
    probe_end(s);
    return 0;
}

/* ovs_execute_actions(dp, skb, actions, key): none is a drop */
SEC("fentry/ovs_execute_actions")
int on_actions(__u64 *ctx)
{
    const struct datapath *dp = (const void *)ctx[0];
    const struct sw_flow_actions *acts = (const void *)ctx[2];
    struct slot *s;

    if (BPF_CORE_READ(acts, actions_len))
        return 0;
    s = begin(RCA_TRACE_OVS_ACTION, dp, ctx[1], (const void *)ctx[3],
              OVS_ACTION_ATTR_DROP);
    if (!s)
        return 0;
    name_port(dp, s->e.detail.ovs.in_port, s->e.detail.ovs.port);
    probe_end(s);
    return 0;
}

static __always_inline void upcall(const struct datapath *dp, __u64 skb,
                                   const struct sw_flow_key *key,
                                   const struct dp_upcall_info *info,
                                   __s32 result)
{
    struct slot *s =
        begin(RCA_TRACE_OVS_UPCALL, dp, skb, key, BPF_CORE_READ(info, cmd));

    if (!s)
        return;
    s->e.detail.ovs.result = (__u32)-result;
    name_port(dp, s->e.detail.ovs.in_port, s->e.detail.ovs.port);
    probe_end(s);
}

/* ovs_dp_upcall(dp, skb, key, info, cut) */
SEC("fexit/ovs_dp_upcall")
int after_upcall(__u64 *ctx)
{
    upcall((const void *)ctx[0], ctx[1], (const void *)ctx[2],
           (const void *)ctx[3], (__s32)ctx[5]);
    return 0;
}

SEC("raw_tp/ovs_dp_upcall")
int on_upcall(struct bpf_raw_tracepoint_args *ctx)
{
    upcall((const void *)ctx->args[0], ctx->args[1], (const void *)ctx->args[2],
           (const void *)ctx->args[3], 0);
    return 0;
}
