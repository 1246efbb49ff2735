/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * drop_btf - what the running kernel's types say of drops: the reasons, and
 * whether the tracepoint gives them.
 */

#include "collector/drop_reason.h"
#include "graph/base/err.h"

struct btf;

/** rca_drop_args() - how many arguments the tracepoint kfree_skb has: from 3 on
 * the third is the reason; 2 if that cannot be found out */
unsigned rca_drop_args(const struct btf *btf);

/** rca_drop_btf_reasons() - add all reasons and subsystems to @reasons; 0,
 * -ENOMEM */
RCA_MUST_CHECK int rca_drop_btf_reasons(const struct btf *btf,
                                        struct rca_drop_reasons *reasons);
