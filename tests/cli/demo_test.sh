#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# demo_test.sh RCA - the recorded incident, and what the demonstration says of
# wrong options. The live one is a step of its own in .ci/run.
set -eu

rca=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

# try CODE TEXT ARGUMENT...: exit code, and TEXT somewhere in the output
try() {
    want=$1 text=$2 code=0
    shift 2
    "$rca" "$@" > out 2>&1 || code=$?
    if [ $code = "$want" ] && grep -q -- "$text" out; then
        echo "ok: rca $*"
    else
        echo "FAILED: rca $*: exit $code, want $want and '$text'"
        cat out
        failed=1
    fi
}

try 0 'right$' demo --recorded -o recorded
# but for commands, which are told with the paths that they have here
[ "$(grep -v '/rca ' out | LC_ALL=C.UTF-8 wc -L)" -le 80 ] || {
    echo "FAILED: lines of over 80 columns" && cat out && failed=1
}
try 2 'wants one of cpu .*random, not' demo --fault nothing
try 2 "'slwo': did you mean 'slow'" demo --fault slwo
try 2 "did you mean 'cart'" demo --target crat
try 2 'goes without' demo --recorded --clean
try 2 'cannot hit cart' demo --fault memory --target cart
try 2 '--normal wants' demo --normal 3
try 2 'unexpected word' demo loss
try 0 'EXAMPLES' demo --help
for f in explain.dot explain.svg report.html; do
    if [ $f = explain.svg ] && ! command -v dot > /dev/null; then
        continue
    fi
    [ -s recorded/$f ] || { echo "FAILED: no recorded/$f" && failed=1; }
done
exit $failed
