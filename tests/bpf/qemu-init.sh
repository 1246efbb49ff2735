#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# qemu-init.sh - the first and only process of the guest of qemu.sh: mounts what
# a host has, runs what lies in /tests, one line for each, and ends the machine.

/bin/busybox --install -s /bin
# busybox's shell takes its own `ip` before that of iproute2
[ -x /bin/dash ] && ln -sf dash /bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp RCA_TEST_SMALL=1 RCA_TEST_MUST=1

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
hostname guest
ifconfig lo 127.0.0.1 up
while read -r ko; do
    insmod "/modules/$ko" || echo "qemu: no module $ko"
done </modules/list

echo # the firmware has left something on the line
echo "qemu: Linux $(uname -r)"
failed=0
for t in /tests/*_test; do
    name=$(basename "$t")
    start=$(date +%s)
    timeout 600 "$t" 2>&1
    code=$?
    if [ $code = 0 ]; then
        echo "qemu: ok $name ($(($(date +%s) - start)) s)"
    else
        echo "qemu: FAILED $name, exit code $code"
        failed=$((failed + 1))
    fi
done
if [ -x /tests/rca ]; then # what works here and what does not
    timeout 120 /tests/rca doctor 2>&1 | sed 's/^/qemu: doctor: /'
fi
echo "qemu: done, $failed failed"
reboot -f
