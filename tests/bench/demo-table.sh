#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# demo-table.sh RCA [RUNS [FAULT...]] - run every fault of the demonstration
# RUNS times (5), live, and print the table of docs/DEMO.md. As root; a run
# takes about 80 seconds. Progress goes to standard error.
set -eu

rca=$1
runs=${2:-5}
shift $(($# < 2 ? $# : 2))
faults=("$@")
((${#faults[@]})) || faults=(cpu loss link slow errors surge freeze memory)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat <<END
# The demonstration, run after run

\`rca demo\` names the right entity first, by fault: made by
\`tests/bench/demo-table.sh build/release/rca $runs\` on Linux $(uname -r | cut -d- -f1), $(nproc) processors, $(date -u +%F).
Each run starts the application anew, learns for about a minute, injects the fault at a target chosen by the seed, and explains.
The accepted names are those that a person would accept: for a dropping rule the rule, or the NIC or namespace that it filters;
for a slow link its queueing discipline or NIC; for an eaten quota the cgroup that eats it.

| fault | run | injected | named | sure | right |
|---|---|---|---|---|---|
END

declare -A right
for fault in "${faults[@]}"; do
    right[$fault]=0
    for ((run = 1; run <= runs; run++)); do
        seed=$((run * 16))
        code=0
        "$rca" demo --fault "$fault" --seed "$seed" -o "$work/out" \
            > "$work/text" 2> "$work/log" || code=$?
        what=$(sed -n 's/^injected: //p' "$work/text")
        line=$(grep '^named: ' "$work/text" || true)
        named=${line#named:    }
        named=${named%: *}
        sure=$(grep -om1 '[0-9]* % sure' "$work/text" || true)
        yes=no
        if ((code == 0)); then
            yes=yes
            right[$fault]=$((right[$fault] + 1))
        fi
        [ -n "$line" ] || named="exit $code: $(tail -1 "$work/log")"
        echo "| $fault | $run | $what | $named | ${sure% sure} | $yes |"
        echo "$(date +%T) $fault $run: $named: $yes" >&2
    done
done

printf '\n| fault | right |\n|---|---|\n'
for fault in "${faults[@]}"; do
    echo "| $fault | ${right[$fault]} of $runs |"
done
