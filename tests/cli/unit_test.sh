#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317,SC1003 # functions are called by check; a backslash
#
# unit_test.sh RCA - the systemd unit is understood, well hardened, and what
# `make install` and the package bring is one and the same.
set -eu
rca=$(realpath "$1")
cd "$(dirname "$0")/../.."
unit=debian/rca.rca-collect.service
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# systemd's own scale: 0 safe, 10 unsafe. The collector looks into all
# processes and network namespaces, which is most of what is left.
most=2.4

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

# what make says it would do, with the unit in it
installs() {
    MAKEFLAGS='' make -s --no-print-directory -n install DESTDIR="$dir/root" \
        PREFIX=/usr O="$dir/build" | grep -q "$unit"
}

check 'the version of the package is that of the program' is_version
check 'the package is built with what the Makefile installs' build_depends
check 'make install brings this unit' installs
check 'it is not enabled by the package' \
    grep -q 'name=rca-collect --no-enable --no-start' debian/rules

if ! command -v systemd-analyze >/dev/null; then
    echo 'skipped: systemd-analyze (package systemd) is not installed'
    exit $failed
fi
sed "s|/usr/bin/rca|$rca|" $unit >"$dir/rca-collect.service"
check 'systemd-analyze verify' \
    systemd-analyze verify --man=no "$dir/rca-collect.service"
if [ -s "$dir/log" ]; then
    echo 'not ok: systemd-analyze verify says something'
    cat "$dir/log"
    failed=1
fi
exposure() {
    systemd-analyze security --offline=true --no-pager \
        "$dir/rca-collect.service" | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p'
}
level=$(exposure)
check "exposure $level is at most $most" \
    awk -v level="$level" -v most="$most" 'BEGIN { exit !(level != "" && level <= most) }'
exit $failed
