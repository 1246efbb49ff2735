#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# import_test.sh RCA - a case folder into a store, and what the commands then
# say of it; a broken one leaves nothing behind.
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
    "$rca" --db "$dir/db" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    if [ "$got" -ne "$code" ] || ! cat "$dir/out" "$dir/err" |
        grep -qE -- "$text"; then
        echo "not ok: rca $*: exit $got, want $code and '$text'"
        cat "$dir/out" "$dir/err"
        failed=1
        return
    fi
    echo "ok: rca $*"
}

# make_case NAME START: a database that becomes slow, and its caller with it
make_case() {
    mkdir "$dir/$1"
    awk -v start="$2" 'BEGIN {
        srand(1)
        print "time,shop front.latency_p50_seconds,shop front.requests_total," \
              "db.latency_p50_seconds,db.cpu_usage_cores,cache.cpu_usage_cores"
        for (i = 0; i < 66; i++) {
            slow = i >= 60 ? 0.2 : 0
            printf "%d,%.4f,%d,%.4f,%.3f,%.3f\n", start + 60 * i,
                0.05 + slow + rand() / 100, 100 + 10 * rand(),
                0.01 + slow + rand() / 500, 0.3 + slow * 4 + rand() / 20,
                0.2 + rand() / 20
        }
    }' >"$dir/$1/metrics.csv"
    printf 'source,target,kind\nshop front,db,calls\nshop front,cache,calls\n' \
        >"$dir/$1/graph.csv"
    printf '{"incident_start": %d, "incident_end": null,
        "victim": {"entity": "shop front", "metric": "latency_p50_seconds"}}' \
        $(($2 + 3600)) >"$dir/$1/truth.json"
}

make_case first 1700000000
make_case second 1700100000
make_case broken 1700200000
printf '1700203960,1,2,3\n' >>"$dir/broken/metrics.csv"

try 2 'import what' import
try 0 'EXAMPLES' import --help
try 1 'broken/metrics.csv:68: 4 cells; expected 6' import \
    "$dir/first" "$dir/broken"
try 1 "nowhere: .*[Nn]o such file" import "$dir/nowhere"
try 1 "no 'truth.json'" import "$dir"
[ ! -e "$dir/db" ] || { echo 'not ok: something was written'; failed=1; }

# each file broken: one line that names it, and nothing is written
printf 'entity,service,kind\ndb,db,database\n' >"$dir/first/entities.csv"
# refuse FILE TEXT: with its content on standard input
refuse() {
    rm -rf "$dir/bad"
    cp -r "$dir/first" "$dir/bad"
    cat >"$dir/bad/$1"
    try 1 "bad/$1:$2" import "$dir/bad"
    [ "$(wc -l <"$dir/err")" -eq 1 ] && [ ! -s "$dir/out" ] &&
        [ ! -e "$dir/db" ] && return
    echo 'not ok: more than one line, or something was written'
    failed=1
}
for file in metrics.csv graph.csv entities.csv truth.json; do
    refuse $file '1:.*expected' </dev/null
    head -c 4096 /dev/zero | refuse $file '1:.*expected'
    head -c 4096 /proc/self/exe | refuse $file '[0-9]*:.*expected'
    head -c 100 "$dir/first/$file" | tr ',:' '|;' | refuse $file '1:'
done
head -c 1000 "$dir/first/metrics.csv" | refuse metrics.csv '[0-9]+: .*cells'
sed '5s/,[0-9]*,/,x,/' "$dir/first/metrics.csv" | refuse metrics.csv '5:[0-9]+: .x. is'
sed '1s/time/t/' "$dir/first/metrics.csv" | refuse metrics.csv "1: no column 'time'"
sed '1s/source/a/' "$dir/first/graph.csv" | refuse graph.csv "1: no column 'source'"
sed '1s/entity/a/' "$dir/first/entities.csv" | refuse entities.csv '1: no column'
sed 's/incident_start/start/' "$dir/first/truth.json" | refuse truth.json ' .*expected a time'
sed 's/170/180/' "$dir/first/truth.json" | refuse truth.json '1: no row'

sed 's/^1700/-170/' "$dir/first/metrics.csv" >"$dir/bad/metrics.csv"
sed 's/1700003600/-170003600/' "$dir/first/truth.json" >"$dir/bad/truth.json"
try 1 'before 1970' import "$dir/bad"

try 0 "imported 'first': 5 metrics of 3 entities, 2 edges, 66 rows" import \
    "$dir/first"
grep -E '^  rca' "$dir/out" | sed "s|^  rca|'$rca'|" >"$dir/commands"
try 1 'import it into another store' import "$dir/first"
try 1 "begins before 'first' ends" import "$dir/first" "$dir/first"
try 0 'data .*2023-11-14T22:13:20Z to 2023-11-14T23:18:20Z, every 1 min' status
# the commands that it says, as typed
if sh -e "$dir/commands" >"$dir/out" 2>"$dir/err" &&
    grep -q 'digraph' "$dir/out" && grep -q '[^a-z]db[^a-z]' "$dir/out"; then
    echo 'ok: the commands that import names'
else
    echo 'not ok: the commands that import names'
    cat "$dir/commands" "$dir/out" "$dir/err"
    failed=1
fi
try 0 '^ 1  service db ' explain --entity 'shop front' --format text \
    --from @1700003540 --to @1700003900
try 0 "imported 'second'" import "$dir/second/"
try 0 '2023-11-16T03:05:00Z' status
exit $failed
