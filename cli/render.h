/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * render - an explanation in one format each; appended to @buf.
 *
 * They read struct rca_explanation and nothing else, and depend on nothing
 * else but the time zone. Return of all: 0 or -ENOMEM.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

RCA_MUST_CHECK int rca_render_text(const struct rca_explanation *e,
                                   _Bool colour, struct rca_buf *buf);
RCA_MUST_CHECK int rca_render_dot(const struct rca_explanation *e,
                                  struct rca_buf *buf);
RCA_MUST_CHECK int rca_render_json(const struct rca_explanation *e,
                                   struct rca_buf *buf);
