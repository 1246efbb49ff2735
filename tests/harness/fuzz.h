/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * fuzz - the entry point that every tests/fuzz/NAME_fuzz.c defines; a broken
 * promise is reported by abort().
 */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
