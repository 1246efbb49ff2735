#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# headers.sh [CC] - every header compiles alone, and twice.
set -eu
cd "$(dirname "$0")/../.."

status=0
for h in $(find graph model collector datasets cli -name '*.h' | sort); do
    printf '#include "%s"\n#include "%s"\nextern int not_empty;\n' "$h" "$h" |
        "${1:-cc}" -std=gnu17 -Wall -Wextra -Werror -D_GNU_SOURCE -I. -x c \
            -fsyntax-only - || status=1
done

[ $status -eq 0 ] && echo 'headers: ok'
exit $status
