/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * filter_ebpf - classic BPF to eBPF, so that it decides as libpcap's interpreter
 * does. Only for collector/trace/ and its tests.
 *
 * Where that interpreter leaves something open: a word of its memory that was
 * not written is 0; a constant shift of 32 and more, and a division by a
 * constant 0, are refused. A classic program cannot be refused for what of it
 * is never reached.
 */

#include <linux/filter.h>

#include "collector/trace/filter.h"

/** rca_classic_translate() - see rca_trace_filter_translate(), also for what it
 * returns; any bytes may come in as the @n instructions. The code is at most 8
 * times as many instructions, and 22. */
RCA_MUST_CHECK int rca_classic_translate(const struct sock_filter *insns,
                                         size_t n, size_t snap,
                                         struct rca_diag *diag,
                                         struct rca_trace_code *ret_code);
