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

# help_of COMMAND: its --help, and of `trace` those of all subcommands
help_of() {
    "$rca" "$1" --help
    if [ "$1" = trace ]; then
        "$rca" trace --help | sed '/^EXAMPLES/,$d' |
            sed -n 's/^  \([a-z][a-z]*\)  *[^ ].*/\1/p' |
            while read -r sub; do
                "$rca" trace "$sub" --help
            done
    fi
}

# options_of COMMAND, letters_of COMMAND: as --help says
options_of() {
    help_of "$1" | grep -oE '^  (-[a-z], |    )--[a-z-]+' |
        grep -oE -- '--[a-z-]+' | grep -vx -- --help || true
}
letters_of() {
    help_of "$1" | sed -n 's/^  -\([a-z]\), --\([a-z-]*\).*/\1 \2/p' |
        grep -v '^h help$' || true
}

# examples OPTIONS: the words of each call of rca in a text, checked: the command
# and its options are there. Prints what is not.
examples() {
    sed -n '/^EXAMPLES/,/^SEE ALSO/p;/^\.Sh EXAMPLES/,/^\.Ed/p' |
        sed 's/[|&;]/\n/g;s/<(/\n/g;s/)/\n/g' | sed "s/'[^']*'/QUOTED/g" |
        sed -n 's/^ *\(sudo \)\{0,1\}rca  *//p' | while read -r line; do
        command=''
        # shellcheck disable=SC2086 # words
        set -- $line
        while [ $# -gt 0 ]; do
            case $1 in
            --db | --config | --color) [ -n "$command" ] || shift ;;
            --) break ;;
            -[vq]) ;;
            --*) grep -qxe "${1%%=*}" "$dir/options.$command" ||
                echo "no option $1 of $command: $line" ;;
            -[a-z]) grep -qe "^${1#-} " "$dir/letters.$command" ||
                echo "no option $1 of $command: $line" ;;
            *) [ -n "$command" ] || command=$1 ;;
            esac
            shift
        done
        [ -f "$dir/options.$command" ] || echo "no command '$command': $line"
    done
}

# the commands
"$rca" --help | sed '/^EXAMPLES/,$d' |
    sed -n 's/^  \([a-z][a-z]*\)  *[^ ].*/\1/p' >"$dir/commands"
sed -n '/^The commands are/,/^\.El/s/^\.It Cm \([a-z]*\)$/\1/p' \
    docs/man/rca.1 >"$dir/page"
same 'commands of rca.1' "$dir/commands" "$dir/page"
for file in docs/man/rca-*.[18]; do
    basename "${file%.?}" | sed 's/^rca-//'
done >"$dir/pages"
grep -vx help "$dir/commands" >"$dir/own"
same 'every command has a page' "$dir/own" "$dir/pages"
sed -n '/^\.Sh SEE ALSO/,$s/^\.Xr rca-\([a-z]*\) [18].*/\1/p' docs/man/rca.1 \
    >"$dir/page"
same 'pages that rca.1 refers to' "$dir/own" "$dir/page"
while read -r command; do
    options_of "$command" >"$dir/options.$command"
    letters_of "$command" >"$dir/letters.$command"
done <"$dir/commands"

# each page and each --help
while read -r command; do
    file=$(ls docs/man/rca-"$command".[18] 2>/dev/null) || continue
    sed -n '/^\.Sh DESCRIPTION/,/^\.Sh EXIT/s/^\.It Fl \(.*\)/\1/p' "$file" |
        sed 's/^[a-z] , Fl //' | sed -n 's/^-\([a-z-]*\).*/--\1/p' |
        grep -vx -- --help >"$dir/page" || true
    if [ -s "$dir/options.$command" ] || [ -s "$dir/page" ]; then
        same "options of $(basename "$file")" "$dir/options.$command" \
            "$dir/page"
    fi
    sed -n '/^\.Sh DESCRIPTION/,/^\.Sh EXIT/s/^\.It Fl \([a-z]\) , Fl -\([a-z-]*\).*/\1 \2/p' \
        "$file" | grep -vx 'h help' >"$dir/page" || true
    if [ -s "$dir/letters.$command" ] || [ -s "$dir/page" ]; then
        same "short options of $(basename "$file")" "$dir/letters.$command" \
            "$dir/page"
    fi
    examples <"$file" >"$dir/wrong"
    help_of "$command" | examples >>"$dir/wrong"
    if [ -s "$dir/wrong" ]; then
        bad "examples of $command"
        cat "$dir/wrong"
    fi
    for section in 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
        grep -q "^\.Sh $section" "$file" || bad "no $section in $file"
    done
    if help_of "$command" | grep -nE '^.{81}'; then
        bad "$command --help is wider than 80 columns"
    fi
    if man -l "$file" 2>/dev/null | grep -nE '^.{81}' >"$dir/wide"; then
        bad "$file is wider than 80 columns"
        cat "$dir/wide"
    fi
done <"$dir/own"
for text in "$("$rca" --help)" "$("$rca" help)"; do
    if printf '%s\n' "$text" | grep -nE '^.{81}'; then
        bad 'rca --help is wider than 80 columns'
    fi
done
"$rca" --help | examples >"$dir/wrong"
examples <docs/man/rca.1 >>"$dir/wrong"
[ ! -s "$dir/wrong" ] || bad "examples of rca: $(cat "$dir/wrong")"

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
