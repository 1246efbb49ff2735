#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# show_test.sh RCA - `rca show` and `rca graph check` on the recorded incident
# and on hostile names: text, JSON, CSV, DOT, and what is refused.
set -eu
rca=$(realpath "$1")
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export TZ=UTC LC_ALL=C.UTF-8 COLUMNS=80
unset NO_COLOR
failed=0
db=$dir/db
cp datasets/recorded.db "$db"

# try CODE TEXT ARGUMENT...: exit code, and TEXT (a regex) on either stream
try() {
    code=$1 text=$2
    shift 2
    got=0
    "$rca" --db "$db" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    if [ "$got" -ne "$code" ] ||
        ! cat "$dir/out" "$dir/err" | grep -qE -- "$text"; then
        echo "not ok: rca $*: exit $got, want $code and '$text'"
        cat "$dir/out" "$dir/err"
        failed=1
        return
    fi
    echo "ok: rca $*"
}

# check WHAT COMMAND...
check() {
    what=$1
    shift
    if "$@" >"$dir/checked" 2>&1; then
        echo "ok: $what"
    else
        echo "not ok: $what"
        cat "$dir/checked"
        failed=1
    fi
}

# shellcheck disable=SC2317 # called by check
narrow() {
    ! grep -nE '^.{81,}' "$dir/out"
}

# shellcheck disable=SC2317
json() {
    command -v python3 >/dev/null || return 0
    python3 -c 'import json, sys
if json.load(open(sys.argv[1]))["schema_version"] != 1: sys.exit(1)' \
        "$dir/out"
}

# lists
try 0 '^KIND +NAME +HOST +FIRST SEEN \(UTC\) +LAST SEEN$' show entities
try 0 '^service  cart ' show entities --kind service
check 'services only' sh -c "! grep -q cgroup '$dir/out'"
try 0 '^service/frontend +calls +service/cart +2026-11-22 12:02:26' \
    show edges --kind calls
try 0 '"kind":"disk","name":"vda".*"first":"2026-11-22T12:02:26Z"' \
    show entities -k disk -f json
check 'entities are JSON' json
try 0 '"source":\{"kind":"host","name":"host","host":"host"\},"target"' \
    show edges --format json
check 'edges are JSON' json
try 2 "unknown kind 'servise': did you mean 'service'" \
    show entities --kind servise
try 2 'it is not shown as csv' show entities -f csv
TZ=XXX-2 try 0 'FIRST SEEN \(XXX\)' show entities
TZ=XXX-2 try 0 ' 2026-11-22 14:02:26 ' show entities

# the graph
try 0 'shape=cylinder.*label="vda"' show graph
cp "$dir/out" "$dir/graph"
try 0 'legend_service' show --graph
check 'show --graph is show graph' cmp "$dir/graph" "$dir/out"
if command -v dot >/dev/null; then
    check 'dot reads it' dot -Tsvg -o /dev/null "$dir/out"
fi
try 0 'penwidth=3, label="db"' show graph --entity service/db --hops 0
check 'one node and no edge' sh -c "! grep -q -- '->' '$dir/out'"
try 2 'entity goes with graph' show entities --entity web
try 2 'graph goes without' show edges --graph

# one entity
"$rca" -q --db "$db" train >"$dir/trained"
try 0 '^requests +60 /s +38\.7 to 79\.3 /s +1\.00 ' show entity service/frontend
check 'entity: 80 columns' narrow
try 0 '^    \+10 /s requests of call/client->frontend: \+10 /s$' \
    show entity service/frontend
try 0 '"r2_held_out":0.99' show entity service/frontend -f json
check 'entity is JSON' json

# series
try 0 '^request_rate_per_second +60 /s  ' show series service/frontend
try 0 '· usual: 38\.7 to 79\.3 /s' \
    show series service/frontend request_rate_per_second
check 'plot: 80 columns' narrow
check 'plot: 16 lines' [ "$(wc -l <"$dir/out")" -eq 16 ]
cmp -s "$dir/out" tests/golden/plot.txt || {
    echo 'not ok: the plot is not tests/golden/plot.txt'
    diff "$dir/out" tests/golden/plot.txt || true
    failed=1
}
LC_ALL=C try 0 '^ +\. usual' show series service/frontend \
    request_rate_per_second
check 'plot in ASCII' sh -c "! LC_ALL=C grep -q '[^ -~]' '$dir/out'"
try 0 '━ asked for' show series service/frontend request_rate_per_second \
    --from @1795348980 --to @1795349000
esc=$(printf '\033')
try 0 "$esc" --color always show series service/frontend \
    request_rate_per_second
NO_COLOR=1 try 0 '^[^'"$esc"']*$' show series service/frontend \
    request_rate_per_second
try 0 '^time,"request_rate_per_second"$' show series service/frontend \
    request_rate_per_second --format csv
try 0 '"metric":"request_rate_per_second".*"values":\[' \
    show series service/frontend request_rate_per_second -f json
check 'series are JSON' json
try 2 "did you mean 'request_rate_per_second'" \
    show series service/frontend request_rate_per_secnd

# edges against data
try 0 '^[0-9]+ of 131 edges supported, 0 contradicted$' graph check
check 'graph check: 80 columns' narrow
try 0 '^NOT TESTABLE' graph check --all
try 0 '"false_discovery_rate":0.0[0-9]+,' graph check --format json
check 'graph check is JSON' json
cp "$dir/out" "$dir/one"
try 0 '"edges":131' graph check --format json --jobs 3
check 'threads change nothing' cmp "$dir/one" "$dir/out"
try 4 'not enough samples|too few' graph check --to @1795348980
try 2 'fdr wants a' graph check --fdr 2
try 2 'from must be before' graph check --from @20 --to @10
try 2 'graph what' graph
try 2 "did you mean 'check'" graph chek

# names that mean ill
db=$dir/hostile
printf '%s\n' \
    '{"entity":"a\u001b[31m\"<script>","kind":"service","host":"h\n","first":1,"last":9}' \
    '{"entity":"b","kind":"service","host":"h","first":1,"last":9}' \
    '{"edge":"calls","source":{"entity":"a\u001b[31m\"<script>","kind":"service","host":"h\n"},"target":{"entity":"b","kind":"service","host":"h"},"first":1,"last":9}' \
    '{"time":9,"entity":"b","kind":"service","host":"h","values":{"x\"<b>,":1}}' \
    >"$dir/lines.jsonl"
if "$rca" --db "$db" import "$dir/lines.jsonl" >"$dir/said" 2>&1; then
    for words in 'show entities' 'show edges' 'show graph' \
        'show series service/b' 'show series service/b -f csv'; do
        # shellcheck disable=SC2086 # words
        try 0 . $words
        check "$words: no escape" sh -c "! grep -q '$esc' '$dir/out'"
    done
else
    echo "not ok: hostile names are imported: $(cat "$dir/said")"
    failed=1
fi
exit $failed
