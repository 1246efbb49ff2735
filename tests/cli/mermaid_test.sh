#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# mermaid_test.sh RCA - the real Mermaid, in Chromium, draws every golden file:
# all cards and arrows are there, names stay text, and nothing of them runs.
# MERMAID=FOLDER/mermaid.min.js uses that one; else npm installs it for the test.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
version=11

skip() {
    echo "skip: $*"
    exit 0
}

for chromium in chromium chromium-headless-shell none; do
    if command -v "$chromium" >/dev/null; then break; fi
done
[ "$chromium" != none ] || skip 'no Chromium (apt install chromium)'
if [ -z "${MERMAID:-}" ]; then
    command -v npm >/dev/null || skip 'no npm (apt install npm)'
    (cd "$dir" && timeout 120 npm install --silent --no-audit --no-fund \
        --ignore-scripts "mermaid@$version" >npm.log 2>&1) ||
        skip 'npm cannot install mermaid'
    MERMAID=$dir/node_modules/mermaid/dist/mermaid.min.js
fi
[ -f "$MERMAID" ] || skip "no $MERMAID"
cp "$MERMAID" "$dir/mermaid.js"

# page FILE.mmd: a page that draws it; base64, as any bytes may be in it
page() {
    cat <<END
<!doctype html><meta charset="utf-8"><title>untouched</title><body>
<pre id="state">pending</pre><div id="out"></div>
<script src="mermaid.js"></script>
<script>
const bytes = Uint8Array.from(atob("$(base64 -w0 "$1")"), c => c.charCodeAt(0));
const state = document.getElementById("state");
mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
mermaid.render("graph", new TextDecoder().decode(bytes)).then(r => {
    const out = document.getElementById("out");
    out.innerHTML = r.svg;
    const text = [...out.querySelectorAll(".node")].map(n => n.textContent).join("\n");
    state.textContent = "cards " + out.querySelectorAll('[id*="flowchart-n"]:not([id*="-notes-"])').length +
        " arrows " + out.querySelectorAll("path.flowchart-link[marker-end]").length +
        " scripts " + out.querySelectorAll("script,img,a,b,iframe").length +
        " script-text " + (text.includes("<script>") ? 1 : 0) +
        " lists " + (text.includes("Unsupported markdown") ? 1 : 0);
}).catch(e => { state.textContent = "error " + e; });
</script>
END
}

failed=0
for graph in tests/golden/*.mmd; do
    name=$(basename "$graph" .mmd)
    page "$graph" >"$dir/$name.html"
    timeout 90 "$chromium" --headless --no-sandbox --disable-gpu \
        --user-data-dir="$dir/profile" --allow-file-access-from-files \
        --virtual-time-budget=30000 --dump-dom "file://$dir/$name.html" \
        >"$dir/$name.out" 2>"$dir/err" || true
    grep -q '<pre id="state">' "$dir/$name.out" || {
        tail -3 "$dir/err"
        skip "$chromium does not run here"
    }
    got=$(sed -n 's/.*<pre id="state">\([^<]*\)<.*/\1/p' "$dir/$name.out")
    cards=$(grep -cE '^  n[0-9]+\[' "$graph" || true)
    arrows=$(grep -c -- '-->|' "$graph" || true)
    marks=0
    case $name in hostile*) marks=1 ;; esac
    want="cards $cards arrows $arrows scripts 0 script-text $marks lists 0"
    if [ "$got" = "$want" ] && grep -q '<title>untouched' "$dir/$name.out"; then
        echo "ok: $graph: $got"
    else
        echo "not ok: $graph: '$got', want '$want'"
        failed=1
    fi
done
exit $failed
