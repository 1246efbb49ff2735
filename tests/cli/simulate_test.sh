#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# simulate_test.sh RCA - cases are written, the same each time, and can be
# scored; what cannot be is said.
set -eu
rca=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# try CODE TEXT ARGUMENT...: exit code, and TEXT (a regex) on either stream
try() {
    code=$1 text=$2
    shift 2
    got=0
    "$rca" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    if [ "$got" -ne "$code" ] || ! cat "$dir/out" "$dir/err" |
        grep -qE -- "$text"; then
        echo "not ok: rca $*: exit $got, want $code and '$text'"
        cat "$dir/out" "$dir/err"
        failed=1
        return
    fi
    echo "ok: rca $*"
}

try 0 'wrote 7 cases' simulate -o "$dir/a" --cases 7 --normal 30 --incident 5
try 0 'wrote 7 cases' simulate -o "$dir/b" --cases 7 --normal 30 --incident 5
if ! diff -r "$dir/a" "$dir/b"; then
    echo 'not ok: two runs differ'
    failed=1
fi
try 0 '^all +[0-9]+/7' evaluate --method nsigma "$dir/a"
try 0 'wrote 1 case ' simulate -o "$dir/c" --style sim-net --fault link-down
[ -f "$dir/c/sim-net/1-link-down/truth.json" ] || failed=1
try 2 'where to' simulate
try 2 'did you mean' simulate --sede 3 -o "$dir/d"
try 2 'cannot have this fault' simulate -o "$dir/d" --style sim-net --fault disk
try 2 '5 to 60' simulate -o "$dir/d" --services 3
try 2 'wants one of' simulate -o "$dir/d" --fault gremlins
try 1 'cannot|No such' simulate -o "$dir/none/here"

[ "$failed" -eq 0 ]
