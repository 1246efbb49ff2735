#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# record.sh RCA [FAULT [TARGET]] - record datasets/recorded.db: a live run of
# the demonstration, as root, less what is not its own. Needs sqlite3(1). The
# recording host is called "host".
set -eu

rca=$(realpath "$1")
out=$(realpath "$(dirname "$0")")/recorded.db
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$rca" demo --fault "${2:-cpu}" --target "${3:-catalog}" -o "$work"

# An entity's slot is the low 24 bits of its chunks' keys. An entity is the
# application's own if its name begins with one of its parts.
sqlite3 "$work/rca.db" <<'END'
PRAGMA foreign_keys = ON;
CREATE TEMP TABLE part(name);
INSERT INTO part VALUES ('client'), ('frontend'), ('cart'), ('catalog'),
    ('cache'), ('db'), ('batch'), ('switch');
CREATE TEMP TABLE gone AS SELECT id FROM entity WHERE
    kind NOT IN ('host', 'disk') AND name NOT GLOB 'rca-demo*' AND NOT EXISTS (
        SELECT * FROM part WHERE entity.name = part.name
            OR entity.name GLOB part.name || '[:/]*'
            OR entity.name GLOB part.name || '->*');
DELETE FROM chunk WHERE (id & 0xffffff) IN gone;
DELETE FROM entity WHERE id IN gone;
UPDATE entity SET host = 'host';
UPDATE entity SET name = 'host' WHERE kind = 'host';
END

# The model again, without what is gone, and up to the injection.
from=$("$rca" --db "$work/rca.db" explain --entity frontend --format json |
    sed -n 's/.*"from":"\([^"]*\)".*/\1/p' | head -1)
"$rca" --db "$work/rca.db" train --window 1h --until "$from"
sqlite3 "$work/rca.db" 'VACUUM' 'PRAGMA journal_mode = DELETE' > /dev/null
cp "$work/rca.db" "$out"
ls -l "$out"
