#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# watch.sh RCA [TIME [SEED [FAULT...]]] - let rca watch look at the live
# demonstration: TIME (10min) of normal operation with changes of load, then the
# fault, for each FAULT; print the table of docs/DEMO.md. As root; a run takes
# TIME and three minutes. Progress goes to standard error.
set -eu

rca=$1
length=${2:-10min}
seed=${3:-1}
shift $(($# < 3 ? $# : 3))
faults=("$@")
((${#faults[@]})) || faults=(cpu loss link slow errors surge freeze memory)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '| fault | seed | normal | false alarms | incidents | told after | %s |\n' \
    'named | right'
echo '|---|---|---|---|---|---|---|---|'
for fault in "${faults[@]}"; do
    code=0
    "$rca" demo --watch "$length" --fault "$fault" --seed "$seed" \
        -o "$work/out" >"$work/text" 2>"$work/log" || code=$?
    line=$(grep ' of normal operation: ' "$work/text" || true)
    before=$(sed -E 's/.*operation: ([0-9]+) incidents.*/\1/' <<<"$line")
    after=$(sed -E 's/.*: ([0-9]+) incidents?, [^:]*: [a-z]+$/\1/' <<<"$line")
    named=$(sed -E 's/.* incidents?, (.*): [a-z]+$/\1/' <<<"$line")
    injected=$(sed -n 's/^\([0-9:]*\) \(injected\|the fault\): .*/\1/p' "$work/log")
    told=$(sed -n 's/^\([0-9:]*\) [^ ]*: .* sure$/\1/p' "$work/text" | tail -1)
    delay=-
    [ -z "$told" ] || delay=$(($(date -d "$told" +%s) - $(date -d "$injected" +%s)))
    [ -n "$line" ] || named="exit $code: $(tail -1 "$work/log")"
    yes=no
    ((code)) || yes=yes
    echo "| $fault | $seed | $length | ${before:--} | ${after:--} | $delay s | ${named#named } | $yes |"
    echo "$(date +%T) $fault: $named: $yes" >&2
done
