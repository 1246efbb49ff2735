# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables are those of run.sh
#
# incidents.sh - how each incident's application is built and broken, and which
# names of the cause a person would accept. Sourced by run.sh.

# of the network of each: 10.2N.0.0/24
declare -A number=([rule]=1 [conntrack]=2 [route]=3 [listen]=4 [qdisc]=5)

RATE=25 # requests a second of each client

space() { # space NAME - a network namespace where nothing speaks unasked
    ip netns add "$1"
    ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
        net.ipv6.conf.default.disable_ipv6=1
    ip -n "$1" link set lo up
}

plug() { # plug NAME IF ADDRESS HUB PORT - a cable, into a bridge br0 if it has
    ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
    ip -n "$1" address add "$3/24" dev "$2"
    ip -n "$1" link set "$2" up
    ip -n "$4" link set "$5" up
    ip -n "$4" link set "$5" master br0 2> /dev/null || true
}

hub() { # hub NAME
    space "$1"
    ip -n "$1" link add br0 type bridge
    ip -n "$1" link set br0 up
}

# shop INCIDENT FRESH|KEEP BACKLOG [PAUSE] - client, front, back at one bridge
shop() {
    local i=$1 net=10.2${number[$1]}.0 role host=1
    hub "$i-sw"
    for role in client front back; do
        space "$i-$role"
        plug "$i-$role" eth0 "$net.$host" "$i-sw" "$role"
        host=$((host + 1))
    done
    play "$i" "$net.2" "$net.3" "${@:2}"
}

play() { # play INCIDENT FRONT BACK FRESH|KEEP BACKLOG [PAUSE]
    start back "$1-back" - "${@:5}"
    sleep 0.1
    start front "$1-front" "$3" "$4"
    sleep 0.1
    start client "$1-client" "$2" "$RATE"
}

# --- a firewall rule that drops 2 % ------------------------------------------
build_rule() {
    shop rule keep 128
}
break_rule() {
    ip netns exec rule-back nft -f - << 'END'
table ip filter {
    chain input {
        type filter hook input priority 0
        meta l4proto tcp numgen random mod 100 < 2 counter drop
    }
}
END
}

mend_rule() {
    ip netns exec rule-back nft delete table ip filter
}

# --- a full table of tracked connections -------------------------------------
build_conntrack() {
    shop conntrack fresh 128
    ip netns exec conntrack-back nft -f - << 'END'
table ip filter {
    chain input {
        type filter hook input priority 0
        ct state new counter
    }
}
END
}
break_conntrack() {
    "$victim" fill conntrack-back - 0
}
mend_conntrack() {
    : # its application is used no more
}

# --- a wrong route -----------------------------------------------------------
build_route() {
    shop route keep 128
}
break_route() { # the way back to who asks
    ip -n route-back route add unreachable 10.23.0.2/32
}
mend_route() {
    ip -n route-back route del unreachable 10.23.0.2/32
}

# --- a wrong route, in a namespace that forwards -------------------------------
build_forward() {
    local role net=10.27
    hub forward-sw
    for role in client front router back; do
        space "forward-$role"
    done
    ip netns exec forward-router sysctl -qw net.ipv4.ip_forward=1
    plug forward-client eth0 $net.0.1 forward-sw client
    plug forward-front eth0 $net.0.2 forward-sw front
    plug forward-router eth0 $net.0.254 forward-sw router
    plug forward-back eth0 $net.1.3 forward-router eth1
    ip -n forward-router address add $net.1.254/24 dev eth1
    ip -n forward-back route add default via $net.1.254
    ip -n forward-front route add $net.1.0/24 via $net.0.254
    play forward $net.0.2 $net.1.3 fresh 128
}
break_forward() { # the way to whom it is for
    ip -n forward-router route del 10.27.1.0/24
}
mend_forward() {
    ip -n forward-router route add 10.27.1.0/24 dev eth1
}

# --- a listen queue that overflows -------------------------------------------
build_listen() {
    shop listen fresh 4 60
}
break_listen() {
    kill -USR1 "$pid_listen_back"
}
mend_listen() {
    kill -USR1 "$pid_listen_back"
}

# --- a queueing discipline that overflows ------------------------------------
build_qdisc() {
    shop qdisc keep 128
}
break_qdisc() {
    tc -n qdisc-back qdisc replace dev eth0 root tbf rate 250kbit burst 1600 \
        limit 3000
}
mend_qdisc() {
    tc -n qdisc-back qdisc del dev eth0 root
}

# --- a port of an Open vSwitch that is down ----------------------------------
OVS=/run/openvswitch

vswitchd() {
    mkdir -p $OVS
    export OVS_RUNDIR=$OVS OVS_DBDIR=$OVS OVS_LOGDIR=$OVS OVS_SYSCONFDIR=$OVS
    ovsdb-tool create $OVS/conf.db /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server $OVS/conf.db --remote=punix:$OVS/db.sock --detach --pidfile \
        --log-file
    ovs-vsctl --no-wait init
    ovs-vswitchd unix:$OVS/db.sock --detach --pidfile --log-file
    ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev
}

build_ovs() {
    local role host=1
    [ -x /usr/sbin/ovs-vswitchd ] && [ -x /usr/sbin/ovsdb-server ] || return 1
    vswitchd > "$work/ovs.log" 2>&1 || return 1
    for role in client front back; do
        space "ovs-$role"
        ip link add eth0 netns "ovs-$role" type veth peer name "port-$role"
        ip -n "ovs-$role" address add "10.26.0.$host/24" dev eth0
        ip -n "ovs-$role" link set eth0 up
        ip link set "port-$role" up
        ovs-vsctl add-port br0 "port-$role"
        host=$((host + 1))
    done
    play ovs 10.26.0.2 10.26.0.3 fresh 128
}
break_ovs() {
    ovs-ofctl mod-port br0 port-back down
}
mend_ovs() {
    ovs-ofctl mod-port br0 port-back up
}

# --- the names that a person would accept ------------------------------------
accepted() { # accepted INCIDENT ENTITY
    case $1:$2 in
        rule:rule/rule-back:filter/input/*) ;;
        conntrack:conntrack/conntrack-back:conntrack) ;;
        route:netns/route-back) ;;
        # or where the packets that it drops come in
        forward:netns/forward-router | forward:nic/forward-router/eth0) ;;
        listen:service/listen-back) ;;
        qdisc:qdisc/qdisc-back/eth0:tbf | qdisc:nic/qdisc-back/eth0) ;;
        ovs:nic/port-back | ovs:bridge/br0) ;;
        *) return 1 ;;
    esac
}

# --- how its packets die -------------------------------------------------------
# Where the kernel tells no reason nothing is asked for: who connects to a full
# accept queue, or cannot be answered for want of a route, is heard in silence
# (the packet counts as consumed; open connections do tell, but send less and
# less often), and a switch in user space has counters only.
dies() { # dies INCIDENT "REASON NETNS PACKETS"... - as the answer tells
    case $1 in
        rule) grep -q '^netfilter_drop rule-back ' <<< "$2" ;;
        conntrack) grep -q '^netfilter_drop conntrack-back ' <<< "$2" ;;
        forward) grep -q '^ip_innoroutes forward-router ' <<< "$2" ;;
        qdisc) grep -q '^qdisc_[a-z]* qdisc-back ' <<< "$2" ;;
    esac
}

back_of() { # back_of INCIDENT - its address
    case $1 in
        forward) echo 10.27.1.3 ;;
        ovs) echo 10.26.0.3 ;;
        *) echo "10.2${number[$1]}.0.3" ;;
    esac
}

# trace_INCIDENT FILE - whether there is a line for it, as 'rca trace stats' says
trace_rule() { grep 'netfilter_drop.*rule-back' "$1" | grep -q '"handle"'; }
trace_conntrack() { grep -q 'netfilter_drop.*conntrack-back' "$1"; }
trace_route() { grep -q 'ip_outnoroutes.*route-back' "$1"; }
trace_forward() { grep -q 'ip_innoroutes.*forward-router' "$1"; }
trace_listen() { # told apart from the deaths: the kernel gives no reason
    grep -q '"refused":\[{"name":"'"$(back_of listen)"':8080' "${1%.deaths}.stats.json"
}
trace_qdisc() { grep -q 'qdisc_[a-z]*".*qdisc-back' "$1"; }
trace_ovs() { grep -q 'port-back.*"down": *true' "$1"; }
