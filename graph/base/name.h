/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * name - names from outside: any bytes may come in, printable UTF-8 goes out.
 */

#include "graph/base/base.h"

/**
 * rca_name_char() - length of the printable UTF-8 character at @s
 *
 * Not printable: control characters, line separators, marks that turn the
 * direction of writing, and code points that XML forbids.
 * Return: 1 to 4 bytes; 0 at the end of @s, or where there is no such one.
 */
size_t rca_name_char(const char *s);

/** rca_name_print() - replace what is not printable in @s by '?', in place */
void rca_name_print(char *s);

/** Longest name kept, bytes without the NUL; longer ones are cut. */
#define RCA_NAME_MAX 191

/**
 * rca_name_clean() - copy @name with control characters and bytes that are not
 * UTF-8 replaced by '?', cut at a character boundary to fit
 *
 * Return: @buf. An empty name becomes "?".
 */
const char *rca_name_clean(const char *name, char buf[RCA_NAME_MAX + 1]);

/** rca_name_distance() - edits (Damerau, adjacent swaps count 1) from @a to
 * @b, ignoring case; O(len a * len b) time, fixed memory; inputs over
 * RCA_NAME_MAX bytes are compared by their first RCA_NAME_MAX */
size_t rca_name_distance(const char *a, const char *b);

/**
 * rca_name_nearest() - the best "did you mean" for a typo
 * @names: @n names
 *
 * Return: index of the nearest name within max(1, strlen(word) / 3) edits or
 *         having @word as a prefix; ties go to the first; @n if there is none.
 */
size_t rca_name_nearest(const char *word, const char *const *names, size_t n);
