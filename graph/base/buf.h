/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * buf - a text that grows. The first failure sticks: later calls do nothing
 * and rca_buf_take() reports it, so a writer checks once.
 */

#include <stdarg.h>

#include "graph/base/base.h"

/**
 * struct rca_buf - all-zero is an empty buffer
 * @text: owned; @len bytes, NUL-terminated once anything was put; or NULL
 * @err:  first failure (-ENOMEM), or 0
 */
struct rca_buf {
    char *text;
    size_t len;
    size_t cap;
    int err;
};

/** rca_buf_done() - free the text and empty the buffer */
void rca_buf_done(struct rca_buf *buf);

void rca_buf_put(struct rca_buf *buf, const char *bytes, size_t n);
void rca_buf_str(struct rca_buf *buf, const char *s);
RCA_PRINTF(2, 3) void rca_buf_fmt(struct rca_buf *buf, const char *format, ...);

/**
 * rca_buf_take() - hand over the text, which the caller frees with free()
 *
 * Return: 0 (an empty buffer gives ""), or the failure that stuck; then
 *         @ret_text is unchanged. The buffer is empty afterwards.
 */
RCA_MUST_CHECK int rca_buf_take(struct rca_buf *buf, char **ret_text);
