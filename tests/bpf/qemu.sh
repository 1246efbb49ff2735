#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# qemu.sh FOLDER PROGRAM... - run kernel-side tests in Debian's own kernel.
#
# The kernel at hand may have hooks that Debian 12's (6.1) lacks, and the other
# way round: a twin is only tested where it is needed. Fetches the kernel's
# package into FOLDER (nothing is installed from it), packs it with busybox and
# the programs, boots that under qemu (no KVM needed, nothing of the host's
# network is touched) and fails if one of them does. RCA_QEMU_KERNEL names
# another package, say linux-image-6.12.115+deb12-cloud-amd64; RCA_QEMU_ACCEL
# another accelerator (default tcg, which runs everywhere).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
limit=${RCA_QEMU_SECONDS:-3000}
# what tests use of the network, beyond what is built in
modules='veth dummy bridge nf_tables nft_ct nft_counter nft_chain_nat nft_nat nft_masq
         nft_numgen nft_limit nft_reject_inet nf_conntrack_netlink sch_tbf
         nft_queue nft_compat openvswitch
         nft_meta_bridge sch_htb sch_netem inet_diag tcp_diag
         loop'

die() {
    echo "qemu.sh: $*" >&2
    exit 1
}

# newest PACKAGE: the kernel's package behind Debian's cloud kernel for 12
newest() {
    apt-cache depends linux-image-cloud-amd64 |
        sed -n 's/.*Depends: \(linux-image-6[^ ]*\).*/\1/p' | head -n 1
}

# fetch: the kernel and its modules under $dir/kernel
fetch() {
    package=${RCA_QEMU_KERNEL:-$(newest)}
    [ -n "$package" ] || die 'no Debian kernel known to apt: run apt-get update'
    kernel=$dir/$package
    [ -e "$kernel/done" ] && return
    rm -rf "$kernel" && mkdir -p "$kernel/deb"
    (cd "$kernel/deb" && apt-get -qq download "$package" 2>../apt.log) ||
        die "cannot download '$package': $(cat "$kernel/apt.log")"
    dpkg-deb -x "$kernel"/deb/*.deb "$kernel"
    rm -r "$kernel/deb"
    depmod -b "$kernel" "$(version)"
    touch "$kernel/done"
}

version() {
    basename "$kernel"/lib/modules/*
}

# add FILE: to the initramfs, at its own path
add() {
    mkdir -p "$root/$(dirname "$1")"
    cp -L "$1" "$root/$1"
}

add_libraries() {
    ldd "$1" 2>/dev/null | grep -o '/[^ )]*' | while read -r so; do
        [ -e "$root/$so" ] || add "$so"
    done
}

# add_modules: those that the kernel has, each after what it needs
add_modules() {
    mkdir -p "$root/modules"
    for m in $modules; do
        modprobe -d "$kernel" -S "$(version)" --show-depends "$m" \
            2>/dev/null || true
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
        while read -r ko; do
            cp "$ko" "$root/modules/"
            basename "$ko" >>"$root/modules/list"
        done
}

pack() {
    rm -rf "$root"
    mkdir -p "$root/bin" "$root/tests" "$root/proc" "$root/sys" "$root/dev" \
        "$root/tmp" "$root/run" "$root/var/lib/rca" "$root/etc"
    cp /bin/busybox "$root/bin/busybox"
    cp "$here/qemu-init.sh" "$root/init"
    chmod 755 "$root/init"
    for p in "$@"; do
        cp "$p" "$root/tests/"
        strip --strip-debug "$root/tests/$(basename "$p")" 2>/dev/null || true
        add_libraries "$p"
    done
    for p in /bin/dash /sbin/ip /sbin/sysctl /usr/sbin/nft /usr/sbin/tc \
        /sbin/losetup /usr/bin/ovs-dpctl; do
        [ -x "$p" ] || continue
        add "$p"
        add_libraries "$p"
    done
    add_modules
    (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 \
        >"$dir/initramfs.gz"
}

boot() {
    timeout "$limit" qemu-system-x86_64 -accel "${RCA_QEMU_ACCEL:-tcg}" \
        -cpu max,erms=off,fsrm=off -smp 2 -m 1024 -nographic -no-reboot -nic none \
        -kernel "$kernel"/boot/vmlinuz-* -initrd "$dir/initramfs.gz" \
        -append 'console=ttyS0 quiet panic=-1' </dev/null |
        tr -d '\r' >"$dir/log" || true
}

[ $# -ge 2 ] || die 'usage: qemu.sh FOLDER PROGRAM...'
if [ "$(uname -m)" != x86_64 ]; then
    echo 'qemu.sh: skipped: only for x86_64'
    exit 0
fi
"$here/../check/deps.sh" busybox-static kmod qemu-system-x86
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
root=$dir/root
fetch
pack "$@"
boot
grep -aE '^(qemu:|\[  (FAILED|SKIPPED)|\[  ERROR)|: error:' "$dir/log" || true
grep -aq '^qemu: done, 0 failed' "$dir/log" ||
    die "failed; all that was printed is in $dir/log"
