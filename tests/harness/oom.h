/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * oom - let the n-th allocation from here fail, and all after it.
 *
 * Unit tests are linked with --wrap, so this reaches malloc(), calloc(),
 * realloc() and strdup() in the project's own objects and nobody else's.
 */

/** oom_after() - allow @n more allocations; a negative @n allows all again */
void oom_after(long n);

/** oom_hit() - whether an allocation has failed since oom_after() */
_Bool oom_hit(void);
