#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# color_test.sh RCA - colours where they are wanted, and nowhere else: by
# --color, by NO_COLOR and TERM, on a terminal (of script(1)) and redirected.
set -eu
rca=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
cd "$dir"
unset NO_COLOR
export TERM=xterm LC_ALL=C.UTF-8
escape=$(printf '\033')

"$rca" simulate -o sim --seed 5 --style sim-trace --fault cpu-hog >/dev/null
"$rca" --db x.db import sim/*/* >/dev/null
"$rca" --db x.db train --window 7d >/dev/null
web=service/prod.petrel.api
metric=http_request_duration_seconds_p50
explain="explain --entity $web -m $metric --format text \
    --from 2023-10-15T14:39:30Z --to 2023-10-15T14:40:50Z"

# is yes|no WHAT: whether the file `out` has colours
is() {
    got=no
    ! grep -q "$escape\[[0-9;]*m" out || got=yes
    if [ ! -s out ]; then
        echo "not ok: $2: nothing is printed"
        failed=1
    elif [ $got = "$1" ]; then
        echo "ok: $2: $1"
    else
        echo "not ok: $2: colours: $got, want $1"
        cat -v out
        failed=1
    fi
}

# redirected WANT ARGUMENT..., on_terminal WANT LINE
redirected() {
    want=$1
    shift
    "$rca" --db x.db "$@" >out 2>&1 || true
    is "$want" "redirected: $*"
}
on_terminal() {
    script -qec "$3 $rca --db x.db $2" /dev/null </dev/null >out 2>&1 || true
    is "$1" "on a terminal: $3 rca $2"
}

# shellcheck disable=SC2086 # words
{
    redirected no $explain
    redirected no --color auto $explain
    redirected no --color never $explain
    redirected yes --color always $explain
    redirected yes $explain --color=always
    NO_COLOR=1 redirected yes --color always $explain
}
if command -v script >/dev/null; then
    on_terminal yes "$explain" ''
    on_terminal yes "--color auto $explain" ''
    on_terminal yes "--color always $explain" 'NO_COLOR=1'
    on_terminal no "--color never $explain" ''
    on_terminal no "$explain" 'NO_COLOR=1'
    on_terminal yes "$explain" 'NO_COLOR='
    on_terminal no "$explain" 'TERM=dumb'
    on_terminal no "$explain" 'env -u TERM'
    # help, and what has no colours of its own, or honours the same switch
    for words in --help 'explain --help' status 'show entities' 'show edges' \
        "show series $web" "show series $web $metric" "show entity $web" \
        'show --model' detect export 'store check'; do
        on_terminal no "--color never $words" ''
        on_terminal no "$words" 'NO_COLOR=1'
        on_terminal no "$words" 'TERM=dumb'
    done
else
    echo 'skipped: script(1) is not installed'
fi

# shellcheck disable=SC2086 # words
"$rca" --db x.db --color always $explain -o why.txt 2>/dev/null || true
cp why.txt out
is no 'a file that is written, with --color always'
exit $failed
