// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * trace_nft - which rule of nftables decided over a packet, without a rule that
 * marks the packet for tracing and without a change of the ruleset.
 *
 * nft_do_chain() runs the rules of one base chain, jumps included. A rule is a
 * row of expressions; those that can end the run set the verdict register.
 * After each of them the register is looked at: a jump tells which chain is
 * entered, and if the verdict is final, the rule is the one in whose bytes the
 * expression lies. If none decides it was the chain's policy: known when
 * nft_do_chain() is left, or, as newer kernels free the packet before they
 * leave it, when it is freed in the middle of the run.
 *
 * Needs fexit on functions of modules, and rules in blobs (5.17). A packet that
 * a rule takes for itself (fwd, synproxy) is not told of.
 */

#include "bpf/trace_probe.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CHAINS 24 /* base, 16 deep, gotos */
#define MAX_RUNS 1024 /* at the same time */
#define MAX_RULES 65536 /* in one chain */

/* verdicts beside NF_*: include/uapi/linux/netfilter/nf_tables.h */
#define NFT_CONTINUE (-1)
#define NFT_BREAK (-2)
#define NFT_JUMP (-3)
#define NFT_GOTO (-4)
#define NFT_RETURN (-5)
#define NF_DROP 0
#define NF_STOLEN 2
#define NF_VERDICT_MASK 0xff

/**
 * struct run - of a packet, which is in one at a time
 * @id: of the packet, @netns: where it is; @pkt: the run's struct nft_pktinfo
 * @chains: base chain first, then as entered; @decided: and told
 */
struct run {
    __u64 id;
    __u64 pkt;
    __u64 chains[CHAINS];
    __u32 n;
    __u32 decided;
    __u32 netns;
    __u32 pad;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, MAX_RUNS);
    __type(key, __u64); /* address of the packet */
    __type(value, struct run);
} runs SEC(".maps");

__u64 unnamed; /* a rule decided, and was not found */

/* --- which rule that is ------------------------------------------------------ */

/* struct nft_rule_dp is one word before the expressions of a rule: bit 0 "last
 * of the blob", 12 bits of length, 42 of handle. clang 14 cannot relocate a bit
 * field that long; the loader compares these with the kernel's own types. */
#define RULE_IS_LAST 1u
#define RULE_LENGTH(word) (((word) >> 1) & 0xfff)
#define RULE_HANDLE(word) (((word) >> 13) & ((1ull << 42) - 1))

/* The rules of a blob follow its size. */
static __always_inline __u64 first_rule(__u64 blob)
{
    return blob + sizeof(unsigned long);
}

static __always_inline _Bool holds(__u64 blob, __u64 expr)
{
    const struct nft_rule_blob *b = (const void *)blob;

    return b && expr >= first_rule(blob) &&
           expr - first_rule(blob) < BPF_CORE_READ(b, size);
}

/** struct walk - @at: of the rule looked at; @handle: found, 0: not yet */
struct walk {
    __u64 at;
    __u64 end;
    __u64 expr;
    __u64 handle;
};

static long step(__u32 i, void *arg)
{
    struct walk *w = arg;
    __u64 word = 0, next;

    if (w->at >= w->end ||
        bpf_probe_read_kernel(&word, sizeof(word), (const void *)w->at) ||
        word & RULE_IS_LAST)
        return 1;
    next = w->at + sizeof(word) + RULE_LENGTH(word);
    if (w->expr < next) {
        w->handle = RULE_HANDLE(word);
        return 1;
    }
    w->at = next;
    return 0;
}

static __always_inline __u64 find_rule(__u64 blob, __u64 expr)
{
    const struct nft_rule_blob *b = (const void *)blob;
    struct walk w = {.at = first_rule(blob), .expr = expr};

    w.end = w.at + BPF_CORE_READ(b, size);
    bpf_loop(MAX_RULES, step, &w, 0);
    return w.handle;
}

/* The handle of the rule that decided, and its chain; 0: not found. */
static __always_inline __u64 decider(const struct run *run, __u64 expr,
                                     const struct nft_chain **ret_chain)
{
    for (__u32 i = 0; i < CHAINS && i < run->n; i++) {
        const struct nft_chain *chain = (const void *)run->chains[i];
        __u64 blob = (__u64)BPF_CORE_READ(chain, blob_gen_0);

        if (!holds(blob, expr))
            blob = (__u64)BPF_CORE_READ(chain, blob_gen_1);
        if (!holds(blob, expr))
            continue;
        *ret_chain = chain;
        return find_rule(blob, expr);
    }
    return 0;
}

/* --- telling ----------------------------------------------------------------- */

static __always_inline void tell(__u64 skb, const struct run *run,
                                 const struct nft_chain *chain, __u64 handle,
                                 __s32 verdict)
{
    const struct nft_table *table = BPF_CORE_READ(chain, table);
    struct slot *s = probe_again(skb, RCA_TRACE_RULE, run->netns, run->id);
    struct rca_trace_rule *rule;

    if (!s)
        return;
    rule = &s->e.detail.rule;
    rule->handle = handle;
    rule->verdict = verdict;
    rule->family = BPF_CORE_READ_BITFIELD_PROBED(table, family);
    bpf_probe_read_kernel_str(rule->table, sizeof(rule->table),
                              BPF_CORE_READ(table, name));
    bpf_probe_read_kernel_str(rule->chain, sizeof(rule->chain),
                              BPF_CORE_READ(chain, name));
    s->e.has |= RCA_TRACE_HAS_RULE;
    probe_end(s);
}

/* A rule did. */
static __noinline int decide(__u64 skb, __u64 expr, __s32 verdict)
{
    const struct nft_chain *chain = NULL;
    struct run *run = bpf_map_lookup_elem(&runs, &skb);
    __u64 handle;

    if (!run)
        return 0;
    run->decided = 1;
    if (verdict == NF_STOLEN) /* the packet may be gone by now */
        return 0;
    handle = decider(run, expr, &chain);
    if (handle)
        tell(skb, run, chain, handle, verdict);
    else
        __sync_fetch_and_add(&unnamed, 1);
    return 0;
}

/* None did: the policy of the base chain. */
static __noinline int decide_policy(__u64 skb, __s32 verdict)
{
    struct run *run = bpf_map_lookup_elem(&runs, &skb);

    if (!run || run->decided)
        return 0;
    run->decided = 1;
    tell(skb, run, (const void *)run->chains[0], 0, verdict);
    return 0;
}

/* --- what decides ------------------------------------------------------------ */

static __always_inline void enter(struct run *run, __u64 chain)
{
    const __u32 at = run->n;

    if (at >= CHAINS || !chain)
        return;
    run->chains[at] = chain;
    run->n = at + 1;
}

static __always_inline void after(__u64 *ctx)
{
    const struct nft_pktinfo *pkt = (const void *)ctx[2];
    const struct nft_regs *regs = (const void *)ctx[1];
    const __u64 skb = (__u64)BPF_CORE_READ(pkt, skb);
    struct run *run = bpf_map_lookup_elem(&runs, &skb);
    __u64 expr = 0;
    __s32 code;

    if (!run)
        return;
    code = (__s32)BPF_CORE_READ(regs, verdict.code);
    if (code == NFT_JUMP || code == NFT_GOTO)
        enter(run, (__u64)BPF_CORE_READ(regs, verdict.chain));
    /* as a number, which ctx[0] is not to the verifier */
    if (code >= 0 && bpf_get_func_arg(ctx, 0, &expr) == 0)
        decide(skb, expr, code & NF_VERDICT_MASK);
}

/* Each function that may set the verdict: (expr, regs, pkt). */
#define EVAL(name)                                                             \
    SEC("fexit/" #name)                                                        \
    int after_##name(__u64 *ctx)                                               \
    {                                                                          \
        after(ctx);                                                            \
        return 0;                                                              \
    }

EVAL(nft_immediate_eval)
EVAL(nft_lookup_eval)
EVAL(nft_reject_ipv4_eval)
EVAL(nft_reject_ipv6_eval)
EVAL(nft_reject_inet_eval)
EVAL(nft_reject_bridge_eval)
EVAL(nft_reject_netdev_eval)
EVAL(nft_queue_eval)
EVAL(nft_queue_sreg_eval)
EVAL(nft_target_eval_xt)
EVAL(nft_target_eval_bridge)
EVAL(nft_nat_eval)
EVAL(nft_nat_inet_eval)
EVAL(nft_masq_ipv4_eval)
EVAL(nft_masq_ipv6_eval)
EVAL(nft_masq_inet_eval)
EVAL(nft_redir_eval)
EVAL(nft_tproxy_eval)

/* --- runs -------------------------------------------------------------------- */

SEC("fentry/nft_do_chain")
int on_chain(__u64 *ctx)
{
    const struct nft_pktinfo *pkt = (const void *)ctx[0];
    const __u64 skb = (__u64)BPF_CORE_READ(pkt, skb);
    struct run run = {.pkt = ctx[0], .n = 1};
    struct slot *s;

    run.chains[0] = ctx[1];
    run.netns = BPF_CORE_READ(pkt, state, net, ns.inum);
    s = probe_begin(skb, RCA_TRACE_RULE, run.netns);
    if (!s)
        return 0;
    run.id = s->e.id;
    give_slot(s);
    bpf_map_update_elem(&runs, &skb, &run, BPF_ANY);
    return 0;
}

SEC("fexit/nft_do_chain")
int after_chain(__u64 *ctx)
{
    const struct nft_pktinfo *pkt = (const void *)ctx[0];
    const __s32 verdict = (__s32)ctx[2] & NF_VERDICT_MASK;
    const __u64 skb = (__u64)BPF_CORE_READ(pkt, skb);
    struct run *run = bpf_map_lookup_elem(&runs, &skb);

    if (!run || run->pkt != ctx[0])
        return 0;
    if (verdict != NF_STOLEN)
        decide_policy(skb, verdict);
    bpf_map_delete_elem(&runs, &skb);
    return 0;
}

SEC("raw_tp/kfree_skb")
int on_free(struct bpf_raw_tracepoint_args *ctx)
{
    const __u64 skb = ctx->args[0];
    struct run *run = bpf_map_lookup_elem(&runs, &skb);
    const struct nft_base_chain *base;

    if (!run)
        return 0;
    base = (const void *)(run->chains[0] -
                          bpf_core_field_offset(struct nft_base_chain, chain));
    if (BPF_CORE_READ(base, policy) == NF_DROP)
        decide_policy(skb, NF_DROP);
    return 0;
}
