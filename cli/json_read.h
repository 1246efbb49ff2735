/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * json_read - an explanation from what rca_render_json() wrote of it.
 *
 * Names come back cleaned and times as they were; entities have no ids.
 * Rendered again it gives the same text and the same pictures, byte for byte.
 */

#include "graph/base/err.h"
#include "model/explain.h"

/**
 * rca_json_read() - read @length bytes; O(length) time and memory
 * @file: its name for @diag, which may be NULL
 *
 * Fields that this program does not know are passed over; the newer ones of
 * schema version 1 may be missing. Return: 0; RCA_ESYNTAX (no JSON, or none of
 * an explanation, said in @diag); RCA_ESCHEMA (of a newer program); -ENOMEM.
 */
RCA_MUST_CHECK int rca_json_read(const char *text, size_t length,
                                 const char *file, struct rca_diag *diag,
                                 struct rca_explanation **ret_explanation);
