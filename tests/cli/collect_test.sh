#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called by trap and by check
#
# collect_test.sh RCA - the collector as a user runs it: clean stop, kill -9,
# a second one, no privileges; then train and explain on what it filled.
set -eu

rca=$(realpath "$1")
work=$(mktemp -d)
collector=
finish() {
    [ -z "$collector" ] || kill -9 "$collector" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
chmod 755 "$work"
db=$work/rca.db
failed=0

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        failed=1
    fi
}

is() { [ "$1" = "$2" ] || { echo "  got '$1', want '$2'" && false; }; }

exit_of() {
    local code=0
    "$@" > "$work/out" 2> "$work/err" || code=$?
    echo "$code"
}

newest() { # time of the newest tick, seconds since the epoch
    date -d "$("$rca" --db "$db" status 2>/dev/null |
        sed -n 's/^data .* to \([^,]*\),.*/\1/p')" +%s 2>/dev/null || echo 0
}

# without privileges: exit 5, and what to do
cp "$rca" "$work/rca"
if [ "$(id -u)" = 0 ]; then
    code=$(exit_of setpriv --reuid=65534 --regid=65534 --clear-groups \
        --inh-caps=-all --bounding-set=-all \
        "$work/rca" --db "$work/no.db" collect --duration 1s)
else
    code=$(exit_of "$rca" --db "$work/no.db" collect --duration 1s)
fi
check 'without privileges: exit 5' is "$code" 5
check 'without privileges: says what to do' grep -qi 'sudo\|root' "$work/err"
check 'without privileges: no database is left' test ! -e "$work/no.db"

if [ "$(id -u)" != 0 ]; then
    echo 'skipped: the rest needs root'
    exit $failed
fi

# a run of its own length
code=$(exit_of "$rca" --db "$db" collect --interval 200ms --duration 2s)
check 'a run of 2 s ends by itself' is "$code" 0
[ "$code" = 0 ] || cat "$work/err"

# kill -9 at random moments: nothing committed is lost, the next start goes on
for i in 1 2 3 4; do
    last=$(newest)
    "$rca" --db "$db" collect --interval 200ms 2> "$work/err" &
    collector=$!
    for ((k = 0; k < 300; k++)); do # until it collects, at most half a minute
        [ "$(newest)" -gt "$last" ] && break
        sleep 0.1
    done
    sleep "0.$((RANDOM % 10))"
    before=$(newest)
    kill -9 $collector
    wait $collector 2>/dev/null || true
    collector=
    after=$(newest)
    check "kill -9, round $i: what was committed is there" \
        test "$after" -ge "$before"
    check "kill -9, round $i: it was collecting until then" \
        test "$before" -gt "$last"
done

# one writer at a time; Ctrl-C is a clean stop
"$rca" --db "$db" collect --interval 200ms 2> "$work/first" &
collector=$!
sleep 1
code=$(exit_of "$rca" --db "$db" collect --duration 1s)
check 'a second collector is refused' is "$code" 1
sleep 8 # rows to learn from
code=$(exit_of "$rca" --db "$db" train --window 24h)
check 'train beside the collector' is "$code" 0
[ "$code" = 0 ] || cat "$work/err"
kill -INT $collector
code=0
wait $collector || code=$?
collector=
check 'an interrupt is a clean stop' is "$code" 0

# explain what was collected: a verdict, and a graph
code=$(exit_of "$rca" --db "$db" explain --entity "host/$(uname -n)")
case $code in
0 | 3 | 4) echo "ok: explain gives a verdict (exit $code)" ;;
*)
    echo "FAILED: explain: exit $code"
    cat "$work/err"
    failed=1
    ;;
esac
check 'redirected, it is DOT' grep -q '^digraph explain {' "$work/out"
if command -v dot > /dev/null; then
    check 'dot draws it' dot -Tsvg -o "$work/out.svg" "$work/out"
fi
exit $failed
