#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# trace.sh RCA [PAIRS [SECONDS]] - what `rca trace record` costs a bulk transfer,
# as root: iperf3 over a veth between two network namespaces of its own, PAIRS
# (15) times SECONDS (1) without a capture and with one, in turn. A line each:
# name, value, unit; medians with quartiles. Processor time is that of both ends
# of iperf3, which most of the stack runs in; the capture's own, which writes to
# /dev/null, is apart. What a request costs tells trace_bench.
set -eu

rca=$(realpath "$1")
pairs=${2:-15}
seconds=${3:-1}
[ "$(id -u)" = 0 ] || { echo 'trace.sh: skipped: needs root' >&2 && exit 0; }
command -v iperf3 > /dev/null || { echo 'trace.sh: skipped: no iperf3' >&2 && exit 0; }
work=$(mktemp -d)
server=rca-trace-$$-s
client=rca-trace-$$-c
pids=()
finish() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2> /dev/null || true
    done
    wait
    ip netns del "$server" 2> /dev/null || true
    ip netns del "$client" 2> /dev/null || true
    rm -rf "$work"
}
trap finish EXIT

ip netns add "$server"
ip netns add "$client"
ip link add eth0 netns "$client" type veth peer name eth0 netns "$server"
ip -n "$client" addr add 10.99.0.1/24 dev eth0
ip -n "$server" addr add 10.99.0.2/24 dev eth0
ip -n "$client" link set eth0 up
ip -n "$server" link set eth0 up
ip netns exec "$server" iperf3 -s > /dev/null 2>&1 &
pids+=($!)
for _ in $(seq 50); do
    ip netns exec "$server" ss -Hltn 'sport = 5201' | grep -q . && break
    sleep 0.1
done

number() { # number NAME FILE: the last of that name
    sed -n "s/.*\"$1\":[^0-9]*\([0-9.e+]*\).*/\1/p" "$2" | tail -1
}

# Processor time of both ends, seconds for each gigabyte, and gigabits a second.
transfer() {
    ip netns exec "$client" iperf3 -c 10.99.0.2 -t "$seconds" -J > "$work/json"
    awk -v host="$(number host_total "$work/json")" \
        -v remote="$(number remote_total "$work/json")" \
        -v bytes="$(number bytes "$work/json")" \
        -v time="$(number seconds "$work/json")" 'BEGIN {
            printf "%.6f %.4f\n", (host + remote) / 100 * time / (bytes / 1e9),
                8 * bytes / time / 1e9 }'
}

tell() { # tell NAME UNIT: the median of numbers, one a line
    sort -g | awk -v name="$1" -v unit="$2" '{ x[NR] = $1 }
        function at(q) { return x[int(q * (NR - 1) + 1.5)] }
        END { printf "%s\t%.4f\t%s (quartiles %.4f to %.4f, %d pairs)\n", name,
            at(0.5), unit, at(0.25), at(0.75), NR }'
}

compare() { # compare NAME ARGUMENT...: of rca trace record
    local name=$1 i pid own begin
    shift
    : > "$work/pairs"
    for ((i = 0; i < pairs; i++)); do
        ((i & 1)) || transfer > "$work/without"
        "$rca" trace record -o /dev/null "$@" > "$work/out" 2> "$work/err" &
        pid=$!
        pids+=("$pid")
        sleep 1
        kill -0 "$pid" || { cat "$work/err" >&2 && return 1; }
        begin=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
        transfer > "$work/with"
        own=$(($(awk '{ print $14 + $15 }' "/proc/$pid/stat") - begin))
        kill -INT "$pid"
        wait "$pid" || true
        unset 'pids[-1]'
        ((!(i & 1))) || transfer > "$work/without"
        echo "$(cat "$work/without") $(cat "$work/with") $own" >> "$work/pairs"
    done
    awk '{ print $1 }' "$work/pairs" | tell "iperf3_${name}_without" 's/GB'
    awk '{ print $3 / $1 }' "$work/pairs" | tell "iperf3_${name}_cpu" 'times'
    awk '{ print $4 / $2 }' "$work/pairs" | tell "iperf3_${name}_rate" 'times'
    awk -v hz="$(getconf CLK_TCK)" -v s="$seconds" '{ print $5 / hz / s }' \
        "$work/pairs" | tell "iperf3_${name}_reader" 'processors'
}

compare nothing -f 'udp port 1'
compare nothing_untracked -c skb,drop -f 'udp port 1'
compare drops -c drop
compare everything
