#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# export_test.sh RCA - what is exported comes back the same when it is imported;
# options that do not go together, and times without data.
set -eu
rca=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# check WHAT COMMAND...: whether it succeeds
check() {
    what=$1
    shift
    if "$@" >"$dir/said" 2>&1; then
        echo "ok: $what"
    else
        echo "not ok: $what"
        cat "$dir/said"
        failed=1
    fi
}

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

# lines: counters, gauges and buckets of 700 ticks, with a gap of a day, an
# entity that comes later, and two of one name
lines() {
    awk 'BEGIN {
        web = "\"entity\":\"web\",\"kind\":\"service\",\"host\":\"h\""
        cg = "\"entity\":\"web\",\"kind\":\"cgroup\",\"host\":\"h\""
        sda = "\"entity\":\"sda, \\\"1\\\"\",\"kind\":\"disk\",\"host\":\"h\""
        last = 1700086400 + 699
        printf "{%s,\"first\":1700000000,\"last\":%d}\n", web, last
        printf "{%s,\"first\":1700000000,\"last\":%d}\n", cg, last
        printf "{%s,\"first\":1700000100,\"last\":%d}\n", sda, last
        printf "{\"edge\":\"runs_on\",\"source\":{%s},\"target\":{%s}", web, cg
        printf ",\"first\":1700000000,\"last\":%d}\n", last
        for (i = 0; i < 700; i++) {
            time = 1700000000 + i + (i >= 350 ? 86400 : 0)
            printf "{\"time\":%d,%s,\"values\":{", time, web
            printf "\"request_latency_seconds_bucket_020\":%d,", 7 * i
            printf "\"request_latency_seconds_sum_total\":%s,", 0.1 * i
            printf "\"requests_total\":%d}}\n", 7 * i
            printf "{\"time\":%d,%s,\"values\":", time, cg
            printf "{\"memory_bytes\":%d}}\n", 1e9 + (i * 7919) % 1000
            if (i >= 100 && i % 13)
                printf "{\"time\":%d,%s,\"values\":{\"depth\":%.17g}}\n",
                    time, sda, 1 / (i + 1)
        }
    }'
}
lines >"$dir/lines.jsonl"

try 0 "imported '.*lines.jsonl': 3354 samples at 700 times, 3 entities, 1 edge" \
    import "$dir/lines.jsonl"
try 1 'import it into another store' import "$dir/lines.jsonl"

# the same samples, whatever the number of windows
try 0 'wrote 1954 rows, 3354 values' export --raw -f jsonl -o "$dir/1.jsonl"
"$rca" --db "$dir/db2" import "$dir/1.jsonl" >/dev/null
"$rca" --db "$dir/db2" -q export --raw -f jsonl -o "$dir/2.jsonl"
check 'raw lines come back the same' cmp "$dir/1.jsonl" "$dir/2.jsonl"
sort "$dir/lines.jsonl" >"$dir/a"
sed 's/"depth":[0-9.e-]*/"depth"/' "$dir/a" >"$dir/a2"
sort "$dir/1.jsonl" | sed 's/"depth":[0-9.e-]*/"depth"/' >"$dir/b"
check 'they are the lines that came in' cmp "$dir/a2" "$dir/b"

# metrics, as lines and as a case
try 0 'wrote' export -f jsonl -o "$dir/m.jsonl"
"$rca" --db "$dir/db3" import "$dir/m.jsonl" >/dev/null
"$rca" --db "$dir/db3" -q export -f csv -o "$dir/m3.csv"
"$rca" --db "$dir/db" -q export -f csv -o "$dir/m.csv"
check 'metrics come back the same from lines' cmp "$dir/m.csv" "$dir/m3.csv"
try 0 'wrote 700 rows' export -f case -o "$dir/case" --victim service/web
"$rca" --db "$dir/db4" import "$dir/case" >/dev/null
"$rca" --db "$dir/db4" -q export -f case -o "$dir/case2" --victim service/web
for file in metrics.csv graph.csv truth.json; do
    sort "$dir/case/$file" >"$dir/a"
    sort "$dir/case2/$file" >"$dir/b"
    check "a case comes back the same: $file" cmp "$dir/a" "$dir/b"
done
try 0 'top' evaluate "$dir/case"

# all the same whatever the pieces in which it is read
"$rca" --db "$dir/db" export --from @1700000000 --to @1700000349 >"$dir/a"
"$rca" --db "$dir/db" export --from @1700086400 | tail -n +2 >>"$dir/a"
check 'parts are the whole' cmp "$dir/a" "$dir/m.csv"

# one time
try 0 '^1700000050,' export --raw --at @1700000050.5
[ "$(wc -l <"$dir/out")" -eq 2 ] || { echo 'not ok: one row'; failed=1; }
try 0 'rca_requests_total\{entity="web",host="h",kind="service"\} 350$' \
    export --raw -f prometheus --at @1700000050
try 0 'rca_request_rate_per_second\{.*\} 7$' export -f prometheus
try 0 'rca_depth\{entity="sda, \\"1\\"",host="h",kind="disk"\} 0.0' \
    export -f prometheus
if command -v promtool >/dev/null; then
    "$rca" --db "$dir/db" export --raw -f prometheus >"$dir/prom"
    check 'promtool agrees' sh -c "promtool check metrics <'$dir/prom'"
else
    echo 'skip: no promtool (apt install prometheus)'
fi
try 0 '^time,service/web.requests_total$' export --raw -e service/web \
    --metric 'req*s_total' --to @1700000001

try 4 'nothing was measured' export --at @1600000000
try 4 'nothing was measured' export --metric nothing
try 4 'nothing was measured' export --from @1700001000 --to @1700002000
try 2 "'webb'" export -e webb
try 2 'from is after' export --from @1700001000 --to @1700000000
try 2 'goes without' export --at @1700001000 --to @1700000000
try 2 'of one time' export -f prometheus --from @1700000000
try 2 'name it with -o' export -f case
try 2 'of --format case' export --victim web
try 2 'format wants one of csv jsonl prometheus case' export -f xml
try 0 'EXAMPLES' export --help
try 1 'nowhere/x' export -o "$dir/nowhere/x"
try 1 '/dev/full' export -o /dev/full
if "$rca" --db "$dir/db" export >/dev/full 2>/dev/null; then
    echo 'not ok: a full standard output'
    failed=1
fi

# the graph as it was
export TZ=UTC
try 0 '^service/web +runs_on  cgroup/web +2023-11-14 22:13:20  2023-11-15 22:24:59$' \
    show edges
try 0 '^cgroup +web' show entities --at @1700000099
[ "$(wc -l <"$dir/out")" -eq 3 ] || { echo 'not ok: the disk came later'; failed=1; }
try 0 '^disk ' show entities --at @1700000100.5
try 0 'label="web"' show graph --to @1700000099
! grep -q sda "$dir/out" || { echo 'not ok: the disk came later'; failed=1; }
try 0 'request_rate_per_second .* 7 /s' show series service/web --at @1700000200
try 4 'nothing was collected at that time' show graph --at @1700040000
try 2 'goes without' show graph --at @1700040000 --to @1700040000
try 2 'from is after' show graph --from @1700040001 --to @1700040000
try 0 '^\{"schema_version":1,"store".*"lost":\[\]' status --format json

# broken lines: one line that names it, and no store is left
head -5 "$dir/lines.jsonl" | cut -c1-40 >"$dir/bad.jsonl"
for file in "$dir/bad.jsonl" /dev/null "$0"; do
    got=0
    "$rca" --db "$dir/none" import "$file" >"$dir/out" 2>"$dir/err" || got=$?
    if [ $got -ne 1 ] || [ "$(wc -l <"$dir/err")" -ne 1 ] ||
        [ -e "$dir/none" ]; then
        echo "not ok: import of $file: exit $got"
        cat "$dir/out" "$dir/err"
        failed=1
    fi
done
exit $failed
