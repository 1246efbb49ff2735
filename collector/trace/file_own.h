/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * file_own - what the writer and the reader of collector/trace/file.h share.
 */

#include "collector/trace/file.h"

#define RCA_TRACE_FILE_MAGIC "rcatrace"
#define RCA_TRACE_FILE_MAGIC_SIZE 8
/* Counts up when what a file holds changes its meaning. */
#define RCA_TRACE_FILE_VERSION 1
/** Longest text; longer ones are cut when they are written. A kernel's stack is
 * the longest, 127 places of less than 200 bytes. */
#define RCA_TRACE_BLOCK_MAX 32768
#define RCA_TRACE_END_NUMBERS 7

enum rca_trace_block {
    RCA_TRACE_BLOCK_EVENT = 1,
    RCA_TRACE_BLOCK_NAME,
    RCA_TRACE_BLOCK_TEXT,
    RCA_TRACE_BLOCK_END,
};

enum rca_trace_text {
    RCA_TRACE_TEXT_FILTER = 1,
    RCA_TRACE_TEXT_META,
    RCA_TRACE_TEXT_KERNEL,
    RCA_TRACE_TEXT_HOST,
    RCA_TRACE_TEXT_UNSEEN,
    RCA_TRACE_TEXT_COUNT,
};

/** rca_trace_file_possible() - whether this machine's numbers are the file's */
_Bool rca_trace_file_possible(void);
