# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The frame of a script test: source it, call expect and same, end with finish.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
export brink=$build/brink
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d "${TMPDIR:-/tmp}/brink-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
[ "$(id -u)" = 0 ] && export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAIL: $*"
}

# expect CODE WORDS COMMAND...: it exits with CODE and says WORDS on either stream.
expect() {
    local code=$1 words=$2 rc=0
    shift 2
    "$@" >out 2>err || rc=$?
    if [ "$rc" != "$code" ]; then
        bad "$*: exit code $rc, not $code"
        tail -n 5 out err
    elif [ -n "$words" ] && ! grep -qF -- "$words" out err; then
        bad "$*: does not say '$words'"
        tail -n 5 out err
    else
        ok
    fi
}

# same A B: equal root arrays, to the bit.
same() {
    if "$python" "$top/tests/same_arrays.py" "$1" "$2" >diff.out 2>&1; then ok; else
        bad "$1 and $2 differ"
        head -5 diff.out
    fi
}

mpi() { # RANKS COMMAND...
    local ranks=$1
    shift
    mpirun --oversubscribe --bind-to none -n "$ranks" "$@"
}

finish() {
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
    exit
}
