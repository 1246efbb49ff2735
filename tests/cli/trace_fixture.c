/* SPDX-License-Identifier: GPL-3.0-or-later */

/* trace_fixture - a small recording of `rca trace` to standard output, for
 * tests/cli/trace_export_test.sh. */

#include "tests/harness/trace_events.h"

int main(void)
{
    return trace_record(stdout) || fflush(stdout);
}
