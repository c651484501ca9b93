#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Scripts pass shellcheck; lines, files and heads are as the house wants them.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
judge() { # NAME COMMAND...: prints nothing
    local name=$1 words
    shift
    words=$("$@" 2>&1)
    if [ -z "$words" ]; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        printf 'FAIL %s\n%s\n' "$name" "$words" | head -n 20
    fi
}
listed() { # our files whose ending matches; numbers written by a program are not read
    find src include tests analysis jobs -type f -regextype posix-extended \
        -regex ".*\.($1)" ! -name row_table_nodes.h | sort
}
too_long() {
    listed 'c|h|py|sh|sbatch' |
        xargs awk 'length > 100 {print FILENAME ":" FNR ": over 100 columns"}'
}
too_large() {
    listed 'c|h|py|sh' | xargs wc -l | awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines"}'
}
without_head() { listed 'c|h|py|sh|sbatch' | xargs grep -L 'SPDX-License-Identifier'; }
machine_paths() { listed '.*' | xargs grep -nE '/(work|farm)/[a-z]|/home/[a-z]'; }
# The other compiler's warnings are errors, too; its program is not run here (bits.sh does that).
# Never with the sanitizers: they keep clang from vectorising, of which it warns.
other_compiler() {
    local other=clang
    [ "${CC:-gcc}" = clang ] && other=gcc
    make CC=$other OPT=-O2 EXTRA_CFLAGS='' EXTRA_LDFLAGS='' BUILD="${BUILD:-build}/$other" all \
        >"${BUILD:-build}/$other.log" 2>&1 ||
        grep -A5 'error' "${BUILD:-build}/$other.log"
}
judge "the other compiler" other_compiler
judge shellcheck shellcheck -x tests/*.sh tests/faults/*.sh tests/fuzz/*.sh \
    tests/lab/slurmlab jobs/*.sh jobs/*.sbatch .ci/run
judge lines too_long
judge files too_large
judge heads without_head
judge paths machine_paths
echo "$passed passed, $failed failed"
[ $failed = 0 ]
