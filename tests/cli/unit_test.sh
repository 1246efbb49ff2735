#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317,SC1003 # functions are called by check; a backslash
#
# unit_test.sh RCA - the systemd units are understood, well hardened, and what
# `make install` and the package bring is one and the same.
set -eu
rca=$(realpath "$1")
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

check() { # check WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$dir/log" 2>&1; then
        echo "ok: $what"
    else
        echo "not ok: $what"
        cat "$dir/log"
        failed=1
    fi
}

is_version() { # the package's is the program's
    [ "rca $(sed -n '1s/^rca (\([^)]*\)).*/\1/p' debian/changelog)" = \
        "$("$rca" --version)" ]
}

# what the Makefile installs, but what only tests and drawing need
build_depends() {
    sed -n '/^PACKAGES := /,/[^\\]$/p' Makefile | tr -d '\\' |
        tr -s ' ' '\n' | grep -vxE 'PACKAGES|:=|gcc|graphviz|iproute2|nftables|' \
        >"$dir/packages"
    while read -r package; do
        grep -qE "^(Build-Depends:)?[[:space:]]+${package}([ ,]|\$)" debian/control ||
            { echo "debian/control lacks '$package'" && return 1; }
    done <"$dir/packages"
}

# installs UNIT: what make says it would do, with the unit in it
installs() {
    MAKEFLAGS='' make -s --no-print-directory -n install DESTDIR="$dir/root" \
        PREFIX=/usr O="$dir/build" | grep -q "debian/rca.$1.service"
}

check 'the version of the package is that of the program' is_version
check 'the package is built with what the Makefile installs' build_depends
for unit in rca-collect rca-watch; do
    check "make install brings $unit" installs $unit
    check "$unit is not enabled by the package" \
        grep -q "name=$unit --no-enable --no-start" debian/rules
done

if ! command -v systemd-analyze >/dev/null; then
    echo 'skipped: systemd-analyze (package systemd) is not installed'
    exit $failed
fi

# exposure UNIT: on systemd's own scale, 0 safe, 10 unsafe
exposure() {
    systemd-analyze security --offline=true --no-pager "$dir/$1.service" |
        sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p'
}

# sound UNIT MOST
sound() {
    check "systemd-analyze verify $1" \
        systemd-analyze verify --man=no "$dir/$1.service"
    if [ -s "$dir/log" ]; then
        echo "not ok: systemd-analyze verify $1 says something"
        cat "$dir/log"
        failed=1
    fi
    level=$(exposure "$1")
    check "exposure $level of $1 is at most $2" \
        awk -v level="$level" -v most="$2" \
        'BEGIN { exit !(level != "" && level <= most) }'
}

for unit in rca-collect rca-watch; do
    sed "s|/usr/bin/rca|$rca|" "debian/rca.$unit.service" >"$dir/$unit.service"
done
# The collector looks into all processes and network namespaces, which is most
# of what is left there.
sound rca-collect 2.4
sound rca-watch 1.0
exit $failed
