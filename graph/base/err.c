/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/name.h"

static const char *const messages[] = {
    [RCA_ERR_FIRST - RCA_ESYNTAX] = "syntax error",
    [RCA_ERR_FIRST - RCA_ESCHEMA] = "not a database of this program's version",
    [RCA_ERR_FIRST - RCA_ECORRUPT] = "stored data are damaged",
    [RCA_ERR_FIRST - RCA_ETOOFEW] = "not enough samples",
    [RCA_ERR_FIRST - RCA_ENOCONV] = "no convergence",
    [RCA_ERR_FIRST - RCA_EUNKNOWN] = "no such name",
    [RCA_ERR_FIRST - RCA_EAMBIGUOUS] = "the name is ambiguous",
    [RCA_ERR_FIRST - RCA_ENOSUPPORT] =
        "not supported by this kernel or these privileges",
};

static_assert(RCA_ARRAY_SIZE(messages) == RCA_ERR_FIRST - RCA_ERR_LAST,
              "one message for each code");

const char *rca_strerror(int err)
{
    const char *text = NULL;

    if (err == 0)
        return "success";
    if (err < RCA_ERR_FIRST && err > RCA_ERR_LAST)
        return messages[RCA_ERR_FIRST - err];
    if (err < 0 && err > RCA_ERR_FIRST)
        text = strerrordesc_np(-err);
    return text ? text : "unknown error";
}

int rca_diag_set(struct rca_diag *diag, int err, const char *file,
                 unsigned line, const char *format, ...)
{
    va_list args;

    if (!diag)
        return err;
    (void)snprintf(diag->file, sizeof(diag->file), "%s", file ? file : "");
    diag->line = line;
    diag->column = 0;
    va_start(args, format);
    (void)vsnprintf(diag->text, sizeof(diag->text), format, args);
    va_end(args);

    rca_name_print(diag->file);
    rca_name_print(diag->text);
    return err;
}
