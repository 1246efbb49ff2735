#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# formats_test.sh RCA - the recorded incident in every form: the suffix decides,
# files are whole or not there, plain DOT is plain.
set -eu
rca=$(realpath "$1")
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
cp datasets/recorded.db "$dir/rca.db"

fail() {
    echo "not ok: $*"
    failed=1
}

# try CODE ARGUMENT...
try() {
    code=$1 got=0
    shift
    "$rca" --db "$dir/rca.db" explain "$@" >"$dir/out" 2>"$dir/err" || got=$?
    [ "$got" -eq "$code" ] ||
        fail "explain $*: exit $got, want $code: $(cat "$dir/err")"
}

# begins NAME TEXT: file $dir/NAME does
begins() {
    if [ "$(head -c "${#2}" "$dir/$1" | tr -d '\000')" = "$2" ]; then
        echo "ok: $1"
    else
        fail "$1 begins with '$(head -c 40 "$dir/$1")', not '$2'"
    fi
}

for name in why.txt why.dot why.json why.mmd why.text why.mermaid; do
    try 0 -o "$dir/$name"
    [ ! -s "$dir/out" ] || fail "$name: something is on standard output"
done
begins why.dot 'digraph explain {'
begins why.json '{"schema_version":1,'
begins why.mmd '%%{init:'
cmp -s "$dir/why.txt" "$dir/why.text" || fail '.text is not .txt'
cmp -s "$dir/why.mmd" "$dir/why.mermaid" || fail '.mermaid is not .mmd'
try 0 # redirected
cmp -s "$dir/out" "$dir/why.dot" || fail 'standard output is not DOT'
try 0 --format mermaid -o "$dir/why.svg" # --format is stronger
cmp -s "$dir/why.svg" "$dir/why.mmd" || fail '--format is not stronger'

try 0 --simple
cp "$dir/out" "$dir/simple.dot"
begins simple.dot 'digraph explain {'
if grep -qE '=<|<TABLE' "$dir/simple.dot"; then
    fail '--simple has HTML-like labels'
fi
try 0 --simple --read "$dir/why.json" -o "$dir/again.dot"
cmp -s "$dir/again.dot" "$dir/simple.dot" || fail '--simple --read is another'

if command -v dot >/dev/null; then
    for options in '' --simple; do
        # shellcheck disable=SC2086 # none or one
        try 0 $options -o "$dir/why$options.svg"
        grep -q '<svg' "$dir/why$options.svg" || fail "no SVG $options"
        # shellcheck disable=SC2086
        try 0 $options -o "$dir/why$options.png"
        begins "why$options.png" "$(printf '\211PNG')"
    done
else
    echo 'skipped: pictures: no dot (apt install graphviz)'
fi
# without dot: the DOT instead, plain if that was asked for
ln -s "$rca" "$dir/rca"
got=0
PATH=$dir "$dir/rca" --db "$dir/rca.db" explain --simple -o "$dir/bare.svg" \
    2>"$dir/err" || got=$?
[ "$got" -eq 5 ] || fail "without dot: exit $got, want 5"
grep -q 'apt install graphviz' "$dir/err" || fail 'does not say what to install'
cmp -s "$dir/bare.dot" "$dir/simple.dot" || fail 'without dot: another DOT'
[ ! -e "$dir/bare.svg" ] || fail 'without dot: an SVG'

# what cannot be written leaves nothing behind, and what was there alone
try 1 -o "$dir/no/such/why.json"
grep -q 'No such file' "$dir/err" || fail 'no folder: not said'
try 1 --format json -o /dev/full
echo old >"$dir/old.json"
"$rca" explain --read "$dir/why.mmd" -o "$dir/old.json" 2>"$dir/err" &&
    fail 'Mermaid read as JSON'
grep -q 'cannot read an answer: .*why.mmd:1' "$dir/err" ||
    fail "does not say where: $(cat "$dir/err")"
[ "$(cat "$dir/old.json")" = old ] || fail 'a file was lost'
"$rca" explain --read - --format json <"$dir/why.json" >"$dir/out"
cmp -s "$dir/out" "$dir/why.json" || fail '--read - is another'
[ $failed -ne 0 ] || echo 'ok: files and errors'
exit $failed
