#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317,SC2016 # functions called by check and trap; formats
#
# package.sh FOLDER - the package that `make deb` left in FOLDER: built again it
# has the same bytes; installed into an empty Debian 12 it works, its service is
# not enabled, and a purge leaves nothing of it. Needs root and debootstrap, and
# says so where it skips.
set -eu

out=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$out/root
failed=0

say() {
    printf '%s: %s\n' "$1" "$2"
    [ "$1" = ok ] || failed=1
}

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$out/check.log" 2>&1; then
        say ok "$what"
    else
        say 'not ok' "$what"
        sed 's/^/  /' "$out/check.log"
    fi
}

finish() {
    for d in proc dev; do
        mountpoint -q "$root/$d" && umount "$root/$d"
    done
    rm -rf "$root"
}

inside() {
    LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"
}

files() { # all that could be left, but what tools keep of their own
    inside find / -xdev \( -path /proc -o -path /dev -o -path /var/lib/dpkg \
        -o -path /var/cache -o -path /var/log -o -path /tmp -o -path /run \) -prune -o -print |
        LC_ALL=C sort
}

deb=$(find "$out" -maxdepth 1 -name 'rca_*.deb')
[ -f "$deb" ] || {
    echo "package.sh: no package in '$out': make deb" >&2
    exit 1
}

# --- the same bytes, from another folder --------------------------------------
again() {
    rm -rf "$out/again" && mkdir -p "$out/again/some/where/else"
    git ls-files | tar -cf - --verbatim-files-from -T - |
        tar -xf - -C "$out/again/some/where/else"
    (cd "$out/again/some/where/else" && DEB_BUILD_OPTIONS=nocheck \
        dpkg-buildpackage -us -uc -b) >"$out/again.log" 2>&1
    cmp "$deb" "$out/again/some/where/$(basename "$deb")"
}
if git rev-parse >/dev/null 2>&1; then
    check 'built again elsewhere: the same bytes' again
    rm -rf "$out/again"
else
    echo 'skipped: building again needs git'
fi

# --- an empty Debian 12 -------------------------------------------------------
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo 'skipped: installing needs root and the package debootstrap'
    exit $failed
fi
trap finish EXIT
finish
# where apt fetches from here, it is reached
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    head -n 1)
# what it depends on: the first of alternatives, no versions
needs=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' |
    sed 's/|.*//; s/(.*//; s/[[:space:]]//g' | paste -sd,)
debootstrap --variant=minbase --include="$needs,man-db,groff" bookworm "$root" \
    "$mirror" >"$out/debootstrap.log" 2>&1 || {
    tail -5 "$out/debootstrap.log"
    echo 'skipped: debootstrap cannot make a Debian 12 here'
    exit $failed
}
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cp "$deb" "$root/tmp/rca.deb"
rm -f "$root/etc/dpkg/dpkg.cfg.d/"*
files >"$out/before"

not_enabled() {
    [ "$(inside systemctl is-enabled rca-collect.service)" = disabled ]
}

status_of_nothing() { # the database is missing: says so, exit 1
    local code=0
    inside rca status || code=$?
    [ "$code" = 1 ]
}

check 'it installs' inside dpkg -i /tmp/rca.deb
check 'rca --version' inside rca --version
check 'rca status without a database is one line' status_of_nothing
check 'rca demo --recorded finds the recorded incident' inside sh -c \
    'cd /tmp && rca demo --recorded -o /tmp/demo'
for page in '1 rca' '8 rca-collect' '5 rca.yaml'; do
    # shellcheck disable=SC2086 # two words
    check "man $page" inside man $page
done
check 'the user is there' inside getent passwd rca
check 'the unit is there' inside test -f /lib/systemd/system/rca-collect.service
check 'the unit is not enabled' not_enabled
check 'the unit is what systemd understands' \
    inside systemd-analyze verify --man=no rca-collect.service
check 'the configuration is a conffile' \
    inside grep -qx /etc/rca/rca.yaml /var/lib/dpkg/info/rca.conffiles
inside install -d -o rca -g rca /var/lib/rca
inside touch /var/lib/rca/rca.db
check 'it can be removed' inside dpkg -r rca
check 'after that the data are still there' inside test -f /var/lib/rca/rca.db
check 'it can be purged' inside dpkg -P rca
# the system user stays, as Debian wants it
files >"$out/after"
check 'a purge leaves nothing' diff "$out/before" "$out/after"
exit $failed
