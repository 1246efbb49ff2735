#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# banned.sh - calls that have a better spelling in this project.
set -eu
cd "$(dirname "$0")/../.."

status=0

# ban REGEX REASON FOLDER...: no call of a function that matches REGEX
ban() {
    what=$1 why=$2
    shift 2
    bad=$(find "$@" -name '*.[ch]' -exec \
        grep -nHE "(^|[^a-zA-Z0-9_])($what)[[:space:]]*\\(" {} + |
        grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/\*|\*)' || true)
    [ -z "$bad" ] && return
    printf '%s\n  ^ %s\n' "$bad" "$why"
    status=1
}

all='graph collector model datasets cli'
# shellcheck disable=SC2086 # a list
{
    ban 'strcpy|strcat|sprintf|vsprintf|gets|strncpy' 'use snprintf' $all
    ban 'strtok|localtime|gmtime|ctime|asctime|rand|srand' \
        'not reentrant, or not seeded by the caller' $all
    ban 'atoi|atol|atof|sscanf' 'cannot report errors: rca_parse_*' $all
    ban 'alloca' 'use the heap' $all
    ban 'system|popen' 'no shell' $all
}
ban 'assert_float_equal' 'single precision: assert_close' tests
ban 'exit|_exit|abort|printf|puts|perror' \
    'only the command line prints and exits' graph model datasets collector/store

[ $status -eq 0 ] && echo 'banned: ok'
exit $status
