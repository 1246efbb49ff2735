#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# layers.sh - a folder includes only from itself and from what is below it
# (docs/ARCHITECTURE.md has the table), and names of back ends stay where they
# belong.
set -eu
cd "$(dirname "$0")/../.."

status=0

# includes FOLDER: its #include lines, sub-folders with their own rule left out
includes() {
    find "$1" \( -path graph/base -o -path collector/store \) ! -path "$1" \
        -prune -o -name '*.[ch]' \
        -exec grep -nHE "^[[:space:]]*#[[:space:]]*include[[:space:]]+$2" {} +
}

# allow FOLDER REGEX: every #include "..." there must match
allow() {
    [ -d "$1" ] || return 0
    bad=$(includes "$1" '"' | grep -vE "\"($2)\"" || true)
    [ -z "$bad" ] && return
    printf '%s\n  ^ %s may include only %s\n' "$bad" "$1" "$2"
    status=1
}

# only REGEX HEADER...: #include <HEADER> only in files that match REGEX
only() {
    bad=$(find graph collector model datasets cli -name '*.[ch]' -exec \
        grep -lE "#include <($2)" {} + | grep -vE "$1" || true)
    [ -z "$bad" ] && return
    printf '%s\n  ^ may not include <%s>\n' "$bad" "$2"
    status=1
}

allow graph/base 'graph/base/[^"]*'
allow graph 'graph/[^"]*'
allow bpf 'bpf/[^"]*'
allow collector/store '(graph|collector/store)/[^"]*'
allow collector '(graph|collector)/[^"]*|bpf/events[a-z_]*\.h|bpf/[a-z0-9_]*\.skel\.h'
allow model '(graph|model)/[^"]*|collector/store/store\.h'
allow datasets '(graph|model|datasets)/[^"]*|collector/store/store\.h'
allow cli '(graph|collector|model|datasets|cli)/[^"]*'
only '^collector/store/sqlite[a-z_]*\.[ch]$' 'sqlite3\.h'
only '^model/[a-z_]*\.c$' 'gsl/|cblas'
only '^collector/(trace/)?[a-z_]*\.[ch]$' 'bpf/|libmnl|pcap|yaml\.h'
only '^(collector|datasets|cli)/(trace/)?[a-z_]*\.c$' 'jansson\.h'

[ $status -eq 0 ] && echo 'layers: ok'
exit $status
