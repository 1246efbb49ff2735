#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# completion_test.sh RCA - what is offered where, by the program and in bash;
# zsh and fish are tried where they are installed.
set -eu
rca=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
cd "$dir"
mkdir bin one
ln -s "$rca" bin/rca
: >one/metrics.csv
export PATH="$dir/bin:$PATH" HOME="$dir" NO_COLOR=1

# A store with the entities web, db, web->db, and a name of two kinds.
{
    echo 'time,web.latency_seconds,db.latency_seconds,web->db.latency_seconds'
    for i in $(seq 100 130); do
        echo "$i,0.1,0.2,0.3"
    done
} >one/metrics.csv
echo '{"incident_start": 120, "incident_end": 130}' >one/truth.json
rca --db store.db import one >/dev/null

# is GOT WANT WHAT
is() {
    if [ "$1" = "$2" ]; then
        echo "ok: $3"
    else
        echo "not ok: $3: '$1', want '$2'"
        failed=1
    fi
}

# offers WANT WORD...: the candidates, with a space between
offers() {
    want=$1
    shift
    got=$(rca completion words -- "$@" | sed 's/^\t/:/;s/\t.*//' |
        tr '\n' ' ')
    is "$got" "${want:+$want }" "completed: $*"
}

offers 'explain export' ex
offers '' nothing-like-this
offers '--config --color' --co
offers 'auto always' --color a
offers '--color=auto --color=always' --color=a
offers 'never' status --color n
offers ':files' --db ''
offers ':files' --db=sto
offers ':files' explain --config ''
offers '--format' explain --form
offers 'text' explain --format t
offers 'text' explain -f t
offers '--format=svg' explain --format=sv
offers 'murphy' --db store.db explain --top 3 --method mu
offers ':files' explain -o ''
offers ':files' explain --output=x
offers '' explain ''
offers 'check compact' store ''
offers '' store check ''
offers 'series' show se
offers 'compare' incidents com
offers 'last' --db nothing.db incidents show l
offers 'last' --db nothing.db feedback l
offers 'service' show entities --kind serv
offers 'web web->db' --db store.db show series we
offers ':files' import ''
offers ':files' import one ''
offers 'bash zsh fish words' completion ''
offers 'train trace' help tr
offers '' trace nothing-like-this
offers '--help' train --hel
offers 'web web->db' --db store.db explain --entity we
offers '--entity=web->db' --db=store.db explain --entity=web-
offers 'db' --db store.db export -e web --victim d
rca --db store.db train --window 1h >/dev/null
offers 'latency_seconds' --db store.db explain --metric la
offers '' --db nothing.db explain --entity we
offers 'auto' --db store.db --color au
offers '--db' --db store.db status --d

# words_of COMMAND...: those that its --help lists
words_of() {
    rca "$@" --help | sed '/^EXAMPLES/,$d' |
        sed -n 's/^  \([a-z][a-z]*\)  *[^ ].*/\1/p'
}

# every option of every command is offered
{
    words_of
    words_of trace | sed 's/^/trace /'
} >commands
while read -ra command; do
    [ "${command[0]}" != help ] || continue
    rca "${command[@]}" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' |
        grep -oE -- '--[a-z-]+' | sort >options
    rca completion words -- "${command[@]}" -- |
        cut -f1 | sort >offered
    got=$(comm -23 options offered | tr '\n' ' ')
    is "$got" '' "all options of ${command[*]} are offered"
done <commands

# bash: in_bash WANT LINE
cat >run.bash <<'EOF'
source <(rca completion bash)
COMP_LINE=$1 COMP_POINT=${#1}
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
COMP_WORDS=(${1//[=>:@]/ & }) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_rca
printf '%s ' "${COMPREPLY[@]}"
EOF
in_bash() {
    got=$(bash run.bash "$2")
    is "$got" "$1 " "bash: $2"
}
: >'a file'
in_bash 'explain export' 'rca ex'
in_bash '--format' 'rca explain --form'
in_bash 'svg' 'rca explain --format=sv'
in_bash 'text' 'rca explain --format t'
in_bash 'web web-\>db' 'rca --db store.db explain --entity we'
in_bash 'db' 'rca --db store.db explain --entity web->d'
in_bash 'web-\>db' 'rca --db store.db explain --entity web-\>d'
in_bash 'web web-\>db' 'rca --db=store.db explain --entity=we'
in_bash "$dir/one/metrics.csv" "rca --db $dir/one/m"
in_bash "$dir/one/metrics.csv" "rca --db=$dir/one/m"
in_bash 'a file' 'rca explain -o a'
in_bash 'check compact' "$dir/bin/rca store "
in_bash '' 'rca explain '

rca completion bash >rca.bash
bash -n rca.bash && echo 'ok: bash -n'
if command -v shellcheck >/dev/null; then
    shellcheck -s bash rca.bash && echo 'ok: shellcheck'
fi

if command -v zsh >/dev/null; then
    rca completion zsh >_rca
    zsh -n _rca && echo 'ok: zsh -n'
    cat >run.zsh <<'EOF'
compdef() { :; }
source ./_rca
_files() { print -rn -- ":files "; }
_describe() { print -rn -- "${${(P)2}[@]%%:*} "; }
compset() { :; }
words=("${@[1,-2]}" "${@[-1]}") CURRENT=$# PREFIX=$@[-1]
_rca
EOF
    is "$(zsh -f run.zsh rca ex)" 'explain export ' 'zsh: a command'
    is "$(zsh -f run.zsh rca --db store.db explain --entity we)" \
        'web web->db ' 'zsh: an entity'
    is "$(zsh -f run.zsh rca --db '')" ':files ' 'zsh: files'
    is "$(zsh -f run.zsh rca store '')" 'check compact ' 'zsh: an empty word'
else
    echo 'skipped: zsh is not installed'
fi

if command -v fish >/dev/null; then
    rca completion fish >rca.fish
    fish -n rca.fish && echo 'ok: fish -n'
    # shellcheck disable=SC2016 # for fish
    in_fish() {
        got=$(fish --no-config -c 'source rca.fish; complete -C "$argv"' -- \
            "$2" | cut -f1 | tr '\n' ' ')
        is "$got" "$1 " "fish: $2"
    }
    in_fish 'explain export' 'rca ex'
    in_fish '--format' 'rca explain --form'
    in_fish 'web web->db' 'rca --db store.db explain --entity we'
    in_fish 'check compact' 'rca store '
    in_fish "$dir/one/metrics.csv" "rca --db $dir/one/m"
else
    echo 'skipped: fish is not installed'
fi
exit $failed
