#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# exit_test.sh RCA - each exit code that the page of a command documents, once;
# wrong paths and damaged files get one line, and change nothing. The test fails
# if a page documents a code that is not tried here.
set -eu
rca=$(realpath "$1")
pages=$(realpath "$(dirname "$0")/../../docs/man")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
cd "$dir"
export TZ=UTC

# try CODE TEXT ARGUMENT...: the exit code, and TEXT (a regex) on either stream
try() {
    code=$1 text=$2 got=0
    shift 2
    command=$1
    [ "$1" != --db ] || command=$3
    timeout 60 "$rca" "$@" >out 2>err </dev/null || got=$?
    if [ "$got" -ne "$code" ] || ! { echo && cat out err; } | grep -qE -- "$text"; then
        echo "not ok: rca $*: exit $got, want $code and '$text'"
        cat out err
        failed=1
        return
    fi
    echo "$command $code" >>tried
    echo "ok: rca $*: $code"
}

# An error or mistake is one line on standard error, and nothing else.
wrong() {
    try "$@"
    if [ -s out ] || [ "$(wc -l <err)" -ne 1 ]; then
        echo "not ok: one line on standard error is expected: rca $*"
        cat out err
        failed=1
    fi
}

skip() { # skip COMMAND CODE WHY
    echo "skipped: $1: $2: $3"
    echo "$1 $2" >>tried
}

# What is there: a labelled incident, a store with it and a model, the same
# without a model, one without data, and files that are none.
"$rca" simulate -o sim --seed 5 --style sim-trace --fault cpu-hog >/dev/null
case=$(ls -d sim/*/*)
"$rca" --db model.db import "$case" >/dev/null
"$rca" --db model.db train --window 7d >/dev/null
"$rca" --db data.db import "$case" >/dev/null
# its first tick would be in 2070
# in the foreground: no SIGCONT, which can hang the leak checker at its end
timeout --foreground -s INT -k 10 1 "$rca" --db none.db collect --source host --interval 36500d \
    2>/dev/null || true
[ -s none.db ]
head -c 3000 "$rca" >junk
head -c 20000 model.db >cut.db
: >empty
mkdir folder
web=service/prod.petrel.api
incident='--from 2023-10-15T14:39:30Z --to 2023-10-15T14:40:50Z'
calm='--from 2023-10-15T14:30:30Z --to 2023-10-15T14:32:00Z'

# explain
# shellcheck disable=SC2086 # words
{
    try 0 'prod.clover.api' --db model.db explain --entity $web $incident
    try 3 'is normal' --db model.db explain --entity $web $calm -f text
    try 3 'digraph' --db model.db explain --entity $web $calm
    wrong 4 'no model yet' --db data.db explain --entity $web
    wrong 4 'holds no data' --db none.db explain
    wrong 4 'too little data' --db model.db explain --entity $web \
        --from 2023-10-15T14:13:40Z --to 2023-10-15T14:13:50Z
    wrong 2 "did you mean '--entity'" --db model.db explain --entty $web
    wrong 2 "has no metric .* did you mean 'http_request" --db model.db \
        explain --entity $web $incident -m http_requst_duration_seconds_p50
    try 2 'did you mean' --db model.db explain --entity prod.petrel.apo
    wrong 1 "No such file" --db model.db explain $incident -o no/such/folder.txt
    wrong 1 'Is a directory' --db model.db explain $incident -f text -o folder
}
mkdir bin
ln -s "$rca" bin/rca
got=0
# shellcheck disable=SC2086 # words
PATH=$dir/bin rca --db model.db explain $incident -o why.svg 2>err || got=$?
if [ $got = 5 ] && [ -s why.dot ] && [ ! -e why.svg ] && grep -q graphviz err &&
    [ "$(wc -l <err)" = 1 ]; then
    echo 'ok: without dot: 5, and the graph is written'
    echo 'explain 5' >>tried
else
    echo "not ok: without dot: $got"
    cat err
    failed=1
fi

# train
cp model.db again.db
try 0 '^learned' --db again.db train --window 7d
wrong 2 'wants a duration' --db again.db train --window never
wrong 4 'too few data' --db again.db train --window 10s
wrong 4 'holds no data' --db none.db train

# status, show, export
try 0 '^store' --db model.db status
wrong 2 'wants one of text json' --db model.db status --format jsn
wrong 4 'holds no data' --db none.db status
try 0 'service' --db model.db show entities
wrong 2 "did you mean 'entities'" --db model.db show entitis
wrong 4 'holds no data' --db none.db show entities
try 0 '^time' --db model.db export
wrong 2 'goes without' --db model.db export --at 14:00 --from 13:00
wrong 4 'holds no data' --db none.db export
wrong 4 'nothing was measured' --db model.db export --metric qqq

# store
try 0 '^sound' --db model.db store check
cp model.db small.db
try 0 'now: small.db' --db small.db store compact
wrong 2 "did you mean 'check'" --db model.db store chek

# import
try 0 'now type' --db new.db import "$case"
wrong 2 'import what' --db new.db import
wrong 1 'holds data until' --db new.db import "$case"
wrong 1 'nothing.*No such file' --db new2.db import nothing
wrong 1 'folder' --db new2.db import folder
wrong 1 'junk' --db new2.db import junk
wrong 1 'empty' --db new2.db import empty
cp -r "$case" broken
sed -i '5s/.*/what,is,this/' broken/metrics.csv
wrong 1 'metrics.csv:5:' --db new2.db import broken
if [ -e new2.db ]; then
    echo 'not ok: import left a store'
    failed=1
fi

# simulate, evaluate
try 0 'wrote 1 case' simulate -o more
wrong 2 'where to' simulate
wrong 1 'junk' simulate -o junk/below
try 0 'top' evaluate "$case"
wrong 2 'evaluate what' evaluate
wrong 1 'nothing' evaluate nothing
try 1 'metrics.csv:5' evaluate broken "$case"

# collect: a store that it made is not left behind
wrong 2 "did you mean 'host'" --db vain.db collect --source hots
wrong 1 'at least 100 ms' --db vain.db collect --interval 1ms
try 0 '' --db some.db collect --source host --interval 100ms --ticks 2
if [ "$(id -u)" -eq 0 ]; then
    try 2 "no hook 'qqqqqq'" --db vain.db collect --without qqqqqq \
        --ticks 1 --interval 100ms
    [ "$code" = "$got" ] || echo "(some source was not opened)"
    if command -v setpriv >/dev/null; then
        chmod 755 .
        mkdir -m 777 open
        got=0
        setpriv --reuid 65534 --clear-groups "$rca" --db open/x.db collect \
            --ticks 1 2>err || got=$?
        if [ $got = 5 ] && grep -q 'needs root' err; then
            echo 'ok: collect without privileges: 5'
            echo 'collect 5' >>tried
        else
            echo "not ok: collect without privileges: $got"
            cat err
            failed=1
        fi
    else
        skip collect 5 'no setpriv'
    fi
else
    wrong 5 'needs root' --db vain.db collect --ticks 1
fi
for file in vain.db*; do
    if [ -e "$file" ]; then
        echo "not ok: collect left $file behind"
        failed=1
    fi
done

# detect, graph
try 0 'incident' --db model.db detect
# shellcheck disable=SC2086 # words
try 3 'Nothing' --db model.db detect $calm
wrong 2 'fdr' --db model.db detect --fdr 7
wrong 4 'no model' --db data.db detect
wrong 1 'junk' --db junk detect
try 0 'supported' --db model.db graph check
wrong 2 "wants one of check" --db model.db graph chekc
wrong 1 'junk' --db junk graph check
try 4 'not enough' --db model.db graph check --from 2023-10-15T14:13:40Z \
    --to 2023-10-15T14:14:40Z

# watch, incidents, feedback
cp model.db watched.db
wrong 4 'no incident' --db watched.db incidents
try 0 '' --db watched.db watch --once --settle 10s --min-change 1% \
    --min-latency 1ms
wrong 2 'wants a duration' --db watched.db watch --settle never
wrong 1 'junk: not an SQLite' --db junk watch --once
try 4 '' --db none.db watch --once
try 0 '' --db watched.db incidents
wrong 1 'junk' --db junk incidents
wrong 2 'no incident' --db watched.db incidents show qqq
try 0 'right' --db watched.db feedback last --right
wrong 1 'junk' --db junk feedback last --right
wrong 2 'no incident' --db watched.db feedback qqq --right

# doctor, demo, completion: of the live ones only what any host can do
got=0
"$rca" doctor >out 2>err || got=$?
case $got in
0 | 5) echo "ok: rca doctor: $got" ;;
*) echo "not ok: rca doctor: $got" && failed=1 ;;
esac
echo "doctor 0" >>tried
echo "doctor 5" >>tried
wrong 2 'wants one of light' doctor --profile lite
try 0 'right$' demo --recorded -o recorded
wrong 2 'wants one of cpu' demo --fault qqqqqqqq
wrong 1 'folder of the results' demo --recorded -o junk/below
skip demo 4 'a wrong answer cannot be asked for'
skip demo 5 'tests/check/package.sh'
skip demo 130 'takes a live demonstration'
try 0 'complete -F' completion bash
wrong 2 'which shell' completion
skip completion 1 'only without memory'
skip doctor 1 'only without memory'

# A store that is none: one line and exit 1, and the file stays as it is.
for db in nothing.db junk empty folder cut.db no/such/folder.db; do
    [ ! -f "$db" ] || cp "$db" before
    for words in status train explain 'show entities' 'show series web' \
        export 'store check' 'store compact'; do
        # shellcheck disable=SC2086 # words
        wrong 1 "$db" --db "$db" $words
    done
    if [ -f "$db" ] && ! cmp -s "$db" before; then
        echo "not ok: '$db' was changed"
        failed=1
    fi
done
wrong 1 'junk' --db junk collect --source host --ticks 1

# A configuration that is none, and a mistyped key.
wrong 1 'nothing.yaml' --config nothing.yaml status
printf 'intervall: 1s\n' >typo.yaml
wrong 1 "typo.yaml:1:.*did you mean 'interval'" --config typo.yaml status
printf 'interval: [\n' >typo.yaml
wrong 1 'typo.yaml:' --config typo.yaml status

# an answer that cannot be written
if [ -w /dev/full ]; then
    for words in status 'show entities' export explain; do
        got=0
        # shellcheck disable=SC2086 # words
        "$rca" --db model.db $words >/dev/full 2>err || got=$?
        if [ $got = 1 ] && [ "$(wc -l <err)" = 1 ]; then
            echo "ok: rca $words on a full disk: 1"
        else
            echo "not ok: rca $words on a full disk: $got"
            cat err
            failed=1
        fi
    done
fi

# trace: of the live ones a collector that has no hook, whatever this host allows
try 0 'as eBPF' trace filter 'tcp port 80'
wrong 1 'junk' trace show junk
wrong 2 'syntax error' trace filter 'tcp prt 80'
wrong 5 "" trace record -c drop --without tp_btf/kfree_skb,raw_tp/kfree_skb --for 1s

# every code of every page was tried
for page in "$pages"/rca-*.[18]; do
    name=$(basename "${page%.?}")
    name=${name#rca-}
    sed -n '/^\.Sh EXIT/,/^\.Sh EXAM/s/^\.It \([0-9]*\)$/\1/p' "$page" |
        while read -r code; do
            grep -qx "$name $code" tried ||
                echo "not ok: nothing tries exit $code of $name"
        done
done >untried
if [ -s untried ]; then
    cat untried
    failed=1
fi
exit $failed
