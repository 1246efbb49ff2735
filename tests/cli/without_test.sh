#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# without_test.sh RCA - each hook turned off in turn, as if the kernel lacked
# it: the collector starts, stores ticks and ends with 0, and `rca doctor`
# names what is off with what is lost, or the twin that is used instead.
# RCA_HOOKS=a,b looks at these only.
set -eu

rca=$(realpath "$1")
if [ "$(id -u)" != 0 ]; then
    echo 'skipped: needs root'
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() { # fail HOOK WHAT
    echo "FAILED: without $1: $2"
    failed=1
}

# rows NAME: "feature|state|how" lines of what doctor printed, one a feature
rows() {
    awk '
        /^feature +state/ { table = 1; next }
        !table || /^ / || /^$/ || /^nothing/ { next }
        {
            name = substr($0, 1, 38); sub(/ +$/, "", name)
            state = substr($0, 40); sub(/ .*/, "", state)
            how = substr($0, 46)
            print name "|" state "|" how
        }' "$1" | sort
}

# in_use ROWS HOOK: whether a feature is on by it
in_use() {
    grep -vF '|off|' "$1" | grep -qwF -- "$2"
}

# What doctor says with the hook off, against what it says with all.
judge_doctor() { # judge_doctor HOOK OUTPUT
    rows "$2" > "$work/rows"
    if ! in_use "$work/all" "$1"; then
        echo "ok: without $1: not in use here"
        return
    fi
    ! in_use "$work/rows" "$1" || fail "$1" 'doctor says that it is in use'
    comm -13 "$work/all" "$work/rows" > "$work/new"
    if grep -F "|off|" "$work/new" | grep -qF "turned off by 'without'"; then
        grep -qF 'not seen: ' "$2" || fail "$1" 'what is lost is not said'
        echo "ok: without $1: off: $(grep -F '|off|' "$work/new" |
            cut -d'|' -f1 | paste -sd,)"
    elif grep -qF '|twin|' "$work/new"; then
        echo "ok: without $1: $(grep -F '|twin|' "$work/new" | head -1)"
    else
        fail "$1" 'doctor names neither what is off nor a twin'
        cat "$work/new"
    fi
}

try_hook() { # try_hook HOOK
    local code=0 look=0 ticks
    rm -f "$work"/x.db*
    "$rca" doctor --without "$1" > "$work/doctor" 2> "$work/doctor.err" &
    timeout 60 "$rca" --db "$work/x.db" collect --without "$1" \
        --interval 100ms --ticks 2 2> "$work/err" || code=$?
    wait $! || look=$?
    [ $code = 0 ] || { fail "$1" "collect: exit $code" && cat "$work/err"; }
    case $look in
        0 | 5) ;;
        *) fail "$1" "doctor: exit $look" && cat "$work/doctor.err" ;;
    esac
    ticks=$("$rca" --db "$work/x.db" export --raw --metric rca_tick_seconds |
        grep -c '^[0-9]') || true
    [ "$ticks" -ge 2 ] || fail "$1" "only $ticks ticks were stored"
    judge_doctor "$1" "$work/doctor"
}

"$rca" doctor > "$work/doctor"
rows "$work/doctor" > "$work/all"
if [ -n "${RCA_HOOKS:-}" ]; then
    echo "$RCA_HOOKS" | tr , '\n' > "$work/hooks"
else
    "$rca" doctor --hooks | cut -f1 > "$work/hooks"
fi
[ -s "$work/hooks" ] || fail 'any' 'no hooks are listed'
while read -r hook; do
    try_hook "$hook"
done < "$work/hooks"

# all of them at once: what needs no hook goes on
all=$(paste -sd, "$work/hooks")
rm -f "$work"/x.db*
timeout 60 "$rca" --db "$work/x.db" collect --without "$all" \
    --interval 100ms --ticks 2 2> "$work/err" || { fail 'all' "exit $?" && cat "$work/err"; }
echo "ok: without all $(wc -l < "$work/hooks") at once"
exit $failed
