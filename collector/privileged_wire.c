/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/privileged_wire.h"

#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>

#include "collector/privileged.h"

/* --- requests ------------------------------------------------------------- */

/* struct verb - what a request must look like, ends included */
struct verb {
    int32_t min_number, max_number;
    uint32_t min_fds, max_fds;
    uint32_t min_size, max_size;
};

static const struct verb verbs[RCA_VERB_COUNT] = {
    [RCA_VERB_NETNS_OF] = {1, INT32_MAX, 0, 0, 0, 0},
    [RCA_VERB_NETNS_NAMED] = {0, 0, 0, 0, 1, NAME_MAX},
    [RCA_VERB_NETLINK] = {0, NETLINK_NETFILTER, 0, 1, 0, 0},
    [RCA_VERB_SEND] = {0, 0, 1, 1, NLMSG_HDRLEN, RCA_WIRE_PAYLOAD},
    [RCA_VERB_NET_FILE] = {0, RCA_NET_FILE_COUNT - 1, 0, 1, 0, 0},
    [RCA_VERB_BPF_STATS] = {0, 0, 0, 0, 0, 0},
    [RCA_VERB_ATTACH_NF] = {NFPROTO_IPV4, NFPROTO_IPV6, 1, 2, 0, 0},
    [RCA_VERB_OVS] = {0, RCA_OVS_QUERY_COUNT - 1, 0, 0, 0, 0},
    [RCA_VERB_TURN_ON] = {0, RCA_SETTING_COUNT - 1, 0, 0, 0, 0},
};

static _Bool is_name(const char *text, size_t len)
{
    return !memchr(text, '/', len) && !memchr(text, '\0', len) &&
           text[0] != '.';
}

static _Bool fits(const struct rca_wire_request *request, const void *payload)
{
    const struct verb *verb = &verbs[request->verb];

    if (request->number < verb->min_number ||
        request->number > verb->max_number || request->n_fds < verb->min_fds ||
        request->n_fds > verb->max_fds || request->size < verb->min_size ||
        request->size > verb->max_size)
        return 0;
    if (request->verb == RCA_VERB_NETNS_NAMED)
        return is_name((const char *)payload, request->size);
    if (request->verb == RCA_VERB_NETLINK)
        return request->number == NETLINK_ROUTE ||
               request->number == NETLINK_SOCK_DIAG ||
               request->number == NETLINK_NETFILTER;
    if (request->verb == RCA_VERB_SEND)
        return rca_wire_may_send(payload, request->size);
    if (request->verb == RCA_VERB_ATTACH_NF)
        return request->number != NFPROTO_ARP && request->hook >= 0 &&
               request->hook < NF_INET_NUMHOOKS &&
               (request->number == NFPROTO_IPV4 ||
                request->number == NFPROTO_IPV6);
    return request->hook == 0 && request->priority == 0;
}

int rca_wire_parse_request(const void *buf, size_t len, size_t n_fds,
                           struct rca_wire_request *ret_request,
                           const void **ret_payload)
{
    struct rca_wire_request request;
    const void *payload = (const char *)buf + sizeof(request);

    if (len < sizeof(request))
        return RCA_ESYNTAX;
    memcpy(&request, buf, sizeof(request));
    if (request.magic != RCA_WIRE_MAGIC || !request.verb ||
        request.verb >= RCA_VERB_COUNT || request.n_fds != n_fds ||
        request.size != len - sizeof(request) || !fits(&request, payload))
        return RCA_ESYNTAX;
    *ret_request = request;
    *ret_payload = payload;
    return 0;
}

/* --- answers -------------------------------------------------------------- */

#define MAX_ERRNO 4095

int rca_wire_parse_answer(const void *buf, size_t len, size_t n_fds,
                          struct rca_wire_answer *ret_answer)
{
    struct rca_wire_answer answer;

    if (len != sizeof(answer))
        return RCA_ESYNTAX;
    memcpy(&answer, buf, sizeof(answer));
    if (answer.magic != RCA_WIRE_MAGIC || answer.result > 0 ||
        answer.result < -MAX_ERRNO || answer.n_fds != n_fds || n_fds > 1 ||
        (answer.result && n_fds))
        return RCA_ESYNTAX;
    *ret_answer = answer;
    return 0;
}

/* --- netlink messages that only read -------------------------------------- */

/* Those that read and reset (GETRULE_RESET, CT_GET_CTRZERO) are left out. */
static const uint16_t reading[] = {
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE,
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSET,
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM,
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETOBJ,
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETFLOWTABLE,
    NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
    NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU,
    NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS,
    NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_GET,
    NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_GET_STATS_CPU,
};

_Bool rca_wire_may_send(const void *msg, size_t len)
{
    struct nlmsghdr header;

    if (len < sizeof(header))
        return 0;
    memcpy(&header, msg, sizeof(header));
    if (header.nlmsg_len != len || !(header.nlmsg_flags & NLM_F_REQUEST) ||
        header.nlmsg_flags & ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP))
        return 0;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(reading); i++) {
        if (header.nlmsg_type == reading[i])
            return 1;
    }
    return 0;
}

/* --- JSON ----------------------------------------------------------------- */

static int feed_byte(struct rca_wire_json *json, char c)
{
    if (json->in_string) {
        if (!json->escaped && c == '"')
            json->in_string = 0;
        json->escaped = !json->escaped && c == '\\';
        return 0;
    }
    if (c == '"')
        json->in_string = json->begun;
    else if (c == '{')
        json->depth++;
    else if (c == '}' && json->depth)
        return --json->depth == 0;
    if (c == '{')
        json->begun = 1;
    return json->begun || c == ' ' || c == '\n' ? 0 : RCA_ESYNTAX;
}

int rca_wire_json_feed(struct rca_wire_json *json, const char *text, size_t len)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < len; i++)
        r = feed_byte(json, text[i]);
    return r;
}
