#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# method_test.sh RCA - the recorded incident, explained by each method: causes
# without shares, and no number is invented for what a method does not give.
set -eu
rca=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
cp datasets/recorded.db "$dir/rca.db"

fail() {
    echo "not ok: $*"
    failed=1
}

# explain METHOD FORMAT [OPTION]: to a file; a cause must be named
explain() {
    method=$1 format=$2
    shift 2
    "$rca" --db "$dir/rca.db" explain --method "$method" --format "$format" \
        "$@" >"$dir/$method.$format" 2>"$dir/err" ||
        fail "--method $method --format $format: exit $?, $(cat "$dir/err")"
}

for method in murphy baro nsigma circa; do
    for format in text dot json; do
        explain "$method" "$format"
    done
    tr "\n" " " <"$dir/$method.text" |
        grep -q "anked by $method, which does not say how sure it is" ||
        fail "$method: text does not say who ranked"
    if grep -qE 'nan|share|what if| $' "$dir/$method.text"; then
        fail "$method: text has a number that nobody gave"
    fi
    grep -q "\"method\":\"$method\"" "$dir/$method.json" ||
        fail "$method: JSON does not say who ranked"
    grep -q '"share":null,"confidence":null' "$dir/$method.json" ||
        fail "$method: JSON has a share or a confidence"
    grep -q '#[1-5] POSSIBLE' "$dir/$method.dot" || fail "$method: DOT has no card"
    if grep -q 'nan' "$dir/$method.dot"; then
        fail "$method: DOT has nan"
    fi
    if command -v dot >/dev/null; then
        dot -Tsvg "$dir/$method.dot" >"$dir/svg" 2>"$dir/err" ||
            fail "$method: dot: $(cat "$dir/err")"
    fi
    [ $failed -eq 0 ] && echo "ok: --method $method"
done

# sampling depends on nothing but the seed
cp "$dir/murphy.json" "$dir/first"
explain murphy json
cmp -s "$dir/first" "$dir/murphy.json" || fail "murphy differs from itself"
explain murphy json --exact
grep -q '"verdict":"cause"' "$dir/murphy.json" || fail "--exact names no cause"
[ $failed -eq 0 ] && echo "ok: the same answer twice"
exit $failed
