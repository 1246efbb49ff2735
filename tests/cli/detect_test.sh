#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# detect_test.sh RCA - what is abnormal in the recorded incident, and what was
# not before it.
set -eu
rca=$(realpath "$1")
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
export TZ=UTC

# try CODE TEXT ARGUMENT...: exit code, and TEXT (a regex) on either stream
try() {
    code=$1 text=$2
    shift 2
    got=0
    "$rca" --db "$dir/rca.db" detect "$@" >"$dir/out" 2>"$dir/err" \
        </dev/null || got=$?
    if [ "$got" -ne "$code" ] || ! cat "$dir/out" "$dir/err" |
        grep -qE -- "$text"; then
        echo "not ok: rca detect $*: exit $got, want $code and '$text'"
        cat "$dir/out" "$dir/err"
        failed=1
        return
    fi
    echo "ok: rca detect $*"
}

# holds TEXT: TEXT (a regex) is in the answer
holds() {
    grep -qE -- "$1" "$dir/out" && return
    echo "not ok: no '$1' in:"
    cat "$dir/out"
    failed=1
}

cp datasets/recorded.db "$dir/rca.db"

try 0 '^[0-9]+ incidents?: [0-9]+ of [0-9]+ metrics are abnormal\.$'
holds 'UTC; at most 1 in 20 is expected to be chance$'
holds '^ 1 (service|client) [a-z]+ latency mean .* ms  ▲ .*×  12:03:[0-9]+ '
holds '^next  rca explain --entity (service|client)/[a-z]+ --from .* --to '
if LC_ALL=C.UTF-8 grep -nE '^.{81}' "$dir/out"; then
    echo 'not ok: wider than 80 columns'
    failed=1
fi
# the command that is offered names the cause
command=$(sed -n 's/^next  rca //p' "$dir/out")
# shellcheck disable=SC2086 # words
if "$rca" --db "$dir/rca.db" $command --format text >"$dir/why"; then
    echo "ok: rca $command"
else
    echo "not ok: rca $command"
    cat "$dir/why"
    failed=1
fi
grep -q 'batch began to use' "$dir/why" || {
    echo 'not ok: the cause is another one'
    cat "$dir/why"
    failed=1
}

# the fault is among the findings, at the beginning, too
try 0 'cgroup .*batch CPU used' --all
try 0 'cgroup .*batch CPU used' --all --at 2026-11-22T12:03:25Z
try 0 '^1 incident|incidents' --from 2026-11-22T12:02:30Z --fdr 0.01
holds 'at most 1 in 100 '
try 3 '^Nothing is abnormal in [0-9]+ metrics of [0-9]+ entities\.$' \
    --at 2026-11-22T12:03:00Z
holds '^2026-11-22 12:02:[0-9]+ to 12:03:[0-9]+ UTC$'

try 0 '"schema_version":1,"abnormal":true' --format json
try 0 '"symptom":true' --format json
if command -v python3 >/dev/null; then
    python3 -m json.tool "$dir/out" >/dev/null || failed=1
fi

try 4 'too little data' --at 2026-11-20T12:00:00Z
try 2 'at goes without' --at 14:02 --from 14:00
try 2 'from must be before' --from @20 --to @10
try 2 'fdr wants a share as' --fdr 2
try 2 'fdr wants a share as' --fdr nan
try 2 'fdr wants a share as' --fdr half
try 2 "did you mean '--format'" --fromat json
try 2 'unexpected word' web

# a store without a model, and none at all
"$rca" -q simulate -o "$dir/cases" --cases 1 --seed 3 >/dev/null
rm "$dir/rca.db"
"$rca" -q --db "$dir/rca.db" import "$dir"/cases/*/* \
    >/dev/null 2>&1
try 4 'no model'
rm "$dir/rca.db"
try 1 'rca.db'
exit $failed
