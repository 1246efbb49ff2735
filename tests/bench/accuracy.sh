#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# accuracy.sh RCA PATH... - the tables of docs/ACCURACY.md: every method on the
# cases under the paths, the default one leaving one data set out, with the
# start told one row wrong, on normal rows, its confidence against the truth,
# and by kind of fault. Markdown on standard output, progress on standard error.
# INTO=FILE: instead, put them in FILE in place of what is between the markers.
# SIMULATED=N (400) cases of `rca simulate`, SEED (1), count for the confidence,
# too; 0: none. A method or option that this program does not have is left out.
set -eu

rca=$1
shift
paths=("$@")
into=${INTO:-}
simulated=${SIMULATED:-400}
seed=${SEED:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$into" ]; then
    if [ "$(grep -cE '^<!-- (made by|end)' "$into")" != 2 ]; then
        echo "$into: no markers" >&2
        exit 1
    fi
    exec 3>&1 > "$work/tables"
fi

# run NAME OPTION... - evaluate into $work/NAME; false if it cannot
run() {
    local name=$1 code=0
    shift
    echo "rca evaluate $*" >&2
    "$rca" evaluate "$@" "${paths[@]}" > "$work/$name" 2> "$work/err" || code=$?
    # 1: a broken case among others
    [ "$code" -eq 0 ] || { [ "$code" -eq 1 ] && [ -s "$work/$name" ]; } || {
        head -1 "$work/err" >&2
        return 1
    }
}

# The lines of the table that begins with $1 in file $2, blanks within names
# kept: NAME<tab>n<tab>top1<tab>range<tab>top3<tab>range<tab>top5<tab>avg5
lines() {
    awk -v head="$1" '
        $1 == head && $2 == "n" { on = 1; next }
        NF < 8 { on = 0 }
        on {
            name = $1
            for (i = 2; i <= NF - 8; i++) name = name " " $i
            printf "%s", name
            for (i = NF - 7; i < NF; i++) printf "\t%s", $i
            print ""
        }' "$2"
}

# A full table of one run: the head of the first column is $1.
table() {
    printf '| %s | cases | top-1 | 90 %% | top-3 | 90 %% | top-5 | avg5 |\n' "$1"
    echo '|---|---|---|---|---|---|---|---|'
    lines "$1" "$2" | awk -F '\t' '{
        gsub(/\|/, "\\|", $1)
        printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
            $1, $2, $3, $4, $5, $6, $7, $8 }'
}

# One line a run: top-1 / top-3 by data set, then the macro figures.
heads() {
    printf '| run'
    lines dataset "$1" | awk -F '\t' '
        $1 != "all" && $1 != "macro" { printf " | %s (%s)", $1, $2 }'
    echo ' | macro top-1 | 90 % | macro top-3 | 90 % | macro avg5 |'
    printf '|---'
    lines dataset "$1" | awk -F '\t' '$1 != "all" { printf "|---" }'
    echo '|---|---|---|---|'
}
row() {
    printf '| %s' "$1"
    lines dataset "$2" | awk -F '\t' '
        $1 == "macro" {
            printf " | **%s** | %s | **%s** | %s | %s", $3, $4, $5, $6, $8
            next
        }
        $1 != "all" { printf " | %s / %s", $3, $5 }'
    echo ' |'
}

shown="${paths[*]}"
cat << END
<!-- made by tests/bench/accuracy.sh: do not edit -->
Made by \`tests/bench/accuracy.sh build/release/rca $shown\`. Figures are shares of the cases; a range is 90 %, over cases
drawn anew (2000 times, within each data set for the macro figures, which are means over data sets). Columns of a data set are top-1 / top-3.

### Every method (\`rca evaluate --method NAME\`)

Only the default method, attribution, learns; beside the others compare its line \`--loo\`.

END
headed=
for method in attribution murphy circa baro nsigma; do
    run "$method" -v --method "$method" || continue
    [ -n "$headed" ] || heads "$work/$method"
    headed=1
    row "$method" "$work/$method"
    if [ "$method" = attribution ] && run loo --loo; then
        row 'attribution --loo' "$work/loo"
    fi
    if [ "$method" = murphy ] && run exact -v --method murphy --exact; then
        row 'murphy --exact' "$work/exact"
    fi
done
default=$work/attribution
[ -s "$default" ] || exit 1

cat << END

### The default method, when less is known (\`--loo\`, \`--shift-rows\`)

END
heads "$default"
row 'as it is' "$default"
[ ! -s "$work/loo" ] || row 'one data set left out of learning' "$work/loo"
run early --shift-rows -1 && row 'told one row too early' "$work/early"
run late --shift-rows 1 && row 'told one row too late' "$work/late"

cat << END

### By data set

END
table dataset "$default"
if [ -s "$work/loo" ]; then
    printf '\nLeaving out of learning the data set under test:\n\n'
    table dataset "$work/loo"
fi

cat << END

### By kind of fault (\`rca evaluate -v\`)

END
table fault "$default"

# --- how far it may be trusted --------------------------------------------------
confidence() {
    echo '| confidence | cases | mean | right |'
    echo '|---|---|---|---|'
    awk '/^[01]\.[0-9]-[01]\.[0-9] / && NF == 4 {
        printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$1"
    printf '\n'
    sed -n 's/^expected calibration/Expected calibration/p; s/^a cause was named/A cause was named/p' "$1" |
        sed 's/$/./'
}

cat << END

### Confidence of the first-named against how often it is right

END
confidence "$default"
if [ -s "$work/loo" ]; then
    printf '\nLeaving out of learning the data set under test:\n\n'
    confidence "$work/loo"
fi
if [ "$simulated" -gt 0 ] && "$rca" -q simulate --cases "$simulated" \
    --seed "$seed" -o "$work/cases" > /dev/null 2>&1; then
    given=("${paths[@]}")
    paths+=("$work/cases")
    if run both -v; then
        printf '\nWith %s simulated cases added (%s):\n\n' "$simulated" \
            "rca simulate --cases $simulated --seed $seed"
        confidence "$work/both"
        printf '\n'
        table dataset "$work/both"
    fi
    if run apart --loo; then
        printf '\nThe same cases, leaving out of learning the data set under test:\n\n'
        confidence "$work/apart"
        printf '\n'
        table dataset "$work/apart"
    fi
    paths=("${given[@]}")
fi

cat << END

### Normal rows as if they were incidents (\`--normal\`)

END
if run normal --normal; then
    echo '| data set | windows | cause named | share |'
    echo '|---|---|---|---|'
    awk '$1 == "dataset" { on = 1; next }
        on && NF == 5 { printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$work/normal"
    printf '\n'
    sed -n 's/^a cause was/A cause was/p' "$work/normal" | sed 's/$/./'
fi

# --- the misses ---------------------------------------------------------------
cat << END

### Every case that is not ranked first

\`\`\`
END
awk '$1 == "case" && $2 == "rank" { on = 1; print; next }
    NF == 0 { on = 0 }
    on && $2 != 1 { print }' "$default"
cat << END
\`\`\`
<!-- end -->
END

if [ -n "$into" ]; then
    exec >&3
    awk -v tables="$work/tables" '
        /^<!-- made by/ { while ((getline line < tables) > 0) print line; skip = 1 }
        !skip { print }
        /^<!-- end -->/ { skip = 0 }' "$into" > "$work/whole"
    cat "$work/whole" > "$into"
fi
