#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# trace_export_test.sh RCA - `rca trace export`: pcapng as tshark reads it, JSON
# as its schema says, both of a small made-up recording with hostile names; skips
# what needs tshark or a validator where there is none.
set -eu
rca=$(realpath "$1")
fixture=$(dirname "$rca")/tests/cli/trace_fixture
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# is GOT WANT WHAT
is() {
    if [ "$1" = "$2" ]; then
        echo "ok: $3"
    else
        echo "not ok: $3: '$1', want '$2'"
        failed=1
    fi
}

# export ARGUMENT...: its exit code; the outputs go to out and err
export_() {
    got=0
    "$rca" trace export "$@" >"$dir/out" 2>"$dir/err" || got=$?
}

"$fixture" >"$dir/all.trace"

# JSON
export_ --json "$dir/all.trace"
is $got 0 'JSON'
is "$(wc -l <"$dir/out")" 6 'an object for each event'
cp "$dir/out" "$dir/all.json"
export_ --json -f 'udp port 9' "$dir/all.trace"
is "$(wc -l <"$dir/out")" 4 'a filter takes a packet, and its rule by the id'
export_ --json -f 'tcp' -m 'point == transmit' "$dir/all.trace"
is "$(wc -l <"$dir/out")" 1 'both filters'
export_ -m 'netns == web && point == drop' "$dir/all.trace" -o "$dir/drop.jsonl"
is "$(grep -c '"netfilter_drop"' "$dir/drop.jsonl")" 1 'a meta filter, by name'
is "$(ls "$dir")" 'all.json
all.trace
drop.jsonl
err
out' 'nothing is left beside the files'

# mistakes
for words in '--json --pcapng' '' '-o x.txt' '--json -f udp(' \
    '--json -m nothing==1'; do
    # shellcheck disable=SC2086 # words
    export_ $words "$dir/all.trace"
    is $got 2 "usage: $words"
done
export_ --json
is $got 2 'usage: no file'
export_ --json "$dir/all.json"
is "$got $(grep -c 'all.json' "$dir/err")" '1 1' 'no recording'
before=$(cksum <"$dir/all.trace")
export_ --json "$dir/all.trace" -o "$dir/all.trace"
is "$got $(cksum <"$dir/all.trace")" "2 $before" 'not over the recording itself'
export_ --json "$dir/none.trace"
is $got 1 'no file of that name'
export_ --pcapng "$dir/all.trace" -o "$dir/none/all.pcapng"
is $got 1 'no folder of that name'
head -c 900 "$dir/all.trace" >"$dir/cut.trace"
export_ --json "$dir/cut.trace"
is "$got $(grep -c 'has no end' "$dir/err")" '0 1' 'a recording that was cut'
if [ -c /dev/full ]; then
    export_ --json "$dir/all.trace" -o /dev/full
    is $got 1 'a full disk'
fi

# pcapng
export_ "$dir/all.trace" -o "$dir/all.pcapng"
is $got 0 'pcapng'
is "$(grep -c '2 events without bytes' "$dir/err")" 1 'what is left out is said'
if [ -x "$(command -v tshark)" ]; then
    tshark -r "$dir/all.pcapng" -T fields -E separator='|' \
        -e frame.interface_name -e frame.time_epoch -e frame.len \
        -e frame.cap_len -e frame.protocols -e frame.comment \
        >"$dir/got" 2>"$dir/err" || failed=1
    cat >"$dir/want" <<'END'
host/eth0|1764000000.123456789|60|46|eth:ethertype:ip:udp:discard|receive, ns host, eth0, id 12, service web
web/eth0|1764000000.123457789|60|46|eth:ethertype:ip:udp:discard|receive, ns web, eth0, id 12, service web
web/eth0 ip|1764000000.123459789|46|32|raw:ip:udp:discard|drop: netfilter_drop in nf_hook_slow, ns web, eth0, rule inet filter input handle 7 'udp dport 9 drop', id 12, ct new, service web
END
    # what dissects port 9 differs between versions
    head -3 "$dir/got" | sed 's/:udp:[a-z]*/:udp:discard/' >"$dir/first"
    is "$(cat "$dir/first")" "$(cat "$dir/want")" 'packets in tshark'
    is "$(wc -l <"$dir/got")" 4 'packets with bytes'
    is "$(LC_ALL=C grep -c '[^ -~]' "$dir/got")" 0 'no control characters'
    is "$(tshark -r "$dir/all.pcapng" -Y 'frame.comment contains "netfilter_drop"' \
        2>"$dir/err" | wc -l)" 1 'packets found by their comment'
    "$rca" trace export --pcapng "$dir/all.trace" 2>/dev/null |
        cmp -s - "$dir/all.pcapng" && same=0 || same=1
    is "$same" 0 'the same to a pipe'
else
    echo 'skip: no tshark to read it'
fi

# the interpreter that has the validator
for python in python3 /usr/bin/python3 none; do
    [ "$python" != none ] || {
        echo 'skip: no validator (apt install python3-jsonschema)'
        exit $failed
    }
    if "$python" -c 'from jsonschema import Draft202012Validator' 2>/dev/null; then
        break
    fi
done
cat >"$dir/validate.py" <<'END'
import json, sys
from jsonschema import Draft202012Validator

with open("docs/trace.schema.json") as f:
    schema = json.load(f)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
bad = 0
for line in open(sys.argv[1]):
    event = json.loads(line)
    for e in validator.iter_errors(event):
        print("not ok:", list(e.path), e.message[:200])
        bad = 1
# what is wrong must be seen
for path, value in (("point", "perhaps"), ("surplus", 1), ("id", 12),
                    ("head", "0"), ("flow", {})):
    if validator.is_valid(dict(event, **{path: value})):
        print("not ok: the schema lets", path, "pass")
        bad = 1
sys.exit(bad)
END
if "$python" "$dir/validate.py" "$dir/all.json"; then
    echo 'ok: the JSON fits its schema'
else
    failed=1
fi
exit $failed
