#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# html_test.sh RCA [FOLDER] - the HTML report: written whole with and without
# dot; in a headless Chromium it does what it should (tests/html/page_test.py).
# Screenshots go to FOLDER: look at them.
set -eu
rca=$(realpath "$1")
largest=$(dirname "$rca")/tests/bench/html_bench
shots=${2:+$(realpath "$2")}
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# check WHAT COMMAND...: whether it succeeds
check() {
    what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        echo "not ok: $what"
        failed=1
    fi
}

cp datasets/recorded.db "$dir/db"
check 'a page by its suffix' \
    "$rca" --db "$dir/db" explain -o "$dir/recorded.html"
"$rca" --db "$dir/db" explain --format html > "$dir/stdout.html"
check 'the same on standard output' \
    cmp "$dir/recorded.html" "$dir/stdout.html"
mkdir "$dir/empty"
PATH=$dir/empty "$rca" --db "$dir/db" explain -o "$dir/plain.html" \
    2> "$dir/said"
check 'without dot it says so' grep -q 'apt install graphviz' "$dir/said"
check 'and the page has all the rest' grep -q 'id="chart-0"' "$dir/plain.html"
check 'no file is left beside it' \
    test "$(find "$dir" -name '*.html.*' | wc -l)" -eq 0

pages="$dir/recorded.html $dir/plain.html"
if [ -x "$largest" ]; then
    "$largest" "$dir/largest.html"
    "$largest" hostile "$dir/hostile.html"
    pages="$pages $dir/largest.html $dir/hostile.html"
fi
if ! command -v python3 > /dev/null; then
    echo 'skip: no python3 to drive a browser'
    exit $failed
fi
# shellcheck disable=SC2086 # a list
python3 tests/html/page_test.py ${shots:+--shots "$shots"} $pages || failed=1
exit $failed
