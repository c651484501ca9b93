#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs every test of `make check` and counts: unit tests, then what needs ranks, files, Slurm.
# From the Makefile: BUILD, PYTHON, CC. Open MPI wants to be told that root is meant.
set -u
cd "$(dirname "$0")/.." || exit 1
export BUILD=${BUILD:-build} PYTHON=${PYTHON:-/usr/bin/python3} CC=${CC:-gcc}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 CK_VERBOSITY=normal
passed=0 failed=0 skipped=0

# Adds the counts of the last line "... N passed, N failed[, N skipped]" or Check's "100%: Checks:".
count() {
    local counts
    counts=$(sed -nE 's/.*Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+).*/\1 \2 \3/p' "$1")
    if [ -n "$counts" ]; then
        local checks=0 failures=0 errors=0
        while read -r c f e; do
            checks=$((checks + c)) failures=$((failures + f)) errors=$((errors + e))
        done <<<"$counts"
        passed=$((passed + checks - failures - errors)) failed=$((failed + failures + errors))
        [ $((failures + errors)) -gt 0 ]
        return
    fi
    local line='(.*[^0-9])?([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*'
    counts=$(sed -nE "s/$line/\2 \3 \5/p" "$1" | tail -1)
    read -r p f s <<<"${counts:-0 0 0}"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
    [ "$f" -gt 0 ]
}

# A test that ends badly without saying what failed counts as one failure.
run() {
    local name=$1 log=$BUILD/tests/$1.log start=$SECONDS rc=0
    shift
    "$@" >"$log" 2>&1 || rc=$?
    local before=$((passed + failed + skipped))
    if count "$log" || [ "$rc" = 0 ]; then :; else failed=$((failed + 1)); fi
    if [ $((passed + failed + skipped)) = "$before" ]; then # it ended well but tested nothing
        failed=$((failed + 1)) rc="0 but no test ran"
    fi
    if [ "$rc" = 0 ]; then
        echo "ok   $name ($((SECONDS - start)) s)"
    else
        echo "FAIL $name (exit code $rc, $((SECONDS - start)) s)"
        tail -60 "$log" | sed 's/^/    /'
    fi
    grep -E 'SKIPPED' "$log" | sed 's/^/    /'
}

# Under the sanitizers everything is slow, and what MPI and HDF5 leak is not ours: leaks are
# looked for where neither is linked.
if [ -n "${SANITIZE:-}" ]; then
    export CK_TIMEOUT_MULTIPLIER=20 BRINK_TEST_SCALE=0.02 ASAN_OPTIONS=detect_leaks=0
fi

mkdir -p "$BUILD/tests"
for source in tests/check_*.c; do
    name=$(basename "$source" .c)
    case $name in
        check_store | check_access | check_verify | check_pack | check_lease)
            run "$name" "$BUILD/tests/$name"
            ;;
        *) ASAN_OPTIONS=detect_leaks=1 run "$name" "$BUILD/tests/$name" ;;
    esac
done
for script in style bits cli verify ranks network service shards; do
    run "$script" bash "tests/$script.sh"
done
run faults "$PYTHON" tests/faults/small.py
run schedule_faults "$BUILD/tests/faults" 10000
run disks bash tests/faults/disks.sh
if [ -z "${SANITIZE:-}" ]; then # whose library must be loaded first
    run points "$PYTHON" tests/faults/points.py
    run power "$PYTHON" tests/faults/power.py
fi
run opens "$PYTHON" tests/store_open.py
run hostile "$PYTHON" tests/hostile.py
run manual "$PYTHON" tests/manual.py
run analysis "$PYTHON" tests/check_analysis.py
run orbits "$PYTHON" tests/check_orbits.py
[ -n "${SANITIZE:-}" ] || run explorer bash tests/explorer.sh
run figures "$PYTHON" tests/check_figures.py
[ -n "${SANITIZE:-}" ] || run slurm bash tests/slurm.sh

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
