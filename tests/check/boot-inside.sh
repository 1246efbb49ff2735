#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317,SC2016 # functions are called by check; for sh -c
#
# boot-inside.sh - run by systemd in the machine that boot.sh boots: starts the
# service as the package installed it, and looks at it from outside.
exec >/dev/ttyS0 2>&1
failed=0

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@" >/tmp/check.log 2>&1; then
        echo "ok: $what"
    else
        echo "not ok: $what"
        sed 's/^/  /' /tmp/check.log
        failed=$((failed + 1))
    fi
}

is() {
    [ "$1" = "$2" ] || { echo "got '$1', want '$2'" && false; }
}

show() {
    systemctl show -P "$1" rca-collect
}

# within SECONDS COMMAND...: it holds some time
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { "$@" && break; return 1; }
        sleep 1
    done
}

# samples AT_LEAST: in the store
samples() {
    [ "$(rca status | sed -n 's/.* series, \([0-9]*\) samples.*/\1/p')" -ge "$1" ]
}

of_main() { # of_main FIELD WANT...: in the main process's status
    local field=$1 got
    shift
    got=$(sed -n "s/^$field:[[:space:]]*//p" "/proc/$(show MainPID)/status" | tr '\t' ' ')
    is "$got" "$*"
}

uid=$(id -u rca)
check 'it is disabled' is "$(systemctl is-enabled rca-collect)" disabled
check 'it is not running' is "$(systemctl is-active rca-collect)" inactive
check 'it starts, and says when it is ready' systemctl start rca-collect
check 'it runs' is "$(show ActiveState)/$(show SubState)" active/running
unshare -n sleep 1000 & # a network namespace that comes later
check 'it collects' within 60 samples 1000
check 'main process: an unprivileged user' of_main Uid "$uid $uid $uid $uid"
for set in Eff Prm Inh Amb; do
    check "main process: no capabilities ($set)" of_main "Cap$set" 0000000000000000
done
check 'main process: gains none' of_main NoNewPrivs 1
check 'main process: filtered system calls' of_main Seccomp 2
check 'the database is the user'\''s' is "$(stat -c '%U %a' /var/lib/rca)" 'rca 750'
check 'the group may read it' setpriv --reuid=65534 --regid=65534 \
    --groups="$(id -g rca)" rca status
check 'nobody else may' is "$(setpriv --reuid=65534 --regid=65534 --clear-groups \
    rca status >/dev/null 2>&1 || echo refused)" refused
check 'a network namespace that came later is seen' \
    within 60 sh -c 'rca show entities | grep -q "^netns"'

# what is lost by the hardening: nothing that root sees is off in the unit
rca doctor | awk '/^feature/ { on = 1; next } on && NF == 0 { exit } on' |
    sed -n 's/^\(.*[^ ]\)  *\(on\|twin\)  .*/\1/p' | sort >/tmp/root
rca status | sed -n 's/^not seen .*(\(.*\): .*/\1/p' | sort >/tmp/lost
echo "seen by root: $(wc -l </tmp/root) features"
rca status | sed 's/^/  /'
check 'what root sees, the unit sees' is "$(comm -12 /tmp/root /tmp/lost)" ''
check 'nothing was said but what is lost' is "$(journalctl -u rca-collect -o cat \
    -p warning | head)" ''
echo "seen in the journal:"
journalctl -u rca-collect -o cat --no-pager | sed 's/^/  /'

# signs of life: who stops giving them is started again
mkdir -p /run/systemd/system/rca-collect.service.d
printf '[Service]\nWatchdogSec=8\nRestartSec=1\n' \
    >/run/systemd/system/rca-collect.service.d/quick.conf
systemctl daemon-reload
check 'it restarts' systemctl restart rca-collect
sleep 20
check 'it lives longer than the watchdog waits' is "$(show NRestarts)" 0
kill -STOP "$(show MainPID)"
check 'stopped, it is started again' within 90 sh -c \
    '[ "$(systemctl show -P NRestarts rca-collect)" = 1 ] && [ "$(systemctl is-active rca-collect)" = active ]'
check 'it stops' systemctl stop rca-collect
check 'and did so by itself' is "$(show Result) $(show ExecMainStatus)" 'success 0'
echo "boot: done, $failed failed"
sync
