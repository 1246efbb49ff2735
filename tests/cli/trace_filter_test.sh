#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# trace_filter_test.sh RCA - `rca trace filter`: its answers, its mistakes, and
# with -d what tcpdump prints, where that is installed.
set -eu
rca=$(realpath "$1")
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

# exits CODE TEXT ARGUMENT...: with the code, and with the text on either output
exits() {
    want=$1 text=$2
    shift 2
    got=0
    "$rca" trace filter "$@" >"$dir/out" 2>&1 || got=$?
    is "$got" "$want" "exit of: $*"
    grep -q -e "$text" "$dir/out" || {
        echo "not ok: $*: nothing of '$text': $(cat "$dir/out")"
        failed=1
    }
}

exits 0 'ok: l2: 1 instructions, 4 as eBPF'
exits 0 'ok: l3: .* instructions' udp port 53
exits 0 'ok: l3: takes nothing' ether broadcast
exits 2 'syntax error' udp prt
exits 2 'not in the packet' inbound
exits 2 'rejects all packets' ip and arp
exits 2 'did you mean' -l l4 udp
exits 5 protochain ip6 protochain 6
exits 0 'ret      #0' -l l3 -d ether broadcast
exits 0 'w0 = 1' --ebpf ip
is "$("$rca" trace filter -l l2 udp | wc -l)" 1 'one layer'
is "$("$rca" trace filter -d ip)" '(000) ldh      [12]
(001) jeq      #0x800           jt 2	jf 3
(002) ret      #262144
(003) ret      #0' 'the program of ip'

[ -x "$(command -v tcpdump)" ] || {
    echo 'skip: no tcpdump to compare with'
    exit $failed
}
while read -r expression; do
    for layer in l2:EN10MB l3:RAW; do
        tcpdump -y "${layer#*:}" -d "$expression" >"$dir/want" \
            2>"$dir/err" || continue
        if "$rca" trace filter -l "${layer%:*}" -d "$expression" |
            cmp -s - "$dir/want"; then
            echo "ok: as tcpdump -d: ${layer%:*}: $expression"
        else
            echo "not ok: not as tcpdump -d: ${layer%:*}: $expression"
            failed=1
        fi
    done
done <<'END'
ip
not ip6
tcp port 443 and net 10.0.0.0/8
udp dst port 53 or icmp or arp
vlan 5 and host fd00::1
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src net 192.168.0.0/16
ip[2:2] - ((ip[0] & 0xf) << 2) > 100
portrange 1000-2000 and greater 64
ether[0] & 1 = 0 and ip multicast
ip6 protochain 6
END
exit $failed
