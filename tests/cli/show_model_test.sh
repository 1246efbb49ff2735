#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# show_model_test.sh RCA - `rca show --model` before and after training.
set -eu
rca=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# says TEXT: the model is shown, and TEXT is in it
says() {
    if "$rca" --db "$dir/db" show --model >"$dir/out" 2>"$dir/err" &&
        [ ! -s "$dir/err" ] && grep -qE -- "$1" "$dir/out"; then
        echo "ok: rca show --model: $1"
        return
    fi
    echo "not ok: rca show --model: want '$1'"
    cat "$dir/out" "$dir/err"
    failed=1
}

mkdir "$dir/case"
awk 'BEGIN {
        print "time,web.latency_seconds,db.latency_seconds"
        for (i = 0; i < 40; i++)
            printf "%d,%g,%g\n", 1700000000 + 60 * i, 2 + i * 7 % 5, 1 + i % 3
    }' >"$dir/case/metrics.csv"
printf 'source,target,kind\nweb,db,calls\n' >"$dir/case/graph.csv"
printf '{"incident_start": 1700002100, "incident_end": null, "victim": null}' \
    >"$dir/case/truth.json"
"$rca" --db "$dir/db" import "$dir/case" >"$dir/said" 2>&1 || cat "$dir/said"

says '^Nothing is learned yet: rca train'
says '^ +[+-][0-9.]+  share  '
"$rca" -q --db "$dir/db" train >"$dir/trained"
says '^Learned from 2023-11-14T.* to .*: [0-9]+ rows of 1 ?min, 2 metrics of 2 '
says '^ +[+-][0-9.]+  times the log of its odds'
says '^From 50 % on'
# each piece of evidence once
names=$(sed -nE 's/^ +[+-][0-9.]+  ([a-z0-9]+)  .*/\1/p' "$dir/out")
if [ "$(echo "$names" | sort -u | wc -l)" -lt 10 ] ||
    [ -n "$(echo "$names" | grep -v times | sort | uniq -d)" ]; then
    echo "not ok: the evidence is: $names"
    failed=1
fi
exit $failed
