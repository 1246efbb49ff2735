#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317,SC2086 # the hook's variables; functions are called
# by is; words are split
#
# watch_test.sh RCA - one incident is told once, kept, shown, judged, and what
# was said of it counts.
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
    "$rca" --db "$dir/x.db" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    if [ "$got" -ne "$code" ] || { [ -n "$text" ] &&
        ! cat "$dir/out" "$dir/err" | grep -qE -- "$text"; }; then
        echo "not ok: rca $*: exit $got, want $code and '$text'"
        cat "$dir/out" "$dir/err"
        failed=1
        return
    fi
    echo "ok: rca $*"
}

is() { # is WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$dir/log" 2>&1; then
        echo "ok: $what"
    else
        echo "not ok: $what"
        cat "$dir/log"
        failed=1
    fi
}

silent() { # standard output of the last try is empty
    [ ! -s "$dir/out" ]
}

# what is asked for is checked before anything else
try 2 'min-change wants' watch --min-change 0
try 2 'min-errors wants' watch --min-errors 200%
try 2 'fdr wants' watch --fdr x
try 2 'did you mean' watch --foldre x
try 1 'no such file|No such file' watch --once
try 1 'no store' incidents
cp datasets/recorded.db "$dir/x.db"
try 4 'no incident is kept' incidents
try 4 '"incidents":\[\]' incidents --format json
try 2 'no incident' feedback last --right
try 2 'say --right or --wrong' feedback last
try 2 'of which incident' feedback --right
try 2 'show which one' incidents show
try 2 'two IDs' incidents compare last
try 2 'wants one of list show compare' incidents sow

# one incident: told once, in files, to the hook
hook='printf "%s|" "$RCA_INCIDENT" "$RCA_ENTITY" "$RCA_CAUSE" "$RCA_CONFIDENCE" "$RCA_FILE" >> "'$dir'/hook"'
watch="watch --once --settle 8s --no-train"
# shellcheck disable=SC2086 # words
try 0 'frontend latency mean .*; cause: cgroup .*batch' $watch \
    --folder "$dir/i" --hook "$hook"
id=$("$rca" --db "$dir/x.db" incidents --format json |
    sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
is 'the id has the time and the symptom' \
    sh -c "echo '$id' | grep -qE '^2026-11-22-1203-frontend$'"
is 'the hook ran once, told by its environment' \
    grep -qE "^$id\|service/frontend@host\|cgroup/rca-demo/pod/batch@host\|0\.[0-9]+\|$dir/i/$id.txt\|$" "$dir/hook"
for suffix in txt json dot; do
    is "$suffix is there and whole" test -s "$dir/i/$id.$suffix"
done
is 'nothing else is' sh -c "! ls '$dir/i' | grep -vE '[.](txt|json|dot|svg|html)\$'"

rm -f "$dir/hook"
try 0 '' $watch --hook "$hook"
is 'a second look tells nothing' silent
is 'and runs no hook' test ! -e "$dir/hook"

# kept
try 0 "^$id +open" incidents
try 0 'cause: cgroup|cgroup rca-demo/pod/batch, [0-9]+ % sure' incidents list
try 4 'no incident is kept' incidents --from 2026-11-23T00:00:00Z
try 0 "^$id" incidents --to 2026-11-23T00:00:00Z
try 0 "^incident +$id, began 2026-11-22 12:03" incidents show last
try 0 'feedback +none yet' incidents show 2026-11-22
try 0 '"schema_version":1' incidents show "$id" --format json
try 0 'has the same cause as' incidents compare "$id" last
try 2 'no incident' incidents show 2027

# judged: ten wrong answers at 92 % bring it down
try 0 'wrong' feedback last --wrong --cause disk/vda --note 'RAID rebuild'
try 0 'cause was disk/vda; RAID rebuild' incidents show last
try 0 'feedback +0 right, 1 wrong: confidence shifted by -0' status
try 0 '"feedback":\{"right":0,"wrong":1,"confidence_shift":-0' status --format json
try 0 '[5-8][0-9] % sure' explain --entity frontend --format text
try 0 'right' feedback last --right
try 0 'feedback +1 right, 0 wrong: confidence shifted by \+0' status
try 0 'feedback +right' incidents show last

# the watch waits for a store and for data, and ends when told to
# in the foreground: no SIGCONT, which can hang the leak checker at its end
timeout --foreground -k 10 20 "$rca" --db "$dir/none.db" watch --interval 1s >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 2
kill -TERM $pid
code=0
wait $pid || code=$?
is 'ended by a signal it exits 0' test $code -eq 0
is 'what is missing is said once' sh -c "[ \$(wc -l <'$dir/err') -eq 1 ]"
exit $failed
