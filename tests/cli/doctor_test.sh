#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called by check
#
# doctor_test.sh RCA - the structure of what `rca doctor` prints, on whatever
# kernel this is: header, one row a feature, what is lost and how to have it.
set -eu

rca=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
failed=0

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        sed 's/^/    /' "$work/out" "$work/err" | head -80
        failed=1
    fi
}

doctor() { # doctor WANT ARGUMENT...: exit code and what is printed
    local want=$1 code=0
    shift
    "$rca" doctor "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" = "$want" ] || { echo "  exit $code, want $want" && false; }
}

has() { grep -qE -- "$1" "$work/out"; }

# Every line after the header is a row, or belongs to the row that is off above
# it; names are there once.
well_formed() {
    awk '
        /^feature +state how, or why not$/ { table = 1; next }
        !table { if ($0 !~ /^(kernel|types|user|profile|privileges|helper|store) |^$/) exit 1; next }
        /^ +not seen: ./ { if (state != "off") exit 2; next }
        /^ +to have it: ./ { if (state != "off") exit 3; next }
        /^$/ || /^nothing of eBPF works/ { next }
        {
            name = substr($0, 1, 38); sub(/ +$/, "", name)
            rest = substr($0, 40); state = rest; sub(/ .*/, "", state)
            if (state !~ /^(on|twin|off)$/) exit 4
            if (seen[name]++) exit 5
            rows++
        }
        END { if (rows < 10) exit 6 }' "$work/out" || {
        echo "  awk: rule $?"
        false
    }
}

if [ "$(id -u)" = 0 ]; then
    check 'root: exit 0' doctor 0
    check 'root: every line has its place' well_formed
    check 'root: says the kernel' has "^kernel +$(uname -r)"
    check 'root: says the profile' has '^profile +standard$'
    check 'root: processes are seen' has '^processes and run queues +(on|twin) '
    check 'root: says what rca trace sees' has '^trace: drop +(on|off) '
    check 'profile light: exit 0' doctor 0 --profile light
    check 'profile light: says so' has '^profile +light$'
    check 'profile light: every line has its place' well_formed
    check 'profile deep: exit 0' doctor 0 --profile deep
    check 'profile deep: every line has its place' well_formed
    check 'what is off says how to have it' doctor 0 --without /proc/diskstats
    check 'turned off: the feature' has "^disks +off +turned off by 'without'"
    check 'turned off: what is lost' has '^ +not seen: .*disks'
    check 'turned off: how to have it' has '^ +to have it: .*--without'
    check 'hooks: exit 0' doctor 0 --hooks
    check 'hooks: three columns' test "$(awk -F'\t' 'NF != 3' "$work/out" |
        wc -l)" = 0
    cp "$rca" "$work/rca"
    code=0
    setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
        --bounding-set=-all "$work/rca" doctor > "$work/out" 2> "$work/err" ||
        code=$?
    check 'without privileges: exit 5' test "$code" = 5
    check 'without privileges: says so' has '^user +not root'
    check 'without privileges: nor of rca trace' has '^trace +off .*CAP_BPF'
else
    check 'not root: exit 5' doctor 5
    check 'not root: says so' has '^user +not root'
fi
check 'a hook that nobody knows: exit 1 or 2' \
    eval '! doctor 0 --without no-such-hook'
check 'a hook that nobody knows: says where they are' \
    grep -q "no hook 'no-such-hook'" "$work/err"
exit $failed
