#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called by trap and by check
#
# privileges_test.sh RCA - what the collector and its helper keep once they run:
# nothing, and three capabilities; and that nothing is lost by it, also of a
# network namespace that comes later.
set -u

rca=$(realpath "$1")
work=$(mktemp -d)
db=$work/rca.db
failed=0
collector=
ns=rca-later-$$

cleanup() {
    [ -n "$collector" ] && kill -9 "$collector" 2>/dev/null
    ip netns del "$ns" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

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

of() { # PID KEY: its line in /proc/PID/status
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null |
        tr -s '\t' ' '
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
    local i n=$(($1 * 10))
    shift
    for ((i = 0; i < n; i++)); do
        "$@" > /dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

# the process that is named so and whose parent is $1
helper_of() {
    awk -v parent="$1" '
        $1 == "Name:" { named = $2 == "rca-helper" }
        $1 == "Pid:" { pid = $2 }
        $1 == "PPid:" && named && $2 == parent { print pid; found = 1 }
        END { exit !found }' /proc/[0-9]*/status 2> /dev/null
}
running() { helper_of "$collector" && [ "$(of "$collector" Seccomp)" = 2 ]; }
sees() { "$rca" --db "$db" show entities 2>/dev/null | grep -q "$1"; }

start() { # ARGUMENT...
    "$rca" --db "$db" collect --interval 200ms "$@" 2> "$work/err" &
    collector=$!
}

stop() {
    local code=0
    kill -INT "$collector"
    wait "$collector" || code=$?
    collector=
    is "$code" 0
}

if [ "$(id -u)" != 0 ]; then
    echo 'skipped: needs root'
    exit 0
fi
chmod 755 "$work"

"$rca" --db "$db" collect --user nobody-of-that-name --duration 1s 2> "$work/err"
check 'an unknown user: exit 2' is $? 2
check 'an unknown user: is named' grep -q nobody-of-that-name "$work/err"
"$rca" --db "$db" collect --user root --duration 1s 2> "$work/err"
check 'root is no user to run as' is $? 2
check 'no database is left of that' test ! -e "$db"

start --user nobody
check 'the collector gives up its privileges' wait_for 20 running
helper=$(helper_of "$collector")
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    check "the collector: $set" is "$(of "$collector" $set)" 0000000000000000
done
uid=$(id -u nobody)
check 'the collector: user' is "$(of "$collector" Uid)" "$uid $uid $uid $uid"
check 'the collector: groups' is "$(of "$collector" Groups)" ''
check 'the collector: no new privileges' is "$(of "$collector" NoNewPrivs)" 1
check 'the collector: system calls filtered' is "$(of "$collector" Seccomp)" 2

# CAP_NET_ADMIN 12, CAP_SYS_PTRACE 19, CAP_SYS_ADMIN 21; 1 with Open vSwitch
caps=0000000000281000
[ -e /run/openvswitch ] && caps=0000000000281002
for set in CapPrm CapEff; do
    check "the helper: $set" is "$(of "$helper" $set)" "$caps"
done
for set in CapInh CapBnd CapAmb; do
    check "the helper: $set" is "$(of "$helper" $set)" 0000000000000000
done
check 'the helper: user' is "$(of "$helper" Uid)" "$uid $uid $uid $uid"
check 'the helper: no new privileges' is "$(of "$helper" NoNewPrivs)" 1
check 'the helper: system calls filtered' is "$(of "$helper" Seccomp)" 2
# its five, and those of a request at hand
check 'the helper: few descriptors' \
    test "$(find "/proc/$helper/fd" -type l | wc -l)" -le 8

# what comes later is seen, by name, with what is inside
ip netns add "$ns"
check 'a namespace that comes later' wait_for 20 sees "$ns"
# not where / is no mount of its own, as in a chroot
if ip -n "$ns" link add seen0 type veth peer name seen1 2> /dev/null; then
    ip -n "$ns" link set seen0 up
    check 'an interface in it' wait_for 20 sees seen0
else
    echo 'skipped: an interface in it (ip cannot enter a namespace here)'
fi
if ip netns exec "$ns" nft 'add table ip t; add chain ip t a {
    type filter hook output priority 0; }; add rule ip t a counter' 2>/dev/null
then
    check 'a firewall rule in it' wait_for 20 sees 'rule.*'"$ns"
fi
check 'nothing was refused' is "$(grep -c 'permitted\|denied\|helper' "$work/err")" 0

# the helper is gone: the collector is not
kill -9 "$helper"
ip netns add "$ns-2" && ip netns del "$ns-2"
check 'the loss of the helper is said' \
    wait_for 20 grep -q 'helper is gone' "$work/err"
told() { "$rca" --db "$db" status | grep -q 'privileged helper'; }
check 'and kept with the data' wait_for 20 told
check 'and the collector ends as it should' stop
"$rca" --db "$db" status > "$work/out" 2>&1
check 'and its ticks are there' grep -q '^newest' "$work/out"
check 'the database is the user'"'"'s' is "$(stat -c %U "$db")" nobody

start # again, with files of the user's
check 'a second start' wait_for 20 running
helper=$(helper_of "$collector")
check 'ends by itself when asked' stop
check 'with its helper' test ! -e "/proc/$helper"

start
wait_for 20 running
helper=$(helper_of "$collector")
kill -9 "$collector"
wait "$collector" 2>/dev/null
collector=
gone() { [ ! -e "/proc/$helper" ]; }
check 'the helper ends with a collector that is killed' wait_for 20 gone

# as the systemd unit has it: a user with a few capabilities, not root
cp "$rca" "$work/rca"
caps=+bpf,+perfmon,+net_admin,+sys_admin,+sys_ptrace
setpriv --reuid="$uid" --regid="$(id -g nobody)" --clear-groups \
    --inh-caps=-all,$caps --ambient-caps=-all,$caps --bounding-set=-all,$caps \
    "$work/rca" --db "$db" collect --interval 200ms 2> "$work/err" &
collector=$!
check 'not root but with capabilities: starts' wait_for 20 running
helper=$(helper_of "$collector")
for set in CapInh CapPrm CapEff CapAmb; do
    check "not root: the collector: $set" \
        is "$(of "$collector" $set)" 0000000000000000
done
check 'not root: the helper: CapEff' is "$(of "$helper" CapEff)" 0000000000281000
check 'not root: ends as it should' stop

start --keep-privileges
kept() { [ "$(of "$collector" CapEff)" != 0000000000000000 ]; }
sleep 1
check 'with --keep-privileges all are kept' kept
check 'and there is no helper' is "$(helper_of "$collector")" ''
check 'and it ends as it should' stop
exit $failed
