#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# golden_test.sh RCA - Graphviz draws every golden graph without a complaint.
set -eu
cd "$(dirname "$0")/../.."
command -v dot >/dev/null || {
    echo "skip: no dot (apt install graphviz)"
    exit 0
}
failed=0
for graph in tests/golden/*.dot; do
    if complaint=$(dot -Tsvg -o /dev/null "$graph" 2>&1) &&
        [ -z "$complaint" ]; then
        echo "ok: $graph"
    else
        echo "not ok: $graph: $complaint"
        failed=1
    fi
done
exit $failed
