#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# replay.sh REPLAY_TEST [TICKS] - does the collector's memory grow? A day of the
# loop on a clock of its own over things that come and go; then, as root, TICKS
# (default 5,000) ticks of all sources on this host, as fast as they come, while
# processes, cgroups, network namespaces and connections come and go for real.
set -eu

test=$(realpath "$1")
ticks=${2:-5000}
churn=
finish() {
    [ -z "$churn" ] || kill "$churn" 2>/dev/null || true
    wait
    rmdir /sys/fs/cgroup/unified/rca-replay* /sys/fs/cgroup/rca-replay* \
        2>/dev/null || true
}
trap finish EXIT

RCA_REPLAY_TICKS=86400 "$test" | grep 'ticks:'
[ "$(id -u)" = 0 ] || { echo 'skipped: the rest needs root' && exit 0; }

come_and_go() {
    local i=0 root=/sys/fs/cgroup/unified
    [ -d $root ] || root=/sys/fs/cgroup
    while :; do
        i=$((i + 1))
        sh -c 'exec sleep 0.02' &
        unshare -n sh -c 'ip link set lo up; exec sleep 0.1' &
        mkdir "$root/rca-replay$((i % 20))" 2>/dev/null ||
            rmdir "$root/rca-replay$((i % 20))" 2>/dev/null || true
        (exec 3<> "/dev/tcp/127.0.0.1/$((i % 100 + 1))") 2>/dev/null || true
        wait
    done
}
come_and_go &
churn=$!
RCA_REPLAY_REAL=1 RCA_REPLAY_TICKS=$ticks "$test" | grep 'ticks:'
