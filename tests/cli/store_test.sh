#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# store_test.sh RCA - what commands say of stores that are not there, not ours
# or damaged; nothing that was there is changed.
set -eu
rca=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# try CODE TEXT ARGUMENT...: exit code, one line with TEXT on standard error,
# nothing on standard output
try() {
    code=$1 text=$2
    shift 2
    got=0
    "$rca" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    lines=$(wc -l <"$dir/err")
    if [ "$got" -eq "$code" ] && [ ! -s "$dir/out" ] &&
        [ "$lines" -eq 1 ] && grep -qE -- "$text" "$dir/err"; then
        echo "ok: rca $*"
        return
    fi
    echo "not ok: rca $*: exit $got, want $code and one line '$text'"
    cat "$dir/out" "$dir/err"
    failed=1
}

printf 'these are no data\n' >"$dir/foreign"
: >"$dir/empty"
head -c 8192 /dev/urandom >"$dir/noise"
cp "$dir/foreign" "$dir/before"

for command in status train explain 'show entities' 'show graph' \
    'show --model' 'store check' 'store compact'; do
    # shellcheck disable=SC2086 # command and its word
    {
        try 1 "no store '.*nowhere'" --db "$dir/nowhere" $command
        try 1 "foreign" --db "$dir/foreign" $command
        try 1 "noise" --db "$dir/noise" $command
        try 1 "empty" --db "$dir/empty" $command
        try 1 "$dir" --db "$dir" $command
    }
done
if [ -e "$dir/nowhere" ] || ! cmp -s "$dir/foreign" "$dir/before" ||
    [ -s "$dir/empty" ]; then
    echo "not ok: a reader wrote"
    failed=1
else
    echo "ok: readers write nothing"
fi

# out CODE TEXT ARGUMENT...: exit code, and TEXT on standard output
out() {
    code=$1 text=$2
    shift 2
    got=0
    "$rca" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    if [ "$got" -eq "$code" ] && grep -qE -- "$text" "$dir/out"; then
        echo "ok: rca $*"
        return
    fi
    echo "not ok: rca $*: exit $got, want $code and '$text'"
    cat "$dir/out" "$dir/err"
    failed=1
}

# a sound store, then one with a byte of a chunk changed
"$rca" simulate -o "$dir/cases" >"$dir/out" 2>&1
"$rca" --db "$dir/db" import "$dir"/cases/*/* >"$dir/out" 2>&1
out 0 'sound: .*db' --db "$dir/db" store check
out 0 'MB before, .* MB now' --db "$dir/db" store compact
out 0 'sound: .*db' --db "$dir/db" store check
pages=$(($(wc -c <"$dir/db") / 4096))
head -c 4096 "$dir/noise" |
    dd of="$dir/db" bs=4096 seek=$((pages / 2)) conv=notrunc 2>"$dir/err"
out 1 '^(database: |window [0-9])' --db "$dir/db" store check
try 2 'check or compact' --db "$dir/db" store
try 2 "wants one of check compact, not 'mend'" --db "$dir/db" store mend
out 0 'EXAMPLES' store --help

cp datasets/recorded.db "$dir/recorded.db"
out 0 'sound: ' --db "$dir/recorded.db" store check

printf 'interval: 1s\nretnetion: 7d\n' >"$dir/bad.yaml"
try 1 'bad.yaml:2:.*retention' --config "$dir/bad.yaml" status
try 1 'none.yaml' --config "$dir/none.yaml" status
exit $failed
