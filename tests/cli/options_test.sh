#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# options_test.sh RCA - options, their errors and exit codes, as typed.
set -eu
rca=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# try CODE TEXT ARGUMENT...: exit code, and TEXT (a regex) on either stream
try() {
    code=$1 text=$2
    shift 2
    got=0
    "$rca" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    if [ "$got" -ne "$code" ] || ! cat "$dir/out" "$dir/err" |
        grep -qE -- "$text"; then
        echo "not ok: rca $*: exit $got, want $code and '$text'"
        cat "$dir/out" "$dir/err"
        failed=1
        return
    fi
    echo "ok: rca $*"
}

# A mistake leaves standard output empty.
mistake() {
    try 2 "$@"
    [ -s "$dir/out" ] || return 0
    echo "not ok: something is on standard output"
    failed=1
}

try 0 '^rca [0-9]' --version
try 0 'EXAMPLES' --help
for command in collect train explain show evaluate import status doctor trace; do
    try 0 'EXAMPLES' "$command" --help
    try 0 'EXAMPLES' "$command" -h
done
mistake 'usage:'
mistake "no command 'explian': did you mean 'explain'" explian
mistake "no command 'xyzzy'; see" xyzzy
mistake "did you mean '--entity'" explain --entiy web
mistake "unknown option '-Z'" explain -Z
mistake "value is missing after '--entity'" explain --entity
mistake "value is missing after '--db'" status --db
mistake "wants one of text dot json svg png .*, not 'pdf'" explain --format pdf
mistake "suffix is none of" explain -o x.doc
mistake "suffix is none of" explain -o json
mistake "suffix is none of" explain -o x.
for format in text json mermaid; do
    mistake "simple goes with dot, svg and png, not $format" \
        explain --simple --format "$format"
done
mistake "simple goes with dot, svg and png, not text" explain --simple -o x.txt
mistake "read goes without --entity" explain --read x.json --entity web
mistake "read goes without --entity" explain --read x.json --at 14:02
try 1 'nothing.json: No such file' explain --read nothing.json
try 1 "cannot read an answer: .*schema" explain --read docs/explain.schema.json
mistake "wants a time such as .* 'yesterdayish'" explain --at yesterdayish
mistake "wants a duration .* '-3'" train --window -3
mistake "wants a number, not 'many'" explain --top many
mistake "at goes without --from" explain --at 14:02 --from 14:00
mistake "from must be before" explain --from @20 --to @10
mistake "wants one of attribution murphy .*, not 'murhpy': did you mean 'murphy'" \
    explain --method murhpy
mistake "unexpected word 'web'" explain web
mistake "show what" show
mistake "'entitis': did you mean 'entities'" show entitis
mistake "name is missing" show series
mistake "model goes without entities" show --model entities
mistake "color wants auto, always or never, not 'pink'" --color pink status
mistake "wants one of check compact, not 'chekc': did you mean 'check'" \
    store chekc
mistake "check or compact" store
mistake "unknown option '--colour': did you mean '--color'" --colour pink
mistake "unknown option '--colour': did you mean '--color'" status --colour
mistake "wants one of bash .*did you mean 'bash'" completion bahs
mistake 'which shell' completion
mistake "unexpected word 'x'" completion bash x
mistake "wants one of list show compare, .*did you mean 'compare'" \
    incidents compre
try 0 'usage: rca explain' help explain
try 0 'usage: rca \[' help
mistake "did you mean 'explain'" help explian
exit $failed
