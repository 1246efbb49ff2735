#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # a function is called by trap
#
# peers.sh [--install] [--runs N] [--seconds S] [RCA] - what other collectors
# cost on the same host in the same minutes, all at one second: processor time
# a sample and bytes a sample, medians over N runs (3) of S seconds (120).
#
#   rca            collects and stores
#   node-exporter  collects when it is asked, stores nothing; curl asks it
#   prometheus     asks a node-exporter and stores: its own time
#   collectd       collects, stores as CSV
#   sadc           collects, stores in sysstat's own format
#
# All are Debian's packages; --install gets what is missing (as root), without
# starting its services. What runs here is started and ended by this script, in
# a folder of its own, and listens on 127.0.0.1 only (19100, 19101, 19090).
set -eu -o pipefail

seconds=120
runs=3
warmup=10 # start-up is nobody's cost
packages='collectd-core curl prometheus prometheus-node-exporter sysstat'
while [ $# -gt 0 ]; do
    case $1 in
    --install)
        printf '#!/bin/sh\nexit 101\n' >/tmp/peers-policy.$$
        # invoke-rc.d asks this file; one that is there is respected
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            install -m 755 /tmp/peers-policy.$$ /usr/sbin/policy-rc.d
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        fi
        rm -f /tmp/peers-policy.$$
        # shellcheck disable=SC2086 # one word for each package
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
            --no-install-recommends $packages >/dev/null
        if [ -d /run/systemd/system ]; then
            systemctl disable --now collectd prometheus \
                prometheus-node-exporter >/dev/null 2>&1 || true
        fi
        ;;
    --runs) runs=$2 && shift ;;
    --seconds) seconds=$2 && shift ;;
    *) break ;;
    esac
    shift
done
rca=$(realpath "${1:-build/release/rca}")
for p in $packages; do
    case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
    *' installed') ;;
    *)
        echo "skipped: package '$p' is not installed; peers.sh --install" >&2
        exit 0
        ;;
    esac
done
sadc=$(dpkg -L sysstat | grep '/sadc$')

work=$(mktemp -d)
chmod 755 "$work" # rca gives up being root, and folds its log in at the end
declare -A pid
finish() {
    local code=$? p
    [ $code = 0 ] || echo "peers.sh: failed" >&2
    for p in "${pid[@]}"; do
        kill "$p" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
    exit $code
}
trap finish EXIT

# --- the programs -------------------------------------------------------------
node_exporter() { # node_exporter NAME PORT
    prometheus-node-exporter --web.listen-address="127.0.0.1:$2" \
        >"$dir/$1.log" 2>&1 &
    pid[$1]=$!
}

start_prometheus() {
    cat >"$dir/prometheus.yml" <<-END
		global: {scrape_interval: 1s, scrape_timeout: 1s}
		scrape_configs:
		  - job_name: node
		    static_configs: [{targets: ['127.0.0.1:19101']}]
	END
    prometheus --config.file="$dir/prometheus.yml" --web.enable-admin-api \
        --storage.tsdb.path="$dir/prometheus" \
        --web.listen-address=127.0.0.1:19090 >"$dir/prometheus.log" 2>&1 &
    pid[prometheus]=$!
}

# What node-exporter also has, and what rca has
start_collectd() {
    {
        printf 'Interval 1\nBaseDir "%s"\nPluginDir "/usr/lib/collectd"\n' "$dir"
        printf 'TypesDB "/usr/share/collectd/types.db"\nPIDFile "%s/pid"\n' "$dir"
        printf 'LoadPlugin %s\n' conntrack contextswitch cpu df disk entropy \
            interface irq load memory processes protocols swap uptime vmem csv
        printf '<Plugin csv>\nDataDir "%s/csv"\nStoreRates false\n</Plugin>\n' "$dir"
        printf '<Plugin cpu>\nReportByCpu true\n</Plugin>\n'
        printf '<Plugin vmem>\nVerbose true\n</Plugin>\n'
    } >"$dir/collectd.conf"
    collectd -f -C "$dir/collectd.conf" >"$dir/collectd.log" 2>&1 &
    pid[collectd]=$!
}

start_all() {
    install -d -m 777 "$dir/rca"
    "$rca" --db "$dir/rca/rca.db" collect --interval 1s 2>"$dir/rca.log" &
    pid[rca]=$!
    node_exporter node-exporter 19100
    node_exporter scraped 19101
    start_prometheus
    start_collectd
    "$sadc" -S XALL 1 "$dir/sa" >"$dir/sadc.log" 2>&1 &
    pid[sadc]=$!
}

scrape() {
    while curl -s --max-time 1 http://127.0.0.1:19100/metrics >"$dir/new"; do
        mv "$dir/new" "$dir/metrics"
        sleep 1
    done
}

stop() {
    kill "${pid[$1]}" 2>/dev/null || true
    wait "${pid[$1]}" 2>/dev/null || true
    unset "pid[$1]"
}

# --- what they used -----------------------------------------------------------
# Processor time of a process, its ended threads and its children, seconds.
cpu() {
    local p
    for p in "$1" $(pgrep -P "$1" || true); do
        sed 's/.*) //' "/proc/$p/stat"
    done | awk -v hz="$(getconf CLK_TCK)" '{ t += $12 + $13 } END { print t / hz }'
}

snapshot() { # of all that Prometheus holds, as blocks with an index
    local url=http://127.0.0.1:19090/api/v1/admin/tsdb/snapshot
    curl -s -X POST "$url" | sed -n 's/.*"name":"\([^"]*\)".*/\1/p'
}

bytes() { # bytes FILE...
    find "$@" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }'
}

# per NAME CPU SERIES BYTES SAMPLES: a line of the run
per() {
    awk -v name="$1" -v cpu="$2" -v series="$3" -v bytes="$4" -v samples="$5" \
        -v s="$seconds" 'BEGIN {
            printf "%s\t%.0f\t%.3f\t%.2f\t%s\n", name, series, 100 * cpu / s,
                1e6 * cpu / s / series, samples ? sprintf("%.2f", bytes / samples) : "-"
        }' >>"$work/lines"
}

rca_line() {
    local status samples ticks
    status=$("$rca" --db "$dir/rca/rca.db" status)
    samples=$(sed -n 's/.* series, \([0-9]*\) samples.*/\1/p' <<<"$status")
    ticks=$("$rca" --db "$dir/rca/rca.db" export --raw --format csv --metric \
        rca_tick_seconds | tail -n +2 | wc -l)
    per rca "$1" "$((samples / ticks))" "$(bytes "$dir/rca")" "$samples"
    cp "$dir/rca/rca.db" "$work/last.db"
}

# The very samples that Prometheus holds, in rca's store: a case folder with a
# column for each series and a row for each second.
same_line() {
    local samples
    mkdir -p "$dir/case" "$1/wal" # without one promtool refuses
    promtool tsdb dump "$1" | awk '
        { t = int($NF / 1000); v = $(NF - 1); $NF = ""; $(NF - 1) = "" }
        !($0 in id) { id[$0] = ++n }
        v ~ /^[-+0-9.eE]+$/ { value[t, id[$0]] = v }
        !(t in seen) { seen[t]; if (!first || t < first) first = t; if (t > last) last = t }
        END {
            printf "time"
            for (i = 1; i <= n; i++) printf ",host.s%d", i
            for (t = first; t <= last; t++) {
                printf "\n%d", t
                for (i = 1; i <= n; i++) printf ",%s", value[t, i]
            }
            print ""
        }' >"$dir/case/metrics.csv"
    printf '{"incident_start": %s, "incident_end": %s}\n' \
        "$(sed -n '2s/,.*//p' "$dir/case/metrics.csv")" \
        "$(tail -n 1 "$dir/case/metrics.csv" | cut -d , -f 1)" \
        >"$dir/case/truth.json"
    "$rca" --db "$dir/same.db" import "$dir/case" >/dev/null
    samples=$("$rca" --db "$dir/same.db" status |
        sed -n 's/.* series, \([0-9]*\) samples.*/\1/p')
    printf 'rca, samples of prometheus\t%s\t-\t-\t%s\n' \
        "$(head -n 1 "$dir/case/metrics.csv" | tr -cd , | wc -c)" \
        "$(awk -v b="$(bytes "$dir/same.db")" -v n="$samples" \
            'BEGIN { printf "%.2f", b / n }')" >>"$work/lines"
}

prometheus_line() {
    local series=$2 name samples blocks
    name=$3
    blocks=$dir/prometheus/snapshots/$name
    samples=$(cat "$blocks"/*/meta.json | sed -n 's/.*"numSamples": \([0-9]*\).*/\1/p' |
        awk '{ n += $1 } END { print n }')
    per prometheus "$1" "$series" "$(bytes "$blocks")" "$samples"
    per 'prometheus, chunks only' "$1" "$series" "$(bytes "$blocks"/*/chunks)" \
        "$samples"
    same_line "$blocks"
}

collectd_line() {
    local values files
    values=$(find "$dir/csv" -type f -exec awk -F, \
        'FNR > 1 { n += NF - 1 } END { print n + 0 }' {} + | awk '{ n += $1 } END { print n }')
    files=$(find "$dir/csv" -type f -exec awk -F, \
        'FNR == 1 { n += NF - 1 } END { print n + 0 }' {} + | awk '{ n += $1 } END { print n }')
    per collectd "$1" "$files" "$(bytes "$dir/csv")" "$values"
}

sadc_line() {
    local values times
    LC_ALL=C sadf -p "$dir/sa" -- -A 2>/dev/null >"$dir/sa.txt" || true
    values=$(wc -l <"$dir/sa.txt")
    times=$(cut -f 3 "$dir/sa.txt" | sort -u | wc -l)
    per sadc "$1" "$((values / times))" "$(bytes "$dir/sa")" "$values"
}

# --- one run ------------------------------------------------------------------
run() {
    local name scraper exported snap
    declare -A begin used
    dir=$work/run-$1
    mkdir -p "$dir"
    start_all
    sleep $((warmup / 2))
    scrape &
    scraper=$!
    sleep $((warmup - warmup / 2))
    for name in "${!pid[@]}"; do
        begin[$name]=$(cpu "${pid[$name]}")
    done
    sleep "$seconds"
    for name in "${!pid[@]}"; do
        used[$name]=$(awk -v a="${begin[$name]}" -v b="$(cpu "${pid[$name]}")" \
            'BEGIN { print b - a }')
    done
    exported=$(grep -vc '^#' "$dir/metrics")
    kill "$scraper" 2>/dev/null || true
    wait "$scraper" 2>/dev/null || true
    snap=$(snapshot)
    for name in rca collectd sadc prometheus node-exporter scraped; do
        stop "$name"
    done
    rca_line "${used[rca]}"
    per node-exporter "${used[node-exporter]}" "$exported" 0 0
    prometheus_line "${used[prometheus]}" "$exported" "$snap"
    collectd_line "${used[collectd]}"
    sadc_line "${used[sadc]}"
    rm -rf "$dir"
}

for i in $(seq "$runs"); do
    echo "run $i of $runs: $((seconds + warmup)) s" >&2
    run "$i"
done

# --- medians, and how many times rca's ----------------------------------------
# Medians of columns 2 to 5 for each name, in the order of the first run.
printf '| | series | %% of a core | us a sample | to rca | bytes a sample | to rca |\n'
printf '|---|---|---|---|---|---|---|\n'
sort -t "$(printf '\t')" -s -k 1,1 "$work/lines" | awk -F '\t' '
    function median(c,   i, j, t, v, n) {
        n = count[name]
        for (i = 1; i <= n; i++) v[i] = cell[name, i, c]
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) {
                t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
            }
        if (v[1] == "-") return "-"
        return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
    }
    function ratio(a, b) { return a == "-" ? "-" : sprintf("%.1f", a / b) }
    { k = ++count[$1]; for (c = 2; c <= 5; c++) cell[$1, k, c] = $c }
    END {
        n = split("rca,node-exporter,prometheus,prometheus; chunks only,rca; samples of prometheus,collectd,sadc", names, ",")
        name = "rca"; us = median(4); b = median(5)
        for (i = 1; i <= n; i++) {
            name = names[i]; sub(/;/, ",", name)
            printf "| %s | %d | %s | %s | %s | %s | %s |\n", name, median(2),
                median(3), median(4), ratio(median(4), us), median(5), ratio(median(5), b)
        }
    }'
echo
"$rca" --db "$work/last.db" export --raw --format csv --metric 'rca_bpf*' 2>/dev/null |
    awk -F, 'NR == 1 { for (i = 2; i <= NF; i++) name[i] = $i }
        NR > 1 { for (i = 2; i <= NF; i++) if ($i != "") last[i] = $i }
        END { for (i in last) printf "rca, its eBPF programs in others'"'"' time: %s = %s of a core\n", name[i], last[i] }' ||
    true # a run of under a minute has none
