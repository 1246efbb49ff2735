/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/complete.h"

/* Bash splits words also at COMP_WORDBREAKS ('=', '>', '@', ':'), which names
 * of entities hold: the line is read anew, and what stands before the last
 * break that is not escaped is cut off the candidates again. */
static const char bash[] =
    "# Completion of rca for bash, made by 'rca completion bash'.\n"
    "_rca() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} raw word typed tail head reply\n"
    "    local -a words\n"
    "    COMPREPLY=()\n"
    "    # shellcheck disable=SC2162 # what is escaped is meant as it is\n"
    "    read -a words <<<\"$line\"\n"
    "    raw=${line##*[[:space:]]}\n"
    "    [[ -n $raw ]] || words+=('')\n"
    "    typed=${words[${#words[@]} - 1]#[\\\"\\']}\n"
    "    words[${#words[@]} - 1]=$typed\n"
    "    tail=${raw//\\\\?/x}\n"
    "    tail=${tail##*[\"$COMP_WORDBREAKS\"]}\n"
    "    head=${typed:0:${#typed} - ${#tail}}\n"
    "    while IFS= read -r reply; do\n"
    "        word=${reply%%$'\\t'*}\n"
    "        if [[ -n $word ]]; then\n"
    "            printf -v word %q \"${word#\"$head\"}\"\n"
    "            COMPREPLY+=(\"$word\")\n"
    "        else\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            mapfile -t COMPREPLY < <(compgen -f -- \"${typed#\"$head\"}\")\n"
    "        fi\n"
    "    done < <(\"${words[0]/#\\~/$HOME}\" completion words -- \\\n"
    "        \"${words[@]:1}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _rca rca\n";

static const char zsh[] =
    "#compdef rca\n"
    "# Completion of rca for zsh, made by 'rca completion zsh'.\n"
    "_rca() {\n"
    "    local -a lines names\n"
    "    local line word files\n"
    "    lines=(\"${(@f)$(\"${(Q)words[1]}\" completion words -- \\\n"
    "        \"${(@Q)words[2,CURRENT-1]}\" \"${(Q)PREFIX}\" 2>/dev/null)}\")\n"
    "    for line in $lines; do\n"
    "        word=${line%%$'\\t'*}\n"
    "        if [[ -n $word ]]; then\n"
    "            names+=(\"${word//:/\\\\:}:${line#*$'\\t'}\")\n"
    "        else\n"
    "            files=1\n"
    "        fi\n"
    "    done\n"
    "    if [[ -n $files ]]; then\n"
    "        [[ $PREFIX == --*=* ]] && compset -P '*='\n"
    "        _files\n"
    "    else\n"
    "        _describe rca names\n"
    "    fi\n"
    "}\n"
    "if [[ $funcstack[1] == _rca ]]; then\n"
    "    _rca \"$@\"\n"
    "else\n"
    "    compdef _rca rca\n"
    "fi\n";

static const char fish[] =
    "# Completion of rca for fish, made by 'rca completion fish'.\n"
    "function __rca_complete\n"
    "    set -l words (commandline -opc)\n"
    "    set -l typed (commandline -ct)\n"
    "    for line in (command $words[1] completion words -- $words[2..-1] \\\n"
    "            \"$typed\" 2>/dev/null)\n"
    "        if string match -q \\t'*' -- $line\n"
    "            __fish_complete_path (string replace -r '^--[a-z-]*=' '' \\\n"
    "                -- \"$typed\")\n"
    "        else\n"
    "            printf '%s\\n' $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c rca -f -a '(__rca_complete)'\n";

const char *rca_complete_script(const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        return bash;
    if (strcmp(shell, "zsh") == 0)
        return zsh;
    return strcmp(shell, "fish") == 0 ? fish : NULL;
}
