/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * time_fuzz - any text as a time, a duration and a number: what is taken is in
 * range, and is written so that it reads back.
 */

#include "graph/base/time.h"

#include <stdio.h>
#include <string.h>

#include "graph/base/parse.h"
#include "tests/harness/fuzz.h"

#define NOW (INT64_C(1795357800) * RCA_SECOND)

static void check(_Bool holds)
{
    if (!holds)
        abort();
}

static void check_time(const char *text)
{
    char buf[RCA_TIME_TEXT_SIZE];
    rca_time t = RCA_TIME_NONE, again = RCA_TIME_NONE;

    if (rca_time_parse(text, NOW, &t)) {
        check(t == RCA_TIME_NONE);
        return;
    }
    check(t >= 0);
    check(!rca_time_parse(rca_time_utc(t, buf), NOW, &again));
    check(again == t / RCA_SECOND * RCA_SECOND);
}

static void check_duration(const char *text)
{
    char buf[RCA_TIME_TEXT_SIZE];
    rca_time ns = RCA_TIME_NONE;

    if (rca_duration_parse(text, &ns))
        check(ns == RCA_TIME_NONE);
    else
        check(ns > 0 && *rca_duration_text(ns, buf));
}

static void check_numbers(const char *text)
{
    char buf[64];
    double x = 0, again = 1;
    int64_t i = 0, whole = 1;

    if (!rca_parse_f64(text, &x)) {
        (void)snprintf(buf, sizeof(buf), "%.17g", x);
        check(!rca_parse_f64(buf, &again) && x == again);
    }
    if (!rca_parse_i64(text, &i)) {
        (void)snprintf(buf, sizeof(buf), "%lld", (long long)i);
        check(!rca_parse_i64(buf, &whole) && i == whole);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text RCA_CLEANUP(rca_freep) = malloc(size + 1);

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    check_time(text);
    check_duration(text);
    check_numbers(text);
    return 0;
}
