#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# manual_test.sh RCA - the man pages and the example configuration say what the
# program says: the same commands, options, sources, keys and defaults.
set -eu
rca=$(realpath "$1")
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

ok() {
    echo "ok: $1"
}

bad() {
    echo "not ok: $1"
    failed=1
}

# same WHAT FILE FILE: two lists, in any order
same() {
    sort -u "$2" >"$dir/left"
    sort -u "$3" >"$dir/right"
    if [ ! -s "$dir/left" ]; then
        bad "$1: nothing was found"
    elif diff "$dir/left" "$dir/right" >"$dir/diff"; then
        ok "$1"
    else
        bad "$1 ('<' has only the program, '>' only the page)"
        cat "$dir/diff"
    fi
}

# known YAML: the keys that the parser knows where this one is none of them
known() {
    printf '%s\n' "$1" >"$dir/unknown.yaml"
    "$rca" --config "$dir/unknown.yaml" status 2>&1 |
        sed -n 's/.* known: //p' | tr -d ' ' | tr ',' '\n'
}

# the options of 'rca collect'
"$rca" collect --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' |
    grep -oE -- '--[a-z-]+' >"$dir/options"
grep '^\.It Fl ' docs/man/rca-collect.8 | grep -oE 'Fl -[a-z-]+' |
    sed 's/^Fl -/--/' >"$dir/page"
same 'options of rca-collect.8' "$dir/options" "$dir/page"
"$rca" collect --help | sed -n 's/^ *-\([a-z]\), --\([a-z-]*\).*/\1 \2/p' \
    >"$dir/options"
sed -n 's/^\.It Fl \([a-z]\) , Fl -\([a-z-]*\).*/\1 \2/p' \
    docs/man/rca-collect.8 >"$dir/page"
same 'short options of rca-collect.8' "$dir/options" "$dir/page"

# the sources
printf 'sources: [qqqqqqqq]\n' >"$dir/unknown.yaml"
"$rca" --config "$dir/unknown.yaml" status 2>&1 |
    sed -n 's/.* known: //p' | tr -d ' ' | tr ',' '\n' >"$dir/sources"
sed -n '/^\.Ss Sources/,/^\.S[sh] [^S]/s/^\.It Cm \([a-z]*\)$/\1/p' \
    docs/man/rca-collect.8 >"$dir/page"
same 'sources of rca-collect.8' "$dir/sources" "$dir/page"
sed -n 's/^\.Li \[\(.*\)\] ,$/\1/p' docs/man/rca.yaml.5 | tr -d ' ' |
    tr ',' '\n' >"$dir/page"
same 'sources of rca.yaml.5' "$dir/sources" "$dir/page"

# the commands
"$rca" --help | sed '/^EXAMPLES/,$d' |
    sed -n 's/^  \([a-z]*\)  *[^ ].*/\1/p' >"$dir/commands"
sed -n '/^The commands are/,/^\.El/s/^\.It Cm \([a-z]*\)$/\1/p' \
    docs/man/rca.1 >"$dir/page"
same 'commands of rca.1' "$dir/commands" "$dir/page"

# the keys: page, example, and what their values may be
known 'qqqqqqqq: 1' >"$dir/keys"
sed -n 's/^\.It Cm \([a-z_]*\) : .*/\1/p' docs/man/rca.yaml.5 >"$dir/page"
same 'keys of rca.yaml.5' "$dir/keys" "$dir/page"
sed -n 's/^#\([a-z_]*\):.*/\1/p' docs/rca.yaml >"$dir/page"
same 'keys of the example' "$dir/keys" "$dir/page"
known 'limits: {qqqqqqqq: 1}' >"$dir/kinds"
sed -n '/^\.Bl -column/,/^\.El/s/^\.It Cm \([a-z]*\) Ta.*/\1/p' \
    docs/man/rca.yaml.5 >"$dir/page"
same 'kinds of rca.yaml.5' "$dir/kinds" "$dir/page"
# the host has no limit
grep -v '^host$' "$dir/kinds" >"$dir/limited"
sed -n '/^#limits/,/^$/s/^#  \([a-z]*\): .*/\1/p' docs/rca.yaml >"$dir/page"
same 'limits of the example' "$dir/limited" "$dir/page"
sed -n '/^#limits/,/^$/s/^#  \([a-z]*\): \([0-9]*\)$/\1 \2/p' docs/rca.yaml \
    >"$dir/limits"
sed -n 's/^\.It Cm \([a-z]*\) Ta \([0-9]*\) Ta .*/\1 \2/p' \
    docs/man/rca.yaml.5 >"$dir/page"
same 'limits of rca.yaml.5' "$dir/limits" "$dir/page"

# the example as it is, and with all that is commented out (config_example_test
# compares the values with the defaults)
sed 's/^#\([a-z]\|  \)/\1/' docs/rca.yaml >"$dir/all.yaml"
for file in docs/rca.yaml "$dir/all.yaml"; do
    "$rca" --config "$file" --db "$dir/none.db" status >"$dir/out" 2>&1 || true
    if grep -q '\.yaml' "$dir/out"; then
        bad "the example is read: $(cat "$dir/out")"
    else
        ok "the example is read: $(basename "$file")"
    fi
done

# the pages are well formed; Xr to pages that are not installed is none of it
if command -v mandoc >/dev/null; then
    if mandoc -T lint -W warning docs/man/*.[158] >"$dir/lint"; then
        ok 'mandoc finds nothing'
    else
        bad 'mandoc'
        cat "$dir/lint"
    fi
else
    echo 'skipped: mandoc is not installed'
fi
if command -v man >/dev/null && command -v groff >/dev/null; then
    for page in docs/man/*.[158]; do
        LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" \
            2>>"$dir/warnings" >/dev/null || bad "man $page"
    done
    if [ -s "$dir/warnings" ]; then
        bad 'man warns'
        cat "$dir/warnings"
    else
        ok 'man warns of nothing'
    fi
else
    echo 'skipped: man is not installed'
fi
exit $failed
