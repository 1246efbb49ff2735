#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016 # formats
#
# boot.sh FOLDER - the systemd unit under a real systemd: an empty Debian 12 with
# the package that `make deb` left in FOLDER, and Debian's own kernel, boot under
# qemu (no KVM needed). boot-inside.sh starts the service there and looks what
# it can and cannot do. Needs root, debootstrap and qemu; skips, saying so,
# where the first two are missing. RCA_QEMU_ACCEL as in tests/bpf/qemu.sh.
set -eu -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath "$1")
root=$out/boot
limit=${RCA_QEMU_SECONDS:-600}

die() {
    echo "boot.sh: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 0
}

deb=$(find "$out" -maxdepth 1 -name 'rca_*.deb')
[ -f "$deb" ] || die "no package in '$out': make deb"
[ "$(uname -m)" = x86_64 ] || skip 'boot.sh is only for x86_64'
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    skip 'booting needs root and the package debootstrap'
fi
"$here/deps.sh" busybox-static qemu-system-x86

trap 'rm -rf "$root" "$out/kernel"' EXIT
rm -rf "$root" "$out/kernel"

# --- the kernel: nothing of it is installed -----------------------------------
mkdir -p "$out/kernel"
package=$(apt-cache depends linux-image-cloud-amd64 |
    sed -n 's/.*Depends: \(linux-image-6[^ ]*\).*/\1/p' | head -n 1)
[ -n "$package" ] || die 'no Debian kernel known to apt: run apt-get update'
(cd "$out/kernel" && apt-get -qq download "$package" 2>apt.log &&
    dpkg-deb -x ./*.deb .) || die "cannot download '$package'"

# --- the system ---------------------------------------------------------------
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    head -n 1)
needs=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' |
    sed 's/|.*//; s/(.*//; s/[[:space:]]//g' | paste -sd,)
debootstrap --variant=minbase --include="$needs,dbus" bookworm "$root" \
    "$mirror" >"$out/debootstrap.log" 2>&1 ||
    skip 'debootstrap cannot make a Debian 12 here'
cp "$deb" "$root/rca.deb"
chroot "$root" dpkg -i /rca.deb >/dev/null
cp "$here/boot-inside.sh" "$root/boot-inside.sh"
rm -rf "$root"/rca.deb "$root"/usr/share/{doc,man,locale,info} \
    "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
echo box >"$root/etc/hostname"
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 \
    >"$out/kernel/initramfs.gz"

# --- boot ---------------------------------------------------------------------
timeout "$limit" qemu-system-x86_64 -accel "${RCA_QEMU_ACCEL:-tcg}" -cpu max \
    -smp 2 -m 2048 -nographic -no-reboot -nic none \
    -kernel "$out"/kernel/boot/vmlinuz-* -initrd "$out/kernel/initramfs.gz" \
    -append 'console=ttyS0 quiet panic=-1 rdinit=/lib/systemd/systemd systemd.run=/boot-inside.sh systemd.run_success_action=poweroff-force systemd.run_failure_action=poweroff-force' \
    </dev/null | tr -d '\r' >"$out/boot.log" || true
grep -aE '^(ok|not ok|seen|boot|  )' "$out/boot.log" || true
grep -aq '^boot: done, 0 failed' "$out/boot.log" ||
    die "failed; all that was printed is in $out/boot.log"
