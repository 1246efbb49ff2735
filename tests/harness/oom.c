/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness/oom.h"

#include <stddef.h>
#include <string.h>

static long left = -1;
static _Bool failed;

void oom_after(long n)
{
    left = n;
    failed = 0;
}

_Bool oom_hit(void)
{
    return failed;
}

static _Bool allowed(void)
{
    if (left == 0)
        failed = 1;
    else if (left > 0)
        left--;
    return left != 0 || !failed;
}

/* The names are the linker's (--wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t size)
{
    return allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allowed() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
    return allowed() ? __real_realloc(p, size) : NULL;
}

char *__wrap_strdup(const char *s)
{
    return allowed() ? __real_strdup(s) : NULL;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
