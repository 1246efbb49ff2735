/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * base - the macros and types that every file may use.
 *
 * Bottom of the include order: includes the C library only.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/** rca_time - nanoseconds since the epoch, UTC; also differences of these */
typedef int64_t rca_time;
/** rca_id - number of an entity or of a raw series in one store */
typedef uint32_t rca_id;

#define RCA_ID_NONE UINT32_MAX
#define RCA_TIME_NONE INT64_MIN
#define RCA_SECOND INT64_C(1000000000)

/** RCA_CLEANUP() - run @fn on the variable's address when its scope ends */
#define RCA_CLEANUP(fn) __attribute__((__cleanup__(fn)))

/** RCA_MUST_CHECK - the caller may not drop the return value */
#define RCA_MUST_CHECK __attribute__((__warn_unused_result__))

/** RCA_PRINTF() - check format string @fmt against the arguments from @args */
#define RCA_PRINTF(fmt, args) __attribute__((__format__(printf, fmt, args)))

/** RCA_ARRAY_SIZE() - number of elements of a true array */
#define RCA_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/** RCA_TAKE() - give up ownership: yields @ptr and leaves NULL behind */
#define RCA_TAKE(ptr)                                                          \
    __extension__({                                                            \
        __typeof__(ptr) *rca_take_from_ = &(ptr);                              \
        __typeof__(ptr) rca_take_value_ = *rca_take_from_;                     \
        *rca_take_from_ = NULL;                                                \
        rca_take_value_;                                                       \
    })

/**
 * rca_freep() - free *@p and set it to NULL
 * @p: address of a pointer from malloc(3) and family, or of NULL
 *
 * For use as `char *s RCA_CLEANUP(rca_freep) = NULL;`.
 */
static inline void rca_freep(void *p)
{
    void **slot = (void **)p;

    free(*slot);
    *slot = NULL;
}

/**
 * rca_grow() - room for one more element at the end of an array
 * @array: from malloc(3) and family, or NULL; @n used of *@cap elements
 * @size:  of an element, bytes
 *
 * Return: the array, perhaps moved and *@cap doubled; NULL if there is no
 * memory: @array is unchanged then.
 */
static inline void *rca_grow(void *array, size_t n, size_t *cap, size_t size)
{
    size_t wanted = *cap ? *cap * 2 : 16;
    void *grown;

    if (n < *cap)
        return array;
    grown = realloc(array, wanted * size);
    if (grown)
        *cap = wanted;
    return grown;
}
