/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * drop_reason - the names of a kernel's drop reasons, from its BTF: the numbers
 * change from release to release.
 *
 * Source: include/net/dropreason-core.h and dropreason.h of Linux.
 */

#include "graph/base/base.h"

#define RCA_DROP_NAME_SIZE 48
#define RCA_DROP_SUBSYSTEMS 16 /* the kernel has 3 */

/** struct rca_drop_reasons - all-zero: a kernel that has none */
struct rca_drop_reasons {
    char (*name)[RCA_DROP_NAME_SIZE]; /* owned; "" where there is none */
    size_t n;
    uint32_t consumed[2]; /* numbers of what is no drop; UINT32_MAX: none */
    char subsys[RCA_DROP_SUBSYSTEMS][RCA_DROP_NAME_SIZE - 8];
};

void rca_drop_reasons_done(struct rca_drop_reasons *reasons);

/**
 * rca_drop_reasons_add() - one enumerator of enum skb_drop_reason
 * @name: "SKB_DROP_REASON_NO_SOCKET"; kept in lower case without the prefix
 *
 * What cannot be a core reason (over 65535, markers) is passed over. 0, -ENOMEM
 */
RCA_MUST_CHECK int rca_drop_reasons_add(struct rca_drop_reasons *reasons,
                                        const char *name, uint32_t value);

/** rca_drop_reasons_add_subsys() - one enumerator of enum
 * skb_drop_reason_subsys, "SKB_DROP_REASON_SUBSYS_OPENVSWITCH" */
void rca_drop_reasons_add_subsys(struct rca_drop_reasons *reasons,
                                 const char *name, uint32_t value);

/**
 * rca_drop_reason_name() - "no_socket"; "openvswitch_meter",
 * "mac80211_unusable_3" for reasons of subsystems (upper 16 bits of the number;
 * "subsys_N_3" where BTF does not name it); "reason_N" for what BTF does not
 * name; "unspecified" where the kernel gives no reasons
 *
 * Return: @buf
 */
const char *rca_drop_reason_name(const struct rca_drop_reasons *reasons,
                                 uint32_t reason, char buf[RCA_DROP_NAME_SIZE]);

/** rca_drop_reason_hurts() - whether a drop of this @name is counted in
 * drops_total: all but a few that a healthy network has all the time */
_Bool rca_drop_reason_hurts(const char *name);
