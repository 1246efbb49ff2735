#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# answer_test.sh RCA - the text answer of real and simulated incidents: at most
# 15 lines of 80 columns, a first line that says what is wrong (or normal) with
# numbers and the time zone, a second that names a cause and how sure, nothing
# else on standard output. The real cases outside of the repository are tried
# where they are (RCA_CASES, or ../shared/cases beside it).
set -eu
rca=$(realpath "$1")
here=$(realpath "$(dirname "$0")/../..")
cases=${RCA_CASES:-$here/../shared/cases}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export TZ=UTC LC_ALL=C.UTF-8
failed=0
tried=0

bad() {
    echo "not ok: $1"
    cat out
    failed=1
}

# check NAME CODE: the answer in ./out
check() {
    tried=$((tried + 1))
    [ "$(wc -l <out)" -le 15 ] || bad "$1: more than 15 lines"
    [ "$(wc -L <out)" -le 80 ] || bad "$1: more than 80 columns"
    first=$(head -n 1 out)
    second=$(sed -n 2,3p out | tr '\n' ' ')
    case $2 in
    0 | 4) pattern=' (is|has|uses) .*: .+ .* → ' ;;
    *) pattern=' is normal: .+ [0-9.]' ;;
    esac
    echo "$first" | grep -qE "$pattern" || bad "$1: first line"
    case $2 in
    0) echo "$second" | grep -qE '^Cause: .* [0-9]+ % sure\.' ;;
    4) echo "$second" | grep -q '^No clear cause' ;;
    *) echo "$second" | grep -q 'nothing to explain' ;;
    esac || bad "$1: second line"
    if grep -qE 'nan|inf |e[+-][0-9][0-9] ' out; then
        bad "$1: a number that is none"
    fi
}

# explain NAME OPTION...: of the store ./db
explain() {
    name=$1 code=0
    shift
    "$rca" --db db explain --format text "$@" >out 2>err || code=$?
    case $code in
    0 | 3 | 4) check "$name" $code ;;
    *) echo "skip: $name: $(cat err)" ;;
    esac
}

# tell FOLDER: import the case, learn, explain as it was
tell() {
    from=$(sed -n 's/.*"incident_start": *\([0-9]*\).*/\1/p' "$1/truth.json")
    to=$(sed -n 's/.*"incident_end": *\([0-9]*\).*/\1/p' "$1/truth.json")
    rm -f db db-*
    if ! "$rca" -q --db db import "$1" >imported 2>&1 ||
        ! "$rca" -q --db db train --window 3650d >trained 2>&1; then
        echo "skip: $1: $(cat imported trained)"
        return
    fi
    explain "$1" --from "@$from" --to "@$to"
}

cp "$here/datasets/recorded.db" db
explain 'the recorded incident' -e service/frontend
[ "$tried" = 1 ] || failed=1

i=1
for style in sim-trace sim-resources sim-k8s sim-nograph sim-hosts sim-net; do
    i=$((i + 1))
    "$rca" -q simulate -o sim --style $style --seed $i --cases 2 \
        --normal 120 --incident 20 >/dev/null 2>&1
done
for case in sim/*/*; do
    tell "$case"
done
[ "$tried" -ge 8 ] || {
    echo "not ok: only $tried answers"
    failed=1
}

for case in petshop/low_traffic-test-issue_0 petshop/low_traffic-test-issue_12 \
    petshop/low_traffic-test-issue_3 petshop/low_traffic-test-issue_9 \
    nezha-ob/2022-08-22-0353-frontend-cpu_contention \
    nezha-ob/2022-08-22-0427-cartservice-network_delay \
    nezha-ob/2022-08-22-0635-productcatalogservice-cpu_consumed \
    nezha-tt/2023-01-29-1331-ts-contacts-service-cpu_contention \
    nezha-tt/2023-01-29-1542-ts-preserve-service-cpu_contention \
    cisco-net/200121_0803_ecmp-1-set_loopback; do
    [ ! -d "$cases/$case" ] || tell "$cases/$case"
done
[ "$failed" -ne 0 ] || echo "ok: $tried answers"
exit $failed
