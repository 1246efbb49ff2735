#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# collect.sh RCA [SECONDS] - what `rca collect` costs on this host as it is, at
# one second, as root. A line each: name, value, unit. Processor time is the
# scheduler's count of nanoseconds, of the collector and of its helper, in each
# second: the quartiles say how much of it is other work on the same processors.
set -eu

rca=$(realpath "$1")
seconds=${2:-60}
[ "$(id -u)" = 0 ] || { echo 'collect.sh: needs root' >&2 && exit 1; }
work=$(mktemp -d)
chmod 755 "$work"
pid=
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT

family() { # the collector and its children
    echo "$pid"
    cat "/proc/$pid/task/$pid/children" 2>/dev/null || true
}

run_ns() { # processor time so far, all threads of all of them
    local p
    for p in $(family); do
        cat "/proc/$p"/task/*/schedstat 2>/dev/null
    done | awk '{ s += $1 } END { printf "%.0f\n", s }'
}

status() { # status FIELD: KiB, summed
    local p
    for p in $(family); do
        sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$p/status"
    done | awk '{ s += $1 } END { print s + 0 }'
}

maps() { # bytes of eBPF maps, each once
    local p
    for p in $(family); do
        cat "/proc/$p"/fdinfo/* 2>/dev/null
    done | awk '/^memlock:/ { m = $2 } /^map_id:/ { if (!seen[$2]++) s += m }
        END { print s + 0 }'
}

mebi() { # mebi NAME AMOUNT UNITS_OF_A_MEBIBYTE
    awk -v name="$1" -v n="$2" -v of="$3" \
        'BEGIN { printf "%s\t%.2f\tMiB\n", name, n / of }'
}

# how long a start takes until the loop runs, median of five
for _ in 1 2 3 4 5; do
    rm -f "$work"/s.db*
    "$rca" --db "$work/s.db" collect --interval 100ms --duration 1ms --costs \
        2>&1 | sed -n 's/^start \([0-9.]*\) s, \([0-9.]*\) s.*/\1 \2/p'
done > "$work/start"
cut -d' ' -f1 "$work/start" | sort -n |
    awk 'NR == 3 { printf "start\t%.2f\ts until it runs\n", $1 }'
cut -d' ' -f2 "$work/start" | sort -n |
    awk 'NR == 3 { printf "start_cpu\t%.3f\ts of processor time\n", $1 }'

"$rca" --db "$work/x.db" collect --interval 1s 2> "$work/err" &
pid=$!
sleep 5
before=$(run_ns)
first=$before
for _ in $(seq "$seconds"); do
    sleep 1
    now=$(run_ns)
    echo $((now - before))
    before=$now
done > "$work/cpu"
printf 'processes\t%d\t\n' "$(find /proc -maxdepth 1 -name '[1-9]*' | wc -l)"
awk -v ns=$((before - first)) -v s="$seconds" \
    'BEGIN { printf "cpu_mean\t%.3f\t%% of a core\n", ns / s / 1e7 }'
sort -n "$work/cpu" | awk '{ v[NR] = $1 / 1e7 } END {
    printf "cpu_quartiles\t%.3f %.3f %.3f\t%% of a core, of seconds\n",
        v[int((NR + 3) / 4)], v[int((NR + 1) / 2)], v[int((3 * NR + 3) / 4)] }'
mebi resident "$(status VmRSS)" 1024
mebi resident_private "$(status RssAnon)" 1024
mebi resident_peak "$(status VmHWM)" 1024
mebi maps "$(maps)" 1048576
kill -INT "$pid"
wait "$pid" || true
pid=
"$rca" --db "$work/x.db" status | sed -n 's/^holds *\(.*\)/holds\t\1\t/p'
