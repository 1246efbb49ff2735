#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called by trap
#
# trace_test.sh RCA - rca trace record, show and stats: exit codes, messages,
# broken files; and live on loopback in a network namespace of our own, where
# that is permitted.
set -u

rca=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
corpus=$PWD/tests/fuzz/corpus/trace_file
work=$(mktemp -d)
failed=0
export TZ=UTC NO_COLOR=1
trap 'rm -rf "$work"' EXIT

# try CODE TEXT ARGUMENT...: exit code, and TEXT (a regex) on either stream
try() {
    local code=$1 text=$2 got=0
    shift 2
    timeout 60 "$rca" trace "$@" >"$work/out" 2>"$work/err" </dev/null ||
        got=$?
    if [ "$got" -ne "$code" ] ||
        ! cat "$work/out" "$work/err" | grep -qE -- "$text"; then
        echo "not ok: rca trace $*: exit $got, want $code and '$text'"
        head -20 "$work/out" "$work/err"
        failed=1
        return
    fi
    echo "ok: rca trace $*"
}

# mistake TEXT ARGUMENT...: usage; nothing is on standard output
mistake() {
    try 2 "$@"
    [ ! -s "$work/out" ] || { echo "not ok: output of a mistake" && failed=1; }
}

# --- words ---------------------------------------------------------------------
try 0 'record .*watch' --help
mistake 'what of it'
mistake "did you mean 'record'" recrod
for sub in record show stats; do
    try 0 EXAMPLES "$sub" --help
done
mistake 'which file' show
mistake 'which file' stats
mistake "did you mean '--journeys'" show x --journey
mistake "no point is called 'dorp': did you mean 'drop'" record --points read,dorp
mistake "power of 2 from 64K to 1G, not '17M'" record --buffer 17M
mistake "power of 2 from 64K to 1G, not '9999999G'" record --buffer 9999999G
mistake "did you mean 'drop'" record -c auto,dorp
mistake "goes without --cmd 'true'" record --for 1s --cmd true
mistake "wants a duration" record --for soon
mistake "number from 1 on, not '0'" record --stop-after 0

# --- files ---------------------------------------------------------------------
story=$corpus/story
try 1 'No such file' show "$work/nothing"
try 1 'directory' stats "$work"
: >"$work/empty"
try 1 "not a file of 'rca trace record'" show "$work/empty"
try 1 "not a file of 'rca trace record'" show README.md
try 1 'version 2 of the format; this program reads version 1' show \
    "$corpus/version"
try 1 'at byte [0-9]+: a block of impossible length' show "$corpus/long"
head -c 4000 "$story" >"$work/cut"
try 0 "has no end: it was cut, or is still being written; [0-9]+ events" show \
    "$work/cut"
try 0 'not known: the recording has no end' stats "$work/cut"
try 0 "is not complete: lost 5 events" show "$story"
mistake "syntax error" show "$story" -f 'tcp and and'
mistake "no drop reason is called 'x'" show "$story" -m 'reason == x'

# like NAME ARGUMENT...: the output is that golden file
like() {
    local name=$1
    shift
    if "$rca" trace "$@" 2>/dev/null | cmp - "tests/golden/$name"; then
        echo "ok: rca trace $*"
    else
        echo "not ok: rca trace $*"
        failed=1
    fi
}
like trace-journeys.txt show "$story" --journeys --utc
like trace-stats.txt stats "$story" --utc
like trace-stats.json stats "$story" --format json
"$rca" trace show --utc --stack - <"$story" 2>/dev/null |
    cmp - tests/golden/trace-show.txt || failed=1
try 0 'drop  .*netfilter_drop' show "$story" --drops
[ "$(wc -l <"$work/out")" -eq 2 ] || { echo 'not ok: two drops' && failed=1; }
try 0 'dropped by netfilter_drop' show "$story" -d -j -f 'port 8080'
[ "$(grep -c '^[0-9#]' "$work/out")" -eq 1 ] ||
    { echo 'not ok: one packet' && failed=1; }
if LC_ALL=C grep -q $'\033' "$work/out"; then
    echo 'not ok: an escape' && failed=1
fi
try 0 $'\033' show "$story" --color always

# --- live ----------------------------------------------------------------------
# live CODE TEXT ARGUMENT...: as try(), in a namespace with loopback
live() {
    local code=$1 text=$2 got=0
    shift 2
    # shellcheck disable=SC2016 # for the shell within
    timeout 60 unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$rca" \
        trace "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    if [ "$got" -ne "$code" ] ||
        ! cat "$work/out" "$work/err" | grep -qE -- "$text"; then
        echo "not ok: live rca trace $*: exit $got, want $code and '$text'"
        head -20 "$work/out" "$work/err"
        failed=1
        return
    fi
    echo "ok: live rca trace $*"
}

nobody() {
    setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    cp "$rca" "$work/rca" && chmod 755 "$work" "$work/rca"
    got=0
    nobody timeout 60 "$work/rca" trace record --for 1s >"$work/out" \
        2>"$work/err" || got=$?
    if [ "$got" -eq 5 ] && grep -q '^rca: trace record: ' "$work/err"; then
        echo 'ok: without privileges'
    else
        echo "not ok: without privileges: exit $got" && failed=1
        cat "$work/err"
    fi
fi

if ! unshare -n sh -c 'ip link set lo up' 2>/dev/null ||
    [ "$("$rca" trace record --for 100ms -c drop >/dev/null 2>&1; echo $?)" -eq 5 ]; then
    echo 'skipped: capturing packets is not permitted here'
    exit $failed
fi
# to a port that nobody listens on, at an address that nobody else uses
to=127.77.$(($$ / 256 % 256)).$(($$ % 256))
send="bash -c 'echo hi >/dev/udp/$to/9'"
live 0 "written to $work/a" record --cmd "$send; exit 3" -o "$work/a"
grep -q 'ended with exit code 3' "$work/err" || failed=1
try 0 'dropped by no_socket' show "$work/a" -j -d -f "udp and host $to"
try 0 '^ +[0-9]+  no_socket' stats "$work/a"
live 1 'No such file' record --for 1s -o "$work/no/such/folder"
echo keep >"$work/busy"
flock "$work/busy" sh -c 'exec "$@"' sh "$rca" trace record --for 100ms \
    -o "$work/busy" 2>"$work/err" && failed=1
if grep -q 'another process is recording' "$work/err" &&
    [ "$(cat "$work/busy")" = keep ]; then
    echo 'ok: a file that another process writes'
else
    echo 'not ok: a file that another process writes' && failed=1
    cat "$work/err"
fi
# a reader that is gone is no mistake, whether it is seen in a line or after it
# shellcheck disable=SC2016 # for the shell within
unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$rca" trace record \
    --cmd "for i in 1 2 3 4 5 6 7 8 9; do $send; done; sleep 1" \
    2>"$work/err" | true
got=${PIPESTATUS[0]}
if [ "$got" -eq 0 ] && ! grep -q 'Broken pipe' "$work/err"; then
    echo 'ok: nobody reads'
else
    echo "not ok: nobody reads: exit $got" && failed=1
    cat "$work/err"
fi

# stopped by a signal it ends as it should, killed it can be read
# ends SIGNAL CODE TEXT
ends() {
    # shellcheck disable=SC2016 # for the shell within
    env --default-signal=HUP unshare -n \
        sh -c 'ip link set lo up && exec "$@"' sh "$rca" trace record \
        -o "$work/b" 2>"$work/err" &
    local pid=$! i got=0
    for ((i = 0; i < 200 && $(stat -c %s "$work/b" 2>/dev/null || echo 0) < 16; i++)); do
        sleep 0.1
    done
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null || got=$?
    if [ "$got" -ne "$2" ]; then
        echo "not ok: SIG$1: exit $got, want $2" && failed=1
        cat "$work/err"
    fi
    try 0 "$3" stats "$work/b"
    rm -f "$work/b"
}
ends INT 0 'lost +(nothing|[0-9])'
ends TERM 0 'lost +(nothing|[0-9])'
ends HUP 0 'lost +(nothing|[0-9])'
ends KILL 137 'the recording has no end'

if "$rca" trace record -f udp --for 100ms 2>&1 | grep -q 'no filters'; then
    echo 'skipped: filters in the kernel'
    exit $failed
fi
live 0 "drop .*127.0.0.1:[0-9]+ > $to:9 udp len 3  no_socket" record \
    -f "udp and host $to" --cmd "$send"
grep -q 'ended with exit code 0' "$work/err" || failed=1
grep -qE 'events of 1 packets, 1 dropped; lost: nothing' "$work/err" || {
    echo 'not ok: summary' && failed=1
    cat "$work/err"
}
live 0 ' 2 events' record -n 2 -f "host $to" --cmd "$send; sleep 30"
live 0 'Killed' record -n 1 -f "host $to" \
    --cmd "trap '' TERM; $send; while :; do sleep 1; done"
live 0 'drop .*no_socket' record -m 'reason == no_socket' --points drop \
    -f "host $to" --cmd "$send"
[ "$(wc -l <"$work/out")" -eq 1 ] || { echo 'not ok: one drop' && failed=1; }
live 0 '0 events of 0 packets' record --for 200ms -f "host $to"

exit $failed
