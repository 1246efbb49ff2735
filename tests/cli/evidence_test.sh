#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called by trap and by check
#
# evidence_test.sh RCA - a service in a network namespace of its own, a rule of
# nftables that drops every 20th packet to it: `rca explain --evidence` says so
# with the rule's handle and how many it were; and where nothing can be captured
# the answer is the same and says why.
set -u

if [ "$(id -u)" != 0 ] || ! unshare -mn true 2>/dev/null; then
    echo 'skipped: needs root and namespaces'
    exit 0
fi
for tool in ip nft perl jq; do
    command -v $tool >/dev/null || {
        echo "skipped: $tool is missing"
        exit 0
    }
done
if [ -z "${RCA_EVIDENCE_INSIDE:-}" ]; then
    RCA_EVIDENCE_INSIDE=1 exec unshare -mn --propagation private "$0" "$@"
fi

rca=$(realpath "$1")
work=$(mktemp -d)
chmod 755 "$work"
db=$work/rca.db
failed=0
pids=
net=web-evidence

finish() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    wait
    rm -rf "$work"
}
trap finish EXIT

check() { # what, command...
    local what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        failed=1
    fi
}

is() { [ "$1" = "$2" ] || { echo "  got '$1', want '$2'" && false; }; }

mount -t tmpfs none /run
mkdir -p /run/netns
ip link set lo up
ip netns add "$net"
ip -n "$net" link set lo up
ip link add ev0 type veth peer name eth0 netns "$net"
ip addr add 10.77.0.1/24 dev ev0
ip link set ev0 up
ip -n "$net" addr add 10.77.0.2/24 dev eth0
ip -n "$net" link set eth0 up
ip netns exec "$net" nft -f - <<'EOF'
table inet filter {
    chain input { type filter hook input priority 0; }
}
EOF

# shellcheck disable=SC2016 # perl's
ip netns exec "$net" perl -MIO::Socket::INET -e '
    my $listen = IO::Socket::INET->new(Listen => 64, LocalPort => 8080,
        ReuseAddr => 1) or die "listen: $!";
    while (my $s = $listen->accept) {
        $s->autoflush(1);
        while (my $line = <$s>) { print $s "hello\n"; }
    }' 2>"$work/server" &
pids="$pids $!"
sleep 0.5
# a new connection every 20 requests: one at a time is served
# shellcheck disable=SC2016
perl -MIO::Socket::INET -e '
    while (1) {
        my $s = IO::Socket::INET->new(PeerAddr => "10.77.0.2:8080", Timeout => 5)
            or next;
        $s->autoflush(1);
        for (1 .. 20) {
            print $s "hello\n";
            last unless defined <$s>;
            select undef, undef, undef, 0.005;
        }
    }' 2>"$work/client" &
pids="$pids $!"

"$rca" --db "$db" collect --interval 500ms --cpu-budget 100% 2>"$work/collect" &
pids="$pids $!"
sleep 15
ip netns exec "$net" nft add rule inet filter input tcp dport 8080 \
    numgen inc mod 20 == 0 counter drop
handle=$(ip netns exec "$net" nft -a list chain inet filter input |
    sed -n 's/.*numgen.*# handle \([0-9]*\)$/\1/p')
sleep 8

# explain ARGUMENT...: as JSON; whatever it names
explain() {
    local code=0
    "$rca" --db "$db" explain --entity "service/$net" --format json "$@" \
        >"$work/why.json" 2>"$work/err" || code=$?
    case $code in
    0 | 3 | 4) ;;
    *)
        echo "FAILED: exit $code: $(cat "$work/err")"
        failed=1
        ;;
    esac
}

of() { # a path in the last answer
    jq -r "$1" "$work/why.json" 2>/dev/null
}

has() { [ "$(jq "$1" "$work/why.json" 2>/dev/null)" = true ]; }

# a slow machine may need longer until it has learned, and until one is dropped
for ((try = 0; try < 5; try++)); do
    "$rca" --db "$db" train --window 10min --step 1s >"$work/train" 2>&1
    explain --evidence 2s
    if has '.packets.died > 0' || has '.packets.to == null'; then
        break
    fi
    sleep 2
done
if of .packets.unseen | grep -q 'kernel\|not permitted'; then
    echo "skipped: $(of .packets.unseen)"
    exit $failed
fi
check 'the packets of the service are seen' has '.packets.packets > 0'
check 'what they are is said' is "$(of .packets.what)" "$net port 8080"
check 'with the filter' is "$(of .packets.filter)" \
    'port 8080 and (host 10.77.0.2 or host 127.0.0.1)'
check 'packets died' has '.packets.died > 0'
check 'of the reason' is "$(of '.packets.deaths[0].reason')" netfilter_drop
check 'in the namespace' is "$(of '.packets.deaths[0].netns')" "$net"
check 'for the service' is "$(of '.packets.deaths[0].service')" "$net"
check 'by the rule' is "$(of '.packets.deaths[0].rule')" \
    "$net:filter/input/$handle"
check 'with its text' has '.packets.deaths[0].text | test("dport 8080 .*drop")'
check 'nothing was lost' is "$(of .packets.lost)" 0
"$rca" explain --read "$work/why.json" --format text >"$work/text"
check 'the text has a line' grep -q '^packets  [0-9]' "$work/text"

explain
check 'piped: nothing is captured by itself' is "$(of .packets)" null
explain --evidence 0
check 'none was wanted' is "$(of .packets)" null
cp "$rca" "$work/rca"
chmod 644 "$db" "$db"-* 2>/dev/null
code=0
setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
    --bounding-set=-all "$work/rca" --db "$db" explain \
    --entity "service/$net" --evidence 2s --format json \
    >"$work/why.json" 2>"$work/err" || code=$?
check 'without privileges: the same exit code' test "$code" != 1 -a "$code" != 5
check 'without privileges: it says so' has '.packets.unseen | test("root")'
cp "$(dirname "$0")/../../datasets/recorded.db" "$work/other.db"
"$rca" --db "$work/other.db" explain --evidence 2s --format json \
    >"$work/why.json" 2>"$work/err"
check 'data of another host: it says so' has '.packets.unseen | test("host")'
exit $failed
