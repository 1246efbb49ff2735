#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_test.sh RCA - cases made here, scored; what is broken is said.
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
    "$rca" evaluate "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    if [ "$got" -ne "$code" ] || ! cat "$dir/out" "$dir/err" |
        grep -qE -- "$text"; then
        echo "not ok: rca evaluate $*: exit $got, want $code and '$text'"
        cat "$dir/out" "$dir/err"
        failed=1
        return
    fi
    echo "ok: rca evaluate $*"
}

# holds FILE TEXT: TEXT (a regex) is in it
holds() {
    grep -qE -- "$2" "$dir/$1" && return
    echo "not ok: no '$2' in:"
    cat "$dir/$1"
    failed=1
}

# make_case FOLDER CULPRIT TRUTH [DATASET]: ten minutes of three services
# a, b, c that wave a little, then the CULPRIT's metric jumps
make_case() {
    mkdir -p "$1"
    awk -v culprit="$2" 'BEGIN {
        print "time,a.latency,b.latency,c.cpu"
        for (t = 0; t < 60; t++) {
            a = 10 + t * 7 % 5; b = 20 + t * 11 % 7; c = 1 + t * 13 % 3
            if (t >= 50) {
                if (culprit == "a") a += 100
                if (culprit == "b") b += 100
                if (culprit == "c") c += 100
            }
            print 1700000000 + 10 * t "," a "," b "," c
        }
    }' >"$1/metrics.csv"
    printf 'source,target,kind\na,b,calls\nb,c,calls\n' >"$1/graph.csv"
    printf '{"incident_start":1700000500,"incident_end":1700000590,' >"$1/truth.json"
    [ $# -lt 4 ] || printf '"dataset":"%s",' "$4" >>"$1/truth.json"
    printf '"victim":{"entity":"a","metric":"latency"},"root_cause":%s}\n' \
        "$3" >>"$1/truth.json"
}

# make_rcaeval FOLDER CULPRIT: the same in RCAEval's layout
make_rcaeval() {
    make_case "$1" "$2" null
    sed '1s/.*/time,a_latency,b_latency,c_cpu/' "$1/metrics.csv" >"$1/data.csv"
    rm "$1/metrics.csv" "$1/graph.csv" "$1/truth.json"
    echo 1700000500 >"$1/inject_time.txt"
}

good=$dir/cases
make_case "$good/one/first" b '{"entity":"b","service":null,"metric":null}'
make_case "$good/one/second" c '{"entity":"c","service":"c","metric":["cpu"]}'
make_case "$good/two/third" b '{"entity":"a"}' other
make_case "$good/two/fourth" a '{"entity":"nowhere"}' other
make_case "$good/two/fifth" a null other
m='--method nsigma'

try 2 'evaluate what'
try 2 'wants one of attribution murphy' --method magic "$good"
try 2 'wants a number of rows' --shift-rows many "$good"
try 2 'without --shift-rows' --normal --shift-rows 1 "$good"
try 1 'nowhere: no such folder' "$dir/nowhere"
mkdir "$dir/none"
try 1 'no case in it' "$dir/none"

# shellcheck disable=SC2086 # words
{
    # of "one" both are right; of "other" b is named before a, nowhere is
    # missed, the fifth has no known cause
    try 0 '^one +2  1.00 1.00-1.00  1.00' $m "$good"
    holds out '^other +2/3  0.00 0.00-0.00  0.50 0.00-1.00'
    holds out '^macro +4/5  0.50 '
    try 0 '^first +1  ' $m -v "$good"
    holds out '^first .* b latency$'
    holds out '^fourth +-  '

    # the paths' order, each sorted; the same for any number of threads
    try 0 '"scored":4,"top1":0.5,"top3":0.75,' $m --jobs 1 -f json "$good"
    sed 's/"seconds":[0-9.]*//' "$dir/out" >"$dir/one"
    try 0 '"macro_top1":0.5,"macro_top3":0.75,' $m --jobs 3 -f json "$good"
    sed 's/"seconds":[0-9.]*//' "$dir/out" >"$dir/three"
    cmp "$dir/one" "$dir/three" || failed=1
    holds out '"case":"fourth","dataset":"other","seconds":[0-9.]+,"rank":null,'
    holds out '"case":"first","dataset":"one","seconds":[0-9.]+,"rank":1,'
    holds out '"entity":"b","service":"b","metric":"latency","score":[0-9.]+,"share":null,"confidence":null'
    grep -o '"case":"[a-z]*"' "$dir/out" | tr '\n' ' ' >"$dir/order"
    holds order 'first.*second.*fifth.*fourth.*third'
    if command -v jq >/dev/null; then
        jq -e '.cases | length == 5' "$dir/out" >/dev/null || failed=1
        [ "$(jq -c '.summary | keys_unsorted' "$dir/out")" = \
            '["n","scored","top1","top3","top5","avg5","macro_top1","macro_top3","macro_avg5","seconds"]' ] ||
            failed=1
    fi

    make_rcaeval "$dir/eval/shop/b_delay/1" b
    make_rcaeval "$dir/eval/shop/c_cpu/1" c
    try 0 '^shop +2  1.00' $m -v "$dir/eval"
    holds out '^delay +1  1.00'

    # a start that is a little off does not hide so large a jump
    try 0 '^one +2  1.00' $m --shift-rows 3 "$good/one"
    try 0 '^one +2  1.00' $m --shift-rows=-1 "$good/one"
    # four rows before the incident are too few to rank: a miss
    make_case "$dir/short/tenth" b '{"entity":"b"}'
    sed -i '2,47d' "$dir/short/tenth/metrics.csv"
    try 0 '^short +1  0.00 .* 0.00' $m "$dir/short"
    try 0 '"rank":null,"verdict":"unclear",' $m -f json "$dir/short"

    try 0 '^one +4 ' $m --normal "$good/one"
    holds out 'of 4 explanations of normal rows'
    try 0 '"scored":0,"top1":null' $m --normal -f json "$good/one"

    # broken ones are all said, with file and line; the rest is scored
    make_case "$good/three/sixth" b '{"entity":"b"}'
    make_case "$good/three/seventh" b '{"entity":"b"}'
    make_case "$good/three/eighth" b '{"entity":"b"}'
    sed -i '7s/,.*/,x,1,1/' "$good/three/sixth/metrics.csv"
    echo '{"incident_start":' >"$good/three/seventh/truth.json"
    try 1 '^three +1  1.00' $m "$good"
    holds err 'sixth/metrics.csv:7: '
    holds err 'seventh/truth.json:[12]: '
    try 1 'sixth/metrics.csv:7' $m -f json "$good/three/sixth"
    [ ! -s "$dir/out" ] || failed=1
}

# what is learned from the other data set suffices for so large a jump
try 0 '^one +2  1.00' --loo "$good/one" "$dir/eval"
holds out '^shop +2  1.00'
try 0 'RCA_EVIDENCE_ODD3\] = [0-9.]+,' --fit "$good/one" "$dir/eval"
holds out '^    .trust = \{'
try 2 'only the default method learns' --fit --method baro "$good"

# the visible incidents, where they are
real=$(dirname "$0")/../../../shared/cases-smoke
if [ -d "$real" ]; then
    try 0 '^macro ' --method nsigma "$real"
else
    echo "skip: no ../shared/cases-smoke"
fi
exit $failed
