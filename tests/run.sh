#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs every test of `make check` and counts: unit tests, then what needs ranks, files, Slurm.
# From the Makefile: BUILD, PYTHON, CC. Open MPI wants to be told that root is meant.
set -u
cd "$(dirname "$0")/.." || exit 1
export BUILD=${BUILD:-build} PYTHON=${PYTHON:-/usr/bin/python3} CC=${CC:-gcc}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 CK_VERBOSITY=normal

# "passed failed skipped" of a log: of its last line "... N passed, N failed[, N skipped]", or of
# all its lines "100%: Checks:".
count() {
    local line='(.*[^0-9])?([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*' counts
    counts=$(awk -F'[:,]' '/Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
        bad += $5 + $7; all += $3 } END { if (all) print all - bad, bad, 0 }' "$1")
    [ -n "$counts" ] || counts=$(sed -nE "s/$line/\2 \3 0\5/p" "$1" | tail -1)
    echo "${counts:-0 0 0}"
}

# Runs one test and says how it went; its counts go beside its log. One that ends badly without
# saying what failed, or ends well and tested nothing, counts as one failure.
one() {
    local name=$1 log=$BUILD/tests/$1.log start=$SECONDS rc=0 good bad left words
    shift
    "$@" >"$log" 2>&1 || rc=$?
    read -r good bad left <<<"$(count "$log")"
    [ "$rc" = 0 ] || [ "$bad" -gt 0 ] || bad=1
    if [ $((good + bad + 10#$left)) = 0 ]; then bad=1 rc="0 but no test ran"; fi
    words="ok   $name ($((SECONDS - start)) s)"
    if [ "$rc" != 0 ]; then
        words="FAIL $name (exit code $rc, $((SECONDS - start)) s)
$(tail -60 "$log" | sed 's/^/    /')"
    fi
    words+=$(grep -E 'SKIPPED' "$log" | sed 's/^/\n    /')
    printf '%s\n' "$words"
    echo "$good $bad $((10#$left))" >"$BUILD/tests/$name.count"
}

# Starts a test beside at most one other: each waits for MPI, disks and clocks most of the time.
names=()
run() {
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
    names+=("$1")
    rm -f "$BUILD/tests/$1.count"
    one "$@" &
}

# Under the sanitizers everything is slow, and what MPI and HDF5 leak is not ours: leaks are
# looked for where neither is linked.
if [ -n "${SANITIZE:-}" ]; then
    export CK_TIMEOUT_MULTIPLIER=20 BRINK_TEST_SCALE=0.02 ASAN_OPTIONS=detect_leaks=0
fi

mkdir -p "$BUILD/tests"
run style bash tests/style.sh
for source in tests/check_*.c; do
    name=$(basename "$source" .c)
    case $name in
        check_store | check_access | check_verify | check_pack | check_lease | check_draft | \
            check_damage | check_join | check_owner)
            run "$name" "$BUILD/tests/$name"
            ;;
        *) ASAN_OPTIONS=detect_leaks=1 run "$name" "$BUILD/tests/$name" ;;
    esac
done
for script in cli verify ranks network service shards; do
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
# Specifications and overrides for a minute together; its own sanitizers are in.
[ -n "${SANITIZE:-}" ] || run fuzz make -s fuzz FUZZ_SECONDS=30
run figures "$PYTHON" tests/check_figures.py
run network_figures "$PYTHON" tests/check_network_figures.py
run network_fields "$PYTHON" tests/check_network_fields.py
wait # bits.sh uses the other compiler's build of style.sh; the lab wants quiet
run bits bash tests/bits.sh
wait
[ -n "${SANITIZE:-}" ] || run slurm bash tests/slurm.sh
wait

passed=0 failed=0 skipped=0
for name in "${names[@]}"; do
    read -r good bad left <"$BUILD/tests/$name.count" || good=0 bad=1 left=0
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
