/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * capture_patch - writes a filter into an object of eBPF programs before it is
 * loaded: bpf/trace_filter.h keeps places for them. No I/O.
 */

#include "collector/trace/filter.h"

/**
 * rca_trace_patch() - put @code where @magic says
 * @elf:  bytes of the object file, @size of them; changed
 * @room: instructions that the place has. What @code does not use of it is
 *        jumped over: by a jump on what is always true, as the verifier refuses
 *        what cannot be reached, but does not walk what is not.
 *
 * O(size). Return: 0; -E2BIG (@code is longer than @room); RCA_ECORRUPT (there
 * is no such place, or more than one); nothing is changed then.
 */
RCA_MUST_CHECK int rca_trace_patch(void *elf, size_t size, uint32_t magic,
                                   size_t room,
                                   const struct rca_trace_code *code);
