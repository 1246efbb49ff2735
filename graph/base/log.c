/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/name.h"

/* more than any line of ours; a longer one is cut */
enum { LINE_SIZE = 1024 };

static const char *const prefixes[] = {
    [RCA_LOG_ERROR] = "rca: error: ",
    [RCA_LOG_WARN] = "rca: warning: ",
    [RCA_LOG_INFO] = "rca: ",
    [RCA_LOG_DEBUG] = "rca: debug: ",
};

static_assert(RCA_ARRAY_SIZE(prefixes) == RCA_LOG_COUNT,
              "one prefix for each level");

static atomic_int shown = RCA_LOG_WARN;

void rca_log_set(enum rca_log_level level)
{
    atomic_store_explicit(&shown, (int)level, memory_order_relaxed);
}

void rca_log(enum rca_log_level level, const char *format, ...)
{
    const int saved_errno = errno;
    char line[LINE_SIZE];
    va_list args;
    size_t n;

    if ((int)level > atomic_load_explicit(&shown, memory_order_relaxed))
        return;
    n = (size_t)snprintf(line, sizeof(line), "%s", prefixes[level]);
    va_start(args, format);
    (void)vsnprintf(line + n, sizeof(line) - n - 1, format, args);
    va_end(args);
    /* names come from outside: no escape sequences to a terminal */
    rca_name_print(line);

    /* one call, so that lines of several threads do not mix */
    n = strlen(line);
    line[n++] = '\n';
    (void)fwrite(line, 1, n, stderr);
    errno = saved_errno;
}
