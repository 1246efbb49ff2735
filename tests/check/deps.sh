#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# deps.sh PACKAGE... - install what is missing, with apt, as root or by sudo;
# else print the one line to run.
set -eu

missing=
for p in "$@"; do
    case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
    *' installed') ;;
    *) missing="$missing $p" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo=sudo
else
    echo "packages are missing; run: sudo apt-get install$missing" >&2
    exit 1
fi

echo "  APT     $missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086 # one word for each package
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $missing >/dev/null
