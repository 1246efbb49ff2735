#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# json_test.sh RCA - what `rca explain --format json` writes fits its schema:
# the golden files, simulated incidents, the recorded one, each method. And each
# other format is made of it alone, byte for byte: so every number of the text
# and of the pictures is in it.
set -eu
rca=$(realpath "$1")
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# retold NAME ARGUMENT...: the answer from the store is that from the JSON
retold() {
    name=$1
    shift
    for format in text dot mermaid json; do
        "$rca" explain --format "$format" "$@" >"$dir/store" 2>/dev/null || true
        "$rca" explain --format "$format" --read "$dir/$name.json" \
            >"$dir/again" 2>"$dir/err" || true
        if [ -s "$dir/again" ] && cmp -s "$dir/store" "$dir/again"; then
            echo "ok: $name: $format is made of the JSON"
        else
            echo "not ok: $name: $format from the JSON is another"
            diff "$dir/store" "$dir/again" | head -5
            failed=1
        fi
    done
}

# explain NAME ARGUMENT...: whatever the verdict
explain() {
    name=$1
    shift
    got=0
    "$rca" explain --format json "$@" >"$dir/$name.json" 2>"$dir/err" || got=$?
    case $got in
    0 | 3 | 4) ;;
    *)
        echo "not ok: $name: exit $got: $(cat "$dir/err")"
        failed=1
        return
        ;;
    esac
    retold "$name" "$@"
}

"$rca" simulate --seed 7 --cases 3 -o "$dir/cases" >"$dir/log" 2>&1 || {
    cat "$dir/log"
    exit 1
}
for case in "$dir"/cases/*/*/; do
    name=$(basename "$case")
    "$rca" --db "$dir/$name.db" import "$case" >/dev/null 2>&1
    "$rca" --db "$dir/$name.db" train --window 7d >/dev/null 2>&1 || true
    explain "$name" --db "$dir/$name.db"
done
cp datasets/recorded.db "$dir/recorded.db"
for method in attribution murphy baro nsigma circa; do
    explain "recorded-$method" --db "$dir/recorded.db" --method "$method"
done
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

with open("docs/explain.schema.json") as f:
    schema = json.load(f)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
bad = 0
for path in sys.argv[1:]:
    with open(path) as f:
        answer = json.load(f)
    mistakes = ["%s: %s" % (list(e.path), e.message[:200])
                for e in validator.iter_errors(answer)]
    ids = [n["id"] for n in answer["nodes"]]
    mistakes += ["edge of no node" for e in answer["edges"]
                 if e["from"] not in ids or e["to"] not in ids]
    print("not ok:" if mistakes else "ok:", path, *mistakes, sep="\n  "
          if mistakes else " ")
    bad |= bool(mistakes)
# what is wrong must be seen
for path, value in (("verdict", "perhaps"), ("surplus", 1), ("nodes", {})):
    if validator.is_valid(dict(answer, **{path: value})):
        print("not ok: the schema lets", path, "pass")
        bad = 1
sys.exit(bad)
END

"$python" "$dir/validate.py" tests/golden/[!dt]*.json "$dir"/*.json || failed=1
exit $failed
