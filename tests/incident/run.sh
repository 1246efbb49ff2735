#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called by their names
#
# run.sh RCA VICTIM [INCIDENT...] - seven real incidents of a network, one after
# the other under one collector: each hits an application of its own (client ->
# front -> back, in network namespaces of their own). After the fault `rca
# explain` is asked about each front, and must name the true entity first.
# A capture of packets in the answer, and `rca trace`, must tell why they die.
# Takes about four minutes; needs root; exit 0: all were right, 4: not all. It
# is a live test of a machine that does other things, too: docs/DEMO.md says how
# often it is right, and who calls it may ask a second time.
#
# All is made in a mount and network namespace of the script's own and goes
# with it. KEEP=FOLDER keeps the store and the answers.
set -eu

if [ "${INCIDENT_INSIDE:-}" != yes ]; then
    if [ "$(id -u)" != 0 ] || ! unshare -m -n true 2> /dev/null; then
        echo 'skipped: needs root, to make namespaces'
        exit 0
    fi
    INCIDENT_INSIDE=yes exec unshare -m -n "$0" "$@"
fi
mount --make-rprivate /
mount -t tmpfs none /run

here=$(cd "$(dirname "$0")" && pwd)
rca=$(realpath "$1")
victim=$(realpath "$2")
shift 2
all=(rule conntrack route forward listen qdisc ovs)
incidents=("$@")
((${#incidents[@]})) || incidents=("${all[@]}")
normal=${NORMAL:-50} # seconds to learn from
fault=${FAULT:-16} # seconds of the fault
pause=${PAUSE:-8} # seconds until the next
work=${KEEP:-$(mktemp -d)}
mkdir -p "$work"
chmod 755 "$work"
db=$work/rca.db
pids=()

finish() {
    local pid
    for pid in "${pids[@]}"; do
        kill -9 "$pid" 2> /dev/null || true
    done
    for pid in /run/openvswitch/*.pid; do
        [ ! -e "$pid" ] || kill -9 "$(cat "$pid")" 2> /dev/null || true
    done
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap finish EXIT
trap "exit 130" INT TERM

# shellcheck source=tests/incident/incidents.sh
. "$here/incidents.sh"

start() { # start ROLE NAME ADDRESS...
    "$victim" "$@" &
    pids+=($!)
    disown
    eval "pid_${2//-/_}=$!"
}

wanted=()
for i in "${incidents[@]}"; do
    if "build_$i"; then
        wanted+=("$i")
    else
        echo "skipped: $i: cannot be made here"
    fi
done
printf 'cpu_budget: off\n' > "$work/rca.yaml"
"$rca" --config "$work/rca.yaml" --db "$db" collect 2> "$work/collect.log" &
collector=$!
pids+=("$collector")
sleep $((4 + normal))
"$rca" --db "$db" train --window 10min --step 1s > "$work/train.log" 2>&1

ask() { # ask INCIDENT SINCE - what explain names
    local code=0
    "$rca" --db "$db" explain --entity "service/$1-front" --from "@$2" \
        --evidence "${EVIDENCE:-5}s" --format json \
        > "$work/$1.json" 2> "$work/$1.err" || code=$?
    "$rca" --db "$db" explain --read "$work/$1.json" --format text \
        > "$work/$1.txt" 2> /dev/null || true
    return $code
}

first() { # first INCIDENT - kind/name of the first cause
    sed -n '/"causes": *\[/,/\]/{
            s/.*"entity": *"\([^"]*\)", *"kind": *"\([^"]*\)".*/\2\/\1/p}' \
        "$work/$1.json" | head -1
}

deaths() { # deaths INCIDENT - "REASON NETNS PACKETS" of those in the answer
    sed -n '/"deaths": *\[/,$p' "$work/$1.json" | tr '{' '\n' |
        sed -n 's/.*"packets": *\([0-9]*\),.*"reason": *"\([^"]*\)".*"netns": *"\([^"]*\)".*/\2 \3 \1/p'
}

# watch INCIDENT - record its first packets, in the background
watch() {
    local what=(-f "tcp port 8080 and host $(back_of "$1")")
    [ "$1" != rule ] || what+=(-c 'auto,nft' --allow-system-changes)
    "$rca" trace record "${what[@]}" --for 10s -o "$work/$1.trace" 2> "$work/$1.trace.err" &
    recorder=$!
}

# traced INCIDENT - what 'rca trace stats' says of them
traced() {
    wait "$recorder" || true
    "$rca" trace stats "$work/$1.trace" --format json > "$work/$1.stats.json" \
        2>> "$work/$1.trace.err" || true
    tr '\n' ' ' < "$work/$1.stats.json" | sed 's/{"packets"/\n&/g' |
        grep '"reason"\|"down"' || true
}

right=0
shown=0
seen=0
for i in "${wanted[@]}"; do
    # the first packets tell most, but a rule must be there to be followed
    [ "$i" = rule ] || { watch "$i" && sleep 2; }
    since=$(date +%s)
    "break_$i"
    [ "$i" != rule ] || watch "$i"
    sleep "$fault"
    code=0
    ask "$i" "$since" || code=$?
    "mend_$i"
    named=$(first "$i")
    sure=$(grep -om1 '[0-9]* % sure' "$work/$i.txt" | tr '\n' ' ' || true)
    if [ "$code" = 0 ] && accepted "$i" "$named"; then
        right=$((right + 1))
        echo "ok: $i: named $named, $sure"
    else
        echo "WRONG: $i: named '${named:-nothing}', $sure(exit $code)"
    fi
    if dies "$i" "$(deaths "$i")"; then
        shown=$((shown + 1))
        echo "    packets: $(deaths "$i" | head -1)"
    else
        echo "    NOT SHOWN: packets: $(deaths "$i" | tr '\n' ';')"
    fi
    traced "$i" > "$work/$i.deaths"
    if "trace_$i" "$work/$i.deaths"; then
        seen=$((seen + 1))
    else
        echo "    NOT SEEN by trace: $(head -c 300 "$work/$i.deaths")"
    fi
    sleep "$pause"
done
kill -TERM "$collector"
wait "$collector" || true
echo "of ${#wanted[@]}: $right named, $shown with their packets, $seen seen by trace"
[ "$right$shown$seen" = "${#wanted[@]}${#wanted[@]}${#wanted[@]}" ] || exit 4
