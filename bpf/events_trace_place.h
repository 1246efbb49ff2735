/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* events_trace_place - where the filters go in bpf/trace.bpf.c, for both sides. */

#define RCA_TRACE_MAGIC_L2 0x5ca1ab12
#define RCA_TRACE_MAGIC_L3 0x5ca1ab13
#define RCA_TRACE_MAGIC_META 0x5ca1ab14
/* instructions there is room for */
#define RCA_TRACE_PLACE_PACKET 4096
#define RCA_TRACE_PLACE_META 1024
