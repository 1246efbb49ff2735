#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apart.sh RCA CASES OTHER... - learn as the weights of model/weights.c were
# learned, from the labelled cases under CASES, those under the OTHERs and
# CASES_SIMULATED (280) simulated ones of seed 1, but leaving each data set out
# in turn. Prints as Markdown: every data set, the macro figures of those under
# CASES, the confidence, and the other methods on each OTHER.
set -eu

rca=$1
cases=$2
shift 2
others=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$rca" -q simulate -o "$work/sim" --cases "${CASES_SIMULATED:-280}" --seed 1 > /dev/null
"$rca" evaluate --loo "$cases" "${others[@]}" "$work/sim" > "$work/text"
"$rca" evaluate --loo --format json "$cases" "${others[@]}" "$work/sim" > "$work/json"

# The table of data sets in file $1, as rows: name | n | top-1 | range | ...
sets() {
    awk '$1 == "dataset" && $2 == "n" { on = 1; next }
        NF < 8 { on = 0 }
        on { printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
            $1, $2, $3, $4, $5, $6, $7, $8 }' "$1"
}

# DATASET<tab>rank, of those under CASES
ranks() {
    sed -n 's/.*"dataset": *"\([^"]*\)".*/\1/p' "$cases"/*/*/truth.json | sort -u > "$work/names"
    sed -n 's/^ {"case":.*"dataset":"\([^"]*\)","seconds":[^,]*,"rank":\([^,]*\),.*/\1\t\2/p' "$1" |
        awk -F '\t' 'NR == FNR { known[$1] = 1; next } $1 in known' "$work/names" -
}

# Their macro figures, with 90 % ranges over cases drawn anew within each set.
macro() {
    awk -F '\t' '
        { rank[$1, ++n[$1]] = $2 == "null" ? 1e9 : $2; total++ }
        function mean(drawn, k,   s, i, r, sum, all, sets) {
            for (s in n) {
                sum = 0
                for (i = 1; i <= n[s]; i++) {
                    r = rank[s, drawn ? 1 + int(rand() * n[s]) : i]
                    sum += k ? r <= k : (r <= 5) * (6 - r) / 5
                }
                all += sum / n[s]
                sets++
            }
            return all / sets
        }
        function range(k,   i, j, v, t, x) {
            for (i = 0; i < 2000; i++) {
                x = mean(1, k)
                for (j = i; j > 0 && v[j - 1] > x; j--) v[j] = v[j - 1]
                v[j] = x
            }
            return sprintf("%.2f-%.2f", v[100], v[1899])
        }
        END {
            srand(1)
            printf "| **macro of these %d** | %d | %.3f | %s | %.3f | %s | %.3f | %.3f |\n",
                length(n), total, mean(0, 1), range(1), mean(0, 3), range(3),
                mean(0, 5), mean(0, 0)
        }'
}

cat << END
| dataset | cases | top-1 | 90 % | top-3 | 90 % | top-5 | avg5 |
|---|---|---|---|---|---|---|---|
END
ranks "$work/json" | macro
sets "$work/text"

printf '\n| confidence | cases | mean | right |\n|---|---|---|---|\n'
awk '/^[01]\.[0-9]-[01]\.[0-9] / && NF == 4 {
    printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$work/text"
printf '\n'
sed -n 's/^expected calibration/Expected calibration/p; s/^a cause was named/A cause was named/p' "$work/text" |
    sed 's/$/./'

for other in "${others[@]}"; do
    printf '\n| method | cases | top-1 | 90 %% | top-3 | 90 %% | top-5 | avg5 |\n'
    echo '|---|---|---|---|---|---|---|---|'
    for method in attribution murphy circa baro nsigma; do
        "$rca" evaluate --method "$method" "$other" > "$work/text"
        sets "$work/text" | sed -n "1s/^| [^|]*/| $method /p"
    done
done
