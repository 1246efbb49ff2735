#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# record.sh RCA [FAULT [TARGET]] - record datasets/recorded.db: a live run of
# the demonstration, as root, less what is not its own. Needs jq(1) and
# sqlite3(1). The recording host is called "host".
set -eu

rca=$(realpath "$1")
out=$(realpath "$(dirname "$0")")/recorded.db
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$rca" demo --fault "${2:-cpu}" --target "${3:-catalog}" -o "$work"

# An entity is the application's own if its name begins with one of its parts.
"$rca" --db "$work/rca.db" export --raw --format jsonl | jq -c '
    def own: .kind == "host" or .kind == "disk" or (.entity |
        test("^rca-demo|^(client|frontend|cart|catalog|cache|db|batch|switch)([:/]|->|$)"));
    def named: if .kind == "host" then .entity = "host" else . end |
        .host = "host";
    if .edge then select((.source | own) and (.target | own)) |
        .source |= named | .target |= named
    else select(own) | named end' > "$work/own.jsonl"
"$rca" --db "$work/own.db" import "$work/own.jsonl"
sqlite3 "$work/own.db" "ATTACH '$work/rca.db' AS live" \
    "INSERT OR REPLACE INTO blob SELECT * FROM live.blob"

# The model again, without what is gone, and up to the injection.
from=$("$rca" --db "$work/own.db" explain --entity frontend --format json |
    sed -n 's/.*"from":"\([^"]*\)".*/\1/p' | head -1)
"$rca" --db "$work/own.db" train --window 1h --until "$from"
sqlite3 "$work/own.db" 'VACUUM' 'PRAGMA journal_mode = DELETE' > /dev/null
cp "$work/own.db" "$out"
ls -l "$out"
